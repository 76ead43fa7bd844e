package core

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
)

// encode is item as it is stored: its attributes, its keys, its kind. The
// fields of item that hold those are set to them.
func (s *Schema) encode(item reflect.Value) (map[string]types.AttributeValue, error) {
	s.setKind(item)
	attrs, err := s.plan.Encode(item.Addr().Interface())
	if err != nil {
		return nil, err
	}
	if err := s.derive(item, attrs); err != nil {
		return nil, err
	}
	if s.Kind.Attr != "" {
		attrs[s.Kind.Attr] = text(s.Kind.Name)
	}
	for _, m := range s.mirrors {
		s := ""
		if av, ok := attrs[m.name].(*types.AttributeValueMemberS); ok {
			s = av.Value
		}
		setText(item, m.index, s)
	}
	return attrs, nil
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

// setText sets the string field at index. What pointers on the way lead to is
// the caller's, and replaced by a copy.
func setText(item reflect.Value, index []int, s string) {
	own := func() {
		for item.Kind() == reflect.Pointer {
			p := reflect.New(item.Type().Elem())
			if !item.IsNil() {
				p.Elem().Set(item.Elem())
			}
			item.Set(p)
			item = p.Elem()
		}
	}
	for _, i := range index {
		own()
		item = item.Field(i)
	}
	own()
	item.SetString(s)
}

// derive writes the key attributes of item into attrs. The keys of an index
// whose inputs are missing are left out: the item is not in that index.
func (s *Schema) derive(item reflect.Value, attrs map[string]types.AttributeValue) error {
	for _, ix := range s.indexes {
		for _, p := range ix.parts() {
			if err := p.sparse(item, attrs); err != nil {
				return fmt.Errorf("index %s: %w", ix.Name, err)
			}
		}
	}
	if err := s.putKey(item, attrs, form{}); err != nil {
		return err
	}
	for _, ix := range s.indexes {
		if err := ix.checkSizes(attrs); err != nil {
			return fmt.Errorf("index %s: %w", ix.Name, err)
		}
	}
	return nil
}

// sparse writes the part of an index's key, or takes it out of attrs when
// the item does not give it.
func (p *part) sparse(item reflect.Value, attrs map[string]types.AttributeValue) error {
	if p.Kind != PartBy {
		delete(attrs, p.Attr)
		_, err := p.values(item, attrs, 0)
		return err
	}
	for _, a := range p.attrs {
		_, missing, err := p.value(item, a)
		if err != nil {
			return err
		}
		if missing {
			delete(attrs, a.name)
		}
	}
	return nil
}

// load decodes a stored item into item, fills the fields that only its keys
// hold, and verifies that the table's key is the one of its fields.
func (s *Schema) load(attrs map[string]types.AttributeValue, item reflect.Value) error {
	if err := s.plan.Decode(attrs, item.Addr().Interface()); err != nil {
		return err
	}
	for _, p := range s.table.parts() {
		if err := p.verify(attrs, item); err != nil {
			return &pathError{p.Attr, err}
		}
	}
	for _, ix := range s.indexes {
		for _, p := range ix.parts() {
			p.fill(attrs, item, (*component).unstored)
		}
	}
	return nil
}

// verify checks the stored key text against the fields of item and fills the
// fields that are not stored beside it.
func (p *part) verify(attrs map[string]types.AttributeValue, item reflect.Value) error {
	switch p.Kind {
	case PartConst:
		if s, ok := attrs[p.Attr].(*types.AttributeValueMemberS); !ok || s.Value != p.Text {
			return errKeyMismatch
		}
		return nil
	case PartBy:
		return nil
	}
	key, err := p.parse(attrs, item)
	if err != nil {
		return err
	}
	key.fill(item, func(c *component) bool { return !c.stored(attrs) })
	return nil
}

// fill sets the fields of item for which want says so, and that are zero,
// from the stored key of p, where that is a composite.
func (p *part) fill(attrs map[string]types.AttributeValue, item reflect.Value, want func(*component) bool) {
	if p.Kind != PartComposite {
		return
	}
	if key, _ := p.parse(attrs, item); key != nil {
		key.fill(item, func(c *component) bool { return want(c) && reach(item, c.attr.Index).IsZero() })
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
func (s *Schema) raw(ix *index, attrs map[string]types.AttributeValue) map[string]types.AttributeValue {
	key := make(map[string]types.AttributeValue, 4)
	for _, a := range s.keyAttrs(ix) {
		if av, ok := attrs[a.name]; ok {
			key[a.name] = av
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
