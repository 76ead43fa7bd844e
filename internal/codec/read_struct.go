package codec

import (
	"reflect"

	"github.com/dynox-go/dynox/internal/wire"
)

// table is the way of an object's members to the fields of a struct, and to the
// attributes that are watched. It is immutable.
type table struct {
	entries []tableEntry // the fields', in their order; then those that are watched only
	fields  int
	find    finder
}

type tableEntry struct {
	name   string
	member string       // ,"name":
	opened string       // ,"name":{"S": if S is what the field is mostly written as; else member
	typ    wire.Type    // that type, or NoType
	field  *recordField // nil if the attribute is watched only
	watch  int          // the index among what is watched, or -1
}

func newTable(fields []recordField, watch []string) *table {
	t := &table{fields: len(fields)}
	var names []string
	for i := range fields {
		f := &fields[i]
		e := tableEntry{name: f.name, member: f.quoted, opened: f.quoted, typ: f.typ, field: f, watch: -1}
		if f.typ != wire.NoType {
			e.opened = e.member + opening(f.typ)
		}
		t.entries = append(t.entries, e)
		names = append(names, f.name)
	}
	exact := newFinder(names)
	for w, name := range watch {
		i := exact.index([]byte(name))
		if i < 0 {
			i = len(t.entries)
			member := "," + string(wire.AppendString(nil, name)) + ":"
			t.entries = append(t.entries, tableEntry{name: name, member: member, opened: member})
			names = append(names, name)
		}
		t.entries[i].watch = w
	}
	t.find = newFinder(names)
	return t
}

// opening is how an attribute value of type w begins.
func opening(w wire.Type) string { return `{"` + w.String() + `":` }

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
		i, w, err := t.next(d, order, last)
		if err != nil {
			return err
		}
		if i < 0 {
			break
		}
		last = i
		e := &t.entries[i]
		if seen[i/64]>>(i%64)&1 != 0 {
			return under(failTwice(), Name(e.name))
		}
		seen[i/64] |= 1 << (i % 64)
		if e.watch < 0 {
			err = e.field.read(d, w, p, depth+1)
		} else {
			err = e.read(d, t, w, p, depth+1)
		}
		if err != nil {
			return under(err, Name(e.name))
		}
	}
	if len(d.folded) > base {
		return t.unfold(d, seen, base, p, depth+1)
	}
	return nil
}

// next reads up to the value of the next member that has an entry, and returns
// the entry; -1 at the end of the object. It bets that what followed the last
// entry before follows it again, or is left out and followed by what followed
// it; and that it has its usual type, if any: w is then that type, and the
// value's opening is read, too.
func (t *table) next(d *Decoder, order []uint16, last int) (i int, w wire.Type, err error) {
	for i, tries := int(order[last]), 0; tries < 3 && i < len(t.entries); i, tries = int(order[i]), tries+1 {
		e := &t.entries[i]
		if d.s.AcceptMember(e.opened) {
			return i, e.typ, nil
		}
	}
	for {
		more, err := d.s.NextMember()
		if err != nil || !more {
			return -1, 0, err
		}
		name, err := d.name()
		if err != nil {
			return -1, 0, err
		}
		if i := t.find.index(name); i >= 0 {
			order[last] = uint16(i)
			return i, 0, nil
		}
		if err := t.skip(d, name); err != nil {
			return -1, 0, err
		}
	}
}

// read reads the value of a watched attribute, as [recordField.read] does if it has a field.
func (e *tableEntry) read(d *Decoder, t *table, w wire.Type, p slot, depth int) error {
	if e.field == nil {
		if i := t.fold([]byte(e.name)); i >= 0 {
			d.folded = append(d.folded, folded{i, e.name, *d.s})
		}
		raw, err := d.s.Raw()
		d.raw[e.watch] = raw
		return err
	}
	d.s.Kind() // to the value's first byte
	start := d.s.Pos()
	if w != wire.NoType {
		start -= len(e.opened) - len(e.member)
	}
	if err := e.field.read(d, w, p, depth); err != nil {
		return err
	}
	d.raw[e.watch] = d.s.Since(start)
	return nil
}

// read reads an attribute value into the field of the struct at p; w is its type
// if the opening is read, else NoType.
func (f *recordField) read(d *Decoder, w wire.Type, p slot, depth int) (err error) {
	for i := range f.hops {
		h := &f.hops[i]
		p = fieldAt(p, &h.place)
		if isNil(p) {
			valueAt(p, h.typ).Set(reflect.New(h.typ.Elem()))
		}
		p = target(p)
	}
	if w == wire.NoType {
		if w, err = d.s.Attribute(); err != nil {
			return err
		}
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
		d.folded = append(d.folded, folded{i, string(name), *d.s})
	}
	return d.s.Skip()
}
