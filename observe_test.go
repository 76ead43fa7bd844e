package dynox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// recorder keeps what it observes.
type recorder struct {
	mu      sync.Mutex
	calls   []dynox.Call
	started int
}

type startedKey struct{}

func (r *recorder) Start(ctx context.Context, c *dynox.Call) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started++
	if c.Duration != 0 || c.ReadUnits != 0 || c.Err != nil || c.Operation == "" || c.Started.IsZero() {
		panic("a call that has not begun has ended")
	}
	return context.WithValue(ctx, startedKey{}, c.Operation)
}

func (r *recorder) End(ctx context.Context, c *dynox.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Value(startedKey{}) != c.Operation {
		panic("the context is not that of Start")
	}
	r.calls = append(r.calls, *c)
}

// take are the calls since the last take.
func (r *recorder) take() []dynox.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

// observed is a repository whose calls are recorded.
func observed(t *testing.T, client *dynamodb.Client, opts ...dynox.TableOption) (*recorder, *dynox.Repo[Order]) {
	t.Helper()
	is, r := is.NewRelaxed(t), new(recorder)
	table := newTable(t, client, append(opts, dynox.Observe(r))...)
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), orders))
	return r, orders
}

// TestObserverSeesEveryCall: each verb's calls, with what they took, by every
// way to the service.
func TestObserverSeesEveryCall(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		r, orders := observed(t, client)
		one := func(operation string) dynox.Call {
			t.Helper()
			calls := r.take()
			if len(calls) != 1 || calls[0].Operation != operation {
				t.Fatalf("%d calls, not one of %s: %+v", len(calls), operation, calls)
			}
			c := calls[0]
			is.Equal(c.Tables, []string{c.Table})
			is.Equal(c.Attempts, 1)
			is.Equal(c.Throttles, 0)
			is.Equal(c.Err, nil)
			is.Equal(c.Class, "")
			is.True(strings.HasPrefix(c.Table, "test-"))
			is.True(c.Duration > 0)
			is.True(c.RequestID != "")
			return c
		}
		o := anOrder("1", 1)
		is.NoErr(orders.Put(ctx, &o))
		c := one("PutItem")
		is.Equal(c.Writes, true)
		is.Equal(c.Items, 1)
		is.Equal(c.EstimatedWrite, 1.0)
		is.True(c.WriteUnits >= 1) // with its index, if that is counted
		is.Equal(c.ReadUnits, 0.0)

		_, err := orders.Get(ctx, o)
		is.NoErr(err)
		c = one("GetItem")
		is.Equal(c.Items, 1)
		is.Equal(c.ReadUnits, 0.5)
		_, err = orders.Get(ctx, o, dynox.Consistent)
		is.NoErr(err)
		c = one("GetItem")
		is.Equal(c.EstimatedRead, 1.0)
		is.Equal(c.ReadUnits, 1.0)
		_, err = orders.Get(ctx, anOrder("nobody", 1))
		is.True(errors.Is(err, dynox.ErrNotFound))
		is.Equal(one("GetItem").Items, 0)

		_, err = orders.Update(ctx, o, status.Set(Paid))
		is.NoErr(err)
		is.Equal(one("UpdateItem").Items, 1)

		var ops []batch.Op
		for i := range 7 {
			o := anOrder("2", i)
			ops = append(ops, batch.Put(orders, &o))
		}
		is.NoErr(batch.Write(ctx, slices.Values(ops)))
		c = one("BatchWriteItem")
		is.Equal(c.Requested, 7)
		is.Equal(c.Items, 7)
		is.Equal(c.Unprocessed, 0)
		is.Equal(c.EstimatedWrite, 7.0)
		is.True(c.WriteUnits >= 7)

		n := 0
		for _, err := range orders.Query(ctx, OrderKey.In(Order{Customer: "2"}).PageSize(4).Filter(total.Ge(20))) {
			is.NoErr(err)
			n++
		}
		is.Equal(n, 5)
		calls := r.take()
		is.Equal(len(calls), 2)
		for i, c := range calls {
			is.Equal(c.Operation, "Query")
			is.Equal(c.Page, i+1)
			is.Equal(c.ReadUnits, 0.5)
		}
		is.Equal(calls[0].Items, 2)
		is.Equal(calls[0].Scanned, 4)
		is.Equal(calls[1].Items, 3)

		_, err = orders.Count(ctx, ByStatus.In(Order{Status: New}))
		is.NoErr(err)
		c = one("Query")
		is.Equal(c.Index, "by-status")
		is.Equal(c.Items, 7)

		keys := []Order{anOrder("2", 1), anOrder("2", 2), anOrder("nobody", 1)}
		for _, err := range batch.Get(ctx, orders, slices.Values(keys)) {
			is.NoErr(err)
		}
		c = one("BatchGetItem")
		is.Equal(c.Requested, 3)
		is.Equal(c.Items, 2)
		is.True(c.ReadUnits == 1.5 || c.ReadUnits == 1) // DynamoDB Local charges nothing for what is not there

		next := anOrder("3", 1)
		is.NoErr(tx.Write(ctx, tx.Create(orders, &next), tx.Delete(orders, anOrder("2", 6))))
		c = one("TransactWriteItems")
		is.Equal(c.Items, 2)
		is.Equal(c.EstimatedWrite, 4.0)
		is.True(c.WriteUnits >= 4)
		is.NoErr(tx.Read(ctx, tx.Get(orders, next)))
		c = one("TransactGetItems")
		is.Equal(c.ReadUnits, 2.0)
		is.NoErr(orders.Delete(ctx, next))
		is.Equal(one("DeleteItem").Writes, true)
	})
}

// TestObserverSeesFailures: what failed, without values.
func TestObserverSeesFailures(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		r, orders := observed(t, client)
		o := anOrder("secret-customer", 1)
		is.NoErr(orders.Create(ctx, &o))
		r.take()
		err := orders.Create(ctx, &o)
		is.True(errors.Is(err, dynox.ErrExists))
		c := r.take()[0]
		is.Equal(c.Class, dynox.ClassConditionFailed)
		is.Equal(c.WriteUnits, 1.0) // it is charged
		is.Equal(c.Items, 0)
		is.True(c.RequestID != "")
		is.True(!strings.Contains(c.Err.Error(), "secret"))

		_, err = orders.Update(ctx, o, expr.If(total.Eq(-1)), total.Set(3))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		is.Equal(r.take()[0].Class, dynox.ClassConditionFailed)

		err = tx.Write(ctx, tx.Create(orders, &o))
		is.True(dynox.ConditionFailed(err))
		is.Equal(r.take()[0].Class, dynox.ClassConditionFailed)

		gone := orders.On(dynox.NewTable(client, "test-not-there", dynox.Observe(r)))
		_, err = gone.Get(ctx, o)
		is.True(errors.Is(err, dynox.ErrTableNotFound))
		c = r.take()[0]
		is.Equal(c.Class, dynox.ClassNotFound)
		is.Equal(c.ReadUnits, 0.0)
		is.Equal(r.started, 5)
	})
}

// TestObserverCountsAttempts: those of the SDK, and those that were throttled.
func TestObserverCountsAttempts(t *testing.T) {
	for name, option := range map[string]func(*dynamodb.Options){
		"kept stack": testbed.Quick, "own middleware": testbed.OwnMiddleware, "attribute values": testbed.OtherProtocol,
	} {
		t.Run(name, func(t *testing.T) {
			is, ctx := is.New(t), t.Context()
			engine := memtable.New(t)
			r, orders := observed(t, engine.Client(option, testbed.Quick))
			o := anOrder("1", 1)
			for operation, do := range map[string]func() error{
				"PutItem": func() error { return orders.Put(ctx, &o) },
				"GetItem": func() error { _, err := orders.Get(ctx, o); return err },
				"Scan":    func() error { _, err := orders.Count(ctx, dynox.All[Order]()); return err },
			} {
				is.NoErr(orders.Put(ctx, &o))
				r.take()
				engine.Fail(operation, memtable.Throttle())
				engine.Fail(operation, memtable.InternalError())
				is.NoErr(do())
				c := r.take()[0]
				is.Equal(c.Operation, operation)
				is.Equal(c.Attempts, 3)
				is.Equal(c.Throttles, 1)
				is.Equal(c.Class, "")
			}
			engine.Fail("PutItem", memtable.Throttle(), memtable.Times(3))
			err := orders.Put(ctx, &o)
			is.True(dynox.Throttled(err))
			is.True(dynox.Retryable(err))
			c := r.take()[0]
			is.Equal(c.Class, dynox.ClassThrottled)
			is.Equal(c.Throttles, 3)
			is.Equal(c.WriteUnits, 0.0)

			engine.Fail("BatchWriteItem", memtable.Partial(1))
			other := anOrder("2", 1)
			is.NoErr(batch.Write(ctx, slices.Values([]batch.Op{batch.Put(orders, &o), batch.Put(orders, &other)})))
			calls := r.take()
			is.Equal(len(calls), 2)
			is.Equal(calls[0].Items, 1)
			is.Equal(calls[0].Unprocessed, 1)
			is.Equal(calls[1].Requested, 1)
			is.Equal(calls[1].Items, 1)
			engine.Fail("BatchGetItem", memtable.Partial(1))
			for _, err := range batch.Get(ctx, orders, slices.Values([]Order{o, other})) {
				is.NoErr(err)
			}
			calls = r.take()
			is.Equal(len(calls), 2)
			is.Equal(calls[0].Items, 1)
			is.Equal(calls[0].Unprocessed, 1)
		})
	}
}

// TestObserversNest: the first starts first and ends last.
func TestObserversNest(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	var order []string
	in := func(name string) dynox.TableOption { return dynox.Observe(nested{name, &order}) }
	table := newTable(t, memtable.New(t).Client(), in("a"), in("b"))
	orders, err := dynox.NewRepo(table, OrderKey)
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, orders))
	o := anOrder("1", 1)
	is.NoErr(orders.Put(ctx, &o))
	is.Equal(order, []string{"a starts", "b starts", "b ends", "a ends"})

	_, err = dynox.NewRepo(newTable(t, memtable.New(t).Client(), dynox.Observe(nil)), OrderKey)
	is.True(err != nil)
	_, err = dynox.NewRepo(newTable(t, memtable.New(t).Client(), dynox.OnSlow(0, nil)), OrderKey)
	is.True(err != nil)
}

type nested struct {
	name string
	to   *[]string
}

func (n nested) Start(ctx context.Context, _ *dynox.Call) context.Context {
	*n.to = append(*n.to, n.name+" starts")
	return ctx
}

func (n nested) End(context.Context, *dynox.Call) { *n.to = append(*n.to, n.name+" ends") }

// TestMeter: what is done with a context, and nothing else, is counted.
func TestMeter(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey)
		var outer, inner dynox.Meter
		ctx := dynox.WithMeter(t.Context(), &outer)
		var ops []batch.Op
		for i := range 20 {
			o := anOrder("1", i)
			ops = append(ops, batch.Put(orders, &o))
		}
		is.NoErr(batch.Write(ctx, slices.Values(ops)))
		for _, err := range orders.Query(dynox.WithMeter(ctx, &inner), OrderKey.In(Order{Customer: "1"}).PageSize(5).Prefetch()) {
			is.NoErr(err)
		}
		_, err := orders.Get(dynox.WithMeter(t.Context(), nil), anOrder("1", 1)) // nobody counts
		is.NoErr(err)
		_, err = orders.Update(ctx, anOrder("nobody", 1), total.Set(1))
		is.True(err != nil)

		in := inner.Usage()
		is.Equal(in.Items, 20)
		is.Equal(in.Scanned, 20)
		is.True(in.ReadUnits == float64(in.Calls)*0.5 || in.ReadUnits == float64(in.Calls-1)*0.5) // DynamoDB Local charges nothing for an empty page
		is.True(in.Calls >= 4)
		is.Equal(in.WriteUnits, 0.0)
		out := outer.Usage()
		is.Equal(out.Calls, in.Calls+2)
		is.Equal(out.Errors, 1)
		is.Equal(out.WriteUnits, 21.0)
		is.Equal(out.Items, 40)
		is.True(out.Duration > in.Duration)
	})
}

// TestBytesOfCalls: what crosses the wire, on the direct path.
func TestBytesOfCalls(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	r, orders := observed(t, quick(engine))
	o := anOrder("1", 1)
	is.NoErr(orders.Put(ctx, &o))
	put := r.take()[0]
	is.True(put.Sent > 200)
	is.Equal(put.Received > 0, true) // the account of its capacity
	_, err := orders.Get(ctx, o)
	is.NoErr(err)
	get := r.take()[0]
	is.True(get.Sent > 50 && get.Sent < put.Sent)
	is.True(get.Received > 200)
}

// TestOnSlow: a threshold, by the time of the whole call.
func TestOnSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		engine := memtable.New(t)
		var slow []time.Duration
		table := newTable(t, quick(engine), dynox.OnSlow(100*time.Millisecond, func(_ context.Context, c *dynox.Call) {
			slow = append(slow, c.Duration)
		}))
		orders, err := dynox.NewRepo(table, OrderKey)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, orders))
		o := anOrder("1", 1)
		for _, wait := range []time.Duration{99, 100, 250} {
			engine.Fail("PutItem", memtable.Latency(wait*time.Millisecond))
			is.NoErr(orders.Put(ctx, &o))
		}
		is.Equal(slow, []time.Duration{100 * time.Millisecond, 250 * time.Millisecond})
	})
}
