package dynox_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// ticket is an item that gets an index after years.
type ticket struct {
	ID    string `dynamodbav:"id"`
	Team  string `dynamodbav:"team"`
	State string `dynamodbav:"state,omitempty"`
	N     int    `dynamodbav:"n"`
	Extra string `dynamodbav:"extra"`
}

var (
	aTicket      = new(ticket)
	ticketID     = expr.At(aTicket, &aTicket.ID)
	ticketTeam   = expr.At(aTicket, &aTicket.Team)
	ticketState  = expr.At(aTicket, &aTicket.State)
	ticketN      = expr.At(aTicket, &aTicket.N)
	ticketExtra  = expr.At(aTicket, &aTicket.Extra)
	ticketKey    = dynox.Key[ticket]{Partition: dynox.By(ticketID)}
	ticketStates = dynox.GSI("states", dynox.Key[ticket]{
		Partition: dynox.Composite("ix", "{}#{}", ticketTeam, ticketState), Sort: dynox.By(ticketN),
	})
)

// tickets are a repository without the index, and one with it.
func tickets(t *testing.T, table *dynox.Table, n int) (before, after *dynox.Repo[ticket]) {
	t.Helper()
	is := is.New(t)
	before, err := dynox.NewRepo(table, ticketKey)
	is.NoErr(err)
	after, err = dynox.NewRepo(table, ticketKey, ticketStates)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), after))
	for i := range n {
		item := ticket{ID: fmt.Sprint(i), Team: fmt.Sprint("t", i%7), N: i}
		if i%3 > 0 {
			item.State = "open"
		}
		is.NoErr(before.Put(t.Context(), &item))
	}
	return before, after
}

func TestBackfill(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		before, after := tickets(t, newTable(t, client), 30)
		query := after.Query(ctx, ticketStates.In(ticket{Team: "t1", State: "open"}))
		is.Equal(len(all(t, query)), 0)

		got, err := dynox.Backfill(ctx, after, dynox.BackfillDryRun())
		is.NoErr(err)
		is.Equal(got, dynox.Backfilled{Items: 30, Written: 20})
		is.Equal(len(all(t, query)), 0)

		var last dynox.Backfilled
		got, err = dynox.Backfill(ctx, after, dynox.BackfillProgress(func(b dynox.Backfilled) { last = b }))
		is.NoErr(err)
		is.Equal(got, dynox.Backfilled{Items: 30, Written: 20})
		is.Equal(last.Written, int64(20))
		is.Equal(len(all(t, query)), 4)
		got, err = dynox.Backfill(ctx, after)
		is.NoErr(err)
		is.Equal(got, dynox.Backfilled{Items: 30})

		// What the old program leaves behind is taken away.
		_, err = before.Update(ctx, ticket{ID: "1"}, ticketState.Remove())
		is.NoErr(err)
		got, err = dynox.Backfill(ctx, after)
		is.NoErr(err)
		is.Equal(got.Written, int64(1))
		is.Equal(len(all(t, query)), 3)
	})
}

var backfilled = flag.Int("backfilled", 3000, "how many items TestBackfillKilled has: 100000 take minutes")

// TestBackfillKilled: broken off anywhere and gone on with, it comes to what one clean
// run comes to.
func TestBackfillKilled(t *testing.T) {
	items, most := *backfilled, 20
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	_, after := tickets(t, dynox.NewTable(engine.Client(testbed.Quick), "tickets"), items)
	clean := memtable.New(t)
	var snapshot bytes.Buffer
	is.NoErr(engine.Snapshot(&snapshot))
	is.NoErr(clean.Restore(bytes.NewReader(snapshot.Bytes())))
	whole, err := dynox.Backfill(ctx, after.On(dynox.NewTable(clean.Client(), "tickets")))
	is.NoErr(err)
	is.Equal(whole.Written, int64(items-(items+2)/3))

	// Before most kills the service fails for a while.
	r := rand.New(rand.NewPCG(1, 2))
	var done, written int64
	var cursor dynox.Cursor
	var got dynox.Backfilled
	kills := 0
	for kill := range most {
		runCtx, cancel := context.WithCancel(ctx)
		left := r.Int64N(int64(items)/int64(most)/2) + 1
		if kill%3 > 0 {
			fault := []memtable.Fault{memtable.ResetBefore(), memtable.ResetAfter()}[kill%2]
			engine.Fail("UpdateItem", fault, memtable.After(int(left)/2), memtable.Times(2+kill))
		}
		got, err = dynox.Backfill(runCtx, after, dynox.BackfillAfter(cursor), dynox.BackfillProgress(func(dynox.Backfilled) {
			if left--; left == 0 {
				cancel()
			}
		}))
		cancel()
		engine.Heal()
		done, written, cursor = done+got.Items, written+got.Written, got.Cursor
		if err == nil { // all were done while one was tried again
			break
		}
		is.True(cursor != "")
		kills++
	}
	is.True(kills > 0)
	if err != nil {
		got, err = dynox.Backfill(ctx, after, dynox.BackfillAfter(cursor))
		is.NoErr(err)
		done, written = done+got.Items, written+got.Written
	}
	is.Equal(done, int64(items)) // each was looked at once
	var one, other bytes.Buffer
	is.NoErr(engine.Snapshot(&one))
	is.NoErr(clean.Snapshot(&other))
	is.True(bytes.Equal(one.Bytes(), other.Bytes()))
	t.Logf("%d items, %d kills, %d of %d writes seen", items, kills, written, whole.Written)
}

// TestBackfillBeside: while others write, in the new form, nothing of theirs is lost,
// and the index tells the truth in the end.
func TestBackfillBeside(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	_, after := tickets(t, newTable(t, engine.Client(testbed.Quick)), 300)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	updates := make([]int, 4)
	for g := range updates {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 3))
			for {
				select {
				case <-stop:
					return
				default:
				}
				key := ticket{ID: fmt.Sprint(r.IntN(75)*4 + g)}
				_, err := after.Update(ctx, key, ticketState.Set(fmt.Sprint("s", r.IntN(3))), ticketTeam.Set("x"), expr.Add(ticketN, 1))
				if err != nil {
					t.Error(err)
				}
				updates[g]++
			}
		})
	}
	for range 3 {
		_, err := dynox.Backfill(ctx, after)
		is.NoErr(err)
	}
	close(stop)
	wg.Wait()
	got, err := dynox.Backfill(ctx, after)
	is.NoErr(err)
	is.Equal(got.Written, int64(0))
	total := 0
	for item, err := range after.Scan(ctx, dynox.All[ticket]()) {
		is.NoErr(err)
		var n int
		_, err = fmt.Sscan(item.ID, &n)
		is.NoErr(err)
		total += item.N - n
		if item.State != "" {
			found, err := iter.Collect(after.Query(ctx, ticketStates.In(item).Filter(ticketID.Eq(item.ID))))
			is.NoErr(err)
			is.Equal(found, []ticket{item})
		}
	}
	want := 0
	for _, n := range updates {
		want += n
	}
	is.Equal(total, want)
}

// TestBackfillKeys: items under an older format of their key go under the new one.
func TestBackfillKeys(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := newTable(t, client)
		key := func(part dynox.Part[ticket]) dynox.Key[ticket] { return dynox.Key[ticket]{Partition: part} }
		old, err := dynox.NewRepo(table, key(dynox.Composite("pk", "T{}", ticketID)))
		is.NoErr(err)
		both, err := dynox.NewRepo(table, key(dynox.Composite("pk", "TICKET#{}", ticketID).Also("T{}")))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, old))
		for i := range 5 {
			is.NoErr(old.Put(ctx, &ticket{ID: fmt.Sprint(i), Team: "t", N: i}))
		}
		got, err := dynox.Backfill(ctx, both)
		is.NoErr(err)
		is.Equal(got.Written, int64(5))
		_, err = old.Get(ctx, ticket{ID: "1"})
		is.True(errors.Is(err, dynox.ErrNotFound))
		is.Equal(len(all(t, both.Scan(ctx, dynox.All[ticket]()))), 5)
		item, err := both.Get(ctx, ticket{ID: "3"})
		is.NoErr(err)
		is.Equal(item, ticket{ID: "3", Team: "t", N: 3})
		got, err = dynox.Backfill(ctx, both)
		is.NoErr(err)
		is.Equal(got.Written, int64(0))
	})
}

func TestBackfillRefuses(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	_, after := tickets(t, newTable(t, memtable.New(t).Client()), 3)
	_, err := dynox.Backfill(ctx, after.On(dynox.NewTable(memtable.New(t).Client(), "x-1", dynox.ReadOnly())))
	is.True(errors.Is(err, dynox.ErrReadOnly))
	_, err = dynox.Backfill[ticket](ctx, nil)
	refused(t, err, "nil repository")
	got, err := dynox.Backfill(ctx, after, dynox.BackfillAfter("bad"))
	is.True(errors.Is(err, dynox.ErrCursor))
	is.Equal(got.Cursor, dynox.Cursor("bad"))
}

// An index for a table in use: programs write both forms, Backfill gives the new one
// to the items that were there before, and then reads can use it.
func ExampleBackfill() {
	table := dynox.NewTable(memtable.Open().Client(), "tickets")
	ctx := context.Background()
	old, err := dynox.NewRepo(table, ticketKey)
	check(err)
	check(table.Ensure(ctx, old))
	for n := range 3 {
		check(old.Put(ctx, &ticket{ID: fmt.Sprint(n), Team: "web", State: "open", N: n}))
	}

	tickets, err := dynox.NewRepo(table, ticketKey, ticketStates)
	check(err)
	check(table.Ensure(ctx, tickets))
	done, err := dynox.Backfill(ctx, tickets)
	check(err)
	fmt.Println(done.Items, "looked at,", done.Written, "written")
	for item, err := range tickets.Query(ctx, ticketStates.In(ticket{Team: "web", State: "open"})) {
		check(err)
		fmt.Println(item.ID)
	}
	// Output:
	// 3 looked at, 3 written
	// 0
	// 1
	// 2
}

// TestBackfillAtOnce: some items are written at once, and told of in their order; what failed is
// met again by who goes on.
func TestBackfillAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		engine := memtable.New(t)
		before, after := tickets(t, dynox.NewTable(engine.Client(testbed.Quick), "tickets"), 60)
		var order []string
		for item, err := range after.Scan(ctx, dynox.All[ticket]()) {
			is.NoErr(err)
			order = append(order, item.ID)
		}
		engine.Fail("UpdateItem", memtable.Latency(time.Second), memtable.Always())
		began := time.Now()
		var told []int64
		_, err := dynox.Backfill(ctx, after, dynox.BackfillDryRun(), dynox.BackfillConcurrency(8))
		is.NoErr(err)
		is.Equal(time.Since(began), time.Duration(0))
		got, err := dynox.Backfill(ctx, after, dynox.BackfillConcurrency(8), dynox.BackfillProgress(func(b dynox.Backfilled) {
			told = append(told, b.Items)
		}))
		is.NoErr(err)
		is.Equal(got, dynox.Backfilled{Items: 60, Written: 40})
		is.Equal(len(told), 60)
		is.True(slices.IsSorted(told))
		is.True(time.Since(began) <= 8*time.Second) // not 40
		engine.Heal()

		// One cannot be written.
		for _, id := range order {
			_, err := before.Update(ctx, ticket{ID: id}, expr.Path[ticket, string]("ix").Remove())
			is.NoErr(err)
		}
		engine.Fail("UpdateItem", memtable.ErrorResponse(400, "AccessDeniedException", "no"), memtable.After(20), memtable.Times(1))
		got, err = dynox.Backfill(ctx, after)
		is.True(err != nil)
		is.True(got.Items < 60)
		more, err := dynox.Backfill(ctx, after, dynox.BackfillAfter(got.Cursor))
		is.NoErr(err)
		is.Equal(got.Items+more.Items, int64(60))
		again, err := dynox.Backfill(ctx, after)
		is.NoErr(err)
		is.Equal(again.Written, int64(0))
		_, err = dynox.Backfill(ctx, after, dynox.BackfillConcurrency(0))
		is.True(err != nil)
	})
}
