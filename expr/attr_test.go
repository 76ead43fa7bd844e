package expr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
)

type base struct {
	ID     string `dynamodbav:"id"`
	Hidden string `dynamodbav:"-"`
}

type Pointed struct {
	Name string `dynamodbav:"name"`
}

type leaf struct {
	First string `dynamodbav:"first"` // shares its struct's address
	Deep  *leaf  `dynamodbav:"deep"`
}

type generic[V any] struct {
	Value V `dynamodbav:"value"`
}

type item struct {
	base
	*Pointed
	Name    int                 `dynamodbav:"title"`
	Plain   bool                // by its Go name
	Leaf    leaf                `dynamodbav:"leaf"`
	LeafPtr *leaf               `dynamodbav:"leaf-ptr"`
	When    time.Time           `dynamodbav:"when"`
	Self    *item               `dynamodbav:"self"`
	Box     generic[[]string]   `dynamodbav:"box"`
	Many    []leaf              `dynamodbav:"many"`
	Index   map[string][]leaf   `dynamodbav:"index"`
	Nested  map[string]*Pointed `dynamodbav:"nested"`
	Key     string              `dynamodbav:"-"`
	lower   string
	Any     any      `dynamodbav:"any"`
	Empty   struct{} `dynamodbav:"empty"`
}

// why is what is wrong with an attribute in an expression.
func why[V any](a expr.Attr[item, V]) string {
	if err := a.Ref(ast.Door{}).Check(); err != nil {
		return err.Error()
	}
	return ""
}

func TestAt(t *testing.T) {
	p := expr.Proto[item]()
	is := is.NewRelaxed(t)
	check := func(path, want, problem string) {
		t.Helper()
		is.Equal(path, want)
		is.Equal(problem, "")
	}
	id := expr.At(p, &p.ID)
	check(id.String(), "id", why(id))
	name := expr.At(p, &p.Pointed.Name)
	check(name.String(), "name", why(name))
	title := expr.At(p, &p.Name)
	check(title.String(), "title", why(title))
	plain := expr.At(p, &p.Plain)
	check(plain.String(), "Plain", why(plain))
	leafA := expr.At(p, &p.Leaf)
	check(leafA.String(), "leaf", why(leafA))
	first := expr.At(p, &p.Leaf.First)
	check(first.String(), "leaf.first", why(first))
	behind := expr.At(p, &p.LeafPtr.First)
	check(behind.String(), "leaf-ptr.first", why(behind))
	whole := expr.At(p, &p.LeafPtr)
	check(whole.String(), "leaf-ptr", why(whole))
	value := expr.At(p, &p.Box.Value)
	check(value.String(), "box.value", why(value))
	when := expr.At(p, &p.When)
	check(when.String(), "when", why(when))
	self := expr.At(p, &p.Self)
	check(self.String(), "self", why(self))
	is.Equal(p.Self, nil) // a type is not followed into itself
	twice := expr.Of(expr.Opt(self), expr.Of(expr.Opt(self), first))
	check(twice.String(), "self.self.leaf.first", why(twice))
	many := expr.At(p, &p.Many)
	element := expr.Of(expr.Elem(many, 3), expr.At(&p.Leaf, &p.Leaf.First))
	check(element.String(), "many[3].first", why(element))
	entry := expr.Elem(expr.Entry(expr.At(p, &p.Index), "a.b"), 0)
	check(entry.String(), `index."a.b"[0]`, why(entry))
	inside := expr.Of(expr.Opt(expr.Entry(expr.At(p, &p.Nested), "k")), expr.At(p.Pointed, &p.Pointed.Name))
	check(inside.String(), "nested.k.name", why(inside))
	dynamic := expr.Path[item, string](`any."x.y"[2].z`)
	check(dynamic.String(), `any."x.y"[2].z`, why(dynamic))
	emptyA := expr.At(p, &p.Empty)
	is.True(strings.Contains(why(emptyA), "no size"))

	key := expr.At(p, &p.Key)
	is.Equal(key.String(), "Key")
	is.True(strings.Contains(why(key), "only inside keys"))
	hidden := expr.At(p, &p.Hidden)
	is.Equal(hidden.String(), "Hidden")
}

func TestAttrOfAnUnexportedField(t *testing.T) {
	is := is.New(t)
	p := expr.Proto[item]()
	err := why(expr.At(p, &p.lower))
	is.True(strings.Contains(err, "unexported field of expr_test.item, which is not stored"))
}

func TestAttrsThatCannotBeUsed(t *testing.T) {
	p := expr.Proto[item]()
	other := expr.Proto[item]()
	local := "x"
	for name, problem := range map[string]string{
		"stray":          why(expr.At(p, &local)),
		"another proto":  why(expr.At(p, &other.ID)),
		"nil field":      why(expr.At(p, (*string)(nil))),
		"nil proto":      why(expr.At((*item)(nil), &local)),
		"unexported":     why(expr.At(p, &p.lower)),
		"zero":           why(expr.Attr[item, string]{}),
		"of zero":        why(expr.Of(expr.Attr[item, leaf]{}, expr.Attr[leaf, string]{})),
		"negative":       why(expr.Elem(expr.At(p, &p.Many), -1)),
		"no key":         why(expr.Entry(expr.At(p, &p.Index), "")),
		"empty path":     why(expr.Path[item, int]("")),
		"open bracket":   why(expr.Path[item, int]("a[1")),
		"no digits":      why(expr.Path[item, int]("a[x]")),
		"two dots":       why(expr.Path[item, int]("a..b")),
		"open quote":     why(expr.Path[item, int](`a."b`)),
		"empty quote":    why(expr.Path[item, int](`""`)),
		"junk":           why(expr.Path[item, int](`"a"b`)),
		"trailing dot":   why(expr.Path[item, int]("a.")),
		"a huge index":   why(expr.Path[item, int]("a[99999999999999999999]")),
		"elem of a zero": why(expr.Elem(expr.Attr[item, []string]{}, 0)),
	} {
		if problem == "" {
			t.Errorf("%s: no error", name)
		}
	}
	number := 1
	a := expr.At(&number, &number)
	if err := a.Ref(ast.Door{}).Check(); err == nil || !strings.Contains(err.Error(), "not a struct") {
		t.Error(err)
	}
}

func FuzzPath(f *testing.F) {
	f.Add(`a.b[0]."c.d"`)
	f.Add(`[0]`)
	f.Fuzz(func(t *testing.T, text string) {
		a := expr.Path[item, int](text)
		if why(a) != "" {
			return
		}
		again := expr.Path[item, int](a.String())
		if why(again) != "" || again.String() != a.String() {
			t.Fatalf("%q became %q", text, a.String())
		}
	})
}
