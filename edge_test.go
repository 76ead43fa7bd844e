package dynox_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

func TestRangesAtTheirLimits(t *testing.T) {
	is := is.New(t)
	client := memtable.New(t).Client()
	for _, sort := range []dynox.Part[Event]{
		dynox.Composite("sk", "{}", seq), dynox.Composite("sk", "E{}", seq),
		dynox.Composite("sk", "E#{}|{}", when, name), dynox.Composite("sk", "E{}{}", when, name),
	} {
		key := dynox.Key[Event]{Partition: dynox.By(logAt), Sort: sort}
		events := newRepo(t, client, key)
		is.NoErr(events.Put(t.Context(), &Event{Log: "l", Seq: math.MaxInt, Name: "n", When: day(1)}))
		q := key.In(Event{Log: "l"})
		if _, err := events.Explain(q.Where(seq.Gt(math.MaxInt))); err == nil {
			is.Equal(len(all(t, events.Query(t.Context(), q.Where(seq.Gt(math.MaxInt))))), 0)
			is.Equal(len(all(t, events.Query(t.Context(), q.Where(seq.Ge(math.MaxInt))))), 1)
			is.Equal(len(all(t, events.Query(t.Context(), q.Where(seq.Lt(math.MinInt))))), 0)
			continue
		}
		is.Equal(len(all(t, events.Query(t.Context(), q.Where(when.Gt(time.Time{}))))), 1)
		is.Equal(len(all(t, events.Query(t.Context(), q.Where(when.Lt(time.Time{}.Add(1)))))), 0)
	}
}

func TestKindsUnderOneLiteral(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	table := dynox.NewTable(memtable.New(t).Client(), "shop")
	key := dynox.Key[Order]{Partition: dynox.Composite("pk", "C#{}", customer), Sort: dynox.Const[Order]("sk", "META")}
	as, err := dynox.NewRepo(table, key, dynox.Kind[Order]("a"))
	is.NoErr(err)
	bs, err := dynox.NewRepo(table, key, dynox.Kind[Order]("b"))
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, as, bs))
	o := anOrder("1", 1)
	is.NoErr(as.Put(ctx, &o))
	_, err = bs.Update(ctx, o, total.Set(1))
	is.True(errors.Is(err, dynox.ErrNotFound))
	_, err = bs.Upsert(ctx, o, total.Set(1))
	is.True(errors.Is(err, dynox.ErrConditionFailed))
	_, err = bs.Take(ctx, o)
	is.True(errors.Is(err, dynox.ErrNotFound))
	is.NoErr(bs.Delete(ctx, o))
	is.True(errors.Is(bs.Put(ctx, &o), dynox.ErrConditionFailed))
	got, err := as.Get(ctx, o)
	is.NoErr(err)
	same(t, got, o)
}

func TestReadBackThatFails(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	engine.Fail("GetItem", memtable.InternalError(), memtable.Always())
	_, err := orders.Update(t.Context(), o, expr.Add(total, 5), expr.ExactlyOnce[Order]())
	refused(t, err, "took effect")
	engine.Heal()
	got, err := orders.Get(t.Context(), o)
	is.NoErr(err)
	is.Equal(got.Total, o.Total+5)
}

func TestTimesAsTheyAreInComposites(t *testing.T) {
	is := is.New(t)
	key := dynox.Key[Order]{Partition: dynox.By(customer), Sort: dynox.Composite("sk", "O#{}#{}", dynox.TimeAsIs(placed), id)}
	orders := newRepo(t, memtable.New(t).Client(), key)
	o := anOrder("42", 1)
	o.Placed = o.Placed.In(time.FixedZone("", 7200))
	is.NoErr(orders.Put(t.Context(), &o))
	got, err := orders.Get(t.Context(), o)
	is.NoErr(err)
	is.True(got.Placed.Equal(o.Placed))
}

func TestScanCursorsKeepTheirSegments(t *testing.T) {
	is := is.New(t)
	_, orders := faulty(t)
	for n := range 9 {
		o := anOrder(string(rune('a'+n)), 1)
		is.NoErr(orders.Put(t.Context(), &o))
	}
	var cursor dynox.Cursor
	take(t, orders.Scan(t.Context(), dynox.All[Order]().Segments(3).Track(&cursor)), 2)
	for _, scan := range []dynox.Scan[Order]{dynox.All[Order](), dynox.All[Order]().Segments(2)} {
		_, err := first(orders.Scan(t.Context(), scan.After(cursor)))
		is.True(errors.Is(err, dynox.ErrCursor))
	}
	is.Equal(len(all(t, orders.Scan(t.Context(), dynox.All[Order]().Segments(3).After(cursor)))), 7)
}

func TestOnlyWithOverlaps(t *testing.T) {
	is := is.New(t)
	_, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	street := expr.At(order, &order.Ship.Street)
	for _, only := range [][]expr.Field[Order]{{city, street, ship}, {ship, city}, {city, ship, street}} {
		got, err := orders.Get(t.Context(), o, dynox.Only(only...))
		is.NoErr(err)
		same(t, got, Order{Ship: o.Ship})
	}
}

func TestCursorPastTheLastBadItem(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	orders := newRepo(t, engine.Client(), OrderKey)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	is.NoErr(engine.Seed(tableOf(t, orders), `{"pk":{"S":"CUSTOMER#42"},"sk":{"S":"ORDER#2026-02-01T00:00:00.000000000Z#z"},"total":{"S":"x"}}`))
	var bad *dynox.ItemError
	for _, err := range orders.Query(t.Context(), OrderKey.In(Order{Customer: "42"})) {
		if err != nil {
			is.True(errors.As(err, &bad))
		}
	}
	is.True(bad.Cursor != "")
	is.Equal(len(all(t, orders.Query(t.Context(), OrderKey.In(Order{Customer: "42"}).After(bad.Cursor)))), 0)
}

func TestTakeOfWhatIsNotThere(t *testing.T) {
	is := is.New(t)
	_, orders := faulty(t)
	o := anOrder("42", 1)
	_, err := orders.Take(t.Context(), o, expr.If(status.Eq(New)))
	is.True(errors.Is(err, dynox.ErrNotFound))
	is.NoErr(orders.Put(t.Context(), &o))
	_, err = orders.Take(t.Context(), o, expr.If(status.Eq(Paid)))
	is.True(errors.Is(err, dynox.ErrConditionFailed))
}

func TestFormsWithinForms(t *testing.T) {
	is := is.New(t)
	client := memtable.New(t).Client()
	table := dynox.NewTable(client, "files")
	key := dynox.Key[Event]{Partition: dynox.Composite("pk", "{}/{}", logAt, name)}
	events, err := dynox.NewRepo(table, key, dynox.Escaped[Event](dynox.Lower(logAt)))
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), events))
	is.NoErr(events.Put(t.Context(), &Event{Log: "A/B", Name: "n"}))
	is.Equal(raw(t, client, "files", map[string]string{"pk": "a%2Fb/n"})["log"], "A/B")
	_, err = dynox.NewRepo(table, dynox.Key[Event]{Partition: dynox.Composite("pk", "{}", dynox.Padded(seq, 0))})
	refused(t, err, "seq", "digit")
}

func TestExpressionsKeepTheirValues(t *testing.T) {
	is := is.New(t)
	_, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	words := []string{"a"}
	add, list := expr.AddToSet(tags, words...), expr.Append(notes, words...)
	words[0] = "b"
	got, err := orders.Update(t.Context(), o, add, list)
	is.NoErr(err)
	is.Equal(got.Tags, []string{"a"})
	is.Equal(got.Notes, []string{"a"})
}

func TestNothingPanicsOnNil(t *testing.T) {
	_, orders := faulty(t)
	o := anOrder("42", 1)
	is := is.New(t)
	is.NoErr(orders.Put(t.Context(), &o, nil))
	_, err := orders.Get(t.Context(), o, nil)
	is.NoErr(err)
	_, err = orders.Count(t.Context(), nil)
	refused(t, err, "nil")
	_, err = orders.Explain(nil)
	refused(t, err, "nil")
	_, err = orders.Count(t.Context(), dynox.All[Order]().Filter(expr.Size[Order](nil).Gt(1)))
	refused(t, err, "zero Attr")
}
