package docs_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	seq "github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// bucket is one that the engine reads, and writes its reports to.
type bucket struct {
	files  fstest.MapFS
	engine *memtable.Engine
}

func (b bucket) Name() string { return "loads" }

func (b bucket) Upload(_ context.Context, key string, data []byte) error {
	b.files[key] = &fstest.MapFile{Data: bytes.Clone(data)}
	return nil
}

func (b bucket) List(_ context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, key := range slices.Sorted(maps.Keys(b.engine.Objects(b.Name()))) {
			if strings.HasPrefix(key, prefix) && !yield(key, nil) {
				return
			}
		}
	}
}

func (b bucket) Open(_ context.Context, key string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b.engine.Objects(b.Name())[key])), nil
}

func (b bucket) Remove(_ context.Context, key string) error {
	delete(b.files, key)
	return nil
}

func Example_bulkPut() {
	ctx := context.Background()
	files := fstest.MapFS{}
	bucket := bucket{files, memtable.Open(memtable.WithBucket("loads", files))}
	table := dynox.NewTable(bucket.engine.Client(), "hotel")
	guests := mustRepo(dynox.NewRepo(table, GuestKey))
	succeed(table.Ensure(ctx, guests))
	succeed(guests.Put(ctx, &Guest{ID: "ann", Name: "Ann", Points: 120}))
	people := seq.Of(Guest{ID: "ann", Name: "Anna"}, Guest{ID: "bob", Name: "Bob"}, Guest{ID: "cy", Name: "Cy"})

	state, err := bulk.PutItems(ctx, guests, people, bucket, bulk.OnlyNew())
	succeed(err)
	fmt.Println(state.Status, state.Processed, "of", state.Taken)
	for f, err := range state.Failures(ctx, bucket) {
		succeed(err)
		fmt.Println("there already:", string(f.Existing))
	}
	// Output:
	// COMPLETED 3 of 3
	// there already: {"id":{"S":"ann"},"name":{"S":"Ann"},"pk":{"S":"GUEST#ann"},"points":{"N":"120"},"sk":{"S":"PROFILE"}}
}
