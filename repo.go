package dynox

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Repo reads and writes the items of type T in a table. It is immutable and
// safe for concurrent use. It keeps nothing of the items it is given, nor of
// those it returns.
type Repo[T any] struct {
	core *core.Repo
}

// NewRepo is the repository of items of type T, a struct, on a table whose
// primary key is key. It does no I/O. Everything that is wrong with the type,
// its tags, key and options comes back in one error.
func NewRepo[T any](t *Table, key Key[T], opts ...Option[T]) (*Repo[T], error) {
	return newRepo(t, "", key, opts)
}

// newRepo is a repository in the scope of a tenant, if it has one.
func newRepo[T any](t *Table, scope string, key Key[T], opts []Option[T]) (*Repo[T], error) {
	c := &core.Config{Type: reflect.TypeFor[T](), Key: key.describe(), Scope: scope}
	if err := t.usable(); err != nil {
		return nil, wrap("new repository", "(none)", c.Type.String(), err)
	}
	for _, opt := range opts {
		if opt != nil {
			opt.configure(c, nil)
		}
	}
	schema, err := core.Compile(c)
	if err := errors.Join(t.err, err); err != nil {
		return nil, wrap("new repository", t.core.Name, c.Type.String(), err)
	}
	return &Repo[T]{&core.Repo{Schema: schema, Table: &t.core}}, nil
}

// On is the same repository on another table with the same keys: a tenant's,
// or one restored from a backup. A table that is nil or was made wrongly
// gives a repository whose calls all fail.
func (r *Repo[T]) On(t *Table) *Repo[T] {
	if err := t.usable(); err != nil {
		return &Repo[T]{&core.Repo{Schema: r.core.Schema, Table: core.Broken("(none)", err)}}
	}
	if t.err != nil {
		return &Repo[T]{&core.Repo{Schema: r.core.Schema, Table: core.Broken(t.core.Name, t.err)}}
	}
	return &Repo[T]{&core.Repo{Schema: r.core.Schema, Table: &t.core}}
}

// usable reports whether t was made by [NewTable] at all.
func (t *Table) usable() error {
	switch {
	case t == nil:
		return errors.New("nil table")
	case t.core.Client == nil && t.err == nil:
		return errors.New("a table is made with NewTable")
	}
	return nil
}

func (r *Repo[T]) schema() *core.Schema {
	if r == nil {
		return nil
	}
	return r.core.Schema
}

// fail makes the public error of a verb that failed with err.
func (r *Repo[T]) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return wrap(op, r.core.Table.Name, r.core.Name(), err)
}

// put runs a verb that stores item.
func (r *Repo[T]) put(ctx context.Context, op string, verb core.Op, item, old *T, opts []expr.WriteOption[T]) (existed bool, err error) {
	if item == nil {
		return false, r.fail(op, errors.New("nil item"))
	}
	var replaced any
	if old != nil {
		replaced = old
	}
	existed, err = r.core.PutItem(ctx, verb, item, write(opts), replaced)
	return existed, r.fail(op, err)
}

// write is what options describe together.
func write[O interface{ Write(*ast.Write) }](opts []O) ast.Write {
	var w ast.Write
	for _, opt := range opts {
		if any(opt) != nil {
			opt.Write(&w)
		}
	}
	return w
}

// Create stores an item that must not be there yet: otherwise it fails with
// [ErrExists]. After a lost answer, a stored item that is exactly what was sent is
// taken for one's own: give items that two might create alike something that
// tells them apart, such as a generated identifier.
func (r *Repo[T]) Create(ctx context.Context, item *T, opts ...expr.WriteOption[T]) error {
	_, err := r.put(ctx, "create", core.Create, item, nil, opts)
	return err
}

// Put stores an item, in place of the one with its key if there is one.
func (r *Repo[T]) Put(ctx context.Context, item *T, opts ...expr.WriteOption[T]) error {
	_, err := r.put(ctx, "put", core.Put, item, nil, opts)
	return err
}

// Swap is a Put that returns the item it replaced, and whether there was one.
func (r *Repo[T]) Swap(ctx context.Context, item *T, opts ...expr.WriteOption[T]) (old T, existed bool, err error) {
	var replaced T
	if existed, err = r.put(ctx, "swap", core.Put, item, &replaced, opts); err != nil {
		return old, false, err
	}
	return replaced, existed, nil
}

// Get reads the item whose key the fields of key give; its other fields are
// not looked at. It fails with [ErrNotFound] if there is none.
func (r *Repo[T]) Get(ctx context.Context, key T, opts ...ReadOption[T]) (T, error) {
	var o readOptions
	for _, opt := range opts {
		if opt != nil {
			opt(&o, nil)
		}
	}
	var item T
	if err := r.core.GetItem(ctx, &key, o.Getting, &item); err != nil {
		var zero T
		return zero, r.fail("get", err)
	}
	return item, nil
}

// Update changes the item with the key of key, which must be there, and
// returns it as it is afterwards. It takes one action at least. An action on
// an attribute that an index's composite key is made of must come with values
// for all other inputs of that key, which it then updates too, unless the
// item's own key tells them. Attributes of that key cannot be changed. A
// condition that does not hold is [ErrConditionFailed], or [ErrNotFound] where
// there is no item.
func (r *Repo[T]) Update(ctx context.Context, key T, actions ...expr.Action[T]) (T, error) {
	return r.update(ctx, "update", core.Update, key, actions)
}

// Upsert is an Update that creates the item if it is not there.
func (r *Repo[T]) Upsert(ctx context.Context, key T, actions ...expr.Action[T]) (T, error) {
	return r.update(ctx, "upsert", core.Upsert, key, actions)
}

func (r *Repo[T]) update(ctx context.Context, op string, verb core.Op, key T, actions []expr.Action[T]) (T, error) {
	var item, zero T
	if err := r.core.UpdateItem(ctx, verb, &key, write(actions), &item); err != nil {
		return zero, r.fail(op, err)
	}
	return item, nil
}

// Delete deletes the item with the key of key. That none is there is no
// error, unless it comes with a condition that does not hold then: that is
// [ErrConditionFailed].
func (r *Repo[T]) Delete(ctx context.Context, key T, opts ...expr.WriteOption[T]) error {
	return r.fail("delete", r.core.DeleteItem(ctx, &key, write(opts), nil))
}

// Take deletes the item with the key of key and returns it. It fails with
// [ErrNotFound] if there is none, whatever its conditions say.
func (r *Repo[T]) Take(ctx context.Context, key T, opts ...expr.WriteOption[T]) (T, error) {
	var item, zero T
	if err := r.core.DeleteItem(ctx, &key, write(opts), &item); err != nil {
		return zero, r.fail("take", err)
	}
	return item, nil
}

// Query yields the items that q describes, in the order of their sort keys.
// Requests are sent while the result is ranged over, each when the items of
// the last are used up; ranging again asks again. An error is yielded last,
// once, with a zero item.
func (r *Repo[T]) Query(ctx context.Context, q Query[T]) iter.Seq2[T, error] {
	return r.read(ctx, "query", &q.s)
}

// Scan yields all items that s describes, in no order that means anything,
// in the manner of [Repo.Query].
func (r *Repo[T]) Scan(ctx context.Context, s Scan[T]) iter.Seq2[T, error] {
	return r.read(ctx, "scan", &s.s)
}

func (r *Repo[T]) read(ctx context.Context, op string, spec *core.Spec) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var item T
		if _, err := r.core.Read(ctx, spec, &item, false, func() bool { return yield(item, nil) }); err != nil {
			var zero T
			yield(zero, r.fail(op, err))
		}
	}
}

// Into is the query q over r, read into a narrower struct type S: only the
// attributes that S names are fetched, and each must be one of T's.
func Into[S, T any](ctx context.Context, r *Repo[T], q Query[T]) iter.Seq2[S, error] {
	return func(yield func(S, error) bool) {
		var item, zero S
		narrow := &core.Narrow{Type: reflect.TypeFor[S]()}
		if narrow.Type.Kind() != reflect.Struct {
			yield(zero, r.fail("query", fmt.Errorf("%v is not a struct", narrow.Type)))
			return
		}
		if _, err := r.core.ReadInto(ctx, &q.s, narrow, &item, func() bool { return yield(item, nil) }); err != nil {
			yield(zero, r.fail("query", err))
		}
	}
}

// Page is a part of a query's items.
type Page[T any] struct {
	Items []T    // never nil
	Next  Cursor // continues after Items; "" when there is no more
}

// A page has up to defaultPage items, unless the query has a limit, gathered
// in up to defaultRequests requests, unless it has a bound.
const (
	defaultPage     = 100
	defaultRequests = 10
)

// Page runs q up to its Limit, 100 if unset, in at most MaxPages requests, 10
// if unset. Next is empty exactly when nothing is left: Page looks one item
// further to know. A page that is short while Next is not empty ran into the
// bound on requests. With an error come the items that were read before it,
// and Next continues after them.
func (r *Repo[T]) Page(ctx context.Context, q Query[T]) (Page[T], error) {
	if q.s.Limit == 0 {
		q.s.Limit = defaultPage
	}
	if q.s.MaxPages == 0 {
		q.s.MaxPages = defaultRequests
	}
	page := Page[T]{Items: []T{}}
	var item T
	next, err := r.core.Read(ctx, &q.s, &item, true, func() bool {
		page.Items = append(page.Items, item)
		return true
	})
	page.Next = Cursor(next)
	return page, r.fail("page", err)
}

// Count is the number of items that a [Query] or a [Scan] finds, up to its
// Limit. It reads them, at the same cost, but does not transfer them. With a
// [StoppedError] comes the number of those before its cursor.
func (r *Repo[T]) Count(ctx context.Context, s Spec[T]) (int64, error) {
	if s == nil {
		return 0, r.fail("count", errors.New("nil query or scan"))
	}
	n, err := r.core.Count(ctx, s.spec(nil))
	return n, r.fail("count", err)
}
