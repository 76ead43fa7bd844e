package dynox

import (
	"errors"
	"reflect"
	"time"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Generate gives an attribute that is zero the value of f, when an item is
// created, put, or made by an upsert. It is meant for identifiers: the value
// stays on the caller's item although the write fails, so that trying again
// cannot create a second item. The attribute may be part of the key; an upsert,
// whose key is given, leaves it alone then, and gives other attributes to items
// that lack them, whether it makes those or not. f is called once for each write that
// needs a value, and must be safe for concurrent use. Package hooks/gen has
// ULIDs, UUIDs and KSUIDs.
func Generate[T, V any](attr expr.Attr[T, V], f func() V) Option[T] {
	return fill(attr, f, core.Fill{Keep: true})
}

// Default gives an attribute that is zero the value of f, when an item is
// created, put, or made by an upsert. The caller's item has it after the write.
// An upsert cannot tell whether it makes the item: it gives the value to one that
// is there and lacks the attribute, too.
func Default[T, V any](attr expr.Attr[T, V], f func() V) Option[T] {
	return fill(attr, f, core.Fill{})
}

// Created is the time at which an item was first stored, in UTC: [Default] with
// the current time.
func Created[T any](attr expr.Attr[T, time.Time]) Option[T] { return Default(attr, now) }

// Updated is the time of the last write of an item, in UTC: every create, put,
// update and upsert sets it, unless an update has an action for it.
func Updated[T any](attr expr.Attr[T, time.Time]) Option[T] {
	return fill(attr, now, core.Fill{Always: true})
}

// now has no monotonic reading, which is not stored.
func now() time.Time { return time.Now().UTC().Round(0) }

func fill[T, V any](attr expr.Attr[T, V], f func() V, fill core.Fill) Option[T] {
	if f == nil {
		fill.Attr = &ast.Attr{Err: errors.New("a generated value has a nil function")}
		return WithStages[T](core.Door{}, func(s *core.Stages) { s.Fills = append(s.Fills, fill) })
	}
	fill.Attr = attrs([]expr.Field[T]{attr})[0]
	fill.Make = func() reflect.Value {
		v := f()
		return reflect.ValueOf(&v).Elem()
	}
	return WithStages[T](core.Door{}, func(s *core.Stages) { s.Fills = append(s.Fills, fill) })
}

// Required makes a create or a put of an item fail with [ErrRequired] when one
// of these attributes is zero, after values were generated, and an update that
// removes one or sets it to zero. An upsert is not checked for what it does not
// mention.
func Required[T any](fields ...expr.Field[T]) Option[T] {
	all := attrs(fields)
	return WithStages[T](core.Door{}, func(s *core.Stages) { s.Required = append(s.Required, all...) })
}
