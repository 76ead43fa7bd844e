package docs_test

import (
	"context"
	"log"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// A hotel, for the guides: bookings under their guests, and rooms, in one table.

type Guest struct {
	ID     string `dynamodbav:"id"`
	Name   string `dynamodbav:"name"`
	Points int64  `dynamodbav:"points"`
}

type Booking struct {
	Guest  string    `dynamodbav:"guest"`
	ID     string    `dynamodbav:"id"`
	Room   string    `dynamodbav:"room"`
	Status string    `dynamodbav:"status"`
	From   time.Time `dynamodbav:"from"`
	Nights int       `dynamodbav:"nights"`
}

type Room struct {
	Number string `dynamodbav:"number"`
	Beds   int    `dynamodbav:"beds"`
	Free   int    `dynamodbav:"free"` // nights
}

var (
	guest       = expr.Proto[Guest]()
	guestID     = expr.At(guest, &guest.ID)
	guestName   = expr.At(guest, &guest.Name)
	guestPoints = expr.At(guest, &guest.Points)

	booking       = expr.Proto[Booking]()
	bookingGuest  = expr.At(booking, &booking.Guest)
	bookingID     = expr.At(booking, &booking.ID)
	bookingRoom   = expr.At(booking, &booking.Room)
	bookingStatus = expr.At(booking, &booking.Status)
	bookingFrom   = expr.At(booking, &booking.From)
	bookingNights = expr.At(booking, &booking.Nights)

	room       = expr.Proto[Room]()
	roomNumber = expr.At(room, &room.Number)
	roomBeds   = expr.At(room, &room.Beds)
	roomFree   = expr.At(room, &room.Free)
)

var (
	GuestKey   = dynox.Key[Guest]{Partition: dynox.Composite("pk", "GUEST#{}", guestID), Sort: dynox.Const[Guest]("sk", "PROFILE")}
	BookingKey = dynox.Key[Booking]{Partition: dynox.Composite("pk", "GUEST#{}", bookingGuest), Sort: dynox.Composite("sk", "BOOKING#{}", bookingID)}
	RoomKey    = dynox.Key[Room]{Partition: dynox.Composite("pk", "ROOM#{}", roomNumber), Sort: dynox.Const[Room]("sk", "ROOM")}
	ByRoom     = dynox.GSI("by-room", dynox.Key[Booking]{Partition: dynox.By(bookingRoom), Sort: dynox.By(bookingFrom)}).KeysOnly()
)

// hotel is an engine with the hotel's table.
type hotel struct {
	engine   *memtable.Engine
	table    *dynox.Table
	guests   *dynox.Repo[Guest]
	bookings *dynox.Repo[Booking]
	rooms    *dynox.Repo[Room]
}

// openHotel has two rooms, two guests, and three bookings.
func openHotel(ctx context.Context, opts ...dynox.TableOption) hotel {
	h := hotel{engine: memtable.Open(memtable.WithRequestLog(100))}
	h.table = dynox.NewTable(h.engine.Client(), "hotel", opts...)
	h.guests = mustRepo(dynox.NewRepo(h.table, GuestKey, dynox.Kind[Guest]("guest")))
	h.bookings = mustRepo(dynox.NewRepo(h.table, BookingKey, ByRoom, dynox.Kind[Booking]("booking")))
	h.rooms = mustRepo(dynox.NewRepo(h.table, RoomKey, dynox.Kind[Room]("room")))
	succeed(h.table.Ensure(ctx, h.guests, h.bookings, h.rooms))
	for _, g := range []Guest{{"ann", "Ann", 120}, {"bob", "Bob", 0}} {
		succeed(h.guests.Put(ctx, &g))
	}
	for _, r := range []Room{{"101", 1, 30}, {"102", 2, 30}} {
		succeed(h.rooms.Put(ctx, &r))
	}
	may := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, b := range []Booking{
		{"ann", "1", "101", "open", may, 2}, {"ann", "2", "102", "open", may.AddDate(0, 0, 7), 1}, {"bob", "1", "101", "paid", may.AddDate(0, 0, 2), 5},
	} {
		succeed(h.bookings.Put(ctx, &b))
	}
	h.engine.ForgetRequests()
	return h
}

func mustRepo[T any](r *dynox.Repo[T], err error) *dynox.Repo[T] {
	succeed(err)
	return r
}

func succeed(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
