// Package batch reads and writes many items with few requests, over
// repositories of any types:
//
//	err := batch.Write(ctx, func(yield func(batch.Op) bool) {
//		for o := range imported {
//			if !yield(batch.Put(orders, &o)) {
//				return
//			}
//		}
//	})
//	for o, err := range batch.Get(ctx, orders, keys) {
//		…
//	}
//
// Sequences may be of any length: they are cut into requests, of which a few
// are under way at once. What the service leaves unprocessed is sent again
// after a while that grows and varies, within bounds; what is left then comes
// back in the error. Nothing is lost silently, and no goroutine outlives a
// call.
//
// A batch is many reads or writes on their own, neither atomic nor at one
// moment: package tx has those. Writes of a batch have no conditions, and no
// updates. So they do not see that an item of another kind is stored where
// they put or delete, and repositories that need conditions (versions), or updates to
// delete (dynox.SoftDelete), take no batches, unless [Unchecked] says so.
package batch
