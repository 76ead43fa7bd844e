package dynox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

// quick is a client of the engine that retries without delay.
func quick(engine *memtable.Engine) *dynamodb.Client { return engine.Client(testbed.Quick) }

func faulty(t *testing.T) (*memtable.Engine, *dynox.Repo[Order]) {
	t.Helper()
	engine := memtable.New(t)
	return engine, newRepo(t, quick(engine), OrderKey, ByStatus)
}

// asked counts the requests of an operation that reached the engine.
func asked(engine *memtable.Engine, operation string) int {
	n := 0
	for _, r := range engine.Requests() {
		if r.Operation == operation {
			n++
		}
	}
	return n
}

func TestOutcomeOfCreate(t *testing.T) {
	for name, fault := range map[string]memtable.Fault{
		"reset before": memtable.ResetBefore(), "reset after": memtable.ResetAfter(), "internal error": memtable.InternalError(),
		"throttle": memtable.Throttle(),
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			engine, orders := faulty(t)
			o := anOrder("42", 1)
			engine.Fail("PutItem", fault)
			is.NoErr(orders.Create(t.Context(), &o)) // the lost answer is settled by comparison
			got, err := orders.Get(t.Context(), o)
			is.NoErr(err)
			same(t, got, o)
		})
	}
	t.Run("somebody else's item", func(t *testing.T) {
		is := is.New(t)
		engine, orders := faulty(t)
		other := anOrder("42", 1)
		other.Total = 999
		is.NoErr(orders.Put(t.Context(), &other))
		o := anOrder("42", 1)
		engine.Fail("PutItem", memtable.ResetBefore())
		err := orders.Create(t.Context(), &o)
		is.True(errors.Is(err, dynox.ErrUnknownOutcome))
		is.True(!errors.Is(err, dynox.ErrExists))
		old, ok := dynox.OldItem[Order](err)
		is.True(ok)
		same(t, old, other)
		engine.Fail("PutItem", memtable.Throttle()) // a throttle is no lost answer
		err = orders.Create(t.Context(), &o)
		is.True(errors.Is(err, dynox.ErrExists))
		is.True(!errors.Is(err, dynox.ErrUnknownOutcome))
	})
}

func TestOutcomeOfConditionalPut(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	o.Status = Paid
	engine.Fail("PutItem", memtable.ResetAfter())
	err := orders.Put(t.Context(), &o, expr.If(status.Eq(New)))
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	is.True(!errors.Is(err, dynox.ErrConditionFailed))
	got, err := orders.Get(t.Context(), o)
	is.NoErr(err)
	is.Equal(got.Status, Paid) // it did take effect
	// Without a condition the repeated put has the same effect.
	engine.Fail("PutItem", memtable.ResetAfter())
	is.NoErr(orders.Put(t.Context(), &o))
}

func TestOutcomeWhenAllAttemptsFail(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	engine.Fail("PutItem", memtable.InternalError(), memtable.Always())
	err := orders.Put(t.Context(), &o)
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	engine.Heal()
	engine.Fail("PutItem", memtable.Throttle(), memtable.Always())
	err = orders.Put(t.Context(), &o)
	is.True(err != nil)
	is.True(!errors.Is(err, dynox.ErrUnknownOutcome))
	engine.Heal()
	engine.Fail("PutItem", memtable.ErrorResponse(400, "AccessDeniedException", "no"))
	err = orders.Put(t.Context(), &o)
	is.True(err != nil)
	is.True(!errors.Is(err, dynox.ErrUnknownOutcome))
	is.Equal(err.Error(), "dynox: put "+err.(*dynox.Error).Table+": Order: the service answered AccessDeniedException")
}

func TestAddingUpdatesAreNotRepeated(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	engine.ForgetRequests()
	for _, action := range []expr.Action[Order]{expr.Add(total, 5), expr.Incr(total, 5), expr.Append(notes, "x")} {
		engine.ForgetRequests()
		engine.Fail("UpdateItem", memtable.ResetAfter())
		_, err := orders.Update(t.Context(), o, action)
		is.True(errors.Is(err, dynox.ErrUnknownOutcome))
		is.Equal(asked(engine, "UpdateItem"), 1)
	}
	got, err := orders.Get(t.Context(), o)
	is.NoErr(err)
	is.Equal(got.Total, o.Total+10)
	is.Equal(got.Notes, []string{"x"})
	// A throttled one is repeated: it had no effect.
	engine.Fail("UpdateItem", memtable.Throttle())
	got, err = orders.Update(t.Context(), o, expr.Add(total, 5))
	is.NoErr(err)
	is.Equal(got.Total, o.Total+15)
	// One that adds nothing up is repeated, too.
	engine.Fail("UpdateItem", memtable.ResetAfter())
	_, err = orders.Update(t.Context(), o, status.Set(Paid), expr.AddToSet(tags, "a"))
	is.NoErr(err)
}

func TestExactlyOnce(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	for range 3 {
		engine.Fail("TransactWriteItems", memtable.ResetAfter())
		engine.Fail("TransactWriteItems", memtable.InternalError())
		_, err := orders.Update(t.Context(), o, expr.Add(total, 5), expr.ExactlyOnce[Order]())
		is.NoErr(err)
	}
	got, err := orders.Get(t.Context(), o)
	is.NoErr(err)
	is.Equal(got.Total, o.Total+15)

	_, err = orders.Update(t.Context(), o, expr.Add(total, 5), expr.ExactlyOnce[Order](), expr.If(total.Lt(0)))
	is.True(errors.Is(err, dynox.ErrConditionFailed))
	old, ok := dynox.OldItem[Order](err)
	is.True(ok)
	same(t, old, got)
	engine.Fail("TransactWriteItems", memtable.InternalError(), memtable.Always())
	_, err = orders.Update(t.Context(), o, expr.Add(total, 5), expr.ExactlyOnce[Order]())
	is.True(errors.Is(err, dynox.ErrUnknownOutcome)) // no answer at all
	engine.Heal()
	_, _, err = orders.Swap(t.Context(), &o, expr.ExactlyOnce[Order]())
	refused(t, err, "exactly once")
	engine.Fail("TransactWriteItems", memtable.ResetAfter())
	is.NoErr(orders.Delete(t.Context(), o, expr.ExactlyOnce[Order](), expr.If(status.Eq(New))))
	_, err = orders.Get(t.Context(), o)
	is.True(errors.Is(err, dynox.ErrNotFound))
}

func TestOutcomeOfTakeAndSwap(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	engine.Fail("DeleteItem", memtable.ResetAfter())
	_, err := orders.Take(t.Context(), o)
	is.True(errors.Is(err, dynox.ErrUnknownOutcome)) // the item went with the lost answer
	is.True(!errors.Is(err, dynox.ErrNotFound))
	engine.Fail("PutItem", memtable.ResetAfter())
	_, _, err = orders.Swap(t.Context(), &o)
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	engine.Fail("DeleteItem", memtable.ResetAfter())
	is.NoErr(orders.Delete(t.Context(), o)) // deleting twice is deleting once
}

func TestCancelledDuringAWrite(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	engine.Fail("PutItem", memtable.Latency(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := orders.Put(ctx, &o)
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	is.True(errors.Is(err, context.DeadlineExceeded))
	// A deadline that passes while the SDK waits to repeat a throttled put
	// leaves no doubt.
	slow := engine.Client(func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Minute, nil })
		})
	})
	table := dynox.NewTable(slow, err.(*dynox.Error).Table)
	engine.Heal()
	engine.Fail("PutItem", memtable.Throttle(), memtable.Always())
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = orders.On(table).Put(ctx, &o)
	is.True(err != nil)
	is.True(!errors.Is(err, dynox.ErrUnknownOutcome))
}

func TestSDKOptions(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	engine.Fail("PutItem", memtable.Throttle())
	ctx := dynox.WithSDKOptions(t.Context(), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	err := orders.Put(ctx, &o)
	is.True(err != nil)
	is.NoErr(orders.Put(ctx, &o))
	engine.Fail("GetItem", memtable.Throttle())
	_, err = orders.Get(ctx, o)
	is.True(err != nil)
}

func TestReadsThatFail(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	for n := 1; n <= 6; n++ {
		o := anOrder("42", n)
		is.NoErr(orders.Put(t.Context(), &o))
	}
	mine := OrderKey.In(Order{Customer: "42"}).PageSize(2)
	engine.Fail("Query", memtable.ErrorResponse(400, "AccessDeniedException", "no"), memtable.After(1))
	var cursor dynox.Cursor
	items, failures := 0, 0
	for o, err := range orders.Query(t.Context(), mine.Track(&cursor)) {
		if err != nil {
			same(t, o, Order{})
			failures++
			continue
		}
		items++
	}
	is.Equal(items, 2)
	is.Equal(failures, 1)
	// What was read is not lost: the cursor goes on from there.
	is.Equal(len(all(t, orders.Query(t.Context(), mine.After(cursor)))), 4)

	engine.ForgetRequests()
	take(t, orders.Query(t.Context(), mine), 1)
	is.Equal(asked(engine, "Query"), 1)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range orders.Query(ctx, mine) {
		if n++; n == 2 {
			cancel()
		}
		if n == 3 {
			is.True(errors.Is(err, context.Canceled))
		}
	}
	is.Equal(n, 3)

	_, err := orders.On(dynox.NewTable(quick(engine), "elsewhere")).Get(t.Context(), anOrder("42", 1))
	is.True(errors.Is(err, dynox.ErrTableNotFound))
}
