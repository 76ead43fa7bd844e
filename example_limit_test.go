package dynox_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
)

// A job beside a service that is to have most of the table's capacity.
func ExampleRateLimit() {
	limiter := dynox.FixedRate(dynox.Units{Read: 50, Write: 10})
	_, invoices := shopWith(dynox.RateLimit(limiter))
	ctx := context.Background()
	for i, err := range invoices.Scan(ctx, dynox.All[Invoice]()) {
		check(err)
		check(invoices.Put(ctx, &i))
	}
	fmt.Println("read", limiter.Read().Units, "units, at", limiter.Read().Rate, "a second at most")
	fmt.Println("throttled:", limiter.Write().Throttles)
	// Output:
	// read 0.5 units, at 50 a second at most
	// throttled: 0
}

// As much as there is, without knowing how much that is.
func ExampleAdaptiveRate() {
	limiter := dynox.AdaptiveRate(dynox.Units{Write: 1000})
	_, invoices := shopWith(dynox.RateLimit(limiter))
	check(invoices.Put(context.Background(), &Invoice{User: "1", Number: 9}))
	fmt.Println(limiter.Write().Rate)
	// Output:
	// 500
}
