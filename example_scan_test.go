package dynox_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
)

// A scan of a table, in four segments at once.
func ExampleRepo_Scan() {
	_, invoices := shop()
	sum := int64(0)
	for i, err := range invoices.Scan(context.Background(), dynox.All[Invoice]().Filter(invAmount.Gt(100)).Segments(4)) {
		check(err)
		sum += i.Amount
	}
	fmt.Println(sum)
	// Output: 1400
}

// One cursor holds the places of all segments.
func ExampleScan_Segments() {
	_, invoices := shop()
	ctx := context.Background()
	scan := dynox.All[Invoice]().Segments(3)
	var here dynox.Cursor
	seen := map[int]int{}
	for i, err := range invoices.Scan(ctx, scan.Track(&here)) {
		check(err)
		if seen[i.Number]++; len(seen) == 2 {
			break
		}
	}
	for i, err := range invoices.Scan(ctx, scan.After(here)) {
		check(err)
		seen[i.Number]++
	}
	fmt.Println(seen)
	// Output: map[1:1 2:1 3:1 4:1 5:1]
}

// Only the items that are in the index.
func ExampleScan_Index() {
	_, invoices := shop()
	n, err := invoices.Count(context.Background(), dynox.All[Invoice]().Index(ByState))
	fmt.Println(n, err)
	// Output: 2 <nil>
}
