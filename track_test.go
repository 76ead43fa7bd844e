package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
)

var orderVersion = expr.At(order, &order.Version)

func TestTracked(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		var hooked []string
		note := func(what string) func(context.Context, *Order) error {
			return func(_ context.Context, o *Order) error {
				hooked = append(hooked, what+" "+o.ID)
				return nil
			}
		}
		table := newTable(t, client)
		orders, err := dynox.NewRepo(table, OrderKey, ByStatus, dynox.Kind[Order]("order"), lock.Version(orderVersion),
			hooks.BeforeUpdate(note("before")), hooks.AfterUpdate(note("after")))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, orders))
		o := anOrder("42", 1)
		o.Tags, o.Notes, o.Labels, o.Bill = []string{"a", "b"}, []string{"x", "y"}, map[string]string{"k": "v", "l": "w"}, &Address{City: "Rome"}
		is.NoErr(orders.Put(ctx, &o))
		// What the type does not know, at the top and below.
		_, err = orders.Update(ctx, o, expr.Path[Order, string]("extra").Set("kept"), expr.Path[Order, string]("ship.extra").Set("kept"))
		is.NoErr(err)

		tr, err := orders.Load(ctx, Order{Customer: "42", ID: o.ID, Placed: o.Placed})
		is.NoErr(err)
		is.Equal(tr.V.Version, int64(2))
		is.Equal(len(tr.Changed()), 0)
		is.NoErr(tr.Save(ctx))
		is.Equal(tr.V.Version, int64(2)) // no call
		is.Equal(len(hooked), 2)         // of the update above

		tr.V.Notes[1] = "z"                  // in place
		tr.V.Labels["k"] = "changed"         // one entry
		delete(tr.V.Labels, "l")             // another
		tr.V.Ship.City = "Bergen"            // nested
		tr.V.Bill = nil                      // cleared
		tr.V.Status = Paid                   // the key of an index
		tr.V.Tags = []string{"b", "a"}       // the same set
		tr.V.Expires = time.Unix(5, 0).UTC() // was not there
		is.Equal(tr.Changed(), []string{"expires", "labels.k", "labels.l", "notes", "ship.city", "status", "bill"})
		hooked = nil
		want := tr.V
		is.NoErr(tr.Save(ctx))
		is.Equal(tr.V.Version, int64(3))
		want.Version = 3
		is.True(tr.V.Expires.Equal(want.Expires))
		tr.V.Expires, want.Expires = time.Time{}, time.Time{}
		is.Equal(len(tr.V.Tags), 2)
		tr.V.Tags, want.Tags = nil, nil
		same(t, tr.V, want)
		is.Equal(hooked, []string{"before b", "after b"})
		is.Equal(tr.Changed(), []string{"expires", "tags"}[:2])
		tr, err = orders.Load(ctx, o)
		is.NoErr(err)
		stored := raw(t, client, table.Name(), map[string]string{"pk": "CUSTOMER#42", "sk": "ORDER#2026-01-01T12:00:00.500000000Z#b"})
		is.Equal(stored["extra"], "kept")
		is.Equal(stored["ship"].(map[string]any)["extra"], "kept")
		_, there := stored["bill"]
		is.True(!there)
		is.Equal(len(all(t, orders.Query(ctx, ByStatus.In(Order{Status: Paid})))), 1)

		// Somebody else comes in between.
		_, err = orders.Update(ctx, tr.V, expr.Add(total, 1))
		is.NoErr(err)
		tr.V.Total = 99
		err = tr.Save(ctx)
		is.True(errors.As(err, new(*lock.StaleError)))
		is.Equal(tr.V.Total, int64(99))
		is.Equal(tr.Changed(), []string{"total"})

		tr, err = orders.Load(ctx, o)
		is.NoErr(err)
		tr.V.Total = 99
		err = tr.Save(ctx, expr.If(total.Gt(1000)))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		is.True(!errors.As(err, new(*lock.StaleError)))
		is.NoErr(tr.Save(ctx, expr.If(total.Lt(1000))))
		is.Equal(tr.V.Total, int64(99))

		tr.V.Customer = "43"
		is.True(errors.Is(tr.Save(ctx), dynox.ErrKey))
		tr.V.Customer = "42"
		is.Equal(len(tr.Changed()), 0)
		version := tr.V.Version
		tr.V.Version = 77
		is.True(tr.Save(ctx) != nil) // the version is not the user's
		tr.V.Version = version
		is.NoErr(orders.Delete(ctx, Order{Customer: "42", ID: o.ID, Placed: o.Placed}))
		tr.V.Total = 5
		is.True(errors.Is(tr.Save(ctx), dynox.ErrNotFound))
		_, err = orders.Load(ctx, o)
		is.True(errors.Is(err, dynox.ErrNotFound))
	})
}

// A part of a map that is not stored as one is written with it.
func TestTrackedMapsThatAreNotThere(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		orders := newRepo(t, client, OrderKey)
		o := anOrder("42", 1)
		is.NoErr(orders.Put(ctx, &o))
		_, err := orders.Update(ctx, o, ship.Remove())
		is.NoErr(err)
		tr, err := orders.Load(ctx, o)
		is.NoErr(err)
		is.Equal(tr.V.Ship, Address{})
		is.Equal(len(tr.Changed()), 0)
		tr.V.Ship.City = "Bergen"
		tr.V.Bill = &Address{City: "Rome"}
		is.Equal(tr.Changed(), []string{"bill", "ship"})
		is.NoErr(tr.Save(ctx))
		got, err := orders.Get(ctx, o, dynox.Consistent)
		is.NoErr(err)
		same(t, got, tr.V)
	})
}

// An answer that was lost does not make a save a second one.
func TestTrackedAfterLostAnswers(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(ctx, &o))
	tr, err := orders.Load(ctx, o)
	is.NoErr(err)
	tr.V.Total, tr.V.Notes = 7, []string{"x"}
	engine.Fail("UpdateItem", memtable.ResetAfter())
	is.NoErr(tr.Save(ctx))
	is.Equal(tr.V.Total, int64(7))
	is.Equal(tr.V.Notes, []string{"x"})
}

// A save is one update, of what has changed.
func ExampleRepo_Load() {
	ctx := context.Background()
	client := memtable.Open().Client()
	table := dynox.NewTable(client, "shop")
	orders, err := dynox.NewRepo(table, OrderKey)
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, orders); err != nil {
		panic(err)
	}
	o := anOrder("42", 1)
	if err := orders.Put(ctx, &o); err != nil {
		panic(err)
	}
	tr, err := orders.Load(ctx, o)
	if err != nil {
		panic(err)
	}
	tr.V.Status = Paid
	tr.V.Ship.City = "Bergen"
	fmt.Println(tr.Changed())
	fmt.Println(tr.Save(ctx), tr.Changed())
	// Output:
	// [ship.city status]
	// <nil> []
}
