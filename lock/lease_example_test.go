package lock_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// What must not be written by two processes is written with the guard: a process
// that was paused, and does not know that another has taken over, is refused.
func ExampleLease() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "bank")
	leases, err := lock.NewLeases(table, lock.LeaseKey("id", ""))
	if err != nil {
		panic(err)
	}
	accounts, err := dynox.NewRepo(table, key)
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, leases.Repo(), accounts); err != nil {
		panic(err)
	}

	l, err := leases.Acquire(ctx, "interest", lock.For(10*time.Second))
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Token(), l.Held())
	_, err = leases.Acquire(ctx, "interest", lock.Wait(0))
	fmt.Println(errors.Is(err, lock.ErrHeld))

	err = tx.Write(ctx, tx.Check(l.Guard()), tx.Put(accounts, &account{ID: "a", Balance: 101}))
	fmt.Println(err)
	fmt.Println(l.Release(ctx))
	err = tx.Write(ctx, tx.Check(l.Guard()), tx.Put(accounts, &account{ID: "a", Balance: 102}))
	fmt.Println(errors.Is(err, dynox.ErrConditionFailed))
	// Output:
	// 1 true
	// true
	// <nil>
	// <nil>
	// true
}

// Work under a lease ends when the lease does.
func ExampleLease_Context() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "jobs")
	leases, err := lock.NewLeases(table)
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, leases.Repo()); err != nil {
		panic(err)
	}
	l, err := leases.Acquire(ctx, "cleanup", lock.For(time.Second), lock.Wait(time.Minute))
	if err != nil {
		panic(err)
	}
	work := func(ctx context.Context) error { return ctx.Err() }
	fmt.Println(work(l.Context()))
	if err := l.Release(ctx); err != nil {
		panic(err)
	}
	fmt.Println(work(l.Context()))
	// Output:
	// <nil>
	// context canceled
}
