package dynox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// An index is where queries begin, as a key is.
func ExampleIndex_In() {
	users, _ := shop()
	u, err := iter.One(users.Query(context.Background(), ByUserEmail.In(User{Email: "ada@example.com"})))
	fmt.Println(u.Name, err)
	// Output: Ada <nil>
}

// A sparse index: only items that have its key attributes are in it, so it
// holds what there is to do, and a query costs no more than that.
func ExampleGSI() {
	_, invoices := shop()
	ctx := context.Background()
	open := ByState.In(Invoice{State: "open"})
	due, err := iter.Collect(invoices.Query(ctx, open))
	check(err)
	fmt.Println(len(due), due[0].Number)
	_, err = invoices.Update(ctx, due[0], invState.Remove())
	check(err)
	n, err := invoices.Count(ctx, open)
	fmt.Println(n, err)
	// Output:
	// 2 2
	// 1 <nil>
}

// A local index: another order of the same item collections, and the one kind
// of index with consistent reads.
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

// What an index doesn't hold is zero in what is read from it.
func ExampleIndex_Include() {
	byState := dynox.GSI("by-state", dynox.Key[Invoice]{Partition: dynox.By(invState)}).Include(invAmount)
	table := dynox.NewTable(memtable.Open().Client(), "invoices")
	invoices, err := dynox.NewRepo(table, InvoiceKey, byState)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, invoices))
	check(invoices.Put(ctx, &Invoice{User: "1", Number: 1, Amount: 100, State: "open", Lines: []string{"tea"}}))
	i, err := iter.One(invoices.Query(ctx, byState.In(Invoice{State: "open"})))
	fmt.Println(i.State, i.Amount, len(i.Lines), err)
	// Output: open 100 0 <nil>
}

// Several attributes of their own as each half of an index's key, with no
// text composed of them.
func ExampleBy() {
	type Match struct {
		ID     string    `dynamodbav:"id"`
		League string    `dynamodbav:"league"`
		Region string    `dynamodbav:"region"`
		Round  int       `dynamodbav:"round"`
		Begins time.Time `dynamodbav:"begins"`
	}
	match := expr.Proto[Match]()
	id, league, region := expr.At(match, &match.ID), expr.At(match, &match.League), expr.At(match, &match.Region)
	round, begins := expr.At(match, &match.Round), expr.At(match, &match.Begins)
	byRegion := dynox.GSI("by-region", dynox.Key[Match]{
		Partition: dynox.By(league, region),
		Sort:      dynox.By(round, begins),
	})
	table := dynox.NewTable(memtable.Open().Client(), "matches")
	matches, err := dynox.NewRepo(table, dynox.Key[Match]{Partition: dynox.By(id)}, byRegion)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, matches))
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for n, m := range []Match{
		{League: "first", Region: "north", Round: 2, Begins: noon},
		{League: "first", Region: "north", Round: 1, Begins: noon.Add(time.Hour)},
		{League: "first", Region: "north", Round: 2, Begins: noon.Add(time.Hour)},
		{League: "first", Region: "south", Round: 2, Begins: noon},
	} {
		m.ID = fmt.Sprint("m", n)
		check(matches.Put(ctx, &m))
	}
	q := byRegion.In(Match{League: "first", Region: "north"}).Where(round.Eq(2), begins.Gt(noon))
	for m, err := range matches.Query(ctx, q) {
		fmt.Println(m.ID, m.Begins.Format(time.TimeOnly), err)
	}
	// Output: m2 13:00:00 <nil>
}
