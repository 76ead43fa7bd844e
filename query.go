package dynox

import (
	"time"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Cursor is a place in a query or a scan, after an item: opaque text that may
// be stored, or handed to a browser. "" is the start; as the Next of a [Page],
// and where a read sets it through Track, it means that there is no more.
//
// A cursor belongs to a table, an index, a partition and a range of the sort
// key: a read of another is refused with [ErrCursor]. Limits, filters,
// projections and the direction may differ. It stays valid when its item is
// deleted. It holds the item's key, readable unless [SealCursors] seals it.
type Cursor string

// Spec is a [Query] or a [Scan].
type Spec[T any] interface {
	spec(*T) *core.Spec
}

// Query describes a query over one item collection of a table or an index.
// It begins with [Key.In] or [Index.In]; a [Repo] runs it. It is immutable:
// each method returns a changed copy.
type Query[T any] struct {
	s core.Spec
}

func (q Query[T]) spec(*T) *core.Spec { return &q.s }

// Where bounds the sort key by conditions on its fields: Eq, Lt, Le, Gt, Ge,
// Between and expr.Prefix. Together with what In has set they must make one
// key condition of the service: equality from the left, then one range;
// otherwise the query fails before anything is sent. It never becomes a
// filter. Integers and times compare as they do in Go, strings by their
// bytes.
func (q Query[T]) Where(conds ...expr.Cond[T]) Query[T] {
	q.s.Where = append(q.s.Where[:len(q.s.Where):len(q.s.Where)], trees(conds)...)
	return q
}

// Filter leaves out items that conds do not hold for, after they have been
// read: they cost capacity all the same. The key attributes that the query
// reads by cannot be filtered; use Where for those.
func (q Query[T]) Filter(conds ...expr.Cond[T]) Query[T] {
	q.s.Filter = ast.All(q.s.Filter, ast.All(trees(conds)...))
	return q
}

// Only fetches some attributes; the fields of the others are zero.
func (q Query[T]) Only(fields ...expr.Field[T]) Query[T] {
	q.s.Only = append(q.s.Only[:len(q.s.Only):len(q.s.Only)], attrs(fields)...)
	return q
}

// Limit ends the query after n items; 0, the default, is no limit.
func (q Query[T]) Limit(n int) Query[T] { q.s.Limit = n; return q }

// PageSize asks for at most n items in a request, before any filter. The
// default is what Limit leaves where nothing is filtered, and otherwise as
// many as fit a page of the service.
func (q Query[T]) PageSize(n int) Query[T] { q.s.PageSize = n; return q }

// MaxPages ends the query after n requests, with no error; Track tells where.
// 0, the default, is no bound.
func (q Query[T]) MaxPages(n int) Query[T] { q.s.MaxPages = n; return q }

// MaxScanned ends the query after n items were read, filtered or not, with no
// error; Track tells where. 0, the default, is no bound.
func (q Query[T]) MaxScanned(n int) Query[T] { q.s.MaxScanned = n; return q }

// StopBefore ends the query, with no error, when less than d is left before the
// deadline of its context: Track tells where, and what comes after has d to store
// that. A request that is on its way then is given up. 0, the default, leaves it to
// the deadline, which is an error; without one, d has no meaning.
func (q Query[T]) StopBefore(d time.Duration) Query[T] { q.s.StopBefore = d; return q }

// Desc reads from the highest sort key down.
func (q Query[T]) Desc() Query[T] { q.s.Desc = true; return q }

// Consistent makes the query see every write that succeeded before it, for
// twice the capacity. A global index has no consistent reads. (For a Get it
// is the option [Consistent], given without a call.)
func (q Query[T]) Consistent() Query[T] { q.s.Consistent = true; return q }

// After continues from a cursor: with the first item after it, in the
// direction of this query.
func (q Query[T]) After(c Cursor) Query[T] { q.s.After = string(c); return q }

// Track sets *c before each item is yielded to the place after that item,
// and when the query ends to where it ended: "" if nothing is left. After an
// error *c is where the last item left it. Nothing else may use *c meanwhile.
func (q Query[T]) Track(c *Cursor) Query[T] { q.s.Track = tracker(c); return q }

// Prefetch asks for the next page while the items of the last one are being
// used, in one goroutine that ends with the loop.
func (q Query[T]) Prefetch() Query[T] { q.s.Prefetch = true; return q }

// OnItemError lets f decide about an item that cannot be read: nil goes on
// with the next one, an error ends the query.
func (q Query[T]) OnItemError(f func(*ItemError) error) Query[T] {
	q.s.OnItem = onItem(f)
	return q
}

// Scan describes a scan of a whole table or index. It begins with [All]; a
// [Repo] runs it. It is immutable: each method returns a changed copy.
type Scan[T any] struct {
	s core.Spec
}

// All is a scan of all items of T.
func All[T any]() Scan[T] { return Scan[T]{core.Spec{Scan: true}} }

func (s Scan[T]) spec(*T) *core.Spec { return &s.s }

// Index scans an index: the items that are in it.
func (s Scan[T]) Index(ix Index[T]) Scan[T] {
	key := ix.index.Key
	s.s.Index, s.s.Key = ix.index.Name, &key
	return s
}

// Filter leaves out items that conds do not hold for, after they have been
// read: they cost capacity all the same.
func (s Scan[T]) Filter(conds ...expr.Cond[T]) Scan[T] {
	s.s.Filter = ast.All(s.s.Filter, ast.All(trees(conds)...))
	return s
}

// Only fetches some attributes; the fields of the others are zero.
func (s Scan[T]) Only(fields ...expr.Field[T]) Scan[T] {
	s.s.Only = append(s.s.Only[:len(s.s.Only):len(s.s.Only)], attrs(fields)...)
	return s
}

// Limit ends the scan after n items; 0, the default, is no limit.
func (s Scan[T]) Limit(n int) Scan[T] { s.s.Limit = n; return s }

// PageSize asks for at most n items in a request, before any filter.
func (s Scan[T]) PageSize(n int) Scan[T] { s.s.PageSize = n; return s }

// MaxPages ends the scan after n requests, those of all segments together,
// with no error; Track tells where. 0, the default, is no bound.
func (s Scan[T]) MaxPages(n int) Scan[T] { s.s.MaxPages = n; return s }

// MaxScanned ends the scan after n items were read, filtered or not, with no
// error; segments have equal shares of it. 0, the default, is no bound.
func (s Scan[T]) MaxScanned(n int) Scan[T] { s.s.MaxScanned = n; return s }

// StopBefore ends the scan before the deadline of its context, as
// [Query.StopBefore] does.
func (s Scan[T]) StopBefore(d time.Duration) Scan[T] { s.s.StopBefore = d; return s }

// Segments scans in n parts at once, each in a goroutine that ends with the
// loop and is at most one page ahead of it. Items come in no order. One
// cursor holds the places of all segments; n must be the same when it is
// continued.
func (s Scan[T]) Segments(n int) Scan[T] { s.s.Segments = n; return s }

// Consistent makes the scan see every write that succeeded before it, for
// twice the capacity. A global index has no consistent reads.
func (s Scan[T]) Consistent() Scan[T] { s.s.Consistent = true; return s }

// After continues from a cursor.
func (s Scan[T]) After(c Cursor) Scan[T] { s.s.After = string(c); return s }

// Track sets *c as [Query.Track] does.
func (s Scan[T]) Track(c *Cursor) Scan[T] { s.s.Track = tracker(c); return s }

// Prefetch asks for the next page while the items of the last one are being
// used. Segments do so anyway.
func (s Scan[T]) Prefetch() Scan[T] { s.s.Prefetch = true; return s }

// OnItemError lets f decide about an item that cannot be read: nil goes on
// with the next one, an error ends the scan.
func (s Scan[T]) OnItemError(f func(*ItemError) error) Scan[T] {
	s.s.OnItem = onItem(f)
	return s
}

func tracker(c *Cursor) func(string) {
	if c == nil {
		return nil
	}
	return func(at string) { *c = Cursor(at) }
}

func onItem(f func(*ItemError) error) func(*core.BadItem) error {
	if f == nil {
		return nil
	}
	return func(b *core.BadItem) error { return f(itemError(b)) }
}

func trees[T any](conds []expr.Cond[T]) []*ast.Cond {
	ts := make([]*ast.Cond, len(conds))
	for i, c := range conds {
		ts[i] = c.Tree(ast.Door{})
	}
	return ts
}
