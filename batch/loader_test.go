package batch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

func TestLoader(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		s := filled(t, newShop(t, client), 150)
		loader := batch.NewLoader(s.orders, batch.Wait(10*time.Millisecond))
		var wg sync.WaitGroup
		for n := range 320 {
			wg.Go(func() {
				is := is.New(t)
				got, err := loader.Load(t.Context(), keyOf(anOrder(n%160)))
				if n%160 >= 150 {
					is.True(errors.Is(err, dynox.ErrNotFound))
					return
				}
				is.NoErr(err)
				is.Equal(cmp.Diff(anOrder(n%160), got), "")
				got.Tags[0] = "changed" // it is the caller's own
			})
		}
		wg.Wait()
	})
}

// loads makes n calls at once, of the orders that number says, and waits.
func loads(t *testing.T, l *batch.Loader[Order], n int, number func(int) int) (found int) {
	t.Helper()
	results := make(chan error, n)
	for i := range n {
		go func() {
			_, err := l.Load(t.Context(), keyOf(anOrder(number(i))))
			results <- err
		}()
	}
	for range n {
		switch err := <-results; {
		case err == nil:
			found++
		case !errors.Is(err, dynox.ErrNotFound):
			t.Error(err)
		}
	}
	return found
}

func TestLoaderCoalesces(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine, s := engineShop(t)
		filled(t, s, 150)
		loader := batch.NewLoader(s.orders)
		for _, c := range []struct{ calls, items, requests int }{{1, 1, 1}, {50, 50, 1}, {50, 5, 1}, {100, 100, 1}, {250, 150, 2}} {
			engine.ForgetRequests()
			is.Equal(loads(t, loader, c.calls, func(n int) int { return n % c.items }), c.calls)
			sent := len(engine.Requests())
			is.True(sent >= c.requests)
			is.True(sent <= c.requests+c.calls/200) // some may come when the first request is answered
		}
		engine.ForgetRequests()
		is.Equal(loads(t, batch.NewLoader(s.orders, batch.MaxKeys(10)), 100, func(n int) int { return n }), 100)
		is.Equal(len(engine.Requests()), 10)

		start := time.Now()
		_, err := loader.Load(t.Context(), keyOf(anOrder(1)))
		is.NoErr(err)
		is.Equal(time.Since(start), time.Millisecond) // of waiting for others
	})
}

// Callers share what is under way, unless that could be too old for them.
func TestLoaderInFlight(t *testing.T) {
	for _, consistent := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			is := is.New(t)
			engine, s := engineShop(t)
			filled(t, s, 1)
			engine.ForgetRequests()
			var opts []batch.LoadOption
			if consistent {
				opts = append(opts, batch.Consistent())
			}
			loader := batch.NewLoader(s.orders, opts...)
			engine.Fail("BatchGetItem", memtable.Latency(time.Second))
			done := make(chan error, 2)
			load := func() {
				o, err := loader.Load(t.Context(), keyOf(anOrder(0)))
				if err == nil && o.ID != 0 {
					err = errors.New("another order")
				}
				done <- err
			}
			go load()
			time.Sleep(500 * time.Millisecond)
			go load()
			is.NoErr(<-done)
			is.NoErr(<-done)
			is.Equal(len(engine.Requests()), pick(consistent, 2, 1))
		})
	}
}

// Each caller has its own context; the request ends with the last of them.
func TestLoaderContexts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine, s := engineShop(t)
		filled(t, s, 2)
		engine.ForgetRequests()
		loader := batch.NewLoader(s.orders)
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		engine.Fail("BatchGetItem", memtable.Latency(time.Second))
		done := make(chan error, 1)
		go func() {
			_, err := loader.Load(short, keyOf(anOrder(0)))
			done <- err
		}()
		time.Sleep(10 * time.Millisecond) // it is under way
		got, err := loader.Load(t.Context(), keyOf(anOrder(0)))
		is.NoErr(err)
		is.Equal(got.ID, 0)
		is.True(errors.Is(<-done, context.DeadlineExceeded))
		is.Equal(len(engine.Requests()), 1)

		// nobody waits any more: the request is ended, and the next begins anew
		engine.Fail("BatchGetItem", memtable.Latency(time.Hour))
		short, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err = loader.Load(short, keyOf(anOrder(1)))
		is.True(errors.Is(err, context.DeadlineExceeded))
		got, err = loader.Load(t.Context(), keyOf(anOrder(1)))
		is.NoErr(err)
		is.Equal(got.ID, 1)
		is.True(time.Since(start) < time.Second)

		// it was not even sent
		engine.ForgetRequests()
		gone, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err = batch.NewLoader(s.orders, batch.Wait(time.Hour)).Load(gone, anOrder(1))
		is.True(errors.Is(err, context.Canceled))
		_, err = loader.Load(gone, anOrder(1))
		is.True(errors.Is(err, context.Canceled))
		synctest.Wait()
		is.Equal(len(engine.Requests()), 0)
	})
}

func TestLoaderErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine, s := engineShop(t)
		filled(t, s, 2)
		loader := batch.NewLoader(s.orders)
		_, err := loader.Load(t.Context(), Order{})
		is.True(errors.Is(err, dynox.ErrKey))
		_, err = loader.Load(t.Context(), keyOf(anOrder(5)))
		is.True(errors.Is(err, dynox.ErrNotFound))
		var failed *dynox.Error
		is.True(errors.As(err, &failed))
		is.Equal(failed.Op, "load")
		engine.Fail("BatchGetItem", memtable.ErrorResponse(400, "AccessDeniedException", "no"))
		_, err = loader.Load(t.Context(), keyOf(anOrder(1)))
		is.True(err != nil)
		_, err = loader.Load(t.Context(), keyOf(anOrder(1)))
		is.NoErr(err)
		for _, opt := range []batch.LoadOption{batch.Wait(-1), batch.MaxKeys(0), batch.MaxKeys(101), batch.Concurrency(0)} {
			_, err = batch.NewLoader(s.orders, opt).Load(t.Context(), anOrder(1))
			is.True(err != nil)
		}
		_, err = batch.NewLoader[Order](nil).Load(t.Context(), anOrder(1))
		is.True(err != nil)
	})
}
