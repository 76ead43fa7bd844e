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
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Hold keeps a room for a guest who has not paid yet.
type Hold struct {
	Room    string    `dynamodbav:"room"`
	Guest   string    `dynamodbav:"guest"`
	Expires time.Time `dynamodbav:"expires,unixtime,omitempty"`
}

var (
	hold        = expr.Proto[Hold]()
	holdGuest   = expr.At(hold, &hold.Guest)
	holdExpires = expr.At(hold, &hold.Expires)
	HoldKey     = dynox.Key[Hold]{Partition: dynox.By(expr.At(hold, &hold.Room))}
)

// newHolds is the repository of holds.
func newHolds(table *dynox.Table) (*dynox.Repo[Hold], error) {
	return dynox.NewRepo(table, HoldKey, dynox.TTL(holdExpires), dynox.HideExpired[Hold]())
}

// keep holds a room for a quarter of an hour, unless another guest's hold is there that has not passed.
func keep(ctx context.Context, holds *dynox.Repo[Hold], room, guest string) error {
	now := time.Now()
	h := Hold{Room: room, Guest: guest, Expires: now.Add(15 * time.Minute)}
	free := expr.Any(holdExpires.Missing(), holdExpires.Le(now), holdGuest.Eq(guest))
	return holds.Put(ctx, &h, expr.If(free))
}

func TestTTLGuide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.WithTTLDelay(48*time.Hour)) // as late as the service
		table := dynox.NewTable(engine.Client(), "holds")
		holds := mustRepo(newHolds(table))
		is.NoErr(table.Ensure(t.Context(), holds))

		is.NoErr(keep(t.Context(), holds, "101", "ann"))
		is.True(dynox.ConditionFailed(keep(t.Context(), holds, "101", "bob")))
		is.NoErr(keep(t.Context(), holds, "101", "ann")) // longer

		time.Sleep(16 * time.Minute) // in a bubble of synctest, at once
		_, err := holds.Get(t.Context(), Hold{Room: "101"})
		is.True(errors.Is(err, dynox.ErrNotFound)) // hidden, and still there
		items, err := engine.Dump("holds")
		is.NoErr(err)
		is.Equal(len(items), 1)
		is.True(errors.Is(holds.Create(t.Context(), &Hold{Room: "101", Guest: "bob"}), dynox.ErrExists))
		is.NoErr(keep(t.Context(), holds, "101", "bob"))

		time.Sleep(72 * time.Hour)
		items, err = engine.Dump("holds")
		is.NoErr(err)
		is.Equal(len(items), 0) // deleted
	})
}

func Example_touch() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "holds")
	holds := mustRepo(newHolds(table))
	succeed(table.Ensure(ctx, holds))
	succeed(keep(ctx, holds, "101", "ann"))

	h, err := holds.Touch(ctx, Hold{Room: "101"}, time.Now().Add(time.Hour))
	fmt.Println(time.Until(h.Expires).Round(time.Hour), holds.Expired(h), err)
	h, err = holds.Touch(ctx, Hold{Room: "101"}, time.Time{}) // for good
	fmt.Println(h.Expires.IsZero(), holds.Expired(h), err)
	// Output:
	// 1h0m0s false <nil>
	// true false <nil>
}
