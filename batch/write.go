package batch

import (
	"context"
	"fmt"
	"iter"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// Op is an operation of a [Write]: made with [Put] or [Delete].
type Op struct {
	op core.BatchOp
}

// Put stores an item, in place of the one with its key if there is one, whatever
// its kind. The stages of Repo.Put, from hooks to the check of its size, run
// when the operation is taken from its sequence; hooks that follow it, when it
// is done.
//
// The item is copied when the operation is taken, so the value may be used for
// another one then: unless T, or an option of its repository, makes dynox set
// fields of it (derived keys, the kind, generated values, a version, hooks). Then it is
// set when the operation is done, and belongs to the batch until Write returns.
func Put[T any](r *dynox.Repo[T], item *T) Op {
	return Op{core.BatchOp{Repo: r.Core(core.Door{}), Item: item}}
}

// Delete deletes the item with the key of key, whatever its kind. That none is
// there is no error.
func Delete[T any](r *dynox.Repo[T], key T) Op {
	return Op{core.BatchOp{Repo: r.Core(core.Door{}), Item: &key, Delete: true}}
}

// String names the operation and what it is for: put of order.
func (o Op) String() string { return o.op.String() }

// Item is the *T that the operation is about: the item, or the key. Of an
// operation that was left it is the batch's copy, nil for an item of another kind that
// [DeletePartition] was to delete.
func (o Op) Item() any { return o.op.Item }

// Counts is how far a [Write] has come.
type Counts struct {
	Taken    int     // operations taken from the sequence
	Done     int     // operations that the service has carried out
	Replaced int     // operations not sent or left, because a later one is about the same item
	Left     int     // operations given up
	Requests int     // requests sent, without the SDK's own retries
	Units    float64 // write capacity units consumed, of tables and indexes; known only with [Progress]
}

// ErrUnprocessed is in the error of a batch of which the service left a part
// unprocessed, or throttled, for as often as [MaxRetries] says.
var ErrUnprocessed = core.ErrUnprocessed

// PartialError is a [Write] or a [DeletePartition] that ended early, or did not do everything.
type PartialError struct {
	// Left are the operations that were taken and are not known to be done, in
	// order. They may be written again: they are what they were when they were
	// taken. An operation whose answer was lost is among them. The one that Err
	// names is not, if it could not be sent at all.
	Left   []Op
	Counts Counts
	Err    error // the first reason
}

func (e *PartialError) Error() string {
	if len(e.Left) == 0 {
		return fmt.Sprintf("dynox: batch write: ended after %d operations: %v", e.Counts.Done, e.Err)
	}
	return fmt.Sprintf("dynox: batch write: %d of %d operations left: %v", len(e.Left), e.Counts.Taken, e.Err)
}

// Unwrap is the first reason.
func (e *PartialError) Unwrap() error { return e.Err }

// Write carries out ops, in requests of up to 25 operations and 16 MB. The
// operations are of any repositories and tables; those of tables with
// different clients go to requests of their own. An operation waits until
// there are enough for a request, or the sequence has ended. Write returns
// when all are done, or given up.
//
// Of several operations on one item that are not done yet, only the last is
// carried out, unless [Refuse] makes that an error; one never overtakes another
// that was taken earlier.
//
// Every error is a [*PartialError]. An operation that cannot be sent (its key is
// not set, its item too large) ends the batch: no more are taken, and those
// before it are carried out. So does a hook that fails after its write. What the
// service leaves unprocessed or throttles for too long is left, and the batch goes
// on. Any other failure of a request (it is refused, or not answered after all
// retries), and the end of ctx, end the batch at once: what was not sent is
// left. What was never taken stays the sequence's: Counts.Taken says how much
// was. A panic of the sequence goes on when all that was taken before is done or
// given up.
//
// The sequence is ranged over in the caller's goroutine, once.
func Write(ctx context.Context, ops iter.Seq[Op], opts ...WriteOption) error {
	how := core.BatchWriting{Batching: newBatching()}
	for _, opt := range opts {
		if opt != nil {
			opt.write(&how)
		}
	}
	left, counts, err := core.WriteBatch(ctx, func(yield func(core.BatchOp) bool) {
		for op := range ops {
			if !yield(op.op) {
				return
			}
		}
	}, how)
	if err == nil {
		return nil
	}
	return partial(left, counts, err)
}

func partial(left []core.BatchOp, counts core.BatchCounts, err error) *PartialError {
	p := &PartialError{Counts: Counts(counts), Err: err}
	for _, op := range left {
		p.Left = append(p.Left, Op{op})
	}
	return p
}
