package core

import (
	"bytes"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dynox-go/dynox/internal/ast"
)

// last is the highest code point. It bounds every text with a given prefix
// from above, and is refused inside key values.
const last = "\U0010FFFF"

// timeLayout is how a time is written in a key: in UTC, and of one width, so
// that texts sort as the times do.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// intWidth is the number of digits of a padded integer: enough for 64 bits.
const intWidth = 20

// component is one placeholder of a composite key: how the Go value of a
// field becomes text and back.
type component struct {
	attr  *ast.Attr
	fixed bool // no text is a prefix of another: what follows needs no separator
	order bool // texts sort as values do
	// narrows: a set value can be told from a missing one, so that it may
	// narrow a query by being set.
	narrows bool
	text    func(reflect.Value) (string, error) // "" means missing
	parse   func(string, reflect.Value) error
	// store rounds a value to what the item keeps of it; nil keeps all.
	store func(reflect.Value) reflect.Value
	// next and prior step to the neighbouring value; false when there is
	// none. nil: the values have no neighbours.
	next, prior func(reflect.Value) (reflect.Value, bool)
	// outside tells on which side of all that can be written a value lies, -1
	// below and 1 above; 0 when it can be written. nil: all values can.
	outside func(reflect.Value) int
}

var (
	timeType      = reflect.TypeFor[time.Time]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	textParser    = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// base is t without pointers.
func base(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// indirect follows pointers; false at a nil one.
func indirect(v reflect.Value) (reflect.Value, bool) {
	for v.IsValid() && v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return v, false
		}
		v = v.Elem()
	}
	return v, v.IsValid()
}

// convert is v, of an attribute given with another type, as the type of its
// field: false where that has another form.
func convert(v reflect.Value, t reflect.Type) (reflect.Value, bool) {
	switch from := v.Type(); {
	case from == t:
		return v, true
	case isInt(from) && isInt(t):
		if reflect.Zero(t).OverflowInt(v.Int()) {
			return v, false
		}
	case isUint(from) && isUint(t):
		if reflect.Zero(t).OverflowUint(v.Uint()) {
			return v, false
		}
	case from.Kind() != t.Kind() || !from.ConvertibleTo(t):
		return v, false
	}
	return v.Convert(t), true
}

// newComponent is the component for attr; unit is the resolution in which
// the item itself keeps a time, 0 for all of it.
func newComponent(attr *ast.Attr, unit time.Duration) (*component, error) {
	c := &component{attr: attr}
	t := base(attr.Type)
	form := attr.Key
	switch {
	case isTime(t):
		c.timeComponent(t, unit, form.TimeAsIs)
	case t.Implements(textMarshaler) && reflect.PointerTo(t).Implements(textParser):
		// A number that writes itself as text is always there, and its texts
		// need not sort as it does.
		number := isInt(t) || isUint(t)
		c.narrows, c.order = !number, !number
		c.text = func(v reflect.Value) (string, error) {
			if v.IsZero() && !number {
				return "", nil
			}
			b, err := v.Interface().(encoding.TextMarshaler).MarshalText()
			if err != nil {
				err = &quietError{"its MarshalText failed", err}
			}
			return string(b), err
		}
		c.parse = func(s string, v reflect.Value) error {
			return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
		}
	case t.Kind() == reflect.String:
		c.narrows, c.order = true, true
		c.text = func(v reflect.Value) (string, error) { return v.String(), nil }
		c.parse = func(s string, v reflect.Value) error { v.SetString(s); return nil }
	case t.Kind() == reflect.Bool:
		c.fixed, c.order = true, true
		c.text = func(v reflect.Value) (string, error) { return strconv.FormatBool(v.Bool()), nil }
		c.parse = func(s string, v reflect.Value) error {
			switch s {
			case "true", "false":
				v.SetBool(s == "true")
				return nil
			}
			return errComponent
		}
	case isInt(t) || isUint(t):
		c.intComponent(t, form)
	default:
		return nil, fmt.Errorf("%v: a %v cannot be part of a composite key", attr, attr.Type)
	}
	if form.Width < 0 || form.Width > maxSortKey {
		return nil, fmt.Errorf("%v: padded to less than one digit, or to more than a key has", attr)
	}
	if form.Escaped && c.fixed {
		return nil, fmt.Errorf("%v: only text is escaped", attr)
	}
	if form.Lower {
		if t.Kind() != reflect.String {
			return nil, fmt.Errorf("%v: only a string can be lower-cased", attr)
		}
		c.text = func(v reflect.Value) (string, error) { return strings.ToLower(v.String()), nil }
	}
	if (form.Unpadded || form.Width != 0) && !isInt(t) && !isUint(t) {
		return nil, fmt.Errorf("%v: only an integer has a width", attr)
	}
	return c, nil
}

var (
	errComponent = errors.New("not a text that this component is written as")
	errYear      = errors.New("a time in a key must be of the years 0 to 9999")
)

// maxYear is the last year that four digits hold.
const maxYear = 9999

// yearSide tells on which side of the years 0 to maxYear t lies, 0 within.
func yearSide(t time.Time) int {
	switch year := t.UTC().Year(); {
	case year < 0:
		return -1
	case year > maxYear:
		return 1
	}
	return 0
}

func isTime(t reflect.Type) bool { return t.Kind() == reflect.Struct && t.ConvertibleTo(timeType) }

func (c *component) timeComponent(t reflect.Type, unit time.Duration, asIs bool) {
	c.narrows, c.fixed, c.order = true, !asIs, !asIs
	at := func(v reflect.Value) time.Time { return v.Convert(timeType).Interface().(time.Time) }
	c.text = func(v reflect.Value) (string, error) {
		tm := at(v).UTC()
		switch {
		case tm.IsZero():
			return "", nil
		case yearSide(tm) != 0:
			return "", errYear
		case asIs:
			return at(v).Format(time.RFC3339Nano), nil
		}
		return tm.Format(timeLayout), nil
	}
	c.parse = func(s string, v reflect.Value) error {
		tm, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return errComponent
		}
		if !asIs {
			tm = tm.UTC()
		}
		v.Set(reflect.ValueOf(tm).Convert(t))
		return nil
	}
	c.outside = func(v reflect.Value) int { return yearSide(at(v)) }
	back := func(tm time.Time) reflect.Value { return reflect.ValueOf(tm).Convert(t) }
	c.next = func(v reflect.Value) (reflect.Value, bool) {
		tm := at(v).Add(time.Nanosecond)
		return back(tm), yearSide(tm) == 0
	}
	c.prior = func(v reflect.Value) (reflect.Value, bool) {
		tm := at(v).Add(-time.Nanosecond)
		return back(tm), yearSide(tm) == 0
	}
	if unit > 0 {
		c.store = func(v reflect.Value) reflect.Value { return back(floor(at(v), unit)) }
	}
}

// floor rounds t down to a whole number of units since 1970.
func floor(t time.Time, unit time.Duration) time.Time {
	if unit == time.Second {
		return time.Unix(t.Unix(), 0)
	}
	return time.UnixMilli(t.UnixMilli())
}

func isInt(t reflect.Type) bool  { return t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64 }
func isUint(t reflect.Type) bool { return t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uintptr }

func (c *component) intComponent(t reflect.Type, form ast.KeyForm) {
	signed := isInt(t)
	c.fixed, c.order = !form.Unpadded, !form.Unpadded
	c.text = func(v reflect.Value) (string, error) {
		var n uint64
		negative := false
		if signed {
			i := v.Int()
			negative = i < 0
			n = uint64(i)
		} else {
			n = v.Uint()
		}
		switch {
		case form.Unpadded && negative:
			return strconv.FormatInt(int64(n), 10), nil
		case form.Unpadded:
			return strconv.FormatUint(n, 10), nil
		case form.Width > 0:
			if s := pad(n, form.Width); !negative && len(s) == form.Width {
				return s, nil
			}
			return "", fmt.Errorf("a number that %d digits cannot hold", form.Width)
		case negative:
			// From the least number up, so that digits rise with the value.
			return "-" + pad(n-uint64(1)<<63, intWidth), nil
		}
		return pad(n, intWidth), nil
	}
	c.parse = func(s string, v reflect.Value) error {
		if form.Unpadded {
			return setInt(v, s)
		}
		if rest, negative := strings.CutPrefix(s, "-"); negative && form.Width == 0 {
			n, err := strconv.ParseUint(rest, 10, 63)
			if err != nil || len(rest) != intWidth || !signed || v.OverflowInt(int64(n)+math.MinInt64) {
				return errComponent
			}
			v.SetInt(int64(n) + math.MinInt64)
			return nil
		}
		if len(s) != cmp.Or(form.Width, intWidth) || strings.Trim(s, "0123456789") != "" {
			return errComponent
		}
		if s = strings.TrimLeft(s, "0"); s == "" {
			s = "0"
		}
		return setInt(v, s)
	}
	c.next = func(v reflect.Value) (reflect.Value, bool) { return stepInt(t, v, 1) }
	c.prior = func(v reflect.Value) (reflect.Value, bool) { return stepInt(t, v, -1) }
	if form.Width > 0 {
		c.outside = func(v reflect.Value) int {
			if signed && v.Int() < 0 {
				return -1
			}
			if _, err := c.text(v); err != nil {
				return 1
			}
			return 0
		}
	}
}

func pad(n uint64, width int) string {
	s := strconv.FormatUint(n, 10)
	if len(s) < width {
		s = strings.Repeat("0", width-len(s)) + s
	}
	return s
}

// setInt sets v from its shortest decimal text.
func setInt(v reflect.Value, s string) error {
	if isInt(v.Type()) {
		n, err := strconv.ParseInt(s, 10, v.Type().Bits())
		if err != nil || strconv.FormatInt(n, 10) != s {
			return errComponent
		}
		v.SetInt(n)
		return nil
	}
	n, err := strconv.ParseUint(s, 10, v.Type().Bits())
	if err != nil || strconv.FormatUint(n, 10) != s {
		return errComponent
	}
	v.SetUint(n)
	return nil
}

func stepInt(t reflect.Type, v reflect.Value, by int64) (reflect.Value, bool) {
	n := reflect.New(t).Elem()
	if isInt(t) {
		i := v.Int()
		if by > 0 && i == math.MaxInt64 || by < 0 && i == math.MinInt64 || n.OverflowInt(i+by) {
			return v, false
		}
		n.SetInt(i + by)
		return n, true
	}
	u := v.Uint()
	if by > 0 && (u == math.MaxUint64 || n.OverflowUint(u+1)) || by < 0 && u == 0 {
		return v, false
	}
	n.SetUint(u + uint64(by))
	return n, true
}

// write is the text of v before the literal sep, as it stands in a key.
// exact keeps the resolution of v: for bounds, which need not be storable.
// An empty text means that the value is missing.
func (c *component) write(v reflect.Value, sep string, exact bool) (string, error) {
	v, ok := indirect(v)
	if !ok {
		return "", nil
	}
	if c.store != nil && !exact {
		v = c.store(v)
	}
	s, err := c.text(v)
	if err != nil {
		return "", &pathError{c.attr.String(), err}
	}
	if s == "" || c.fixed {
		return s, nil
	}
	switch {
	case !utf8.ValidString(s):
		return "", fmt.Errorf("%v: a key holds valid UTF-8 only", c.attr)
	case strings.Contains(s, last):
		return "", fmt.Errorf("%v: the highest code point, U+10FFFF, cannot be part of a key", c.attr)
	case sep == "":
		return s, nil
	case c.attr.Key.Escaped:
		return escape(s, sep), nil
	case strings.Index(s+sep, sep) != len(s):
		return "", &literalError{c.attr, sep}
	}
	return s, nil
}

// append is write, onto dst and without allocations for common types; false
// where the value is missing or cannot be written.
func (c *component) append(dst []byte, v reflect.Value, sep string) ([]byte, bool) {
	v, ok := indirect(v)
	if !ok {
		return dst, false
	}
	start := len(dst)
	switch form := c.attr.Key; {
	case c.store != nil || form != ast.KeyForm{}:
		s, err := c.write(v, sep, false)
		return append(dst, s...), err == nil && s != ""
	case v.Type() == timeType && v.CanAddr():
		t := v.Addr().Interface().(*time.Time)
		if t.IsZero() || yearSide(*t) != 0 {
			return dst, false
		}
		return t.UTC().AppendFormat(dst, timeLayout), true
	case v.Kind() == reflect.String && !v.Type().Implements(textMarshaler):
		dst = append(dst, v.String()...)
	default:
		s, err := c.write(v, sep, false)
		return append(dst, s...), err == nil && s != ""
	}
	s := dst[start:]
	switch {
	case len(s) == 0 || !utf8.Valid(s) || bytes.Contains(s, lastBytes):
		return dst, false
	case sep == "":
		return dst, true
	}
	// The literal after the text must not be found earlier, in part in the text.
	dst = append(dst, sep...)
	ok = bytes.Index(dst[start:], []byte(sep)) == len(dst)-len(sep)-start
	return dst[:len(dst)-len(sep)], ok
}

var lastBytes = []byte(last)

// literalError is a value that one format of a key cannot hold, and another
// may.
type literalError struct {
	attr *ast.Attr
	sep  string
}

func (e *literalError) Error() string {
	return fmt.Sprintf("%v: its value contains the literal %q that follows it in the key; dynox.Escaped allows that", e.attr, e.sep)
}

// read parses text, as write made it, into v, allocating pointers.
func (c *component) read(text, sep string, v reflect.Value) error {
	switch {
	case c.fixed:
	case c.attr.Key.Escaped && sep != "":
		var err error
		if text, err = unescape(text, sep); err != nil {
			return err
		}
	case sep != "" && strings.Index(text+sep, sep) != len(text):
		return errComponent
	}
	if !c.fixed && (text == "" || !utf8.ValidString(text) || strings.Contains(text, last)) {
		return errComponent
	}
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	return c.parse(text, v)
}

// escape writes % and the first byte of sep as %XX, so that the text can
// contain neither sep nor a part of it. Where sep begins with a byte of a
// longer character, all such bytes are escaped, to leave valid UTF-8.
func escape(s, sep string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '%' || s[i] == sep[0] || sep[0] >= utf8.RuneSelf && s[i] >= utf8.RuneSelf {
			fmt.Fprintf(&b, "%%%02X", s[i])
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unescape is the inverse of escape, and refuses what escape cannot have
// written.
func unescape(s, sep string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+3 > len(s) {
			return "", errComponent
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", errComponent
		}
		b.WriteByte(byte(n))
		i += 2
	}
	if escape(b.String(), sep) != s {
		return "", errComponent
	}
	return b.String(), nil
}
