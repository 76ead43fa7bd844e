package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/internal/ast"
)

// Cond is a condition on an item of type T. Filter and Where take it as it is, a
// write in [If]. The zero Cond is neutral: it asks for nothing, and And, Or and Not
// leave it out.
type Cond[T any] struct {
	tree *ast.Cond
}

// Tree is for the packages of this module.
func (c Cond[T]) Tree(ast.Door) *ast.Cond { return c.tree }

// And holds when c and all of others do.
func (c Cond[T]) And(others ...Cond[T]) Cond[T] { return All(prepend(c, others)...) }

// Or holds when c or any of others does.
func (c Cond[T]) Or(others ...Cond[T]) Cond[T] { return Any(prepend(c, others)...) }

// Not holds when c does not.
func (c Cond[T]) Not() Cond[T] { return Not(c) }

// All holds when each of conds does; All() is neutral.
func All[T any](conds ...Cond[T]) Cond[T] { return Cond[T]{ast.All(trees(conds)...)} }

// Any holds when one of conds does. Any() of nothing never holds; neutral
// conditions are left out, so that Any of only those is neutral.
func Any[T any](conds ...Cond[T]) Cond[T] { return Cond[T]{ast.Any(trees(conds)...)} }

// Not holds when cond does not. Not of a neutral condition is neutral.
func Not[T any](cond Cond[T]) Cond[T] { return Cond[T]{ast.Negate(cond.tree)} }

// Raw is a condition given as text, for what this package has no words for.
// A question mark stands for the next argument, an attribute or a value
// encoded by its own type; #name stands for the attribute called name:
//
//	expr.Raw[Order]("size(#tags) > ?", 3)
//
// With an argument more for each #name, all of those stand for the attributes
// among the arguments, in order:
//
//	expr.Raw[Order]("size(#t) > ?", tags, 3)
//
// The text is not checked before the service does.
func Raw[T any](text string, args ...any) Cond[T] {
	c := &ast.Cond{Op: ast.Raw, Text: text}
	var names []string
	if given := rawNames(text); len(given) > 0 && len(args) == strings.Count(text, "?")+len(given) {
		names, c.Names = given, make(map[string]*ast.Attr)
	}
	for _, arg := range args {
		attr, isAttr := arg.(interface{ Ref(ast.Door) *ast.Attr })
		if _, ours := arg.(Field[T]); isAttr && !ours {
			c.Err = fmt.Errorf("raw condition: attribute %v is of another item type", attr.Ref(ast.Door{}))
		}
		switch {
		case isAttr && len(names) > 0:
			c.Names[names[0]], names = attr.Ref(ast.Door{}), names[1:]
		case isAttr:
			c.Args = append(c.Args, ast.AttrOperand(attr.Ref(ast.Door{})))
		default:
			c.Args = append(c.Args, ast.Operand{Kind: ast.OpPlain, Value: arg})
		}
	}
	return Cond[T]{c}
}

// rawNames are the names after # in text, each once.
func rawNames(text string) []string {
	var names []string
	for _, part := range strings.Split(text, "#")[1:] {
		if name := ast.RawName(part); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func prepend[E any](first E, rest []E) []E {
	return append([]E{first}, rest...)
}

func trees[T any](conds []Cond[T]) []*ast.Cond {
	ts := make([]*ast.Cond, len(conds))
	for i, c := range conds {
		ts[i] = c.tree
	}
	return ts
}

func (a Attr[T, V]) compare(op ast.Op, values ...V) Cond[T] {
	args := make([]ast.Operand, 1+len(values))
	args[0] = ast.AttrOperand(a.ref)
	for i, v := range values {
		args[i+1] = ast.ValueOperand(a.ref, v)
	}
	return Cond[T]{&ast.Cond{Op: op, Args: args}}
}

func (a Attr[T, V]) binary(op ast.Op, v V) Cond[T] {
	return Cond[T]{ast.Binary(op, ast.AttrOperand(a.ref), ast.ValueOperand(a.ref, v))}
}

// Eq holds when the attribute equals v. A missing attribute equals nothing.
func (a Attr[T, V]) Eq(v V) Cond[T] { return a.binary(ast.Eq, v) }

// Ne holds when the attribute does not equal v, or is missing.
func (a Attr[T, V]) Ne(v V) Cond[T] { return a.binary(ast.Ne, v) }

// Lt holds when the attribute is less than v. Numbers compare by value,
// strings and bytes by their bytes; other types cannot be compared so.
func (a Attr[T, V]) Lt(v V) Cond[T] { return a.binary(ast.Lt, v) }

// Le holds when the attribute is at most v.
func (a Attr[T, V]) Le(v V) Cond[T] { return a.binary(ast.Le, v) }

// Gt holds when the attribute is greater than v.
func (a Attr[T, V]) Gt(v V) Cond[T] { return a.binary(ast.Gt, v) }

// Ge holds when the attribute is at least v.
func (a Attr[T, V]) Ge(v V) Cond[T] { return a.binary(ast.Ge, v) }

// Between holds when the attribute is at least low and at most high.
func (a Attr[T, V]) Between(low, high V) Cond[T] { return a.compare(ast.Between, low, high) }

// In holds when the attribute equals one of values. More than the 100 that
// the service takes at once are split, up to about 600, where an expression
// reaches the 4 KB that it can have. In() of nothing never holds, and a call
// that depends on it is answered without asking the service.
func (a Attr[T, V]) In(values ...V) Cond[T] {
	if len(values) == 0 {
		return Cond[T]{&ast.Cond{Op: ast.False}}
	}
	return a.compare(ast.In, values...)
}

// Exists holds when the item has the attribute, even as NULL.
func (a Attr[T, V]) Exists() Cond[T] { return a.compare(ast.Exists) }

// Missing holds when the item does not have the attribute.
func (a Attr[T, V]) Missing() Cond[T] { return a.compare(ast.Missing) }

// IsType holds when the attribute is stored as type t.
func (a Attr[T, V]) IsType(t Type) Cond[T] {
	return Cond[T]{ast.Compare(ast.IsType, ast.AttrOperand(a.ref), ast.Operand{Kind: ast.OpPlain, Value: string(t)})}
}

// Type is a DynamoDB attribute type.
type Type string

// The attribute types.
const (
	TypeString    Type = "S"
	TypeNumber    Type = "N"
	TypeBinary    Type = "B"
	TypeBool      Type = "BOOL"
	TypeNull      Type = "NULL"
	TypeMap       Type = "M"
	TypeList      Type = "L"
	TypeStringSet Type = "SS"
	TypeNumberSet Type = "NS"
	TypeBinarySet Type = "BS"
)

func (a Attr[T, V]) with(op ast.Op, other Attr[T, V]) Cond[T] {
	c := ast.Compare(op, ast.AttrOperand(a.ref), ast.AttrOperand(other.ref))
	if a.ref.Same(other.ref) {
		c.Err = fmt.Errorf("%v is compared with itself", a.ref)
	}
	return Cond[T]{c}
}

// EqAttr holds when both attributes are there and equal.
func (a Attr[T, V]) EqAttr(other Attr[T, V]) Cond[T] { return a.with(ast.Eq, other) }

// NeAttr holds when the attributes differ, or one of them is missing.
func (a Attr[T, V]) NeAttr(other Attr[T, V]) Cond[T] { return a.with(ast.Ne, other) }

// LtAttr holds when the attribute is less than other.
func (a Attr[T, V]) LtAttr(other Attr[T, V]) Cond[T] { return a.with(ast.Lt, other) }

// LeAttr holds when the attribute is at most other.
func (a Attr[T, V]) LeAttr(other Attr[T, V]) Cond[T] { return a.with(ast.Le, other) }

// GtAttr holds when the attribute is greater than other.
func (a Attr[T, V]) GtAttr(other Attr[T, V]) Cond[T] { return a.with(ast.Gt, other) }

// GeAttr holds when the attribute is at least other.
func (a Attr[T, V]) GeAttr(other Attr[T, V]) Cond[T] { return a.with(ast.Ge, other) }

// BetweenAttrs holds when the attribute lies between two others, both
// included.
func (a Attr[T, V]) BetweenAttrs(low, high Attr[T, V]) Cond[T] {
	return Cond[T]{ast.Compare(ast.Between, ast.AttrOperand(a.ref), ast.AttrOperand(low.ref), ast.AttrOperand(high.ref))}
}

// Prefix holds when the attribute begins with v.
func Prefix[T any, V ~string | ~[]byte](a Attr[T, V], v V) Cond[T] {
	return a.compare(ast.BeginsWith, v)
}

// Contains holds when a list or a set has the element v.
func Contains[T any, S ~[]V, V any](a Attr[T, S], v V) Cond[T] {
	return Cond[T]{ast.Compare(ast.Contains, ast.AttrOperand(a.ref), ast.Operand{Kind: ast.OpElement, Attr: a.ref, Value: v})}
}

// ContainsText holds when a string contains v.
func ContainsText[T any, V ~string](a Attr[T, V], v V) Cond[T] { return a.compare(ast.Contains, v) }

// Sized is the size of an attribute, to be compared: the characters of a
// string, the bytes of a binary, the elements of a list, map or set. Other
// types have no size.
type Sized[T any] struct {
	ref *ast.Attr
}

// Size is the size of the attribute.
func Size[T any](f Field[T]) Sized[T] {
	if f == nil {
		return Sized[T]{}
	}
	return Sized[T]{f.Ref(ast.Door{})}
}

func (s Sized[T]) compare(op ast.Op, sizes ...int) Cond[T] {
	args := []ast.Operand{{Kind: ast.OpSize, Attr: s.ref}}
	for _, n := range sizes {
		args = append(args, ast.Operand{Kind: ast.OpPlain, Value: n})
	}
	return Cond[T]{&ast.Cond{Op: op, Args: args}}
}

// Eq holds when the size is n.
func (s Sized[T]) Eq(n int) Cond[T] { return s.compare(ast.Eq, n) }

// Ne holds when the size is not n.
func (s Sized[T]) Ne(n int) Cond[T] { return s.compare(ast.Ne, n) }

// Lt holds when the size is less than n.
func (s Sized[T]) Lt(n int) Cond[T] { return s.compare(ast.Lt, n) }

// Le holds when the size is at most n.
func (s Sized[T]) Le(n int) Cond[T] { return s.compare(ast.Le, n) }

// Gt holds when the size is greater than n.
func (s Sized[T]) Gt(n int) Cond[T] { return s.compare(ast.Gt, n) }

// Ge holds when the size is at least n.
func (s Sized[T]) Ge(n int) Cond[T] { return s.compare(ast.Ge, n) }

// Between holds when the size is at least low and at most high.
func (s Sized[T]) Between(low, high int) Cond[T] { return s.compare(ast.Between, low, high) }
