package expr_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox/expr"
)

// Attributes are named by the addresses of fields, so that a wrong name or
// type doesn't compile. Pointers to structs are followed too.
func ExampleAt() {
	type Shape struct {
		Name string `dynamodbav:"name"`
	}
	type Block struct {
		ID   string `dynamodbav:"id"`
		Hull *Shape `dynamodbav:"hull"`
	}
	block := expr.Proto[Block]()
	id := expr.At(block, &block.ID)
	hull := expr.At(block, &block.Hull.Name)
	fmt.Println(id, hull)
	// Output: id hull.name
}

// Elements of lists, and entries of maps.
func ExampleElem() {
	b, err := shelf().Update(context.Background(), Book{Title: "Good Omens"},
		expr.Elem(authors, 1).Set("Sir Terry"), expr.Entry(sales, "2026-01").Set(15))
	fmt.Println(b.Authors, b.Sales, err)
	// Output: [Gaiman Sir Terry] map[2026-01:15] <nil>
}

// A type that contains itself, and a part described once for several items.
func ExampleOf() {
	type Node struct {
		Name string `dynamodbav:"name"`
		Next *Node  `dynamodbav:"next"`
	}
	node := expr.Proto[Node]()
	name := expr.At(node, &node.Name)
	next := expr.Opt(expr.At(node, &node.Next))
	fmt.Println(expr.Of(next, expr.Of(next, name)))
	// Output: next.next.name
}

// A pointer's attribute, as one of what it points to.
func ExampleOpt() {
	show(prequel.Missing(), expr.Opt(prequel).Eq("Dune"))
	// Output: 2 1
}

// Attributes that no field is for.
func ExamplePath() {
	show(expr.Path[Book, int]("review.stars").Ge(4), expr.Path[Book, string]("isbn").Exists())
	// Output: 1 0
}
