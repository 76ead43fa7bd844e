package wire_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/internal/wire"
)

// walk reads one value through the typed methods and rebuilds it as encoding/json would hold it.
func walk(s *wire.Scanner) (any, error) {
	switch s.Kind() {
	case wire.Null:
		return nil, s.Null()
	case wire.Bool:
		return s.Bool()
	case wire.Number:
		text, err := s.Number()
		return json.Number(text), err
	case wire.String:
		text, err := s.String()
		return string(text), err
	case wire.Array:
		out := []any{}
		if err := s.Array(); err != nil {
			return nil, err
		}
		for {
			ok, err := s.Element()
			if !ok {
				return out, err
			}
			v, err := walk(s)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	case wire.Object:
		out := map[string]any{}
		if err := s.Object(); err != nil {
			return nil, err
		}
		for {
			name, ok, err := s.Member()
			if !ok {
				return out, err
			}
			v, err := walk(s)
			if err != nil {
				return nil, err
			}
			out[string(name)] = v
		}
	}
	return nil, s.Skip()
}

func parse(data []byte) (any, error) {
	s := wire.NewScanner(data)
	v, err := walk(&s)
	if err != nil {
		return nil, err
	}
	return v, s.End()
}

var documents = []string{
	`null`, ` true `, `false`, `0`, `-0`, `-12.5e+10`, `1E400`, `""`, `"a\"b\\c\/d\b\f\n\r\t"`,
	`"é😀"`, `"\u00e9\uD83D\uDE00"`, `"\ud83d"`, `"\ud83dx"`, `"\ude00\ud83d\ude00"`, "\"\xff\xc3\"",
	`[]`, `[ ]`, `{}`, `[1,[2,{"a":[]}],"x"]`, `{"a":1,"b":{"c":null},"a":2}`, "\t{ \"a\" :\r\n[ 1 , 2 ] }",
	``, ` `, `nul`, `truex`, `01`, `1.`, `.5`, `-`, `1e`, `+1`, `"`, `"\x"`, `"\u12g4"`, `"\u12`, "\"\n\"",
	`[1,]`, `[,1]`, `[1 2]`, `[1`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a":1`, `[}`, `{]`, `1 2`, `]`,
}

func TestAgreesWithEncodingJSON(t *testing.T) {
	for _, doc := range documents {
		t.Run(doc, func(t *testing.T) { compare(t, []byte(doc)) })
	}
}

func FuzzScanner(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Fuzz(compare)
}

// compare holds the scanner to encoding/json: the same documents accepted, with the same values.
func compare(t *testing.T, data []byte) {
	is := is.New(t)
	if nesting(data) > wire.MaxDepth {
		t.Skip("the two limit nesting differently")
	}
	got, err := parse(data)
	is.Equal(err == nil, json.Valid(data)) // accepts exactly what encoding/json accepts

	s := wire.NewScanner(data)
	raw, rawErr := s.Raw()
	if rawErr == nil {
		rawErr = s.End()
	}
	is.Equal(rawErr == nil, err == nil) // skipping checks what reading checks
	if err != nil {
		return
	}
	is.Equal(string(raw), string(bytes.Trim(data, " \t\r\n")))

	var want any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	is.NoErr(d.Decode(&want))
	is.Equal(got, want)
}

func nesting(data []byte) int {
	return bytes.Count(data, []byte("[")) + bytes.Count(data, []byte("{"))
}

func TestDepthIsLimited(t *testing.T) {
	is := is.New(t)
	_, err := parse([]byte(strings.Repeat("[", wire.MaxDepth) + strings.Repeat("]", wire.MaxDepth)))
	is.NoErr(err)
	_, err = parse([]byte(strings.Repeat("[", 1<<20)))
	is.True(err != nil)
	s := wire.NewScanner([]byte(strings.Repeat(`{"a":`, 1<<20)))
	is.True(s.Skip() != nil)
}

func TestErrorsSayWhere(t *testing.T) {
	is := is.New(t)
	_, err := parse([]byte(`{"a": [1, x]}`))
	is.Equal(err.Error(), "JSON: expected a value at offset 10")
	_, err = parse([]byte(`{"a": [1`))
	is.Equal(err.Error(), "JSON: unexpected end at offset 8")
}

func TestStringAliasesTheDocument(t *testing.T) {
	is := is.New(t)
	doc := []byte(`"plain"`)
	s := wire.NewScanner(doc)
	text, err := s.String()
	is.NoErr(err)
	doc[1] = 'P'
	is.Equal(string(text), "Plain")
	is.Equal(testing.AllocsPerRun(10, func() {
		s := wire.NewScanner(doc)
		_, _ = s.String()
	}), 0.0)
}

func FuzzAppendString(f *testing.F) {
	for _, text := range []string{"", "plain", "\"\\\b\f\n\r\t\x00\x1f\x7f", "é😀\u2028<&>", "\xff\xc3(", "a\xe2\x82"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		is := is.New(t)
		out := wire.AppendString(nil, text)
		is.Equal(string(out), string(wire.AppendString(nil, []byte(text))))
		var got, want string
		is.NoErr(json.Unmarshal(out, &got))
		twin, err := json.Marshal(text)
		is.NoErr(err)
		is.NoErr(json.Unmarshal(twin, &want))
		is.Equal(got, want)

		s := wire.NewScanner(out)
		back, err := s.AppendText([]byte("x"))
		is.NoErr(err)
		is.Equal(string(back), "x"+want)
	})
}

func FuzzBytes(f *testing.F) {
	for _, text := range []string{"", "AA==", "AB==", "AA=", "AA", "AAAA", "AA\\nAA", "A A=", "____", "\\u0041A=="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		is := is.New(t)
		doc := []byte(`"` + text + `"`)
		s := wire.NewScanner(doc)
		got, err := s.AppendBytes(nil)
		if err != nil {
			return
		}
		var inner string
		is.NoErr(json.Unmarshal(doc[:s.Pos()], &inner))
		is.Equal(base64.StdEncoding.EncodeToString(got), inner) // what is accepted is canonical
		is.Equal(string(wire.AppendBytes(nil, got)), `"`+inner+`"`)
	})
}
