package bulk_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
)

var full = flag.Bool("full", false, "migrations of 100,000 items, and files of a million")

// Account changes from dollars to cents.
type Account struct {
	ID      string            `dynamodbav:"id"`
	Dollars int               `dynamodbav:"dollars,omitempty"`
	Cents   int               `dynamodbav:"cents,omitempty"`
	Tags    map[string]string `dynamodbav:"tags,omitempty"`
	Version int64             `dynamodbav:"version,omitempty"`
}

var (
	account    = expr.Proto[Account]()
	accountKey = dynox.Key[Account]{Partition: dynox.By(expr.At(account, &account.ID))}
)

func accounts(t testing.TB, client *dynamodb.Client, items int, opts ...dynox.Option[Account]) (*dynox.Repo[Account], string) {
	t.Helper()
	table := testbed.Table(t, client)
	repo, err := dynox.NewRepo(table, accountKey, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Ensure(t.Context(), repo); err != nil {
		t.Fatal(err)
	}
	fill(t, client, table.Name(), items, func(i int) item {
		// strange is what no field knows
		return item{"id": s(strconv.Itoa(i)), "dollars": n(i + 1), "strange": s("kept"), "tags": &types.AttributeValueMemberM{Value: item{"a": s("b")}}}
	})
	return repo, table.Name()
}

// toCents is a migration that knows what is done; every tenth is kept, and every seventh
// deleted.
func toCents(_ context.Context, a *Account) (bulk.Verdict, error) {
	switch id, _ := strconv.Atoi(a.ID); {
	case a.Cents > 0, id%10 == 0:
		return bulk.Keep, nil
	case id%7 == 0:
		return bulk.Delete, nil
	}
	a.Cents, a.Dollars = a.Dollars*100, 0
	a.Tags["a"] = "c"
	return bulk.Save, nil
}

func stored(t testing.TB, client *dynamodb.Client, table string) map[string]item {
	t.Helper()
	items := map[string]item{}
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		p, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range p.Items {
			items[i["id"].(*types.AttributeValueMemberS).Value] = i
		}
	}
	return items
}

// migrated is what is to become of the items of accounts.
func migrated(count int, version bool) map[string]item {
	items := map[string]item{}
	for i := range count {
		id := strconv.Itoa(i)
		items[id] = item{"id": s(id), "dollars": n(i + 1), "strange": s("kept"), "tags": &types.AttributeValueMemberM{Value: item{"a": s("b")}}}
		switch {
		case i%10 == 0:
		case i%7 == 0:
			delete(items, id)
		default:
			delete(items[id], "dollars")
			items[id]["cents"] = n(100 * (i + 1))
			items[id]["tags"] = &types.AttributeValueMemberM{Value: item{"a": s("c")}}
			if version {
				items[id]["version"] = n(1)
			}
		}
	}
	return items
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		for _, version := range []bool{false, true} {
			is := is.New(t)
			var opts []dynox.Option[Account]
			if version {
				opts = append(opts, lock.Version(expr.At(account, &account.Version)))
			}
			const items = 150
			repo, table := accounts(t, client, items, opts...)
			before := stored(t, client, table)

			p, err := bulk.Migrate(t.Context(), repo, toCents, bulk.DryRun())
			is.NoErr(err)
			is.Equal([]int64{p.Items, p.Changed, p.Deleted}, []int64{items, 116, 19})
			equal(t, stored(t, client, table), before) // nothing was written
			is.Equal(p.WriteUnits, 0.0)

			p, err = bulk.Migrate(t.Context(), repo, toCents, bulk.Verify(), bulk.PageSize(40), bulk.Consistent())
			is.NoErr(err)
			is.Equal([]int64{p.Items, p.Changed, p.Deleted, p.Skipped, p.Unfinished}, []int64{items, 116, 19, 0, 0})
			is.Equal(p.Checkpoint, bulk.Checkpoint(""))
			is.True(p.WriteUnits >= 116)
			equal(t, stored(t, client, table), migrated(items, version))

			p, err = bulk.Migrate(t.Context(), repo, toCents) // again
			is.NoErr(err)
			is.Equal([]int64{p.Items, p.Changed, p.Deleted}, []int64{items - 19, 0, 0})
		}
	})
}

// A migration that is killed twenty times equals one clean run.
func TestMigrateKilled(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	items := 4000
	if *full {
		items = 100_000
	}
	client := memtable.New(t).Client()
	repo, table := accounts(t, client, items)
	random := rand.New(rand.NewPCG(5, 6))
	var last bulk.Progress
	var p bulk.Progress
	var err error
	kills := 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		var judged atomic.Int64
		until := int64(items)*2 + 1
		if kills < 20 {
			until = int64(items/30 + random.IntN(items/30))
		}
		p, err = bulk.Migrate(ctx, repo, func(ctx context.Context, a *Account) (bulk.Verdict, error) {
			if judged.Add(1) == until {
				cancel()
			}
			return toCents(ctx, a)
		}, bulk.After(last.Checkpoint), bulk.PageSize(1000), bulk.OnProgress(func(p bulk.Progress) {
			if ctx.Err() == nil {
				last = p
			}
		}))
		cancel()
		if err == nil {
			break
		}
		is.True(errors.Is(err, context.Canceled))
		is.True(p.Items >= last.Items)
		kills++
	}
	is.Equal(kills, 20)
	equal(t, stored(t, client, table), migrated(items, false))
	is.True(p.Items > int64(items)*6/7)
}

// Others write at the same time, and nothing of that is lost.
func TestMigrateBesideWriters(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := memtable.New(t).Client()
	const items = 40
	repo, table := accounts(t, client, items)
	var writers sync.WaitGroup
	var ended atomic.Bool
	var added [items]int
	for w := range 2 {
		writers.Go(func() {
			for i := 0; !ended.Load(); i++ {
				id := strconv.Itoa(2*(i%(items/2)) + w)
				_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
					TableName: &table, Key: item{"id": s(id)}, UpdateExpression: aws.String("ADD dollars :n"),
					ExpressionAttributeValues: item{":n": n(1)},
				})
				if err != nil {
					t.Error(err)
				}
				added[2*(i%(items/2))+w]++
				time.Sleep(time.Millisecond)
			}
		})
	}
	// A sum is kept: what is in dollars goes to cents, a hundredfold.
	sum := func(_ context.Context, a *Account) (bulk.Verdict, error) {
		if a.Dollars == 0 {
			return bulk.Keep, nil
		}
		a.Cents, a.Dollars = a.Cents+100*a.Dollars, 0
		return bulk.Save, nil
	}
	for range 20 {
		_, err := bulk.Migrate(t.Context(), repo, sum)
		is.NoErr(err)
	}
	ended.Store(true)
	writers.Wait()
	p, err := bulk.Migrate(t.Context(), repo, sum, bulk.Verify())
	is.NoErr(err)
	is.Equal(p.Unfinished, int64(0))
	for id, it := range stored(t, client, table) {
		i, _ := strconv.Atoi(id)
		is.Equal(it["cents"], n(100*(i+1+added[i])))
	}
}

// Items that fail are told, and end the call unless the handler says otherwise.
func TestMigrateItemErrors(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		repo, table := accounts(t, client, 100)
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item{"id": s("x"), "dollars": s("secret")}})
		is.NoErr(err)
		errOdd := errors.New("odd")
		odd := func(_ context.Context, a *Account) (bulk.Verdict, error) {
			if id, _ := strconv.Atoi(a.ID); id%2 == 1 {
				return bulk.Save, errOdd
			}
			a.Cents = 1
			return bulk.Save, nil
		}
		var unread, refused int
		p, err := bulk.Migrate(t.Context(), repo, odd, bulk.OnItemError(func(bad *bulk.ItemError) error {
			switch {
			case errors.Is(bad, errOdd):
				is.True(bad.Item.(*Account).ID != "")
				refused++
			default:
				is.True(bad.Item == nil)
				unread++
			}
			return nil
		}))
		is.NoErr(err)
		is.Equal([]int{unread, refused}, []int{1, 50})
		is.Equal([]int64{p.Items, p.Changed, p.Skipped}, []int64{101, 50, 51})

		p, err = bulk.Migrate(t.Context(), repo, odd, bulk.Concurrency(1))
		var bad *bulk.ItemError
		is.True(errors.As(err, &bad))
		is.True(p.Checkpoint != "" || p.Items == 0)
	})
}

// A panic of the function goes on in the caller.
func TestMigratePanics(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	repo, _ := accounts(t, memtable.New(t).Client(), 50)
	defer func() { is.Equal(recover(), "stop") }()
	_, _ = bulk.Migrate(t.Context(), repo, func(context.Context, *Account) (bulk.Verdict, error) { panic("stop") })
}

// What is not as the function wants it is found by the verification.
func TestMigrateVerify(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	repo, _ := accounts(t, memtable.New(t).Client(), 50)
	p, err := bulk.Migrate(t.Context(), repo, func(_ context.Context, a *Account) (bulk.Verdict, error) {
		a.Cents++ // again and again
		return bulk.Save, nil
	}, bulk.Verify())
	is.True(errors.Is(err, bulk.ErrUnfinished))
	is.Equal(p.Unfinished, int64(50))
}

// A migration whose context has ended goes no further, also where it keeps all items.
func TestMigrateCanceled(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	repo, _ := accounts(t, memtable.New(t).Client(), 500)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	var judged atomic.Int64
	p, err := bulk.Migrate(ctx, repo, func(context.Context, *Account) (bulk.Verdict, error) {
		if judged.Add(1) == 100 {
			cancel(enough)
		}
		return bulk.Keep, nil
	})
	is.True(errors.Is(err, enough))
	is.True(judged.Load() < 120)
	is.True(p.Items <= judged.Load()) // those behind one that was not done are judged again
	rest, err := bulk.Migrate(t.Context(), repo, toCents, bulk.After(p.Checkpoint))
	is.NoErr(err)
	is.Equal(rest.Items, int64(500)) // counts go on
}

// An item that fails when all that may be on its way behind it is done ends the call.
func TestMigrateSlowFailure(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	repo, _ := accounts(t, memtable.New(t).Client(), 2000)
	errSlow := errors.New("slow")
	var judged atomic.Int64
	p, err := bulk.Migrate(t.Context(), repo, func(ctx context.Context, a *Account) (bulk.Verdict, error) {
		if judged.Add(1) > 1 {
			return bulk.Keep, nil
		}
		for n := int64(0); n < judged.Load(); { // until the others get no further
			n = judged.Load()
			time.Sleep(100 * time.Millisecond)
		}
		return bulk.Keep, errSlow
	})
	is.True(errors.Is(err, errSlow))
	is.True(judged.Load() > 1000)
	is.True(p.Items < 4) // those that were begun with it, and come before it
}
