package dynox

import (
	"context"
	"time"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// SoftOption is the option that [SoftDelete] makes.
type SoftOption[T any] struct {
	soft core.SoftDelete
}

// SoftDelete has deletes leave the items: they set attr, a time that live items are
// stored without,
//
//	Deleted time.Time `dynamodbav:"deleted,omitempty"`
//
// to the time of this machine's clock, and reads leave out items that have it, as if
// they were not there. [Repo.Restore] brings one back, [Repo.Purge] deletes it for good.
//
//   - Delete and Take run their hooks and count the version. In a transaction, the delete
//     of an item that is not there fails it.
//   - Get, Query, Scan, Page, Count, unions, and reads of batches and transactions leave
//     deleted items out, at the same cost, unless WithDeleted asks for them. Reads of an
//     index that does not hold the attribute show them.
//   - Update, Touch and the checks of transactions find no deleted item, an Upsert is
//     refused with [ErrConditionFailed]. A Create over one is [ErrExists], a Put replaces it.
//   - Unique attributes keep their values, and blobs stay, until the item is purged.
//   - Batches cannot delete softly: they refuse to, and with batch.Unchecked delete for good.
func SoftDelete[T any](attr expr.Attr[T, time.Time]) SoftOption[T] {
	return SoftOption[T]{core.SoftDelete{Attr: attr.Ref(ast.Door{})}}
}

// Keep has deletes set the [TTL], too, so that the service purges items about d after
// they were deleted. A Restore removes it, also if the item had one before. Without
// Keep deleted items stay until they are purged, as by
//
//	for o, err := range orders.Scan(ctx, dynox.All[Order]().WithDeleted().Filter(deleted.Lt(monthAgo))) {
//		…
//		err = orders.Purge(ctx, o)
//	}
func (s SoftOption[T]) Keep(d time.Duration) SoftOption[T] {
	s.soft.Keep = d
	if d == 0 {
		s.soft.Keep = -1 // an error of NewRepo
	}
	return s
}

func (s SoftOption[T]) configure(c *core.Config, _ *T) { c.Stages.Soft = append(c.Stages.Soft, s.soft) }

// Restore brings back the item with the key of key, which a [SoftDelete] deleted, and
// returns it. It fails with [ErrNotFound] if there is none, or it is not deleted. It counts
// as an Update: its hooks run.
func (r *Repo[T]) Restore(ctx context.Context, key T) (T, error) {
	var item, zero T
	if err := r.core.Restore(ctx, &key, &item); err != nil {
		return zero, r.fail("restore", err)
	}
	return item, nil
}

// Purge deletes the item with the key of key for good, after a [SoftDelete]: with its
// unique values and blobs, and the hooks of a Delete. That none is there is no error; one that is not
// deleted stays, and is [ErrConditionFailed].
func (r *Repo[T]) Purge(ctx context.Context, key T) error {
	return r.fail("purge", r.core.Purge(ctx, &key))
}

// WithDeleted makes a Get find an item that a [SoftDelete] deleted, too. Give it without
// calling it:
//
//	orders.Get(ctx, key, dynox.WithDeleted)
func WithDeleted[T any](o *readOptions, _ *T) { o.Deleted = true }

// WithDeleted yields items that a [SoftDelete] deleted, too.
func (q Query[T]) WithDeleted() Query[T] { q.s.Deleted = true; return q }

// WithDeleted yields items that a [SoftDelete] deleted, too.
func (s Scan[T]) WithDeleted() Scan[T] { s.s.Deleted = true; return s }
