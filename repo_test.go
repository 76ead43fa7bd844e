package dynox_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

func stringKey(key map[string]string) map[string]types.AttributeValue {
	m := make(map[string]types.AttributeValue)
	for name, value := range key {
		m[name] = &types.AttributeValueMemberS{Value: value}
	}
	return m
}

func plain(t *testing.T, item map[string]types.AttributeValue) map[string]any {
	t.Helper()
	var m map[string]any
	is.NewRelaxed(t).NoErr(attributevalue.UnmarshalMap(item, &m))
	return m
}

// all collects a sequence.
func all[T any](t *testing.T, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var items []T
	for item, err := range seq {
		if err != nil {
			t.Fatal(err, cause(err))
		}
		items = append(items, item)
	}
	return items
}

// take uses up to n items of a sequence.
func take[T any](t *testing.T, seq iter.Seq2[T, error], n int) {
	t.Helper()
	for _, err := range seq {
		if err != nil {
			t.Error(err, cause(err))
		}
		if n--; n == 0 {
			break
		}
	}
}

// cause is what the service said, which our own errors don't repeat.
func cause(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("want -, got +:\n%s", diff)
	}
}

func TestPutAndGet(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		o := anOrder("42", 1)
		o.Tags = []string{"gift"}
		is.NoErr(orders.Put(t.Context(), &o))

		got, err := orders.Get(t.Context(), Order{Customer: "42", Placed: day(1), ID: "b"}, dynox.Consistent)
		is.NoErr(err)
		same(t, got, o)

		got, err = orders.Get(t.Context(), o, dynox.Only(total, city))
		is.NoErr(err)
		same(t, got, Order{Total: 10, Ship: Address{City: "Oslo"}})

		_, err = orders.Get(t.Context(), Order{Customer: "42", Placed: day(2), ID: "b"})
		is.True(errors.Is(err, dynox.ErrNotFound))
	})
}

func TestStoredForm(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		table := newTable(t, client)
		orders, err := dynox.NewRepo(table, OrderKey, ByStatus, dynox.Kind[Order]("order"))
		is.NoErr(err)
		is.NoErr(table.Ensure(t.Context(), orders))
		o := anOrder("42", 1)
		is.NoErr(orders.Put(t.Context(), &o))
		got := raw(t, client, table.Name(), map[string]string{
			"pk": "CUSTOMER#42", "sk": "ORDER#2026-01-01T12:00:00.500000000Z#b",
		})
		same(t, got, map[string]any{
			"pk": "CUSTOMER#42", "sk": "ORDER#2026-01-01T12:00:00.500000000Z#b", "kind": "order",
			"customer": "42", "id": "b", "status": "new", "total": 10.0, "version": 0.0,
			"placed": "2026-01-01T12:00:00.500000000Z",
			"ship":   map[string]any{"street": "Main", "city": "Oslo"},
		})
	})
}

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		o := anOrder("42", 1)
		is.NoErr(orders.Create(t.Context(), &o))
		again := o
		again.Total = 99
		err := orders.Create(t.Context(), &again)
		is.True(errors.Is(err, dynox.ErrExists))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		var ccf *types.ConditionalCheckFailedException
		is.True(errors.As(err, &ccf))
		old, ok := dynox.OldItem[Order](err)
		is.True(ok)
		same(t, old, o)
		_, ok = dynox.OldItem[Address](err)
		is.True(!ok)
	})
}

func TestPutIf(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		o := anOrder("42", 1)
		is.NoErr(orders.Put(t.Context(), &o, expr.If(status.Ne(Shipped))))
		o.Status = Shipped
		is.NoErr(orders.Put(t.Context(), &o, expr.If(status.Ne(Shipped))))
		err := orders.Put(t.Context(), &o, expr.If(status.Ne(Shipped)))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		is.Equal(err.Error(), "dynox: put "+err.(*dynox.Error).Table+": Order: condition failed")
		old, ok := dynox.OldItem[Order](err)
		is.True(ok)
		same(t, old, o)
		// A condition that cannot hold is answered without asking.
		err = orders.Put(t.Context(), &o, expr.If(status.In()))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
	})
}

func TestSwapAndTake(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		o := anOrder("42", 1)
		_, existed, err := orders.Swap(t.Context(), &o)
		is.NoErr(err)
		is.True(!existed)
		next := o
		next.Total = 77
		old, existed, err := orders.Swap(t.Context(), &next)
		is.NoErr(err)
		is.True(existed)
		same(t, old, o)
		taken, err := orders.Take(t.Context(), o)
		is.NoErr(err)
		same(t, taken, next)
		_, err = orders.Take(t.Context(), o)
		is.True(errors.Is(err, dynox.ErrNotFound))
		is.NoErr(orders.Delete(t.Context(), o))
		err = orders.Delete(t.Context(), o, expr.If(status.Exists()))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
	})
}

func TestUpdate(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		o := anOrder("42", 1)
		key := Order{Customer: "42", Placed: day(1), ID: "b"}
		_, err := orders.Update(t.Context(), key, status.Set(Paid))
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = orders.Update(t.Context(), key)
		is.True(err != nil)
		is.NoErr(orders.Put(t.Context(), &o))
		got, err := orders.Update(t.Context(), key,
			status.Set(Paid), expr.Add(total, 5), expr.AddToSet(tags, "x", "y"), expr.Append(notes, "one"),
			city.Set("Rome"), expires.Set(day(3)), expr.If(total.Lt(1000)))
		is.NoErr(err)
		want := o
		want.Status, want.Total, want.Tags, want.Notes, want.Ship.City = Paid, 15, []string{"x", "y"}, []string{"one"}, "Rome"
		want.Expires = got.Expires
		is.Equal(got.Expires.Unix(), day(3).Unix())
		same(t, got, want)
		_, err = orders.Update(t.Context(), key, status.Set(Shipped), expr.If(total.Gt(1000)))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		old, ok := dynox.OldItem[Order](err)
		is.True(ok)
		is.Equal(old.Total, int64(15))
		got, err = orders.Update(t.Context(), key,
			total.SetTo(expr.Minus(total, expr.Value[Order](int64(1)))), expr.DeleteFromSet(tags, "x", "y"),
			expr.Prepend(notes, "zero"), expires.Set(Order{}.Expires))
		is.NoErr(err)
		is.Equal(got.Total, int64(14))
		is.Equal(got.Tags, nil)
		is.Equal(got.Notes, []string{"zero", "one"})
		is.True(got.Expires.IsZero())
	})
}

func TestUpsert(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus, dynox.Kind[Order]("order"))
		key := Order{Customer: "42", Placed: day(1), ID: "b"}
		for i := range 2 {
			got, err := orders.Upsert(t.Context(), key, expr.Add(total, 5))
			is.NoErr(err)
			same(t, got, Order{Customer: "42", Placed: day(1), ID: "b", Total: int64(5 + 5*i)})
		}
	})
}

func TestQueryAndScan(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		var want []Order
		for n := 1; n <= 9; n++ {
			o := anOrder("42", n)
			if n%3 == 0 {
				o.Status = Paid
			}
			is.NoErr(orders.Put(t.Context(), &o))
			want = append(want, o)
			other := anOrder("43", n)
			is.NoErr(orders.Put(t.Context(), &other))
		}
		ctx := t.Context()
		mine := OrderKey.In(Order{Customer: "42"})
		same(t, all(t, orders.Query(ctx, mine)), want)
		same(t, all(t, orders.Query(ctx, mine.PageSize(2).Prefetch())), want)
		same(t, all(t, orders.Query(ctx, mine.Where(placed.Ge(day(3))).Limit(2))), want[2:4])
		same(t, all(t, orders.Query(ctx, mine.Where(placed.Gt(day(3)), placed.Lt(day(6))))), want[3:5])
		same(t, all(t, orders.Query(ctx, mine.Desc().Limit(1))), want[8:])
		same(t, all(t, orders.Query(ctx, mine.Filter(total.Gt(70)))), want[7:])
		same(t, all(t, orders.Query(ctx, ByStatus.In(Order{Status: Paid}).Filter(customer.Eq("42")))), []Order{want[2], want[5], want[8]})
		is.Equal(len(all(t, orders.Scan(ctx, dynox.All[Order]()))), 18)
		is.Equal(len(all(t, orders.Scan(ctx, dynox.All[Order]().Segments(4).PageSize(1)))), 18)
		is.Equal(len(all(t, orders.Scan(ctx, dynox.All[Order]().Index(ByStatus).Filter(status.Eq(Paid))))), 3)
		n, err := orders.Count(ctx, mine)
		is.NoErr(err)
		is.Equal(n, int64(9))
		n, err = orders.Count(ctx, dynox.All[Order]().Filter(total.Ge(50)).Segments(2))
		is.NoErr(err)
		is.Equal(n, int64(10))
		type Slim struct {
			Total int64     `dynamodbav:"total"`
			When  time.Time `dynamodbav:"placed"`
		}
		slim := all(t, dynox.Into[Slim](ctx, orders, mine.Limit(1)))
		is.Equal(slim, []Slim{{10, day(1)}})
	})
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		var want []Order
		for n := 1; n <= 9; n++ {
			o := anOrder("42", n)
			is.NoErr(orders.Put(t.Context(), &o))
			want = append(want, o)
		}
		for _, q := range []dynox.Query[Order]{
			OrderKey.In(Order{Customer: "42"}),
			ByStatus.In(Order{Status: New}),
			OrderKey.In(Order{Customer: "42"}).Filter(total.Gt(0)).PageSize(2),
		} {
			for size := 1; size <= 10; size++ {
				var got []Order
				var cursor dynox.Cursor
				pages := 0
				for {
					page, err := orders.Page(t.Context(), q.Limit(size).After(cursor))
					is.NoErr(err)
					got = append(got, page.Items...)
					pages++
					if cursor = page.Next; cursor == "" {
						break
					}
				}
				same(t, got, want)
				is.Equal(pages, (9+size-1)/size)
			}
		}
	})
}

func TestCancelledBefore(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		orders := newRepo(t, client, OrderKey, ByStatus)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o := anOrder("42", 1)
		is.True(errors.Is(orders.Put(ctx, &o), context.Canceled))
		is.True(!errors.Is(orders.Put(ctx, &o), dynox.ErrUnknownOutcome))
		_, err := orders.Get(ctx, o)
		is.True(errors.Is(err, context.Canceled))
		n := 0
		for _, err := range orders.Query(ctx, OrderKey.In(o)) {
			is.True(errors.Is(err, context.Canceled))
			n++
		}
		is.Equal(n, 1)
	})
}
