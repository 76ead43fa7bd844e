package core

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// PartKind is the kind of one part of a key.
type PartKind uint8

// The kinds of key parts.
const (
	PartNone      PartKind = iota
	PartBy                 // attributes themselves
	PartComposite          // one text composed of several fields
	PartConst              // one fixed text
)

// Part describes the partition or the sort half of a key. It is immutable.
type Part struct {
	Kind    PartKind
	Attr    string   // Composite, Const: the key attribute
	Formats []string // Composite: the first is written, all are read
	Text    string   // Const
	Fields  []*ast.Attr
}

// Key describes the key of a table or an index.
type Key struct {
	Partition, Sort Part
}

// Equal reports whether two parts describe the same.
func (p Part) Equal(q Part) bool {
	if p.Kind != q.Kind || p.Attr != q.Attr || p.Text != q.Text || len(p.Formats) != len(q.Formats) || len(p.Fields) != len(q.Fields) {
		return false
	}
	for i := range p.Formats {
		if p.Formats[i] != q.Formats[i] {
			return false
		}
	}
	for i := range p.Fields {
		if !p.Fields[i].Same(q.Fields[i]) || p.Fields[i].Key != q.Fields[i].Key {
			return false
		}
	}
	return true
}

// keyAttr is one attribute of a key as the table knows it.
type keyAttr struct {
	name string
	kind types.ScalarAttributeType
	attr *ast.Attr // PartBy: the item's attribute
	text bool      // PartBy: it is a string, stored as it is
}

// part is a Part compiled for a plan.
type part struct {
	Part
	attrs   []keyAttr
	formats []*format
	plan    *codec.Plan
	units   map[string]codec.Format
}

// compilePart checks p against the plan of its items.
func compilePart(p Part, plan *codec.Plan, formats map[string]codec.Format) (*part, error) {
	c := &part{Part: p, plan: plan, units: formats}
	if p.Kind != PartComposite && len(p.Formats) > 0 {
		return c, errors.New("only a Composite has further formats")
	}
	switch p.Kind {
	case PartBy:
		return c, c.compileBy()
	case PartConst:
		c.attrs = []keyAttr{{name: p.Attr, kind: types.ScalarAttributeTypeS}}
		if p.Attr == "" || p.Text == "" {
			return c, errors.New("a constant key needs an attribute name and a text")
		}
		return c, nil
	}
	c.attrs = []keyAttr{{name: p.Attr, kind: types.ScalarAttributeTypeS}}
	if p.Attr == "" {
		return c, errors.New("a composite key needs an attribute name")
	}
	var errs []error
	for _, text := range p.Formats {
		f, err := c.compileFormat(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: format %q: %w", p.Attr, text, err))
		}
		c.formats = append(c.formats, f)
	}
	return c, errors.Join(errs...)
}

func (p *part) compileBy() error {
	var errs []error
	if len(p.Fields) == 0 || len(p.Fields) > 4 {
		errs = append(errs, fmt.Errorf("one to four attributes make a part of a key, not %d", len(p.Fields)))
	}
	for _, a := range p.Fields {
		if err := a.Check(); err != nil {
			errs = append(errs, err)
			continue
		}
		if err := checkInput(a); err != nil {
			errs = append(errs, err)
			continue
		}
		if len(a.Path) != 1 {
			errs = append(errs, fmt.Errorf("%v: a key attribute is at the top of the item", a))
			continue
		}
		if form := a.Key; form.Escaped || form.Lower || form.Unpadded || form.Width != 0 {
			errs = append(errs, fmt.Errorf("%v: an attribute that is a key itself is stored as it is: only composites escape, pad or fold", a))
			continue
		}
		kind := types.ScalarAttributeType(p.plan.TypeOf(a.Path))
		if a.Index == nil {
			var err error
			if kind, err = keyType(a); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		switch kind {
		case types.ScalarAttributeTypeS, types.ScalarAttributeTypeN, types.ScalarAttributeTypeB:
		default:
			errs = append(errs, fmt.Errorf("%v: a key attribute is a string, a number or bytes, not %s", a, orUnknown(string(kind))))
		}
		text := a.Index != nil && kind == types.ScalarAttributeTypeS && p.units[a.Path.String()] == codec.Default &&
			a.Type.Kind() == reflect.String && reflect.PointerTo(a.Type).NumMethod() == 0
		p.attrs = append(p.attrs, keyAttr{name: a.Path[0].Name, kind: kind, attr: a, text: text})
	}
	return errors.Join(errs...)
}

func orUnknown(kind string) string {
	if kind == "" {
		return "of a type unknown before it is written"
	}
	return kind
}

// values adds the part's key attributes of item to key, a composite in its
// n-th format. missing names the inputs that item does not give; then nothing
// is added.
func (p *part) values(item reflect.Value, key attributes, n int) (_ attributes, missing []string, err error) {
	switch p.Kind {
	case PartConst:
		return key.addText(p.Attr, p.Text), nil, nil
	case PartComposite:
		f := p.formats[n]
		s, missing, err := f.compose(f.fieldsOf(item))
		if err != nil || missing != nil {
			return key, missing, err
		}
		return key.addText(p.Attr, s), nil, nil
	}
	all := key
	for _, a := range p.attrs {
		if v, ok := a.string(item); ok && v != "" {
			if err := validText(v); err != nil {
				return key, nil, fmt.Errorf("%s: %w", a.name, err)
			}
			all = all.addText(a.name, v)
			continue
		}
		av, absent, err := p.value(item, a)
		if err != nil {
			return key, nil, err
		}
		if absent {
			missing = append(missing, a.name)
		}
		all = append(all, attribute{a.name, av})
	}
	if missing != nil {
		return key, missing, nil
	}
	return all, nil, nil
}

// string is the key attribute of item, if it is a string stored as it is.
func (a keyAttr) string(item reflect.Value) (string, bool) {
	if !a.text {
		return "", false
	}
	v, ok := at(item, a.attr.Index)
	if !ok {
		return "", false
	}
	return v.String(), true
}

// value is the key attribute a of item.
func (p *part) value(item reflect.Value, a keyAttr) (av types.AttributeValue, missing bool, err error) {
	if byName(a.attr) {
		av := asDynamic(item).Attribute(Door{}, a.name)
		if emptyKey(av) {
			return nil, true, nil
		}
		return av, false, p.checkValue(av, a)
	}
	v, ok := at(item, a.attr.Index)
	if !ok || absent(v) {
		return nil, true, nil
	}
	av, _, err = p.plan.Value(a.attr.Path, v.Interface())
	if err != nil {
		return nil, false, err
	}
	if emptyKey(av) {
		return nil, true, nil
	}
	return av, false, p.checkValue(av, a)
}

// checkValue refuses what cannot be a key attribute's value.
func (p *part) checkValue(av types.AttributeValue, a keyAttr) error {
	if kindOf(av) != string(a.kind) {
		return fmt.Errorf("%s: a key attribute of type %s, written as %s", a.name, a.kind, kindOf(av))
	}
	if s, ok := av.(*types.AttributeValueMemberS); ok {
		if err := validText(s.Value); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	return nil
}

// absent reports whether a Go value counts as missing in a key: a nil
// pointer or a zero time. Numbers and booleans are always there.
func absent(v reflect.Value) bool {
	v, ok := indirect(v)
	if !ok {
		return true
	}
	return isTime(v.Type()) && v.Convert(timeType).Interface().(time.Time).IsZero()
}
