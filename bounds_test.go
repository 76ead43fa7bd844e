package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Bounds beyond what a component can be written as hold for all values, or
// for none.
func TestBoundsBeyondWhatCanBeWritten(t *testing.T) {
	is := is.New(t)
	client := memtable.New(t).Client()
	far, early := time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)
	count := func(key dynox.Key[Event], conds ...expr.Cond[Event]) int {
		events := newRepo(t, client, key)
		is.NoErr(events.Put(t.Context(), &Event{Log: "l", Seq: 7, Name: "n", When: day(1)}))
		is.NoErr(events.Put(t.Context(), &Event{Log: "l", Seq: 99, Name: "n", When: day(2)}))
		return len(all(t, events.Query(t.Context(), key.In(Event{Log: "l"}).Where(conds...))))
	}
	for _, sort := range []dynox.Part[Event]{
		dynox.Composite("sk", "E{}", dynox.Padded(seq, 2)), dynox.Composite("sk", "E{}#{}", dynox.Padded(seq, 2), name),
		dynox.Composite("sk", "{}", dynox.Padded(seq, 2)),
	} {
		key := dynox.Key[Event]{Partition: dynox.By(logAt), Sort: sort}
		for _, c := range []struct {
			n     int
			conds []expr.Cond[Event]
		}{
			{2, []expr.Cond[Event]{seq.Ge(-3)}}, {2, []expr.Cond[Event]{seq.Lt(100)}}, {2, []expr.Cond[Event]{seq.Between(-1, 1000)}},
			{0, []expr.Cond[Event]{seq.Gt(100)}}, {0, []expr.Cond[Event]{seq.Le(-1)}}, {0, []expr.Cond[Event]{seq.Eq(100)}},
			{0, []expr.Cond[Event]{seq.Gt(99)}}, {1, []expr.Cond[Event]{seq.Ge(99)}}, {1, []expr.Cond[Event]{seq.Ge(8), seq.Le(200)}},
			{0, []expr.Cond[Event]{seq.Lt(0)}},
		} {
			is.Equal(count(key, c.conds...), c.n)
		}
	}
	for _, sort := range []dynox.Part[Event]{dynox.By(when), dynox.Composite("sk", "E{}", when), dynox.Composite("sk", "{}#{}", when, name)} {
		key := dynox.Key[Event]{Partition: dynox.By(logAt), Sort: sort}
		is.Equal(count(key, when.Lt(far)), 2)
		is.Equal(count(key, when.Ge(early)), 2)
		is.Equal(count(key, when.Between(early, far)), 2)
		is.Equal(count(key, when.Gt(far)), 0)
		is.Equal(count(key, when.Le(early)), 0)
		is.Equal(count(key, when.Eq(far)), 0)
		is.Equal(count(key, when.Ge(day(2)), when.Lt(far)), 1)
	}
}

// A number of the partition key is known where the sort key repeats it.
func TestNumbersThatThePartitionTells(t *testing.T) {
	is := is.New(t)
	for _, key := range []dynox.Key[Event]{
		{Partition: dynox.By(seq), Sort: dynox.Composite("sk", "{}#{}", seq, name)},
		{Partition: dynox.Composite("pk", "S#{}", seq), Sort: dynox.Composite("sk", "{}#{}", seq, name)},
	} {
		events := newRepo(t, memtable.New(t).Client(), key)
		for _, n := range []string{"a", "b", "ba", "c"} {
			is.NoErr(events.Put(t.Context(), &Event{Log: "l", Seq: 0, Name: n}))
		}
		q := key.In(Event{Seq: 0})
		is.Equal(len(all(t, events.Query(t.Context(), q))), 4)
		is.Equal(len(all(t, events.Query(t.Context(), q.Where(expr.Prefix(name, "b"))))), 2)
		is.Equal(len(all(t, events.Query(t.Context(), key.In(Event{Name: "b"})))), 1)
	}
}

// The way back from a page begins right before its first item, whatever the
// look ahead read.
func TestPreviousPageBesideForeignItems(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	engine, orders := stocked(t, 4)
	neighbours := []string{}
	for n := range 20 {
		neighbours = append(neighbours, fmt.Sprintf(`{"pk":{"S":"CUSTOMER#42"},"sk":{"S":"ORDER#2026-01-02T13:00:00.000000000Z#%02d"},"total":{"N":"1"},"status":{"S":"gone"}}`, n))
	}
	is.NoErr(engine.Seed(tableOf(t, orders), neighbours...))
	q := OrderKey.In(Order{Customer: "42"}).Filter(status.Ne("gone")).PageSize(3).Limit(2)
	one, err := orders.Page(ctx, q)
	is.NoErr(err)
	two, err := orders.Page(ctx, q.After(one.Next))
	is.NoErr(err)
	is.Equal(ids(one.Items)+ids(two.Items), "bcde")
	is.Equal(two.Next, dynox.Cursor(""))
	back, err := orders.Page(ctx, q.Desc().After(one.Next))
	is.NoErr(err)
	is.Equal(ids(back.Items), "b") // c is where the cursor stands
}

// stocked is a repository with n orders of customer 42.
func stocked(t *testing.T, n int) (*memtable.Engine, *dynox.Repo[Order]) {
	t.Helper()
	engine, orders := faulty(t)
	for i := 1; i <= n; i++ {
		o := anOrder("42", i)
		is.New(t).NoErr(orders.Put(t.Context(), &o))
	}
	return engine, orders
}

func ids(orders []Order) string {
	s := ""
	for _, o := range orders {
		s += o.ID
	}
	return s
}

func TestPagesBesideBadItems(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	engine, orders := stocked(t, 3)
	is.NoErr(engine.Seed(tableOf(t, orders),
		`{"pk":{"S":"CUSTOMER#42"},"sk":{"S":"ORDER#2026-02-01T00:00:00.000000000Z#z"},"total":{"S":"x"}}`,
		`{"pk":{"S":"CUSTOMER#42"},"sk":{"S":"ORDER#2026-02-02T00:00:00.000000000Z#z"},"total":{"S":"x"}}`))
	q := OrderKey.In(Order{Customer: "42"})

	// What was read before the error comes with it.
	page, err := orders.Page(ctx, q)
	var bad *dynox.ItemError
	is.True(errors.As(err, &bad))
	is.Equal(ids(page.Items), "bcd")
	is.True(page.Next != "" && page.Next != bad.Cursor)
	_, err = orders.Page(ctx, q.After(page.Next))
	is.True(errors.As(err, &bad))

	// Bad items at the end that are skipped are the end.
	skipped := 0
	skip := func(*dynox.ItemError) error { skipped++; return nil }
	page, err = orders.Page(ctx, q.Limit(3).OnItemError(skip))
	is.NoErr(err)
	is.Equal(ids(page.Items), "bcd")
	is.Equal(page.Next, dynox.Cursor(""))
	is.Equal(skipped, 2)

	// Those before the next item are told once, by the page that goes on.
	o := anOrder("42", 60)
	is.NoErr(orders.Put(ctx, &o))
	skipped = 0
	page, err = orders.Page(ctx, q.Limit(3).OnItemError(skip))
	is.NoErr(err)
	is.Equal(skipped, 0)
	page, err = orders.Page(ctx, q.Limit(3).OnItemError(skip).After(page.Next))
	is.NoErr(err)
	is.Equal(len(page.Items), 1)
	is.Equal(skipped, 2)
	is.Equal(page.Next, dynox.Cursor(""))

	empty, err := orders.Page(ctx, OrderKey.In(Order{Customer: "nobody"}))
	is.NoErr(err)
	is.True(empty.Items != nil) // [] in JSON, not null
}

func TestMaxScannedOfSegments(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	engine, orders := faulty(t)
	for n := 1; n <= 40; n++ {
		o := anOrder(fmt.Sprint(n), 1)
		is.NoErr(orders.Put(ctx, &o))
	}
	for _, n := range []int{1, 3, 7, 16} {
		var cursor dynox.Cursor
		got := 0
		for range 100 {
			scanned := 0
			engine.ForgetRequests()
			for _, err := range orders.Scan(ctx, dynox.All[Order]().Segments(8).MaxScanned(n).After(cursor).Track(&cursor)) {
				is.NoErr(err)
				scanned++
			}
			is.True(scanned <= n)
			got += scanned
			if cursor == "" {
				break
			}
		}
		is.Equal(got, 40)
	}
}

// A scan that has all it wanted is not spoilt by what happens then.
func TestCancelledAfterTheLastItem(t *testing.T) {
	is := is.New(t)
	_, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		for _, err := range orders.Scan(ctx, dynox.All[Order]().Segments(1)) {
			is.NoErr(err)
			cancel()
		}
		cancel()
	}
}

func TestCursorsAreChecked(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	engine, orders := stocked(t, 3)
	q := OrderKey.In(Order{Customer: "42"})
	page, err := orders.Page(ctx, q.Limit(1))
	is.NoErr(err)
	engine.ForgetRequests()
	for i := range page.Next {
		for _, c := range []string{"A", "z", "-"} {
			damaged := page.Next[:i] + dynox.Cursor(c) + page.Next[i+1:]
			if damaged == page.Next {
				continue
			}
			_, err := orders.Page(ctx, q.After(damaged))
			is.True(errors.Is(err, dynox.ErrCursor))
		}
	}
	// A query that can find nothing has no cursors of its own.
	_, err = orders.Page(ctx, q.Where(placed.In()).After(page.Next))
	is.True(errors.Is(err, dynox.ErrCursor))
	_, err = orders.Page(ctx, q.Filter(status.In()).After("nonsense"))
	is.True(errors.Is(err, dynox.ErrCursor))
	is.Equal(len(engine.Requests()), 0)
	none, err := orders.Page(ctx, q.Filter(status.In()).After(page.Next))
	is.NoErr(err)
	is.Equal(none.Next, dynox.Cursor(""))
}

func TestNilsAreErrors(t *testing.T) {
	is := is.New(t)
	table := dynox.NewTable(memtable.New(t).Client(), "shop")
	refused(t, table.Ensure(t.Context(), nil), "nil repository")
	refused(t, table.Ensure(t.Context(), (*dynox.Repo[Order])(nil)), "nil repository")
	_, err := dynox.NewRepo(&dynox.Table{}, OrderKey)
	refused(t, err, "NewTable")
	orders, err := dynox.NewRepo(table, OrderKey)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), orders))
	_, err = orders.Get(dynox.WithSDKOptions(t.Context(), nil), anOrder("42", 1))
	is.True(errors.Is(err, dynox.ErrNotFound))
	_, err = dynox.NewRepo(dynox.NewTable((*dynamodb.Client)(nil), "shop"), OrderKey)
	refused(t, err, "without a client")
	_, err = dynox.NewRepo(table, dynox.Key[Order]{Partition: dynox.By(customer).Also("{}"), Sort: dynox.Const[Order]("sk", "x").Also("y")})
	refused(t, err, "only a Composite")
	_, err = orders.On(&dynox.Table{}).Get(t.Context(), anOrder("42", 1))
	refused(t, err, "NewTable")
	_, err = dynox.NewRepo(table, OrderKey, dynox.GSI("", dynox.Key[Order]{Partition: dynox.By(status)}))
	is.True(err != nil && strings.Contains(err.Error(), "without a name"))
	_, err = dynox.NewRepo(table, OrderKey, dynox.UnixMilli(expires), dynox.JSON(expires))
	refused(t, err, "expires", "two forms")
}

func TestExplainTellsWhatBoundsNothing(t *testing.T) {
	is := is.New(t)
	_, orders := faulty(t)
	plan, err := orders.Explain(OrderKey.In(Order{Customer: "42", ID: "7"}))
	is.NoErr(err)
	is.True(strings.Contains(plan.String(), "id is set, but bounds nothing"))
	plan, err = orders.Explain(OrderKey.In(Order{Customer: "42", ID: "7"}).Where(placed.Eq(day(1))))
	is.NoErr(err)
	is.True(!strings.Contains(plan.String(), "bounds nothing"))
}
