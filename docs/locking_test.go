package docs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type Price struct {
	Room    string `dynamodbav:"room"`
	Cents   int64  `dynamodbav:"cents"`
	Version int64  `dynamodbav:"version"`
	Writes  string `dynamodbav:"writes,omitempty"`
}

var (
	price        = expr.Proto[Price]()
	priceCents   = expr.At(price, &price.Cents)
	priceVersion = expr.At(price, &price.Version)
	priceWrites  = expr.At(price, &price.Writes)
	PriceKey     = dynox.Key[Price]{Partition: dynox.By(expr.At(price, &price.Room))}
)

// newPrices is the repository of prices.
func newPrices(table *dynox.Table) (*dynox.Repo[Price], error) {
	return dynox.NewRepo(table, PriceKey, lock.Version(priceVersion, lock.Token(priceWrites)))
}

func openPrices(ctx context.Context) *dynox.Repo[Price] {
	table := dynox.NewTable(memtable.Open().Client(), "prices")
	prices := mustRepo(newPrices(table))
	succeed(table.Ensure(ctx, prices))
	succeed(prices.Create(ctx, &Price{Room: "101", Cents: 9000}))
	return prices
}

func Example_version() {
	ctx := context.Background()
	prices := openPrices(ctx)

	mine, err := prices.Get(ctx, Price{Room: "101"})
	succeed(err)
	yours := mine // somebody else has read the same

	mine.Cents = 9500
	fmt.Println(prices.Put(ctx, &mine), mine.Version)

	yours.Cents = 8000
	err = prices.Put(ctx, &yours)
	fmt.Println(err)
	var stale *lock.StaleError
	if errors.As(err, &stale) {
		stored, _ := dynox.OldItem[Price](err)
		fmt.Println("wanted", stale.Wanted, "stored", stale.Stored, "at", stored.Cents)
	}
	// Output:
	// <nil> 2
	// dynox: put prices: Price: stale: another version is stored
	// wanted 1 stored 2 at 9500
}

// raise makes a room dearer, whoever else changes its price meanwhile.
func raise(ctx context.Context, prices *dynox.Repo[Price], room string, percent int64) (Price, error) {
	return lock.Retry(ctx, prices, Price{Room: room}, func(p *Price) error {
		p.Cents += p.Cents * percent / 100
		return nil
	})
}

func Example_lockRetry() {
	ctx := context.Background()
	prices := openPrices(ctx)
	p, err := raise(ctx, prices, "101", 10)
	fmt.Println(p.Cents, p.Version, err)

	p, err = prices.Update(ctx, p, priceCents.Set(9500), expr.If(priceVersion.Eq(p.Version))) // only if nobody else has
	fmt.Println(p.Cents, p.Version, err)
	p, err = prices.Update(ctx, Price{Room: "101"}, expr.Add(priceCents, 100)) // in any case
	fmt.Println(p.Cents, p.Version, err)
	// Output:
	// 9900 2 <nil>
	// 9500 3 <nil>
	// 9600 4 <nil>
}

// report runs one report at a time, on all machines together.
func report(ctx context.Context, leases *lock.Leases, prices *dynox.Repo[Price]) (err error) {
	lease, err := leases.Acquire(ctx, "report", lock.For(30*time.Second), lock.Wait(0))
	if errors.Is(err, lock.ErrHeld) {
		return nil // somebody else is at it
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lease.Release(context.WithoutCancel(ctx))) }()

	ctx = lease.Context() // ends when the lease is lost
	result := Price{Room: "total"}
	for p, err := range prices.Scan(ctx, dynox.All[Price]()) {
		if err != nil {
			return err
		}
		result.Cents += p.Cents
	}
	return tx.Write(ctx, tx.Check(lease.Guard()), tx.Create(prices, &result))
}

func Example_lease() {
	ctx := context.Background()
	client := memtable.Open().Client()
	leases, err := lock.NewLeases(dynox.NewTable(client, "leases"))
	succeed(err)
	succeed(dynox.NewTable(client, "leases").Ensure(ctx, leases.Repo()))
	table := dynox.NewTable(client, "prices")
	prices := mustRepo(dynox.NewRepo(table, PriceKey))
	succeed(table.Ensure(ctx, prices))

	fmt.Println(report(ctx, leases, prices))
	held, err := leases.Acquire(ctx, "report")
	fmt.Println(held.Token(), err)
	fmt.Println(report(ctx, leases, prices))
	fmt.Println(held.Release(ctx))
	// Output:
	// <nil>
	// 2 <nil>
	// <nil>
	// <nil>
}
