package expr_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox/expr"
)

// change is a book of the shelf after an update.
func change(name string, actions ...expr.Action[Book]) Book {
	b, err := shelf().Update(context.Background(), Book{Title: name}, actions...)
	check(err)
	return b
}

// Updates are values too: they are joined, kept and given to any number of
// calls.
func ExampleUpdate() {
	praised := stars.Set(5).And(expr.AddToSet(tags, "praised"))
	b := change("Dune Messiah", praised, expr.Add(price, 100))
	fmt.Println(b.Review.Stars, b.Tags, b.Price)
	// Output: 5 [praised] 900
}

// Set stores a value, SetOnce only where there is none.
func ExampleAttr_Set() {
	b := change("Good Omens", price.Set(650), expr.Entry(sales, "2026-01").SetOnce(0), expr.Entry(sales, "2026-02").SetOnce(0))
	fmt.Println(b.Price, b.Sales)
	// Output: 650 map[2026-01:12 2026-02:0]
}

// What another attribute holds, or sums with it.
func ExampleAttr_SetTo() {
	half := price.SetTo(expr.Minus(price, expr.Value[Book](int64(450))))
	more := expr.Entry(sales, "2026-01").SetTo(expr.Plus(
		expr.IfMissing(expr.Entry(sales, "2026-01"), 0), expr.Value[Book](3)))
	fmt.Println(change("Dune", half).Price, change("Good Omens", more).Sales)
	// Output: 450 map[2026-01:15]
}

// An element that is removed leaves no hole.
func ExampleAttr_Remove() {
	b := change("Good Omens", expr.Elem(authors, 0).Remove(), tags.Remove())
	fmt.Println(b.Authors, len(b.Tags))
	// Output: [Pratchett] 0
}

// Add counts from 0 where the attribute is missing; Incr wants it there.
func ExampleAdd() {
	january := expr.Entry(sales, "2026-01")
	fmt.Println(change("Good Omens", expr.Add(january, 1), expr.Add(expr.Entry(sales, "2026-02"), 1)).Sales)
	_, err := shelf().Update(context.Background(), Book{Title: "Dune"}, expr.Incr(expr.Path[Book, int]("stock"), 1))
	fmt.Println(err)
	// Output:
	// map[2026-01:13 2026-02:1]
	// dynox: update examples: Book: missing path: the item lacks what an update builds on, one of: stock
}

// At the end of a list, at its start, and where there is none.
func ExampleAppend() {
	fmt.Println(change("Dune", expr.Append(authors, "Anderson")).Authors)
	fmt.Println(change("Dune", expr.Prepend(authors, "Anderson", "Brin")).Authors)
	fmt.Println(change("Dune", expr.Append(expr.Path[Book, []string]("authors"), "Brin")).Authors)
	// Output:
	// [Herbert Anderson]
	// [Anderson Brin Herbert]
	// [Herbert Brin]
}

func ExampleAddToSet() {
	b := change("Dune", expr.AddToSet(tags, "sand", "worm"))
	fmt.Println(len(b.Tags))
	b = change("Dune", expr.DeleteFromSet(tags, "classic", "sea"))
	fmt.Println(b.Tags)
	// Output:
	// 3
	// [sand]
}

// The service sets no entry in a map that is not there.
func ExampleEnsureMap() {
	books := shelf()
	ctx := context.Background()
	sell := expr.Entry(sales, "2026-01").Set(1)
	_, err := books.Update(ctx, Book{Title: "Dune"}, sell)
	fmt.Println(err)
	_, err = books.Update(ctx, Book{Title: "Dune"}, expr.EnsureMap(sales))
	check(err)
	b, err := books.Update(ctx, Book{Title: "Dune"}, sell)
	fmt.Println(b.Sales, err)
	// Output:
	// dynox: update examples: Book: missing path: the item lacks what an update builds on, one of: sales.*
	// map[2026-01:1] <nil>
}
