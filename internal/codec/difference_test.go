package codec

import (
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"
)

// Each row of the tables below is a difference from attributevalue that
// docs/codec.md lists, in its order. A row fails when attributevalue comes to
// do the same.

type attrs = map[string]types.AttributeValue

type named byte

type hue string

func (hue) String() string { return "a hue" }

func ptr[T any](v T) *T { return &v }

func TestIntendedEncodeDifferences(t *testing.T) {
	tests := []struct {
		name string
		item any
		want attrs  // nil: refused
		err  string // why it is refused
	}{
		{"zero time, omitempty", &struct {
			A time.Time               `dynamodbav:",unixtime,omitempty"`
			B attributevalue.UnixTime `dynamodbav:",omitempty"`
			C []time.Time             `dynamodbav:",omitemptyelem"`
		}{C: []time.Time{{}}}, attrs{"C": list()}, ""},
		{"zero time, nullempty", &struct {
			A time.Time `dynamodbav:",nullempty"`
		}{}, attrs{"A": null()}, ""},
		{"empty set, omitempty", &struct {
			A []string `dynamodbav:",stringset,omitempty"`
		}{A: []string{}}, attrs{}, ""},
		{"set left empty", &struct {
			A []string `dynamodbav:",stringset,omitemptyelem"`
		}{A: []string{""}}, attrs{"A": null()}, ""},
		{"map as a set", &struct {
			A map[string]struct{} `dynamodbav:",stringset"`
		}{map[string]struct{}{"b": {}, "a": {}}}, attrs{"A": &types.AttributeValueMemberSS{Value: []string{"a", "b"}}}, ""},
		{"attribute value", &struct{ A types.AttributeValue }{s("x")}, attrs{"A": s("x")}, ""},
		{"member", &struct{ A *types.AttributeValueMemberS }{&types.AttributeValueMemberS{Value: "x"}}, attrs{"A": s("x")}, ""},
		{"attribute value in any", &struct{ A any }{s("x")}, attrs{"A": s("x")}, ""},
		{"pointer to any", &struct{ A *any }{ptr(any("x"))}, attrs{"A": s("x")}, ""},
		{"Marshaler on the pointer in a map", &struct{ A map[string]purse }{map[string]purse{"k": {[]int{1}}}}, attrs{"A": dict("k", s("1"))}, ""},
		{"Marshaler on the pointer in any", &struct{ A any }{purse{[]int{1}}}, attrs{"A": s("1")}, ""},
		{"nil pointer to a Marshaler in any", &struct{ A any }{(*purse)(nil)}, attrs{"A": null()}, ""},
		{"big.Int", &struct{ A, B *big.Int }{A: big.NewInt(5)}, attrs{"A": n("5"), "B": null()}, ""},
		{"named bytes", &struct{ A []named }{[]named{1}}, attrs{"A": &types.AttributeValueMemberB{Value: []byte{1}}}, ""},
		{"keys with a String method", &struct{ A map[hue]int }{map[hue]int{"red": 1}}, attrs{"A": dict("red", n("1"))}, ""},
		{"keys with a String method, numbers", &struct{ A map[time.Month]int }{map[time.Month]int{5: 1}}, attrs{"A": dict("5", n("1"))}, ""},
		{"embedded value of an unexported type", &struct {
			myInt
			B bool
		}{myInt: 5}, attrs{"B": &types.AttributeValueMemberBOOL{}}, ""},
		{"methods of an unnamed struct", &struct{ A struct{ Outer } }{}, attrs{"A": s("outer")}, ""},
		{"NaN", &struct{ A float64 }{math.NaN()}, nil, "A: NaN and Inf are no numbers"},
		{"Inf", &struct{ A any }{float32(math.Inf(-1))}, nil, "A: NaN and Inf are no numbers"},
		{"NaN as a key", &struct{ A map[float64]int }{map[float64]int{math.NaN(): 1}}, nil, "A.*: cannot write the key"},
		{"number text", &struct{ A json.Number }{"0x10"}, nil, "A: the text of json.Number is no number"},
		{"no number text", &struct{ A json.Number }{}, nil, "A: the text of json.Number is no number"},
		{"year", &struct{ A time.Time }{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, nil, "A: year outside 0 to 9999"},
		{"keys with one text", &struct{ A map[textKey2]int }{map[textKey2]int{{1}: 1, {2}: 2}}, nil, "A.*: two keys of map[codec.textKey2]int have one text"},
		{"opaque in any", &struct{ A any }{big.Rat{}}, nil, "no exported field and no Marshaler"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			p, err := Compile(reflect.TypeOf(tt.item).Elem(), Options{})
			is.NoErr(err)
			got, err := p.Encode(tt.item)
			if tt.want == nil {
				is.True(err != nil)
				is.True(strings.Contains(err.Error(), tt.err)) // err.Error()
			} else {
				is.NoErr(err)
				is.Equal(cmp.Diff(tt.want, got, ignoreSerde), "")
			}
			av, err := func() (_ types.AttributeValue, err error) {
				defer func() {
					if r := recover(); r != nil {
						err = panicked{r}
					}
				}()
				return attributevalue.Marshal(tt.item)
			}()
			if m, ok := av.(*types.AttributeValueMemberM); ok && err == nil {
				is.True(tt.want == nil || !reflect.DeepEqual(m.Value, tt.want)) // no difference any more
			} else {
				is.True(tt.want != nil || isPanic(err)) // no difference any more
			}
		})
	}
}

// Outer gives its Marshaler to the structs that embed it.
type Outer struct{ V int }

func (*Outer) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return s("outer"), nil }

type textKey2 struct{ n int }

func (textKey2) MarshalText() ([]byte, error) { return []byte("same"), nil }

func list(of ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: append([]types.AttributeValue{}, of...)}
}

func dict(k string, v types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: attrs{k: v}}
}

func TestIntendedDecodeDifferences(t *testing.T) {
	binary := &types.AttributeValueMemberB{Value: []byte{1, 2, 3}}
	tests := []struct {
		name string
		av   types.AttributeValue // of attribute A
		want any                  // the struct; a pointer to it if decoding is refused
		err  string
	}{
		{"map as a set", &types.AttributeValueMemberSS{Value: []string{"a"}}, struct {
			A map[string]struct{} `dynamodbav:",stringset"`
		}{map[string]struct{}{"a": {}}}, ""},
		{"attribute value", s("x"), struct{ A types.AttributeValue }{s("x")}, ""},
		{"attribute value, NULL", null(), struct{ A types.AttributeValue }{null()}, ""},
		{"member", s("x"), struct{ A *types.AttributeValueMemberS }{&types.AttributeValueMemberS{Value: "x"}}, ""},
		{"another member", n("1"), &struct{ A *types.AttributeValueMemberS }{}, "A: cannot read N into *types.AttributeValueMemberS"},
		{"big.Int", n("123456789012345678901"), struct{ A *big.Int }{bigInt("123456789012345678901")}, ""},
		{"largest float32", dict("3.4028235e+38", n("1")), struct{ A map[float32]int }{map[float32]int{math.MaxFloat32: 1}}, ""},
		{"Unmarshaler in a set", &types.AttributeValueMemberSS{Value: []string{"1", "2 3"}}, struct{ A []purse }{[]purse{{[]int{1}}, {[]int{2, 3}}}}, ""},
		{"nil for an Unmarshaler", list(nil), struct{ A []seenMember }{[]seenMember{{"NULL"}}}, ""},
		{"NaN", n("NaN"), &struct{ A float64 }{}, "A: cannot read the number into float64"},
		{"Inf", n("-Infinity"), &struct{ A any }{}, "A: cannot read the number into float64"},
		{"hexadecimal", n("0x1p4"), &struct{ A float32 }{}, "A: cannot read the number into float32"},
		{"map into a time", dict("k", s("x")), &struct{ A time.Time }{}, "A: cannot read M into time.Time"},
		{"binary of another length", binary, &struct{ A [2]byte }{}, "A: cannot read B of another length into [2]uint8"},
		{"binary of another length", binary, &struct{ A [4]byte }{}, "A: cannot read B of another length into [4]uint8"},
		{"interface with methods", s("x"), &struct{ A error }{}, "A: cannot read S into error"},
		{"nil member", (*types.AttributeValueMemberS)(nil), &struct{ A string }{}, "A: nil pointer *types.AttributeValueMemberS"},
		{"unknown member", &types.UnknownUnionMember{}, &struct{ A string }{}, "A: *types.UnknownUnionMember is no attribute value"},
		{"two entries, one key", &types.AttributeValueMemberM{Value: attrs{"1": s("x"), "01": s("y")}}, &struct{ A map[int]string }{}, "A.*: two entries are one key of map[int]string"},
		{"key that no map can have", dict("k", s("x")), &struct{ A map[loose]string }{}, "A.*: codec.loose is no key of a map"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			typ := reflect.TypeOf(tt.want)
			refused := typ.Kind() == reflect.Pointer
			if refused {
				typ = typ.Elem()
			}
			p, err := Compile(typ, Options{})
			is.NoErr(err)
			got, theirs := reflect.New(typ), reflect.New(typ)
			err = p.Decode(attrs{"A": tt.av}, got.Interface())
			if refused {
				is.True(err != nil)
				is.True(strings.Contains(err.Error(), tt.err)) // err.Error()
			} else {
				is.NoErr(err)
				is.Equal(got.Elem().Interface(), tt.want)
			}
			err = func() (err error) {
				defer func() {
					if r := recover(); r != nil {
						err = panicked{r}
					}
				}()
				return attributevalue.UnmarshalMap(attrs{"A": tt.av}, theirs.Interface())
			}()
			switch {
			case refused && tt.name != "another member" && tt.name != "unknown member":
				is.True(err == nil || isPanic(err)) // no difference any more
			case !refused:
				is.True(err != nil || !reflect.DeepEqual(theirs.Elem().Interface(), tt.want)) // no difference any more
			}
		})
	}
}

func bigInt(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 10)
	return n
}

type seenMember struct{ Name string }

func (m *seenMember) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	m.Name = memberName(av)
	return nil
}

// loose is a key that its UnmarshalText makes unhashable.
type loose struct{ V any }

func (loose) MarshalText() ([]byte, error)    { return []byte("k"), nil }
func (l *loose) UnmarshalText(b []byte) error { l.V = b; return nil }

func TestDecodeLeavesNothingStale(t *testing.T) {
	is := is.New(t)
	type item struct {
		List []int
		Map  map[string]int
		Arr  [3]int
		Ptr  *address
		Any  any
		Gone string
	}
	p := compile[item](t, Options{})
	kept := &address{City: "kept"}
	out := item{List: []int{1, 2, 3}, Map: map[string]int{"a": 1}, Arr: [3]int{1, 2, 3}, Ptr: kept, Any: &address{}, Gone: "x"}
	list := out.List
	is.NoErr(p.Decode(attrs{
		"List": &types.AttributeValueMemberL{Value: []types.AttributeValue{n("9")}}, "Map": dict("b", n("2")),
		"Arr": &types.AttributeValueMemberL{Value: []types.AttributeValue{n("7")}}, "Ptr": dict("zip", n("3")), "Any": s("new"),
	}, &out))
	is.Equal(out, item{List: []int{9}, Map: map[string]int{"b": 2}, Arr: [3]int{7}, Ptr: &address{Zip: 3}, Any: "new"})
	is.Equal(list, []int{1, 2, 3}) // what the caller kept is not written to
	is.Equal(kept.City, "kept")
}

func TestFieldMatchIsDeterministic(t *testing.T) {
	is := is.New(t)
	type item struct {
		ID   string
		Name string
	}
	p := compile[item](t, Options{})
	for range 50 {
		var out item
		is.NoErr(p.Decode(attrs{"ID": s("exact"), "id": s("1"), "Id": s("2"), "name": s("3"), "NAME": s("4")}, &out))
		is.Equal(out, item{"exact", "4"})
	}
}

func TestOmitZero(t *testing.T) {
	is := is.New(t)
	type item struct {
		A int            `dynamodbav:",omitzero"`
		B address        `dynamodbav:",omitzero"`
		C time.Time      `dynamodbav:",omitzero"`
		D []int          `dynamodbav:",omitzero"`
		E *time.Time     `dynamodbav:",omitzero"`
		F never          `dynamodbav:",omitzero"`
		G [2]int         `dynamodbav:",omitzero"`
		H *never         `dynamodbav:",omitzero"`
		I map[string]int `dynamodbav:",omitzero"`
		J isZeroer       `dynamodbav:",omitzero"`
	}
	p := compile[item](t, Options{})
	av, err := p.Encode(&item{C: time.Time{}.In(time.FixedZone("", 60)), D: []int{}, E: &time.Time{}, F: 3})
	is.NoErr(err)
	is.Equal(cmp.Diff(av, attrs{"D": list()}, ignoreSerde), "")
	is.NoErr(p.Decode(attrs{"A": n("1"), "F": n("2")}, &item{}))
}

// never is zero at 3 only.
type never int

func (n *never) IsZero() bool { return *n == 3 }
