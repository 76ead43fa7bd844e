package core

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

type keyed struct {
	Text string
	Tail string
	Int  int64
	Tiny int8
	Nat  uint64
	Bool bool
	Time time.Time
	Ptr  *int32
	UUID token
}

// token is an identifier that writes itself as text.
type token [2]byte

func (t token) MarshalText() ([]byte, error) { return []byte{'a' + t[0]%26, 'a' + t[1]%26}, nil }
func (t *token) UnmarshalText(b []byte) error {
	if len(b) != 2 || b[0] < 'a' || b[0] > 'z' || b[1] < 'a' || b[1] > 'z' {
		return errComponent
	}
	*t = token{b[0] - 'a', b[1] - 'a'}
	return nil
}

var proto = expr.Proto[keyed]()

func ref[V any](a expr.Attr[keyed, V], form ast.KeyForm) *ast.Attr {
	r := *a.Ref(ast.Door{})
	r.Key = form
	return &r
}

var (
	textF = ref(expr.At(proto, &proto.Text), ast.KeyForm{})
	tailF = ref(expr.At(proto, &proto.Tail), ast.KeyForm{})
	intF  = ref(expr.At(proto, &proto.Int), ast.KeyForm{})
	tinyF = ref(expr.At(proto, &proto.Tiny), ast.KeyForm{})
	natF  = ref(expr.At(proto, &proto.Nat), ast.KeyForm{})
	boolF = ref(expr.At(proto, &proto.Bool), ast.KeyForm{})
	timeF = ref(expr.At(proto, &proto.Time), ast.KeyForm{})
	ptrF  = ref(expr.At(proto, &proto.Ptr), ast.KeyForm{})
	uuidF = ref(expr.At(proto, &proto.UUID), ast.KeyForm{})
	escF  = ref(expr.At(proto, &proto.Text), ast.KeyForm{Escaped: true})
	bareF = ref(expr.At(proto, &proto.Int), ast.KeyForm{Unpadded: true})
	thinF = ref(expr.At(proto, &proto.Nat), ast.KeyForm{Width: 20})
)

var composites = []Part{
	{Formats: []string{"A#{}#{}"}, Fields: []*ast.Attr{textF, tailF}},
	{Formats: []string{"{}##{}"}, Fields: []*ast.Attr{textF, tailF}},
	{Formats: []string{"A#{}/{}!"}, Fields: []*ast.Attr{escF, tailF}},
	{Formats: []string{"{}é{}"}, Fields: []*ast.Attr{escF, tailF}},
	{Formats: []string{"{}{}{}{}{}"}, Fields: []*ast.Attr{intF, tinyF, timeF, boolF, tailF}},
	{Formats: []string{"X{}-{}-{}"}, Fields: []*ast.Attr{intF, tinyF, natF}},
	{Formats: []string{"{}0{}"}, Fields: []*ast.Attr{bareF, tailF}},
	{Formats: []string{"{}#{}"}, Fields: []*ast.Attr{ptrF, uuidF}},
	{Formats: []string{"{}|{}"}, Fields: []*ast.Attr{thinF, timeF}},
}

func drawKeyed(t *rapid.T) keyed {
	word := rapid.OneOf(rapid.StringMatching(`[ab#/%0é!|-]{1,4}`), rapid.String())
	n := rapid.Int32().Draw(t, "ptr")
	return keyed{
		Text: word.Draw(t, "text"), Tail: word.Draw(t, "tail"),
		Int: rapid.Int64().Draw(t, "int"), Tiny: rapid.Int8().Draw(t, "tiny"), Nat: rapid.Uint64().Draw(t, "nat"),
		Bool: rapid.Bool().Draw(t, "bool"), Ptr: &n, UUID: token{byte(rapid.IntRange(0, 25).Draw(t, "u")), 1},
		Time: time.Unix(rapid.Int64Range(-6e10, 2e11).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")),
	}
}

func compileComposite(t *testing.T, p Part) *part {
	t.Helper()
	p.Kind, p.Attr = PartComposite, "k"
	plan, err := codec.Compile(reflect.TypeFor[keyed](), codec.Options{})
	is.New(t).NoErr(err)
	c, err := compilePart(p, plan, nil)
	is.New(t).NoErr(err)
	return c
}

// TestCompositeKeysRoundTrip: what is composed comes apart into the same
// values, so that no two items share a key.
func TestCompositeKeysRoundTrip(t *testing.T) {
	for _, p := range composites {
		t.Run(p.Formats[0], func(t *testing.T) {
			f := compileComposite(t, p).formats[0]
			rapid.Check(t, func(rt *rapid.T) {
				item := drawKeyed(rt)
				text, missing, err := f.compose(f.fieldsOf(reflect.ValueOf(&item).Elem()))
				if err != nil || missing != nil {
					return // refused: not stored at all
				}
				texts, ok := f.split(text)
				if !ok {
					rt.Fatalf("%q does not come apart", text)
				}
				var back keyed
				v := reflect.ValueOf(&back).Elem()
				for i, c := range f.comps {
					if err := c.read(texts[i], f.lits[i+1], reach(v, c.attr.Index)); err != nil {
						rt.Fatalf("%q: %v", text, err)
					}
				}
				for _, c := range f.comps {
					a, _ := at(reflect.ValueOf(&item).Elem(), c.attr.Index)
					b, _ := at(v, c.attr.Index)
					if ta, ok := a.Interface().(time.Time); ok {
						if !ta.Equal(b.Interface().(time.Time)) {
							rt.Fatalf("%q: %v became %v", text, a, b)
						}
					} else if !reflect.DeepEqual(a.Interface(), b.Interface()) {
						rt.Fatalf("%q: %v became %v", text, a, b)
					}
				}
			})
		})
	}
}

// TestCompositeKeysKeepOrder: texts of fixed-width components, and of a last
// string, sort as the values do.
func TestCompositeKeysKeepOrder(t *testing.T) {
	f := compileComposite(t, Part{Formats: []string{"K{}#{}{}#{}/{}"}, Fields: []*ast.Attr{tinyF, timeF, intF, natF, tailF}}).formats[0]
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawKeyed(rt), drawKeyed(rt)
		if rapid.Bool().Draw(rt, "near") {
			b.Tiny, b.Time = a.Tiny, a.Time.In(time.FixedZone("", 3600))
		}
		if rapid.Bool().Draw(rt, "nearer") {
			b.Int, b.Nat = a.Int, a.Nat
		}
		texts := make([]string, 2)
		for i, item := range []*keyed{&a, &b} {
			text, missing, err := f.compose(f.fieldsOf(reflect.ValueOf(item).Elem()))
			if err != nil || missing != nil {
				return
			}
			texts[i] = text
		}
		want := compareKeyed(a, b)
		if got := strings.Compare(texts[0], texts[1]); got != want {
			rt.Fatalf("%q and %q: %d, not %d", texts[0], texts[1], got, want)
		}
	})
}

func compareKeyed(a, b keyed) int {
	order := func(less, more bool) int {
		switch {
		case less:
			return -1
		case more:
			return 1
		}
		return 0
	}
	for _, n := range []int{
		order(a.Tiny < b.Tiny, a.Tiny > b.Tiny), a.Time.Compare(b.Time), order(a.Int < b.Int, a.Int > b.Int),
		order(a.Nat < b.Nat, a.Nat > b.Nat), strings.Compare(a.Tail, b.Tail),
	} {
		if n != 0 {
			return n
		}
	}
	return 0
}

// FuzzSplit: no stored text, however wrong, is taken for what it is not.
func FuzzSplit(f *testing.F) {
	f.Add("A#x#y", 0)
	f.Add("A#x%2F/y!", 2)
	f.Add("-09223372036854775807x", 4)
	f.Add("X00000000000000000001--9223372036854775807-", 5)
	plan, err := codec.Compile(reflect.TypeFor[keyed](), codec.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, which int) {
		p := composites[max(which, -which, 0)%len(composites)]
		p.Kind, p.Attr = PartComposite, "k"
		c, err := compilePart(p, plan, nil)
		if err != nil {
			t.Fatal(err)
		}
		format := c.formats[0]
		texts, ok := format.split(text)
		if !ok {
			return
		}
		var item keyed
		v := reflect.ValueOf(&item).Elem()
		for i, c := range format.comps {
			if c.read(texts[i], format.lits[i+1], reach(v, c.attr.Index)) != nil {
				return
			}
		}
		again, missing, err := format.compose(format.fieldsOf(v))
		if missing != nil { // others wrote a value that counts as none
			return
		}
		timed := slices.ContainsFunc(format.comps, func(c *component) bool { return isTime(c.attr.Type) })
		if again != text && !timed { // times are read in other forms, too
			t.Fatalf("%q became %q, %v", text, again, err)
		}
	})
}

// FuzzCursor: no text, however wrong, does more than being refused.
func FuzzCursor(f *testing.F) {
	table := &Table{Name: "t"}
	attrs := []keyAttr{{name: "pk", kind: "S"}, {name: "sk", kind: "N"}}
	s := newScope("t")
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, text string) {
		positions, parallel, err := table.positions(text, s, attrs)
		if err != nil {
			return
		}
		again, err := table.cursor(s, parallel, positions)
		if err != nil {
			t.Fatal(err)
		}
		if again != "" && again != text {
			if p, _, err := table.positions(again, s, attrs); err != nil || !reflect.DeepEqual(p, positions) {
				t.Fatalf("%q became %q", text, again)
			}
		}
	})
}
