package stream

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/dynox-go/dynox/internal/core"
)

// shard is one that the worker has. Its reader sends parcels, the loop delivers them,
// and the worker's other goroutines store how far it is.
type shard struct {
	*worker

	id    string
	token int64
	stop  context.CancelFunc // of the reader

	mu      sync.Mutex
	row     Checkpoint // as it was stored last
	done    string     // the last sequence number that is
	ended   bool       // all of it is
	unsaved int        // changes done since it was stored
	busy    bool       // the loop's body has changes of it
	over    bool       // it is to be given up
	lost    bool       // another may have it
	until   time.Time  // when it is lost, if it cannot be stored

	saving chan struct{} // has room for one, who writes the row; and of that one:
	beat   int64
}

// parcel is records of a shard that were read together.
type parcel struct {
	shard   *shard
	records []record
	last    bool // no more will follow
}

// enter begins the body with changes of the shard, unless it is not the worker's any
// more.
func (sh *shard) enter() bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.checkpoints != nil && !time.Now().Before(sh.until) {
		sh.lose()
	}
	sh.busy = !sh.lost && !sh.over
	return sh.busy
}

// leave ends the body, with n changes done up to a sequence number; none: "". It
// reports whether it is time to store that.
func (sh *shard) leave(sequence string, n int) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.busy = false
	if sequence != "" {
		sh.done = sequence
	}
	sh.unsaved += n
	if sh.over {
		sh.nudge()
	}
	return sh.unsaved >= sh.saveEvery
}

// end notes that all of the shard is done.
func (sh *shard) end() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.ended = true
	sh.nudge()
}

// giveUp has the shard released as soon as the body has left it.
func (sh *shard) giveUp() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.over = true
	sh.stop()
	sh.nudge()
}

// lose is for when another may have the shard. The caller holds the lock.
func (sh *shard) lose() {
	sh.lost = true
	sh.stop()
	sh.nudge()
}

// settled reports whether the shard is to be released now, or was lost.
func (sh *shard) settled() (release, lost bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return !sh.lost && !sh.busy && (sh.over || sh.ended), sh.lost
}

// staying reports whether the worker has the shard, and goes on with it.
func (sh *shard) staying() bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return !sh.lost && !sh.over && !sh.ended
}

// save stores how far the shard is, which is its heartbeat too. A shard that is
// released is nobody's then. One that another has is lost; that is no error.
func (sh *shard) save(ctx context.Context, release bool) error {
	ctx, cancel := context.WithTimeout(ctx, sh.lease/3)
	defer cancel()
	select {
	case sh.saving <- struct{}{}:
		defer func() { <-sh.saving }()
	case <-ctx.Done():
		return ctx.Err()
	}
	sh.mu.Lock()
	if sh.lost || sh.row.Holder == "" {
		sh.mu.Unlock()
		return nil
	}
	sh.beat++
	from, to, n := sh.row, sh.row, sh.unsaved
	to.Sequence, to.Beat, to.At = sh.done, sh.beat, time.Now()
	if release {
		to.Holder, to.Done = "", sh.ended
	}
	sh.mu.Unlock()
	sent := time.Now()
	err := sh.store.renew(ctx, from, to)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	switch {
	case errors.Is(err, errMoved):
		sh.lose()
		return nil
	case err != nil:
		return err
	}
	sh.row = to
	sh.unsaved -= n
	sh.until = sent.Add(sh.lease)
	return nil
}

// position is where a shard is read from.
type position struct {
	after string    // a sequence number; "": none
	since time.Time // without one: changes from then on; zero: all
	fresh bool      // since is now
}

// lateness is how much a worker's clock may be ahead of the service's.
const lateness = time.Minute

// read reads the shard from a position on, until it ends or ctx does.
func (sh *shard) read(ctx context.Context, at position) error {
	iterator, first, trimmed := "", min(pollFirst, sh.poll), 0
	pause := first
	for {
		var out *dynamodbstreams.GetRecordsOutput
		err := sh.try(ctx, func(ctx context.Context) (err error) {
			if iterator == "" {
				if iterator, err = sh.iterator(ctx, at); err != nil {
					return err
				}
			}
			out, err = sh.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: &iterator})
			return err
		})
		var late *streams.ExpiredIteratorException
		var gone *streams.TrimmedDataAccessException
		var missing *streams.ResourceNotFoundException
		switch {
		case err == nil:
		case errors.As(err, &late):
			iterator, at.fresh = "", false
			continue
		case errors.As(err, &gone):
			if trimmed++; at.after != "" {
				if err := sh.gap(at); err != nil {
					return err
				}
			} else if trimmed > 100 {
				return &core.ServiceError{Cause: err}
			}
			iterator, at = "", position{since: at.since}
			continue
		case errors.As(err, &missing):
			if err := sh.gap(at); err != nil {
				return err
			}
			return sh.send(ctx, &parcel{shard: sh, last: true})
		default:
			return &core.ServiceError{Cause: err}
		}
		trimmed = 0
		p := &parcel{shard: sh, last: aws.ToString(out.NextShardIterator) == ""}
		for i := range out.Records {
			r, err := recordOf(&out.Records[i])
			if err != nil {
				return err
			}
			if at.after == "" && r.at.Before(at.since.Add(-lateness)) {
				continue
			}
			at.after = r.sequence
			p.records = append(p.records, r)
		}
		if len(p.records) > 0 || p.last {
			if err := sh.send(ctx, p); err != nil {
				return err
			}
		}
		if p.last {
			return nil
		}
		iterator = *out.NextShardIterator
		if len(out.Records) > 0 {
			pause = first
			continue
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, sh.poll)
	}
}

// pollFirst is the pause after the first request that found nothing.
const pollFirst = 50 * time.Millisecond

// iterator is one at a position.
func (sh *shard) iterator(ctx context.Context, at position) (string, error) {
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &sh.arn, ShardId: &sh.id, ShardIteratorType: streams.ShardIteratorTypeTrimHorizon}
	switch {
	case at.after != "":
		in.ShardIteratorType, in.SequenceNumber = streams.ShardIteratorTypeAfterSequenceNumber, &at.after
	case at.fresh:
		in.ShardIteratorType = streams.ShardIteratorTypeLatest
	}
	out, err := sh.client.GetShardIterator(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ShardIterator), nil
}

// gap decides about changes after a position that may be lost.
func (sh *shard) gap(at position) error {
	if sh.onGap == nil {
		return ErrTrimmed
	}
	return sh.onGap(Gap{Shard: sh.id, After: at.after})
}

func (sh *shard) send(ctx context.Context, p *parcel) error {
	select {
	case sh.parcels <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
