package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
)

// What one request may cost, whatever it reads. A query that would cost more ends,
// and can be continued.
func ExampleBudget() {
	_, invoices := shop()
	q := InvoiceKey.In(Invoice{User: "1"}).PageSize(2)
	read := func(q dynox.Query[Invoice]) (rest dynox.Cursor) {
		for i, err := range invoices.Query(dynox.Budget(context.Background(), 1), q) {
			var stopped *dynox.StoppedError
			if errors.As(err, &stopped) {
				fmt.Println(err)
				return stopped.Cursor
			}
			check(err)
			fmt.Println("invoice", i.Number)
		}
		return ""
	}
	read(q.After(read(q)))
	// Output:
	// invoice 1
	// invoice 2
	// invoice 3
	// invoice 4
	// dynox: query shop: invoice: the budget of capacity units is spent
	// invoice 5
}

// A job that runs for a bounded time, such as a function of Lambda: it stops while
// there is time to store how far it came.
func ExampleScan_StopBefore() {
	_, invoices := shop()
	run := func(at dynox.Cursor) dynox.Cursor {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		sum := int64(0)
		for i, err := range invoices.Scan(ctx, dynox.All[Invoice]().StopBefore(5*time.Second).After(at).Track(&at)) {
			check(err)
			sum += i.Amount
		}
		fmt.Println("sum:", sum)
		return at // to be stored, and given to the next run
	}
	if run("") == "" {
		fmt.Println("all done")
	}
	// Output:
	// sum: 1500
	// all done
}
