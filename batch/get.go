package batch

import (
	"context"
	"fmt"
	"iter"
	"reflect"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// Get yields the items that keys name, each once however often its key is
// given, as their requests are answered or, with [InOrder], in the order of the
// keys. Requests have up to 100 keys, and those of the items that are yielded
// are followed by a few more in advance. A key that names no item, or one of
// another kind, is passed over; [Missing] tells it. Where the repository's key
// has several accepted formats, each is asked for, and the first one found is
// yielded.
//
// An error is yielded last, once, with a zero item: that of a key, after the
// items of all keys before it; [ErrUnprocessed] in an error says that the service
// did not get to all keys; an item that cannot be decoded is a [*dynox.ItemError].
// Breaking out of the loop ends requests that are under way, and leaves nothing
// behind.
//
// The sequence of keys is ranged over in the caller's goroutine, each time that
// the result is; key by key, between the items. Get remembers the texts of all
// keys of one range.
func Get[T any](ctx context.Context, r *dynox.Repo[T], keys iter.Seq[T], opts ...GetOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var key, item, zero T
		repo := r.Core(core.Door{})
		if repo == nil {
			yield(zero, fail("batch get", nil, errNil))
			return
		}
		how := getting{BatchGetting: newGetting()}
		for _, opt := range opts {
			if opt != nil {
				opt.get(&how)
			}
		}
		if t := how.missing; t != nil && t != reflect.TypeFor[T]() {
			yield(zero, fail("batch get", repo, fmt.Errorf("the function given to Missing takes a %v, not a %v", t, reflect.TypeFor[T]())))
			return
		}
		each := func(yield func(any) bool) {
			for key = range keys {
				if !yield(&key) {
					return
				}
			}
		}
		if err := repo.BatchGet(ctx, each, how.BatchGetting, &item, func() bool { return yield(item, nil) }); err != nil {
			yield(zero, fail("batch get", repo, err))
		}
	}
}
