package core

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
)

// encode is item as it is stored: its attributes, its keys, its kind.
func (s *Schema) encode(item reflect.Value) (map[string]types.AttributeValue, error) {
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
	return attrs, nil
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
	if err := s.putKey(item, attrs, 0); err != nil {
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

var errKeyMismatch = errors.New("the stored key is not the one of the item's fields")

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
	f, texts := p.match(attrs)
	if f == nil {
		return errors.New("the stored key has none of the accepted formats")
	}
	for i, c := range f.comps {
		if err := c.settle(texts[i], f.lits[i+1], attrs, item); err != nil {
			return err
		}
	}
	return nil
}

// match is the first accepted format that the stored key text has.
func (p *part) match(attrs map[string]types.AttributeValue) (*format, []string) {
	s, ok := attrs[p.Attr].(*types.AttributeValueMemberS)
	if !ok {
		return nil, nil
	}
	for _, f := range p.formats {
		texts, ok := f.split(s.Value)
		for i := 0; ok && i < len(texts); i++ {
			scratch := reflect.New(f.comps[i].attr.Type).Elem()
			ok = f.comps[i].read(texts[i], f.lits[i+1], scratch) == nil
		}
		if ok {
			return f, texts
		}
	}
	return nil, nil
}

// settle brings a component's text and its field together: it fills a field
// that is not stored and compares one that is.
func (c *component) settle(s, sep string, attrs map[string]types.AttributeValue, item reflect.Value) error {
	stored := c.attr.Path != nil && pathIn(attrs, c.attr.Path)
	if !stored {
		return c.read(s, sep, reach(item, c.attr.Index))
	}
	parsed := reflect.New(c.attr.Type).Elem()
	if err := c.read(s, sep, parsed); err != nil {
		return err
	}
	want, err := c.write(parsed, sep, false)
	if err != nil {
		return err
	}
	v, ok := at(item, c.attr.Index)
	if !ok {
		return errKeyMismatch
	}
	if have, err := c.write(v, sep, false); err != nil || have != want {
		return errKeyMismatch
	}
	return nil
}

// fill sets the fields of item for which want says so from the stored key of
// p, where that is a composite.
func (p *part) fill(attrs map[string]types.AttributeValue, item reflect.Value, want func(*component) bool) {
	if p.Kind != PartComposite {
		return
	}
	f, texts := p.match(attrs)
	if f == nil {
		return
	}
	for i, c := range f.comps {
		if !want(c) {
			continue
		}
		if v := reach(item, c.attr.Index); v.IsZero() {
			_ = c.read(texts[i], f.lits[i+1], v) // match has read it before
		}
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
