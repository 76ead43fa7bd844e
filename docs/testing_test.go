package docs_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// newHotel is what the program makes of a client: the engine's, or the service's.
func newHotel(t *testing.T, client dynox.Client) hotel {
	t.Helper()
	h := hotel{table: dynox.NewTable(client, "hotel")}
	h.guests = mustRepo(dynox.NewRepo(h.table, GuestKey, dynox.Kind[Guest]("guest")))
	h.bookings = mustRepo(dynox.NewRepo(h.table, BookingKey, ByRoom, dynox.Kind[Booking]("booking")))
	h.rooms = mustRepo(dynox.NewRepo(h.table, RoomKey, dynox.Kind[Room]("room")))
	succeed(h.table.Ensure(t.Context(), h.guests, h.bookings, h.rooms))
	return h
}

func TestBook(t *testing.T) {
	engine := memtable.New(t, memtable.NoScans(t)) // ends with the test; a scan fails it
	h := newHotel(t, engine.Client())              // a real *dynamodb.Client
	succeed(engine.Seed("hotel",
		`{"pk": {"S": "GUEST#ann"}, "sk": {"S": "PROFILE"}, "kind": {"S": "guest"}, "id": {"S": "ann"}, "name": {"S": "Ann"}}`,
		`{"pk": {"S": "ROOM#101"}, "sk": {"S": "ROOM"}, "kind": {"S": "room"}, "number": {"S": "101"}, "free": {"N": "3"}}`,
	))

	if err := h.book(t.Context(), &Booking{Guest: "ann", ID: "1", Room: "101", Nights: 2}); err != nil {
		t.Fatal(err)
	}
	err := h.book(t.Context(), &Booking{Guest: "ann", ID: "2", Room: "101", Nights: 2})
	if !dynox.ConditionFailed(err) {
		t.Errorf("the room had one night left: %v", err)
	}
}

func TestThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the SDK waits between its attempts, here for no time
		is := is.New(t)
		engine := memtable.New(t)
		h := newHotel(t, engine.Client())
		engine.ForgetRequests()

		engine.Fail("PutItem", memtable.Throttle(), memtable.Times(2))
		is.NoErr(h.rooms.Put(t.Context(), &Room{Number: "101"}))
		is.Equal(len(engine.Requests()), 3)

		engine.Fail("PutItem", memtable.Throttle(), memtable.Always())
		is.True(dynox.Throttled(h.rooms.Put(t.Context(), &Room{Number: "102"})))
		engine.Heal()
	})
}

func TestLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		h := newHotel(t, engine.Client())
		is.NoErr(h.guests.Create(t.Context(), &Guest{ID: "ann"}))

		engine.Fail("UpdateItem", memtable.ResetAfter()) // it takes effect, and nobody hears of it
		_, err := h.guests.Update(t.Context(), Guest{ID: "ann"}, expr.Add(guestPoints, 10))
		is.True(dynox.UnknownOutcome(err)) // so it was not sent again
		ann, err := h.guests.Get(t.Context(), Guest{ID: "ann"})
		is.NoErr(err)
		is.Equal(ann.Points, int64(10))
	})
}

func TestLateIndex(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.Lag(time.Minute))
	h := newHotel(t, engine.Client())
	is.NoErr(h.bookings.Create(t.Context(), &Booking{Guest: "ann", ID: "1", Room: "101", From: time.Now()}))

	n, err := h.bookings.Count(t.Context(), ByRoom.In(Booking{Room: "101"}))
	is.NoErr(err)
	is.Equal(n, int64(0)) // not yet
	engine.Advance(time.Minute)
	n, err = h.bookings.Count(t.Context(), ByRoom.In(Booking{Room: "101"}))
	is.NoErr(err)
	is.Equal(n, int64(1))
}

// start is the state that many tests begin with, made once.
func start(t *testing.T) []byte {
	engine := memtable.New(t)
	h := newHotel(t, engine.Client())
	for i := range 100 {
		succeed(h.rooms.Put(t.Context(), &Room{Number: fmt.Sprint(i)}))
	}
	var state bytes.Buffer
	succeed(engine.Snapshot(&state))
	return state.Bytes()
}

func TestSnapshot(t *testing.T) {
	state := start(t)
	for _, number := range []string{"1", "2"} {
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			engine := memtable.New(t)
			is.NoErr(engine.Restore(bytes.NewReader(state)))
			h := newHotel(t, engine.Client())
			is.NoErr(h.rooms.Delete(t.Context(), Room{Number: number})) // nobody else's
			items, err := engine.Dump("hotel")
			is.NoErr(err)
			is.Equal(len(items), 99)
		})
	}
}

func TestServed(t *testing.T) {
	is := is.New(t)
	server := httptest.NewServer(memtable.New(t)) // the engine is an http.Handler
	defer server.Close()

	client := dynamodb.New(dynamodb.Options{
		BaseEndpoint: &server.URL,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("any", "thing", ""),
		HTTPClient:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	h := newHotel(t, client)
	_, err := h.guests.Get(t.Context(), Guest{ID: "ann"})
	is.True(errors.Is(err, dynox.ErrNotFound))
}

// testClients runs a test on the engine, and on the server that DYNAMODB_URL names, if it does.
func testClients(t *testing.T, test func(t *testing.T, client *dynamodb.Client)) {
	t.Run("engine", func(t *testing.T) { test(t, memtable.New(t).Client()) })
	t.Run("server", func(t *testing.T) {
		url := os.Getenv("DYNAMODB_URL")
		if url == "" {
			t.Skip("DYNAMODB_URL is not set")
		}
		test(t, dynamodb.New(dynamodb.Options{
			BaseEndpoint: &url,
			Region:       "us-east-1",
			Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		}))
	})
}

func TestEverywhere(t *testing.T) {
	testClients(t, func(t *testing.T, client *dynamodb.Client) {
		h := newHotel(t, client)
		defer h.table.Delete(t.Context()) //nolint:errcheck // it is a test's
		if err := h.guests.Create(t.Context(), &Guest{ID: "ann"}); err != nil {
			t.Error(err)
		}
	})
}

// The table of operations in testing.md.
func TestOperationsSent(t *testing.T) {
	ctx, is := t.Context(), is.New(t)
	h := openHotel(ctx)
	members, err := dynox.NewRepo(h.table, GuestKey, dynox.Kind[Guest]("guest"), tx.Unique(guestName))
	is.NoErr(err)
	ann, eve, rename := Guest{ID: "ann"}, Guest{ID: "eve", Name: "Eve"}, guestName.Set("Eva")
	for _, c := range []struct {
		sent string
		call func() error
	}{
		{"PutItem", func() error { return h.guests.Create(ctx, &Guest{ID: "cid"}) }},
		{"PutItem", func() error { _, _, err := h.guests.Swap(ctx, &Guest{ID: "cid"}); return err }},
		{"UpdateItem", func() error { _, err := h.guests.Upsert(ctx, ann, expr.Add(guestPoints, 1)); return err }},
		{"DeleteItem", func() error { _, err := h.guests.Take(ctx, Guest{ID: "cid"}); return err }},
		{"Query", func() error { _, err := h.bookings.Count(ctx, BookingKey.In(Booking{Guest: "ann"})); return err }},
		{"TransactWriteItems", func() error { return tx.Write(ctx, tx.Put(h.guests, &ann)) }},
		{"TransactWriteItems", func() error { return members.Put(ctx, &eve) }},
		{"TransactWriteItems", func() error { _, err := members.Update(ctx, eve, rename); return err }},
		{"TransactWriteItems", func() error {
			_, err := h.guests.Update(ctx, ann, expr.Add(guestPoints, 1), expr.ExactlyOnce[Guest]())
			return err
		}},
		{"TransactWriteItems", func() error { return members.Delete(ctx, eve) }},
	} {
		h.engine.ForgetRequests()
		is.NoErr(c.call())
		var sent []string
		for _, r := range h.engine.Requests() {
			if r.Operation != "GetItem" { // before or after
				sent = append(sent, r.Operation)
			}
		}
		is.Equal(sent, []string{c.sent})
	}
}
