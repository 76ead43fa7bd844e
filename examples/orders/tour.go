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

// A teller tells the reader what the tour does, a line at a time.
type teller func(format string, args ...any)

// tour shows a repository at work on the table called name, and tells out
// what it does. Whatever the table held before, it says the same.
func tour(ctx context.Context, out io.Writer, client dynox.Client, name string) error {
	say := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }

	table := dynox.NewTable(client, name)
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus, dynox.Kind[Order]("order"))
	if err != nil {
		return err
	}
	if err := table.Ensure(ctx, orders); err != nil {
		return err
	}
	say("table %s is ready, with its index %s", table.Name(), ByStatus.Name())

	if err := clean(ctx, orders); err != nil {
		return err
	}
	for i, chapter := range []func(context.Context, teller, *dynox.Repo[Order]) error{
		write, read, queryByKey, queryByIndex, update, pages,
	} {
		if i > 0 {
			say("")
		}
		if err := chapter(ctx, say, orders); err != nil {
			return err
		}
	}
	return nil
}

// clean deletes what an earlier tour left.
func clean(ctx context.Context, orders *dynox.Repo[Order]) error {
	for n := range customerCount {
		for o, err := range orders.Query(ctx, OrderKey.In(Order{Customer: customerName(n)}).Consistent()) {
			if err != nil {
				return err
			}
			if err := orders.Delete(ctx, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// write stores the orders that the rest of the tour is about.
func write(ctx context.Context, say teller, orders *dynox.Repo[Order]) error {
	for n := range orderCount {
		o := sample(n)
		if err := orders.Put(ctx, &o); err != nil {
			return err
		}
	}
	say("wrote %d orders of %d customers", orderCount, customerCount)
	return nil
}

// read gets an order by its key, then one that is not there, and shows that
// Create replaces nothing.
func read(ctx context.Context, say teller, orders *dynox.Repo[Order]) error {
	first := sample(0)
	key := Order{Customer: first.Customer, Placed: first.Placed, ID: first.ID}
	o, err := orders.Get(ctx, key, dynox.Consistent)
	if err != nil {
		return err
	}
	say("order %s of %s: %s, to %s, %s", o.ID, o.Customer, cents(o.Total), o.Ship.City, o.Status)

	key.ID = "none"
	_, err = orders.Get(ctx, key)
	if !errors.Is(err, dynox.ErrNotFound) {
		return fmt.Errorf("expected an order to be missing: %w", err)
	}
	say("an order that is not there: %v", err)

	err = orders.Create(ctx, &first)
	if !errors.Is(err, dynox.ErrExists) {
		return fmt.Errorf("expected the order to exist: %w", err)
	}
	say("creating order %s again: %v", first.ID, err)
	return nil
}

// queryByKey reads orders of one customer, in the order of their sort keys.
func queryByKey(ctx context.Context, say teller, orders *dynox.Repo[Order]) error {
	who := customerName(1)
	theirs := OrderKey.In(Order{Customer: who}).Consistent()
	n, err := orders.Count(ctx, theirs)
	if err != nil {
		return err
	}
	say("customer %s has %d orders; the last three:", who, n)
	for o, err := range orders.Query(ctx, theirs.Desc().Limit(3)) {
		if err != nil {
			return err
		}
		say("  %s  %s  %6s  %s", o.Placed.Format(time.DateTime), o.ID, cents(o.Total), o.Ship.City)
	}

	week := theirs.Where(placed.Ge(start.AddDate(0, 0, 7)), placed.Lt(start.AddDate(0, 0, 14)))
	large := week.Filter(total.Gt(50_00), city.Eq("Lima"))
	found, err := iter.Collect(orders.Query(ctx, large))
	if err != nil {
		return err
	}
	say("%d of them went to Lima in the second week for more than 50.00", len(found))

	plan, err := orders.Explain(large)
	if err != nil {
		return err
	}
	say("  that query reads: %s", plan.KeyCondition)
	say("  and then filters: %s", plan.Filter)
	return nil
}

// queryByIndex reads orders by their status, whosever they are.
func queryByIndex(ctx context.Context, say teller, orders *dynox.Repo[Order]) error {
	paid := ByStatus.In(Order{Status: Paid}).Filter(expr.Prefix(customer, ours))
	n, err := untilCount(ctx, orders, paid, orderCount/3)
	if err != nil {
		return err
	}
	say("%d orders are paid; the first two:", n)
	for o, err := range orders.Query(ctx, paid.Limit(2)) {
		if err != nil {
			return err
		}
		say("  %s  %s of %s", o.Placed.Format(time.DateTime), o.ID, o.Customer)
	}
	return nil
}

// untilCount counts what q finds until there are n, for ten seconds at most:
// a global index follows its table after a moment.
func untilCount(ctx context.Context, orders *dynox.Repo[Order], q dynox.Query[Order], n int64) (int64, error) {
	for deadline := time.Now().Add(10 * time.Second); ; {
		found, err := orders.Count(ctx, q)
		if err != nil || found == n || time.Now().After(deadline) {
			return found, err
		}
		select {
		case <-ctx.Done():
			return found, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// update ships an order if it is paid for, twice: the second time the
// condition fails, and the error has the stored order.
func update(ctx context.Context, say teller, orders *dynox.Repo[Order]) error {
	key := Order{Customer: customerName(0), Placed: start, ID: sample(0).ID}
	ship := func() (Order, error) {
		return orders.Update(ctx, key,
			status.Set(Shipped), expr.Add(total, 9_95), expr.AddToSet(tags, "express"),
			expr.If(status.Eq(Paid)))
	}
	o, err := ship()
	if err != nil {
		return err
	}
	say("shipped order %s by express, now %s", o.ID, cents(o.Total))

	_, err = ship()
	if !errors.Is(err, dynox.ErrConditionFailed) {
		return fmt.Errorf("expected the condition to fail: %w", err)
	}
	say("shipping it again: %v", err)
	if old, ok := dynox.OldItem[Order](err); ok {
		say("  because it is %s", old.Status)
	}
	return nil
}

// pages walks through the orders of one customer as a web handler would: a
// page for each request, and a cursor in between.
func pages(ctx context.Context, say teller, orders *dynox.Repo[Order]) error {
	who := customerName(2)
	q := OrderKey.In(Order{Customer: who}).Limit(20)
	var cursor dynox.Cursor
	for n := 1; ; n++ {
		page, err := orders.Page(ctx, q.After(cursor))
		if err != nil {
			return err
		}
		if len(page.Items) == 0 {
			return fmt.Errorf("expected orders on page %d", n)
		}
		say("page %d of %s: %d orders, %s to %s", n, who, len(page.Items),
			page.Items[0].ID, page.Items[len(page.Items)-1].ID)
		if cursor = page.Next; cursor == "" {
			break
		}
	}

	_, err := orders.Page(ctx, q.After("made up"))
	if !errors.Is(err, dynox.ErrCursor) {
		return fmt.Errorf("expected the cursor to be refused: %w", err)
	}
	say("a made-up cursor: %v", err)
	return nil
}

func cents(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }
