package dynox

import (
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Key says which attributes of T form the primary key of a table, or the key
// of an index. Sort is left out where there is none. It is immutable.
type Key[T any] struct {
	Partition Part[T]
	Sort      Part[T]
}

// Part is the partition or the sort half of a [Key]: made with [By],
// [Composite] or [Const].
type Part[T any] struct {
	part core.Part
}

// By is a part that is attributes themselves: one, or for a global secondary
// index up to four. A time is written there with a fixed width in UTC, as
// 2006-01-02T15:04:05.000000000Z, so that the texts sort as the times do;
// reads accept any RFC 3339 time, but a Get or a range finds only times of
// that width. [TimeAsIs] leaves it as its tag says.
func By[T any](fields ...expr.Field[T]) Part[T] {
	return Part[T]{core.Part{Kind: core.PartBy, Fields: attrs(fields)}}
}

// Composite is a part stored in the text attribute attr, which dynox derives
// from fields, one for each {} in format, in order:
//
//	dynox.Composite("sk", "ORDER#{}#{}", placed, id)
//
// Writes store it, reads verify it, and fields that are stored nowhere else
// (tagged "-") are filled from it. Times are written with a fixed width in
// UTC, integers with 20 digits (the negative ones with a sign, and counted up
// from the least), so that they sort; strings, text marshalers and booleans
// as they are. The times' own attributes have that width too, so that
// filters and conditions compare them as times; [TimeAsIs] leaves both. A
// value must not contain the literal that follows its placeholder, unless
// [Escaped], nor the code point U+10FFFF.
//
// T may have a string field for attr. It holds the composed text after reads
// and writes, and what it held before a write is not looked at.
func Composite[T any](attr, format string, fields ...expr.Field[T]) Part[T] {
	return Part[T]{core.Part{Kind: core.PartComposite, Attr: attr, Formats: []string{format}, Fields: attrs(fields)}}
}

// Const is a part that is the same text in every item of T. A string field
// for attr holds it, as one for that of a [Composite] does.
func Const[T any](attr, value string) Part[T] {
	return Part[T]{core.Part{Kind: core.PartConst, Attr: attr, Text: value}}
}

// Also accepts further formats of a [Composite] on read, over the same
// fields: for items written in older ways. Get asks for each in turn until it
// finds the item. A query asks for each in turn too, bounded by what In and
// Where say in that format, so it costs a request for each. Its items come
// format by format: in the order of their sort keys' texts, unless the texts of
// one format lie among those of another. A text that has
// several formats is taken to have the first that agrees with the item's
// fields. Writes use the first format, and so do the keys of Update and
// Delete: an item in an older one is not found by them, and a Put stores it
// anew beside the old.
func (p Part[T]) Also(formats ...string) Part[T] {
	p.part.Formats = append(p.part.Formats[:len(p.part.Formats):len(p.part.Formats)], formats...)
	return p
}

// In is a query over the item collection that item names: its partition key
// fields must be set. Sort key fields that are set, strings and times from
// the left, narrow it; numbers and booleans are always set, and narrow it
// through [Query.Where] only.
func (k Key[T]) In(item T) Query[T] {
	key := k.describe()
	return Query[T]{core.Spec{Key: &key, Item: &item}}
}

// Collection is a query over all of the item collection that item names, whatever
// the sort key: items of other kinds too, for a [UnionOf]. Only the partition key's
// fields of item are looked at. Where cannot bound it.
func (k Key[T]) Collection(item T) Query[T] {
	q := k.In(item)
	q.s.Whole = true
	return q
}

func (k Key[T]) describe() core.Key {
	return core.Key{Partition: k.Partition.part, Sort: k.Sort.part}
}

// Index is a secondary index of T: an option of [NewRepo], and where queries
// and scans of it begin. It is immutable.
type Index[T any] struct {
	index core.Index
}

// GSI is the global secondary index called name. An item that lacks an input
// of the index's key, or has it empty, is not in the index. Reads of it are
// eventually consistent.
func GSI[T any](name string, key Key[T]) Index[T] {
	return Index[T]{core.Index{Name: name, Key: key.describe()}}
}

// LSI is the local secondary index called name. Its partition key is the
// table's, and may be left out of key.
func LSI[T any](name string, key Key[T]) Index[T] {
	return Index[T]{core.Index{Name: name, Local: true, Key: key.describe()}}
}

// KeysOnly makes the index hold no attributes but keys: the index's and the
// table's. Fields that those give are filled, the others are zero. Kinds are
// not to be seen there: items are told apart by their keys alone.
func (ix Index[T]) KeysOnly() Index[T] {
	ix.index.Projection = core.Projection{KeysOnly: true}
	return ix
}

// Include makes the index hold fields beside the keys, and the kind if the
// repository has one. An index holds all attributes unless told otherwise.
// Fields that it does not hold are zero in what is read from it.
func (ix Index[T]) Include(fields ...expr.Field[T]) Index[T] {
	ix.index.Projection = core.Projection{Include: attrs(fields)}
	return ix
}

// Name is the index's name.
func (ix Index[T]) Name() string { return ix.index.Name }

// In is a query over the items of the index with the partition key that item
// gives, as [Key.In] is of the table.
func (ix Index[T]) In(item T) Query[T] {
	key := ix.index.Key
	return Query[T]{core.Spec{Index: ix.index.Name, Key: &key, Item: &item}}
}

func (ix Index[T]) configure(c *core.Config, _ *T) { c.Indexes = append(c.Indexes, ix.index) }

// KeyField is a field that is written otherwise in keys. Given to [By] or
// [Composite] in place of the field it holds for that key; given to [NewRepo]
// as an option, for all keys that the field is in.
type KeyField[T any] struct {
	expr.Field[T]
	change func(*ast.KeyForm)
}

// Escaped makes a component of a [Composite] escape the literal that follows
// it, as %XX, where its value contains it. Such a component keeps no order:
// queries bound it by equality only.
func Escaped[T any](field expr.Field[T]) KeyField[T] {
	return KeyField[T]{field, func(f *ast.KeyForm) { f.Escaped = true }}
}

// Lower makes a string component of a [Composite] lower case in the key. The
// attribute itself keeps its case.
func Lower[T any](field expr.Field[T]) KeyField[T] {
	return KeyField[T]{field, func(f *ast.KeyForm) { f.Lower = true }}
}

// Unpadded makes an integer component of a [Composite] plain decimal text,
// as tables written by other programs have it. It keeps no order: queries
// bound it by equality only.
func Unpadded[T any](field expr.Field[T]) KeyField[T] {
	return KeyField[T]{field, func(f *ast.KeyForm) { f.Unpadded = true }}
}

// Padded makes an integer component of a [Composite] width digits wide, as
// tables written by other programs have it. Negative numbers, and those that
// need more digits, are refused.
func Padded[T any](field expr.Field[T], width int) KeyField[T] {
	if width < 1 {
		width = -1 // an error of NewRepo
	}
	return KeyField[T]{field, func(f *ast.KeyForm) { f.Width = width }}
}

// TimeAsIs leaves a time in a key as the SDK writes it: RFC 3339 with as many
// digits as it needs, in its own zone, or as its tag says. Texts of such
// times don't sort as the times do: queries bound them by equality only.
func TimeAsIs[T any](field expr.Field[T]) KeyField[T] {
	return KeyField[T]{field, func(f *ast.KeyForm) { f.TimeAsIs = true }}
}

// Ref is for the packages of this module.
func (k KeyField[T]) Ref(d ast.Door) *ast.Attr {
	if k.Field == nil {
		return nil
	}
	a := k.Field.Ref(d)
	if a == nil || k.change == nil {
		return a
	}
	changed := *a
	k.change(&changed.Key)
	return &changed
}

func (k KeyField[T]) configure(c *core.Config, _ *T) {
	r := core.Reshaped{Attr: k.Ref(ast.Door{})}
	if r.Attr != nil {
		form := r.Attr.Key // with what the fields within change
		r.Change = func(f *ast.KeyForm) { *f = form }
	}
	c.Reshaped = append(c.Reshaped, r)
}

func attrs[T any](fields []expr.Field[T]) []*ast.Attr {
	as := make([]*ast.Attr, len(fields))
	for i, f := range fields {
		if f != nil {
			as[i] = f.Ref(ast.Door{})
		}
	}
	return as
}
