package codec

import (
	"reflect"
	"sync/atomic"

	"github.com/dynox-go/dynox/internal/wire"
)

// table is the way of an object's members to the fields of a struct, and to the
// attributes that are watched. It is immutable.
type table struct {
	entries []tableEntry // the fields', in their order; then those that are watched only
	fields  int
	find    finder
	id      uint32 // of this table among all tables of structs; 0 for a decoder's own
}

var tableCount atomic.Uint32

type tableEntry struct {
	name   string
	quoted string       // "name":
	field  *recordField // nil if the attribute is watched only
	watch  int          // the index among what is watched, or -1
}

func newTable(fields []recordField, watch []string) *table {
	t := &table{fields: len(fields)}
	var names []string
	for i := range fields {
		f := &fields[i]
		t.entries = append(t.entries, tableEntry{name: f.name, quoted: f.quoted[1:], field: f, watch: -1})
		names = append(names, f.name)
	}
	exact := newFinder(names)
	for w, name := range watch {
		i := exact.index([]byte(name))
		if i < 0 {
			i = len(t.entries)
			quoted := string(wire.AppendString(nil, name)) + ":"
			t.entries = append(t.entries, tableEntry{name: name, quoted: quoted})
			names = append(names, name)
		}
		t.entries[i].watch = w
	}
	t.find = newFinder(names)
	return t
}

// fold is the index of the first field whose name differs from name by case only, or -1.
func (t *table) fold(name []byte) int { return t.find.fold(name, t.fields) }

// read is for a struct as M.
func (r *record) read(d *Decoder, w wire.Type, p slot, depth int) error {
	if w != wire.M {
		return d.otherwise(w, r.typ)
	}
	return r.table.read(d, p, depth)
}

// read reads an object into the struct at p.
func (t *table) read(d *Decoder, p slot, depth int) error {
	if depth > maxDepth {
		return failDepth()
	}
	if err := d.s.Object(); err != nil {
		return err
	}
	var few [4]uint64
	seen := few[:]
	if len(t.entries) > 64*len(few) {
		seen = make([]uint64, len(t.entries)/64+1)
	}
	order, last, base := d.order(t), len(t.entries), len(d.folded)
	for {
		if more, err := d.s.NextMember(); err != nil {
			return err
		} else if !more {
			break
		}
		i := int(order[last])
		if i >= len(t.entries) || !d.s.Accept(t.entries[i].quoted) {
			name, err := d.name()
			if err != nil {
				return err
			}
			if i = t.find.index(name); i < 0 {
				if err := t.skip(d, name); err != nil {
					return err
				}
				continue
			}
			order[last] = uint16(i)
		}
		last = i
		e := &t.entries[i]
		if seen[i/64]>>(i%64)&1 != 0 {
			return under(failTwice(), Name(e.name))
		}
		seen[i/64] |= 1 << (i % 64)
		if err := e.read(d, t, p, depth+1); err != nil {
			return under(err, Name(e.name))
		}
	}
	if len(d.folded) > base {
		return t.unfold(d, seen, base, p, depth+1)
	}
	return nil
}

// read reads the value of the entry's attribute.
func (e *tableEntry) read(d *Decoder, t *table, p slot, depth int) error {
	if e.watch < 0 {
		return e.field.read(d, p, depth)
	}
	d.s.Kind() // to the value's first byte
	start := d.s
	if e.field != nil {
		if err := e.field.read(d, p, depth); err != nil {
			return err
		}
		d.raw[e.watch] = start.Until(&d.s)
		return nil
	}
	if i := t.fold([]byte(e.name)); i >= 0 {
		d.folded = append(d.folded, folded{i, e.name, start})
	}
	raw, err := d.s.Raw()
	d.raw[e.watch] = raw
	return err
}

// read reads an attribute value into the field of the struct at p.
func (f *recordField) read(d *Decoder, p slot, depth int) error {
	for i := range f.hops {
		h := &f.hops[i]
		p = fieldAt(p, &h.place)
		if isNil(p) {
			valueAt(p, h.typ).Set(reflect.New(h.typ.Elem()))
		}
		p = target(p)
	}
	w, err := d.s.Attribute()
	if err != nil {
		return err
	}
	if err := f.codec.read(d, w, fieldAt(p, &f.place), depth); err != nil {
		return err
	}
	return d.s.EndAttribute()
}

// skip passes over the value of an attribute that is neither a field's nor
// watched. If its name is a field's but for the case, it may be read later.
func (t *table) skip(d *Decoder, name []byte) error {
	if i := t.fold(name); i >= 0 {
		d.folded = append(d.folded, folded{i, string(name), d.s})
	}
	return d.s.Skip()
}
