package dynox

import (
	"context"
	"errors"
	"time"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// TTL says which attribute has the time after which the service may delete an
// item: a time.Time of the item itself that its tag stores in seconds,
//
//	Expires time.Time `dynamodbav:"expires,unixtime,omitempty"`
//
// An item without it, or with a zero time and omitempty, stays. The service deletes within
// a few days of that time, not at once, and items more than five years past it
// never; [HideExpired] hides them meanwhile. [Table.Ensure] switches it on.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
func TTL[T any](attr expr.Attr[T, time.Time]) Option[T] {
	t := core.TTL{Attr: attr.Ref(ast.Door{})}
	return WithStages[T](core.Door{}, func(s *core.Stages) { s.TTLs = append(s.TTLs, t) })
}

// HideExpired has reads leave out items past their [TTL], by the clock of this
// machine, as if the service had deleted them: a Get of one is [ErrNotFound]. They
// cost capacity all the same. Writes still meet them: a Create over one is
// [ErrExists], and an update brings one back if it sets a new time, as [Repo.Touch] does. Reads of an
// index that does not hold the attribute show them.
func HideExpired[T any]() Option[T] {
	return WithStages[T](core.Door{}, func(s *core.Stages) { s.Hide = true })
}

// Expired reports whether the [TTL] of item has passed, by the clock of this
// machine: false if it has none.
func (r *Repo[T]) Expired(item T) bool { return r.core.Expired(&item) }

// Touch sets the [TTL] of the item that key names to t, a zero time to never, and
// returns the item, as an Update does.
func (r *Repo[T]) Touch(ctx context.Context, key T, t time.Time) (T, error) {
	attr := r.core.TTL()
	if attr == nil {
		var zero T
		return zero, r.fail("touch", errors.New("the repository has no TTL"))
	}
	a := &ast.Action{Clause: ast.Set, Attr: attr, Value: ast.ValueOperand(attr, t)}
	if t.IsZero() {
		a = &ast.Action{Clause: ast.Remove, Attr: attr}
	}
	var item, zero T
	if err := r.core.UpdateItem(ctx, core.Update, &key, ast.Write{Actions: []*ast.Action{a}}, &item); err != nil {
		return zero, r.fail("touch", err)
	}
	return item, nil
}
