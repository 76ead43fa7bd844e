package codec

import (
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

func TestFieldsOfEmbeddedStructs(t *testing.T) {
	is := is.New(t)
	fields, err := Fields(reflect.TypeFor[embedder]())
	is.NoErr(err)
	var got []string
	for _, f := range fields {
		sf := reflect.TypeFor[embedder]().FieldByIndex(f.Index)
		is.Equal(f.Type, sf.Type)
		got = append(got, f.Name)
	}
	// Hidden is at depth 1 twice; the one named by its tag wins. The deeper "deep" is hidden.
	is.Equal(strings.Join(got, " "), "id Hidden When Seen other deep mixin")
	is.Equal(fields[1].Type, reflect.TypeFor[string]())
	is.True(fields[4].Tag.NullEmpty)
}

type (
	inner1 struct{ Same int }
	inner2 struct{ Same string }
	hidden struct{ X int }
	opaque struct{ x int } //nolint:unused // a struct without exported fields
	ptrKey struct{ P *int }
)

func TestFieldErrors(t *testing.T) {
	tests := []struct {
		name string
		typ  any
		want string // part of the message, of Fields or of Compile
	}{
		{"no struct", 3, "not a struct"},
		{"twice in one struct", struct {
			A int `dynamodbav:"x"`
			B int `dynamodbav:"x"`
		}{}, "several fields of one depth are named x"},
		{"twice embedded", struct {
			inner1
			inner2
		}{}, "several fields of one depth are named Same"},
		{"unexported", struct {
			a int `dynamodbav:"a"`
		}{}, "a: a tag on an unexported field"},
		{"unexported embedded pointer", struct{ *hidden }{}, "hidden: an embedded pointer to an unexported struct"},
		{"embedded time", struct{ time.Time }{}, "Time: an embedded time.Time needs a name"},
		{"unknown option", struct {
			A int `dynamodbav:"a,omitemtpy"`
		}{}, "A: unknown tag option omitemtpy"},
		{"set of a scalar", struct {
			A int `dynamodbav:",stringset"`
		}{}, "stringset on int"},
		{"set of other elements", struct {
			A []int `dynamodbav:",stringset"`
		}{}, "stringset on []int, whose elements are N"},
		{"set of bytes", struct {
			A []byte `dynamodbav:",numberset"`
		}{}, "numberset on []uint8"},
		{"set of the wrong map", struct {
			A map[string]int `dynamodbav:",stringset"`
		}{}, "stringset on map[string]int"},
		{"two sets", struct {
			A []string `dynamodbav:",stringset,numberset"`
		}{}, "two kinds of set"},
		{"binary set as strings", struct {
			A [][]byte `dynamodbav:",stringset"`
		}{}, "stringset on [][]uint8"},
		{"unixtime on text", struct {
			A string `dynamodbav:",unixtime"`
		}{}, "unixtime on string"},
		{"string on a time", struct {
			A time.Time `dynamodbav:",string"`
		}{}, "string on time.Time"},
		{"elements of a scalar", struct {
			A int `dynamodbav:",omitemptyelem"`
		}{}, "omitemptyelem or nullemptyelem on int"},
		{"contradiction", struct {
			A int `dynamodbav:",omitempty,nullempty"`
		}{}, "nullempty contradicts omitempty"},
		{"contradiction of elements", struct {
			A []int `dynamodbav:",omitemptyelem,nullemptyelem"`
		}{}, "nullemptyelem contradicts omitemptyelem"},
		{"tagged channel", struct {
			A chan int `dynamodbav:"a"`
		}{}, "A: chan int cannot be stored"},
		{"opaque", struct{ Price big.Rat }{}, "Price: big.Rat: no exported field and no Marshaler"},
		{"opaque in a list", struct{ Prices []*opaque }{}, "Prices: codec.opaque: no exported field"},
		{"map key", struct{ M map[ptrKey]int }{}, "M: map[codec.ptrKey]int: keys of type codec.ptrKey cannot be written as text"},
		{"map key of any", struct{ M map[any]int }{}, "keys of type interface {} cannot"},
		{"a single value", time.Time{}, "a single value, not an item"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := Compile(reflect.TypeOf(tt.typ), Options{})
			is.True(err != nil)
			is.True(strings.Contains(err.Error(), tt.want)) // err.Error()
			var e *Error
			is.True(errors.As(err, &e))
			is.Equal(e.Op, "compile")
		})
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	is := is.New(t)
	type inner struct {
		C string `dynamodbav:"c,unixtime"`
	}
	type outer struct {
		A int `dynamodbav:"a,stringset"`
		B int `dynamodbav:"b,what"`
	}
	type whole struct {
		List []inner
		Map  map[string]*outer
		Same inner
	}
	_, err := Compile(reflect.TypeFor[whole](), Options{Formats: map[string]Format{"nowhere": JSON}})
	is.Equal(strings.Count(err.Error(), "compile"), 4) // err.Error()
	for _, want := range []string{"compile inner: C: ", "compile outer: A: ", "compile outer: B: ", "compile whole: nowhere: "} {
		is.True(strings.Contains(err.Error(), want))
	}
}

func TestFormatErrors(t *testing.T) {
	type part struct{ Since time.Time }
	type item struct {
		Placed time.Time
		Seen   time.Time `dynamodbav:",unixtime"`
		Tags   []string  `dynamodbav:",stringset"`
		Ship   *part
		Stops  []part
	}
	tests := []struct {
		path   string
		format Format
		want   string // "" if it works
	}{
		{"Placed", FixedTime, ""},
		{"Ship.Since", UnixMilli, ""},
		{"Ship", JSON, ""},
		{"Stops", JSON, ""},
		{"Seen", FixedTime, "contradicts the tag unixtime"},
		{"Tags", JSON, "contradicts"},
		{"Tags", FixedTime, "which is no time"},
		{"Stops.Since", FixedTime, "does not have"},
		{"Ship.Since.Hour", FixedTime, "does not have"},
		{"Ship.Sinc", FixedTime, "does not have"},
		{"", FixedTime, "does not have"},
		{"Placed", Format(77), "unknown format"},
	}
	for _, tt := range tests {
		t.Run(tt.path+" "+tt.format.String(), func(t *testing.T) {
			is := is.New(t)
			_, err := Compile(reflect.TypeFor[item](), Options{Formats: map[string]Format{tt.path: tt.format}})
			if tt.want == "" {
				is.NoErr(err)
				return
			}
			is.True(err != nil)
			is.True(strings.Contains(err.Error(), tt.want)) // err.Error()
		})
	}
	is := is.New(t)
	_, err := Compile(reflect.TypeFor[item](), Options{Formats: map[string]Format{"Ship": JSON, "Ship.Since": FixedTime}})
	is.True(strings.Contains(err.Error(), "a format inside an attribute that has one"))
}

func TestCompileIsCached(t *testing.T) {
	is := is.New(t)
	is.Equal(compile[order](t, Options{}), compile[order](t, Options{Formats: map[string]Format{}}))
}

func TestPathText(t *testing.T) {
	is := is.New(t)
	is.Equal(Path{Name("ship"), Name("lines"), Index(2), Name("city")}.String(), "ship.lines[2].city")
	is.Equal(Path{Name("a.b"), Name(""), Name("c")}.String(), `"a.b"."".c`)
	is.Equal(Path(nil).String(), "")
}
