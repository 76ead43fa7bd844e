package dynox_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

func ExampleRepo_Query() {
	_, invoices := shop()
	q := InvoiceKey.In(Invoice{User: "1"}).Where(invNumber.Ge(2)).Filter(invAmount.Lt(500))
	for i, err := range invoices.Query(context.Background(), q.Desc().Limit(2)) {
		fmt.Println(i.Number, i.Amount, err)
	}
	// Output:
	// 4 400 <nil>
	// 3 300 <nil>
}

// An index that only the items with its key attributes are in.
func ExampleGSI() {
	_, invoices := shop()
	ctx := context.Background()
	open := ByState.In(Invoice{State: "open"})
	due, err := iter.Collect(invoices.Query(ctx, open))
	fmt.Println(len(due), due[0].Number, err)
	_, err = invoices.Update(ctx, due[0], invState.Remove())
	check(err)
	n, err := invoices.Count(ctx, open)
	fmt.Println(n, err)
	// Output:
	// 2 2 <nil>
	// 1 <nil>
}

func ExampleLSI() {
	byAmount := dynox.LSI("by-amount", dynox.Key[Invoice]{Sort: dynox.By(invAmount)})
	table := dynox.NewTable(memtable.Open().Client(), "invoices")
	invoices, err := dynox.NewRepo(table, InvoiceKey, byAmount)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, invoices))
	for n, amount := range []int64{300, 100, 200} {
		check(invoices.Put(ctx, &Invoice{User: "1", Number: n, Amount: amount}))
	}
	for i, err := range invoices.Query(ctx, byAmount.In(Invoice{User: "1"}).Where(invAmount.Gt(100)).Consistent()) {
		fmt.Println(i.Amount, err)
	}
	// Output:
	// 200 <nil>
	// 300 <nil>
}

func ExampleRepo_Page() {
	_, invoices := shop()
	q := InvoiceKey.In(Invoice{User: "1"}).Limit(2)
	cursor := dynox.Cursor("")
	for {
		page, err := invoices.Page(context.Background(), q.After(cursor))
		check(err)
		for _, i := range page.Items {
			fmt.Print(i.Number, " ")
		}
		if cursor = page.Next; cursor == "" {
			break
		}
		fmt.Print("| ")
	}
	// Output: 1 2 | 3 4 | 5
}

// A loop that stops, and goes on later from where it was.
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

func ExampleRepo_Explain() {
	_, invoices := shop()
	plan, err := invoices.Explain(InvoiceKey.In(Invoice{User: "1"}).Where(invNumber.Gt(2)).Filter(invState.Eq("open")).Limit(10))
	fmt.Println(plan, err)
	// Output:
	// Query shop
	//   key: pk = ? AND sk BETWEEN ? AND ?
	//   filter: state = ?
	//   limit: 10
	//   costs 0.5 RCU for each 4096 bytes read, a page at a time
	//   the filter runs after the read: what it leaves out costs the same
	//   with a filter, pages are as large as the service makes them, whatever the limit <nil>
}

// One item that cannot be decoded need not end the loop.
func ExampleQuery_OnItemError() {
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "invoices")
	invoices, err := dynox.NewRepo(table, InvoiceKey)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, invoices))
	check(invoices.Put(ctx, &Invoice{User: "1", Number: 1}))
	check(engine.Seed("invoices", `{"pk":{"S":"USER#1"},"sk":{"S":"INVOICE#00000000000000000002"},"amount":{"S":"lots"}}`))
	check(invoices.Put(ctx, &Invoice{User: "1", Number: 3}))
	q := InvoiceKey.In(Invoice{User: "1"}).OnItemError(func(e *dynox.ItemError) error {
		fmt.Println("skipped", e.Path)
		return nil
	})
	items, err := iter.Collect(invoices.Query(ctx, q))
	fmt.Println(len(items), err)
	// Output:
	// skipped amount
	// 2 <nil>
}

func ExampleSealCursors() {
	users, invoices := shop()
	_ = users
	key := make([]byte, 32) // from your secrets
	sealed := invoices.On(dynox.NewTable(memtable.Open().Client(), "shop", dynox.SealCursors(key)))
	_, err := sealed.Page(context.Background(), InvoiceKey.In(Invoice{User: "1"}).After("AAAA"))
	fmt.Println(err)
	// Output: dynox: page shop: invoice: invalid cursor: it was not sealed by this table's key
}
