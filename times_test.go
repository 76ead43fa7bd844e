package dynox_test

import (
	"errors"
	"math/big"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// A filter and a condition on a time mean what they mean in Go: where it is an
// input of a key, and where it is kept in whole seconds or milliseconds.
func TestTimesInConditions(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		milli := expr.At(event, &event.When)
		key := dynox.Key[Event]{Partition: dynox.By(logAt), Sort: dynox.Composite("sk", "E#{}#{}", when, name)}
		fixed := newRepo(t, client, key)
		byName := dynox.Key[Event]{Partition: dynox.By(logAt), Sort: dynox.By(name)}
		coarse := newRepo(t, client, byName, dynox.UnixMilli(milli))

		base := time.Date(2026, 1, 2, 12, 0, 5, 0, time.UTC)
		east := time.FixedZone("", 5*3600+1800)
		var stored []Event
		for i, at := range []time.Time{
			base.Add(-time.Second), base, base.Add(500 * time.Millisecond), base.In(east).Add(-time.Hour), base.Add(time.Nanosecond), base.Add(time.Second),
		} {
			e := Event{Log: "l", Name: string(rune('a' + i)), When: at, Until: at}
			stored = append(stored, e)
			for _, r := range []*dynox.Repo[Event]{fixed, coarse} {
				is.NoErr(r.Put(ctx, &e))
			}
		}
		count := func(r *dynox.Repo[Event], q dynox.Query[Event], c expr.Cond[Event]) int {
			return len(all(t, r.Query(ctx, q.Filter(c))))
		}
		second := func(at time.Time) time.Time { return time.Unix(at.Unix(), 0) }
		thousandth := func(at time.Time) time.Time { return time.UnixMilli(at.UnixMilli()) }
		for _, low := range []time.Time{base, base.Add(time.Nanosecond), base.Add(500 * time.Millisecond).In(east), base.Add(400 * time.Microsecond), base.Add(time.Hour)} {
			high := low.Add(700 * time.Millisecond)
			for _, c := range []struct {
				of    func(expr.Attr[Event, time.Time]) expr.Cond[Event]
				holds func(time.Time) bool
			}{
				{func(a expr.Attr[Event, time.Time]) expr.Cond[Event] { return a.Eq(low) }, low.Equal},
				{func(a expr.Attr[Event, time.Time]) expr.Cond[Event] { return a.Ne(low) }, func(at time.Time) bool { return !at.Equal(low) }},
				{func(a expr.Attr[Event, time.Time]) expr.Cond[Event] { return a.Lt(low) }, func(at time.Time) bool { return at.Before(low) }},
				{func(a expr.Attr[Event, time.Time]) expr.Cond[Event] { return a.Le(low) }, func(at time.Time) bool { return !at.After(low) }},
				{func(a expr.Attr[Event, time.Time]) expr.Cond[Event] { return a.Gt(low) }, func(at time.Time) bool { return at.After(low) }},
				{func(a expr.Attr[Event, time.Time]) expr.Cond[Event] { return a.Ge(low) }, func(at time.Time) bool { return !at.Before(low) }},
				{func(a expr.Attr[Event, time.Time]) expr.Cond[Event] { return a.Between(low, high) }, func(at time.Time) bool { return !at.Before(low) && !at.After(high) }},
				{func(a expr.Attr[Event, time.Time]) expr.Cond[Event] { return a.In(low, high) }, func(at time.Time) bool { return at.Equal(low) || at.Equal(high) }},
				{func(a expr.Attr[Event, time.Time]) expr.Cond[Event] { return a.Lt(low).Not().And(a.Ne(high)) }, func(at time.Time) bool { return !at.Before(low) && !at.Equal(high) }},
			} {
				var exact, seconds, millis int
				for _, e := range stored {
					exact += one(c.holds(e.When))
					seconds += one(c.holds(second(e.Until)))
					millis += one(c.holds(thousandth(e.When)))
				}
				is.Equal(count(fixed, key.In(Event{Log: "l"}), c.of(when)), exact)
				is.Equal(count(coarse, byName.In(Event{Log: "l"}), c.of(until)), seconds)
				is.Equal(count(coarse, byName.In(Event{Log: "l"}), c.of(milli)), millis)
			}
		}
		e := stored[3] // in another zone
		is.NoErr(fixed.Put(ctx, &e, expr.If(when.Eq(e.When.UTC()))))
		_, err := coarse.Update(ctx, stored[2], seq.Set(1), expr.If(until.Lt(stored[2].Until)))
		is.NoErr(err)
		_, err = coarse.Update(ctx, stored[2], seq.Set(1), expr.If(until.Eq(stored[2].Until)))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
	})
}

func one(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

// Rich has fields that only JSON can store.
type Rich struct {
	ID    string  `dynamodbav:"id"`
	Ratio big.Rat `dynamodbav:"ratio"`
	At    struct {
		User *url.Userinfo
		Port int
	} `dynamodbav:"at"`
}

func TestJSONOfWhatNothingElseStores(t *testing.T) {
	is := is.New(t)
	p := expr.Proto[Rich]()
	id, ratio := expr.At(p, &p.ID), expr.At(p, &p.Ratio)
	key := dynox.Key[Rich]{Partition: dynox.By(id)}
	items := newRepo(t, memtable.New(t).Client(), key, dynox.JSON(ratio), dynox.JSON(expr.At(p, &p.At)))
	r := Rich{ID: "1"}
	r.Ratio.SetFrac64(1, 3)
	r.At.Port = 7
	is.NoErr(items.Put(t.Context(), &r))
	got, err := items.Get(t.Context(), r)
	is.NoErr(err)
	is.Equal(got.Ratio.String(), "1/3")
	is.Equal(got.At.Port, 7)
}

func TestKeysOfPaths(t *testing.T) {
	table := dynox.NewTable(memtable.New(t).Client(), "shop")
	ix := dynox.GSI("index", dynox.Key[Order]{Partition: dynox.By(expr.Path[Order, Status]("status"))})
	_, err := dynox.NewRepo(table, OrderKey, ix)
	refused(t, err, "index index", "status", "expr.At")
	_, err = dynox.NewRepo(table, dynox.Key[Order]{Partition: dynox.By(expr.Path[Order, string]("customer"))})
	refused(t, err, "customer", "expr.At")
}

// What an item of others lacks its key tells, however little of it is read.
func TestFieldsThatOnlyTheKeyHas(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		orders := newRepo(t, client, OrderKey)
		seed(t, client, tableOf(t, orders), map[string]any{"pk": "CUSTOMER#1", "sk": "ORDER#2026-01-02T03:04:05.000000000Z#7", "total": 5})
		at := Order{Customer: "1", ID: "7", Placed: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		want := at
		want.Total = 5
		got, err := orders.Get(ctx, at)
		is.NoErr(err)
		same(t, got, want)
		got, err = orders.Get(ctx, at, dynox.Only(id, placed, total))
		is.NoErr(err)
		same(t, got, Order{ID: "7", Placed: at.Placed, Total: 5})
		type slim struct {
			ID    string `dynamodbav:"id"`
			Total int64  `dynamodbav:"total"`
		}
		s, err := first(dynox.Into[slim](ctx, orders, OrderKey.In(Order{Customer: "1"})))
		is.NoErr(err)
		is.Equal(s, slim{"7", 5})
	})
}

func TestAppendToNull(t *testing.T) {
	is := is.New(t)
	type listed struct {
		ID   string   `dynamodbav:"id"`
		List []string `dynamodbav:"list"`
	}
	p := expr.Proto[listed]()
	items := newRepo(t, memtable.New(t).Client(), dynox.Key[listed]{Partition: dynox.By(expr.At(p, &p.ID))})
	l := listed{ID: "1"}
	is.NoErr(items.Put(t.Context(), &l))
	_, err := items.Update(t.Context(), l, expr.Append(expr.At(p, &p.List), "x"))
	is.True(errors.Is(err, dynox.ErrPath))
	refused(t, err, "list", "NULL")
}
