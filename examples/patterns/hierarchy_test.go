package patterns_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Store struct {
	Country string `dynamodbav:"country"`
	State   string `dynamodbav:"state"`
	City    string `dynamodbav:"city"`
	Name    string `dynamodbav:"name"`
}

var (
	store    = expr.Proto[Store]()
	city     = expr.At(store, &store.City)
	StoreKey = dynox.Key[Store]{
		Partition: dynox.Composite("pk", "COUNTRY#{}", expr.At(store, &store.Country)),
		Sort:      dynox.Composite("sk", "{}#{}#{}", expr.At(store, &store.State), city, expr.At(store, &store.Name)),
	}
)

// Hierarchical sort keys: from the large to the small, so that one key answers for each
// level. What is set from the left narrows the query.
func Example_hierarchicalSortKey() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "stores")
	stores, err := dynox.NewRepo(table, StoreKey)
	check(err)
	check(table.Ensure(ctx, stores))
	for _, s := range []Store{
		{"us", "ca", "berkeley", "a"}, {"us", "ca", "san diego", "b"}, {"us", "ca", "san jose", "c"}, {"us", "wa", "seattle", "d"},
	} {
		check(stores.Put(ctx, &s))
	}

	california := StoreKey.In(Store{Country: "us", State: "ca"})
	for _, q := range []dynox.Query[Store]{
		StoreKey.In(Store{Country: "us"}),
		california,
		california.Where(expr.Prefix(city, "san ")),
		StoreKey.In(Store{Country: "us", State: "ca", City: "san jose"}),
	} {
		fmt.Println(stores.Count(ctx, q))
	}
	// Output:
	// 4 <nil>
	// 3 <nil>
	// 2 <nil>
	// 1 <nil>
}
