package main

import (
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

// Order is what a customer bought.
type Order struct {
	Customer string    `dynamodbav:"customer"`
	ID       string    `dynamodbav:"id"`
	Status   Status    `dynamodbav:"status"`
	Total    int64     `dynamodbav:"total"` // in cents
	Tags     []string  `dynamodbav:"tags,stringset,omitempty"`
	Ship     Address   `dynamodbav:"ship"`
	Placed   time.Time `dynamodbav:"placed"`
}

// Address is where an order goes.
type Address struct {
	Street string `dynamodbav:"street"`
	City   string `dynamodbav:"city"`
}

// Status is how far an order has come.
type Status string

// The states of an order.
const (
	Open    Status = "open"
	Paid    Status = "paid"
	Shipped Status = "shipped"
)

// The attributes used in keys, conditions and updates: one line each, checked
// by the compiler.
var (
	order    = expr.Proto[Order]()
	customer = expr.At(order, &order.Customer)
	id       = expr.At(order, &order.ID)
	status   = expr.At(order, &order.Status)
	total    = expr.At(order, &order.Total)
	tags     = expr.At(order, &order.Tags)
	placed   = expr.At(order, &order.Placed)
	city     = expr.At(order, &order.Ship.City) // the nested path ship.city
)

// How an order is found: by its customer, time and ID, or by its status and
// time.
var (
	OrderKey = dynox.Key[Order]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", customer),
		Sort:      dynox.Composite("sk", "ORDER#{}#{}", placed, id),
	}
	ByStatus = dynox.GSI("by-status", dynox.Key[Order]{
		Partition: dynox.By(status),
		Sort:      dynox.By(placed),
	})
)

// How many orders the tour writes, and of how many customers.
const (
	orderCount    = 300
	customerCount = 7
)

// start is when the first order was placed.
var start = time.Date(2026, time.March, 1, 9, 0, 0, 0, time.UTC)

// ours begins the names of the tour's customers: it looks at no others, and
// deletes nothing of theirs.
const ours = "tour-"

// customerName is the n-th of the tour's customers.
func customerName(n int) string { return fmt.Sprintf("%s%d", ours, n+1) }

// sample is the n-th of the tour's orders: one every hour and a half, from
// each customer in turn.
func sample(n int) Order {
	o := Order{
		Customer: customerName(n % customerCount),
		ID:       fmt.Sprintf("%04d", n+1),
		Status:   Open,
		Total:    int64(500 + n*37%9_500),
		Ship:     Address{Street: fmt.Sprintf("%d Main Street", n%90+1), City: []string{"Oslo", "Lima", "Cork"}[n%3]},
		Placed:   start.Add(time.Duration(n) * 90 * time.Minute),
	}
	if n%3 == 0 {
		o.Status = Paid
	}
	if n%10 == 0 {
		o.Tags = []string{"gift"}
	}
	return o
}
