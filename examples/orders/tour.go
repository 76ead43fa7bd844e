package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
)

// How many orders the tour writes, and of how many customers.
const (
	orderCount    = 300
	customerCount = 7
)

// tour shows the repository at work on the table called name, and tells out
// what it does. It writes the same orders each time, so it can run again on a
// table that a run before it left.
func tour(ctx context.Context, out io.Writer, client dynox.Client, name string) error {
	table := dynox.NewTable(client, name)
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus, dynox.Kind[Order]("order"))
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }

	if err := table.Ensure(ctx, orders); err != nil {
		return err
	}
	say("table %s is ready, with its index %s", name, ByStatus.Name())

	for n := range orderCount {
		o := sample(n, customerCount)
		if err := orders.Put(ctx, &o); err != nil {
			return err
		}
	}
	say("wrote %d orders of %d customers", orderCount, customerCount)

	for _, chapter := range []func(context.Context, func(string, ...any), *dynox.Repo[Order]) error{
		readOne, queryByKey, queryByIndex, update, pages,
	} {
		say("")
		if err := chapter(ctx, say, orders); err != nil {
			return err
		}
	}
	return nil
}

// readOne gets an order by its key, and one that is not there.
func readOne(ctx context.Context, say func(string, ...any), orders *dynox.Repo[Order]) error {
	key := Order{Customer: "c01", Placed: start, ID: "0001"}
	o, err := orders.Get(ctx, key)
	if err != nil {
		return err
	}
	say("order %s of %s: %s, to %s, %s", o.ID, o.Customer, cents(o.Total), o.Ship.City, o.Status)

	key.ID = "none"
	_, err = orders.Get(ctx, key)
	if !errors.Is(err, dynox.ErrNotFound) {
		return fmt.Errorf("expected an order to be missing: %w", err)
	}
	say("an order that is not there: %v", dynox.ErrNotFound)

	o = sample(0, customerCount)
	if err := orders.Create(ctx, &o); !errors.Is(err, dynox.ErrExists) {
		return fmt.Errorf("expected the order to exist: %w", err)
	}
	say("creating order %s again: %v", o.ID, dynox.ErrExists)
	return nil
}

// queryByKey reads orders of one customer, in the order of their sort keys.
func queryByKey(ctx context.Context, say func(string, ...any), orders *dynox.Repo[Order]) error {
	mine := OrderKey.In(Order{Customer: "c02"})
	n, err := orders.Count(ctx, mine)
	if err != nil {
		return err
	}
	say("customer c02 has %d orders; the last three:", n)
	for o, err := range orders.Query(ctx, mine.Desc().Limit(3)) {
		if err != nil {
			return err
		}
		say("  %s  %s  %9s  %s", o.Placed.Format(time.DateTime), o.ID, cents(o.Total), o.Ship.City)
	}

	week := mine.Where(placed.Ge(start.AddDate(0, 0, 7)), placed.Lt(start.AddDate(0, 0, 14)))
	large := week.Filter(total.Gt(5_000), city.Eq("Lima"))
	found, err := iter.Collect(orders.Query(ctx, large))
	if err != nil {
		return err
	}
	say("%d of them went to Lima in the second week for more than 50.00", len(found))

	plan, err := orders.Explain(large)
	if err != nil {
		return err
	}
	say("that query reads by: %s\n        and filters: %s", plan.KeyCondition, plan.Filter)
	return nil
}

// queryByIndex reads orders by their status, whosever they are.
func queryByIndex(ctx context.Context, say func(string, ...any), orders *dynox.Repo[Order]) error {
	q := ByStatus.In(Order{Status: Paid})
	n, err := orders.Count(ctx, q)
	if err != nil {
		return err
	}
	say("%d orders are paid; the first two:", n)
	for o, err := range orders.Query(ctx, q.Limit(2)) {
		if err != nil {
			return err
		}
		say("  %s  %s of %s", o.Placed.Format(time.DateTime), o.ID, o.Customer)
	}
	return nil
}

// update ships an order if it is paid for, twice: the second time the
// condition fails, and the error has the stored order.
func update(ctx context.Context, say func(string, ...any), orders *dynox.Repo[Order]) error {
	key := Order{Customer: "c01", Placed: start, ID: "0001"}
	ship := func() (Order, error) {
		return orders.Update(ctx, key,
			status.Set(Shipped), expr.AddToSet(tags, "express"), expr.Add(total, 995),
			expr.If(status.Eq(Paid)))
	}
	o, err := ship()
	if err != nil {
		return err
	}
	say("shipped order %s, now %s with express", o.ID, cents(o.Total))

	_, err = ship()
	if !errors.Is(err, dynox.ErrConditionFailed) {
		return fmt.Errorf("expected the condition to fail: %w", err)
	}
	old, _ := dynox.OldItem[Order](err)
	say("shipping it again: %v, because it is %s", dynox.ErrConditionFailed, old.Status)
	return nil
}

// pages walks through the orders of one customer as a web handler would: a
// page for each request, and a cursor in between.
func pages(ctx context.Context, say func(string, ...any), orders *dynox.Repo[Order]) error {
	q := OrderKey.In(Order{Customer: "c03"}).Limit(20)
	var cursor dynox.Cursor
	for n := 1; ; n++ {
		page, err := orders.Page(ctx, q.After(cursor))
		if err != nil {
			return err
		}
		say("page %d: %d orders, %s to %s", n, len(page.Items), page.Items[0].ID, page.Items[len(page.Items)-1].ID)
		if cursor = page.Next; cursor == "" {
			break
		}
	}

	if _, err := orders.Page(ctx, q.After("made up")); !errors.Is(err, dynox.ErrCursor) {
		return fmt.Errorf("expected the cursor to be refused: %w", err)
	}
	say("a made-up cursor: %v", dynox.ErrCursor)
	return nil
}

func cents(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }
