package dynox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
)

// printer is an observer.
type printer struct{}

func (printer) Start(ctx context.Context, _ *dynox.Call) context.Context { return ctx }

func (printer) End(_ context.Context, c *dynox.Call) {
	fmt.Printf("%s %s: %d items, %.1f read units, %.1f write units, %q\n", c.Operation, c.Table, c.Items, c.ReadUnits, c.WriteUnits, c.Class)
}

// Every call of the service, with what it took.
func ExampleObserve() {
	_, invoices := shopWith(dynox.Observe(printer{}))
	ctx := context.Background()
	for _, err := range invoices.Query(ctx, InvoiceKey.In(Invoice{User: "1"})) {
		check(err)
	}
	err := invoices.Create(ctx, &Invoice{User: "1", Number: 1})
	fmt.Println(dynox.ConditionFailed(err))
	// Output:
	// Query shop: 5 items, 0.5 read units, 0.0 write units, ""
	// PutItem shop: 0 items, 0.0 read units, 1.0 write units, "condition_failed"
	// true
}

// What the calls of one request took together.
func ExampleWithMeter() {
	users, invoices := shop()
	var m dynox.Meter
	ctx := dynox.WithMeter(context.Background(), &m)
	_, err := users.Get(ctx, User{ID: "1"})
	check(err)
	_, err = invoices.Count(ctx, InvoiceKey.In(Invoice{User: "1"}))
	check(err)
	u := m.Usage()
	fmt.Println(u.Calls, "calls,", u.ReadUnits, "read units")
	// Output:
	// 2 calls, 1 read units
}

// Only what takes long.
func ExampleOnSlow() {
	_, invoices := shopWith(dynox.OnSlow(time.Minute, func(_ context.Context, c *dynox.Call) {
		fmt.Println("slow:", c.Operation, c.Table, c.Duration)
	}))
	_, err := invoices.Get(context.Background(), Invoice{User: "1", Number: 1})
	fmt.Println(err)
	// Output:
	// <nil>
}
