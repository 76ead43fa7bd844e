package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// large is order n of a customer, of more than 3000 bytes: a consistent page of it
// costs a unit.
func large(customer string, n int) Order {
	o := anOrder(customer, n)
	o.ID = fmt.Sprintf("%03d", n)
	o.Notes = []string{strings.Repeat("n", 3000)}
	return o
}

// fill stores n large orders of a customer.
func fill(t *testing.T, orders *dynox.Repo[Order], n int) {
	t.Helper()
	err := batch.Write(t.Context(), func(yield func(batch.Op) bool) {
		for i := range n {
			if o := large("1", i); !yield(batch.Put(orders, &o)) {
				return
			}
		}
	})
	is.NewRelaxed(t).NoErr(err)
}

// readIDs are those of orders as they were read, until the error that it returns.
func readIDs(orders iter.Seq2[Order, error]) (all []string, err error) {
	for o, e := range orders {
		if e != nil {
			return all, e
		}
		all = append(all, o.ID)
	}
	return all, nil
}

// TestBudgetStopsAndGoesOn: pieces of a read that a budget cuts are the read, however
// it is made.
func TestBudgetStopsAndGoesOn(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		orders := newRepo(t, client, OrderKey)
		fill(t, orders, 30)
		q := OrderKey.In(Order{Customer: "1"}).PageSize(2).Consistent()
		s := dynox.All[Order]().PageSize(2).Consistent()
		for name, read := range map[string]func(ctx context.Context, at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error]{
			"query": func(ctx context.Context, at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
				return orders.Query(ctx, q.After(at).Track(track))
			},
			"ahead": func(ctx context.Context, at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
				return orders.Query(ctx, q.Prefetch().After(at).Track(track))
			},
			"filtered": func(ctx context.Context, at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
				return orders.Query(ctx, q.Filter(total.Ge(200)).After(at).Track(track))
			},
			"scan": func(ctx context.Context, at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
				return orders.Scan(ctx, s.After(at).Track(track))
			},
			"segments": func(ctx context.Context, at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
				return orders.Scan(ctx, s.Segments(3).After(at).Track(track))
			},
			"filtered segments": func(ctx context.Context, at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
				return orders.Scan(ctx, s.Segments(3).Filter(total.Ge(200)).After(at).Track(track))
			},
		} {
			t.Run(name, func(t *testing.T) {
				is, ctx := is.New(t), t.Context()
				want, err := readIDs(read(ctx, "", nil))
				is.NoErr(err)
				var got []string
				var at, tracked dynox.Cursor
				pieces := 0
				for {
					pieces++
					var m dynox.Meter
					piece, err := readIDs(read(dynox.Budget(dynox.WithMeter(ctx, &m), 5), at, &tracked))
					got = append(got, piece...)
					is.True(m.Usage().ReadUnits < 5+3*2) // a page of each segment more
					if err == nil {
						break
					}
					var stopped *dynox.StoppedError
					is.True(errors.Is(err, dynox.ErrBudget))
					is.True(errors.As(err, &stopped))
					is.Equal(stopped.Cursor, tracked)
					is.True(stopped.Cursor != "" && stopped.Cursor != at) // it gets on
					is.True(!dynox.Retryable(err))
					is.Equal(dynox.ErrorClass(err), dynox.ClassBudget)
					at = stopped.Cursor
				}
				is.True(pieces > 2)
				is.Equal(tracked, dynox.Cursor(""))
				slices.Sort(got)
				slices.Sort(want)
				is.Equal(got, want)
			})
		}
	})
}

// TestBudgetOfOtherCalls: everything made with the context is paid from it, and
// refused before it is sent.
func TestBudgetOfOtherCalls(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.WithRequestLog(1000))
	orders := newRepo(t, quick(engine), OrderKey)
	fill(t, orders, 10)
	ctx := dynox.Budget(t.Context(), 4)
	o := large("2", 1)
	is.NoErr(orders.Put(ctx, &o)) // 4 units
	engine.ForgetRequests()
	err := orders.Put(ctx, &o)
	is.True(errors.Is(err, dynox.ErrBudget))
	is.True(!errors.Is(err, dynox.ErrUnknownOutcome))
	_, err = orders.Get(ctx, o)
	is.True(errors.Is(err, dynox.ErrBudget))
	_, err = orders.Update(ctx, o, total.Set(1))
	is.True(errors.Is(err, dynox.ErrBudget))
	is.True(!errors.Is(err, dynox.ErrUnknownOutcome))
	err = batch.Write(ctx, slices.Values([]batch.Op{batch.Put(orders, &o)}))
	is.True(errors.Is(err, dynox.ErrBudget))
	var partial *batch.PartialError
	is.True(errors.As(err, &partial) && len(partial.Left) == 1)
	for _, err := range batch.Get(ctx, orders, slices.Values([]Order{o})) {
		is.True(errors.Is(err, dynox.ErrBudget))
	}
	page, err := orders.Page(ctx, OrderKey.In(Order{Customer: "1"}))
	is.True(errors.Is(err, dynox.ErrBudget))
	is.Equal(len(page.Items), 0)
	is.True(page.Next != "")
	is.Equal(len(engine.Requests()), 0)

	page, err = orders.Page(t.Context(), OrderKey.In(Order{Customer: "1"}).After(page.Next))
	is.NoErr(err)
	is.Equal(len(page.Items), 10)

	// Of two, the one that is spent first counts; nothing is no budget.
	_, err = orders.Get(dynox.Budget(dynox.Budget(t.Context(), 0), 100), o)
	is.True(errors.Is(err, dynox.ErrBudget))
	_, err = orders.Get(dynox.Budget(ctx, 100), o)
	is.True(errors.Is(err, dynox.ErrBudget))
}

// TestReadBudget: each read of a table has one of its own.
func TestReadBudget(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := newTable(t, client, dynox.ReadBudget(3))
		orders, err := dynox.NewRepo(table, OrderKey)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, orders))
		fill(t, orders, 30)
		q := OrderKey.In(Order{Customer: "1"}).PageSize(1).Consistent()
		for range 2 {
			got, err := readIDs(orders.Query(ctx, q))
			is.True(errors.Is(err, dynox.ErrBudget))
			is.Equal(len(got), 3)
		}
		n, err := orders.Count(ctx, q)
		is.True(errors.Is(err, dynox.ErrBudget))
		is.Equal(n, int64(3))
		_, err = orders.Get(ctx, large("1", 1))
		is.NoErr(err)
		_, err = dynox.NewRepo(newTable(t, client, dynox.ReadBudget(0)), OrderKey)
		is.True(err != nil)
	})
}

// TestStopBefore: a read leaves the time that it was told to, in whatever it is.
func TestStopBefore(t *testing.T) {
	const reserve = time.Second
	q := OrderKey.In(Order{Customer: "1"}).PageSize(2).StopBefore(reserve)
	s := dynox.All[Order]().PageSize(2).StopBefore(reserve)
	slow := func(seq iter.Seq2[Order, error]) iter.Seq2[Order, error] {
		return func(yield func(Order, error) bool) {
			for o, err := range seq {
				time.Sleep(300 * time.Millisecond)
				if !yield(o, err) {
					return
				}
			}
		}
	}
	type reading func(ctx context.Context, orders *dynox.Repo[Order], at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error]
	for name, read := range map[string]reading{
		"query": func(ctx context.Context, orders *dynox.Repo[Order], at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
			return orders.Query(ctx, q.After(at).Track(track))
		},
		"slow consumer": func(ctx context.Context, orders *dynox.Repo[Order], at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
			return slow(orders.Query(ctx, q.PageSize(20).After(at).Track(track)))
		},
		"ahead": func(ctx context.Context, orders *dynox.Repo[Order], at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
			return slow(orders.Query(ctx, q.Prefetch().After(at).Track(track)))
		},
		"segments": func(ctx context.Context, orders *dynox.Repo[Order], at dynox.Cursor, track *dynox.Cursor) iter.Seq2[Order, error] {
			return slow(orders.Scan(ctx, s.Segments(3).After(at).Track(track)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				engine := memtable.New(t)
				orders := newRepo(t, quick(engine), OrderKey)
				fill(t, orders, 30)
				engine.Fail("", memtable.Latency(400*time.Millisecond), memtable.Always())
				var got []string
				var at dynox.Cursor
				pieces := 0
				for begun := false; at != "" || !begun; begun = true {
					pieces++
					deadline := time.Now().Add(3 * time.Second)
					ctx, cancel := context.WithDeadline(t.Context(), deadline)
					piece, err := readIDs(read(ctx, orders, at, &at))
					cancel()
					is.NoErr(err)
					left := time.Until(deadline)
					is.True(left >= reserve-300*time.Millisecond) // what the last item took
					is.True(left <= reserve || at == "")
					got = append(got, piece...)
				}
				is.True(pieces > 1)
				slices.Sort(got)
				is.Equal(len(slices.Compact(slices.Clone(got))), len(got))
				is.Equal(len(got), 30)
			})
		})
	}
}

// TestStopBeforeWithoutTime: it is no error, and takes no request.
func TestStopBeforeWithoutTime(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.WithRequestLog(100))
	orders := newRepo(t, engine.Client(testbed.Quick), OrderKey)
	fill(t, orders, 3)
	engine.ForgetRequests()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	q := OrderKey.In(Order{Customer: "1"})
	page, err := orders.Page(ctx, q.StopBefore(time.Hour))
	is.NoErr(err)
	is.Equal(len(page.Items), 0)
	is.Equal(len(engine.Requests()), 0)
	page, err = orders.Page(ctx, q.After(page.Next).StopBefore(time.Second))
	is.NoErr(err)
	is.Equal(len(page.Items), 3)
	is.Equal(page.Next, dynox.Cursor(""))
	page, err = orders.Page(t.Context(), q.StopBefore(time.Hour)) // there is no deadline
	is.NoErr(err)
	is.Equal(len(page.Items), 3)
	_, err = orders.Page(ctx, q.StopBefore(-1))
	is.True(err != nil)

	// The caller's own end is an error.
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = orders.Page(ctx, q.StopBefore(time.Second))
	is.True(errors.Is(err, context.Canceled))
}
