package batch_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/internal/testbed"
	seq "github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// puts are operations that put the orders with these numbers.
func puts(r *dynox.Repo[Order], ns ...int) iter.Seq[batch.Op] {
	return func(yield func(batch.Op) bool) {
		for _, n := range ns {
			o := anOrder(n)
			if !yield(batch.Put(r, &o)) {
				return
			}
		}
	}
}

func ops(ops ...batch.Op) iter.Seq[batch.Op] { return slices.Values(ops) }

func all[T any](t *testing.T, r *dynox.Repo[T]) []T {
	t.Helper()
	items, err := seq.Collect(r.Scan(t.Context(), dynox.All[T]().Consistent()))
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func TestWrite(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		s := newShop(t, client)
		const n = 260
		is.NoErr(batch.Write(t.Context(), puts(s.orders, upTo(n)...)))
		is.Equal(ids(all(t, s.orders)), upTo(n))
		got, err := s.orders.Get(t.Context(), keyOf(anOrder(77)))
		is.NoErr(err)
		is.Equal(cmp.Diff(anOrder(77), got), "")

		// several types and tables, puts and deletes in one
		u := User{PK: "u", SK: "1", Name: "Ann"}
		var mixed []batch.Op
		for i := range 30 {
			r := Reading{Sensor: float64(i) + 0.5, Value: "x"}
			mixed = append(mixed, batch.Put(s.readings, &r), batch.Delete(s.orders, keyOf(anOrder(i))))
		}
		mixed = append(mixed, batch.Put(s.users, &u))
		is.NoErr(batch.Write(t.Context(), slices.Values(mixed)))
		is.Equal(len(all(t, s.orders)), n-30)
		is.Equal(len(all(t, s.readings)), 30)
		is.Equal(u.Kind, "user") // set when it is stored
		is.NoErr(batch.Write(t.Context(), ops()))
	})
}

// One value can serve for all operations, if dynox sets nothing of it.
func TestWriteCopiesItems(t *testing.T) {
	is := is.New(t)
	_, s := engineShop(t)
	var o Order
	is.NoErr(batch.Write(t.Context(), func(yield func(batch.Op) bool) {
		for n := range 80 {
			o.Customer, o.ID = "c", n
			o.Total++
			if !yield(batch.Put(s.orders, &o)) {
				return
			}
		}
	}))
	for _, got := range all(t, s.orders) {
		is.Equal(got.Total, int64(got.ID)+1)
	}

	var u User // has a field for its kind
	err := batch.Write(t.Context(), func(yield func(batch.Op) bool) {
		for n := range 3 {
			u.PK, u.SK = "u", fmt.Sprint(n)
			if !yield(batch.Put(s.users, &u)) {
				return
			}
		}
	})
	is.True(err != nil)
	is.True(strings.Contains(err.Error(), "operation 1: put of user: its item is the value of operation 0"))
	is.Equal(len(all(t, s.users)), 1)
}

func TestWriteCutsRequests(t *testing.T) {
	is := is.New(t)
	engine, s := engineShop(t)
	var last batch.Counts
	is.NoErr(batch.Write(t.Context(), puts(s.orders, upTo(60)...), batch.Progress(func(c batch.Counts) { last = c })))
	is.Equal(last, batch.Counts{Taken: 60, Done: 60, Requests: 3, Units: 60})
	is.Equal(len(engine.Requests()), 3)

	// 25 items of 350 KB that JSON makes six times as large
	large := strings.Repeat("\x01", 350<<10)
	engine.ForgetRequests()
	is.NoErr(batch.Write(t.Context(), func(yield func(batch.Op) bool) {
		for n := range 10 {
			if !yield(batch.Put(s.readings, &Reading{Sensor: float64(n), Value: large})) {
				return
			}
		}
	}))
	is.Equal(len(engine.Requests()), 2)
	is.Equal(len(all(t, s.readings)), 10)
}

func TestWriteLastWins(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		s := newShop(t, client)
		var last batch.Counts
		many := func(yield func(batch.Op) bool) {
			for n := range 500 {
				o := anOrder(n % 40)
				o.Total = int64(n)
				if !yield(batch.Put(s.orders, &o)) {
					return
				}
			}
			yield(batch.Delete(s.orders, keyOf(anOrder(3))))
		}
		is.NoErr(batch.Write(t.Context(), many, batch.Progress(func(c batch.Counts) { last = c })))
		is.Equal(last.Taken, 501)
		is.Equal(last.Done+last.Replaced, 501)
		got := all(t, s.orders)
		is.Equal(len(got), 39)
		for _, o := range got {
			is.True(o.Total >= 460) // the last of its item
		}
		// numbers are keys by value
		is.NoErr(batch.Write(t.Context(), ops(
			batch.Put(s.readings, &Reading{Sensor: 1e2, Value: "first"}),
			batch.Put(s.readings, &Reading{Sensor: 100, Value: "second"}))))
		is.Equal(all(t, s.readings), []Reading{{100, "second"}})
	})
}

func TestWriteRefuses(t *testing.T) {
	_, s := engineShop(t)
	deep := s.users.On(dynox.NewTable(s.client, "no-such-table"))
	readOnly := s.orders.On(dynox.NewTable(s.client, "shop", dynox.ReadOnly()))
	large := Reading{Sensor: 1, Value: strings.Repeat("x", 400<<10)}
	a, b := anOrder(1), anOrder(1)
	for name, c := range map[string]struct {
		ops  iter.Seq[batch.Op]
		opts []batch.WriteOption
		is   error
		want string
		done int
		left int
	}{
		"no key":     {ops(batch.Put(s.orders, &a), batch.Delete(s.orders, Order{})), nil, dynox.ErrKey, "ended after 1 operations: operation 1: delete of order: invalid key", 1, 0},
		"too large":  {ops(batch.Put(s.readings, &large)), nil, dynox.ErrTooLarge, "operation 0: put of Reading: too large", 0, 0},
		"zero":       {ops(batch.Op{}), nil, nil, "operation 0: (no operation): it is made with Put or Delete", 0, 0},
		"nil":        {ops(batch.Put(s.orders, nil)), nil, nil, "operation 0: put of order: nil item", 0, 0},
		"nil repo":   {ops(batch.Put[Order](nil, &a)), nil, nil, "operation 0: (no operation)", 0, 0},
		"read-only":  {ops(batch.Put(readOnly, &a)), nil, dynox.ErrReadOnly, "read-only", 0, 0},
		"no table":   {ops(batch.Put(deep, &User{PK: "a", SK: "b"})), nil, dynox.ErrTableNotFound, "1 of 1 operations left: table not found", 0, 1},
		"twice":      {ops(batch.Put(s.orders, &a), batch.Put(s.orders, &b)), []batch.WriteOption{batch.Refuse()}, nil, "operation 1: put of order: it is about the same item as operation 0", 1, 0},
		"no workers": {ops(), []batch.WriteOption{batch.Concurrency(0)}, nil, "a concurrency of 0", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			err := batch.Write(t.Context(), c.ops, c.opts...)
			var partial *batch.PartialError
			is.True(errors.As(err, &partial))
			if !strings.Contains(err.Error(), c.want) {
				t.Fatal(err)
			}
			is.True(c.is == nil || errors.Is(err, c.is))
			is.Equal(partial.Counts.Done, c.done)
			is.Equal(len(partial.Left), c.left)
		})
	}
}

func TestWriteRefusesLate(t *testing.T) { // Refuse knows the operations that are done
	is := is.New(t)
	_, s := engineShop(t)
	err := batch.Write(t.Context(), puts(s.orders, append(upTo(100), 5)...), batch.Refuse(), batch.Concurrency(1))
	is.Equal(err.Error(), "dynox: batch write: ended after 100 operations: operation 100: put of order: it is about the same item as operation 5")
}

func TestWriteUnprocessed(t *testing.T) {
	for _, protocol := range []func(*dynamodb.Options){testbed.Quick, testbed.OtherProtocol} {
		bubble(t, func(t *testing.T) {
			is := is.New(t)
			engine, s := engineShop(t, protocol)
			engine.Fail("BatchWriteItem", memtable.Partial(20), memtable.Times(3))
			engine.Fail("BatchWriteItem", memtable.Partial(0), memtable.Times(2))
			r := Reading{Sensor: 1.50, Value: "x"}
			mixed := []batch.Op{batch.Put(s.readings, &r), batch.Delete(s.readings, Reading{Sensor: 2.50})}
			for op := range puts(s.orders, upTo(100)...) {
				mixed = append(mixed, op)
			}
			is.NoErr(batch.Write(t.Context(), slices.Values(mixed)))
			is.Equal(ids(all(t, s.orders)), upTo(100))
			is.Equal(len(all(t, s.readings)), 1)
		})
	}
}

func TestWriteGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine, s := engineShop(t)
		engine.Fail("BatchWriteItem", memtable.Partial(0), memtable.Times(6))
		err := batch.Write(t.Context(), puts(s.orders, upTo(60)...), batch.MaxRetries(5), batch.Concurrency(1))
		is.True(errors.Is(err, batch.ErrUnprocessed))
		var partial *batch.PartialError
		is.True(errors.As(err, &partial))
		is.Equal(err.Error(), "dynox: batch write: 25 of 60 operations left: the service left it unprocessed")
		is.Equal(partial.Counts, batch.Counts{Taken: 60, Done: 35, Left: 25, Requests: 8}) // it went on
		for n, op := range partial.Left {
			is.Equal(op.String(), "put of order")
			is.Equal(op.Item().(*Order).ID, n) // in order
		}
		is.NoErr(batch.Write(t.Context(), slices.Values(partial.Left)))
		is.Equal(ids(all(t, s.orders)), upTo(60))
	})
}

// What is left of an item is forgotten when a later operation is done.
func TestWriteLeavesNoOlderOperation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine, s := engineShop(t)
		engine.Fail("BatchWriteItem", memtable.Partial(0), memtable.Times(1))
		old, young := anOrder(1), anOrder(1)
		young.Total = 999
		err := batch.Write(t.Context(), func(yield func(batch.Op) bool) {
			yield(batch.Put(s.orders, &old))
			for op := range puts(s.orders, upTo(200)[2:100]...) {
				yield(op)
			}
			yield(batch.Put(s.orders, &young))
		}, batch.MaxRetries(0), batch.Concurrency(1))
		var partial *batch.PartialError
		is.True(errors.As(err, &partial))
		is.Equal(partial.Counts.Left, 24)
		is.Equal(partial.Counts.Replaced, 1)
		is.True(!slices.ContainsFunc(partial.Left, func(op batch.Op) bool { return op.Item().(*Order).ID == 1 }))
		got, err := s.orders.Get(t.Context(), keyOf(young))
		is.NoErr(err)
		is.Equal(got.Total, int64(999))
	})
}

func TestWriteFailures(t *testing.T) {
	for name, c := range map[string]struct {
		fault memtable.Fault
		taken bool // all of it was
	}{
		"throttled":   {memtable.Throttle(), true},
		"no answer":   {memtable.ResetAfter(), false},
		"server":      {memtable.InternalError(), false},
		"not allowed": {memtable.ErrorResponse(400, "AccessDeniedException", "no"), false},
	} {
		bubble(t, func(t *testing.T) {
			is := is.New(t)
			engine, s := engineShop(t)
			engine.Fail("BatchWriteItem", c.fault, memtable.Always())
			err := batch.Write(t.Context(), puts(s.orders, upTo(300)...))
			var partial *batch.PartialError
			is.True(errors.As(err, &partial))
			is.Equal(partial.Counts.Done, 0)
			is.Equal(partial.Counts.Taken, len(partial.Left))
			is.Equal(partial.Counts.Taken == 300, c.taken)
			is.Equal(errors.Is(err, batch.ErrUnprocessed), c.taken)
			t.Log(name, err)
			engine.Heal()
			is.NoErr(batch.Write(t.Context(), slices.Values(partial.Left)))
			is.Equal(len(all(t, s.orders)), partial.Counts.Taken)
		})
	}
}

func TestWriteCanceled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine, s := engineShop(t)
		engine.Fail("BatchWriteItem", memtable.Partial(0), memtable.Always())
		ctx, cancel := context.WithCancel(t.Context())
		taken := 0
		err := batch.Write(ctx, func(yield func(batch.Op) bool) {
			for op := range puts(s.orders, upTo(1000)...) {
				if taken++; taken == 70 {
					cancel()
				}
				if !yield(op) {
					return
				}
			}
		})
		is.True(errors.Is(err, context.Canceled))
		var partial *batch.PartialError
		is.True(errors.As(err, &partial))
		is.Equal(taken, 70)
		is.Equal(partial.Counts.Taken, 70)
		is.Equal(len(partial.Left), 70)
	})
}

// A deadline that would pass while waiting is not waited for.
func TestWriteDeadline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine, s := engineShop(t)
		engine.Fail("BatchWriteItem", memtable.Partial(0), memtable.Always())
		ctx, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		err := batch.Write(ctx, puts(s.orders, upTo(10)...))
		is.NoErr(ctx.Err()) // there is time left to do something about it
		is.True(errors.Is(err, context.DeadlineExceeded))
		is.True(errors.Is(err, batch.ErrUnprocessed))
	})
}

func TestWritePanic(t *testing.T) {
	is := is.New(t)
	_, s := engineShop(t)
	func() {
		defer func() { is.Equal(recover(), "broken source") }()
		_ = batch.Write(t.Context(), func(yield func(batch.Op) bool) {
			for op := range puts(s.orders, upTo(30)...) {
				yield(op)
			}
			panic("broken source")
		})
	}()
	is.Equal(len(all(t, s.orders)), 30) // what was taken is done
}
