package codec

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The direct way's twin is the way through attribute values, and the SDK's
// meaning of JSON; the fuzz targets run the same properties.

func TestAppendsAsEncode(t *testing.T) { rapid.Check(t, appendsAsEncode) }
func TestReadsAsDecode(t *testing.T)   { rapid.Check(t, readsAsDecode) }
func FuzzAppendsAsEncode(f *testing.F) { fuzz(f, appendsAsEncode) }
func FuzzReadsAsDecode(f *testing.F)   { fuzz(f, readsAsDecode) }

// drawPlan draws a type and a plan, with formats where they can be.
func drawPlan(t *rapid.T, depth int) *Plan {
	typ := drawStruct(t, depth, true)
	formats := map[string]Format{}
	fields, err := Fields(typ)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		format := rapid.SampledFrom([]Format{Default, Default, FixedTime, UnixMilli, JSON}).Draw(t, "format")
		if format != Default && format.check(f) == "" && (format != JSON || isJSON(f.Type)) {
			formats[nameText(f.Name)] = format
		}
	}
	p, err := Compile(typ, Options{Formats: formats})
	if err != nil {
		t.Fatalf("%v\n%s", err, typ)
	}
	return p
}

// isJSON reports whether encoding/json writes a t in one way only.
func isJSON(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Slice:
		return t.Kind() != reflect.Slice || isJSON(t.Elem())
	}
	return false
}

// appendsAsEncode holds AppendItem to Encode, by the SDK's reading of its JSON.
func appendsAsEncode(t *rapid.T) {
	p := drawPlan(t, 3)
	in := reflect.New(p.typ)
	drawValue(t, in.Elem(), 5, false)

	want, werr := p.Encode(in.Interface())
	got, gerr := p.AppendItem([]byte("before"), in.Interface())
	if (werr == nil) != (gerr == nil) {
		t.Fatalf("Encode fails with %v, AppendItem with %v\n%s\n%#v", werr, gerr, p.typ, in.Elem())
	}
	if werr != nil {
		if werr.Error() != gerr.Error() && !severalFail(werr) {
			t.Fatalf("Encode fails with %v, AppendItem with %v", werr, gerr)
		}
		return
	}
	raw, ok := bytes.CutPrefix(got, []byte("before"))
	if !ok {
		t.Fatalf("what was in dst is gone: %s", got)
	}
	sdk, err := sdkItem(t.Context(), raw)
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	if !reflect.DeepEqual(sdk, want) {
		t.Fatalf("%s\n%s\n%s", p.typ, raw, cmp.Diff(want, sdk, ignoreSerde))
	}
	ours, err := AttributeValues(raw)
	if err != nil || !reflect.DeepEqual(ours, want) {
		t.Fatalf("%v\n%s\n%s", err, raw, cmp.Diff(want, ours, ignoreSerde))
	}
	sameRead(t, p.Watch().NewDecoder(), want, raw)
}

// severalFail reports that of several errors either may be found first.
func severalFail(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Path != ""
}

// sameRead reads one item by both ways.
func sameRead(t *rapid.T, d *Decoder, attrs map[string]types.AttributeValue, raw []byte) {
	want, got := reflect.New(d.plan.typ), reflect.New(d.plan.typ)
	drawDirt(t, got.Elem())
	werr := d.plan.Decode(attrs, want.Interface())
	gerr := d.DecodeItem(raw, got.Interface())
	if (werr == nil) != (gerr == nil) {
		t.Fatalf("Decode fails with %v, DecodeItem with %v\n%s\n%s", werr, gerr, d.plan.typ, raw)
	}
	if werr == nil && !reflect.DeepEqual(want.Interface(), got.Interface()) {
		t.Fatalf("%s\n%s\nDecode gives %+v\nDecodeItem gives %+v\n%s", d.plan.typ, raw, want.Elem(), got.Elem(),
			cmp.Diff(want.Interface(), got.Interface(), cmp.Exporter(func(reflect.Type) bool { return true })))
	}
	if gerr != nil && !errors.As(gerr, new(*Error)) {
		t.Fatalf("%T: %v", gerr, gerr)
	}
	d.Release()
}

// drawDirt puts something into v that reading must not leave there.
func drawDirt(t *rapid.T, v reflect.Value) {
	if rapid.Bool().Draw(t, "dirty") {
		drawValue(t, v, 2, false)
	}
}

// readsAsDecode holds DecodeItem to Decode, for attributes that need not fit
// their fields, in any order, one item after the other.
func readsAsDecode(t *rapid.T) {
	p := drawPlan(t, 2)
	watch := []string{"unknown", "absent", "pk"}
	for _, f := range p.fields {
		if rapid.Bool().Draw(t, "watched") && !slices.Contains(watch, f.Name) {
			watch = append(watch, f.Name)
		}
	}
	d := p.Watch(watch...).NewDecoder()
	for range rapid.IntRange(1, 3).Draw(t, "items") {
		attrs := drawAttrs(t, p)
		raw := appendShuffled(t, nil, attrs, rapid.Bool().Draw(t, "spaces"))
		sameRead(t, d, attrs, raw)
		if d.DecodeItem(raw, reflect.New(p.typ).Interface()) != nil {
			continue
		}
		for i, name := range watch {
			av, err := AttributeValue(d.Raw(i))
			if want, ok := attrs[name]; ok != (d.Raw(i) != nil) || ok && (err != nil || !reflect.DeepEqual(av, want)) {
				t.Fatalf("watched %s is %s, not %v", name, d.Raw(i), want)
			}
		}
	}
}

// drawAttrs draws attributes of which most fit the fields of p.
func drawAttrs(t *rapid.T, p *Plan) map[string]types.AttributeValue {
	attrs := map[string]types.AttributeValue{}
	for _, f := range p.fields {
		for _, name := range []string{f.Name, swapCase(f.Name)} {
			if rapid.IntRange(0, 9).Draw(t, "attr") > 1 || name != f.Name && rapid.Bool().Draw(t, "fold") {
				attrs[name] = notMissing(drawFitting(t, f.Type, 3))
			}
		}
	}
	if rapid.Bool().Draw(t, "more") {
		attrs["unknown"] = notMissing(drawAttribute(t, 2))
		attrs["pk"] = s("PK")
	}
	return attrs
}

func swapCase(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			b[i] ^= 0x20
			break
		}
	}
	return string(b)
}

// notMissing is av with NULL for every nil, which JSON has not.
func notMissing(av types.AttributeValue) types.AttributeValue {
	switch m := av.(type) {
	case nil:
		return newNull()
	case *types.AttributeValueMemberL:
		m.Value = append([]types.AttributeValue{}, m.Value...)
		for i := range m.Value {
			m.Value[i] = notMissing(m.Value[i])
		}
	case *types.AttributeValueMemberM:
		for k := range m.Value {
			m.Value[k] = notMissing(m.Value[k])
		}
	case *types.AttributeValueMemberSS:
		m.Value = append([]string{}, m.Value...)
	case *types.AttributeValueMemberNS:
		m.Value = append([]string{}, m.Value...)
	case *types.AttributeValueMemberBS:
		m.Value = append([][]byte{}, m.Value...)
	}
	return av
}

// appendShuffled appends attrs as an object in a random order, perhaps with white space.
func appendShuffled(t *rapid.T, dst []byte, attrs map[string]types.AttributeValue, spaces bool) []byte {
	names := make([]string, 0, len(attrs))
	for name := range attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		one, err := appendAttributes(nil, map[string]types.AttributeValue{name: attrs[name]}, 0)
		if err != nil {
			t.Fatal(err)
		}
		dst = append(dst, one[1:len(one)-1]...)
	}
	dst = append(dst, '}')
	if !spaces {
		return dst
	}
	var spaced []byte
	quoted := false
	for i, c := range dst {
		if c == '"' && (i == 0 || dst[i-1] != '\\') {
			quoted = !quoted
		}
		spaced = append(spaced, c)
		if !quoted && c != '"' && (c < '0' || c > 'z') || c == ':' && !quoted {
			spaced = append(spaced, " \n\t\r"[r.IntN(4)])
		}
	}
	return spaced
}
