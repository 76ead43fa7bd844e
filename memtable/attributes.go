package memtable

import (
	"encoding/base64"
	"errors"
	"strings"
	"unique"

	"github.com/dynox-go/dynox/internal/number"
	"github.com/dynox-go/dynox/internal/wire"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// maxNesting is how many levels an attribute's value may have. Lists and maps nest 31 deep, and what is in the
// innermost of them is the last level.
const maxNesting = 32

// attributes are an item, a key or the values of expressions as a request has them. The service checks
// values after the rest of the request, so what is wrong with them is kept until somebody asks.
type attributes struct {
	ok    bool
	item  value.Item
	fault string // the first thing that is wrong with a value; empty if nothing is
	name  string // the attribute that the fault is in
}

// check returns the fault as an error.
func (a attributes) check() error {
	if a.fault != "" {
		return invalid("%s", a.fault)
	}
	return nil
}

// attributeValue is a single value as a request has it.
type attributeValue struct {
	ok    bool
	v     value.Value
	fault string
}

// attributes reads a map of attribute values.
func (d *decoder) attributes() (out attributes) {
	if !d.opens(dictionary, "AttributeValue", inStructure) {
		return out
	}
	out.ok = true
	all, first := d.attributeMap(1)
	out.item, out.fault, out.name = newItem(all), first.message, first.name
	return out
}

// valueFault is the first thing that is wrong with the values of a map, and the attribute that it is in.
type valueFault struct{ message, name string }

// attributeMap reads the members of a map of attribute values, at a level of nesting.
func (d *decoder) attributeMap(level int) (all []value.Attribute, first valueFault) {
	if d.failed(d.s.Object()) {
		return nil, first
	}
	for {
		text, ok, err := d.s.Member()
		if d.failed(err) || !ok {
			return all, first
		}
		name := unique.Make(string(text)).Value()
		if d.null() {
			if d.err != nil {
				return all, first
			}
			continue
		}
		v := d.attributeValue(level)
		if v.fault != "" && first.message == "" {
			first = valueFault{v.fault, name}
		}
		all = append(all, value.Attribute{Name: name, Value: v.v})
	}
}

// newItem makes an item that doesn't hold on to more memory than it needs: it may be stored for long, among
// many others with the same attributes.
func newItem(all []value.Attribute) value.Item {
	if len(all) < cap(all) {
		all = append(make([]value.Attribute, 0, len(all)), all...)
	}
	return value.NewItem(all)
}

// Faults of values.
const (
	emptyValue    = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
	severalTypes  = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
	nestedTooDeep = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
	invalidPrefix = "One or more parameter values were invalid: "
)

// attributeValue reads a value such as {"S": "text"} inside a list or map, at a level of nesting that starts
// at 1. Of a value with several types, which the service refuses, it gives one.
func (d *decoder) attributeValue(level int) attributeValue { return d.valueAt(inCollection, level) }

// valueMember reads a value that is a structure's member.
func (d *decoder) valueMember() attributeValue { return d.valueAt(inStructure, 1) }

func (d *decoder) valueAt(at place, level int) (out attributeValue) {
	if !d.opens(structure, "AttributeValue", at) || d.failed(d.s.Object()) {
		return out
	}
	out.ok = true
	types := 0
	for d.err == nil {
		name, ok, err := d.s.Member()
		if d.failed(err) || !ok {
			break
		}
		kind := value.KindOf(string(name))
		switch {
		case d.null():
		case kind == value.Invalid:
			d.skip()
		default:
			types++
			var fault string
			if out.v, fault = d.typedValue(kind, level); out.fault == "" {
				out.fault = fault
			}
		}
	}
	switch {
	case out.fault != "":
	case types == 0:
		out.fault = emptyValue
	case types > 1:
		out.fault = severalTypes
	}
	return out
}

// typedValue reads what stands behind a type's name.
func (d *decoder) typedValue(kind value.Kind, level int) (v value.Value, fault string) {
	switch kind {
	case value.KindS:
		return value.String(d.string().v), ""
	case value.KindN:
		n, fault := parseNumber(d.string().v)
		return value.Number(n), fault
	case value.KindB:
		return value.Binary(d.binary()), ""
	case value.KindBOOL:
		return value.Bool(d.bool().v), ""
	case value.KindNULL:
		if !d.bool().v {
			fault = invalidPrefix + "Null attribute value types must have the value of true"
		}
		return value.Null(), fault
	case value.KindL, value.KindM:
		if level >= maxNesting {
			d.skip()
			return value.List(nil), nestedTooDeep
		}
		if kind == value.KindL {
			return d.listValue(level)
		}
		return d.mapValue(level)
	}
	return d.setValue(kind)
}

func (d *decoder) listValue(level int) (value.Value, string) {
	var elems []value.Value
	fault := ""
	d.list(func(int) {
		v := d.attributeValue(level + 1)
		if !v.ok {
			v.fault = emptyValue
		}
		if fault == "" {
			fault = v.fault
		}
		elems = append(elems, v.v)
	})
	return value.List(elems), fault
}

func (d *decoder) mapValue(level int) (value.Value, string) {
	if !d.opens(dictionary, "AttributeValue", inStructure) {
		return value.Map(value.Item{}), ""
	}
	all, first := d.attributeMap(level + 1)
	return value.Map(newItem(all)), first.message
}

// setValue reads a set. The service words the faults of each kind of set in its own way.
func (d *decoder) setValue(kind value.Kind) (v value.Value, fault string) {
	var distinct bool
	var texts []string
	switch kind {
	case value.KindSS:
		texts = d.strings().v
		if len(texts) == 0 {
			return v, invalidPrefix + "An string set  may not be empty"
		}
		shown := "[" + strings.Join(texts, ", ") + "]"
		if v, distinct = value.StringSet(texts); !distinct {
			return v, invalidPrefix + "Input collection " + shown + " contains duplicates."
		}
	case value.KindBS:
		d.list(func(int) { texts = append(texts, d.binary()) })
		if len(texts) == 0 {
			return v, invalidPrefix + "Binary sets should not be empty"
		}
		shown := make([]string, len(texts))
		for i, text := range texts {
			shown[i] = base64.StdEncoding.EncodeToString([]byte(text))
		}
		if v, distinct = value.BinarySet(texts); !distinct {
			return v, invalidPrefix + "Input collection [" + strings.Join(shown, ", ") + "]of type BS contains duplicates."
		}
	case value.KindNS:
		return d.numberSet()
	}
	return v, ""
}

func (d *decoder) numberSet() (value.Value, string) {
	texts := d.strings().v
	if len(texts) == 0 {
		return value.Value{}, invalidPrefix + "An number set  may not be empty"
	}
	numbers := make([]number.Number, len(texts))
	for i, text := range texts {
		n, fault := parseNumber(text)
		if fault != "" {
			return value.Value{}, fault
		}
		numbers[i] = n
	}
	v, distinct := value.NumberSet(numbers)
	if !distinct {
		return v, "Input collection contains duplicates"
	}
	return v, ""
}

func parseNumber(text string) (n number.Number, fault string) {
	n, err := number.Parse(text)
	switch {
	case err == nil:
		return n, ""
	case text == "":
		return n, "The parameter cannot be converted to a numeric value"
	case errors.Is(err, number.ErrOverflow):
		return n, "Number overflow. Attempting to store a number with magnitude larger than supported range"
	case errors.Is(err, number.ErrUnderflow):
		return n, "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	case errors.Is(err, number.ErrPrecision):
		return n, "Attempting to store more than 38 significant digits in a Number"
	}
	return n, "The parameter cannot be converted to a numeric value: " + text
}

// binary reads base64.
func (d *decoder) binary() string {
	if d.null() {
		return ""
	}
	switch d.s.Kind() {
	case wire.String:
	case wire.Object:
		d.fail("Start of structure or map found where not expected")
		return ""
	case wire.Array:
		d.fail("Unrecognized collection type class java.nio.ByteBuffer")
		return ""
	default:
		d.fail("only base-64-encoded strings are convertible to bytes")
		return ""
	}
	text, err := d.s.String()
	if d.failed(err) {
		return ""
	}
	if len(text)%4 != 0 {
		d.fail("Base64 encoded length is expected a multiple of 4 bytes but found: " + itoa(len(text)))
		return ""
	}
	out, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	if err != nil {
		d.fail("Invalid last non-pad Base64 character dectected")
		return ""
	}
	return string(out)
}

// Writing.

func (w *writer) item(name string, item value.Item) {
	w.name(name)
	w.attributes(item)
}

func (w *writer) itemElem(item value.Item) {
	w.comma()
	w.attributes(item)
}

// searchItem writes an item that a search found. Its vector is the index's own: 32-bit floats.
func (w *writer) searchItem(name string, item value.Item, vector string) {
	w.object(name)
	for name, v := range item.All() {
		w.name(name)
		if name == vector {
			w.vector(v)
		} else {
			w.value(v)
		}
	}
	w.endObject()
}

func (w *writer) vector(v value.Value) {
	w.b = append(w.b, `{"L":[`...)
	for i, elem := range v.List() {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		f, _ := float32Of(elem) // as the index has it
		w.b = append(appendFloat(append(w.b, `{"N":"`...), float64(f), 32), `"}`...)
	}
	w.b = append(w.b, "]}"...)
}

// attributes appends an item's JSON.
func (w *writer) attributes(item value.Item) {
	w.b = append(w.b, '{')
	first := true
	for name, v := range item.All() {
		if !first {
			w.b = append(w.b, ',')
		}
		first = false
		w.b = wire.AppendString(w.b, name)
		w.b = append(w.b, ':')
		w.value(v)
	}
	w.b = append(w.b, '}')
}

// value appends a value's JSON, such as {"S":"text"}.
func (w *writer) value(v value.Value) {
	w.b = append(w.b, '{', '"')
	w.b = append(w.b, v.Kind().String()...)
	w.b = append(w.b, '"', ':')
	switch v.Kind() {
	case value.KindBOOL:
		w.b = wire.AppendBool(w.b, v.Bool())
	case value.KindNULL:
		w.b = append(w.b, "true"...)
	case value.KindL:
		w.b = append(w.b, '[')
		for i, elem := range v.List() {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.value(elem)
		}
		w.b = append(w.b, ']')
	case value.KindM:
		w.attributes(v.Map())
	case value.KindSS, value.KindNS, value.KindBS:
		open := len(w.b)
		w.b = append(w.b, '[')
		for elem := range v.Set() {
			if len(w.b) > open+1 {
				w.b = append(w.b, ',')
			}
			w.scalar(elem)
		}
		w.b = append(w.b, ']')
	default:
		w.scalar(v)
	}
	w.b = append(w.b, '}')
}

// scalar appends the JSON of what an S, N or B value holds.
func (w *writer) scalar(v value.Value) {
	switch v.Kind() {
	case value.KindS:
		w.b = wire.AppendString(w.b, v.Text())
	case value.KindN:
		w.b = append(w.b, '"')
		w.b = v.Number().Append(w.b)
		w.b = append(w.b, '"')
	case value.KindB:
		w.b = wire.AppendBytes(w.b, v.Text())
	}
}
