package dynox

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/dynox-go/dynox/internal/core"
)

// UnionOf reads items of several repositories of one table together, as values of
// E: an interface that their types implement, or any. It is immutable and safe for
// concurrent use.
type UnionOf[E any] struct {
	union    *core.Union
	repos    []*core.Repo
	pointers []bool // whether *T is what E is implemented by, not T
	skip     bool
	err      error
}

// Mixed is a [Repo] of any type.
type Mixed interface {
	Schema
	Core(core.Door) *core.Repo
}

// Union reads the items of repos, which share a table, together:
//
//	all := dynox.Union[any](customers, orders)
//	for item, err := range all.Query(ctx, OrderKey.Collection(Order{Customer: "42"})) {
//		switch item := item.(type) {
//		case Customer: …
//		case Order: …
//		}
//	}
//
// An item's kind tells whose it is, or where it has none its key; if several
// repositories would take it, the first of them does. Repositories of one type are of
// one tenant. Items are values of T, or of *T if E is an interface that only *T
// implements. An item of none of them ends the read with [ErrKind], as an [ItemError],
// unless [UnionOf.Skip] leaves it out. What is wrong with the repositories is told by
// the reads.
func Union[E any](repos ...Mixed) *UnionOf[E] {
	u := new(UnionOf[E])
	e := reflect.TypeFor[E]()
	var errs []error
	for i, m := range repos {
		var r *core.Repo
		if v := reflect.ValueOf(m); v.IsValid() && !v.IsNil() {
			r = m.Core(core.Door{})
		}
		u.repos = append(u.repos, r)
		switch {
		case r == nil:
			errs = append(errs, fmt.Errorf("repository %d is nil", i))
			u.pointers = append(u.pointers, false)
			continue
		case r.Type.AssignableTo(e):
			u.pointers = append(u.pointers, false)
		case reflect.PointerTo(r.Type).AssignableTo(e):
			u.pointers = append(u.pointers, true)
		default:
			errs = append(errs, fmt.Errorf("%v is no %v", r.Type, e))
		}
	}
	u.err = errors.Join(errs...)
	return u.make()
}

// Skip leaves out items of kinds that none of the repositories has.
func (u *UnionOf[E]) Skip() *UnionOf[E] {
	own := *u
	own.skip = true
	return own.make()
}

func (u *UnionOf[E]) make() *UnionOf[E] {
	if u.err == nil {
		u.union, u.err = core.NewUnion(u.repos, u.skip)
	}
	return u
}

// AnySpec is a [Query] or a [Scan] of any type.
type AnySpec interface {
	mixed() (*core.Spec, reflect.Type)
}

func (q Query[T]) mixed() (*core.Spec, reflect.Type) { return &q.s, reflect.TypeFor[T]() }
func (s Scan[T]) mixed() (*core.Spec, reflect.Type)  { return &s.s, reflect.TypeFor[T]() }

// Query yields the items that q finds, in order, in the manner of [Repo.Query]. q is
// of one of the repositories' types: [Key.Collection] is a whole item collection;
// what else it says of the sort key, and its filter, holds for items of all kinds.
func (u *UnionOf[E]) Query(ctx context.Context, q AnySpec) iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		if _, err := u.read(ctx, q, false, func(item E) bool { return yield(item, nil) }); err != nil {
			var zero E
			yield(zero, u.fail("query", err))
		}
	}
}

// Page is a page of what q finds, as [Repo.Page] makes it.
func (u *UnionOf[E]) Page(ctx context.Context, q AnySpec) (Page[E], error) {
	page := Page[E]{Items: []E{}}
	if q == nil {
		return page, u.fail("page", errNilSpec)
	}
	spec, t := q.mixed()
	own := *spec
	own.Limit, own.MaxPages = cmpOr(own.Limit, defaultPage), cmpOr(own.MaxPages, defaultRequests)
	next, err := u.read(ctx, typed{&own, t}, true, func(item E) bool {
		page.Items = append(page.Items, item)
		return true
	})
	page.Next = Cursor(next)
	return page, u.fail("page", err)
}

func cmpOr(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}

type typed struct {
	spec *core.Spec
	t    reflect.Type
}

func (t typed) mixed() (*core.Spec, reflect.Type) { return t.spec, t.t }

var errNilSpec = errors.New("nil query or scan")

func (u *UnionOf[E]) read(ctx context.Context, q AnySpec, ahead bool, yield func(E) bool) (string, error) {
	switch {
	case u.err != nil:
		return "", u.err
	case q == nil:
		return "", errNilSpec
	}
	spec, t := q.mixed()
	return u.union.Read(ctx, t, spec, ahead, func(repo int, item reflect.Value) bool {
		return yield(u.item(repo, item))
	})
}

// item is an item of a repository as an E.
func (u *UnionOf[E]) item(repo int, item reflect.Value) E {
	if u.pointers[repo] {
		own := reflect.New(item.Type())
		own.Elem().Set(item)
		item = own
	}
	return item.Interface().(E) //nolint:forcetypeassert // Union saw that it is one
}

func (u *UnionOf[E]) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	table := "(none)"
	if len(u.repos) > 0 && u.repos[0] != nil {
		table = u.repos[0].Table.Name
	}
	return wrap(op, table, "union", err)
}

// Gather runs q over u and puts what it finds into the fields of dst, a pointer to a
// struct: an item of T is appended to the field of type []T or []*T, or becomes the
// one of type T or *T, of which there is at most one item.
//
//	var account struct {
//		Customer Customer
//		Orders   []Order
//	}
//	err := dynox.Gather(ctx, all, OrderKey.Collection(Order{Customer: "42"}), &account)
//
// An item that no field takes, or a second one for a single field, is an error; so
// is a field that no repository's items go to, unless its tag is `dynox:"-"`. With an
// error dst has what was found before.
//
// A field of which there is no item stays as it was, and that is no error, as of an
// empty query. Where that matters, have a single field a pointer: it is nil then.
func Gather[E any](ctx context.Context, u *UnionOf[E], q AnySpec, dst any) error {
	to, err := u.gatherer(dst)
	if err != nil {
		return u.fail("gather", err)
	}
	var failed error
	_, err = u.read(ctx, q, false, func(item E) bool {
		failed = to.take(reflect.ValueOf(item))
		return failed == nil
	})
	return u.fail("gather", errors.Join(err, failed))
}

// gatherer is the fields that items of each type go to.
type gatherer struct {
	lists, singles map[reflect.Type]reflect.Value
	full           map[reflect.Type]bool
}

func (u *UnionOf[E]) gatherer(dst any) (*gatherer, error) {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, errors.New("items are gathered in a pointer to a struct")
	}
	g := &gatherer{map[reflect.Type]reflect.Value{}, map[reflect.Type]reflect.Value{}, map[reflect.Type]bool{}}
	has := map[reflect.Type]bool{}
	for _, r := range u.repos {
		if r != nil {
			has[r.Type] = true
		}
	}
	for i := range v.Elem().NumField() {
		f := v.Elem().Type().Field(i)
		if f.Tag.Get("dynox") == "-" {
			continue
		}
		t, to := f.Type, g.singles
		if t.Kind() == reflect.Slice {
			t, to = t.Elem(), g.lists
		}
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch {
		case !has[t]:
			return nil, fmt.Errorf("field %s takes no items of the union", f.Name)
		case !f.IsExported():
			return nil, fmt.Errorf("field %s is not exported", f.Name)
		case g.lists[t].IsValid() || g.singles[t].IsValid():
			return nil, fmt.Errorf("field %s and another take the same items", f.Name)
		}
		to[t] = v.Elem().Field(i)
	}
	return g, nil
}

func (g *gatherer) take(item reflect.Value) error {
	if item.Kind() == reflect.Pointer {
		item = item.Elem()
	}
	t := item.Type()
	as := func(want reflect.Type) reflect.Value {
		if want.Kind() != reflect.Pointer {
			return item
		}
		p := reflect.New(t)
		p.Elem().Set(item)
		return p
	}
	list, single := g.lists[t], g.singles[t]
	switch {
	case list.IsValid():
		list.Set(reflect.Append(list, as(list.Type().Elem())))
	case !single.IsValid():
		return fmt.Errorf("no field takes a %v", t)
	case g.full[t]:
		return fmt.Errorf("a second %v, for a field that takes one", t)
	default:
		single.Set(as(single.Type()))
		g.full[t] = true
	}
	return nil
}
