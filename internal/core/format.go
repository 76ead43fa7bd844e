package core

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/dynox-go/dynox/internal/ast"
)

// format is one composition: lits[0] comps[0] lits[1] … lits[n].
type format struct {
	lits  []string
	comps []*component
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
		if err := checkInput(a); err != nil {
			errs = append(errs, err)
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
func (p *part) unit(a *ast.Attr) time.Duration { return resolution(a, p.plan, p.units) }

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
	return func(i int) (reflect.Value, bool) { return input(item, f.comps[i].attr) }
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
