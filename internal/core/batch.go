package core

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"time"

	"github.com/aws/smithy-go"
	"github.com/sethvargo/go-retry"
)

// The limits of a batch.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const (
	maxBatchWrite = 25
	maxBatchGet   = 100
	maxBatchBytes = 16<<20 - 64<<10 // of a request, with room for what frames its items
)

// What is left of a batch is tried again after this long, twice as long the
// next time, and so on up to the second.
const (
	batchDelay    = 50 * time.Millisecond
	batchMaxDelay = 5 * time.Second
)

// What batches do unless told otherwise.
const (
	BatchConcurrency = 4
	BatchRetries     = 10
)

// ErrUnprocessed is what the service did not get to, of a batch.
var ErrUnprocessed = errors.New("the service left it unprocessed")

// Batching is what all batches can be told.
type Batching struct {
	Concurrency int           // requests at once
	Retries     int           // in a row without progress
	StopBefore  time.Duration // the context's deadline, 0: it does not matter
}

// errStopped is why a batch ends that was told to before its deadline.
var errStopped = &Failure{Kinds: []error{context.DeadlineExceeded}, Why: "its time is up, but for what StopBefore leaves"}

// begin is the context of a batch with ctx.
func (b Batching) begin(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok && b.StopBefore > 0 {
		return context.WithDeadlineCause(ctx, deadline.Add(-b.StopBefore), errStopped)
	}
	return context.WithCancel(ctx)
}

// Check is what is wrong with b.
func (b Batching) Check() error {
	switch {
	case b.Concurrency < 1:
		return fmt.Errorf("a concurrency of %d", b.Concurrency)
	case b.Retries < 0:
		return fmt.Errorf("%d retries", b.Retries)
	case b.StopBefore < 0:
		return fmt.Errorf("StopBefore of %v", b.StopBefore)
	}
	return nil
}

func (b Batching) backoff() retry.Backoff {
	backoff := retry.WithCappedDuration(batchMaxDelay, retry.NewExponential(batchDelay))
	return retry.WithMaxRetries(uint64(b.Retries), retry.WithJitterPercent(50, backoff))
}

// round is what a request of a batch came to.
type round struct {
	left int  // how much of it was not processed
	full bool // because the answer was full, not for want of capacity
	err  error
}

// rounds sends n operations, and again what is left of them, until nothing
// is, or the service does not get on with them.
func (b Batching) rounds(ctx context.Context, n int, send func(context.Context) round) error {
	backoff := b.backoff()
	for {
		r := send(ctx)
		switch {
		case r.err == nil && r.left == 0:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case r.err != nil && !transient(r.err):
			return serviceError(r.err)
		case r.err == nil && r.left < n:
			n, backoff = r.left, b.backoff()
		}
		delay, stop := backoff.Next()
		switch deadline, ok := ctx.Deadline(); {
		case stop && r.err != nil && !throttled(r.err):
			return serviceError(r.err)
		case stop:
			return &Failure{Kinds: []error{ErrUnprocessed}, Cause: r.err}
		case r.full:
			delay = 0
		case ok && time.Until(deadline) <= delay:
			return &Failure{Kinds: []error{ErrUnprocessed, context.DeadlineExceeded}, Why: "the deadline is too near to try again", Cause: r.err}
		}
		sleep(ctx, delay)
	}
}

// sleep waits for d, or until ctx has ended.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// transient reports whether a call that ended in err may succeed later.
func transient(err error) bool {
	var dial *net.OpError
	var unread *smithy.DeserializationError // of a refusal, too, whose reason nobody knows then
	return throttled(err) || ambiguous(err) || errors.As(err, &dial) || errors.As(err, &unread)
}

// task is a request of a batch: a goroutine that ends by sending it to a
// channel with room for it.
type task struct {
	err      error
	panicked any
	room     byte // so that begin is not for nothing
}

// begin makes room on the stack of a request's goroutine for the SDK's many
// layers, while there is nothing on it to move: else it grows in four steps,
// each deeper, which costs as much as the signing.
//
//go:noinline
func (t *task) begin() {
	var room [18 << 10]byte
	t.room = room[int(t.room)<<1]
}

// protect calls f, whose panic is kept for the goroutine that owns t.
func (t *task) protect(f func() error) {
	defer func() { t.panicked = recover() }()
	t.err = errGoexit
	t.err = f()
}

var errGoexit = errors.New("the goroutine of a request was ended")

// owned panics if the task did.
func (t *task) owned() {
	if t.panicked != nil {
		panic(t.panicked)
	}
}

// sameClient reports whether requests about the items of both tables can be
// one.
func sameClient(a, b *Table) bool {
	if a == b {
		return true
	}
	return reflect.TypeOf(a.Client) == reflect.TypeOf(b.Client) && reflect.TypeOf(a.Client).Comparable() &&
		a.Client == b.Client && a.SDKValues == b.SDKValues
}
