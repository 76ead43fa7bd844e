package expr

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// Attr is an attribute of items of type T whose Go values are of type V.
// Make one with [At]; the zero Attr is an error of the call that uses it.
//
// Values given to its methods are kept, not copied: slices, maps and what
// pointers lead to must not change until the call that uses them returns.
type Attr[T, V any] struct {
	ref *ast.Attr
}

// Field is an attribute of T whatever its value's type: what keys,
// projections and indexes take. Every [Attr] of T is one.
type Field[T any] interface {
	// Ref is for the packages of this module.
	Ref(ast.Door) *ast.Attr
	of(*T)
}

func (a Attr[T, V]) of(*T)          {}
func (a Attr[T, V]) operand(*T, *V) {}

// Ref is for the packages of this module.
func (a Attr[T, V]) Ref(ast.Door) *ast.Attr { return a.ref }

// Operand is for the packages of this module.
func (a Attr[T, V]) Operand(ast.Door) ast.Operand { return ast.AttrOperand(a.ref) }

// String is the attribute's path as it is stored, such as ship.city or
// tags[2].
func (a Attr[T, V]) String() string {
	if a.ref != nil && a.ref.Path != nil {
		return a.ref.Path.String()
	}
	return a.ref.String()
}

// Proto allocates a T to take the addresses of its fields from, with its
// pointers to structs allocated too (a type is not followed into itself), so
// that &proto.Ship.City works whether Ship is a struct or a pointer. Its
// contents mean nothing and must not be changed.
func Proto[T any]() *T {
	proto := new(T)
	allocate(reflect.ValueOf(proto).Elem(), nil)
	return proto
}

// At is the attribute stored for a field of proto, given by its address:
//
//	city := expr.At(order, &order.Ship.City)
//
// It follows embedded and nested structs and honours their dynamodbav tags.
// A field tagged "-", or inside one, gives an attribute that can only be an
// input of keys. A pointer that is not the address of a field of proto gives
// an attribute that carries an error; so does an unexported field, which is not
// stored, and a field of no size, which has no address of its own.
func At[T, V any](proto *T, field *V) Attr[T, V] {
	return Attr[T, V]{locate(proto, field)}
}

func locate[T, V any](proto *T, field *V) *ast.Attr {
	a := &ast.Attr{Item: reflect.TypeFor[T](), Type: reflect.TypeFor[V]()}
	switch {
	case a.Item.Kind() != reflect.Struct:
		a.Err = fmt.Errorf("%v is not a struct: it has no attributes", a.Item)
	case a.Type.Size() == 0:
		a.Err = fmt.Errorf("a %v has no size, and so no address of its own: use Path", a.Type)
	case proto == nil || field == nil:
		a.Err = fmt.Errorf("nil pointer given to At for an attribute of %v", a.Item)
	default:
		found, err := find(reflect.ValueOf(proto).Elem(), any(field), nil, nil, 0)
		switch {
		case err != nil:
			a.Err = err
		case found == nil && unexported(reflect.ValueOf(proto).Elem(), field):
			a.Err = fmt.Errorf("the %v given to At is that of an unexported field of %v, which is not stored", reflect.TypeFor[*V](), a.Item)
		case found == nil:
			a.Err = fmt.Errorf("the %v given to At is not the address of a field of this %v", reflect.TypeFor[*V](), a.Item)
		default:
			a.Path, a.Index = found.path, found.index
		}
	}
	return a
}

// Of is the attribute that child names inside the one that parent names: for
// types that contain themselves, and for parts described once and used in
// several items.
func Of[T, P, V any](parent Attr[T, P], child Attr[P, V]) Attr[T, V] {
	a := derive[T, V](parent.ref)
	if a.Err == nil {
		if a.Err = child.ref.Check(); a.Err == nil {
			for _, i := range child.ref.Data {
				a.Data = append(a.Data, len(a.Path)+i)
			}
			a.Path = join(a.Path, child.ref.Path...)
		}
	}
	return Attr[T, V]{a}
}

// Elem is the i-th element, from 0, of a list.
func Elem[T any, S ~[]V, V any](list Attr[T, S], i int) Attr[T, V] {
	a := derive[T, V](list.ref)
	if i < 0 {
		a.Err = fmt.Errorf("%v: negative list index", list.ref)
	}
	a.Path = join(a.Path, codec.Step{Index: i, IsIndex: true})
	return Attr[T, V]{a}
}

// Entry is the value under key in a map.
func Entry[T any, M ~map[K]V, K ~string, V any](m Attr[T, M], key K) Attr[T, V] {
	a := derive[T, V](m.ref)
	if key == "" {
		a.Err = fmt.Errorf("%v: empty map key", m.ref)
	}
	a.Data = append(a.Data, len(a.Path))
	a.Path = join(a.Path, codec.Step{Name: string(key)})
	return Attr[T, V]{a}
}

// Opt is an optional attribute, held by a pointer, as one of the value
// pointed to.
func Opt[T, V any](attr Attr[T, *V]) Attr[T, V] {
	a := derive[T, V](attr.ref)
	if attr.ref != nil {
		a.Index = attr.ref.Index
	}
	return Attr[T, V]{a}
}

// Members is a set that a field holds as a map[V]struct{}, as one of the slice of its
// members: for [Contains], [AddToSet] and [DeleteFromSet].
func Members[T any, S ~map[V]struct{}, V comparable](set Attr[T, S]) Attr[T, []V] {
	return Attr[T, []V]{derive[T, []V](set.ref)}
}

// Path is an attribute given as text, such as meta.colors[2]; a name that
// contains a dot or a bracket is written in double quotes, as in Go. Nothing checks
// that it exists or that V is its type: prefer [At], [Elem] and [Entry].
func Path[T, V any](path string) Attr[T, V] {
	a := &ast.Attr{Item: reflect.TypeFor[T](), Type: reflect.TypeFor[V]()}
	a.Path, a.Err = parsePath(path)
	return Attr[T, V]{a}
}

// derive is an attribute of another type at the same path, without a Go
// field.
func derive[T, V any](from *ast.Attr) *ast.Attr {
	a := &ast.Attr{Item: reflect.TypeFor[T](), Type: reflect.TypeFor[V]()}
	if a.Err = from.Check(); a.Err == nil {
		a.Path, a.Data = from.Path, slices.Clone(from.Data)
	}
	return a
}

func join(p codec.Path, steps ...codec.Step) codec.Path {
	return append(p[:len(p):len(p)], steps...)
}

func parsePath(text string) (codec.Path, error) {
	var path codec.Path
	fail := func(why string) (codec.Path, error) {
		return nil, fmt.Errorf("path %s: %s", strconv.Quote(text), why)
	}
	for rest := text; ; {
		name, after, why := pathName(rest)
		if why != "" {
			return fail(why)
		}
		path = append(path, codec.Step{Name: name})
		for after != "" && after[0] == '[' {
			end := 1
			for end < len(after) && after[end] >= '0' && after[end] <= '9' {
				end++
			}
			i, err := strconv.Atoi(after[1:end])
			if err != nil || end == len(after) || after[end] != ']' {
				return fail("a list index is digits in brackets")
			}
			path = append(path, codec.Step{Index: i, IsIndex: true})
			after = after[end+1:]
		}
		if after == "" {
			return path, nil
		}
		if after[0] != '.' {
			return fail("expected a dot between names")
		}
		rest = after[1:]
	}
}

// pathName splits the first name off a path.
func pathName(s string) (name, rest, why string) {
	if s != "" && s[0] == '"' {
		quoted, err := strconv.QuotedPrefix(s)
		if err != nil {
			return "", "", "bad quotes"
		}
		if name, err = strconv.Unquote(quoted); err != nil || name == "" {
			return "", "", "empty name"
		}
		return name, s[len(quoted):], ""
	}
	end := 0
	for end < len(s) && s[end] != '.' && s[end] != '[' {
		end++
	}
	if end == 0 {
		return "", "", "empty name"
	}
	return s[:end], s[end:], ""
}
