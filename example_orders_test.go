package dynox_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// All the verbs in one program, over the order, OrderKey and ByStatus of this
// package's tests.
func Example_orders() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "shop")
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus, dynox.Kind[Order]("order"))
	check(err)
	check(table.Ensure(ctx, orders))

	for n := range 9 {
		o := Order{Customer: "42", ID: fmt.Sprint(n), Status: New, Total: int64(n) * 100, Placed: day(n + 1)}
		check(orders.Create(ctx, &o))
	}
	key := Order{Customer: "42", Placed: day(8), ID: "7"}
	o, err := orders.Get(ctx, key)
	fmt.Println("got", o.ID, o.Total, err)

	o, err = orders.Update(ctx, key, status.Set(Paid), expr.Add(total, 5), expr.If(total.Lt(1000)))
	fmt.Println("updated", o.Status, o.Total, err)
	o.Status = Shipped
	check(orders.Put(ctx, &o, expr.If(status.Ne(Shipped))))
	err = orders.Put(ctx, &o, expr.If(status.Ne(Shipped)))
	fmt.Println("put again:", errors.Is(err, dynox.ErrConditionFailed))

	q := OrderKey.In(Order{Customer: "42"}).Where(placed.Ge(day(4))).Filter(total.Gt(100)).Desc().Limit(3)
	for o, err := range orders.Query(ctx, q) {
		check(err)
		fmt.Println("found", o.ID, o.Total)
	}
	page, err := orders.Page(ctx, q)
	check(err)
	page, err = orders.Page(ctx, q.After(page.Next))
	fmt.Println("next page:", len(page.Items), "from", page.Items[0].ID, err)

	shipped, err := iter.Collect(orders.Query(ctx, ByStatus.In(Order{Status: Shipped}).Limit(10)))
	fmt.Println("shipped:", len(shipped), err)

	check(orders.Delete(ctx, key))
	_, err = orders.Get(ctx, key)
	fmt.Println("deleted:", errors.Is(err, dynox.ErrNotFound))
	// Output:
	// got 7 700 <nil>
	// updated paid 705 <nil>
	// put again: true
	// found 8 800
	// found 7 705
	// found 6 600
	// next page: 3 from 5 <nil>
	// shipped: 1 <nil>
	// deleted: true
}
