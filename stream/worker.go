package stream

import (
	"context"
	"errors"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	sdkretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// worker is one loop over the changes: it owns three kinds of goroutines. One
// plans which shards to have, one sends heartbeats, and each shard has a reader.
type worker struct {
	options

	client  Client
	images  *core.Images
	arn, id string
	store   store
	limit   int
	yield   func(*parcel, []reading) bool

	parcels chan *parcel
	wake    chan struct{} // has room for one: plan anew
	cancel  context.CancelCauseFunc
	wg      sync.WaitGroup

	mu   sync.Mutex
	held map[string]*shard

	seen map[string]sighting // of the goroutine that plans
	self Checkpoint          // of the goroutine that sends heartbeats
}

var (
	errLeft  = errors.New("the loop was left")
	errEnded = errors.New("the stream has ended")
)

// run works until the loop is left, the stream ends, or ctx does.
func (w *worker) run(parent context.Context) (err error) {
	w.parcels, w.wake, w.held, w.seen = make(chan *parcel), make(chan struct{}, 1), map[string]*shard{}, map[string]sighting{}
	if w.options.arn != "" {
		w.arn = w.options.arn
	} else if w.arn, err = w.images.Table().StreamARN(parent); err != nil {
		return err
	}
	if w.checkpoints != nil {
		w.store = &tableStore{w.checkpoints, Checkpoint{Consumer: w.consumer, Stream: w.arn}}
	}
	w.self = Checkpoint{Name: workerPrefix + w.id, Holder: w.id, Lease: w.lease}
	ctx, cancel := context.WithCancelCause(parent)
	w.cancel = cancel
	defer func() {
		cancel(nil)
		w.wg.Wait()
		saved := w.quit(parent)
		switch {
		case errors.Is(err, errLeft):
			err = nil // there is nobody to tell
		case errors.Is(err, errEnded):
			err = saved
		case err != nil:
			err = errors.Join(err, saved)
		}
	}()
	w.wg.Go(func() { w.beat(ctx) })
	for {
		select {
		case <-ctx.Done():
			if parent.Err() != nil {
				return parent.Err()
			}
			return context.Cause(ctx)
		case p := <-w.parcels:
			if err := w.deliver(ctx, p); err != nil {
				return err
			}
		}
	}
}

// deliver yields the changes of a parcel, as long as its shard is the worker's.
func (w *worker) deliver(ctx context.Context, p *parcel) error {
	sh := p.shard
	ours := read(ctx, w.images, p.records)
	for len(ours) > 0 && ctx.Err() == nil {
		n := 0
		for n < min(w.limit, len(ours)) && ours[n].err == nil {
			n++
		}
		if !sh.enter() {
			return nil
		}
		if n == 0 {
			n = 1
			if err := w.decide(sh, &ours[0]); err != nil {
				return err
			}
		} else if !w.yield(p, ours[:n]) {
			return errLeft
		}
		if sh.leave(ours[n-1].sequence, n) {
			if err := sh.save(ctx, false); w.fatal(ctx, err) {
				return err
			}
		}
		ours = ours[n:]
	}
	if ended(ctx) || !sh.enter() {
		return nil
	}
	sequence := ""
	if n := len(p.records); n > 0 {
		sequence = p.records[n-1].sequence
	}
	sh.leave(sequence, 0)
	if p.last {
		sh.end()
	}
	return nil
}

// decide asks what to do about a change that cannot be read.
func (w *worker) decide(sh *shard, r *reading) error {
	if w.onChange == nil {
		return r.failure(sh.id)
	}
	return w.onChange(r.failure(sh.id))
}

// beat sends heartbeats until ctx ends: the first before the worker plans, so that others
// count it.
func (w *worker) beat(ctx context.Context) {
	err := w.try(ctx, w.present)
	if err != nil {
		w.cancel(err)
		return
	}
	w.wg.Go(func() { w.plans(ctx) })
	for sleep(ctx, jitter(w.lease/3)) == nil {
		err := w.present(ctx)
		for _, sh := range w.having() {
			err = errors.Join(err, sh.save(ctx, false))
		}
		if w.fatal(ctx, err) {
			w.cancel(err)
			return
		}
	}
}

// present tells the other workers that this one lives.
func (w *worker) present(ctx context.Context) error {
	w.self.Beat++
	w.self.At = time.Now()
	ctx, cancel := context.WithTimeout(ctx, w.lease/3)
	defer cancel()
	return w.store.put(ctx, w.self)
}

// having are the shards that the worker has.
func (w *worker) having() []*shard {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]*shard, 0, len(w.held))
	for _, sh := range w.held {
		all = append(all, sh)
	}
	slices.SortFunc(all, func(a, b *shard) int { return compare(a.id, b.id) })
	return all
}

// quitting bounds how long a worker stores what is done after its context has ended.
const quitting = 5 * time.Second

// quit stores how far the shards are, and gives them up. The goroutines have ended.
func (w *worker) quit(parent context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), quitting)
	defer cancel()
	var errs []error
	for _, sh := range w.having() {
		errs = append(errs, sh.save(ctx, true))
	}
	_ = w.store.remove(ctx, w.self) // otherwise others do, in time
	return errors.Join(errs...)
}

// nudge has the worker plan anew.
func (w *worker) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// patience is for how long what may pass is tried again, but for throttling.
const patience = time.Minute

// try does f, again and again if it fails with what may pass.
func (w *worker) try(ctx context.Context, f func(context.Context) error) error {
	var since time.Time // when it began to fail
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := f(ctx)
		switch {
		case err == nil || !passing(err):
			return err
		case throttled(err):
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > patience:
			return err
		}
		if err := sleep(ctx, jitter(pause)); err != nil {
			return err
		}
	}
}

// fatal reports whether err will not pass.
func (w *worker) fatal(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !passing(err)
}

// passing reports whether what failed with err may succeed later.
func passing(err error) bool {
	var quota ratelimit.QuotaExceededError
	return throttled(err) || errors.As(err, &quota) ||
		errors.Is(err, dynox.ErrUnknownOutcome) || errors.Is(err, context.DeadlineExceeded) ||
		sdkretry.IsErrorRetryables(sdkretry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// throttled reports whether the service wants fewer requests.
func throttled(err error) bool {
	var limit *streams.LimitExceededException
	return errors.As(err, &limit) ||
		sdkretry.IsErrorThrottles(sdkretry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

// jitter is between a half and all of d.
func jitter(d time.Duration) time.Duration { return d - mathrand.N(d/2+1) }

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func ended(ctx context.Context) bool { return ctx.Err() != nil }
