package batch

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// DeletePartition deletes the items of the partition that key names, those of r's kind
// or, with [AllKinds], whatever there is, and returns how many it deleted. Only the
// partition key's fields of key are looked at.
//
//	n, err := batch.DeletePartition(ctx, orders, Order{Customer: "42"})
//
// It reads the keys, consistently, and deletes the items in requests of up to 25,
// while it reads on. Items are deleted by the keys that they are stored with, in
// formats that r only reads as well, and whether or not they can be decoded; so are those
// that r hides ([dynox.HideExpired]). Hooks run on items that have nothing but their
// key. What is put into the partition meanwhile may stay.
//
// A repository with a version, with unique attributes, or that deletes softly is refused
// without [Unchecked], as by [Write].
//
// Every error is a [*PartialError]. What was deleted is gone, so to go on after one is
// to call again: that reads only what is left.
func DeletePartition[T any](ctx context.Context, r *dynox.Repo[T], key T, opts ...DeleteOption) (deleted int, err error) {
	how := deleting{BatchWriting: core.BatchWriting{Batching: newBatching()}}
	for _, opt := range opts {
		if opt != nil {
			opt.delete(&how)
		}
	}
	repo := r.Core(core.Door{})
	if repo == nil {
		return 0, &PartialError{Err: errNil}
	}
	var read error
	if read = repo.CheckUnguarded(true, how.Unchecked); read != nil {
		return 0, &PartialError{Err: fmt.Errorf("%s: %w", repo.Name(), read)}
	}
	left, counts, err := core.WriteBatch(ctx, func(yield func(core.BatchOp) bool) {
		read = repo.DeletePartition(ctx, &key, how.all, yield)
	}, how.BatchWriting)
	if err == nil && read != nil {
		err = fmt.Errorf("%s: %w", repo.Name(), dynox.PublicError(core.Door{}, read))
	}
	if err != nil {
		err = partial(left, counts, err)
	}
	return counts.Done, err
}
