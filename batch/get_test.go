package batch_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/internal/testbed"
	seq "github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// keys are those of the orders with these numbers.
func keys(ns ...int) iter.Seq[Order] {
	return func(yield func(Order) bool) {
		for _, n := range ns {
			if !yield(keyOf(anOrder(n))) {
				return
			}
		}
	}
}

// filled is a shop with the orders below n.
func filled(t *testing.T, s shop, n int) shop {
	t.Helper()
	if err := batch.Write(t.Context(), puts(s.orders, upTo(n)...)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGet(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		s := filled(t, newShop(t, client), 250)
		got, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(upTo(250)...)))
		is.NoErr(err)
		is.Equal(ids(got), upTo(250))
		for _, o := range got {
			is.Equal(cmp.Diff(anOrder(o.ID), o), "")
		}

		// missing ones, duplicates, and the order of the keys
		var missing []int
		note := batch.Missing(func(o Order) { missing = append(missing, o.ID) })
		wanted := append([]int{300, 7, 7, 3, 301, 3, 200}, upTo(250)...)
		got, err = seq.Collect(batch.Get(t.Context(), s.orders, keys(wanted...), batch.InOrder(), note, batch.Consistent()))
		is.NoErr(err)
		is.Equal(missing, []int{300, 301})
		is.Equal(len(got), 250)
		is.Equal([]int{got[0].ID, got[1].ID, got[2].ID, got[3].ID}, []int{7, 3, 200, 0})

		// a projection
		got, err = seq.Collect(batch.Get(t.Context(), s.orders, keys(9, 8), batch.Only(total), batch.InOrder()))
		is.NoErr(err)
		is.Equal(cmp.Diff([]Order{{Total: 90}, {Total: 80}}, got), "")

		// items of another kind are missing
		is.NoErr(s.users.Put(t.Context(), &User{PK: "CUSTOMER#1", SK: "ORDER#" + strings.Repeat("0", 17) + "400", Name: "x"}))
		missing = nil
		got, err = seq.Collect(batch.Get(t.Context(), s.orders, slices.Values([]Order{{Customer: "1", ID: 400}}), note))
		is.NoErr(err)
		is.Equal(len(got), 0)
		is.Equal(missing, []int{400})

		// numbers are keys by value
		is.NoErr(s.readings.Put(t.Context(), &Reading{Sensor: 1500, Value: "x"}))
		readings, err := seq.Collect(batch.Get(t.Context(), s.readings, slices.Values([]Reading{{Sensor: 1.5e3}, {Sensor: 1500}})))
		is.NoErr(err)
		is.Equal(readings, []Reading{{1500, "x"}})

		got, err = seq.Collect(batch.Get(t.Context(), s.orders, keys()))
		is.NoErr(err)
		is.Equal(len(got), 0)
	})
}

func TestGetCutsRequests(t *testing.T) {
	is := is.New(t)
	engine, s := engineShop(t)
	filled(t, s, 10)
	engine.ForgetRequests()
	_, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(upTo(201)...)))
	is.NoErr(err)
	is.Equal(len(engine.Requests()), 3)
}

func TestGetAcceptedFormats(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		s := newShop(t, client)
		old := OrderKey
		old.Sort = dynox.Composite("sk", "ORD_{}", id)
		table := testbed.Table(t, client)
		legacy, err := dynox.NewRepo(table, old)
		is.NoErr(err)
		is.NoErr(table.Ensure(t.Context(), legacy))
		both := OrderKey
		both.Sort = OrderKey.Sort.Also("ORD_{}")
		orders, err := dynox.NewRepo(table, both)
		is.NoErr(err)
		_ = s
		for n := range 120 {
			o := anOrder(n)
			is.NoErr(pick(n%2 == 0, legacy, orders).Put(t.Context(), &o))
		}
		got, err := seq.Collect(batch.Get(t.Context(), orders, keys(upTo(130)...), batch.InOrder()))
		is.NoErr(err)
		is.Equal(len(got), 120)
		for n, o := range got {
			is.Equal(cmp.Diff(anOrder(n), o), "")
		}
	})
}

func pick[T any](c bool, a, b T) T {
	if c {
		return a
	}
	return b
}

func TestGetUnprocessed(t *testing.T) {
	for _, protocol := range []func(*dynamodb.Options){testbed.Quick, testbed.OtherProtocol} {
		bubble(t, func(t *testing.T) {
			is := is.New(t)
			engine, s := engineShop(t, protocol)
			filled(t, s, 300)
			for _, opts := range [][]batch.GetOption{nil, {batch.InOrder()}} {
				engine.Fail("BatchGetItem", memtable.Partial(90), memtable.Times(3))
				engine.Fail("BatchGetItem", memtable.Partial(0), memtable.Times(2))
				got, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(upTo(320)...), opts...))
				is.NoErr(err)
				is.Equal(ids(got), upTo(300))
				if opts != nil {
					is.True(slices.IsSortedFunc(got, func(a, b Order) int { return a.ID - b.ID }))
				}
			}
			engine.Fail("BatchGetItem", memtable.Partial(10), memtable.Times(1))
			engine.Fail("BatchGetItem", memtable.Partial(0), memtable.Always())
			missing := 0
			got, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(upTo(300)[200:]...), batch.MaxRetries(2), batch.Missing(func(Order) { missing++ })))
			is.True(errors.Is(err, batch.ErrUnprocessed))
			is.True(len(got) <= 10)
			is.Equal(missing, 0) // nothing is said of what was not looked up
		})
	}
}

// The service answers up to 16 MB; the rest is asked for at once.
func TestGetLargeItems(t *testing.T) {
	is := is.New(t)
	_, s := engineShop(t)
	large := strings.Repeat("x", 390<<10)
	is.NoErr(batch.Write(t.Context(), func(yield func(batch.Op) bool) {
		for n := range 100 {
			if !yield(batch.Put(s.readings, &Reading{Sensor: float64(n), Value: large})) {
				return
			}
		}
	}))
	n := 0
	for r, err := range batch.Get(t.Context(), s.readings, func(yield func(Reading) bool) {
		for n := range 100 {
			if !yield(Reading{Sensor: float64(n)}) {
				return
			}
		}
	}) {
		is.NoErr(err)
		is.Equal(len(r.Value), len(large))
		n++
	}
	is.Equal(n, 100)
}

func TestGetErrors(t *testing.T) {
	is := is.New(t)
	engine, s := engineShop(t)
	filled(t, s, 200)
	collect := func(keys iter.Seq[Order], opts ...batch.GetOption) (int, error) {
		got, err := seq.Collect(batch.Get(t.Context(), s.orders, keys, opts...))
		return len(got), err
	}
	n, err := collect(func(yield func(Order) bool) {
		for k := range keys(upTo(150)...) {
			yield(k)
		}
		yield(Order{Customer: ""})
	})
	is.Equal(n, 150) // those before the bad key come first
	is.True(errors.Is(err, dynox.ErrKey))
	is.True(strings.Contains(err.Error(), ": order: key 150: invalid key: customer not set"))

	_, err = collect(keys(1), batch.Missing(func(User) {}))
	is.True(strings.Contains(err.Error(), "the function given to Missing takes a batch_test.User, not a batch_test.Order"))
	_, err = collect(keys(1), batch.Only(userName))
	is.True(strings.Contains(err.Error(), "not an attribute of this repository's items"))
	_, err = collect(keys(1), batch.Concurrency(0))
	is.True(err != nil)
	_, err = collect(keys(1), batch.MaxRetries(-1))
	is.True(err != nil)
	_, err = seq.Collect(batch.Get(t.Context(), (*dynox.Repo[Order])(nil), keys(1)))
	is.True(err != nil)

	engine.Fail("BatchGetItem", memtable.ErrorResponse(400, "AccessDeniedException", "no"))
	_, err = collect(keys(upTo(300)...))
	var failed *dynox.Error
	is.True(errors.As(err, &failed))
	is.Equal(failed.Op, "batch get")
	is.True(strings.HasSuffix(err.Error(), "the service answered AccessDeniedException"))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = seq.Collect(batch.Get(ctx, s.orders, keys(1)))
	is.True(errors.Is(err, context.Canceled))

	_, err = seq.Collect(batch.Get(t.Context(), s.orders.On(dynox.NewTable(s.client, "no-such-table")), keys(1)))
	is.True(errors.Is(err, dynox.ErrTableNotFound))
}

var userName = exprName()

// A stored item that is not what it says is told, once.
func TestGetBadItem(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		s := filled(t, newShop(t, client), 20)
		_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: ptr(s.table.Name()), UpdateExpression: ptr("SET #t = :t"), ExpressionAttributeNames: map[string]string{"#t": "total"},
			Key:                       map[string]types.AttributeValue{"pk": str("CUSTOMER#5"), "sk": str("ORDER#" + strings.Repeat("0", 19) + "5")},
			ExpressionAttributeValues: map[string]types.AttributeValue{":t": str("many")},
		})
		is.NoErr(err)
		got, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(upTo(20)...), batch.InOrder()))
		is.Equal(len(got), 5)
		var bad *dynox.ItemError
		is.True(errors.As(err, &bad))
		is.Equal(bad.Path, "total")
		is.Equal(bad.N, 5)
	})
}

// Breaking out of the loop leaves nothing behind, in whatever state.
func TestGetBreak(t *testing.T) {
	is := is.New(t)
	engine, s := engineShop(t)
	filled(t, s, 1000)
	for _, opts := range [][]batch.GetOption{nil, {batch.InOrder()}, {batch.Concurrency(1)}, {batch.Concurrency(20)}} {
		for _, after := range []int{1, 100, 101, 555} {
			engine.ForgetRequests()
			n := 0
			for _, err := range batch.Get(t.Context(), s.orders, keys(upTo(1000)...), opts...) {
				is.NoErr(err)
				if n++; n == after {
					break
				}
			}
			is.Equal(n, after)
		}
	}
	func() {
		defer func() { is.Equal(recover(), "in the loop") }()
		for _, err := range batch.Get(t.Context(), s.orders, keys(upTo(1000)...)) {
			is.NoErr(err)
			panic("in the loop")
		}
	}()
	func() {
		defer func() { is.Equal(recover(), "in the keys") }()
		for _, err := range batch.Get(t.Context(), s.orders, func(yield func(Order) bool) {
			for k := range keys(upTo(450)...) {
				yield(k)
			}
			panic("in the keys")
		}) {
			is.NoErr(err)
		}
	}()
	taken := 0
	for _, err := range batch.Get(t.Context(), s.orders, func(yield func(Order) bool) {
		for k := range keys(upTo(1000)...) {
			if taken++; !yield(k) {
				return
			}
		}
	}, batch.Concurrency(2)) {
		is.NoErr(err)
		break
	}
	is.True(taken <= 400) // a few requests in advance
}
