package docs_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/memtable"
)

// writeBookings stores bookings, and takes one away, with as few requests as it takes.
func writeBookings(ctx context.Context, bookings *dynox.Repo[Booking], imported []Booking, canceled Booking) error {
	return batch.Write(ctx, func(yield func(batch.Op) bool) {
		for i := range imported {
			if !yield(batch.Put(bookings, &imported[i])) {
				return
			}
		}
		yield(batch.Delete(bookings, canceled))
	})
}

func Example_batchWrite() {
	ctx := context.Background()
	h := openHotel(ctx)
	imported := make([]Booking, 60)
	for i := range imported {
		imported[i] = Booking{Guest: "cem", ID: fmt.Sprint(i), Room: "102"}
	}
	fmt.Println(writeBookings(ctx, h.bookings, imported, Booking{Guest: "bob", ID: "1"}))
	n, err := h.bookings.Count(ctx, BookingKey.In(Booking{Guest: "cem"}))
	fmt.Println(n, err, len(h.engine.Requests())) // three requests of puts, one of counting
	// Output:
	// <nil>
	// 60 <nil> 4
}

// writeOps carries out ops, and returns those that are left, with the reason.
func writeOps(ctx context.Context, ops iter.Seq[batch.Op]) (left []batch.Op, err error) {
	err = batch.Write(ctx, ops, batch.MaxRetries(3))
	var partial *batch.PartialError
	if errors.As(err, &partial) {
		return partial.Left, err
	}
	return nil, err
}

func Example_batchLeft() {
	ctx := context.Background()
	h := openHotel(ctx)
	h.engine.Fail("BatchWriteItem", memtable.Partial(1))                                       // one of three
	h.engine.Fail("BatchWriteItem", memtable.Partial(0), memtable.After(1), memtable.Times(4)) // and none of the others
	rooms := []batch.Op{batch.Put(h.rooms, &Room{Number: "201"}), batch.Put(h.rooms, &Room{Number: "202"}), batch.Put(h.rooms, &Room{Number: "203"})}
	left, err := writeOps(ctx, slices.Values(rooms))
	fmt.Println(len(left), "left:", errors.Is(err, batch.ErrUnprocessed))
	left, err = writeOps(ctx, slices.Values(left))
	fmt.Println(len(left), "left:", err)
	// Output:
	// 2 left: true
	// 0 left: <nil>
}

func Example_batchGet() {
	ctx := context.Background()
	h := openHotel(ctx)
	keys := slices.Values([]Booking{{Guest: "bob", ID: "1"}, {Guest: "ann", ID: "9"}, {Guest: "ann", ID: "1"}})
	missing := batch.Missing(func(key Booking) { fmt.Println("no booking", key.ID) })
	for b, err := range batch.Get(ctx, h.bookings, keys, batch.InOrder(), missing) {
		fmt.Println(b.Guest, b.Room, err)
	}
	// Output:
	// bob 101 <nil>
	// no booking 9
	// ann 101 <nil>
}

func Example_batchRead() {
	ctx := context.Background()
	h := openHotel(ctx)
	ann, first := batch.Ref(h.guests, Guest{ID: "ann"}), batch.Ref(h.bookings, Booking{Guest: "ann", ID: "1"})
	err := batch.Read(ctx, ann, first)
	fmt.Println(ann.V.Name, ann.Found, first.V.Room, err)
	// Output:
	// Ann true 101 <nil>
}

// inRoom are the bookings of a room, whole, although the index holds only keys.
func inRoom(ctx context.Context, bookings *dynox.Repo[Booking], number string) iter.Seq2[Booking, error] {
	found := bookings.Query(ctx, ByRoom.In(Booking{Room: number}))
	return batch.Hydrate(ctx, bookings, found)
}

func Example_batchHydrate() {
	ctx := context.Background()
	h := openHotel(ctx)
	for b, err := range inRoom(ctx, h.bookings, "101") {
		fmt.Println(b.Guest, b.Status, err)
	}
	// Output:
	// ann open <nil>
	// bob paid <nil>
}

func Example_batchLoader() {
	ctx := context.Background()
	h := openHotel(ctx)
	loader := batch.NewLoader(h.guests)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			g, err := loader.Load(ctx, Guest{ID: "ann"}) // one request for all of them
			if err != nil || g.Name != "Ann" {
				fmt.Println(g.Name, err)
			}
		})
	}
	wg.Wait()
	fmt.Println("loaded")
	// Output:
	// loaded
}

func Example_batchDeletePartition() {
	ctx := context.Background()
	h := openHotel(ctx)
	n, err := batch.DeletePartition(ctx, h.bookings, Booking{Guest: "ann"})
	fmt.Println(n, err)
	// Output:
	// 2 <nil>
}
