package codec

import (
	"bytes"
	"reflect"

	"github.com/dynox-go/dynox/internal/wire"
)

// member is the type of the members of a set of type w; NoType if w is no set.
func member(w wire.Type) wire.Type {
	switch w {
	case wire.SS:
		return wire.S
	case wire.NS:
		return wire.N
	case wire.BS:
		return wire.B
	}
	return wire.NoType
}

// readElements reads the elements of a list or set, each by read; those from
// limit on are skipped.
func (d *Decoder) readElements(w wire.Type, limit int, read func(w wire.Type, i int) error) error {
	of := member(w)
	if err := d.s.Array(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := d.s.Element()
		switch {
		case err != nil || !more:
			return err
		case i >= limit:
			err = d.s.Skip()
		case of != wire.NoType:
			err = read(of, i)
		default:
			if w, err = d.s.Attribute(); err == nil {
				err = read(w, i)
			}
			if err == nil {
				err = d.s.EndAttribute()
			}
		}
		if err != nil {
			return under(err, Index(i))
		}
	}
}

// readList is for slices and arrays from L and sets.
func readList(s spec, elem *codec) readFunc {
	length, element := elementsAt(s.typ)
	var none reflect.Value
	if s.typ.Kind() == reflect.Slice {
		none = reflect.MakeSlice(s.typ, 0, 0)
	}
	return func(d *Decoder, w wire.Type, p slot, depth int) error {
		if w != wire.L && member(w) == wire.NoType {
			return d.otherwise(w, s.typ)
		}
		if depth > maxDepth {
			return failDepth()
		}
		if none.IsValid() {
			v := valueAt(p, s.typ)
			if n := d.s.Count(); n > 0 {
				v.Grow(n)
				v.SetLen(n)
			} else {
				v.Set(none)
			}
		}
		return d.readElements(w, length(p), func(w wire.Type, i int) error {
			return elem.read(d, w, element(p, i), depth+1)
		})
	}
}

// readBytes is for slices and arrays of bytes, from B; list reads what else they are read from.
func readBytes(s spec, list readFunc) readFunc {
	return func(d *Decoder, w wire.Type, p slot, depth int) (err error) {
		if w != wire.B {
			return list(d, w, p, depth)
		}
		if s.typ.Kind() == reflect.Slice {
			data, err := d.bytes()
			if err == nil {
				valueAt(p, s.typ).SetBytes(data)
			}
			return err
		}
		if d.text, err = d.s.AppendBytes(d.text[:0]); err != nil {
			return err
		}
		if len(d.text) != s.typ.Len() {
			return fail("cannot read B of another length into %s", s.typ)
		}
		copy(valueAt(p, s.typ).Bytes(), bytes.Clone(d.text))
		return nil
	}
}
