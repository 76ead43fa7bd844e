package dynox_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
	"go.uber.org/goleak"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// wrapper is a client that is not the SDK's own and has only what a table
// needs.
type wrapper struct {
	dynox.Client
	calls int
	fail  error
}

func (w *wrapper) Query(ctx context.Context, in *dynamodb.QueryInput, fns ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if w.calls++; w.calls == 2 && w.fail != nil {
		return nil, w.fail
	}
	return w.Client.Query(ctx, in, fns...)
}

func TestOtherClients(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	_, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(ctx, &o))
	client := memtable.New(t).Client()
	real := dynox.NewTable(client, "shop")
	wrapped := &wrapper{Client: client, fail: errors.New("cut off: " + secret)}
	table := dynox.NewTable(wrapped, "shop")
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus)
	is.NoErr(err)
	refused(t, table.Ensure(ctx, orders), "ensure", "has no DescribeTable")
	is.NoErr(real.Ensure(ctx, orders))
	for n := 1; n <= 4; n++ {
		o := anOrder("42", n)
		is.NoErr(orders.Create(ctx, &o))
	}
	n := 0
	for _, err := range orders.Query(ctx, OrderKey.In(Order{Customer: "42"}).PageSize(3)) {
		if err != nil {
			refused(t, err, "query", "client")
			is.True(errors.Is(err, wrapped.fail)) // it is in the chain, not in our text
			break
		}
		n++
	}
	is.Equal(n, 3)
}

func TestNothingIsLeftRunning(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	ctx := t.Context()
	for n := range 60 {
		o := anOrder(string(rune('a'+n%20)), 1+n/20)
		is.NoErr(orders.Put(ctx, &o))
	}
	ignore := goleak.IgnoreCurrent()
	scan := dynox.All[Order]().PageSize(2)
	q := ByStatus.In(Order{Status: New}).PageSize(2).Prefetch()
	for stop := 1; stop < 12; stop++ {
		take(t, orders.Scan(ctx, scan.Segments(5)), stop)
		take(t, orders.Query(ctx, q), stop)
		func() {
			defer func() { _ = recover() }()
			for _, err := range orders.Scan(ctx, scan.Segments(3).Prefetch()) {
				panic(err)
			}
		}()
		engine.Fail("Scan", memtable.ErrorResponse(400, "AccessDeniedException", "no"), memtable.After(stop))
		failed := 0
		for _, err := range orders.Scan(ctx, scan.Segments(4)) {
			if err != nil {
				failed++
			}
		}
		is.Equal(failed, 1)
		engine.Heal()
		cancelled, cancel := context.WithCancel(ctx)
		failed = 0
		n := 0
		for _, err := range orders.Scan(cancelled, scan.Segments(4)) {
			if n++; n == stop {
				cancel()
			}
			if err != nil {
				is.True(errors.Is(err, context.Canceled))
				failed++
			}
		}
		cancel()
		is.True(failed <= 1)
	}
	goleak.VerifyNone(t, ignore)
}

func TestBoundsOnWork(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	ctx := t.Context()
	for n := 1; n <= 20; n++ {
		o := anOrder("42", n)
		is.NoErr(orders.Put(ctx, &o))
	}
	q := OrderKey.In(Order{Customer: "42"})
	var cursor dynox.Cursor
	engine.ForgetRequests()
	is.Equal(len(all(t, orders.Query(ctx, q.PageSize(3).MaxPages(2).Track(&cursor)))), 6)
	is.Equal(asked(engine, "Query"), 2)
	is.Equal(len(all(t, orders.Query(ctx, q.After(cursor)))), 14)
	is.Equal(len(all(t, orders.Query(ctx, q.MaxScanned(7).Track(&cursor)))), 7)
	is.Equal(len(all(t, orders.Query(ctx, q.After(cursor)))), 13)
	// A filter that nothing passes, bounded: no items, and the place to go on.
	is.Equal(len(all(t, orders.Query(ctx, q.Filter(total.Lt(0)).PageSize(4).MaxPages(3).Track(&cursor)))), 0)
	is.Equal(len(all(t, orders.Query(ctx, q.After(cursor)))), 8)
	page, err := orders.Page(ctx, q.Filter(total.Lt(0)).PageSize(1).Limit(5))
	is.NoErr(err)
	is.Equal(len(page.Items), 0)
	is.True(page.Next != "") // ten requests, and more to read
	page, err = orders.Page(ctx, q.Filter(total.Lt(0)).After(page.Next))
	is.NoErr(err)
	is.Equal(page.Next, dynox.Cursor(""))
	// A limit without a filter asks for no more than it yields.
	engine.ForgetRequests()
	is.Equal(len(all(t, orders.Query(ctx, q.Limit(5)))), 5)
	is.Equal(asked(engine, "Query"), 1)
	n, err := orders.Count(ctx, q.Limit(3))
	is.NoErr(err)
	is.Equal(n, int64(3))
	// A contradiction is answered without asking.
	engine.ForgetRequests()
	is.Equal(len(all(t, orders.Query(ctx, q.Where(placed.Ge(day(9)), placed.Lt(day(3)))))), 0)
	is.Equal(len(all(t, orders.Query(ctx, q.Filter(status.In()).Track(&cursor)))), 0)
	is.Equal(len(engine.Requests()), 0)
	is.Equal(cursor, dynox.Cursor(""))
}

func TestPrefixes(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		type Path struct {
			Disk string `dynamodbav:"disk"`
			Dir  string `dynamodbav:"dir"`
			File string `dynamodbav:"file"`
		}
		p := expr.Proto[Path]()
		disk, dir, file := expr.At(p, &p.Disk), expr.At(p, &p.Dir), expr.At(p, &p.File)
		key := dynox.Key[Path]{Partition: dynox.By(disk), Sort: dynox.Composite("sk", "F:{}:{}", dynox.Escaped(dir), file)}
		paths := newRepo(t, client, key)
		for _, d := range []string{"a", "a:b", "ab", "%3A"} {
			for _, f := range []string{"x", "xy", "y:z", ":"} {
				is.NoErr(paths.Create(t.Context(), &Path{"c", d, f}))
			}
		}
		is.Equal(len(all(t, paths.Query(t.Context(), key.In(Path{Disk: "c"})))), 16)
		got := all(t, paths.Query(t.Context(), key.In(Path{Disk: "c", Dir: "a:b"}).Where(expr.Prefix(file, "x"))))
		same(t, got, []Path{{"c", "a:b", "x"}, {"c", "a:b", "xy"}})
		same(t, all(t, paths.Query(t.Context(), key.In(Path{Disk: "c", Dir: "%3A", File: ":"}))), []Path{{"c", "%3A", ":"}})
		same(t, all(t, paths.Query(t.Context(), key.In(Path{Disk: "c"}).Where(dir.Eq("a"), file.Gt("x")))), []Path{{"c", "a", "xy"}, {"c", "a", "y:z"}})
	})
}

// TestConcurrentUse shares one repository, one query and one expression
// between goroutines; the race detector judges.
func TestConcurrentUse(t *testing.T) {
	is := is.New(t)
	_, orders := faulty(t)
	q := OrderKey.In(Order{Customer: "42"}).Filter(total.Ge(0))
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 20 {
				o := anOrder("42", 1+(n*20+i)%25)
				_ = orders.Put(t.Context(), &o, expr.If(status.Ne(Shipped)))
				_, _ = orders.Update(t.Context(), o, expr.Add(total, 1))
				take(t, orders.Query(t.Context(), q), 3)
			}
		})
	}
	wg.Wait()
	n, err := orders.Count(t.Context(), q)
	is.NoErr(err)
	is.Equal(n, int64(25))
}

func TestUnixMilliAndJSON(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		type Visit struct {
			Page string         `dynamodbav:"page"`
			At   time.Time      `dynamodbav:"at"`
			Meta map[string]any `dynamodbav:"meta"`
		}
		v := expr.Proto[Visit]()
		page, at, meta := expr.At(v, &v.Page), expr.At(v, &v.At), expr.At(v, &v.Meta)
		key := dynox.Key[Visit]{Partition: dynox.By(page), Sort: dynox.By(at)}
		visits := newRepo(t, client, key, dynox.UnixMilli(at), dynox.JSON(meta))
		when := time.UnixMilli(1_700_000_000_123)
		visit := Visit{"/", when, map[string]any{"a": []any{"b"}}}
		is.NoErr(visits.Put(t.Context(), &visit))
		got, err := visits.Get(t.Context(), Visit{Page: "/", At: when.Add(time.Microsecond)})
		is.NoErr(err)
		is.True(got.At.Equal(when))
		same(t, got.Meta, visit.Meta)
		out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: ptr(tableOf(t, visits))})
		is.NoErr(err)
		is.Equal(out.Items[0]["at"].(*types.AttributeValueMemberN).Value, "1700000000123")
		is.Equal(out.Items[0]["meta"].(*types.AttributeValueMemberS).Value, `{"a":["b"]}`)
		// A bound finer than what is stored.
		half := when.Add(500 * time.Microsecond)
		is.Equal(len(all(t, visits.Query(t.Context(), key.In(Visit{Page: "/"}).Where(at.Ge(half))))), 0)
		is.Equal(len(all(t, visits.Query(t.Context(), key.In(Visit{Page: "/"}).Where(at.Lt(half))))), 1)
		is.Equal(len(all(t, visits.Query(t.Context(), key.In(Visit{Page: "/"}).Where(at.Eq(half))))), 0)
	})
}

func ptr[V any](v V) *V { return &v }

// TestCountIgnoresProjections: there is nothing to project.
func TestCountIgnoresProjections(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus, dynox.Kind[Order]("order"))
		for n := 1; n <= 3; n++ {
			o := anOrder("42", n)
			is.NoErr(orders.Put(t.Context(), &o))
		}
		for _, spec := range []dynox.Spec[Order]{
			OrderKey.In(Order{Customer: "42"}).Only(total), dynox.All[Order]().Only(total, city),
			ByStatus.In(Order{Status: New}).Only(id).Filter(total.Ge(0)),
		} {
			n, err := orders.Count(t.Context(), spec)
			is.NoErr(err)
			is.Equal(n, int64(3))
		}
	})
}
