package core

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
)

// derivedKeys is what the fields of an item make of its keys and its kind.
type derivedKeys struct {
	key     attributes // of the table
	derived attributes
	absent  []string // attributes that it must not have
}

// deriveKeys derives the keys of item, and sets the fields that hold them, or
// the kind. The table's key goes to room, nil: to memory of its own.
func (s *Schema) deriveKeys(room attributes, item reflect.Value) (k derivedKeys, err error) {
	s.setKind(item)
	if k, err = s.derive(room, item); err != nil {
		return k, err
	}
	for _, m := range s.mirrors {
		s, _ := k.derived.get(m.name).(*types.AttributeValueMemberS)
		if s == nil {
			s = new(types.AttributeValueMemberS)
		}
		setText(item, m.index, s.Value)
	}
	if s.dynamic {
		for _, a := range k.derived {
			asDynamic(item).SetAttribute(Door{}, a.name, a.value)
		}
	}
	return k, nil
}

// encode is item as it is stored, with keys: JSON, in the room behind dst if
// that is enough, if direct says so, and attribute values otherwise.
func (s *Schema) encode(dst []byte, item reflect.Value, keys derivedKeys, direct bool) (stored, error) {
	if direct {
		raw, err := s.overlay.AppendItem(dst, item.Addr().Interface(), s.changes(keys.derived, keys.absent))
		return stored{raw: raw}, err
	}
	attrs, err := s.plan.Encode(item.Addr().Interface())
	if err != nil {
		return stored{}, err
	}
	for _, name := range keys.absent {
		delete(attrs, name)
	}
	for _, a := range keys.derived {
		attrs[a.name] = a.value
	}
	return stored{attrs: attrs}, nil
}

// makeOverlay prepares for the attributes that derive decides on.
func (s *Schema) makeOverlay() {
	add := func(name string) {
		if !slices.Contains(s.overlaid, name) {
			s.overlaid = append(s.overlaid, name)
		}
	}
	for _, p := range s.derived {
		add(p.Attr)
	}
	for _, ix := range s.indexes {
		for _, a := range ix.attrs() {
			add(a.name)
		}
	}
	if s.Kind.Attr != "" {
		add(s.Kind.Attr)
	}
	s.overlay = s.plan.Overlay(s.overlaid...)
}

// changes are what derive decided, in the order of the overlay's names.
func (s *Schema) changes(derived attributes, absent []string) []codec.Change {
	changes := make([]codec.Change, len(s.overlaid))
	for i, name := range s.overlaid {
		switch av, ok := derived.get(name).(*types.AttributeValueMemberS); {
		case ok:
			changes[i] = codec.Text(av.Value)
		case slices.Contains(absent, name):
			changes[i] = codec.Drop()
		}
	}
	return changes
}

// mirror is a field that holds a composed key attribute.
type mirror struct {
	name  string
	index []int
}

// setKind sets the field of item that holds the kind, if there is one.
func (s *Schema) setKind(item reflect.Value) {
	if s.kindIn != nil {
		setText(item, s.kindIn, s.Kind.Name)
	}
}

// withKind is item with the field set that holds the kind: a copy.
func (s *Schema) withKind(item reflect.Value) reflect.Value {
	if s.kindIn == nil {
		return item
	}
	changed := reflect.New(s.Type).Elem()
	changed.Set(item)
	s.setKind(changed)
	return changed
}

// setText sets the string field at index; see setField.
func setText(item reflect.Value, index []int, s string) { field(item, index).SetString(s) }

// setField sets the field at index to v, which its type converts to. What
// pointers on the way lead to is the caller's, and replaced by a copy.
func setField(item reflect.Value, index []int, v reflect.Value) {
	place := settable(item, index)
	place.Set(v.Convert(place.Type()))
}

// field is what the field at index holds, behind pointers, of item's own.
func field(item reflect.Value, index []int) reflect.Value {
	return ownTarget(settable(item, index))
}

// settable is the field at index. What pointers on the way lead to is item's
// own afterwards.
func settable(item reflect.Value, index []int) reflect.Value {
	for _, i := range index {
		item = ownTarget(item).Field(i)
	}
	return item
}

// ownTarget is what v points to, if it is a pointer: a copy that only v has.
func ownTarget(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		if !v.IsNil() {
			p.Elem().Set(v.Elem())
		}
		v.Set(p)
		v = p.Elem()
	}
	return v
}

// derive is the key of item, and what dynox adds to its attributes: composed
// keys and the kind; and the names of the key attributes that it must not have, because
// their inputs are missing: the item is not in those indexes.
func (s *Schema) derive(room attributes, item reflect.Value) (k derivedKeys, err error) {
	if room == nil {
		room = make(attributes, 0, 4)
	}
	if k.key, err = s.appendKey(room, item, form{}); err != nil {
		return k, err
	}
	if err := s.checkReserved(k.key); err != nil {
		return k, err
	}
	all := k.key
	for _, ix := range s.indexes {
		for _, p := range ix.parts() {
			if all, k.absent, err = p.sparse(item, all, k.absent); err != nil {
				return k, fmt.Errorf("index %s: %w", ix.Name, err)
			}
		}
		if err := ix.checkSizes(all); err != nil {
			return k, fmt.Errorf("index %s: %w", ix.Name, err)
		}
	}
	for _, p := range s.derived {
		if av := all.get(p.Attr); av != nil {
			k.derived = append(k.derived, attribute{p.Attr, av})
		}
	}
	k.absent = slices.DeleteFunc(k.absent, func(name string) bool { return k.key.get(name) != nil })
	if s.Kind.Attr != "" {
		k.derived = append(k.derived, attribute{s.Kind.Attr, text(s.Kind.Name)})
	}
	return k, nil
}

// sparse adds the part of an index's key to key, or the names of its
// attributes that item does not give to absent.
func (p *part) sparse(item reflect.Value, key attributes, absent []string) (attributes, []string, error) {
	if p.Kind != PartBy {
		n := len(key)
		key, _, err := p.values(item, key, 0)
		if len(key) == n {
			absent = append(absent, p.Attr)
		}
		return key, absent, err
	}
	for _, a := range p.attrs {
		av, missing, err := p.value(item, a)
		switch {
		case err != nil:
			return nil, nil, err
		case missing:
			absent = append(absent, a.name)
		default:
			key = append(key, attribute{a.name, av})
		}
	}
	return key, absent, nil
}

// attributes are some of an item, in no order.
type attributes []attribute

type attribute struct {
	name  string
	value types.AttributeValue
}

// addText adds a string, in the value that is behind the end if one is.
func (as attributes) addText(name, s string) attributes {
	if n := len(as); n < cap(as) {
		as = as[:n+1]
		if v, ok := as[n].value.(*types.AttributeValueMemberS); ok {
			as[n].name, v.Value = name, s
		} else {
			as[n] = attribute{name, text(s)}
		}
		return as
	}
	return append(as, attribute{name, text(s)})
}

// get is the attribute called name, nil if there is none.
func (as attributes) get(name string) types.AttributeValue {
	for _, a := range as {
		if a.name == name {
			return a.value
		}
	}
	return nil
}

// values is as the SDK takes them.
func (as attributes) values() map[string]types.AttributeValue {
	m := make(map[string]types.AttributeValue, len(as))
	for _, a := range as {
		m[a.name] = a.value
	}
	return m
}

// json is as the service takes them.
func (as attributes) json() []byte { return as.append(make([]byte, 0, 128)) }

// append appends to b what json is.
func (as attributes) append(b []byte) []byte {
	b = append(b, '{')
	for _, a := range as {
		b = appendMember(b, a.name)
		b, _ = codec.AppendAttributeValue(b, a.value) // keys are scalars, which never fail
	}
	return append(b, '}')
}

// finish verifies that the table's key of a decoded item is the one of its
// fields, and fills the fields that only its keys hold.
func (s *Schema) finish(r *record, item reflect.Value) error {
	for _, p := range s.table.parts() {
		if err := p.verify(r, item); err != nil {
			return &pathError{p.Attr, err}
		}
	}
	for _, ix := range s.indexes {
		for _, p := range ix.parts() {
			if p.hides() {
				p.fill(r.attributes(), item, (*component).unstored)
			}
		}
	}
	return nil
}

// verify checks the stored key text against the fields of item and fills the
// fields that are not stored beside it.
func (p *part) verify(r *record, item reflect.Value) error {
	switch p.Kind {
	case PartConst:
		if s, ok := r.string(p.Attr); !ok || string(s) != p.Text {
			return errKeyMismatch
		}
		return nil
	case PartBy:
		return nil
	}
	if p.composes(r, item) {
		return nil
	}
	attrs := r.attributes()
	key, err := p.parse(attrs, item)
	if err != nil {
		return err
	}
	key.fill(item, func(c *component) bool { return !c.stored(attrs) })
	return nil
}

// composes reports whether the fields of item, written in the first format,
// are the stored text, as they mostly are. If not, that says nothing.
func (p *part) composes(r *record, item reflect.Value) bool {
	text, ok := r.string(p.Attr)
	if !ok {
		return false
	}
	f := p.formats[0]
	r.scratch = append(r.scratch[:0], f.lits[0]...)
	for i, c := range f.comps {
		v, ok := input(item, c.attr)
		if !ok {
			return false
		}
		if r.scratch, ok = c.append(r.scratch, v, f.lits[i+1]); !ok {
			return false
		}
		r.scratch = append(r.scratch, f.lits[i+1]...)
	}
	return bytes.Equal(r.scratch, text)
}

// fill sets the fields of item for which want says so, and that are zero,
// from the stored key of p, where that is a composite.
func (p *part) fill(attrs map[string]types.AttributeValue, item reflect.Value, want func(*component) bool) {
	if p.Kind != PartComposite {
		return
	}
	if key, _ := p.parse(attrs, item); key != nil {
		key.fill(item, func(c *component) bool { return want(c) && c.attr.Index != nil && reach(item, c.attr.Index).IsZero() })
	}
}

// unstored reports whether the component's field lives only in keys.
func (c *component) unstored() bool { return c.attr.Path == nil }

// pathIn reports whether attrs has a value, other than NULL, at path.
func pathIn(attrs map[string]types.AttributeValue, path codec.Path) bool {
	av := attrs[path[0].Name]
	for _, step := range path[1:] {
		m, ok := av.(*types.AttributeValueMemberM)
		if !ok || step.IsIndex {
			return false
		}
		av = m.Value[step.Name]
	}
	_, null := av.(*types.AttributeValueMemberNULL)
	return av != nil && !null
}

// raw is the part of a stored item that positions a cursor: the attributes
// of the table's key and of ix's.
func (s *Schema) raw(ix *index, item stored) map[string]types.AttributeValue {
	key := make(map[string]types.AttributeValue, 4)
	attrs := s.keyAttrs(ix)
	r := record{stored: item, names: make([]string, len(attrs))}
	for i, a := range attrs {
		r.names[i] = a.name
	}
	r.of(item, false)
	for _, name := range r.names {
		if av := r.attribute(name); av != nil {
			key[name] = av
		}
	}
	return key
}

// keyAttrs are the attributes of the table's key and of ix's, each once.
func (s *Schema) keyAttrs(ix *index) []keyAttr {
	attrs := slices.Clone(s.table.attrs())
	if ix == s.table {
		return attrs
	}
	for _, a := range ix.attrs() {
		if !slices.ContainsFunc(attrs, func(b keyAttr) bool { return b.name == a.name }) {
			attrs = append(attrs, a)
		}
	}
	return attrs
}
