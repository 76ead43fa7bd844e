package core

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
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
}

// part is a Part compiled for a plan.
type part struct {
	Part
	attrs   []keyAttr
	formats []*format
	plan    *codec.Plan
	units   map[string]codec.Format
}

// format is one composition: lits[0] comps[0] lits[1] … lits[n].
type format struct {
	lits  []string
	comps []*component
}

// compilePart checks p against the plan of its items.
func compilePart(p Part, plan *codec.Plan, formats map[string]codec.Format) (*part, error) {
	c := &part{Part: p, plan: plan, units: formats}
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
		errs = append(errs, fmt.Errorf("By takes one to four attributes, not %d", len(p.Fields)))
	}
	for _, a := range p.Fields {
		if err := a.Check(); err != nil {
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
		switch kind {
		case types.ScalarAttributeTypeS, types.ScalarAttributeTypeN, types.ScalarAttributeTypeB:
		default:
			errs = append(errs, fmt.Errorf("%v: a key attribute is a string, a number or bytes, not %s", a, orUnknown(string(kind))))
		}
		p.attrs = append(p.attrs, keyAttr{name: a.Path[0].Name, kind: kind, attr: a})
	}
	return errors.Join(errs...)
}

func orUnknown(kind string) string {
	if kind == "" {
		return "of a type unknown before it is written"
	}
	return kind
}

// compileFormat splits text at its placeholders and checks that whatever it
// composes can be taken apart again.
func (p *part) compileFormat(text string) (*format, error) {
	fields := p.Fields
	f := &format{lits: strings.Split(text, "{}")}
	if n := len(f.lits) - 1; n != len(fields) {
		return f, fmt.Errorf("%d placeholders for %d fields", n, len(fields))
	}
	if len(fields) == 0 {
		return f, errors.New("no placeholder: use Const for a fixed text")
	}
	var errs []error
	if strings.Contains(text, last) {
		errs = append(errs, errors.New("contains the code point U+10FFFF"))
	}
	for i, a := range fields {
		if a == nil || a.Err != nil || a.Index == nil {
			errs = append(errs, inputError(a))
			continue
		}
		c, err := newComponent(a, p.unit(a))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		sep := f.lits[i+1]
		if !c.fixed && sep == "" && i < len(fields)-1 {
			errs = append(errs, fmt.Errorf("%v: needs a literal between it and the next placeholder", a))
		}
		if a.Key.Escaped && sep != "" && strings.ContainsRune("%0123456789ABCDEF", rune(sep[0])) {
			errs = append(errs, fmt.Errorf("%v: cannot be escaped before the literal %q", a, sep))
		}
		f.comps = append(f.comps, c)
	}
	return f, errors.Join(errs...)
}

func inputError(a *ast.Attr) error {
	switch {
	case a == nil:
		return errors.New("zero Attr: make attributes with expr.At")
	case a.Err != nil:
		return a.Err
	}
	return fmt.Errorf("%v: an input of a key is a field of the struct, made with expr.At", a)
}

// unit is the resolution in which the item keeps a time, 0 for all of it.
func (p *part) unit(a *ast.Attr) time.Duration {
	switch {
	case a.Path == nil || !isTime(base(a.Type)) || p.plan.TypeOf(a.Path) != "N":
		return 0
	case p.units[a.Path.String()] == codec.UnixMilli:
		return time.Millisecond
	}
	return time.Second
}

// at is the Go value of an attribute in item, false if a pointer on the way
// is nil.
func at(item reflect.Value, index []int) (reflect.Value, bool) {
	for _, i := range index {
		if item.Kind() == reflect.Pointer {
			if item.IsNil() {
				return reflect.Value{}, false
			}
			item = item.Elem()
		}
		item = item.Field(i)
	}
	return item, true
}

// reach is at for writing: it allocates the pointers on the way.
func reach(item reflect.Value, index []int) reflect.Value {
	for _, i := range index {
		if item.Kind() == reflect.Pointer {
			if item.IsNil() {
				item.Set(reflect.New(item.Type().Elem()))
			}
			item = item.Elem()
		}
		item = item.Field(i)
	}
	return item
}

// compose writes the key text for values, which are in the order of the
// components. The names of missing inputs come back instead of a text.
func (f *format) compose(values func(i int) (reflect.Value, bool)) (text string, missing []string, err error) {
	var b strings.Builder
	for i, c := range f.comps {
		b.WriteString(f.lits[i])
		s := ""
		if v, ok := values(i); ok {
			if s, err = c.write(v, f.lits[i+1], false); err != nil {
				return "", nil, err
			}
		}
		if s == "" {
			missing = append(missing, c.attr.String())
		}
		b.WriteString(s)
	}
	b.WriteString(f.lits[len(f.comps)])
	if missing != nil {
		return "", missing, nil
	}
	return b.String(), nil, nil
}

// fieldsOf reads the components from item.
func (f *format) fieldsOf(item reflect.Value) func(int) (reflect.Value, bool) {
	return func(i int) (reflect.Value, bool) { return at(item, f.comps[i].attr.Index) }
}

// split takes text apart into the texts of the components, or reports that
// it is not of this format.
func (f *format) split(text string) ([]string, bool) {
	rest, ok := strings.CutPrefix(text, f.lits[0])
	if !ok {
		return nil, false
	}
	texts := make([]string, len(f.comps))
	for i, c := range f.comps {
		sep := f.lits[i+1]
		final := i == len(f.comps)-1
		var end int
		switch {
		case c.fixed && !final:
			end = c.width(rest)
			if (end < 0 || end > len(rest) || !strings.HasPrefix(rest[end:], sep)) && sep != "" {
				end = strings.Index(rest, sep)
			}
		case final:
			if !strings.HasSuffix(rest, sep) {
				return nil, false
			}
			end = len(rest) - len(sep)
		default:
			end = strings.Index(rest, sep)
		}
		if end < 0 || end > len(rest) || !strings.HasPrefix(rest[end:], sep) {
			return nil, false
		}
		texts[i], rest = rest[:end], rest[end+len(sep):]
	}
	return texts, true
}

// width is the length of a fixed component's text at the start of s, -1 if
// there is none.
func (c *component) width(s string) int {
	switch t := base(c.attr.Type); {
	case t.Kind() == reflect.Bool && strings.HasPrefix(s, "true"):
		return 4
	case t.Kind() == reflect.Bool:
		return 5
	case t.Kind() == reflect.Struct:
		// A time of any RFC 3339 form ends with its zone.
		if end := strings.IndexByte(s, 'Z'); end >= 0 {
			return end + 1
		}
		return -1
	case c.attr.Key.Width > 0:
		return c.attr.Key.Width
	case strings.HasPrefix(s, "-"):
		return intWidth + 1
	}
	return intWidth
}

// common is the longest text that all formats begin with.
func (p *part) common() string {
	if p.Kind != PartComposite {
		return ""
	}
	prefix := p.formats[0].lits[0]
	for _, f := range p.formats[1:] {
		n := 0
		for n < len(prefix) && n < len(f.lits[0]) && prefix[n] == f.lits[0][n] {
			n++
		}
		prefix = prefix[:n]
	}
	return strings.ToValidUTF8(prefix, "")
}

// values writes the part's key attributes of item into key. missing names
// the inputs that item does not give; then nothing is written.
func (p *part) values(item reflect.Value, key map[string]types.AttributeValue, form int) (missing []string, err error) {
	switch p.Kind {
	case PartConst:
		key[p.Attr] = &types.AttributeValueMemberS{Value: p.Text}
	case PartComposite:
		f := p.formats[min(form, len(p.formats)-1)]
		text, missing, err := f.compose(f.fieldsOf(item))
		if err != nil || missing != nil {
			return missing, err
		}
		key[p.Attr] = &types.AttributeValueMemberS{Value: text}
	case PartBy:
		avs := make([]types.AttributeValue, len(p.attrs))
		for i, a := range p.attrs {
			var absent bool
			if avs[i], absent, err = p.value(item, a); err != nil {
				return nil, err
			}
			if absent {
				missing = append(missing, a.name)
			}
		}
		if missing != nil {
			return missing, nil
		}
		for i, a := range p.attrs {
			key[a.name] = avs[i]
		}
	}
	return nil, nil
}

// value is the key attribute a of item.
func (p *part) value(item reflect.Value, a keyAttr) (av types.AttributeValue, missing bool, err error) {
	v, ok := at(item, a.attr.Index)
	if a.attr.Index == nil || !ok || absent(v) {
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

// emptyKey reports whether av cannot stand in a key because it is empty.
func emptyKey(av types.AttributeValue) bool {
	switch v := av.(type) {
	case *types.AttributeValueMemberS:
		return v.Value == ""
	case *types.AttributeValueMemberB:
		return len(v.Value) == 0
	case *types.AttributeValueMemberNULL, nil:
		return true
	}
	return false
}
