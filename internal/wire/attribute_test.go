package wire_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/internal/wire"
)

func TestAttribute(t *testing.T) {
	is := is.New(t)
	for _, name := range []string{"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"} {
		for _, doc := range []string{`{"` + name + `":1}`, ` { "` + name + `" : 1 } `, `{"\u00` + string("0123456789abcdef"[name[0]>>4]) + string("0123456789abcdef"[name[0]&15]) + name[1:] + `":1}`} {
			s := wire.NewScanner([]byte(doc))
			got, err := s.Attribute()
			is.NoErr(err)
			is.Equal(got.String(), name)
			is.Equal(wire.TypeOf([]byte(name)), got)
			is.NoErr(s.Skip())
			is.NoErr(s.EndAttribute())
			is.NoErr(s.End())
		}
	}
	is.Equal(wire.NoType.String(), "")
	for doc, want := range map[string]string{
		``:              "JSON: unexpected end at offset 0",
		`"S"`:           "JSON: expected an attribute value at offset 0",
		`{}`:            "JSON: attribute value without a type at offset 1",
		`{"X":1}`:       "JSON: unknown type of attribute value at offset 1",
		`{"":1}`:        "JSON: unknown type of attribute value at offset 1",
		`{S:1}`:         "JSON: expected a string at offset 1",
		`{"S",1}`:       "JSON: expected a colon at offset 4",
		`{"S":1,"N":2}`: "JSON: attribute value with two types at offset 6",
		`{"S":1]`:       "JSON: expected the end of the attribute value at offset 6",
		`{"S":1`:        "JSON: unexpected end at offset 6",
	} {
		s := wire.NewScanner([]byte(doc))
		_, err := s.Attribute()
		if err == nil {
			is.NoErr(s.Skip())
			err = s.EndAttribute()
		}
		is.True(err != nil)
		is.Equal(err.Error(), want)
	}
}

func TestAcceptMember(t *testing.T) {
	is := is.New(t)
	s := wire.NewScanner([]byte(`{"a":1,"b":2, "c":3}`))
	is.NoErr(s.Object())
	is.True(!s.AcceptMember(`,"b":`))
	is.True(s.AcceptMember(`,"a":`))
	is.NoErr(s.Skip())
	is.True(!s.AcceptMember(`,"a":`))
	is.True(s.AcceptMember(`,"b":2`))
	is.True(!s.AcceptMember(`,"c":`)) // white space: step by step
	name, ok, err := s.Member()
	is.NoErr(err)
	is.True(ok)
	is.Equal(string(name), "c")
	is.NoErr(s.Skip())
	is.True(!s.AcceptMember(`,"d":`))
	_, ok, err = s.Member()
	is.NoErr(err)
	is.True(!ok)
	is.NoErr(s.End())

	s = wire.NewScanner([]byte(`{}`))
	is.NoErr(s.Object())
	is.True(!s.AcceptMember(`,"a":`))
	ok, err = s.NextMember()
	is.NoErr(err)
	is.True(!ok)
}

// FuzzCount holds Count to encoding/json, and Verbatim, Text and Integer to String.
func FuzzCount(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	for _, text := range []string{`"0"`, `"-12"`, `"007"`, `"123456789012345678"`, `"1234567890123456789"`, `"-"`, `"+1"`, `"1.0"`, `"1`, `"\u0031"`} {
		f.Add([]byte(text))
	}
	f.Add([]byte(`["a",{"S":"\"]"},[[]],-1e5,null]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		is := is.New(t)
		var list []json.RawMessage
		s := wire.NewScanner(doc)
		if s.Kind() == wire.Array && json.Unmarshal(doc, &list) == nil && nesting(doc) < 60 {
			is.Equal(s.Count(), len(list))
		}

		s = wire.NewScanner(doc)
		ahead := s
		want, werr := s.String()
		text, buf, err := ahead.Text([]byte("old"))
		is.Equal(err == nil, werr == nil)
		if err == nil {
			is.Equal(string(text), string(want))
			is.Equal(ahead.Pos(), s.Pos())
			is.True(buf != nil)
		}
		ahead = wire.NewScanner(doc)
		if n, ok := ahead.Integer(); ok {
			is.NoErr(werr)
			parsed, err := strconv.ParseInt(string(want), 10, 64)
			is.NoErr(err)
			is.Equal(n, parsed)
			is.Equal(ahead.Pos(), s.Pos())
		} else {
			is.Equal(ahead.Pos(), 0)
		}
		ahead = wire.NewScanner(doc)
		if text, ok := ahead.Verbatim(); ok {
			is.NoErr(werr)
			is.Equal(string(text), string(want))
			is.Equal(ahead.Pos(), s.Pos())
		} else {
			is.Equal(ahead.Pos(), 0)
		}
	})
}
