package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/internal/wire"
)

// kinds has a field of every kind that reading tells apart.
type kinds struct {
	ID     string `dynamodbav:"id"`
	K      int    // which U+212A folds to
	Bool   bool
	Int8   int8
	Uint   uint64
	Float  float64
	F32    float32 `dynamodbav:",string"`
	Big    big.Int
	Num    json.Number
	When   time.Time
	Until  *time.Time `dynamodbav:"until,unixtime"`
	Fixed  time.Time
	Milli  time.Time
	Doc    map[string]int
	Bytes  []byte
	Three  [3]byte
	List   []int
	Two    [2]string
	Tags   []string  `dynamodbav:",stringset"`
	Nums   []float64 `dynamodbav:",numberset"`
	Bins   [][]byte
	Set    map[myText]struct{} `dynamodbav:",stringset"`
	Ints   map[int]struct{}    `dynamodbav:",numberset"`
	Map    map[string]string
	ByText map[textKey]*int
	ByName map[myText]int
	Any    any
	Text   any `dynamodbav:",string"`
	Raw    types.AttributeValue
	RawS   *types.AttributeValueMemberS
	Coin   coin
	Purse  *purse
	Next   *kinds
	All    []kinds
	base
	*Mixin
}

var hostileFormats = map[string]Format{"Fixed": FixedTime, "Milli": UnixMilli, "Doc": JSON}

var hostileItems = []string{
	`{}`, ``, `{`, `null`, `[]`, `{"id":{"S":"1"}} x`, ` { "id" : { "S" : "1" } } `,
	`{"id":{"S":"1"},"id":{"S":"2"}}`, `{"ID":{"S":"1"},"Id":{"N":"2"}}`, `{"ID":{"S":"1"},"ID":{"S":"2"}}`,
	`{"ID":{"S":"1"},"id":{"S":"2"},"ID":{"S":"3"}}`, `{"\u212a":{"N":"1"}}`, `{"\u006bk":{"N":"1"},"k":{"N":"7"}}`,
	`{"id":{"S":"1","N":"2"}}`, `{"id":{}}`, `{"id":{"X":"1"}}`, `{"id":{"S":1}}`, `{"id":{"S":null}}`, `{"id":null}`, `{"id":"S"}`,
	`{"unknown":{"X":1}}`, `{"unknown":null,"unknown":5}`, `{"id":{"\u0053":"\ud83d\ude00\ud83d"}}`, "{\"id\":{\"S\":\"\xff\"}}",
	`{"Int8":{"N":"128"}}`, `{"Int8":{"N":"+12"}}`, `{"Int8":{"N":""}}`, `{"Int8":{"N":12}}`, `{"Uint":{"N":"18446744073709551616"}}`,
	`{"Float":{"N":"1e400"}}`, `{"Float":{"N":"0x1p4"}}`, `{"F32":{"S":"3.4e38"}}`, `{"Big":{"N":"123456789012345678901234567890"}}`,
	`{"Num":{"N":"1.5"},"When":{"S":"2024-05-06T07:08:09.5+01:00"},"until":{"N":"1700000000"},"Fixed":{"N":"5"},"Milli":{"N":"5"}}`,
	`{"When":{"S":"2024-05-06T07:08:09Z"},"Fixed":{"S":"2024-02-30T00:00:00Z"}}`, `{"Doc":{"S":"{\"a\":1}"}}`, `{"Doc":{"S":"{"}}`,
	`{"Bytes":{"B":"AA=="},"Three":{"B":"AAAA"}}`, `{"Bytes":{"B":"AB=="}}`, `{"Three":{"B":"AA=="}}`, `{"Bytes":{"L":[{"N":"1"}]}}`,
	`{"List":{"L":[{"N":"1"},{"NULL":false},{"N":"3"}]},"Two":{"L":[{"S":"a"},{"S":"b"},{"X":1}]}}`, `{"List":{"NS":["1","2"]}}`,
	`{"List":{"L":[{"N":"1"},]}}`, `{"List":{"L":[{"N":"1"}{"N":"1"}]}}`, `{"List":{"L":{}}}`, `{"Tags":{"SS":["a","a"]},"Nums":{"NS":["1.5"]},"Bins":{"BS":["AA==",""]}}`,
	`{"Tags":{"SS":["a",1]}}`, `{"Tags":{"NULL":true}}`, `{"Tags":{"NULL":"x"}}`, `{"Set":{"SS":["a","b"]},"Ints":{"NS":["1","1"]}}`,
	`{"Set":{"M":{"a":{"M":{}}}},"Map":{"M":{"a":{"S":"1"},"b":{"N":"2"}}}}`, `{"Map":{"M":{"a":{"S":"1"},"a":{"S":"1"}}}}`,
	`{"ByText":{"M":{"1/2":{"N":"3"}}}}`, `{"ByText":{"M":{"x":{"N":"3"}}}}`, `{"Any":{"M":{"a":{"L":[{"N":"1"},{"NULL":true},{"BS":["AA=="]},{"NS":["1"]},{"SS":[]},{"BOOL":true}]}}},"Text":{"S":"5"}}`,
	`{"ByName":{"M":{"a":{"N":"1"},"b":{"NULL":true}}}}`, `{"ByName":{"M":{"a":{"N":"1"},"a":{"N":"1"}}}}`, `{"Any":{"M":{"a":{"S":""},"a":{"S":""}}}}`,
	`{"Raw":{"M":{"a":{"L":[]}}},"RawS":{"S":"x"}}`, `{"RawS":{"N":"1"}}`, `{"Raw":{"NULL":true},"RawS":{"NULL":true}}`, `{"Coin":{"N":"5"},"Purse":{"S":"1 2"}}`, `{"Coin":{"S":"5"}}`,
	`{"Next":{"M":{"Next":{"M":{"Next":{"M":{"id":{"S":"3"}}}}}}},"All":{"L":[{"M":{"id":{"S":"1"}}},{"M":{"All":{"L":[{"M":{}}]}}}]}}`,
	`{"Deep":{"BOOL":true},"deep":{"BOOL":true},"When":{"NULL":true},"Hidden":{"S":"x"}}`, `{"pk":{"S":"1"},"pk":{"S":"2"}}`, `{"pk":{"X":[]},"PK":1}`,
}

// FuzzDecodeItem holds DecodeItem to encoding/json and Decode.
func FuzzDecodeItem(f *testing.F) {
	for _, raw := range hostileItems {
		f.Add([]byte(raw))
	}
	p, err := Compile(reflect.TypeFor[kinds](), Options{Formats: hostileFormats})
	if err != nil {
		f.Fatal(err)
	}
	watch := p.Watch("pk", "id", "Any")
	f.Add(plainLists)
	f.Add(append(bytes.TrimSuffix(plainLists, []byte(`}]}}`)), `"id":{"S":"x"},"Any":`...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.Count(raw, []byte("["))+bytes.Count(raw, []byte("{")) > wire.MaxDepth/2 {
			t.Skip("the two limit nesting differently")
		}
		decodesAsPlain(t, watch.NewDecoder(), raw)
	})
}

// decodesAsPlain reads raw, which need not be an item, twice, with what d
// learned, and plainly.
func decodesAsPlain(t *testing.T, d *Decoder, raw []byte) {
	want := new(kinds)
	attrs, werr := plainItem(raw)
	if werr == nil {
		werr = d.plan.Decode(attrs, want)
	}
	if named := plainNames(raw, "pk"); werr == nil && named > 1 {
		werr = errors.New("pk is watched, and there twice")
	}
	for range 2 {
		got := &kinds{ID: "old", Any: 1}
		gerr := d.DecodeItem(raw, got)
		if (werr == nil) != (gerr == nil) {
			t.Fatalf("plainly %v, directly %v\n%s", werr, gerr, raw)
		}
		if gerr == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("plainly %+v\ndirectly %+v\n%s\n%s", want, got, raw, cmp.Diff(want, got, ignoreSerde, cmp.Exporter(func(reflect.Type) bool { return true })))
		}
		var e *Error
		if gerr != nil && (!errors.As(gerr, &e) || e.Op != "decode") {
			t.Fatalf("%T: %v", gerr, gerr)
		}
	}
	// Whatever it was, what d reads afterwards is as if it had not been.
	for range 2 {
		fresh := new(kinds)
		if err := d.DecodeItem(plainLists, fresh); err != nil {
			t.Fatal(err)
		}
		for _, k := range fresh.All {
			if !reflect.DeepEqual(k, kinds{}) {
				t.Fatalf("an element that says nothing has %+v\n%s", k, raw)
			}
		}
	}
}

// plainLists is an item with a list of elements that say nothing.
var plainLists = []byte(`{"All":{"L":[` + strings.Repeat(`{"M":{}},`, 19) + `{"M":{}}]}}`)

// plainItem reads raw by encoding/json. Attribute values that are none become
// UnknownUnionMembers, which Decode refuses where it reads them; so do those
// of names that are there twice.
func plainItem(raw []byte) (map[string]types.AttributeValue, error) {
	if !json.Valid(raw) {
		return nil, errors.New("no JSON")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	members, ok := plainTree(d).([]plainMember)
	if !ok {
		return nil, errors.New("no object")
	}
	return plainAttributes(members), nil
}

func plainNames(raw []byte, name string) (n int) {
	if !json.Valid(raw) {
		return 0
	}
	members, _ := plainTree(json.NewDecoder(bytes.NewReader(raw))).([]plainMember)
	for _, m := range members {
		if m.name == name {
			n++
		}
	}
	return n
}

type plainMember struct {
	name  string
	value any
}

// plainTree is the next value of d, valid JSON, objects as their members.
func plainTree(d *json.Decoder) any {
	token, _ := d.Token()
	switch token {
	case json.Delim('{'):
		members := []plainMember{}
		for d.More() {
			name, _ := d.Token()
			members = append(members, plainMember{name.(string), plainTree(d)})
		}
		_, _ = d.Token()
		return members
	case json.Delim('['):
		list := []any{}
		for d.More() {
			list = append(list, plainTree(d))
		}
		_, _ = d.Token()
		return list
	}
	return token
}

func plainAttributes(members []plainMember) map[string]types.AttributeValue {
	m := map[string]types.AttributeValue{}
	for _, e := range members {
		if _, twice := m[e.name]; twice {
			m[e.name] = unknownMember
			continue
		}
		m[e.name] = plainAttribute(e.value)
	}
	return m
}

var unknownMember = &types.UnknownUnionMember{}

func plainAttribute(v any) types.AttributeValue {
	members, ok := v.([]plainMember)
	if !ok || len(members) != 1 {
		return unknownMember
	}
	held := members[0].value
	switch members[0].name {
	case "S":
		if text, ok := held.(string); ok {
			return s(text)
		}
	case "N":
		if text, ok := held.(string); ok {
			return n(text)
		}
	case "B":
		if b, ok := plainBytes(held); ok {
			return &types.AttributeValueMemberB{Value: b}
		}
	case "BOOL":
		if b, ok := held.(bool); ok {
			return &types.AttributeValueMemberBOOL{Value: b}
		}
	case "NULL":
		if b, ok := held.(bool); ok {
			return &types.AttributeValueMemberNULL{Value: b}
		}
	case "M":
		if members, ok := held.([]plainMember); ok {
			return &types.AttributeValueMemberM{Value: plainAttributes(members)}
		}
	case "L":
		if list, ok := held.([]any); ok {
			out := []types.AttributeValue{}
			for _, e := range list {
				out = append(out, plainAttribute(e))
			}
			return &types.AttributeValueMemberL{Value: out}
		}
	case "SS":
		if out, ok := plainSet(held, plainText); ok {
			return &types.AttributeValueMemberSS{Value: out}
		}
	case "NS":
		if out, ok := plainSet(held, plainText); ok {
			return &types.AttributeValueMemberNS{Value: out}
		}
	case "BS":
		if out, ok := plainSet(held, plainBytes); ok {
			return &types.AttributeValueMemberBS{Value: out}
		}
	}
	return unknownMember
}

func plainText(v any) (string, bool) { text, ok := v.(string); return text, ok }

func plainBytes(v any) ([]byte, bool) {
	text, ok := v.(string)
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	return b, ok && err == nil && !strings.ContainsAny(text, "\r\n")
}

func plainSet[E any](v any, member func(any) (E, bool)) ([]E, bool) {
	list, ok := v.([]any)
	out := []E{}
	for _, v := range list {
		e, fits := member(v)
		ok = ok && fits
		out = append(out, e)
	}
	return out, ok
}

func TestDecodeItemNests(t *testing.T) {
	is := is.New(t)
	p := compile[kinds](t, Options{})
	d := p.Watch().NewDecoder()
	deep := func(open, end string, n int) []byte {
		return []byte(`{"Any":` + strings.Repeat(open, n) + `{"S":""}` + strings.Repeat(end, n) + `}`)
	}
	for _, of := range []struct{ open, end string }{{`{"L":[`, `]}`}, {`{"M":{"a":`, `}}`}} {
		is.NoErr(d.DecodeItem(deep(of.open, of.end, 32), new(kinds)))
		for _, n := range []int{130, 1000, 100_000} {
			err := d.DecodeItem(deep(of.open, of.end, n), new(kinds))
			is.True(errors.As(err, new(*Error)))
			_, err = AttributeValues(deep(of.open, of.end, n))
			is.True(errors.As(err, new(*Error)))
		}
	}
	for _, name := range []string{"Next", "Raw", "unknown"} {
		is.True(d.DecodeItem([]byte(strings.Repeat(`{"`+name+`":{"M":`, 100_000)), new(kinds)) != nil)
	}
}

func TestDecodeItemErrorsSayWhere(t *testing.T) {
	is := is.New(t)
	d := compile[order](t, Options{}).Watch().NewDecoder()
	for raw, want := range map[string]string{
		`{"ship":{"M":{"zip":{"S":"secret"}}}}`:                        "decode order: ship.zip: cannot read S into int64",
		`{"ship":{"M":{"zip":{"N":"99999999999999999999"}}}}`:          "decode order: ship.zip: number out of range of int64",
		`{"stops":{"L":[{"NULL":true},{"M":{"zip":{"N":"secret"}}}]}}`: "decode order: stops[1].zip: cannot read the number into int64",
		`{"meta":{"M":{"secret":{"N":"secret"}}}}`:                     "decode order: meta.*: cannot read the number into float64",
		`{"ship":{"M":{"city":{"S":"a"},"city":{"S":"b"}}}}`:           "decode order: ship.city: the attribute is there twice",
		`{"id":{"S":"a","N":"b"}}`:                                     "decode order: id: JSON: attribute value with two types at offset 14",
		`{"id":{"secret":"a"}}`:                                        "decode order: id: JSON: unknown type of attribute value at offset 7",
		`{"id":{}}`:                                                    "decode order: id: JSON: attribute value without a type at offset 7",
		`{"id":{"S":"a"`:                                               "decode order: id: JSON: unexpected end at offset 14",
		`{"id":{"S":"a"}}{`:                                            "decode order: JSON: expected the end at offset 16",
		`[]`:                                                           "decode order: JSON: expected an object at offset 0",
	} {
		err := d.DecodeItem([]byte(raw), new(order))
		is.True(err != nil)
		is.Equal(err.Error(), want)
	}
}

// TestStricterThanTheSDK lists what the direct way refuses and the SDK reads; docs/codec.md says why.
func TestStricterThanTheSDK(t *testing.T) {
	type item struct{ A types.AttributeValue }
	for _, raw := range []string{
		`{"Z":{"S":"before"},"A":{"X":"1"}}`, `{"A":{}}`, `{"A":null}`, `{"A":{"S":null}}`,
		`{"A":{"S":"1"},"A":{"S":"2"}}`, `{"A":{"M":{"B":{"S":"1"},"B":{"S":"2"}}}}`,
		`{"A":{"B":"AB=="}}`, `{"A":{"B":"AA\n=="}}`,
	} {
		t.Run(raw, func(t *testing.T) {
			is := is.New(t)
			_, err := sdkItem(t.Context(), []byte(raw))
			is.NoErr(err) // no difference any more
			err = compile[item](t, Options{}).Watch().NewDecoder().DecodeItem([]byte(raw), new(item))
			is.True(errors.As(err, new(*Error)))
		})
	}
}

// A list that breaks off is read to where it does, and no further: what is read
// afterwards is untouched.
func TestListsThatBreakOff(t *testing.T) {
	type line struct {
		A string `dynamodbav:"a"`
		B int64  `dynamodbav:"b"`
		C *int   `dynamodbav:"c"`
	}
	type sale struct {
		Lines []line `dynamodbav:"lines"`
	}
	is := is.New(t)
	p, err := Compile(reflect.TypeFor[sale](), Options{})
	is.NoErr(err)
	for n := range 200 {
		d := p.Watch().NewDecoder()
		whole := `{"M":{"a":{"S":"x"}}},`
		bad := `{"lines":{"L":[` + strings.Repeat(whole, n) + `{"M":{"a":{"S":"LEAK"},"b":{"N":"77"},"c":`
		var broken, empty sale
		is.True(d.DecodeItem([]byte(bad), &broken) != nil)
		is.Equal(len(broken.Lines), n)
		for range 4 {
			is.NoErr(d.DecodeItem([]byte(`{"lines":{"L":[`+strings.Repeat(`{"M":{}},`, 15)+`{"M":{}}]}}`), &empty))
			for _, l := range empty.Lines {
				is.Equal(l, line{})
			}
		}
	}
}
