package dynox_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// provision makes the table of orders with that capacity a second.
func provision(t *testing.T, client *dynamodb.Client, table *dynox.Table, units dynox.Units) *dynox.Repo[Order] {
	t.Helper()
	is, name := is.NewRelaxed(t), table.Name()
	attr := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            &name,
		AttributeDefinitions: []types.AttributeDefinition{attr("pk"), attr("sk")},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
		ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(int64(units.Read)), WriteCapacityUnits: aws.Int64(int64(units.Write))},
	})
	is.NoErr(err)
	orders, err := dynox.NewRepo(table, OrderKey)
	is.NoErr(err)
	return orders
}

// limited is a repository on an engine, with a limit.
func limited(t *testing.T, limiter *dynox.Limiter) (*memtable.Engine, *dynox.Repo[Order]) {
	t.Helper()
	is, engine := is.NewRelaxed(t), memtable.New(t)
	table := newTable(t, quick(engine), dynox.RateLimit(limiter))
	orders, err := dynox.NewRepo(table, OrderKey)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), orders))
	return engine, orders
}

// near reports whether got is within a part of want.
func near(got, want, part float64) bool { return math.Abs(got-want) <= want*part }

// TestFixedRate: whatever is done takes the time that its units take.
func TestFixedRate(t *testing.T) {
	for name, c := range map[string]struct {
		units float64 // that it consumes
		write bool
		do    func(ctx context.Context, orders *dynox.Repo[Order]) error
	}{
		"puts": {60, true, func(ctx context.Context, orders *dynox.Repo[Order]) error {
			for i := range 60 {
				o := anOrder("1", i%20)
				if err := orders.Put(ctx, &o); err != nil {
					return err
				}
			}
			return nil
		}},
		"large puts": {80, true, func(ctx context.Context, orders *dynox.Repo[Order]) error {
			for i := range 20 {
				o := large("1", i)
				if err := orders.Put(ctx, &o); err != nil {
					return err
				}
			}
			return nil
		}},
		"batches": {120, true, func(ctx context.Context, orders *dynox.Repo[Order]) error {
			return batch.Write(ctx, func(yield func(batch.Op) bool) {
				for i := range 30 {
					if o := large("1", i); !yield(batch.Put(orders, &o)) {
						return
					}
				}
			})
		}},
		"transactions": {80, true, func(ctx context.Context, orders *dynox.Repo[Order]) error {
			for i := range 10 {
				o := large("1", i)
				if err := tx.Write(ctx, tx.Put(orders, &o)); err != nil {
					return err
				}
			}
			return nil
		}},
		"gets": {60, false, func(ctx context.Context, orders *dynox.Repo[Order]) error {
			for i := range 60 {
				if _, err := orders.Get(ctx, large("1", i%20), dynox.Consistent); err != nil {
					return err
				}
			}
			return nil
		}},
		"scans": {100, false, func(ctx context.Context, orders *dynox.Repo[Order]) error {
			for range 5 {
				for _, err := range orders.Scan(ctx, dynox.All[Order]().Consistent().Segments(4)) {
					if err != nil {
						return err
					}
				}
			}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				limiter := dynox.FixedRate(dynox.Units{Read: 10, Write: 10})
				engine, orders := limited(t, limiter)
				fill(t, orders.On(dynox.NewTable(engine.Client(), engine.Requests()[0].Table)), 20)
				start := time.Now()
				var m dynox.Meter
				is.NoErr(c.do(dynox.WithMeter(t.Context(), &m), orders))
				took, u, r := time.Since(start), m.Usage(), limiter.Read()
				if c.write {
					r = limiter.Write()
				}
				t.Logf("%v units in %v", r.Units, took)
				is.Equal(r.Units, u.ReadUnits+u.WriteUnits)
				is.Equal(r.Rate, 10.0)
				is.True(r.Units >= c.units*0.7 && r.Units <= c.units*1.3)
				is.Equal(r.Throttles, 0)
				is.True(r.Waits > 0 && r.Waited > 0)
				// A second's units are there at the beginning; the last call's may be owed.
				is.True(took.Seconds() >= (r.Units-10)/10-3)
				// What a call did not take is another's, but nobody's if it is more than a second's and none waits.
				is.True(took.Seconds() <= r.Units/10*1.25)
			})
		})
	}
}

// TestFixedRateIsShared: by tables and goroutines, and none waits much longer than it
// must.
func TestFixedRateIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		limiter := dynox.FixedRate(dynox.Units{Write: 50})
		_, a := limited(t, limiter)
		_, b := limited(t, limiter)
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for n := range 20 {
					o := anOrder(string(rune('a'+i)), n)
					orders := []*dynox.Repo[Order]{a, b}[i%2]
					if err := orders.Put(t.Context(), &o); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		is.True(near(time.Since(start).Seconds(), (400-50)/50, 0.02))
		_, err := a.Get(t.Context(), anOrder("a", 1)) // reads have no bound
		is.NoErr(err)
		is.Equal(limiter.Read().Rate, 0.0)
		is.Equal(limiter.Read().Units, 0.5)
	})
}

// TestLimitSettlesWhatWasNotKnown: a page costs more than anybody could tell before.
func TestLimitSettlesWhatWasNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		_, orders := limited(t, dynox.FixedRate(dynox.Units{Read: 1}))
		fill(t, orders, 100) // 300 KB, 38 units or 76
		start := time.Now()
		_, err := readIDs(orders.Query(ctx, OrderKey.In(Order{Customer: "1"}).Consistent()))
		is.NoErr(err)
		is.Equal(time.Since(start), 0*time.Second) // it was estimated as one
		_, err = orders.Get(ctx, large("1", 1))
		is.NoErr(err)
		is.True(near(time.Since(start).Seconds(), 75, 0.1))

		// The next page is known better, and what it does not take is given back.
		for range 2 {
			start = time.Now()
			_, err = readIDs(orders.Query(ctx, OrderKey.In(Order{Customer: "nobody"})))
			is.NoErr(err)
		}
		is.True(time.Since(start) < 75*time.Second)
	})
}

// TestLimitPassesOnWhatIsLeft: those who wait pass as soon as the call before them turns out
// to have taken less than was thought, in the order in which they came; one who gives up
// holds nobody up.
func TestLimitPassesOnWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		engine, orders := limited(t, dynox.FixedRate(dynox.Units{Read: 10}))
		fill(t, orders, 100)
		_, err := readIDs(orders.Query(ctx, OrderKey.In(Order{Customer: "1"}).Consistent())) // such calls are thought to take 76 units
		is.NoErr(err)
		time.Sleep(time.Minute)
		engine.Fail("", memtable.Latency(time.Millisecond), memtable.Always())

		start := time.Now()
		var mu sync.Mutex
		var passed []int
		var wg sync.WaitGroup
		for i := range 20 {
			time.Sleep(time.Microsecond)
			wg.Go(func() {
				ctx := ctx
				if i%4 == 3 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithCancel(ctx)
					time.AfterFunc(100*time.Millisecond, cancel)
				}
				_, err := readIDs(orders.Query(ctx, OrderKey.In(Order{Customer: "nobody"})))
				mu.Lock()
				defer mu.Unlock()
				if passed = append(passed, i); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		took := time.Since(start)
		t.Log(took)
		is.True(took > 5*time.Second && took < 10*time.Second) // the first one waits, 20 of them would for minutes
		is.Equal(passed[:5], []int{3, 7, 11, 15, 19})          // gave up
		is.True(slices.IsSorted(passed[5:]))
	})
}

// TestLimitMindsTheContext: who cannot wait is told at once, and takes nothing away.
func TestLimitMindsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		limiter := dynox.FixedRate(dynox.Units{Write: 1})
		engine, orders := limited(t, limiter)
		o := anOrder("1", 1)
		is.NoErr(orders.Put(t.Context(), &o))
		start := time.Now()
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			_, err := orders.Update(ctx, o, total.Set(5))
			cancel()
			is.True(errors.Is(err, context.DeadlineExceeded))
			is.True(!dynox.UnknownOutcome(err)) // nothing was sent
			is.Equal(dynox.ErrorClass(err), dynox.ClassDeadline)
		}
		is.Equal(time.Since(start), 0*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		err := orders.Put(ctx, &o)
		is.True(errors.Is(err, context.Canceled))
		is.True(!dynox.UnknownOutcome(err))
		is.Equal(time.Since(start), 100*time.Millisecond)
		is.NoErr(orders.Put(t.Context(), &o))
		is.Equal(time.Since(start), time.Second)

		// A read that is to stop before its deadline stops there, without an error.
		engine.Heal()
		_, reads := limited(t, dynox.FixedRate(dynox.Units{Read: 0.5}))
		fill(t, reads, 9)
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var at dynox.Cursor
		got, err := readIDs(reads.Query(ctx, OrderKey.In(Order{Customer: "1"}).PageSize(1).StopBefore(6*time.Second).Track(&at)))
		is.NoErr(err)
		is.True(len(got) > 2 && len(got) < 9)
		is.True(at != "")
		rest, err := readIDs(reads.Query(t.Context(), OrderKey.In(Order{Customer: "1"}).After(at)))
		is.NoErr(err)
		is.Equal(len(got)+len(rest), 9)
		// Without that, it is an error with a cursor.
		ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = readIDs(reads.Query(ctx, OrderKey.In(Order{Customer: "1"}).PageSize(1)))
		var stopped *dynox.StoppedError
		is.True(errors.As(err, &stopped) && errors.Is(err, context.DeadlineExceeded))
	})
}

// TestAdaptiveRateOfBatches: what batches leave unprocessed lowers the rate, too.
func TestAdaptiveRateOfBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.WithThrottling())
		limiter := dynox.AdaptiveRate(dynox.Units{Write: 400})
		orders := provision(t, engine.Client(), newTable(t, engine.Client(), dynox.RateLimit(limiter)), dynox.Units{Read: 10, Write: 50})
		start := time.Now()
		n := 0
		err := batch.Write(t.Context(), func(yield func(batch.Op) bool) {
			for ; n < 5000; n++ {
				o := anOrder("1", n%20)
				o.Customer = string(rune('a' + n/20))
				if !yield(batch.Put(orders, &o)) {
					return
				}
			}
		})
		is.NoErr(err)
		took := time.Since(start)
		t.Logf("%d puts in %v: %+v", n, took, limiter.Write())
		rate := limiter.Write().Units / took.Seconds()
		is.True(rate > 50*0.7 && rate < 50*1.1) // batches wait by themselves, too: 43 to 51, in 250 runs
		is.True(limiter.Write().Throttles > 0)
	})
}

// TestRateLimitsAreChecked: what makes no sense is an error of the repository.
func TestRateLimitsAreChecked(t *testing.T) {
	is := is.New(t)
	for _, l := range []*dynox.Limiter{
		nil, {}, dynox.FixedRate(dynox.Units{Read: -1}), dynox.AdaptiveRate(dynox.Units{Write: math.NaN()}), dynox.FixedRate(dynox.Units{Write: math.Inf(1)}),
	} {
		_, err := dynox.NewRepo(newTable(t, memtable.New(t).Client(), dynox.RateLimit(l)), OrderKey)
		is.True(err != nil)
	}
	is.Equal(new(dynox.Limiter).Read(), dynox.Rates{})
	is.Equal(dynox.FixedRate(dynox.Units{}).Write(), dynox.Rates{}) // no bound
}
