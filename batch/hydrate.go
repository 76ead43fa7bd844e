package batch

import (
	"context"
	"iter"

	"github.com/dynox-go/dynox"
)

// Hydrate yields whole items for those that found has: the entries of an index that
// holds only keys, or some attributes, or items of which only the key is known.
//
//	for o, err := range batch.Hydrate(ctx, orders, orders.Query(ctx, ByStatus.In(Order{Status: Paid}))) {
//
// They come in the order of found, read with [Get] in requests of up to 100 keys, a
// few at once; each once, however often it is found. The options are Get's.
//
// An index is a little behind its table. An item that was deleted since is passed over;
// [Missing] tells it. One that was changed since is yielded as it is now, whether or not
// found would still have it: where that matters, look at the item.
//
// An error of found is yielded last, after the items that were found before it. found
// is ahead of the items yielded, by some hundreds: a cursor that its query tracks
// is, too. To go on exactly where one stopped, hydrate a page:
//
//	page, err := orders.Page(ctx, q.After(cursor))
//	for o, err := range batch.Get(ctx, orders, slices.Values(page.Items), batch.InOrder()) {
func Hydrate[T any](ctx context.Context, r *dynox.Repo[T], found iter.Seq2[T, error], opts ...GetOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var failed error
		keys := func(yield func(T) bool) {
			for key, err := range found {
				if err != nil {
					failed = err
					return
				}
				if !yield(key) {
					return
				}
			}
		}
		for item, err := range Get(ctx, r, keys, append(opts[:len(opts):len(opts)], InOrder())...) {
			if !yield(item, err) || err != nil {
				return
			}
		}
		if failed != nil {
			var zero T
			yield(zero, failed)
		}
	}
}
