package codec

import (
	"reflect"

	"github.com/dynox-go/dynox/internal/wire"
)

// record is the direct way of a struct as M.
type record struct {
	typ    reflect.Type
	fields []recordField
	table  *table // for reading
}

// recordField is a field of a record.
type recordField struct {
	name   string
	quoted string // ,"name":
	hops   []hop  // the embedded pointers on the way
	place  fieldPlace
	codec  *codec
	typ    wire.Type // what it is written as, if only nil is written otherwise; or NoType
}

// hop leads from a struct through an embedded pointer in it.
type hop struct {
	place fieldPlace
	typ   reflect.Type // the pointer's
}

// fieldPlace is where a field is in a struct, perhaps through embedded structs.
type fieldPlace struct {
	offset uintptr
	index  []int
}

// directStruct is for structs as M.
func (c *compiler) directStruct(s spec) direct {
	fields, err := Fields(s.typ)
	if err != nil {
		return direct{} // makeStruct has reported it
	}
	r := &record{typ: s.typ}
	for _, f := range fields {
		format, below := s.below.at(f.Name)
		fs := spec{typ: f.Type, tag: f.Tag, format: format, below: below}
		rf := recordField{
			name:   f.Name,
			quoted: "," + string(wire.AppendString(nil, f.Name)) + ":",
			codec:  c.codec(fs),
			typ:    wire.TypeOf([]byte(kindOf(fs))),
		}
		rf.hops, rf.place = way(s.typ, f.Index)
		r.fields = append(r.fields, rf)
	}
	r.table = newTable(r.fields, nil)
	return direct{
		append: func(dst []byte, p slot, depth int) ([]byte, error) {
			dst, err := r.append(append(dst, `{"M":`...), p, depth)
			return append(dst, '}'), err
		},
		read:   r.read,
		record: r,
	}
}

// way splits the index of a field of struct t at the embedded pointers.
func way(t reflect.Type, index []int) (hops []hop, place fieldPlace) {
	for i, x := range index {
		if i > 0 && t.Kind() == reflect.Pointer {
			hops = append(hops, hop{place, t})
			t, place = t.Elem(), fieldPlace{}
		}
		f := t.Field(x)
		place.offset += f.Offset
		place.index = append(place.index, x)
		t = f.Type
	}
	return hops, place
}

// slot is the field's in the struct at p; ok is false behind a nil embedded pointer.
func (f *recordField) slot(p slot) (_ slot, ok bool) {
	if f.hops == nil {
		return fieldAt(p, &f.place), true
	}
	for i := range f.hops {
		p = fieldAt(p, &f.hops[i].place)
		if isNil(p) {
			return p, false
		}
		p = target(p)
	}
	return fieldAt(p, &f.place), true
}

// append appends the struct at p as an object.
func (r *record) append(dst []byte, p slot, depth int) ([]byte, error) {
	dst, err := r.appendFields(append(dst, '{'), p, depth, nil, nil)
	return append(dst, '}'), err
}

// appendFields appends the fields of the struct at p, without the braces, and
// without those that changes take the place of.
func (r *record) appendFields(dst []byte, p slot, depth int, o *Overlay, changes []Change) ([]byte, error) {
	if depth > maxDepth {
		return dst, failDepth()
	}
	start := len(dst)
	for i := range r.fields {
		f := &r.fields[i]
		if o != nil && o.replaced(i, changes) {
			continue
		}
		q, ok := f.slot(p)
		if !ok {
			continue
		}
		before := len(dst)
		if before == start {
			dst = append(dst, f.quoted[1:]...)
		} else {
			dst = append(dst, f.quoted...)
		}
		named := len(dst)
		var err error
		if dst, err = f.codec.append(dst, q, depth+1); err != nil {
			return dst, under(err, Name(f.name))
		}
		if len(dst) == named {
			dst = dst[:before]
		}
	}
	return dst, nil
}
