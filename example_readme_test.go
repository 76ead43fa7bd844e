package dynox_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// From a type to a table, and a round through it.
func Example() {
	type Order struct {
		Customer string    `dynamodbav:"customer"`
		ID       string    `dynamodbav:"id"`
		Status   string    `dynamodbav:"status"`
		Total    int64     `dynamodbav:"total"`
		Placed   time.Time `dynamodbav:"placed"`
	}
	order := expr.Proto[Order]()
	customer, id, status := expr.At(order, &order.Customer), expr.At(order, &order.ID), expr.At(order, &order.Status)
	total, placed := expr.At(order, &order.Total), expr.At(order, &order.Placed)

	OrderKey := dynox.Key[Order]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", customer),
		Sort:      dynox.Composite("sk", "ORDER#{}#{}", placed, id),
	}
	client := memtable.Open().Client() // or dynamodb.NewFromConfig(cfg): nothing else changes
	table := dynox.NewTable(client, "shop")
	orders, err := dynox.NewRepo(table, OrderKey, dynox.Kind[Order]("order"))
	if err != nil {
		log.Fatal(err) // everything wrong with keys, tags and options, at once
	}
	ctx := context.Background()
	if err := table.Ensure(ctx, orders); err != nil {
		log.Fatal(err)
	}
	o := Order{Customer: "42", ID: "7", Status: "open", Total: 250, Placed: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	err = orders.Create(ctx, &o)
	fmt.Println("created:", err)

	o, err = orders.Update(ctx, o, status.Set("paid"), expr.Add(total, 5), expr.If(status.Eq("open")))
	fmt.Println("updated:", o.Status, o.Total, err)

	q := OrderKey.In(Order{Customer: "42"}).Where(placed.Ge(o.Placed.AddDate(0, -1, 0))).Filter(total.Gt(100))
	for o, err := range orders.Query(ctx, q.Desc().Limit(50)) {
		fmt.Println("found:", o.ID, o.Total, err)
	}
	// Output:
	// created: <nil>
	// updated: paid 255 <nil>
	// found: 7 255 <nil>
}
