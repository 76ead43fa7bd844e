package codec

import (
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

// element reads an element of a list, or of a set if of is not NoType, into p.
func (d *Decoder) element(cd *codec, of wire.Type, p slot, depth int) (err error) {
	if of != wire.NoType {
		return cd.read(d, of, p, depth)
	}
	w, err := d.s.Attribute()
	if err != nil {
		return err
	}
	if err := cd.read(d, w, p, depth); err != nil {
		return err
	}
	return d.s.EndAttribute()
}

// readList is for slices and arrays, from L and sets.
func readList(s spec, elem *codec) readFunc {
	if s.typ.Kind() == reflect.Array {
		return readFixed(s, elem)
	}
	l := newList(s.typ, elem)
	return func(d *Decoder, w wire.Type, p slot, depth int) error {
		of := member(w)
		if of == wire.NoType && w != wire.L {
			return d.otherwise(w, s.typ)
		}
		if depth > maxDepth {
			return failDepth()
		}
		return l.read(d, of, p, depth)
	}
}

// readFixed is readList for arrays: what they have no room for is passed over.
func readFixed(s spec, elem *codec) readFunc {
	length, element := elementsAt(s.typ)
	return func(d *Decoder, w wire.Type, p slot, depth int) error {
		of := member(w)
		if of == wire.NoType && w != wire.L {
			return d.otherwise(w, s.typ)
		}
		if depth > maxDepth {
			return failDepth()
		}
		if err := d.s.Array(); err != nil {
			return err
		}
		n := length(p)
		for i := 0; ; i++ {
			more, err := d.s.Element()
			switch {
			case err != nil || !more:
				return err
			case i < n:
				err = d.element(elem, of, element(p, i), depth+1)
			default:
				err = d.s.Skip()
			}
			if err != nil {
				return under(err, Index(i))
			}
		}
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
		copy(valueAt(p, s.typ).Bytes(), d.text)
		return nil
	}
}
