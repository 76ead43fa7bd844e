package soak_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/tx"
)

// Account is what transactions of all workers are about; Receipt says that one took
// effect.
type Account struct {
	ID      int   `dynamodbav:"id"`
	Balance int64 `dynamodbav:"balance"`
}

// Receipt is the one of a worker's latest transfers, by turns.
type Receipt struct {
	Owner    string `dynamodbav:"owner"`
	Slot     int64  `dynamodbav:"slot"`
	Transfer int64  `dynamodbav:"transfer"`
}

var (
	account      = expr.Proto[Account]()
	balance      = expr.At(account, &account.Balance)
	receipt      = expr.Proto[Receipt]()
	receiptOwner = expr.At(receipt, &receipt.Owner)

	accountKey = dynox.Key[Account]{
		Partition: dynox.Composite("pk", "ACCOUNT#{}", expr.At(account, &account.ID)), Sort: dynox.Const[Account]("sk", "ACCOUNT"),
	}
	receiptKey = dynox.Key[Receipt]{
		Partition: dynox.Composite("pk", "RECEIPT#{}", receiptOwner),
		Sort:      dynox.Composite("sk", "RECEIPT#{}", expr.At(receipt, &receipt.Slot)),
	}
)

const (
	accountCount = 8
	fortune      = 1000 // of each account at first
)

// bank moves what all have: each transfer takes effect once or not at all.
type bank struct {
	*soak
	accounts, trueAccounts *dynox.Repo[Account]
	receipts, trueReceipts *dynox.Repo[Receipt]
	moved                  [accountCount]int64
	transfers              []int64 // of each worker
}

func newBank(t *testing.T, s *soak, bad, good *dynox.Table) part {
	t.Helper()
	is, b := is.NewRelaxed(t), &bank{soak: s, transfers: make([]int64, *workers)}
	var err error
	b.accounts, err = dynox.NewRepo(bad, accountKey, dynox.Kind[Account]("account"))
	is.NoErr(err)
	b.receipts, err = dynox.NewRepo(bad, receiptKey, dynox.Kind[Receipt]("receipt"))
	is.NoErr(err)
	b.trueAccounts, b.trueReceipts = b.accounts.On(good), b.receipts.On(good)
	is.NoErr(good.Ensure(t.Context(), b.trueAccounts, b.trueReceipts))
	for i := range accountCount {
		is.NoErr(b.trueAccounts.Put(t.Context(), &Account{ID: i, Balance: fortune}))
	}
	return b
}

func (b *bank) work(ctx context.Context, w *worker) {
	ctx, cancel := w.hurried(ctx)
	defer cancel()
	if w.rnd.IntN(4) == 0 {
		items, refs, sum := make([]*tx.Item[Account], accountCount), make([]tx.Ref, accountCount), int64(0)
		for i := range items {
			items[i] = tx.Get(b.accounts, Account{ID: i})
			refs[i] = items[i]
		}
		if b.outcome("read of all accounts", tx.Read(ctx, refs...)) == yes {
			for _, i := range items {
				sum += i.V.Balance
			}
			b.expect(sum == fortune*accountCount, "a transaction read a sum of %d", sum)
		}
		return
	}
	from, to, amount := w.rnd.IntN(accountCount), w.rnd.IntN(accountCount-1), w.rnd.Int64N(300)+1
	if to >= from {
		to++
	}
	b.transfers[w.number]++
	r := Receipt{Owner: w.name, Slot: b.transfers[w.number] % 10, Transfer: b.transfers[w.number]}
	failed := tx.Write(ctx,
		tx.Update(b.accounts, Account{ID: from}, expr.Add(balance, -amount), expr.If(balance.Ge(amount))),
		tx.Update(b.accounts, Account{ID: to}, expr.Add(balance, amount)),
		tx.Put(b.receipts, &r))
	d := b.outcome("transfer", failed, dynox.ErrConditionFailed)
	stored, err := b.trueReceipts.Get(context.Background(), r, dynox.Consistent)
	b.expect(err == nil || errors.Is(err, dynox.ErrNotFound), "a look: %v", err)
	effect := stored.Transfer == r.Transfer
	b.expect(d == unknown || effect == (d == yes), "a transfer, outcome %d: took effect: %v: %v", d, effect, failed)
	if d == unknown && effect {
		b.took()
	}
	if effect {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.moved[from] -= amount
		b.moved[to] += amount
	}
}

func (b *bank) check(ctx context.Context) {
	for i := range accountCount {
		a, err := b.trueAccounts.Get(ctx, Account{ID: i}, dynox.Consistent)
		b.expect(err == nil && a.Balance == fortune+b.moved[i] && a.Balance >= 0, "a balance of %d, not %d: %v", a.Balance, fortune+b.moved[i], err)
	}
}

// door is passed by who has its lease: each adds one to what was read, under the guard of
// the lease.
type door struct {
	*soak
	leases        *lock.Leases
	counts, truth *dynox.Repo[Account]
	tokens        map[int64]string // who had them
	passed        tally
}

const doorID = accountCount // an account like others

func newDoor(t *testing.T, s *soak, bad, good *dynox.Table) part {
	t.Helper()
	is, d := is.NewRelaxed(t), &door{soak: s, tokens: map[int64]string{}}
	var err error
	d.leases, err = lock.NewLeases(bad)
	is.NoErr(err)
	d.counts, err = dynox.NewRepo(bad, accountKey, dynox.Kind[Account]("account"))
	is.NoErr(err)
	d.truth = d.counts.On(good)
	is.NoErr(d.truth.Put(t.Context(), &Account{ID: doorID}))
	return d
}

func (d *door) work(ctx context.Context, w *worker) {
	lease, err := d.leases.Acquire(ctx, "door", lock.For(100*time.Millisecond), lock.Wait(5*time.Millisecond))
	if d.outcome("acquire", err, lock.ErrHeld) != yes {
		return
	}
	d.mu.Lock()
	other, twice := d.tokens[lease.Token()]
	d.tokens[lease.Token()] = w.name
	delete(d.tokens, lease.Token()-1000)
	d.mu.Unlock()
	d.expect(!twice, "%s got a token that %s had", w.name, other)
	count, err := d.counts.Get(ctx, Account{ID: doorID}, dynox.Consistent)
	if d.outcome("get under a lease", err) == yes {
		repo, key, holds := lease.Guard()
		err = tx.Write(ctx, tx.Check(repo, key, holds), tx.Update(d.counts, count, balance.Set(count.Balance+1)))
		d.add(&d.passed, d.outcome("write under a lease", err, dynox.ErrConditionFailed))
	}
	switch err := lease.Release(ctx); {
	case errors.Is(err, lock.ErrLost):
		d.outcome("release", nil)
	default:
		d.outcome("release", err)
	}
}

func (d *door) check(ctx context.Context) {
	got, err := d.truth.Get(ctx, Account{ID: doorID}, dynox.Consistent)
	d.expect(err == nil && got.Balance >= d.passed.done && got.Balance <= d.passed.done+d.passed.unknown,
		"%d passed of which %d were acknowledged and %d are unknown: %v", got.Balance, d.passed.done, d.passed.unknown, err)
}
