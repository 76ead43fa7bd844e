package lock_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"
	"go.uber.org/goleak"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

func leasesOn(t *testing.T, client dynox.Client, name string) *lock.Leases {
	t.Helper()
	is := is.New(t)
	table := dynox.NewTable(client, name)
	leases, err := lock.NewLeases(table)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), leases.Repo()))
	return leases
}

func TestLease(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		leases, err := lock.NewLeases(table, lock.LeaseKey("id", ""))
		is.NoErr(err)
		accounts, err := dynox.NewRepo(table, key)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, leases.Repo(), accounts))

		l, err := leases.Acquire(ctx, "job", lock.For(time.Second))
		is.NoErr(err)
		is.Equal(l.Name(), "job")
		is.Equal(l.Token(), int64(1))
		is.True(l.Held())
		_, err = leases.Acquire(ctx, "job", lock.Wait(0))
		is.Equal(err, lock.ErrHeld)
		other, err := leases.Acquire(ctx, "other", lock.Wait(0)) // another lease
		is.NoErr(err)
		is.NoErr(other.Release(ctx))

		_, err = leases.Acquire(ctx, "job", lock.Wait(2*time.Second)) // heartbeats keep it
		is.Equal(err, lock.ErrHeld)
		is.True(l.Held())
		is.NoErr(tx.Write(ctx, tx.Put(accounts, &account{ID: "a"}), tx.Check(l.Guard())))

		is.NoErr(l.Release(ctx))
		is.NoErr(l.Release(ctx)) // does nothing
		is.True(!l.Held())
		is.Equal(context.Cause(l.Context()), context.Canceled)
		err = tx.Write(ctx, tx.Put(accounts, &account{ID: "a"}), tx.Check(l.Guard()))
		is.True(errors.Is(err, dynox.ErrConditionFailed)) // released

		next, err := leases.Acquire(ctx, "job", lock.Wait(0))
		is.NoErr(err)
		is.Equal(next.Token(), int64(2)) // a release keeps the token
		err = tx.Write(ctx, tx.Put(accounts, &account{ID: "a"}), tx.Check(l.Guard()))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		is.NoErr(tx.Write(ctx, tx.Put(accounts, &account{ID: "a"}), tx.Check(next.Guard())))
		is.NoErr(l.Release(ctx)) // still nothing
		is.True(next.Held())
		is.NoErr(next.Release(ctx))
	})
}

// Many who wait: one at a time, and each with a token of its own.
func TestLeaseExcludes(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		leases, err := lock.NewLeases(table)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, leases.Repo()))
		var inside, last atomic.Int64
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				is := is.NewRelaxed(t)
				for range 3 {
					l, err := leases.Acquire(ctx, "job", lock.For(200*time.Millisecond))
					is.NoErr(err)
					if err != nil {
						return
					}
					is.Equal(inside.Add(1), int64(1))
					is.True(last.Swap(l.Token()) < l.Token())
					inside.Add(-1)
					is.NoErr(l.Release(ctx))
				}
			})
		}
		wg.Wait()
		is.Equal(last.Load(), int64(15))
	})
}

// A holder that is gone: its record is left alone for its duration, not for that
// of the one who waits, from when it was first seen.
func TestTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		leases := leasesOn(t, engine.Client(), "leases")
		life, die := context.WithCancel(t.Context())
		gone, err := leases.Acquire(life, "job", lock.For(time.Minute))
		is.NoErr(err)
		time.Sleep(time.Hour)
		is.True(gone.Held())
		die()
		<-gone.Context().Done()
		is.True(!gone.Held())
		time.Sleep(time.Hour) // nobody has seen it meanwhile

		other := leasesOn(t, engine.Client(), "leases")
		start := time.Now()
		l, err := other.Acquire(t.Context(), "job", lock.For(time.Second))
		is.NoErr(err)
		is.Equal(l.Token(), int64(2))
		took := time.Since(start)
		is.True(took >= time.Minute && took < 61*time.Second)
		is.Equal(gone.Release(t.Context()), lock.ErrLost)
		is.True(l.Held())
		is.NoErr(l.Release(t.Context()))
	})
}

// Calls that do not wait see together that a holder is gone.
func TestTakeOverWithoutWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		life, die := context.WithCancel(t.Context())
		_, err := leasesOn(t, engine.Client(), "leases").Acquire(life, "job", lock.For(time.Minute))
		is.NoErr(err)
		other := leasesOn(t, engine.Client(), "leases")
		_, err = other.Acquire(t.Context(), "job", lock.Wait(0))
		is.Equal(err, lock.ErrHeld)
		time.Sleep(2 * time.Minute)
		_, err = other.Acquire(t.Context(), "job", lock.Wait(0)) // it has changed since
		is.Equal(err, lock.ErrHeld)
		die()
		time.Sleep(59 * time.Second)
		_, err = other.Acquire(t.Context(), "job", lock.Wait(0))
		is.Equal(err, lock.ErrHeld)
		time.Sleep(time.Second)
		l, err := other.Acquire(t.Context(), "job", lock.Wait(0))
		is.NoErr(err)
		is.NoErr(l.Release(t.Context()))
	})
}

// Heartbeats that fail are tried again until the duration has passed.
func TestHeartbeatsFail(t *testing.T) {
	for name, fault := range map[string]memtable.Fault{
		"throttled": memtable.Throttle(), "internal": memtable.InternalError(), "reset before": memtable.ResetBefore(),
		"conflict": memtable.Conflict(), "slow": memtable.Latency(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is, ctx := is.New(t), t.Context()
				engine := memtable.New(t)
				leases := leasesOn(t, engine.Client(), "leases")
				l, err := leases.Acquire(ctx, "job", lock.For(time.Minute))
				is.NoErr(err)
				engine.Fail("PutItem", fault, memtable.Times(2))
				time.Sleep(10 * time.Minute)
				is.True(l.Held())

				engine.Fail("PutItem", fault, memtable.Always())
				start := time.Now()
				<-l.Context().Done()
				is.Equal(context.Cause(l.Context()), lock.ErrLost)
				is.True(!l.Held())
				took := time.Since(start)
				is.True(took > 30*time.Second && took <= time.Minute)
				engine.Heal()
				is.NoErr(l.Release(ctx)) // nobody has taken it
				next, err := leases.Acquire(ctx, "job", lock.Wait(0))
				is.NoErr(err)
				is.NoErr(next.Release(ctx))
			})
		})
	}
}

// An answer that is lost, of each write of a lease, changes nothing.
func TestLostAnswers(t *testing.T) {
	for name, n := range map[string]int{"one": 1, "all attempts": 3, "two calls": 6} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is, ctx := is.New(t), t.Context()
				engine := memtable.New(t)
				leases := leasesOn(t, engine.Client(), "leases")
				engine.Fail("PutItem", memtable.ResetAfter(), memtable.Times(n))
				l, err := leases.Acquire(ctx, "job", lock.For(time.Minute))
				is.NoErr(err)
				is.Equal(l.Token(), int64(1))
				engine.Fail("PutItem", memtable.ResetAfter(), memtable.Times(n))
				time.Sleep(5 * time.Minute)
				is.True(l.Held())
				engine.Fail("PutItem", memtable.ResetAfter(), memtable.Always())
				time.Sleep(5 * time.Minute) // each heartbeat is settled by a read
				is.True(l.Held())
				engine.Heal()
				engine.Fail("PutItem", memtable.ResetAfter(), memtable.Times(n))
				is.NoErr(l.Release(ctx))
				next, err := leases.Acquire(ctx, "job", lock.Wait(0))
				is.NoErr(err)
				is.Equal(next.Token(), int64(2))
				is.NoErr(next.Release(ctx))
			})
		})
	}
}

// A holder learns by its heartbeat that it has been overthrown, and ends then.
func TestRecordTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		leases := leasesOn(t, memtable.New(t).Client(), "leases")
		l, err := leases.Acquire(ctx, "job", lock.For(time.Minute))
		is.NoErr(err)
		is.NoErr(leases.Repo().Delete(ctx, lock.Record{Name: "job"}))
		time.Sleep(25 * time.Second)
		is.Equal(context.Cause(l.Context()), lock.ErrLost)
		is.Equal(l.Release(ctx), lock.ErrLost)
	})
}

func TestAcquireEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		engine := memtable.New(t)
		leases := leasesOn(t, engine.Client(), "leases")
		l, err := leases.Acquire(ctx, "job")
		is.NoErr(err)
		short, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		start := time.Now()
		_, err = leases.Acquire(short, "job")
		is.True(errors.Is(err, context.DeadlineExceeded))
		is.Equal(time.Since(start), time.Hour)
		start = time.Now()
		_, err = leases.Acquire(ctx, "job", lock.Wait(time.Hour))
		is.Equal(err, lock.ErrHeld)
		is.Equal(time.Since(start), time.Hour)
		is.NoErr(l.Release(ctx))

		engine.Fail("GetItem", memtable.InternalError(), memtable.Always())
		_, err = leases.Acquire(ctx, "job")
		is.True(err != nil && !errors.Is(err, lock.ErrHeld))
		engine.Heal()
		engine.Fail("PutItem", memtable.InternalError(), memtable.Always())
		_, err = leases.Acquire(ctx, "job")
		is.True(err != nil && !errors.Is(err, lock.ErrHeld))
	})
}

func TestBadLeases(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	client := memtable.New(t).Client()
	table := dynox.NewTable(client, "leases")
	for _, opt := range []lock.LeasesOption{lock.LeaseKind(""), lock.LeaseKey("", ""), lock.LeaseKey("pk", "pk"), lock.LeaseKey("token", "")} {
		_, err := lock.NewLeases(table, opt)
		is.True(err != nil)
	}
	_, err := lock.NewLeases(nil)
	is.True(err != nil)
	leases := leasesOn(t, client, "leases")
	_, err = leases.Acquire(ctx, "")
	is.True(errors.Is(err, dynox.ErrKey))
	_, err = leases.Acquire(ctx, "job", lock.For(time.Millisecond))
	is.True(err != nil)

	// An item of another kind where the record would be.
	jobs, err := lock.NewLeases(table, lock.LeaseKind("lease#job")) // lease#job#x
	is.NoErr(err)
	plain, err := dynox.NewRepo(table, dynox.Key[account]{
		Partition: dynox.Composite("pk", "lease#job#{}", id), Sort: dynox.Const[account]("sk", "lease#job"),
	}, dynox.Kind[account]("account"))
	is.NoErr(err)
	is.NoErr(plain.Put(ctx, &account{ID: "x"}))
	_, err = jobs.Acquire(ctx, "x")
	is.True(errors.Is(err, dynox.ErrConditionFailed))
}

func TestLeasesLeaveNothing(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	leases := leasesOn(t, engine.Client(), "leases")
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithCancel(t.Context())
	released, err := leases.Acquire(ctx, "a")
	is.NoErr(err)
	_, err = leases.Acquire(ctx, "b") // never released
	is.NoErr(err)
	lost, err := leases.Acquire(ctx, "c", lock.For(50*time.Millisecond))
	is.NoErr(err)
	is.NoErr(released.Release(ctx))
	engine.Fail("PutItem", memtable.ResetBefore(), memtable.Always())
	<-lost.Context().Done()
	cancel()
}
