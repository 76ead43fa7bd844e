package docs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
)

func Example_partiql() {
	ctx := context.Background()
	h := openHotel(ctx)
	for b, err := range h.bookings.Select(ctx, `SELECT * FROM hotel WHERE pk = ? AND nights < ?`, "GUEST#ann", 2) {
		succeed(err)
		fmt.Println(b.ID, b.Room, b.Nights)
	}
	// Output:
	// 2 102 1
}

func Example_partiqlParam() {
	ctx := context.Background()
	h := openHotel(ctx)
	after := time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)
	for b, err := range h.bookings.Select(ctx, `SELECT * FROM hotel WHERE pk = ? AND "from" > ?`,
		"GUEST#ann", bookingFrom.Param(after), dynox.SelectConsistent(), dynox.SelectPageSize(50)) {
		succeed(err)
		fmt.Println(b.ID, b.Room)
	}
	// Output:
	// 2 102
}

func Example_partiqlBatch() {
	ctx := context.Background()
	h := openHotel(ctx)
	const clean = `UPDATE hotel SET free = free + ? WHERE pk = ? AND sk = 'ROOM' AND free < 40 RETURNING ALL NEW *`
	first := dynox.PartiQL(h.rooms, clean, 5, "ROOM#101")
	other := dynox.PartiQL(h.rooms, clean, 5, "ROOM#999")
	err := dynox.Execute(ctx, first, other)
	fmt.Println(first.Item.Free, first.Err)
	fmt.Println(errors.Is(other.Err, dynox.ErrConditionFailed))
	fmt.Println(err)
	// Output:
	// 35 <nil>
	// true
	// dynox: execute hotel: statement 1: condition failed
}

func Example_partiqlTransaction() {
	ctx := context.Background()
	h := openHotel(ctx)
	err := dynox.ExecuteTransaction(ctx,
		dynox.PartiQL(h.rooms, `UPDATE hotel SET free = free - 7 WHERE pk = ? AND sk = 'ROOM' AND free >= 7`, "ROOM#101"),
		dynox.PartiQL(h.guests, `EXISTS(SELECT * FROM hotel WHERE pk = ? AND sk = 'PROFILE' AND points > 100)`, "GUEST#bob"),
	)
	fmt.Println(err)
	bob, ok := dynox.OldItem[Guest](err)
	fmt.Println(bob.Points, ok)
	// Output:
	// dynox: execute transaction hotel: canceled; statement 1: condition failed
	// 0 true
}
