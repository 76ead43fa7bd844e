package core

import (
	"errors"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// form says which of their accepted formats the two halves of a key are
// written in. The zero form is the one that writes use.
type form struct {
	partition, sort int
}

// forms are the accepted forms of ix's key, that of writes first.
func (ix *index) forms() []form {
	sorts := 1
	if ix.sort != nil {
		sorts = max(len(ix.sort.formats), 1)
	}
	var fs []form
	for p := range max(len(ix.partition.formats), 1) {
		for s := range sorts {
			fs = append(fs, form{p, s})
		}
	}
	return fs
}

// of is the format of part i of a key, 0 for the partition.
func (f form) of(i int) int { return pick(i == 0, f.partition, f.sort) }

// formOf is the form in which the key of a stored item is written, false when
// it is none of the accepted ones.
func (s *Schema) formOf(ix *index, attrs map[string]types.AttributeValue) (form, bool) {
	inputs := make(map[string]types.AttributeValue)
	for _, name := range ix.inputs() {
		if av, ok := attrs[name]; ok {
			inputs[name] = av
		}
	}
	item := reflect.New(s.Type)
	if len(inputs) > 0 && s.plan.Decode(inputs, item.Interface()) != nil {
		return form{}, false
	}
	var formats [2]int
	for i, p := range ix.parts() {
		if p.Kind != PartComposite {
			continue
		}
		key, err := p.parse(attrs, item.Elem())
		if err != nil {
			return form{}, false
		}
		formats[i] = key.form
	}
	return form{formats[0], formats[1]}, true
}

// inputs are the stored attributes that the composites of ix's key are made
// of.
func (ix *index) inputs() []string {
	var names []string
	for _, p := range ix.parts() {
		if p.Kind != PartComposite {
			continue
		}
		for _, f := range p.Fields {
			if f.Path != nil {
				names = append(names, f.Path[0].Name)
			}
		}
	}
	return names
}

// parsed is a stored key text taken apart.
type parsed struct {
	form   int // which of the part's formats it has
	format *format
	values []reflect.Value
}

var (
	errKeyMismatch = errors.New("the stored key is not the one of the item's fields")
	errKeyFormat   = errors.New("the stored key has none of the accepted formats")
)

// parse takes the stored key text of a composite apart by the first accepted
// format in which it agrees with the fields of item, which was decoded from
// attrs. Without one it fails, with the text as the first format that it has
// tells it.
func (p *part) parse(attrs map[string]types.AttributeValue, item reflect.Value) (*parsed, error) {
	s, ok := attrs[p.Attr].(*types.AttributeValueMemberS)
	if !ok {
		return nil, errKeyFormat
	}
	var first *parsed
	for i, f := range p.formats {
		values, ok := f.parse(s.Value)
		if !ok {
			continue
		}
		key := &parsed{i, f, values}
		if key.agrees(attrs, item) {
			return key, nil
		}
		if first == nil {
			first = key
		}
	}
	if first == nil {
		return nil, errKeyFormat
	}
	return first, errKeyMismatch
}

// parse takes text apart into the values of the components.
func (f *format) parse(text string) ([]reflect.Value, bool) {
	texts, ok := f.split(text)
	if !ok {
		return nil, false
	}
	values := make([]reflect.Value, len(texts))
	for i, c := range f.comps {
		values[i] = reflect.New(c.attr.Type).Elem()
		if c.read(texts[i], f.lits[i+1], values[i]) != nil {
			return nil, false
		}
	}
	return values, true
}

// agrees reports whether the fields that item stores have the values of the
// key.
func (k *parsed) agrees(attrs map[string]types.AttributeValue, item reflect.Value) bool {
	for i, c := range k.format.comps {
		if !c.stored(attrs) {
			continue
		}
		v, ok := input(item, c.attr)
		if !ok {
			return false
		}
		sep := k.format.lits[i+1]
		want, err := c.write(k.values[i], sep, false)
		if err != nil {
			return false
		}
		if have, err := c.write(v, sep, false); err != nil || have != want {
			return false
		}
	}
	return true
}

// stored reports whether attrs has the component's field as an attribute.
func (c *component) stored(attrs map[string]types.AttributeValue) bool {
	return c.attr.Path != nil && pathIn(attrs, c.attr.Path)
}

// fill sets the fields of item for which want says so to the values of the
// key.
func (k *parsed) fill(item reflect.Value, want func(*component) bool) {
	for i, c := range k.format.comps {
		if want(c) {
			setInput(item, c.attr, k.values[i])
		}
	}
}
