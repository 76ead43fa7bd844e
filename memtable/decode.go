package memtable

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/dynox-go/dynox/internal/wire"
)

// opt is a request's member that may be absent; null counts as absent.
type opt[T any] struct {
	v  T
	ok bool
}

func some[T any](v T) opt[T] { return opt[T]{v, true} }

// or returns the member's value, or a default where it is absent.
func (o opt[T]) or(def T) T {
	if o.ok {
		return o.v
	}
	return def
}

// decoder reads a request's JSON member by member. It converts as the service does and reports what the
// service calls a SerializationException. After an error every method does nothing.
type decoder struct {
	s   wire.Scanner
	err error
}

// decode reads a request's body with member, which is called for each member of the top-level object.
func decode(body []byte, member func(d *decoder, name string)) error {
	d := &decoder{s: wire.NewScanner(body)}
	if d.s.Kind() != wire.Object {
		return unserializable("")
	}
	d.members(func(name string) { member(d, name) })
	if d.err == nil {
		d.failed(d.s.End())
	}
	return d.err
}

// failed keeps the scanner's error, which the service answers without saying more.
func (d *decoder) failed(err error) bool {
	if err != nil && d.err == nil {
		d.err = unserializable("")
	}
	return d.err != nil
}

func (d *decoder) fail(message string) {
	if d.err == nil {
		d.err = unserializable(message)
	}
}

func (d *decoder) skip() {
	if d.err == nil {
		d.failed(d.s.Skip())
	}
}

// null skips the value if it is null, or if reading has failed.
func (d *decoder) null() bool {
	if d.err != nil {
		return true
	}
	if d.s.Kind() == wire.Null {
		d.failed(d.s.Null())
		return true
	}
	return false
}

// members calls f for each member of the object that comes next; f reads or skips the value.
func (d *decoder) members(f func(name string)) {
	if d.failed(d.s.Object()) {
		return
	}
	for d.err == nil {
		name, ok, err := d.s.Member()
		if d.failed(err) || !ok {
			return
		}
		if !d.null() {
			f(string(name))
		}
	}
}

// elements calls f for each element of the array that comes next, with its index.
func (d *decoder) elements(f func(i int)) {
	if d.failed(d.s.Array()) {
		return
	}
	for i := 0; d.err == nil; i++ {
		ok, err := d.s.Element()
		if d.failed(err) || !ok {
			return
		}
		f(i)
	}
}

// object reads a structure of the service's type shape. It reports whether one was there.
func (d *decoder) object(shape string, member func(name string)) bool {
	if !d.opens(structure, shape, inStructure) {
		return false
	}
	d.members(member)
	return d.err == nil
}

// item reads a structure inside a list or map, where the service words one fault differently.
func (d *decoder) item(shape string, member func(name string)) {
	if d.opens(structure, shape, inCollection) {
		d.members(member)
	}
}

// dict reads a map whose values are of the service's type shape.
func (d *decoder) dict(shape string, entry func(key string)) bool {
	if !d.opens(dictionary, shape, inStructure) {
		return false
	}
	d.members(entry)
	return d.err == nil
}

// What is read as a JSON object, and where it stands.
type (
	objectKind byte
	place      byte
)

const (
	structure objectKind = iota
	dictionary
)

const (
	inStructure place = iota
	inCollection
)

// opens reports whether an object comes next. Null is as good as nothing; anything else is a fault.
func (d *decoder) opens(kind objectKind, shape string, at place) bool {
	if d.null() {
		return false
	}
	switch d.s.Kind() {
	case wire.Object:
		return true
	case wire.Array:
		const ours = "com.amazonaws.dynamodb.v20120810."
		switch {
		case kind == structure:
			d.fail("Unrecognized collection type class " + ours + shape)
		case strings.Contains(shape, "."):
			d.fail("Unrecognized collection type java.util.Map<java.lang.String, " + shape + ">")
		default:
			d.fail("Unrecognized collection type java.util.Map<java.lang.String, " + ours + shape + ">")
		}
	case wire.Invalid:
		d.fail("")
	default:
		d.fail([...]string{inStructure: "Unexpected field type", inCollection: "Unexpected value type in payload"}[at])
	}
	return false
}

// list reads an array and reports whether one was there.
func (d *decoder) list(elem func(i int)) bool {
	if d.null() {
		return false
	}
	switch d.s.Kind() {
	case wire.Array:
		d.elements(elem)
	case wire.Object:
		d.fail("Start of structure or map found where not expected")
	case wire.Invalid:
		d.fail("")
	default:
		d.fail("Unexpected field type")
	}
	return d.err == nil
}

func (d *decoder) string() opt[string] {
	if d.null() {
		return opt[string]{}
	}
	if d.s.Kind() != wire.String {
		d.mistyped("String")
		return opt[string]{}
	}
	text, err := d.s.String()
	d.failed(err)
	return some(string(text))
}

// strings reads a list of strings.
func (d *decoder) strings() (out opt[[]string]) {
	out.ok = d.list(func(int) { out.v = append(out.v, d.string().v) })
	return out
}

// integer reads a number; a fraction is cut off, as the service does. typ is Integer or Long.
func (d *decoder) integer(typ string) opt[int64] {
	if d.null() {
		return opt[int64]{}
	}
	if d.s.Kind() != wire.Number {
		d.mistyped(typ)
		return opt[int64]{}
	}
	text, err := d.s.Number()
	if d.failed(err) {
		return opt[int64]{}
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(string(text), 64)
		if ferr != nil {
			d.fail("")
			return opt[int64]{}
		}
		n = int64(max(min(f, 1<<62), -1<<62))
	}
	return some(n)
}

func (d *decoder) bool() opt[bool] {
	if d.null() {
		return opt[bool]{}
	}
	switch d.s.Kind() {
	case wire.Bool:
		b, err := d.s.Bool()
		d.failed(err)
		return some(b)
	case wire.String:
		text, err := d.s.String()
		if d.failed(err) {
			return opt[bool]{}
		}
		switch strings.ToUpper(string(text)) {
		case "TRUE", "1", "YES":
			return some(true)
		case "FALSE", "0", "NO":
			return some(false)
		}
		d.fail("Unexpected token received from parser")
		return opt[bool]{}
	}
	d.mistyped("Boolean")
	return opt[bool]{}
}

// mistyped fails because the value isn't of the scalar type that the service expects.
func (d *decoder) mistyped(want string) {
	switch d.s.Kind() {
	case wire.Object:
		d.fail("Start of structure or map found where not expected")
	case wire.Array:
		d.fail("Unrecognized collection type class java.lang." + want)
	case wire.String:
		d.fail("STRING_VALUE cannot be converted to " + want)
	case wire.Number:
		text, err := d.s.Number()
		if d.failed(err) {
			return
		}
		if bytes.ContainsAny(text, ".eE") {
			d.fail("DECIMAL_VALUE cannot be converted to " + want)
		}
		d.fail("NUMBER_VALUE cannot be converted to " + want)
	case wire.Bool:
		b, err := d.s.Bool()
		if d.failed(err) {
			return
		}
		d.fail(strings.ToUpper(strconv.FormatBool(b)) + "_VALUE cannot be converted to " + want)
	default:
		d.fail("")
	}
}
