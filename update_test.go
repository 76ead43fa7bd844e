package dynox_test

import (
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// An update by what another attribute holds may see it changed the second
// time.
func TestWhatAnotherAttributeGivesIsNotRepeated(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	version := expr.At(order, &order.Version)
	for _, c := range []struct {
		action expr.Action[Order]
		sent   int
	}{
		{version.SetTo(expr.IfMissing(total, 7)), 1},
		{version.SetTo(expr.IfMissingAttr(version, expr.Operand[Order, int64](total))), 1},
		{version.SetTo(expr.IfMissing(version, 7)), 2},
		{version.SetOnce(7), 2},
	} {
		engine.ForgetRequests()
		engine.Fail("UpdateItem", memtable.ResetAfter())
		_, err := orders.Update(t.Context(), o, c.action)
		is.Equal(errors.Is(err, dynox.ErrUnknownOutcome), c.sent == 1)
		is.Equal(asked(engine, "UpdateItem"), c.sent)
	}
}

// Keyed has its kind in an index, and the text of its key in a field.
type Keyed struct {
	PK    string `dynamodbav:"pk"`
	Index string `dynamodbav:"ipk"`
	Kind  string `dynamodbav:"kind"`
	Group string `dynamodbav:"group"`
	ID    string `dynamodbav:"id"`
	N     int    `dynamodbav:"n"`
}

func TestFieldsThatHoldWhatIsDerived(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	p := expr.Proto[Keyed]()
	kind, group, keyedID, n := expr.At(p, &p.Kind), expr.At(p, &p.Group), expr.At(p, &p.ID), expr.At(p, &p.N)
	key := dynox.Key[Keyed]{Partition: dynox.Composite("pk", "K#{}", keyedID)}
	ix := dynox.GSI("by-kind", dynox.Key[Keyed]{Partition: dynox.Composite("ipk", "{}#{}", kind, group)})
	byKind := dynox.GSI("all", dynox.Key[Keyed]{Partition: dynox.By(kind), Sort: dynox.By(keyedID)})
	items := newRepo(t, memtable.New(t).Client(), key, ix, byKind, dynox.Kind[Keyed]("keyed"))
	given := Keyed{PK: "nonsense", ID: "1", Group: "g"}
	item := given
	is.NoErr(items.Create(ctx, &item))
	want := Keyed{PK: "K#1", Index: "keyed#g", Kind: "keyed", ID: "1", Group: "g"}
	same(t, item, want)
	got, err := items.Get(ctx, given)
	is.NoErr(err)
	same(t, got, want)
	is.True(errors.Is(items.Create(ctx, &given), dynox.ErrExists))
	is.Equal(given.PK, "nonsense") // a write that fails changes nothing

	same(t, all(t, items.Query(ctx, ix.In(Keyed{Group: "g"}))), []Keyed{want})
	same(t, all(t, items.Query(ctx, byKind.In(Keyed{}))), []Keyed{want})
	got, err = items.Update(ctx, Keyed{ID: "1"}, group.Set("h"))
	is.NoErr(err)
	is.Equal(got.Index, "keyed#h")
	got, err = items.Upsert(ctx, Keyed{ID: "2"}, group.Set("h"), n.Set(1))
	is.NoErr(err)
	same(t, got, Keyed{PK: "K#2", Index: "keyed#h", Kind: "keyed", ID: "2", Group: "h", N: 1})
	item.Group = ""
	is.NoErr(items.Put(ctx, &item))
	is.Equal(item.Index, "")
}

// Wrapped holds its kind behind a pointer.
type Wrapped struct {
	*Common
	ID string `dynamodbav:"id"`
}

type Common struct {
	Kind string `dynamodbav:"kind"`
	Note string `dynamodbav:"note"`
}

func TestTheCallersPointersStay(t *testing.T) {
	is := is.New(t)
	p := expr.Proto[Wrapped]()
	key := dynox.Key[Wrapped]{Partition: dynox.By(expr.At(p, &p.ID))}
	items := newRepo(t, memtable.New(t).Client(), key, dynox.Kind[Wrapped]("wrapped"))
	shared := &Common{Note: "n"}
	a, b := Wrapped{shared, "a"}, Wrapped{nil, "b"}
	is.NoErr(items.Create(t.Context(), &a))
	is.NoErr(items.Create(t.Context(), &b))
	is.Equal(*shared, Common{Note: "n"})
	same(t, a, Wrapped{&Common{"wrapped", "n"}, "a"})
	same(t, b, Wrapped{&Common{Kind: "wrapped"}, "b"})
}

// A composite may share a field with a half of the key that is one.
func TestUpsertWithSharedKeyFields(t *testing.T) {
	is := is.New(t)
	key := dynox.Key[Event]{Partition: dynox.By(logAt), Sort: dynox.Composite("sk", "{}#{}", logAt, name)}
	events := newRepo(t, memtable.New(t).Client(), key)
	got, err := events.Upsert(t.Context(), Event{Log: "l", Name: "n"}, seq.Set(3))
	is.NoErr(err)
	is.Equal(got.Seq, 3)
	again, err := events.Get(t.Context(), Event{Log: "l", Name: "n"})
	is.NoErr(err)
	same(t, again, got)
}

func TestPathsOfAnotherType(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	key := dynox.Key[Event]{Partition: dynox.By(logAt), Sort: dynox.By(seq)}
	ix := dynox.GSI("by-name", dynox.Key[Event]{Partition: dynox.Composite("ipk", "N#{}", name)})
	events := newRepo(t, memtable.New(t).Client(), key, ix)
	e := Event{Log: "l", Seq: 3, Name: "n"}
	is.NoErr(events.Put(ctx, &e))
	q := key.In(Event{Log: "l"})
	_, err := first(events.Query(ctx, q.Where(expr.Path[Event, string]("seq").Eq("3"))))
	refused(t, err, "seq", "string", "int")
	same(t, all(t, events.Query(ctx, q.Where(expr.Path[Event, int64]("seq").Ge(3)))), []Event{e})
	_, err = events.Update(ctx, e, expr.Path[Event, int]("name").Set(3))
	refused(t, err, "ipk", "name")
	type label string
	got, err := events.Update(ctx, e, expr.Path[Event, label]("name").Set("m"))
	is.NoErr(err)
	is.Equal(got.Name, "m")
	is.Equal(len(all(t, events.Query(ctx, ix.In(Event{Name: "m"})))), 1)
}

func TestUpdatesThatCannotBe(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	engine.ForgetRequests()
	_, err := orders.Update(t.Context(), o, expr.Append(notes))
	refused(t, err, "no actions")
	_, err = orders.Update(t.Context(), o, expr.Append(tags, "x"))
	refused(t, err, "tags", "set", "AddToSet")
	_, err = orders.Update(t.Context(), o, total.Set(1), total.Set(2))
	refused(t, err, "total is changed twice")
	is.Equal(len(engine.Requests()), 0)
}

func TestSwapOfWhatCannotBeRead(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	is.NoErr(engine.Seed(tableOf(t, orders), `{"pk":{"S":"CUSTOMER#42"},"sk":{"S":"ORDER#2026-01-01T12:00:00.500000000Z#b"},"customer":{"S":"42"},"total":{"S":"x"}}`))
	old, existed, err := orders.Swap(t.Context(), &o)
	refused(t, err, "took effect", "total")
	is.Equal(existed, false)
	same(t, old, Order{})
}
