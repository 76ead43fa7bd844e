package dynox_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/iter"
)

// Where bounds the read by the sort key, Filter leaves out some of what was
// read, Limit counts what is left.
func ExampleRepo_Query() {
	_, invoices := shop()
	q := InvoiceKey.In(Invoice{User: "1"}).Where(invNumber.Ge(2)).Filter(invAmount.Lt(500))
	for i, err := range invoices.Query(context.Background(), q.Desc().Limit(2)) {
		if err != nil {
			fmt.Println(err) // the last thing that the loop yields
			return
		}
		fmt.Println(i.Number, i.Amount)
	}
	// Output:
	// 4 400
	// 3 300
}

// What Where cannot make a key condition of is refused: it belongs in a
// Filter, where its cost is plain to see.
func ExampleQuery_Where() {
	_, invoices := shop()
	ctx := context.Background()
	mine := InvoiceKey.In(Invoice{User: "1"})
	found, err := iter.Collect(invoices.Query(ctx, mine.Where(invNumber.Between(2, 3))))
	fmt.Println(len(found), err)
	_, err = iter.Collect(invoices.Query(ctx, mine.Where(invAmount.Gt(100))))
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// dynox: query shop: invoice: where: amount is not part of the sort key; use Filter
}

// Queries are values: what several have in common is said once.
func ExampleQuery_Filter() {
	_, invoices := shop()
	mine := InvoiceKey.In(Invoice{User: "1"}).Consistent()
	for _, q := range []dynox.Query[Invoice]{mine, mine.Filter(invState.Eq("open")), mine.Filter(invState.Missing())} {
		n, err := invoices.Count(context.Background(), q)
		fmt.Println(n, err)
	}
	// Output:
	// 5 <nil>
	// 2 <nil>
	// 3 <nil>
}

func ExampleQuery_Only() {
	_, invoices := shop()
	q := InvoiceKey.In(Invoice{User: "1"}).Only(invNumber, invAmount).Limit(1)
	i, err := iter.One(invoices.Query(context.Background(), q))
	fmt.Println(i.Number, i.Amount, i.Due.IsZero(), err)
	// Output: 1 100 true <nil>
}

// A bound on the work, whatever the filter leaves of it: the loop ends without
// an error, and the cursor says where.
func ExampleQuery_MaxScanned() {
	_, invoices := shop()
	ctx := context.Background()
	q := InvoiceKey.In(Invoice{User: "1"}).Filter(invState.Eq("open")).MaxScanned(3)
	var here dynox.Cursor
	for run := 1; run == 1 || here != ""; run++ {
		for i, err := range invoices.Query(ctx, q.After(here).Track(&here)) {
			fmt.Println("run", run, "found", i.Number, err)
		}
	}
	// Output:
	// run 1 found 2 <nil>
	// run 2 found 4 <nil>
}

// A narrower struct: only what it names is fetched.
func ExampleInto() {
	_, invoices := shop()
	type Slim struct {
		Number int   `dynamodbav:"number"`
		Amount int64 `dynamodbav:"amount"`
	}
	for s, err := range dynox.Into[Slim](context.Background(), invoices, InvoiceKey.In(Invoice{User: "1"}).Limit(1)) {
		fmt.Printf("%+v %v\n", s, err)
	}
	// Output: {Number:1 Amount:100} <nil>
}

func ExampleRepo_Count() {
	users, invoices := shop()
	ctx := context.Background()
	n, err := invoices.Count(ctx, dynox.All[Invoice]())
	fmt.Println(n, err)
	n, err = users.Count(ctx, dynox.All[User]()) // of the same table, another kind
	fmt.Println(n, err)
	n, err = invoices.Count(ctx, InvoiceKey.In(Invoice{User: "1"}).Where(invNumber.Between(2, 3)))
	fmt.Println(n, err)
	// Output:
	// 5 <nil>
	// 1 <nil>
	// 2 <nil>
}

// What a read would ask and cost, before it does.
func ExampleRepo_Explain() {
	_, invoices := shop()
	plan, err := invoices.Explain(InvoiceKey.In(Invoice{User: "1"}).Where(invNumber.Gt(2)).Filter(invState.Eq("open")).Limit(10))
	check(err)
	fmt.Println(plan)
	// Output:
	// Query shop
	//   key: pk = ? AND sk BETWEEN ? AND ?
	//   filter: state = ?
	//   limit: 10
	//   costs 0.5 RCU for each 4096 bytes read, a page at a time
	//   the filter runs after the read: what it leaves out costs the same
	//   with a filter, pages are as large as the service makes them, whatever the limit
	//   the limit counts what passes the filter: how much is read for it, MaxPages or MaxScanned would bound
}
