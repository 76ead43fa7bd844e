package codec

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// theirs encodes by attributevalue, set to leave zero times out.
func theirs(item any) (av types.AttributeValue, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked{r}
		}
	}()
	return attributevalue.NewEncoder(func(o *attributevalue.EncoderOptions) { o.OmitEmptyTime = true }).Encode(item)
}

// theirDecode decodes by attributevalue, set to give Unmarshalers one member of a set at a time.
func theirDecode(av types.AttributeValue, out any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked{r}
		}
	}()
	return attributevalue.NewDecoder(func(o *attributevalue.DecoderOptions) {
		o.FixUnmarshalIndividualSetValues = true
	}).Decode(av, out)
}

// panicked is a panic of attributevalue, where ours need only not panic.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprint("panic: ", p.value) }

func isPanic(err error) bool { return errors.As(err, new(panicked)) }

var ignoreSerde = cmpopts.IgnoreUnexported(
	types.AttributeValueMemberB{}, types.AttributeValueMemberBOOL{}, types.AttributeValueMemberBS{},
	types.AttributeValueMemberL{}, types.AttributeValueMemberM{}, types.AttributeValueMemberN{},
	types.AttributeValueMemberNS{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberS{},
	types.AttributeValueMemberSS{})

// The codec's twin is attributevalue; the fuzz targets run the same properties.

func TestEqualsAttributeValue(t *testing.T)    { rapid.Check(t, equalsAttributeValue) }
func TestDecodesAsAttributeValue(t *testing.T) { rapid.Check(t, decodesAsAttributeValue) }
func FuzzEqualsAttributeValue(f *testing.F)    { fuzz(f, equalsAttributeValue) }
func FuzzDecodesAsAttributeValue(f *testing.F) { fuzz(f, decodesAsAttributeValue) }

func fuzz(f *testing.F, property func(*rapid.T)) {
	for seed := range 20 {
		b := make([]byte, 4096)
		rand.NewChaCha8([32]byte{byte(seed)}).Read(b)
		f.Add(b)
	}
	f.Fuzz(rapid.MakeFuzz(property))
}

// TestMain has the properties checked more often than rapid does by default,
// since most types are drawn small.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "2000"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// equalsAttributeValue encodes a random value of a random type with both
// codecs, and decodes the result with both.
func equalsAttributeValue(t *rapid.T) {
	typ := drawStruct(t, 3, true)
	in := reflect.New(typ)
	drawValue(t, in.Elem(), 5, false)

	p, err := Compile(typ, Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, typ)
	}
	want, werr := theirs(in.Interface())
	got, gerr := p.Encode(in.Interface())
	if isPanic(werr) {
		return
	}
	if (werr == nil) != (gerr == nil) {
		t.Fatalf("their error %v, ours %v\n%s\n%#v", werr, gerr, typ, in.Elem())
	}
	if werr != nil {
		return
	}
	if !reflect.DeepEqual(got, want.(*types.AttributeValueMemberM).Value) {
		t.Fatalf("%s\n%s", typ, cmp.Diff(want.(*types.AttributeValueMemberM).Value, got, ignoreSerde))
	}
	sameDecoded(t, p, typ, got)
}

// sameDecoded decodes attrs with both codecs.
func sameDecoded(t *rapid.T, p *Plan, typ reflect.Type, attrs map[string]types.AttributeValue) {
	want, got := reflect.New(typ), reflect.New(typ)
	werr := theirDecode(&types.AttributeValueMemberM{Value: attrs}, want.Interface())
	gerr := p.Decode(attrs, got.Interface())
	if isPanic(werr) {
		return
	}
	if (werr == nil) != (gerr == nil) && !isTimeMap(gerr) && !isOneKey(gerr) {
		t.Fatalf("their error %v, ours %v\n%s", werr, gerr, typ)
	}
	if werr == nil && gerr == nil && !reflect.DeepEqual(want.Interface(), got.Interface()) {
		t.Fatalf("%s\nthey decode %+v\nwe decode %+v", typ, want.Elem(), got.Elem())
	}
}

// isTimeMap reports that err refuses to read a map into a time, which attributevalue ignores.
func isTimeMap(err error) bool {
	var e *Error
	return errors.As(err, &e) && strings.HasPrefix(e.Reason, "cannot read M into") && strings.HasSuffix(e.Reason, "Time")
}

// isOneKey reports that err refuses two entries that are one key, of which attributevalue keeps one by chance.
func isOneKey(err error) bool {
	var e *Error
	return errors.As(err, &e) && strings.HasPrefix(e.Reason, "two entries are one key")
}

// decodesAsAttributeValue decodes attributes that need not fit their fields with
// both codecs.
func decodesAsAttributeValue(t *rapid.T) {
	typ := drawStruct(t, 2, true)
	p, err := Compile(typ, Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, typ)
	}
	attrs := map[string]types.AttributeValue{}
	for _, f := range p.Fields() {
		switch rapid.IntRange(0, 9).Draw(t, "attr") {
		case 0:
		case 1:
			attrs[strings.ToUpper(f.Name)] = drawFitting(t, f.Type, 3)
		default:
			attrs[f.Name] = drawFitting(t, f.Type, 3)
		}
	}
	attrs["unknown"] = drawAttribute(t, 2)
	sameDecoded(t, p, typ, attrs)
}

// drawFitting draws an attribute that mostly fits type typ.
func drawFitting(t *rapid.T, typ reflect.Type, depth int) types.AttributeValue {
	typ = deref(typ)
	if depth == 0 || isCustom(typ) || isTime(typ) || rapid.IntRange(0, 9).Draw(t, "any") == 0 {
		return drawAttribute(t, depth)
	}
	switch typ.Kind() {
	case reflect.Slice, reflect.Array:
		if typ.Elem().Kind() != reflect.Uint8 && rapid.IntRange(0, 2).Draw(t, "list") == 0 {
			list := make([]types.AttributeValue, rapid.IntRange(0, 4).Draw(t, "len"))
			for i := range list {
				list[i] = drawFitting(t, typ.Elem(), depth-1)
			}
			return &types.AttributeValueMemberL{Value: list}
		}
	case reflect.Map:
		m := map[string]types.AttributeValue{}
		for range rapid.IntRange(0, 3).Draw(t, "len") {
			k := rapid.SampledFrom([]string{"a", "true", "1", "-3", "300", "1.5", "1/2"}).Draw(t, "key")
			m[k] = drawFitting(t, typ.Elem(), depth-1)
		}
		return &types.AttributeValueMemberM{Value: m}
	case reflect.Struct:
		m := map[string]types.AttributeValue{}
		fields, _ := Fields(typ)
		for _, f := range fields {
			if rapid.Bool().Draw(t, "present") {
				m[f.Name] = drawFitting(t, f.Type, depth-1)
			}
		}
		return &types.AttributeValueMemberM{Value: m}
	}
	return drawAttribute(t, depth)
}

func drawAttribute(t *rapid.T, depth int) types.AttributeValue {
	text := func() string {
		return rapid.SampledFrom([]string{"", "a", "12", "2024-05-06T07:08:09Z", "2024-05-06T07:08:09.5+01:00"}).Draw(t, "text")
	}
	number := func() string {
		return rapid.SampledFrom([]string{"0", "1", "-1", "127", "128", "255", "256", "65536", "-2147483649",
			"9223372036854775807", "9223372036854775808", "1.5", "1e3", "1e400", "3.5e38", "", "x"}).Draw(t, "number")
	}
	binary := func() []byte { return rapid.SliceOfN(rapid.Byte(), 3, 3).Draw(t, "binary") }
	list := func(of func()) {
		for range rapid.IntRange(0, 3).Draw(t, "len") {
			of()
		}
	}
	switch rapid.IntRange(0, 10-min(1, max(0, 1-depth))*2).Draw(t, "member") {
	case 0:
		return s(text())
	case 1:
		return n(number())
	case 2:
		return &types.AttributeValueMemberB{Value: binary()}
	case 3:
		return &types.AttributeValueMemberBOOL{Value: rapid.Bool().Draw(t, "bool")}
	case 4:
		return &types.AttributeValueMemberNULL{Value: rapid.Bool().Draw(t, "null")}
	case 5:
		return nil
	case 6:
		m := &types.AttributeValueMemberSS{}
		list(func() { m.Value = append(m.Value, text()) })
		return m
	case 7:
		m := &types.AttributeValueMemberNS{}
		list(func() { m.Value = append(m.Value, number()) })
		return m
	case 8:
		m := &types.AttributeValueMemberBS{}
		list(func() { m.Value = append(m.Value, binary()) })
		return m
	case 9:
		m := &types.AttributeValueMemberL{}
		list(func() { m.Value = append(m.Value, drawAttribute(t, depth-1)) })
		return m
	}
	m := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}}
	list(func() {
		k := rapid.SampledFrom([]string{"a", "b", "1", "true", "id", "ID", "Name", "all"}).Draw(t, "key")
		m.Value[k] = drawAttribute(t, depth-1)
	})
	return m
}
