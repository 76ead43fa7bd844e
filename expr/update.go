package expr

import (
	"fmt"
	"slices"

	"github.com/dynox-go/dynox/internal/ast"
)

// Update is one or more actions that change an item of type T. The zero
// Update does nothing.
type Update[T any] struct {
	actions []*ast.Action
}

// And is u followed by others.
func (u Update[T]) And(others ...Update[T]) Update[T] {
	all := slices.Clone(u.actions)
	for _, o := range others {
		all = append(all, o.actions...)
	}
	return Update[T]{all}
}

// Write is for the packages of this module.
func (u Update[T]) Write(w *ast.Write) { w.Actions = append(w.Actions, u.actions...) }

func (u Update[T]) act(*T) {}

// Action is what the Update and Upsert of a repository take: an [Update], or
// an option such as [If]. A condition is none by itself: give it as If(cond).
type Action[T any] interface {
	// Write is for the packages of this module.
	Write(*ast.Write)
	act(*T)
}

// WriteOption is an option of a write, such as [If]. A condition is none by itself:
// give it as If(cond).
type WriteOption[T any] interface {
	Action[T]
	write(*T)
}

// Option is an option of any single write: a [WriteOption], and an [Action]
// too.
type Option[T any] struct {
	apply func(*ast.Write)
}

// Write is for the packages of this module.
func (o Option[T]) Write(w *ast.Write) {
	if o.apply != nil {
		o.apply(w)
	}
}

func (o Option[T]) act(*T)   {}
func (o Option[T]) write(*T) {}

// If makes a write depend on conditions, all of which must hold for the
// stored item; where there is none, every attribute is missing. Otherwise
// the write changes nothing and fails.
func If[T any](conds ...Cond[T]) Option[T] {
	tree := All(conds...).tree
	return Option[T]{func(w *ast.Write) { w.Cond = ast.All(w.Cond, tree) }}
}

// ExactlyOnce sends the write as a transaction of one with an idempotency
// token, so that it takes effect once however often it is retried within ten
// minutes of the first attempt. It costs twice the write capacity. A call
// that returns the new item reads it after the write, consistently, and may
// see later changes too.
func ExactlyOnce[T any]() Option[T] {
	return Option[T]{func(w *ast.Write) { w.Once = true }}
}

func one[T any](clause ast.Clause, attr *ast.Attr, value ast.Operand) Update[T] {
	a := &struct {
		action ast.Action
		list   [1]*ast.Action
	}{action: ast.Action{Clause: clause, Attr: attr, Value: value}}
	a.list[0] = &a.action
	return Update[T]{a.list[:]}
}

// Set stores v. A value that a Put of the item would leave out (an empty one
// of a field tagged omitempty) removes the attribute.
func (a Attr[T, V]) Set(v V) Update[T] { return one[T](ast.Set, a.ref, ast.ValueOperand(a.ref, v)) }

// SetOnce stores v unless the attribute is there.
func (a Attr[T, V]) SetOnce(v V) Update[T] {
	return one[T](ast.Set, a.ref, ast.Operand{Kind: ast.OpIfMissing, Args: []ast.Operand{
		ast.AttrOperand(a.ref), ast.ValueOperand(a.ref, v),
	}})
}

// SetTo stores what o gives: another attribute, or a combination made with
// [IfMissing], [Plus], [Minus] or [Concat]. All of them see the item as it
// was before the update.
func (a Attr[T, V]) SetTo(o Operand[T, V]) Update[T] {
	if o == nil {
		return Update[T]{[]*ast.Action{{Attr: a.ref, Err: fmt.Errorf("%v: SetTo of nil", a.ref)}}}
	}
	return one[T](ast.Set, a.ref, o.Operand(ast.Door{}).As(a.ref))
}

// Remove removes the attribute; of a list, the element, and the rest move
// up. A missing attribute is no error; a missing map or list that a path leads
// through is one, of kind dynox.ErrPath.
func (a Attr[T, V]) Remove() Update[T] { return one[T](ast.Remove, a.ref, ast.Operand{}) }

// Number is any Go number.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64
}

// Add adds n to a number. A missing attribute counts as 0 and is created.
func Add[T any, V Number](a Attr[T, V], n V) Update[T] {
	return one[T](ast.Add, a.ref, ast.ValueOperand(a.ref, n))
}

// Incr adds n to a number that must be there: otherwise the update fails.
func Incr[T any, V Number](a Attr[T, V], n V) Update[T] {
	return a.SetTo(Plus(a, Value[T](n)))
}

// Append adds values at the end of a list, which is created if missing. With
// no values nothing happens.
func Append[T any, S ~[]V, V any](list Attr[T, S], values ...V) Update[T] {
	if len(values) == 0 {
		return Update[T]{}
	}
	return one[T](ast.Set, list.ref, ast.Operand{Kind: ast.OpConcat, Args: []ast.Operand{
		orEmpty(list.ref), ast.ValueOperand(list.ref, slices.Clone(S(values))),
	}})
}

// Prepend adds values at the start of a list, which is created if missing.
// With no values nothing happens.
func Prepend[T any, S ~[]V, V any](list Attr[T, S], values ...V) Update[T] {
	if len(values) == 0 {
		return Update[T]{}
	}
	return one[T](ast.Set, list.ref, ast.Operand{Kind: ast.OpConcat, Args: []ast.Operand{
		ast.ValueOperand(list.ref, slices.Clone(S(values))), orEmpty(list.ref),
	}})
}

func orEmpty(list *ast.Attr) ast.Operand {
	return ast.Operand{Kind: ast.OpIfMissing, Args: []ast.Operand{ast.AttrOperand(list), {Kind: ast.OpEmptyList}}}
}

// AddToSet adds values to a set, which is created if missing. Values that
// are there stay; with no values nothing happens.
func AddToSet[T any, S ~[]V, V any](set Attr[T, S], values ...V) Update[T] {
	return elements[T](ast.Add, set.ref, len(values), slices.Clone(S(values)))
}

// DeleteFromSet takes values out of a set. Values that are not there are no
// error; a set left empty is removed. With no values nothing happens.
func DeleteFromSet[T any, S ~[]V, V any](set Attr[T, S], values ...V) Update[T] {
	return elements[T](ast.Delete, set.ref, len(values), slices.Clone(S(values)))
}

func elements[T any](clause ast.Clause, set *ast.Attr, n int, values any) Update[T] {
	if n == 0 {
		return Update[T]{}
	}
	return one[T](clause, set, ast.Operand{Kind: ast.OpSet, Attr: set, Value: values})
}

// EnsureMap creates an empty map where the attribute is missing, so that a
// later update can set entries in it: the service does not create the
// parents of a path, and refuses both in one update.
func EnsureMap[T, V any](m Attr[T, V]) Update[T] {
	return one[T](ast.Set, m.ref, ast.Operand{Kind: ast.OpIfMissing, Args: []ast.Operand{
		ast.AttrOperand(m.ref), {Kind: ast.OpEmptyMap},
	}})
}

// Operand is what [Attr.SetTo] stores: an attribute of T with values of
// type V, or a combination of such.
type Operand[T, V any] interface {
	// Operand is for the packages of this module.
	Operand(ast.Door) ast.Operand
	operand(*T, *V)
}

type operand[T, V any] struct {
	tree ast.Operand
}

func (o operand[T, V]) Operand(ast.Door) ast.Operand { return o.tree }
func (o operand[T, V]) operand(*T, *V)               {}

// Value is v, encoded as the attribute that it is stored in:
//
//	total.SetTo(expr.Plus(price, expr.Value[Order](int64(5))))
func Value[T, V any](v V) Operand[T, V] {
	return operand[T, V]{ast.Operand{Kind: ast.OpValue, Value: v}}
}

// IfMissing is the attribute, or where it is missing, instead.
func IfMissing[T, V any](a Attr[T, V], instead V) Operand[T, V] {
	return operand[T, V]{ast.Operand{Kind: ast.OpIfMissing, Args: []ast.Operand{
		ast.AttrOperand(a.ref), ast.ValueOperand(a.ref, instead),
	}}}
}

// IfMissingAttr is the attribute, or where it is missing, what instead
// gives.
func IfMissingAttr[T, V any](a Attr[T, V], instead Operand[T, V]) Operand[T, V] {
	return combine(ast.OpIfMissing, Operand[T, V](a), instead)
}

// Plus is the sum of two numbers. The service takes one + or - in an
// assignment.
func Plus[T any, V Number](a, b Operand[T, V]) Operand[T, V] { return combine(ast.OpPlus, a, b) }

// Minus is a less b.
func Minus[T any, V Number](a, b Operand[T, V]) Operand[T, V] { return combine(ast.OpMinus, a, b) }

// Concat is the list a followed by the list b.
func Concat[T any, S ~[]V, V any](a, b Operand[T, S]) Operand[T, S] {
	return combine(ast.OpConcat, a, b)
}

func combine[T, V any](kind ast.OperandKind, a, b Operand[T, V]) Operand[T, V] {
	return operand[T, V]{ast.Operand{Kind: kind, Args: []ast.Operand{tree(a), tree(b)}}}
}

// tree is what o describes; a nil one is the zero attribute, an error of the
// call.
func tree[T, V any](o Operand[T, V]) ast.Operand {
	if o == nil {
		return ast.AttrOperand(nil)
	}
	return o.Operand(ast.Door{})
}
