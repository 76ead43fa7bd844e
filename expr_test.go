package dynox_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

// Thing has an attribute of every type.
type Thing struct {
	ID     string            `dynamodbav:"id"`
	Text   string            `dynamodbav:"text"`
	Other  string            `dynamodbav:"other"`
	Count  int               `dynamodbav:"count"`
	Most   int               `dynamodbav:"most"`
	Ratio  float64           `dynamodbav:"ratio"`
	Flag   bool              `dynamodbav:"flag"`
	Bytes  []byte            `dynamodbav:"bytes"`
	List   []string          `dynamodbav:"list"`
	Nums   []int             `dynamodbav:"nums,numberset"`
	Words  []string          `dynamodbav:"words,stringset"`
	Marks  map[mark]struct{} `dynamodbav:"marks,numberset,omitempty"`
	Meta   map[string]int    `dynamodbav:"meta"`
	Maybe  *string           `dynamodbav:"maybe,omitempty"`
	Part   Part              `dynamodbav:"part"`
	Ptr    *Part             `dynamodbav:"ptr,omitempty"`
	Parts  []Part            `dynamodbav:"parts"`
	Next   *Thing            `dynamodbav:"next,omitempty"`
	Seen   time.Time         `dynamodbav:"seen,unixtime"`
	Dotted map[string]string `dynamodbav:"a.b"`
}

type Part struct {
	Name  string `dynamodbav:"name"` // a reserved word
	Count int    `dynamodbav:"count"`
}

var (
	thing   = expr.Proto[Thing]()
	thingID = expr.At(thing, &thing.ID)
	textA   = expr.At(thing, &thing.Text)
	otherA  = expr.At(thing, &thing.Other)
	countA  = expr.At(thing, &thing.Count)
	mostA   = expr.At(thing, &thing.Most)
	ratioA  = expr.At(thing, &thing.Ratio)
	flagA   = expr.At(thing, &thing.Flag)
	bytesA  = expr.At(thing, &thing.Bytes)
	listA   = expr.At(thing, &thing.List)
	numsA   = expr.At(thing, &thing.Nums)
	wordsA  = expr.At(thing, &thing.Words)
	marksA  = expr.Members(expr.At(thing, &thing.Marks))
	metaA   = expr.At(thing, &thing.Meta)
	maybeA  = expr.At(thing, &thing.Maybe)
	partA   = expr.At(thing, &thing.Part)
	ptrA    = expr.At(thing, &thing.Ptr)
	partsA  = expr.At(thing, &thing.Parts)
	nextA   = expr.At(thing, &thing.Next)
	seenA   = expr.At(thing, &thing.Seen)
	dottedA = expr.At(thing, &thing.Dotted)
	ptrName = expr.At(thing, &thing.Ptr.Name)

	part      = expr.Proto[Part]()
	partName  = expr.At(part, &part.Name)
	partCount = expr.At(part, &part.Count)
)

var ThingKey = dynox.Key[Thing]{Partition: dynox.By(thingID)}

type mark int

func aThing() Thing {
	maybe := "maybe"
	return Thing{
		ID: "1", Text: "hello", Other: "world", Count: 5, Most: 7, Ratio: 0.5, Flag: true, Bytes: []byte{1, 2, 3},
		List: []string{"a", "b"}, Nums: []int{1, 2}, Words: []string{"x", "y"}, Marks: map[mark]struct{}{1: {}, 2: {}}, Meta: map[string]int{"k": 1, "a.b": 2},
		Maybe: &maybe, Part: Part{"p", 1}, Ptr: &Part{"q", 2}, Parts: []Part{{"r", 3}},
		Next: &Thing{Text: "next"}, Seen: time.Unix(1000, 0), Dotted: map[string]string{"x.y": "z"},
	}
}

// TestConditions checks every condition, once as it holds and once as it does
// not, as a condition of a write and as a filter.
func TestConditions(t *testing.T) {
	many := make([]int, 250)
	for i := range many {
		many[i] = i - 244
	}
	none := expr.Path[Thing, string]("none")
	conds := []struct{ holds, fails expr.Cond[Thing] }{
		{textA.Eq("hello"), textA.Eq("hell")},
		{textA.Ne("x"), textA.Ne("hello")},
		{countA.Lt(6), countA.Lt(5)},
		{countA.Le(5), countA.Le(4)},
		{countA.Gt(4), countA.Gt(5)},
		{ratioA.Ge(0.5), ratioA.Ge(0.6)},
		{countA.Between(5, 6), countA.Between(6, 7)},
		{textA.In("a", "hello"), textA.In("a", "b")},
		{countA.In(many...), countA.In(many[:245]...)},
		{countA.In(many...).And(flagA.Eq(true)), countA.In(many[:245]...).And(flagA.Eq(true))},
		{expr.Not(textA.In()), textA.In()},
		{textA.Exists(), none.Exists()},
		{none.Missing(), textA.Missing()},
		{textA.IsType(expr.TypeString), textA.IsType(expr.TypeNumber)},
		{wordsA.IsType(expr.TypeStringSet), wordsA.IsType(expr.TypeList)},
		{textA.NeAttr(otherA), textA.EqAttr(otherA)},
		{textA.NeAttr(none), textA.EqAttr(none)},
		{countA.LtAttr(mostA), countA.GtAttr(mostA)},
		{countA.LeAttr(mostA), countA.GeAttr(mostA)},
		{countA.BetweenAttrs(expr.Of(partA, partCount), mostA), mostA.BetweenAttrs(expr.Of(partA, partCount), countA)},
		{expr.Prefix(textA, "he"), expr.Prefix(textA, "lo")},
		{expr.Prefix(bytesA, []byte{1, 2}), expr.Prefix(bytesA, []byte{2})},
		{expr.Contains(listA, "b"), expr.Contains(listA, "c")},
		{expr.Contains(wordsA, "x"), expr.Contains(wordsA, "z")},
		{expr.Contains(numsA, 2), expr.Contains(numsA, 3)},
		{expr.Contains(marksA, 2), expr.Contains(marksA, 3)},
		{marksA.Eq([]mark{2, 1}), marksA.Eq([]mark{1})},
		{expr.Size(marksA).Eq(2), expr.Size(marksA).Eq(1)},
		{expr.ContainsText(textA, "ell"), expr.ContainsText(textA, "xyz")},
		{expr.Size(textA).Eq(5), expr.Size(textA).Ne(5)},
		{expr.Size(listA).Gt(1), expr.Size(listA).Gt(2)},
		{expr.Size(metaA).Ge(2), expr.Size(metaA).Lt(2)},
		{expr.Size(bytesA).Le(3), expr.Size(bytesA).Le(2)},
		{expr.Size(wordsA).Between(1, 2), expr.Size(wordsA).Between(3, 4)},
		{expr.Elem(listA, 1).Eq("b"), expr.Elem(listA, 2).Eq("b")},
		{expr.Entry(metaA, "a.b").Eq(2), expr.Entry(metaA, "a").Exists()},
		{expr.Entry(dottedA, "x.y").Eq("z"), expr.Entry(dottedA, "x").Exists()},
		{expr.Opt(maybeA).Eq("maybe"), expr.Opt(maybeA).Lt("a")},
		{expr.Prefix(expr.Opt(maybeA), "may"), expr.Prefix(expr.Opt(maybeA), "x")},
		{ptrName.Eq("q"), ptrName.Eq("p")},
		{partA.Eq(Part{"p", 1}), partA.Eq(Part{"p", 2})},
		{expr.Of(partA, partCount).Eq(1), expr.Of(partA, partCount).Eq(2)},
		{expr.Of(expr.Elem(partsA, 0), partName).Eq("r"), expr.Of(expr.Elem(partsA, 0), partName).Eq("s")},
		{expr.Of(expr.Opt(nextA), textA).Eq("next"), expr.Of(expr.Opt(nextA), textA).Eq("x")},
		{expr.Path[Thing, int](`meta."a.b"`).Eq(2), expr.Path[Thing, int]("meta.a.b").Exists()},
		{expr.Path[Thing, string]("parts[0].name").Eq("r"), expr.Path[Thing, string]("parts[1].name").Exists()},
		{expr.Raw[Thing]("size(#list) > ?", 1), expr.Raw[Thing]("size(#list) > ?", 2)},
		{expr.Raw[Thing]("size(#l) > ? AND #n = ?", listA, expr.Of(partA, partName), 1, "p"), expr.Raw[Thing]("#x > #y", countA, mostA)},
		{expr.Raw[Thing]("? = ? OR ? < ?", textA, "x", countA, 6), expr.Raw[Thing]("?.#name = ?", partA, "x")},
		{seenA.Eq(time.Unix(1000, 0)), seenA.Gt(time.Unix(1000, 0))},
		{flagA.Eq(true), flagA.Eq(false)},
		{expr.All[Thing](), expr.Any[Thing]()},
		{expr.Any(textA.Eq("x"), expr.All(flagA.Eq(true), countA.Gt(1))), expr.All(textA.Eq("hello"), expr.Any(flagA.Eq(false), countA.Gt(10)))},
		{textA.Eq("x").Or(flagA.Eq(true)).And(countA.Gt(0)), textA.Eq("x").Or(flagA.Eq(true).And(countA.Gt(50)))},
		{textA.Eq("x").Not(), textA.Eq("hello").Not()},
		{expr.Cond[Thing]{}, expr.Cond[Thing]{}.Or(textA.Eq("x"))},
		{expr.Cond[Thing]{}.Not(), expr.Cond[Thing]{}.And(textA.Eq("x"))},
	}
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.NewRelaxed(t)
		things := newRepo(t, client, ThingKey)
		it := aThing()
		is.NoErr(things.Put(t.Context(), &it))
		for i, c := range conds {
			if err := things.Put(t.Context(), &it, expr.If(c.holds)); err != nil {
				t.Errorf("condition %d should hold: %v %s", i, err, cause(err))
			}
			err := things.Put(t.Context(), &it, expr.If(c.fails))
			if _, ok := dynox.OldItem[Thing](err); err == nil || !ok && !strings.Contains(err.Error(), "never hold") {
				t.Errorf("condition %d should fail: %v %s", i, err, cause(err))
			}
			n, err := things.Count(t.Context(), dynox.All[Thing]().Filter(c.holds))
			if err != nil || n != 1 {
				t.Errorf("filter %d should hold: %v %s", i, err, cause(err))
			}
			n, err = things.Count(t.Context(), dynox.All[Thing]().Filter(c.fails))
			if err != nil || n != 0 {
				t.Errorf("filter %d should fail: %v %s", i, err, cause(err))
			}
		}
	})
}

func TestUpdates(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		things := newRepo(t, client, ThingKey)
		for i, c := range []struct {
			actions []expr.Action[Thing]
			want    func(*Thing)
		}{
			{[]expr.Action[Thing]{textA.Set("x"), countA.SetOnce(9)}, func(w *Thing) { w.Text = "x" }},
			{[]expr.Action[Thing]{expr.Path[Thing, string]("new").SetOnce("v")}, func(*Thing) {}},
			{[]expr.Action[Thing]{expr.Add(countA, -3), expr.Incr(mostA, 3)}, func(w *Thing) { w.Count, w.Most = 2, 10 }},
			{[]expr.Action[Thing]{expr.Append(listA, "c", "d")}, func(w *Thing) { w.List = []string{"a", "b", "c", "d"} }},
			{[]expr.Action[Thing]{expr.Prepend(listA, "0")}, func(w *Thing) { w.List = []string{"0", "a", "b"} }},
			{[]expr.Action[Thing]{expr.AddToSet(wordsA, "z", "x", "z"), expr.AddToSet(numsA, 9)}, func(w *Thing) {
				w.Words, w.Nums = []string{"x", "y", "z"}, []int{1, 2, 9}
			}},
			{[]expr.Action[Thing]{expr.DeleteFromSet(wordsA, "x", "no"), expr.DeleteFromSet(numsA, 1, 2)}, func(w *Thing) {
				w.Words, w.Nums = []string{"y"}, nil
			}},
			{[]expr.Action[Thing]{expr.AddToSet(marksA, 2, 3)}, func(w *Thing) { w.Marks = map[mark]struct{}{1: {}, 2: {}, 3: {}} }},
			{[]expr.Action[Thing]{expr.DeleteFromSet(marksA, 1, 2)}, func(w *Thing) { w.Marks = nil }},
			{[]expr.Action[Thing]{marksA.Set([]mark{7})}, func(w *Thing) { w.Marks = map[mark]struct{}{7: {}} }},
			{[]expr.Action[Thing]{expr.AddToSet(wordsA), flagA.Set(false)}, func(w *Thing) { w.Flag = false }},
			{[]expr.Action[Thing]{expr.Elem(listA, 0).Remove(), expr.Entry(metaA, "a.b").Remove()}, func(w *Thing) {
				w.List, w.Meta = []string{"b"}, map[string]int{"k": 1}
			}},
			{[]expr.Action[Thing]{expr.Elem(listA, 1).Set("B"), expr.Entry(metaA, "n").Set(3)}, func(w *Thing) {
				w.List, w.Meta = []string{"a", "B"}, map[string]int{"k": 1, "a.b": 2, "n": 3}
			}},
			{[]expr.Action[Thing]{textA.SetTo(otherA), otherA.SetTo(textA)}, func(w *Thing) { w.Text, w.Other = "world", "hello" }},
			{[]expr.Action[Thing]{mostA.SetTo(expr.Plus(countA, expr.IfMissing(expr.Path[Thing, int]("none"), 100)))}, func(w *Thing) { w.Most = 105 }},
			{[]expr.Action[Thing]{mostA.SetTo(expr.Minus(countA, mostA))}, func(w *Thing) { w.Most = -2 }},
			{[]expr.Action[Thing]{listA.SetTo(expr.Concat(listA, expr.Value[Thing]([]string{"z"})))}, func(w *Thing) { w.List = []string{"a", "b", "z"} }},
			{[]expr.Action[Thing]{textA.SetTo(expr.IfMissingAttr(expr.Path[Thing, string]("none"), otherA))}, func(w *Thing) { w.Text = "world" }},
			{[]expr.Action[Thing]{partA.Set(Part{"new", 9}), ptrA.Set(nil)}, func(w *Thing) { w.Part, w.Ptr = Part{"new", 9}, nil }},
			{[]expr.Action[Thing]{ptrName.Set("deep"), expr.Opt(maybeA).Set("sure")}, func(w *Thing) {
				sure := "sure"
				w.Ptr, w.Maybe = &Part{"deep", 2}, &sure
			}},
			{[]expr.Action[Thing]{expr.EnsureMap(metaA), expr.EnsureMap(expr.Path[Thing, int]("fresh"))}, func(*Thing) {}},
			{[]expr.Action[Thing]{textA.Set("x").And(countA.Set(1), flagA.Set(false)), expr.Update[Thing]{}}, func(w *Thing) {
				w.Text, w.Count, w.Flag = "x", 1, false
			}},
			{[]expr.Action[Thing]{maybeA.Remove(), seenA.Set(time.Unix(5, 999))}, func(w *Thing) { w.Maybe, w.Seen = nil, time.Unix(5, 0) }},
			{[]expr.Action[Thing]{textA.Set("x"), expr.If(countA.Eq(5)), expr.If(flagA.Eq(true))}, func(w *Thing) { w.Text = "x" }},
		} {
			is := is.NewRelaxed(t)
			it := aThing()
			is.NoErr(things.Put(t.Context(), &it))
			got, err := things.Update(t.Context(), it, c.actions...)
			if err != nil {
				t.Errorf("update %d: %v %s", i, err, cause(err))
				continue
			}
			want := aThing()
			c.want(&want)
			slices.Sort(got.Words)
			slices.Sort(got.Nums)
			same(t, got, want)
		}
		// Strict ones fail where there is nothing to change.
		it := aThing()
		is := is.New(t)
		is.NoErr(things.Put(t.Context(), &it))
		_, err := things.Update(t.Context(), it, expr.Incr(expr.Path[Thing, int]("none"), 1))
		refused(t, err, "update", "missing path", "none")
		is.True(errors.Is(err, dynox.ErrPath))
		_, err = things.Update(t.Context(), it, expr.Entry(expr.Path[Thing, map[string]int]("none"), "k").Set(1), textA.Set("x"))
		refused(t, err, "update", "missing path", "none.*")
		is.True(errors.Is(err, dynox.ErrPath))
		_, err = things.Update(t.Context(), it, expr.Entry(expr.Path[Thing, map[string]int]("none"), "k").Remove())
		refused(t, err, "update", "missing path", "none.*")
		is.True(errors.Is(err, dynox.ErrPath))
		// What an update makes of an item may be too large, which only the service sees.
		_, err = things.Update(t.Context(), it, textA.Set(strings.Repeat("x", 400<<10-10)))
		refused(t, err, "update", "too large")
		is.True(errors.Is(err, dynox.ErrTooLarge))
		is.True(!dynox.Retryable(err))
	})
}

// TestForks shows that expressions derived from one value don't disturb each
// other.
func TestForks(t *testing.T) {
	is := is.New(t)
	_, orders := faulty(t)
	base := OrderKey.In(Order{Customer: "42"}).Filter(total.Gt(1)).Only(total)
	one := base.Filter(total.Lt(10)).Only(id)
	two := base.Filter(status.Eq(New)).Only(city)
	text := func(q dynox.Query[Order]) string {
		e, err := orders.Explain(q)
		is.NoErr(err)
		return e.Filter + " | " + e.Projection
	}
	is.Equal(text(base), "total > ? | total, pk, sk")
	is.Equal(text(one), "total > ? AND total < ? | total, id, pk, sk")
	is.Equal(text(two), "total > ? AND status = ? | total, ship.city, pk, sk")
	cond := total.Gt(1)
	a, b := cond.And(total.Lt(2)), cond.And(total.Lt(3), total.Lt(4))
	c := a.And(total.Lt(5))
	is.Equal(text(OrderKey.In(Order{Customer: "42"}).Filter(a))[:23], "total > ? AND total < ?")
	is.True(text(OrderKey.In(Order{Customer: "42"}).Filter(b)) != text(OrderKey.In(Order{Customer: "42"}).Filter(a)))
	is.True(text(OrderKey.In(Order{Customer: "42"}).Filter(c)) != text(OrderKey.In(Order{Customer: "42"}).Filter(a)))
}
