package codec

import (
	"reflect"

	"github.com/dynox-go/dynox/internal/wire"
)

// isPlainKey reports whether keys of type t are read by their kind, from text
// that tells equal keys from different ones.
func isPlainKey(t reflect.Type) bool {
	return t.Kind() == reflect.String && !reflect.PointerTo(t).Implements(textUnmarshalerType)
}

// readMap has a way of its own for maps whose keys are text as such, and whose
// elements do not keep their memory.
func readMap(s spec, elem *codec) readFunc {
	if !isPlainKey(s.typ.Key()) || isAddressed(s.typ.Elem()) {
		return nil
	}
	if s.typ.Key() == reflect.TypeFor[string]() {
		switch s.typ.Elem() {
		case reflect.TypeFor[any]():
			return readMapOf(s, func(d *Decoder, depth int) (any, error) { return d.anyValue(depth) })
		case reflect.TypeFor[string]():
			return readMapOf(s, (*Decoder).textValue)
		}
	}
	pool := newEntryPool(s.typ)
	return func(d *Decoder, w wire.Type, p slot, depth int) error {
		if w != wire.M {
			return d.otherwise(w, s.typ)
		}
		if depth > maxDepth {
			return failDepth()
		}
		m := reflect.MakeMap(s.typ)
		valueAt(p, s.typ).Set(m)
		e := pool.get(m)
		defer pool.put(e)
		if err := d.s.Object(); err != nil {
			return err
		}
		for n := 1; ; n++ {
			if more, err := d.s.NextMember(); err != nil || !more {
				return err
			}
			name, err := d.name()
			if err != nil {
				return under(err, anyEntry)
			}
			*at[string](e.keySlot) = d.seen.string(&d.arena, name)
			w, err := d.s.Attribute()
			if err == nil {
				err = elem.read(d, w, e.elemSlot, depth+1)
			}
			if err == nil {
				err = d.s.EndAttribute()
			}
			if err != nil {
				return under(err, anyEntry)
			}
			m.SetMapIndex(e.key, e.elem)
			if m.Len() != n {
				return under(failTwice(), anyEntry)
			}
			e.elem.SetZero()
		}
	}
}

// readMapOf is for maps of one type, whose elements read reads.
func readMapOf[E any](s spec, read func(d *Decoder, depth int) (E, error)) readFunc {
	return func(d *Decoder, w wire.Type, p slot, depth int) (err error) {
		if w != wire.M {
			return d.otherwise(w, s.typ)
		}
		if depth > maxDepth {
			return failDepth()
		}
		*at[map[string]E](p), err = readObject(d, func(d *Decoder) (E, error) { return read(d, depth+1) })
		return err
	}
}

// textValue reads an attribute value into a string.
func (d *Decoder) textValue(int) (text string, err error) {
	w, err := d.s.Attribute()
	if err != nil {
		return "", err
	}
	if w == wire.S || w == wire.N {
		text, err = d.string()
	} else {
		err = d.otherwise(w, reflect.TypeFor[string]())
	}
	if err != nil {
		return "", err
	}
	return text, d.s.EndAttribute()
}

// readMapSet has a way of its own for sets of text; asMap reads what
// attributevalue writes.
func readMapSet(s spec, asMap readFunc, elem *codec) readFunc {
	key := s.typ.Key()
	if asMap == nil || key.Kind() != reflect.String || isAddressed(key) {
		return nil
	}
	pool := newEntryPool(s.typ)
	return func(d *Decoder, w wire.Type, p slot, depth int) error {
		if w == wire.M {
			return asMap(d, w, p, depth)
		}
		if w != wire.L && member(w) == wire.NoType {
			return d.otherwise(w, s.typ)
		}
		m := reflect.MakeMap(s.typ)
		valueAt(p, s.typ).Set(m)
		e := pool.get(m)
		defer pool.put(e)
		if err := d.s.Array(); err != nil {
			return err
		}
		for i := 0; ; i++ {
			if more, err := d.s.Element(); err != nil || !more {
				return err
			}
			e.key.SetZero()
			if err := d.element(elem, member(w), e.keySlot, depth+1); err != nil {
				return under(err, Index(i))
			}
			m.SetMapIndex(e.key, e.elem)
		}
	}
}
