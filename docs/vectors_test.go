package docs_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Product struct {
	SKU    string    `dynamodbav:"sku"`
	Shop   string    `dynamodbav:"shop"`
	Name   string    `dynamodbav:"name"`
	Color  string    `dynamodbav:"color,omitempty"`
	Vector []float32 `dynamodbav:"vector,omitempty"`
}

func Example_vectors() {
	product := expr.Proto[Product]()
	sku, shop, name := expr.At(product, &product.SKU), expr.At(product, &product.Shop), expr.At(product, &product.Name)
	color, vector := expr.At(product, &product.Color), expr.At(product, &product.Vector)

	similar := dynox.Vectors("similar", vector, 3, types.VectorDistanceFunctionCosine).Partition(shop).Filters(color)

	table := dynox.NewTable(memtable.Open().Client(), "products")
	products, err := dynox.NewRepo(table, dynox.Key[Product]{Partition: dynox.By(sku)}, similar)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := table.Ensure(ctx, products); err != nil {
		log.Fatal(err)
	}
	for _, p := range []Product{
		{"1", "home", "lamp", "red", []float32{1, 0, 0}},
		{"2", "home", "candle", "red", []float32{0.8, 0.2, 0}},
		{"3", "home", "lantern", "blue", []float32{0.9, 0, 0.1}},
		{"4", "home", "chair", "red", []float32{0, 0, 1}},
	} {
		if err := products.Put(ctx, &p); err != nil {
			log.Fatal(err)
		}
	}

	for m, err := range products.Near(ctx, similar, []float32{1, 0, 0}, 2, dynox.Where(shop.Eq("home"), color.Eq("red"))) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %.2f\n", m.Item.Name, m.Score)
	}

	for m, err := range products.Near(ctx, similar, []float32{0, 0, 1}, 1, dynox.Where(shop.Eq("home")), dynox.Only(name, vector)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Item.Name, m.Item.Vector)
	}
	// Output:
	// lamp 0.00
	// candle 0.03
	// chair [0 0 1]
}
