package expr_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

// Conditions are values: they combine, and deriving one changes no other.
func ExampleCond() {
	cheap := price.Lt(850)
	loved := stars.Ge(4).Or(expr.Contains(tags, "classic"))
	show(cheap, loved, cheap.And(loved), cheap.Or(loved), loved.Not())
	// Output: 2 2 1 3 1
}

// The zero condition asks for nothing, which makes it a start for conditions
// that are put together as they come.
func ExampleAll() {
	search := func(text string, limit int64) expr.Cond[Book] {
		var cond expr.Cond[Book]
		if text != "" {
			cond = cond.And(expr.ContainsText(title, text))
		}
		if limit > 0 {
			cond = cond.And(price.Le(limit))
		}
		return cond
	}
	show(search("", 0), search("Dune", 0), search("Dune", 800), expr.All(search("", 800), search("Omens", 0)))
	// Output: 3 2 1 1
}

// One of several conditions; of none of them, nothing.
func ExampleAny() {
	show(expr.Any(price.Eq(900), price.Eq(700)), expr.Any[Book]())
	// Output: 2 0
}

// One of some values; of none of them, nothing is asked.
func ExampleAttr_In() {
	show(price.In(700, 900), price.In(1, 2), price.In())
	// Output: 2 0 0
}

// Comparisons with values and with other attributes.
func ExampleAttr_Between() {
	show(price.Ge(800), price.Between(700, 800), price.Ne(800), expr.Opt(prequel).LtAttr(title))
	// Output: 2 2 2 1
}

// Whether an attribute is there, and how it is stored.
func ExampleAttr_Exists() {
	show(review.Exists(), review.Missing(), tags.IsType(expr.TypeStringSet), tags.IsType(expr.TypeList))
	// Output: 2 1 2 0
}

func ExamplePrefix() {
	show(expr.Prefix(title, "Dune"), expr.ContainsText(title, "Mess"), expr.Contains(tags, "sand"), expr.Contains(authors, "Gaiman"))
	// Output: 2 1 1 1
}

// Characters of a string, elements of a list, a map or a set.
func ExampleSize() {
	show(expr.Size(title).Gt(4), expr.Size(authors).Eq(2), expr.Size(tags).Between(1, 2))
	// Output: 2 1 2
}

// The last resort: text. Values are given apart from it, and attributes too.
func ExampleRaw() {
	show(
		expr.Raw[Book]("size(#authors) > ?", 1),
		expr.Raw[Book]("size(#a) < size(#t)", authors, tags),
	)
	// Output: 1 1
}

// A write that depends on what is stored.
func ExampleIf() {
	books := shelf()
	sale := expr.If(price.Gt(500), expr.Not(expr.Contains(tags, "sale")))
	for range 2 {
		b, err := books.Update(context.Background(), Book{Title: "Dune"},
			price.Set(600), expr.AddToSet(tags, "sale"), sale)
		_, stored := dynox.OldItem[Book](err)
		fmt.Println(b.Price, err != nil, stored)
	}
	// Output:
	// 600 false false
	// 0 true true
}

// Sent as a transaction of one with a token: it takes effect once, however
// often the SDK sends it.
func ExampleExactlyOnce() {
	b, err := shelf().Update(context.Background(), Book{Title: "Dune"}, expr.Add(price, 50), expr.ExactlyOnce[Book]())
	fmt.Println(b.Price, err)
	// Output: 950 <nil>
}
