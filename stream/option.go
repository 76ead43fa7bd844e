package stream

import (
	"errors"
	"fmt"
	"time"
)

// Start is where a consumer begins that has no checkpoints yet.
type Start string

// The positions to begin at.
const (
	// TrimHorizon is the oldest change that the stream still has: changes stay for 24
	// hours. It is the default.
	TrimHorizon Start = "TRIM_HORIZON"
	// Latest is about the time when the first worker of the consumer begins. Changes of
	// the minute before may come too.
	Latest Start = "LATEST"
)

// Option is an option of [New].
type Option func(*options)

type options struct {
	from        Start
	arn         string
	consumer    string
	checkpoints *Checkpoints
	lease       time.Duration
	saveEvery   int
	poll        time.Duration
	onChange    func(*ChangeError) error
	onGap       func(Gap) error
}

// From sets where the consumer begins, if it has no checkpoints yet: after that it
// goes on where it was. The start that its first worker has counts for all. The
// default is [TrimHorizon].
func From(start Start) Option { return func(o *options) { o.from = start } }

// ARN names the stream, in place of the latest one of the repository's table: one
// that was switched off since, which can be read for 24 hours.
func ARN(arn string) Option { return func(o *options) { o.arn = arn } }

// As names the consumer, whose workers share the shards and go on where it was.
// Consumers of different names each get every change; the service advises against
// more than two for a stream. Without a consumer each loop stands alone and begins
// at the start.
func As(consumer string, checkpoints *Checkpoints) Option {
	return func(o *options) {
		o.consumer, o.checkpoints = consumer, checkpoints
		if checkpoints == nil {
			o.checkpoints = &Checkpoints{} // which New refuses
		}
	}
}

// Lease sets for how long a worker that is not heard of keeps its shards, before
// others take them over. The default is 30 seconds, the least is 100 ms. Every third
// of it the worker stores how far it is, and looks for shards and other workers.
func Lease(d time.Duration) Option { return func(o *options) { o.lease = d } }

// SaveEvery stores the checkpoint of a shard after n changes of it, in addition to
// every third of the lease: these are what a worker that dies leaves to be seen
// again. The default is 1000.
func SaveEvery(n int) Option { return func(o *options) { o.saveEvery = n } }

// Poll sets the longest pause between two requests for a shard that has nothing new.
// The default is a second.
func Poll(d time.Duration) Option { return func(o *options) { o.poll = d } }

// OnChangeError lets f decide about a change that cannot be read: nil leaves it out,
// an error ends the loop. Without it such a change ends the loop, and the next one
// too.
func OnChangeError(f func(*ChangeError) error) Option { return func(o *options) { o.onChange = f } }

// Gap is a part of a shard that the stream has no more: changes that are older than
// 24 hours and were not consumed in time.
type Gap struct {
	Shard string
	After string // the sequence number of the last change that was consumed; "": none was
}

// ErrTrimmed ends a loop before changes that may be lost, because the consumer was
// away for so long that the stream has them no more. [OnGap] goes on nevertheless.
var ErrTrimmed = errors.New("dynox: stream: changes were trimmed before they were consumed")

// OnGap lets f decide about changes that may be lost: nil goes on with the oldest that
// the stream has, an error ends the loop. Without it the loop ends with [ErrTrimmed]. A
// worker tells a gap from where it is in a shard; where nothing has happened for 24
// hours there may be none. f may be called by several goroutines.
func OnGap(f func(Gap) error) Option { return func(o *options) { o.onGap = f } }

func newOptions(opts []Option) (options, error) {
	o := options{from: TrimHorizon, lease: 30 * time.Second, saveEvery: 1000, poll: time.Second}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	var errs []error
	if o.from != TrimHorizon && o.from != Latest {
		errs = append(errs, errors.New("From: TrimHorizon or Latest"))
	}
	if o.checkpoints != nil && (o.consumer == "" || o.checkpoints.repo == nil) {
		errs = append(errs, errors.New("As: it takes a name, and what NewCheckpoints made"))
	}
	if o.lease < 100*time.Millisecond {
		errs = append(errs, fmt.Errorf("a lease of %v: the least is 100ms", o.lease))
	}
	if o.saveEvery < 1 {
		errs = append(errs, errors.New("SaveEvery: at least 1"))
	}
	if o.poll <= 0 {
		errs = append(errs, errors.New("Poll: more than 0"))
	}
	return o, errors.Join(errs...)
}
