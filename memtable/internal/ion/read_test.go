package ion_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable/internal/ion"
)

// show prints a value: the kinds by their letters.
func show(v ion.Value) string {
	var b strings.Builder
	for _, a := range v.Annotations {
		b.WriteString(a + "::")
	}
	switch v.Kind {
	case ion.Null:
		b.WriteString("null")
	case ion.Bool, ion.Number:
		b.WriteString(v.Text)
	case ion.String:
		fmt.Fprintf(&b, "%q", v.Text)
	case ion.Blob:
		fmt.Fprintf(&b, "{{%q}}", v.Text)
	case ion.Other:
		b.WriteString("other")
	case ion.List, ion.Struct:
		b.WriteString("(")
		for i, elem := range v.Elems {
			if i > 0 {
				b.WriteString(" ")
			}
			if v.Kind == ion.Struct {
				b.WriteString(v.Names[i] + "=")
			}
			b.WriteString(show(elem))
		}
		b.WriteString(")")
	}
	return b.String()
}

func read(text string) (all []string, err error) {
	r := ion.NewReader([]byte(text))
	for {
		v, line, _, ok, err := r.Next()
		if err != nil || !ok {
			return all, err
		}
		all = append(all, fmt.Sprint(line, " ", show(v)))
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"$ion_1_0 {a:1}\n$ion_1_0 {b:2}", "1 (a=1)|2 (b=2)"},
		{"$ion_symbol_table::{symbols:[\"a\"]} '$ion_1_0'", `1 "$ion_1_0"`},
		{"1 -1 0 1_000 103. 6d2 2.5D-3 1.5e3 1e0 -0 1_2.3_4 5.d1", "1 1|1 -1|1 0|1 1000|1 103|1 6e2|1 2.5e-3|1 1.5e3|1 1e0|1 -0|1 12.34|1 5e1"},
		{"0xFF -0x1_0 0b101", "1 255|1 -16|1 5"},
		{"nan +inf -inf 2020T 2020-01T 2020-01-02 2020-01-02T 2020-01-02T03:04Z 2020-01-02T03:04:05.678-01:00", strings.Repeat("1 other|", 8) + "1 other"},
		{"null null.string true false abc 'a b' _a $1", `1 null|1 null|1 true|1 false|1 "abc"|1 "a b"|1 "_a"|1 "$1"`},
		{`"a\tb\"\\\x41\u00e9\uD83D\uDE00\U0001F600\0\/\?\'"`, `1 "a\tb\"\\Aé😀😀\x00/?'"`},
		{"'''a\nb''' /* and */ '''c\\\nd''' e", "1 \"a\\nbcd\"|3 \"e\""},
		{"{{ aGk = }} {{aGk=}} {{}} {{ \"clob\" }} {{'''a''' '''b'''}}", `1 {{"hi"}}|1 {{"hi"}}|1 {{""}}|1 other|1 other`},
		{"a::b::1 'a b' :: [x, y::2,] []", `1 a::b::1|1 a b::("x" y::2)|1 ()`},
		{"{a:1,'b c':2,\"d\":3,'''e''' '''f''' : 4,} {}", "1 (a=1 b c=2 d=3 ef=4)|1 ()"},
		{"// a\n1 // b", "2 1"},
		{"/* a\n*/ {\n a /* */ : /* */ 1\n} 2", "2 (a=1)|4 2"},
	} {
		t.Run(c.text, func(t *testing.T) {
			is := is.New(t)
			got, err := read(c.text)
			is.NoErr(err)
			is.Equal(strings.Join(got, "|"), c.want)
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"\n/* a", "line 2: a comment without an end"},
		{"[1 2]", "line 1: neither a comma nor ]"},
		{"{a:1", "line 1: neither a comma nor }"},
		{"{1:1}", "line 1: no name of a field"},
		{"{a 1}", "line 1: a field without a colon"},
		{"{a:", "line 1: no value that DynamoDB's data has"},
		{"(a b)", "line 1: no value that DynamoDB's data has"},
		{"01", "line 1: no number: 01"},
		{"1__0", "line 1: no number: 1__0"},
		{"2020-13", "line 1: no number: 2020-13"},
		{"null.1", "line 1: a null of no type"},
		{"\"a\n\"", "line 1: a text without an end"},
		{"'a", "line 1: a text without an end"},
		{"'''a", "line 1: a text without an end"},
		{`"\q"`, "line 1: no escape"},
		{`"\`, "line 1: no escape"},
		{`"\u12`, "line 1: no escape"},
		{`"\uD800x"`, "line 1: no escape"},
		{`"\uD800\u0041"`, "line 1: no escape"},
		{`"\UFFFFFFFF"`, "line 1: no escape"},
		{"\"\xff\"", "line 1: a text that is no UTF-8"},
		{"{{a}}", "line 1: a blob that is no base64"},
		{"{{aGk=", "line 1: a blob without an end"},
		{"{{\"a\"}", "line 1: a clob without an end"},
		{"{{\"a}}", "line 1: a text without an end"},
		{strings.Repeat("[", 201), "line 1: values nest too deep"},
		{"a:: /*", "line 1: a comment without an end"},
		{"a /*", "line 1: a comment without an end"},
		{"[1 /*", "line 1: a comment without an end"},
		{"[ /*", "line 1: a comment without an end"},
		{"{a /*", "line 1: a comment without an end"},
		{"{\"a", "line 1: a text without an end"},
		{"'''a''' /*", "line 1: a comment without an end"},
	} {
		t.Run(c.text, func(t *testing.T) {
			is := is.New(t)
			_, err := read(c.text)
			is.Equal(fmt.Sprint(err), "Ion: "+c.want)
		})
	}
}

// FuzzReader reads any text: it ends, within the text.
func FuzzReader(f *testing.F) {
	f.Add(`$ion_1_0 {Item:{a:$dynamodb_SS::["x",'''y'''],b:{{aGk=}},n:6d2,l:[null.int,true,0x1f]}} // c`)
	f.Fuzz(func(t *testing.T, text string) {
		r := ion.NewReader([]byte(text))
		for range len(text) + 1 {
			_, line, source, ok, err := r.Next()
			if err != nil || !ok {
				return
			}
			if line < 1 || !strings.Contains(text, string(source)) {
				t.Fatalf("line %d: %q", line, source)
			}
		}
		t.Fatal("more values than bytes")
	})
}
