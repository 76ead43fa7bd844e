package expression

import (
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

func TestConditions(t *testing.T) {
	it := item(
		"n", num("5"), "five", num("5.0"), "six", num("6"), "s", value.String("abc"), "uni", value.String("é😀a"), "e", value.String(""),
		"bin", value.Binary("\x00\xff"), "t", value.Bool(true), "f", value.Bool(false), "nil", value.Null(),
		"l", list(num("1"), value.String("x"), object("k", num("7")), strs("p", "q")), "m", object("a", object("b", list(num("3")))),
		"ss", strs("a", "b"), "ns", nums("1", "2.50"), "bs", bins("z"), "x.y", num("1"),
	)
	values := map[string]value.Value{
		":5": num("5"), ":4": num("4"), ":3": num("3"), ":2": num("2"), ":1": num("1"), ":6": num("6"), ":25": num("2.5"),
		":abc": value.String("abc"), ":b": value.String("b"), ":a": value.String("a"), ":empty": value.String(""), ":x": value.String("x"), ":xS": value.String("5"),
		":ff": value.Binary("\xff"), ":00": value.Binary("\x00"), ":z": value.Binary("z"), ":true": value.Bool(true), ":null": value.Null(),
		":ba": strs("b", "a"), ":pq": strs("q", "p"), ":k7": object("k", num("7.0")), ":l": list(num("1")), ":M": value.String("M"), ":NULL": value.String("NULL"), ":S": value.String("S"),
	}
	for text, want := range map[string]bool{
		"n = :5": true, "n = five": true, "n = :4": false, "n = :xS": false, "n <> :4": true, "n <> :5": false, "n <> :xS": true,
		"gone = :5": false, "gone <> :5": true, "gone = lost": false, "gone <> lost": true, "gone < lost": false, "gone >= :5": false,
		"n < six": true, "n < five": false, "n <= five": true, "n > :4": true, "n >= :5": true, "n > :5": false, ":4 < n": true, "n < :abc": false, "s > :5": false,
		"s < :b": true, "bin < :ff": true, "bin > :00": true, "t < f": false, "l < l2": false,
		"t = :true": true, "f = :true": false, "nil = :null": true, "ss = :ba": true, "l[3] = :pq": true, "l[2] = :k7": true, "l <> m": true,
		"n BETWEEN :4 AND :6": true, "n BETWEEN :5 AND :5": true, "n BETWEEN :1 AND :4": false, "n BETWEEN six AND :6": false, "s BETWEEN :a AND :b": true,
		"s BETWEEN :4 AND :6": false, "gone BETWEEN :4 AND :6": false, "n BETWEEN :4 AND gone": false, "n BETWEEN :4 AND s": false, ":5 BETWEEN n AND six": true,
		"n IN (:4, :5)": true, "n IN (:4)": false, "n IN (:xS, five)": true, "gone IN (gone2, :5)": false, "ss IN (:abc, :ba)": true,
		"attribute_exists(n)": true, "attribute_exists(gone)": false, "attribute_exists(m.a.b[0])": true, "attribute_exists(m.a.b[1])": false, "attribute_exists(n.a)": false,
		"attribute_exists(l.a)": false, "attribute_exists(m[0])": false, "attribute_exists(nil)": true, "attribute_not_exists(gone)": true, "attribute_not_exists(m.a)": false,
		"attribute_exists(#xy)": true, "attribute_exists(x.y)": false,
		"attribute_type(m, :M)": true, "attribute_type(n, :M)": false, "attribute_type(nil, :NULL)": true, "attribute_type(gone, :NULL)": false, "attribute_type(:abc, :S)": true,
		"begins_with(s, :a)": true, "begins_with(s, :empty)": true, "begins_with(s, :b)": false, "begins_with(bin, :00)": true, "begins_with(bin, :ff)": false, "begins_with(n, :a)": false,
		"begins_with(s, :00)": false, "begins_with(gone, :a)": false, "begins_with(:abc, e)": true, "begins_with(ss, :a)": false,
		"contains(s, :b)": true, "contains(s, :x)": false, "contains(s, :empty)": true, "contains(bin, :ff)": true, "contains(s, :ff)": false,
		"contains(ss, :a)": true, "contains(ss, :abc)": false, "contains(ns, :25)": true, "contains(ns, :3)": false, "contains(ns, :a)": false, "contains(bs, :z)": true,
		"contains(l, :1)": true, "contains(l, :x)": true, "contains(l, :k7)": true, "contains(l, :pq)": true, "contains(l, :5)": false, "contains(m, :a)": false, "contains(n, :5)": false,
		"contains(gone, :5)": false, "contains(l, gone)": false,
		"size(s) = :3": true, "size(uni) = :4": true, "size(e) < :1": true, "size(bin) = :2": true, "size(l) = :4": true, "size(m) = :1": true, "size(ss) = :2": true, "size(ns) = :2": true,
		"size(bs) = :1": true, "size(n) = :1": false, "size(n) <> :1": true, "size(t) >= :1": false, "size(gone) > :1": false, "size(s) < n": true, "size(s) = :abc": false, "size(:abc) = :3": true,
		"size(s) BETWEEN :1 AND n": true, "size(s) IN (:2, :3)": true,
		"NOT n = :5": false, "NOT gone = :5": true, "NOT gone < :5": true, "n = :5 AND s = :abc": true, "n = :5 AND s = :b": false, "n = :4 OR s = :abc": true, "n = :4 OR s = :b": false,
		"n = :4 OR n = :5 AND s = :b": false, "(n = :5 OR n = :4) AND s = :abc": true, "NOT (n = :4 OR s = :b)": true,
	} {
		is := is.New(t)
		e, err := ParseCondition(FilterKind, text)
		is.NoErr(err)
		c, err := e.Bind(NewBinding(map[string]string{"#xy": "x.y"}, values))
		is.NoErr(err)
		if got := c.Eval(it); got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
}

func TestConditionOnNoItem(t *testing.T) {
	is := is.New(t)
	c, err := bindCondition(ConditionKind, "attribute_not_exists(a)")
	is.NoErr(err)
	is.True(c.Eval(value.Item{}))
	c, err = bindCondition(ConditionKind, "a = :n")
	is.NoErr(err)
	is.True(!c.Eval(value.Item{}))
}

func TestPaths(t *testing.T) {
	is := is.New(t)
	c, err := bindCondition(FilterKind, "#a.b[1] = :n AND (size(c) > d OR NOT contains(#dot, :s))")
	is.NoErr(err)
	var got []string
	for _, path := range c.Paths() {
		got = append(got, path.String())
	}
	is.Equal(got, []string{"[a, b, [1]]", "[c]", "[d]", "[x.y]"})

	schema := Schema{Partition: []Key{{"p", value.KindS}}, Sort: []Key{{"d", value.KindN}, {"a", value.KindN}}}
	is.Equal(c.CheckFilter(schema).Error(), "Filter Expression can only contain non-primary key attributes: Primary key attribute: d")
	is.NoErr(c.CheckFilter(Schema{Partition: []Key{{"p", value.KindS}}}))
	is.Equal(CheckKeyPaths(c.Paths(), "Key", Key{"c", value.KindS}, Key{"a", value.KindS}).Error(),
		"Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: a")
	is.NoErr(CheckKeyPaths(c.Paths(), "IndexKey", Key{"c", value.KindS}))
}

// Nodes of another front end, with values in place.
func TestBuiltNodes(t *testing.T) {
	is := is.New(t)
	c, err := NewCondition(FilterKind, &And{
		L: &Compare{Op: ">", L: NamePath("size"), R: &Literal{Value: num("1")}},
		R: &Not{X: &Call{Name: "attribute_exists", Args: []Node{NamePath("#x")}}},
	}).Bind(nil)
	is.NoErr(err)
	is.True(c.Eval(item("size", num("2"))))
	is.True(!c.Eval(item("size", num("2"), "#x", num("2"))))

	u, err := NewUpdate(UpdateKind, []Section{{Keyword: "SET", Actions: []Action{{Path: NamePath("a b"), Value: &Literal{Value: num("1")}}}}}).Bind(nil)
	is.NoErr(err)
	got, err := u.Apply(value.Item{}, false)
	is.NoErr(err)
	is.Equal(showItem(got), "{a b=1}")

	p, err := NewProjection([]*Path{NamePath("status"), NamePath("a.b")}).Bind(nil)
	is.NoErr(err)
	is.Equal(showItem(p.Eval(item("a.b", num("1"), "c", num("2"), "status", num("3")))), "{a.b=1 status=3}")
}

func TestProjections(t *testing.T) {
	it := item(
		"a", object("b", list(num("2"), num("4"), object("x", value.String("hi"), "y", value.String("yo"))), "c", num("5")),
		"b", value.String("hello"), "s", strs("p"), "x.y", num("9"), "deep", list(list(num("1"), num("2")), list(num("3"))),
	)
	for text, want := range map[string]string{
		"b": "{b=S:hello}", "b, s": "{b=S:hello s=<S:p>}", "nope": "{}", "#dot": "{x.y=9}",
		"a.c": "{a={c=5}}", "a.b[0]": "{a={b=[2]}}", "a.b[2]": "{a={b=[{x=S:hi y=S:yo}]}}", "a.b[2].y": "{a={b=[{y=S:yo}]}}",
		"a.b[2].x, a.b[0]": "{a={b=[2 {x=S:hi}]}}", "a.b[1], a.b[0], a.c": "{a={b=[2 4] c=5}}", "a.b[2].x, a.b[2].y": "{a={b=[{x=S:hi y=S:yo}]}}",
		"a.b[3]": "{}", "a.x.y": "{}", "a.b.x": "{}", "a[0]": "{}", "b.x": "{}", "b[0]": "{}", "s[0]": "{}", "a.x, a.b[0], x, a.b[3].x": "{a={b=[2]}}",
		"deep[1][0], deep[0][1]": "{deep=[[2] [3]]}", "deep[5], deep[1]": "{deep=[[3]]}",
	} {
		is := is.New(t)
		p, err := bindProjection(text)
		is.NoErr(err)
		if got := showItem(p.Eval(it)); got != want {
			t.Errorf("%s is %s, not %s", text, got, want)
		}
	}
}
