package docs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/memtable"
)

// nightly is the hotel's table for jobs that run beside the service: all of them together take at
// most 50 read units and 20 write units a second.
func nightly(client dynox.Client, name string) (*dynox.Table, *dynox.Limiter) {
	limiter := dynox.FixedRate(dynox.Units{Read: 50, Write: 20})
	return dynox.NewTable(client, name, dynox.RateLimit(limiter)), limiter
}

func TestRateLimitGuide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		table, limiter := nightly(memtable.New(t).Client(), "hotel")
		rooms := mustRepo(dynox.NewRepo(table, RoomKey))
		is.NoErr(table.Ensure(t.Context(), rooms))
		begun := time.Now()
		for i := range 120 {
			is.NoErr(rooms.Put(t.Context(), &Room{Number: fmt.Sprint(i)}))
		}
		is.Equal(time.Since(begun).Round(time.Second), 5*time.Second) // those of one second were there
		is.Equal(limiter.Write().Units, 120.0)
		is.True(limiter.Write().Waits > 90)

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		err := rooms.Put(ctx, &Room{Number: "1"})
		is.True(errors.Is(err, context.DeadlineExceeded)) // at once, and nothing was sent
		is.Equal(time.Since(begun).Round(time.Second), 5*time.Second)
	})
}

// adaptive finds out how much capacity the table has, up to 1000 units a second each.
func adaptive(client dynox.Client, name string) (*dynox.Table, *dynox.Limiter) {
	limiter := dynox.AdaptiveRate(dynox.Units{Read: 1000, Write: 1000})
	return dynox.NewTable(client, name, dynox.RateLimit(limiter)), limiter
}

func TestAdaptiveRateGuide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		table, limiter := adaptive(engine.Client(), "hotel")
		rooms := mustRepo(dynox.NewRepo(table, RoomKey))
		is.NoErr(table.Ensure(t.Context(), rooms))
		is.Equal(limiter.Write().Rate, 500.0)
		engine.Fail("PutItem", memtable.Throttle())
		is.NoErr(rooms.Put(t.Context(), &Room{Number: "1"}))
		is.Equal(limiter.Write().Rate, 400.0)
		is.Equal(limiter.Write().Throttles, 1)
	})
}

// answer serves one request of a user, which may cost 100 units and no more.
func answer(ctx context.Context, bookings *dynox.Repo[Booking], guest string) (n int, next dynox.Cursor, err error) {
	ctx = dynox.Budget(ctx, 100)
	for _, err := range bookings.Query(ctx, BookingKey.In(Booking{Guest: guest})) {
		var stopped *dynox.StoppedError
		if errors.As(err, &stopped) {
			return n, stopped.Cursor, nil // the rest with another budget
		}
		if err != nil {
			return n, "", err
		}
		n++
	}
	return n, "", nil
}

func Example_budget() {
	ctx := context.Background()
	n, next, err := answer(ctx, openHotel(ctx).bookings, "ann")
	fmt.Printf("%d %q %v\n", n, next, err)
	// Output:
	// 2 "" <nil>
}
