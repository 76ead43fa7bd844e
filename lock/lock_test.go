package lock_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type account struct {
	ID      string `dynamodbav:"id"`
	Balance int64  `dynamodbav:"balance"`
	Note    string `dynamodbav:"note,omitempty"`
	Version uint32 `dynamodbav:"version,omitempty"`
	Token   string `dynamodbav:"token,omitempty"`
}

var (
	proto   = expr.Proto[account]()
	id      = expr.At(proto, &proto.ID)
	balance = expr.At(proto, &proto.Balance)
	version = expr.At(proto, &proto.Version)
	token   = expr.At(proto, &proto.Token)
	note    = expr.At(proto, &proto.Note)
	key     = dynox.Key[account]{Partition: dynox.By(id)}
)

func repo(t *testing.T, client *dynamodb.Client, opts ...dynox.Option[account]) *dynox.Repo[account] {
	t.Helper()
	is := is.NewRelaxed(t)
	table := testbed.Table(t, client)
	r, err := dynox.NewRepo(table, key, opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), r))
	return r
}

func stale(t *testing.T, err error, wanted, stored int64) {
	t.Helper()
	is := is.NewRelaxed(t)
	var s *lock.StaleError
	is.True(errors.As(err, &s))
	is.True(errors.Is(err, dynox.ErrConditionFailed))
	if s != nil {
		is.Equal(*s, lock.StaleError{Wanted: wanted, Stored: stored})
	}
}

func TestVersions(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		accounts := repo(t, client, lock.Version(version))
		a := account{ID: "a", Balance: 1}
		is.NoErr(accounts.Put(ctx, &a))
		is.Equal(a.Version, uint32(1))
		b := account{ID: "a", Balance: 2}
		err := accounts.Put(ctx, &b) // version 0: nothing may be there
		stale(t, err, 0, 1)
		is.Equal(b.Version, uint32(0)) // unchanged
		old, ok := dynox.OldItem[account](err)
		is.True(ok)
		is.Equal(old, a)

		is.NoErr(accounts.Put(ctx, &a))
		is.Equal(a.Version, uint32(2))
		before := a
		got, err := accounts.Update(ctx, a, expr.Add(balance, 5))
		is.NoErr(err)
		is.Equal(got.Version, uint32(3)) // every update counts
		stale(t, accounts.Put(ctx, &before), 2, 3)
		_, err = accounts.Update(ctx, a, expr.Add(balance, 5), expr.If(version.Eq(2)))
		stale(t, err, 2, 3)
		got, err = accounts.Update(ctx, a, expr.Add(balance, 5), expr.If(version.Eq(3).And(balance.Gt(0))))
		is.NoErr(err)
		is.Equal(got, account{ID: "a", Balance: 11, Version: 4})
		_, err = accounts.Update(ctx, a, expr.Add(balance, 5), expr.If(version.Eq(4), balance.Gt(1000)))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		is.True(!errors.As(err, new(*lock.StaleError))) // the version was right

		err = accounts.Create(ctx, &account{ID: "a"})
		is.True(errors.Is(err, dynox.ErrExists))
		stale(t, accounts.Delete(ctx, account{ID: "a", Version: 3}), 3, 4)
		is.NoErr(accounts.Delete(ctx, account{ID: "a", Version: 4}))
		gone := account{ID: "a", Version: 4}
		stale(t, accounts.Put(ctx, &gone), 4, 0)
		stale(t, accounts.Delete(ctx, gone), 4, 0)
		is.NoErr(accounts.Delete(ctx, account{ID: "a"}))

		made, err := accounts.Upsert(ctx, account{ID: "c"}, expr.Add(balance, 7))
		is.NoErr(err)
		is.Equal(made, account{ID: "c", Balance: 7, Version: 1})
		taken, err := accounts.Take(ctx, made)
		is.NoErr(err)
		is.Equal(taken, made)

		_, err = accounts.Update(ctx, a, version.Set(9))
		is.True(err != nil && !errors.Is(err, dynox.ErrNotFound)) // refused before it is sent
	})
}

// Items that were stored before there were versions have version 0.
func TestItemsWithoutVersion(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		plain, err := dynox.NewRepo(table, key)
		is.NoErr(err)
		accounts, err := dynox.NewRepo(table, key, lock.Version(version))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, accounts))
		a := account{ID: "a", Balance: 1}
		is.NoErr(plain.Put(ctx, &a))
		got, err := accounts.Get(ctx, a)
		is.NoErr(err)
		is.NoErr(accounts.Put(ctx, &got))
		is.Equal(got.Version, uint32(1))
		stale(t, accounts.Put(ctx, &a), 0, 1)
	})
}

func TestVersionsInTransactions(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		accounts := repo(t, client, lock.Version(version))
		a, b := account{ID: "a"}, account{ID: "b"}
		is.NoErr(tx.Write(ctx, tx.Create(accounts, &a), tx.Put(accounts, &b)))
		is.Equal([]uint32{a.Version, b.Version}, []uint32{1, 1})
		_, err := accounts.Update(ctx, b, expr.Add(balance, 1))
		is.NoErr(err)
		err = tx.Write(ctx, tx.Put(accounts, &a), tx.Put(accounts, &b))
		stale(t, err, 1, 2)
		is.Equal([]uint32{a.Version, b.Version}, []uint32{1, 1}) // nothing took effect
		is.NoErr(tx.Write(ctx, tx.Update(accounts, a, expr.Add(balance, 1), expr.If(version.Eq(1))), tx.Delete(accounts, account{ID: "b", Version: 2})))
	})
}

// What lock.Version cannot count is told when the repository is made.
func TestBadVersions(t *testing.T) {
	type bad struct {
		ID     string `dynamodbav:"id"`
		Text   int    `dynamodbav:"text,string"`
		Nested struct {
			N int `dynamodbav:"n"`
		} `dynamodbav:"nested"`
		Sort  int `dynamodbav:"sort"`
		Token string
	}
	p := expr.Proto[bad]()
	by := dynox.Key[bad]{Partition: dynox.By(expr.At(p, &p.ID)), Sort: dynox.By(expr.At(p, &p.Sort))}
	table := dynox.NewTable(memtable.New(t).Client(), "shop")
	for name, opt := range map[string]dynox.Option[bad]{
		"as text":  lock.Version(expr.At(p, &p.Text)),
		"nested":   lock.Version(expr.At(p, &p.Nested.N)),
		"in a key": lock.Version(expr.At(p, &p.Sort)),
		"stray":    lock.Version(expr.At(p, new(int))),
		"token":    lock.Version(expr.Path[bad, int]("other"), lock.Token(expr.At(p, &p.ID))),
	} {
		_, err := dynox.NewRepo(table, by, opt)
		is.New(t).True(err != nil) // each is refused
		t.Log(name, err)
	}
	_, err := dynox.NewRepo(dynox.NewTable(memtable.New(t).Client(), "shop"), key, lock.Version(version), lock.Version(version))
	is.New(t).True(err != nil)
}

func TestRetry(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		accounts := repo(t, client, lock.Version(version))
		is.NoErr(accounts.Create(ctx, &account{ID: "a"}))
		times := 0
		got, err := lock.Retry(ctx, accounts, account{ID: "a"}, func(a *account) error {
			if times++; times <= 2 { // somebody else comes in between
				_, err := accounts.Update(ctx, *a, expr.Add(balance, 100))
				is.NoErr(err)
			}
			a.Balance++
			return nil
		})
		is.NoErr(err)
		is.Equal(got, account{ID: "a", Balance: 201, Version: 4})
		is.Equal(times, 3)

		mine := errors.New("mine")
		_, err = lock.Retry(ctx, accounts, account{ID: "a"}, func(*account) error { return mine })
		is.True(errors.Is(err, mine))
		_, err = lock.Retry(ctx, accounts, account{ID: "x"}, func(*account) error { return nil })
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = lock.Retry(ctx, accounts, account{ID: "a"}, func(a *account) error {
			_, err := accounts.Update(ctx, *a, expr.Add(balance, 1))
			return err
		}, lock.Attempts(2))
		is.True(errors.As(err, new(*lock.StaleError))) // bounded
	})
}

// One's own write is known by its token, whatever was lost.
func TestTokens(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	client := engine.Client(testbed.Quick)
	accounts := repo(t, client, lock.Version(version, lock.Token(token)))
	a := account{ID: "a"}
	engine.Fail("PutItem", memtable.ResetAfter())
	is.NoErr(accounts.Put(ctx, &a))
	engine.Fail("PutItem", memtable.ResetAfter())
	is.NoErr(accounts.Put(ctx, &a))
	is.Equal(a.Version, uint32(2))
	engine.Fail("UpdateItem", memtable.ResetAfter())
	got, err := accounts.Update(ctx, a, expr.Add(balance, 5), expr.If(version.Eq(2)))
	is.NoErr(err)
	is.Equal(got.Balance, int64(5)) // once
	is.Equal(got.Version, uint32(3))
	engine.Fail("UpdateItem", memtable.ResetAfter())
	got, err = accounts.Update(ctx, a, note.Set("x"), expr.If(note.Missing()))
	is.NoErr(err) // its own condition fails at the second attempt
	is.Equal(got.Note, "x")

	// Without one it is not known who wrote.
	plain, err := dynox.NewRepo(dynox.NewTable(client, "plain"), key, lock.Version(version))
	is.NoErr(err)
	is.NoErr(dynox.NewTable(client, "plain").Ensure(ctx, plain))
	b := account{ID: "b"}
	engine.Fail("PutItem", memtable.ResetAfter())
	unknown(t, plain.Put(ctx, &b))
	engine.Fail("UpdateItem", memtable.ResetAfter())
	_, err = plain.Update(ctx, b, expr.Add(balance, 5), expr.If(version.Eq(1)))
	unknown(t, err)
	b.Version = 2
	engine.Fail("DeleteItem", memtable.ResetAfter())
	unknown(t, plain.Delete(ctx, b))
}

// unknown wants an outcome that is unknown, and nothing that says more.
func unknown(t *testing.T, err error) {
	t.Helper()
	is := is.NewRelaxed(t)
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	is.True(!errors.Is(err, dynox.ErrConditionFailed))
	is.True(!errors.As(err, new(*lock.StaleError)))
}

// Somebody else's item is not one's own, though it says the same.
func TestTheSameWrittenByAnother(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	accounts := repo(t, engine.Client(testbed.Quick), lock.Version(version))
	a := account{ID: "a"}
	is.NoErr(accounts.Put(ctx, &a))
	mine, yours := a, a
	mine.Balance++
	yours.Balance++
	is.NoErr(accounts.Put(ctx, &yours))
	engine.Fail("PutItem", memtable.ResetBefore())
	unknown(t, accounts.Put(ctx, &mine))
	is.Equal(mine.Version, uint32(1))
}

// A version of 0 may be stored: by a repository that did not count yet.
func TestStoredVersionOfZero(t *testing.T) {
	type counted struct {
		ID string `dynamodbav:"id"`
		N  int    `dynamodbav:"n"`
	}
	p := expr.Proto[counted]()
	by := dynox.Key[counted]{Partition: dynox.By(expr.At(p, &p.ID))}
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		before, err := dynox.NewRepo(table, by)
		is.NoErr(err)
		after, err := dynox.NewRepo(table, by, lock.Version(expr.At(p, &p.N)))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, after))
		is.NoErr(before.Put(ctx, &counted{ID: "a"}))
		got, err := after.Get(ctx, counted{ID: "a"})
		is.NoErr(err)
		is.NoErr(after.Put(ctx, &got))
		is.Equal(got.N, 1)
		stale(t, after.Put(ctx, &counted{ID: "a"}), 0, 1)
	})
}

// chaos breaks every n-th request of each kind, in a way of its own.
func chaos(engine *memtable.Engine, operations ...string) {
	for _, operation := range operations {
		for i := range 60 {
			engine.Fail(operation, memtable.ResetAfter(), memtable.After(7*i+3))
			engine.Fail(operation, memtable.ResetBefore(), memtable.After(11*i+5))
			engine.Fail(operation, memtable.InternalError(), memtable.After(13*i+6))
			engine.Fail(operation, memtable.Throttle(), memtable.After(17*i+1))
		}
	}
}

// What was reported is what took effect: no less than the successes, no more
// than those and the unknown outcomes; exactly, with a token or exactly once.
func TestNothingIsCountedTwice(t *testing.T) {
	for name, test := range map[string]struct {
		opt   dynox.Option[account]
		add   func(ctx context.Context, r *dynox.Repo[account]) error
		exact bool
	}{
		"retry":            {lock.Version(version), viaRetry, false},
		"retry with token": {lock.Version(version, lock.Token(token)), viaRetry, true},
		"update, version":  {lock.Version(version), viaUpdate, false},
		"update, token":    {lock.Version(version, lock.Token(token)), viaUpdate, true},
		"exactly once": {nil, func(ctx context.Context, r *dynox.Repo[account]) error {
			_, err := r.Update(ctx, account{ID: "a"}, expr.Add(balance, 1), expr.If(balance.Ge(0)), expr.ExactlyOnce[account]())
			return err
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, ctx := is.New(t), t.Context()
			engine := memtable.New(t)
			accounts := repo(t, engine.Client(testbed.Quick), test.opt)
			is.NoErr(accounts.Put(ctx, &account{ID: "a"}))
			chaos(engine, "PutItem", "UpdateItem", "TransactWriteItems")
			for _, operation := range []string{"GetItem", "PutItem", "UpdateItem"} { // as a service far away
				engine.Fail(operation, memtable.Latency(3*time.Millisecond), memtable.Always())
			}
			var done, unknown, failed atomic.Int64
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 20 {
						switch err := test.add(ctx, accounts); {
						case err == nil:
							done.Add(1)
						case errors.Is(err, dynox.ErrUnknownOutcome):
							unknown.Add(1)
						default:
							failed.Add(1)
						}
					}
				})
			}
			wg.Wait()
			engine.Heal()
			got, err := accounts.Get(ctx, account{ID: "a"}, dynox.Consistent)
			is.NoErr(err)
			t.Logf("%d stored; %d reported, %d unknown, %d failed", got.Balance, done.Load(), unknown.Load(), failed.Load())
			is.True(done.Load() > 0)
			is.True(done.Load() <= got.Balance)
			is.True(got.Balance <= done.Load()+unknown.Load())
			if test.exact {
				is.True(unknown.Load() <= 4) // 16 others were faster, or every attempt failed
				is.True(unknown.Load() > 0 || got.Balance == done.Load())
			}
		})
	}
}

func viaRetry(ctx context.Context, r *dynox.Repo[account]) error {
	_, err := lock.Retry(ctx, r, account{ID: "a"}, func(a *account) error { a.Balance++; return nil }, lock.Attempts(30))
	return err
}

func viaUpdate(ctx context.Context, r *dynox.Repo[account]) error {
	a, err := r.Get(ctx, account{ID: "a"}, dynox.Consistent)
	if err != nil {
		return err
	}
	_, err = r.Update(ctx, a, expr.Add(balance, 1), expr.If(version.Eq(a.Version)))
	return err
}

// A put carries the version that was read.
func ExampleVersion() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "bank")
	accounts, err := dynox.NewRepo(table, key, lock.Version(version))
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, accounts); err != nil {
		panic(err)
	}
	a := account{ID: "a", Balance: 10}
	fmt.Println(accounts.Put(ctx, &a), a.Version)

	mine, yours := a, a
	mine.Balance, yours.Balance = 20, 30
	fmt.Println(accounts.Put(ctx, &mine), mine.Version)
	err = accounts.Put(ctx, &yours)
	var stale *lock.StaleError
	fmt.Println(errors.As(err, &stale), stale.Wanted, stale.Stored)
	// Output:
	// <nil> 1
	// <nil> 2
	// true 1 2
}

// Retry reads and writes until nobody has come in between.
func ExampleRetry() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "bank")
	accounts, err := dynox.NewRepo(table, key, lock.Version(version))
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, accounts); err != nil {
		panic(err)
	}
	if err := accounts.Create(ctx, &account{ID: "a", Balance: 10}); err != nil {
		panic(err)
	}
	a, err := lock.Retry(ctx, accounts, account{ID: "a"}, func(a *account) error {
		if a.Balance < 5 {
			return errors.New("not enough")
		}
		a.Balance -= 5
		return nil
	})
	fmt.Println(a.Balance, a.Version, err)
	// Output: 5 2 <nil>
}
