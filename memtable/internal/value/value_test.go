package value

import (
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox/internal/number"
)

func num(text string) Value {
	n, err := number.Parse(text)
	if err != nil {
		panic(err)
	}
	return Number(n)
}

func item(pairs ...any) Item {
	var attributes []Attribute
	for i := 0; i < len(pairs); i += 2 {
		attributes = append(attributes, Attribute{pairs[i].(string), pairs[i+1].(Value)})
	}
	return NewItem(attributes)
}

func strs(elems ...string) Value {
	v, _ := StringSet(elems)
	return v
}

func nums(texts ...string) Value {
	var elems []number.Number
	for _, text := range texts {
		elems = append(elems, num(text).Number())
	}
	v, _ := NumberSet(elems)
	return v
}

func bins(elems ...string) Value {
	v, _ := BinarySet(elems)
	return v
}

func TestKinds(t *testing.T) {
	is := is.New(t)
	for k := KindS; k <= KindBS; k++ {
		is.Equal(KindOf(k.String()), k)
		is.Equal(k.IsKey(), k.Set() != Invalid)
		is.Equal(k.IsSet(), k.Elem() != Invalid)
		if k.IsKey() {
			is.Equal(k.Set().Elem(), k)
		}
	}
	is.Equal(KindOf("X"), Invalid)
	is.Equal(KindOf(""), Invalid)
	is.Equal(KindNS.Elem(), KindN)
	is.True(!Value{}.IsValid())
}

func TestEqual(t *testing.T) {
	values := []Value{
		String(""), String("a"), String("1"), Binary(""), Binary("a"), num("1"), num("1.5"), num("0"), Bool(true), Bool(false), Null(),
		List(nil), List([]Value{num("1")}), List([]Value{num("1"), num("2")}), List([]Value{num("2"), num("1")}),
		Map(Item{}), Map(item("a", Null())), Map(item("b", Null())), Map(item("a", Null(), "b", Null())), Map(item("a", Bool(true))),
		strs("a"), strs("a", "b"), bins("a"), bins("a", "b"), nums("1"), nums("1", "2"), {},
	}
	for i, v := range values {
		for j, w := range values {
			is := is.New(t)
			is.Equal(v.Equal(w), i == j)
		}
	}
	is := is.New(t)
	is.True(num("100").Equal(num("1E2")))
	is.True(strs("a", "b", "c").Equal(strs("c", "a", "b")))
	is.True(nums("1", "20").Equal(nums("2e1", "1.0")))
	is.True(item("a", num("1"), "b", Null()).Equal(item("b", Null(), "a", num("1"))))
	is.True(List([]Value{Map(item("x", strs("b", "a")))}).Equal(List([]Value{Map(item("x", strs("a", "b")))})))
}

func TestSets(t *testing.T) {
	is := is.New(t)
	_, distinct := StringSet([]string{"a", "b"})
	is.True(distinct)
	v, distinct := StringSet([]string{"b", "a", "b"})
	is.True(!distinct)
	is.Equal(v.Len(), 2)
	_, distinct = NumberSet([]number.Number{num("1").Number(), num("1.00").Number()})
	is.True(!distinct)
	_, distinct = BinarySet([]string{"", ""})
	is.True(!distinct)

	s := nums("10", "9", "-3", "0.5")
	var order []string
	for elem := range s.Set() {
		is.Equal(elem.Kind(), KindN)
		order = append(order, elem.Number().String())
	}
	is.Equal(order, []string{"-3", "0.5", "9", "10"})
	is.True(s.Has(num("1E1")))
	is.True(!s.Has(num("11")))
	is.True(!s.Has(String("10")))
	is.True(!num("10").Has(num("10")))
	is.True(!Value{}.Has(Value{}))
	is.True(s.Union(nums("9", "7")).Equal(nums("10", "9", "-3", "0.5", "7")))
	is.True(s.Minus(nums("9", "7")).Equal(nums("10", "-3", "0.5")))
	is.Equal(s.Minus(s).Len(), 0)
	is.Equal(s.Len(), 4) // unchanged
}

func TestOrder(t *testing.T) {
	for _, ascending := range [][]Value{
		{num("-9e125"), num("-10"), num("-9.5"), num("-1e-130"), num("0"), num("1e-130"), num("2"), num("10"), num("11")},
		{String(""), String("A"), String("Z"), String("a"), String("aa"), String("b"), String("é"), String("\uFFFD"), String("😀")},
		{Binary(""), Binary("\x00"), Binary("\x01"), Binary("\x7f"), Binary("\x80"), Binary("\xff"), Binary("\xff\x00")},
	} {
		is := is.New(t)
		is.True(slices.IsSortedFunc(ascending, Compare))
		for _, v := range ascending {
			is.True(FromKey(v.Kind(), v.Key()).Equal(v))
		}
	}
}

func TestSize(t *testing.T) {
	for _, test := range []struct {
		v    Value
		want int
	}{
		{String(""), 0}, {String("héé"), 5}, {Binary("abc"), 3}, {num("0"), 1}, {num("123"), 3}, {num("-123"), 4}, {Bool(true), 1}, {Bool(false), 1}, {Null(), 1},
		{List(nil), 3}, {List([]Value{num("1"), String("ab")}), 3 + 2 + 2 + 2},
		{Map(Item{}), 3}, {Map(item("key", String("ab"))), 3 + 1 + 3 + 2},
		{Map(item("a", List([]Value{Null()}))), 3 + 1 + 1 + (3 + 1 + 1)},
		{strs("ab", "c"), 3}, {nums("1", "-12"), 5}, {bins("abc", ""), 3}, {Value{}, 0},
	} {
		is := is.New(t)
		is.Equal(test.v.Size(), test.want)
	}
	is := is.New(t)
	is.Equal(item("pk", String("a"), "né", num("12")).Size(), 2+1+3+2)
	is.Equal(Item{}.Size(), 0)
}

func TestDepth(t *testing.T) {
	is := is.New(t)
	v := String("x")
	for depth := range 40 {
		is.Equal(v.Depth(), depth)
		if depth%2 == 0 {
			v = List([]Value{Null(), v})
		} else {
			v = Map(item("a", v, "b", List(nil)))
		}
	}
	is.Equal(strs("a").Depth(), 0)
}

func TestItem(t *testing.T) {
	is := is.New(t)
	it := item("b", num("1"), "a", num("2"), "b", num("3"))
	is.Equal(it.Len(), 2)
	v, ok := it.Get("b")
	is.True(ok)
	is.True(v.Equal(num("3"))) // the last of a name
	_, ok = it.Get("c")
	is.True(!ok)

	var names []string
	for name := range it.All() {
		names = append(names, name)
	}
	is.Equal(names, []string{"a", "b"})
	is.True(it.Only(func(name string) bool { return name == "b" }).Equal(item("b", num("3"))))
}

func TestItemsAreImmutable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is := is.New(t)
		model, it := map[string]string{}, Item{}
		name := rapid.SampledFrom(strings.Split("a b c d ab é", " "))
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			before, had := it, len(model)
			n := name.Draw(t, "name")
			if rapid.Bool().Draw(t, "set") {
				text := rapid.StringN(0, 3, 3).Draw(t, "text")
				model[n] = text
				it = it.With(n, String(text))
			} else {
				delete(model, n)
				it = it.Without(n)
			}
			is.Equal(before.Len(), had)
			is.Equal(it.Len(), len(model))
			for name, text := range model {
				v, ok := it.Get(name)
				is.True(ok && v.Text() == text)
			}
		}
	})
}
