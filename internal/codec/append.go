package codec

import (
	"maps"
	"slices"

	"github.com/dynox-go/dynox/internal/wire"
)

// AppendItem appends item, which is a *T, to dst as DynamoDB JSON: the object of
// attributes that [Plan.Encode] gives, such as {"id":{"S":"7"}}. A dst without
// room, such as nil, is grown at once to what items took lately. After an error
// it returns dst.
func (p *Plan) AppendItem(dst []byte, item any) ([]byte, error) {
	return p.appendItem(dst, item, nil, nil)
}

// Overlay is a plan, and names of attributes that the caller decides on, item by
// item. It is immutable and safe for concurrent use.
type Overlay struct {
	plan    *Plan
	names   []string
	quoted  []string // ,"name":
	byField []int    // index of the name that the field has, or -1
}

// Overlay prepares to append items with attributes of these names, which differ
// and are not empty.
func (p *Plan) Overlay(names ...string) *Overlay {
	o := &Overlay{plan: p, names: slices.Clone(names)}
	fields := p.fields
	for range fields {
		o.byField = append(o.byField, -1)
	}
	for n, name := range names {
		o.quoted = append(o.quoted, ","+string(wire.AppendString(nil, name))+":")
		for i, f := range fields {
			if f.Name == name {
				o.byField[i] = n
			}
		}
	}
	return o
}

// Change is what an item's attribute of one of an overlay's names is.
type Change struct {
	kind changeKind
	text string
	json []byte
}

type changeKind uint8

const (
	keep changeKind = iota
	drop
	setText
	setJSON
)

// Keep is what the item's fields say, and the zero Change.
func Keep() Change { return Change{} }

// Drop is no attribute, whatever the item's fields say.
func Drop() Change { return Change{kind: drop} }

// Text is the attribute S with that text.
func Text(text string) Change { return Change{kind: setText, text: text} }

// RawJSON is the attribute whose value is av, such as {"N":"1"}, as it is.
func RawJSON(av []byte) Change { return Change{kind: setJSON, json: av} }

// AppendItem is [Plan.AppendItem] with changes, one for each of the overlay's
// names, in their order.
func (o *Overlay) AppendItem(dst []byte, item any, changes []Change) ([]byte, error) {
	return o.plan.appendItem(dst, item, o, changes)
}

// replaced reports whether a change takes the place of field i.
func (o *Overlay) replaced(i int, changes []Change) bool {
	n := o.byField[i]
	return n >= 0 && changes[n].kind != keep
}

// append appends the attributes that changes set; start is where the members of
// the object begin in dst.
func (o *Overlay) append(dst []byte, start int, changes []Change) []byte {
	for i := range changes {
		ch := &changes[i]
		if ch.kind < setText {
			continue
		}
		quoted := o.quoted[i]
		if len(dst) == start {
			quoted = quoted[1:]
		}
		dst = append(dst, quoted...)
		if ch.kind == setJSON {
			dst = append(dst, ch.json...)
			continue
		}
		dst = wire.AppendString(append(dst, `{"S":`...), ch.text)
		dst = append(dst, '}')
	}
	return dst
}

func (p *Plan) appendItem(dst []byte, item any, o *Overlay, changes []Change) ([]byte, error) {
	full := len(dst) == cap(dst)
	if full {
		dst = append(make([]byte, 0, len(dst)+int(p.size.Load())*9/8+16), dst...)
	}
	out, err := p.appendMembers(append(dst, '{'), item, o, changes)
	if err != nil {
		return dst, finish(err, "encode", p.typ, nil)
	}
	if full {
		size := p.size.Load()
		p.size.Store(size + (int64(len(out)-len(dst))-size)/4)
	}
	if o != nil {
		out = o.append(out, len(dst)+1, changes)
	}
	return append(out, '}'), nil
}

// appendMembers appends the attributes of item's fields, without braces.
func (p *Plan) appendMembers(dst []byte, item any, o *Overlay, changes []Change) ([]byte, error) {
	v, err := p.item(item)
	if err != nil {
		return dst, err
	}
	if o != nil && len(changes) != len(o.names) {
		return dst, fail("%d changes for %d names", len(changes), len(o.names))
	}
	if r := p.root.record; r != nil {
		return r.appendFields(dst, slotOf(v), 0, o, changes)
	}
	m, err := p.encode(v)
	if err != nil {
		return dst, err
	}
	if o != nil {
		m = maps.Clone(m) // a Marshaler may keep what it returned
		for i := range changes {
			if changes[i].kind != keep {
				delete(m, o.names[i])
			}
		}
	}
	start := len(dst)
	if dst, err = appendAttributes(dst, m, 0); err != nil {
		return dst, err
	}
	n := copy(dst[start:], dst[start+1:len(dst)-1])
	return dst[:start+n], nil
}
