package batch_test

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// Items by their keys, in requests of 100.
func ExampleGet() {
	ctx := context.Background()
	_, books := library(ctx)
	check(batch.Write(ctx, lines(books, 250)))
	keys := func(yield func(Book) bool) {
		for i := range 300 {
			if !yield(Book{ISBN: fmt.Sprintf("isbn-%03d", i)}) {
				return
			}
		}
	}
	missing, pages := 0, 0
	for b, err := range batch.Get(ctx, books, keys, batch.Missing(func(Book) { missing++ })) {
		check(err)
		pages += b.Pages
	}
	fmt.Println(pages, missing)
	// Output: 56125 50
}

// A few attributes, in the order of the keys.
func ExampleInOrder() {
	ctx := context.Background()
	_, books := library(ctx)
	check(batch.Write(ctx, lines(books, 10)))
	keys := slices.Values([]Book{{ISBN: "isbn-007"}, {ISBN: "isbn-003"}, {ISBN: "isbn-007"}, {ISBN: "isbn-009"}})
	for b, err := range batch.Get(ctx, books, keys, batch.InOrder(), batch.Only(title)) {
		fmt.Println(b.Title, b.Pages, err)
	}
	// Output:
	// Volume 7 0 <nil>
	// Volume 3 0 <nil>
	// Volume 9 0 <nil>
}

type Reader struct {
	Name string `dynamodbav:"name"`
	Card int    `dynamodbav:"card"`
}

// Items of several types with one request.
func ExampleRead() {
	ctx := context.Background()
	client := memtable.Open().Client()
	books, err := dynox.NewRepo(dynox.NewTable(client, "library"), BookKey)
	check(err)
	reader := expr.Proto[Reader]()
	readers, err := dynox.NewRepo(dynox.NewTable(client, "readers"), dynox.Key[Reader]{Partition: dynox.By(expr.At(reader, &reader.Name))})
	check(err)
	check(dynox.NewTable(client, "library").Ensure(ctx, books))
	check(dynox.NewTable(client, "readers").Ensure(ctx, readers))
	check(batch.Write(ctx, lines(books, 10)))
	check(readers.Put(ctx, &Reader{Name: "Ann", Card: 17}))

	ann := batch.Ref(readers, Reader{Name: "Ann"})
	bob := batch.Ref(readers, Reader{Name: "Bob"})
	volume := batch.Ref(books, Book{ISBN: "isbn-004"})
	check(batch.Read(ctx, ann, bob, volume, batch.Consistent()))
	fmt.Println(ann.V.Card, bob.Found, volume.V.Title)
	// Output: 17 false Volume 4
}

// Many callers that each want one item send few requests.
func ExampleLoader() {
	ctx := context.Background()
	engine, books := library(ctx)
	check(batch.Write(ctx, lines(books, 10)))
	engine.ForgetRequests()

	loader := batch.NewLoader(books, batch.MaxKeys(10))
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			_, err := loader.Load(ctx, Book{ISBN: fmt.Sprintf("isbn-%03d", i)})
			check(err)
		})
	}
	wg.Wait()
	_, err := loader.Load(ctx, Book{ISBN: "none"})
	fmt.Println(err)
	// Output: dynox: load library: Book: not found
}

// An index that holds keys alone is small and cheap to write; what is found in it is
// read from the table, in the index's order.
func ExampleHydrate() {
	type Parcel struct {
		ID, Depot, Note string
		Weight          int
	}
	parcel := expr.Proto[Parcel]()
	key := dynox.Key[Parcel]{Partition: dynox.By(expr.At(parcel, &parcel.ID))}
	byDepot := dynox.GSI("by-depot", dynox.Key[Parcel]{
		Partition: dynox.By(expr.At(parcel, &parcel.Depot)), Sort: dynox.By(expr.At(parcel, &parcel.Weight)),
	}).KeysOnly()

	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "parcels")
	parcels, err := dynox.NewRepo(table, key, byDepot)
	check(err)
	check(table.Ensure(ctx, parcels))
	check(parcels.Put(ctx, &Parcel{ID: "a", Depot: "Oslo", Note: "fragile", Weight: 7}))
	check(parcels.Put(ctx, &Parcel{ID: "b", Depot: "Oslo", Note: "this side up", Weight: 2}))

	found := parcels.Query(ctx, byDepot.In(Parcel{Depot: "Oslo"}))
	for p, err := range batch.Hydrate(ctx, parcels, found) {
		fmt.Println(p.ID, p.Note, err)
	}
	// Output:
	// b this side up <nil>
	// a fragile <nil>
}
