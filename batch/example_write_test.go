package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

type Book struct {
	ISBN  string `dynamodbav:"isbn"`
	Title string `dynamodbav:"title"`
	Pages int    `dynamodbav:"pages"`
}

var (
	book    = expr.Proto[Book]()
	isbn    = expr.At(book, &book.ISBN)
	title   = expr.At(book, &book.Title)
	BookKey = dynox.Key[Book]{Partition: dynox.By(isbn)}
)

// library is a repository of books on an engine.
func library(ctx context.Context) (*memtable.Engine, *dynox.Repo[Book]) {
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(testbed.Quick), "library")
	books, err := dynox.NewRepo(table, BookKey)
	if err == nil {
		err = table.Ensure(ctx, books)
	}
	if err != nil {
		panic(err)
	}
	return engine, books
}

// lines are n books, as an import yields them one by one.
func lines(books *dynox.Repo[Book], n int) func(yield func(batch.Op) bool) {
	return func(yield func(batch.Op) bool) {
		var b Book // one for all: it is copied
		for i := range n {
			b.ISBN, b.Title, b.Pages = fmt.Sprintf("isbn-%03d", i), fmt.Sprint("Volume ", i), 100+i
			if !yield(batch.Put(books, &b)) {
				return
			}
		}
	}
}

// Puts and deletes of any number, in requests of 25.
func ExampleWrite() {
	ctx := context.Background()
	_, books := library(ctx)
	fmt.Println(batch.Write(ctx, lines(books, 120)))
	fmt.Println(batch.Write(ctx, slices.Values([]batch.Op{
		batch.Put(books, &Book{ISBN: "isbn-200", Title: "Index"}),
		batch.Delete(books, Book{ISBN: "isbn-000"}),
		batch.Delete(books, Book{ISBN: "isbn-001"}),
	})))
	fmt.Println(books.Count(ctx, dynox.All[Book]()))
	// Output:
	// <nil>
	// <nil>
	// 119 <nil>
}

// A progress bar.
func ExampleProgress() {
	ctx := context.Background()
	_, books := library(ctx)
	const n = 100
	bar := batch.Progress(func(c batch.Counts) {
		done := 20 * c.Done / n
		fmt.Printf("[%s%s] %3d of %d, %.0f units\n", strings.Repeat("#", done), strings.Repeat(".", 20-done), c.Done, n, c.Units)
	})
	fmt.Println(batch.Write(ctx, lines(books, n), bar, batch.Concurrency(1)))
	// Output:
	// [#####...............]  25 of 100, 25 units
	// [##########..........]  50 of 100, 50 units
	// [###############.....]  75 of 100, 75 units
	// [####################] 100 of 100, 100 units
	// <nil>
}

// What could not be done comes back, to be tried again.
func ExamplePartialError() {
	ctx := context.Background()
	engine, books := library(ctx)
	engine.Fail("BatchWriteItem", memtable.Partial(22)) // the service leaves 3 of 25
	err := batch.Write(ctx, lines(books, 50), batch.MaxRetries(0), batch.Concurrency(1))
	fmt.Println(err)
	var partial *batch.PartialError
	if errors.As(err, &partial) {
		for _, op := range partial.Left {
			fmt.Println(op, op.Item().(*Book).Title)
		}
		fmt.Println(batch.Write(ctx, slices.Values(partial.Left)))
	}
	fmt.Println(books.Count(ctx, dynox.All[Book]()))
	// Output:
	// dynox: batch write: 3 of 50 operations left: the service left it unprocessed
	// put of Book Volume 22
	// put of Book Volume 23
	// put of Book Volume 24
	// <nil>
	// 50 <nil>
}

// The last operation on an item wins, unless a second one is an error.
func ExampleRefuse() {
	ctx := context.Background()
	_, books := library(ctx)
	twice := slices.Values([]batch.Op{
		batch.Put(books, &Book{ISBN: "1", Title: "Draft"}),
		batch.Put(books, &Book{ISBN: "1", Title: "Final"}),
	})
	fmt.Println(batch.Write(ctx, twice))
	b, err := books.Get(ctx, Book{ISBN: "1"})
	fmt.Println(b.Title, err)
	fmt.Println(batch.Write(ctx, twice, batch.Refuse()))
	// Output:
	// <nil>
	// Final <nil>
	// dynox: batch write: ended after 1 operations: operation 1: put of Book: it is about the same item as operation 0
}

// All orders of a customer, and nothing else of them.
func ExampleDeletePartition() {
	ctx := context.Background()
	type Order struct {
		Customer, ID string
	}
	order := expr.Proto[Order]()
	key := dynox.Key[Order]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", expr.At(order, &order.Customer)),
		Sort:      dynox.Composite("sk", "ORDER#{}", expr.At(order, &order.ID)),
	}
	table := dynox.NewTable(memtable.Open().Client(), "shop")
	orders, err := dynox.NewRepo(table, key, dynox.Kind[Order]("order"))
	check(err)
	check(table.Ensure(ctx, orders))
	for i := range 40 {
		check(orders.Put(ctx, &Order{Customer: "42", ID: fmt.Sprint(i)}))
	}

	progress := batch.Progress(func(c batch.Counts) { fmt.Println(c.Done, "deleted") })
	fmt.Println(batch.DeletePartition(ctx, orders, Order{Customer: "42"}, progress, batch.Concurrency(1)))
	// Output:
	// 25 deleted
	// 40 deleted
	// 40 <nil>
}
