package batch_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

// TestStopBefore: a batch ends with the time it was told to leave, knows what is left,
// and can be continued; hooks have all of the time.
func TestStopBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		table := testbed.Table(t, engine.Client())
		after := 0
		orders, err := dynox.NewRepo(table, OrderKey, hooks.AfterPut(func(ctx context.Context, _ *Order) error {
			after++
			return ctx.Err()
		}))
		is.NoErr(err)
		is.NoErr(table.Ensure(t.Context(), orders))
		engine.Fail("", memtable.Latency(second), memtable.Always())
		var ops []batch.Op
		var keys []Order
		for i := range 500 {
			o := Order{Customer: "1", ID: i}
			ops, keys = append(ops, batch.Put(orders, &o)), append(keys, o)
		}
		const total, reserve = 6 * second, 2500 * time.Millisecond
		for pieces := 0; len(ops) > 0; pieces++ {
			deadline := time.Now().Add(total)
			ctx, cancel := context.WithDeadline(t.Context(), deadline)
			err := batch.Write(ctx, slices.Values(ops), batch.StopBefore(reserve), batch.Concurrency(1))
			cancel()
			if err == nil {
				is.True(pieces > 1)
				break
			}
			is.True(errors.Is(err, context.DeadlineExceeded))
			var partial *batch.PartialError
			is.True(errors.As(err, &partial))
			is.True(partial.Counts.Done >= 50) // of which it was told
			is.Equal(time.Until(deadline), reserve)
			ops = append(partial.Left, ops[partial.Counts.Taken:]...)
		}
		is.True(after >= 500)

		deadline := time.Now().Add(total)
		ctx, cancel := context.WithDeadline(t.Context(), deadline)
		defer cancel()
		n := 0
		for _, err := range batch.Get(ctx, orders, slices.Values(keys), batch.StopBefore(reserve), batch.Concurrency(1)) {
			if err != nil {
				is.True(errors.Is(err, context.DeadlineExceeded))
				is.Equal(time.Until(deadline), reserve)
				break
			}
			n++
		}
		is.True(n >= 200 && n < 500)
		err = batch.Write(ctx, slices.Values(ops[:0]), batch.StopBefore(-1))
		is.True(err != nil)
	})
}
