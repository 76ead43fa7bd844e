package docs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/tx"
)

// book stores a booking, if the room has so many nights left and the guest is known.
func (h hotel) book(ctx context.Context, b *Booking) error {
	return tx.Write(ctx,
		tx.Create(h.bookings, b),
		tx.Update(h.rooms, Room{Number: b.Room}, expr.Add(roomFree, -b.Nights), expr.If(roomFree.Ge(b.Nights))),
		tx.Check(h.guests, Guest{ID: b.Guest}, guestName.Exists()),
	)
}

func Example_transaction() {
	ctx := context.Background()
	h := openHotel(ctx)
	fmt.Println(h.book(ctx, &Booking{Guest: "bob", ID: "2", Room: "102", Nights: 14}))
	fmt.Println(h.book(ctx, &Booking{Guest: "bob", ID: "3", Room: "102", Nights: 28}))
	// Output:
	// <nil>
	// dynox: transaction hotel: canceled: operation 1, update of room: condition failed
}

// whyNot tells a guest why a booking was not made.
func whyNot(err error) string {
	var canceled *tx.CanceledError
	if !errors.As(err, &canceled) {
		return "try again later"
	}
	for _, reason := range canceled.Reasons {
		if room, ok := dynox.OldItem[Room](reason.Err); ok {
			return fmt.Sprintf("only %d nights are left", room.Free)
		}
		if errors.Is(reason.Err, dynox.ErrExists) {
			return "you have booked already"
		}
	}
	return "no"
}

func Example_transactionReasons() {
	ctx := context.Background()
	h := openHotel(ctx)
	fmt.Println(whyNot(h.book(ctx, &Booking{Guest: "bob", ID: "2", Room: "102", Nights: 31})))
	fmt.Println(whyNot(h.book(ctx, &Booking{Guest: "bob", ID: "1", Room: "102", Nights: 1})))
	// Output:
	// only 30 nights are left
	// you have booked already
}

func Example_transactionRead() {
	ctx := context.Background()
	h := openHotel(ctx)
	r, b := tx.Get(h.rooms, Room{Number: "101"}), tx.Get(h.bookings, Booking{Guest: "ann", ID: "1"})
	if err := tx.Read(ctx, r, b); err != nil {
		fmt.Println(err)
	}
	fmt.Println(r.V.Free, b.Found, b.V.Nights)
	// Output:
	// 30 true 2
}

func Example_transactionToken() {
	ctx := context.Background()
	h := openHotel(ctx)
	earn := func(requestID string) error {
		return tx.Write(ctx, tx.Token(requestID), tx.Update(h.guests, Guest{ID: "ann"}, expr.Add(guestPoints, 10)))
	}
	fmt.Println(earn("request-7"), earn("request-7")) // the second one changes nothing
	ann, err := h.guests.Get(ctx, Guest{ID: "ann"})
	fmt.Println(ann.Points, err)
	// Output:
	// <nil> <nil>
	// 130 <nil>
}

func Example_exactlyOnce() {
	ctx := context.Background()
	h := openHotel(ctx)
	ann, err := h.guests.Update(ctx, Guest{ID: "ann"}, expr.Add(guestPoints, 10), expr.ExactlyOnce[Guest]())
	fmt.Println(ann.Points, err)
	// Output:
	// 130 <nil>
}

// Member is a guest with an address that nobody else has.
type Member struct {
	ID     string    `dynamodbav:"id"`
	Email  string    `dynamodbav:"email"`
	Joined time.Time `dynamodbav:"joined"`
}

var (
	member      = expr.Proto[Member]()
	memberEmail = expr.At(member, &member.Email)
	MemberKey   = dynox.Key[Member]{Partition: dynox.By(expr.At(member, &member.ID))}
)

func Example_unique() {
	ctx := context.Background()
	table := dynox.NewTable(openHotel(ctx).engine.Client(), "members")
	members, err := dynox.NewRepo(table, MemberKey, tx.Unique(memberEmail))
	succeed(err)
	succeed(table.Ensure(ctx, members))
	fmt.Println(members.Create(ctx, &Member{ID: "1", Email: "ann@example.com"}))
	err = members.Create(ctx, &Member{ID: "2", Email: "ann@example.com"})
	fmt.Println(errors.Is(err, dynox.ErrNotUnique))
	// Output:
	// <nil>
	// true
}
