package dynox_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynox-go/dynox"
)

// A page for each request of a web handler, with a cursor in between: it is
// text that a browser may hold.
func ExampleRepo_Page() {
	_, invoices := shop()
	handle := func(cursor string) (next string) {
		q := InvoiceKey.In(Invoice{User: "1"}).Limit(2).After(dynox.Cursor(cursor))
		page, err := invoices.Page(context.Background(), q)
		check(err)
		fmt.Print("a page:")
		for _, i := range page.Items {
			fmt.Print(" ", i.Number)
		}
		fmt.Println()
		return string(page.Next)
	}
	for cursor := handle(""); cursor != ""; {
		cursor = handle(cursor)
	}
	// Output:
	// a page: 1 2
	// a page: 3 4
	// a page: 5
}

// A loop that stops, and goes on later from where it was, forwards or
// backwards.
func ExampleQuery_Track() {
	_, invoices := shop()
	ctx := context.Background()
	q := InvoiceKey.In(Invoice{User: "1"})
	var here dynox.Cursor
	for i, err := range invoices.Query(ctx, q.Track(&here)) {
		check(err)
		if i.Number == 3 {
			break
		}
	}
	for i, err := range invoices.Query(ctx, q.After(here)) {
		fmt.Println("after:", i.Number, err)
	}
	for i, err := range invoices.Query(ctx, q.Desc().After(here)) {
		fmt.Println("before:", i.Number, err)
	}
	// Output:
	// after: 4 <nil>
	// after: 5 <nil>
	// before: 2 <nil>
	// before: 1 <nil>
}

// A cursor belongs to the read that it came from.
func ExampleCursor() {
	_, invoices := shop()
	ctx := context.Background()
	page, err := invoices.Page(ctx, InvoiceKey.In(Invoice{User: "1"}).Limit(1))
	check(err)
	_, err = invoices.Page(ctx, InvoiceKey.In(Invoice{User: "2"}).After(page.Next))
	fmt.Println(errors.Is(err, dynox.ErrCursor))
	fmt.Println(err)
	// Output:
	// true
	// dynox: page shop: invoice: invalid cursor: it belongs to another table, index, partition or range
}

// Sealed cursors show nothing of the keys in them, and cannot be forged.
func ExampleSealCursors() {
	secret := make([]byte, 32) // in earnest, random bytes that the servers share
	_, invoices := shopWith(dynox.SealCursors(secret))
	ctx := context.Background()
	q := InvoiceKey.In(Invoice{User: "1"}).Limit(4)
	page, err := invoices.Page(ctx, q)
	check(err)
	last, err := invoices.Page(ctx, q.After(page.Next))
	fmt.Println(len(last.Items), err)

	forged := []byte(page.Next)
	forged[len(forged)/2] ^= 1
	_, err = invoices.Page(ctx, q.After(dynox.Cursor(forged)))
	fmt.Println(errors.Is(err, dynox.ErrCursor))
	// Output:
	// 1 <nil>
	// true
}
