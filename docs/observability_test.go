package docs_test

import (
	"context"
	"expvar"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	dynoxslog "github.com/dynox-go/dynox/hooks/slog"
	"github.com/dynox-go/dynox/memtable"
)

type requestID struct{}

// logged is a table whose calls are logged: those that take long, or fail, as warnings and errors.
func logged(client dynox.Client, logger *slog.Logger) *dynox.Table {
	return dynox.NewTable(client, "hotel", dynoxslog.Observe(logger,
		dynoxslog.Slow(200*time.Millisecond),
		dynoxslog.Attrs(func(ctx context.Context) []slog.Attr {
			id, _ := ctx.Value(requestID{}).(string)
			return []slog.Attr{slog.String("for", id)}
		}),
	))
}

func TestLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var lines strings.Builder
		engine := memtable.New(t)
		table := logged(engine.Client(), slog.New(slog.NewTextHandler(&lines, nil)))
		guests := mustRepo(dynox.NewRepo(table, GuestKey))
		is.NoErr(table.Ensure(t.Context(), guests))
		ctx := context.WithValue(t.Context(), requestID{}, "r-7")
		is.NoErr(guests.Create(ctx, &Guest{ID: "ann"}))
		is.Equal(lines.String(), "") // quick, and no error
		engine.Fail("GetItem", memtable.Latency(time.Second))
		_, err := guests.Get(ctx, Guest{ID: "ann"})
		is.NoErr(err)
		is.True(strings.Contains(lines.String(), `level=WARN msg="slow dynamodb call" for=r-7 operation=GetItem table=hotel duration=1s items=1`))
	})
}

// costly tells what one request of a user cost.
func costly(ctx context.Context, h hotel) (dynox.Usage, error) {
	var meter dynox.Meter
	ctx = dynox.WithMeter(ctx, &meter)
	_, err := h.bookings.Page(ctx, BookingKey.In(Booking{Guest: "ann"}))
	if err == nil {
		err = h.rooms.Put(ctx, &Room{Number: "103"})
	}
	return meter.Usage(), err
}

func Example_meter() {
	ctx := context.Background()
	u, err := costly(ctx, openHotel(ctx))
	fmt.Println(u.Calls, "calls,", u.ReadUnits, "read units,", u.WriteUnits, "write units,", u.Errors, "errors", err)
	// Output:
	// 2 calls, 0.5 read units, 1 write units, 0 errors <nil>
}

// units adds up the capacity units of each operation, for /debug/vars.
type units struct{ expvar.Map }

func (u *units) Start(ctx context.Context, _ *dynox.Call) context.Context { return ctx }

func (u *units) End(_ context.Context, c *dynox.Call) {
	u.AddFloat(c.Operation, c.ReadUnits+c.WriteUnits)
}

func Example_observer() {
	ctx := context.Background()
	var u units
	h := openHotel(ctx, dynox.Observe(&u))
	u.Init()
	n, err := h.bookings.Count(ctx, dynox.All[Booking]())
	fmt.Println(n, err, u.String())
	// Output:
	// 3 <nil> {"Scan": 0.5}
}

// watched is a table that tells of what takes long, and of partitions that take too much.
func watched(client dynox.Client, warn func(format string, args ...any)) *dynox.Table {
	return dynox.NewTable(client, "hotel",
		dynox.OnSlow(time.Second, func(_ context.Context, c *dynox.Call) {
			warn("%s of %s took %v, with %d attempts", c.Operation, c.Table, c.Duration, c.Attempts)
		}),
		dynox.HotPartitions(10*time.Second, dynox.Units{Read: 15000, Write: 5000}, func(_ context.Context, hot dynox.Hot) {
			warn("partition %x of %s took %.0f units in %v", hot.Partition, hot.Table, hot.Units, hot.Window)
		}),
	)
}

func TestWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var warnings []string
		engine := memtable.New(t)
		table := watched(engine.Client(), func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) })
		rooms := mustRepo(dynox.NewRepo(table, RoomKey))
		is.NoErr(table.Ensure(t.Context(), rooms))
		engine.Fail("PutItem", memtable.Latency(2*time.Second))
		is.NoErr(rooms.Put(t.Context(), &Room{Number: "101"}))
		is.Equal(warnings, []string{"PutItem of hotel took 2s, with 1 attempts"})
	})
}
