package expr_test

import (
	"fmt"

	"github.com/dynox-go/dynox/expr"
)

type Book struct {
	Title   string         `dynamodbav:"title"`
	Price   int64          `dynamodbav:"price"`
	Tags    []string       `dynamodbav:"tags,stringset"`
	Authors []string       `dynamodbav:"authors"`
	Sales   map[string]int `dynamodbav:"sales"`
	Review  *Review        `dynamodbav:"review"`
}

type Review struct {
	Stars int `dynamodbav:"stars"`
}

var (
	book    = expr.Proto[Book]()
	title   = expr.At(book, &book.Title)
	price   = expr.At(book, &book.Price)
	bookTag = expr.At(book, &book.Tags)
	authors = expr.At(book, &book.Authors)
	sales   = expr.At(book, &book.Sales)
	stars   = expr.At(book, &book.Review.Stars)
)

func ExampleAt() {
	fmt.Println(title, stars, expr.Elem(authors, 0), expr.Entry(sales, "2026-01"))
	// Output: title review.stars authors[0] sales.2026-01
}

// Conditions are values: they combine, and deriving one never changes
// another.
func ExampleCond() {
	cheap := price.Lt(1000)
	good := stars.Ge(4).Or(expr.Contains(bookTag, "classic"))
	pick := cheap.And(good, title.Ne("")).And(expr.Not(expr.Prefix(title, "The ")))
	var none expr.Cond[Book] // neutral: it asks for nothing
	_ = none.And(pick)
	_ = expr.Size(authors).Between(1, 3)
	_ = price.In(500, 700, 900)
	_ = expr.Raw[Book]("size(#sales) > ?", 12)
}

// What the methods of attributes and the functions beside them change.
func ExampleUpdate() {
	changes := title.Set("Dune").And(
		expr.Add(price, 100),                    // creates it, from 0
		expr.Append(authors, "Herbert"),         // creates the list
		expr.AddToSet(bookTag, "classic"),       // creates the set
		expr.Entry(sales, "2026-01").SetOnce(0), // unless it is there
		stars.Remove(),
	)
	discount := price.SetTo(expr.Minus(price, expr.Value[Book](int64(50))))
	_, _ = changes, discount // orders.Update(ctx, key, changes, expr.If(price.Lt(1000)))
}
