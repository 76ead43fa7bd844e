package dynox

import (
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/core"
)

// Option is an option of [NewRepo], for items of type T: an [Index], a
// [Kind], a form of an attribute. Options may come in any order.
type Option[T any] interface {
	configure(*core.Config, *T)
}

type option[T any] func(*core.Config)

func (o option[T]) configure(c *core.Config, _ *T) { o(c) }

// kindAttr is where the kind is stored unless told otherwise.
const kindAttr = "kind"

// KindOption is the option that [Kind] makes.
type KindOption[T any] struct {
	kind core.Kind
}

// Kind marks the items of this repository in a table that holds several
// kinds. The name is stored with every item, in the attribute kind unless
// [KindOption.In] says otherwise; reads leave out items of other kinds, and
// a Get, an Update or a Take of one is [ErrNotFound]. A Put over an item of another kind fails
// with [ErrConditionFailed], and a Delete of one does nothing. Items without any
// kind are taken for the repository's own, if their key begins as its keys
// do. T may have a string field for the attribute, which then holds the kind
// after reads and writes, and may be part of the key of an index.
func Kind[T any](name string) KindOption[T] {
	return KindOption[T]{core.Kind{Attr: kindAttr, Name: name}}
}

// In stores the kind in another attribute.
func (k KindOption[T]) In(attr string) KindOption[T] {
	k.kind.Attr = attr
	return k
}

// Also accepts further names on read: of items that were stored when the kind was
// called otherwise. Updates keep an item's name, puts give it the first. Where the
// kind is part of an index's key, queries find the first name only.
func (k KindOption[T]) Also(names ...string) KindOption[T] {
	k.kind.Also = append(k.kind.Also[:len(k.kind.Also):len(k.kind.Also)], names...)
	return k
}

// KindByKey is a [Kind] for a table without an attribute that tells kinds apart. An
// item is the repository's if its key has a format of the repository's key, and what
// is in the key are the item's own attributes: a text in it must be one, unless its
// field lives in the key only. Reads leave out all other items, as does a [Union] of such
// repositories. Nothing is stored; name is what errors call the items. Some part of the
// key must be a [Const], or a [Composite] with a text of its own.
//
// Writes go by the key and check no kind. Where one format goes on as another
// ends, as ORDER#{}#LINE#{} does after ORDER#{}, and the fields live in the key only, nothing
// tells a line from an order with a # in its ID: the first repository of a union
// that can take an item does, so the longer format stands first.
func KindByKey[T any](name string) Option[T] {
	return option[T](func(c *core.Config) { c.Kinds = append(c.Kinds, core.Kind{Name: name, ByKey: true}) })
}

func (k KindOption[T]) configure(c *core.Config, _ *T) { c.Kinds = append(c.Kinds, k.kind) }

// JSON stores an attribute, of any type that encoding/json takes, as JSON
// text in a string.
func JSON[T any](field expr.Field[T]) Option[T] { return formatted(field, codec.JSON) }

// UnixMilli stores a time as the number of milliseconds since 1970.
func UnixMilli[T any](field expr.Field[T]) Option[T] { return formatted(field, codec.UnixMilli) }

func formatted[T any](field expr.Field[T], form codec.Format) Option[T] {
	return option[T](func(c *core.Config) {
		c.Formats = append(c.Formats, core.Format{Attr: attrs([]expr.Field[T]{field})[0], Form: form})
	})
}

// ReadOption is an option of [Repo.Get]: [Consistent] itself, or [Only] of
// some attributes.
type ReadOption[T any] func(*readOptions, *T)

type readOptions struct{ core.Getting }

// Consistent makes a Get see every write that succeeded before it. It costs
// twice the capacity. Give it without calling it:
//
//	orders.Get(ctx, key, dynox.Consistent)
func Consistent[T any](o *readOptions, _ *T) { o.Consistent = true }

// Only makes a Get fetch some attributes; the fields of the others are zero.
func Only[T any](fields ...expr.Field[T]) ReadOption[T] {
	return func(o *readOptions, _ *T) { o.Only = append(o.Only, attrs(fields)...) }
}
