package dynox_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Items of which the program knows the key, and whatever else they have.
func ExampleDocument() {
	ctx := context.Background()
	id, oslo := expr.Path[dynox.Document, string]("id"), expr.Path[dynox.Document, int]("stock.oslo")
	key := dynox.Key[dynox.Document]{Partition: dynox.Composite("pk", "PRODUCT#{}", id)}
	table := dynox.NewTable(memtable.Open().Client(), "products")
	products, err := dynox.NewRepo(table, key)
	check(err)
	check(table.Ensure(ctx, products))

	lamp, err := dynox.NewDocument(map[string]any{"id": "lamp", "stock": map[string]int{"oslo": 3}, "watts": 7.5})
	check(err)
	check(products.Put(ctx, &lamp))
	sold, err := products.Update(ctx, lamp, expr.Add(oslo, -1), expr.If(oslo.Gt(0)))
	check(err)

	var stock map[string]int
	var watts float64
	fmt.Println(sold.Get("stock", &stock))
	fmt.Println(sold.Get("watts", &watts))
	fmt.Println(stock["oslo"], watts, len(sold.Attrs))
	// Output:
	// true <nil>
	// true <nil>
	// 2 7.5 4
}
