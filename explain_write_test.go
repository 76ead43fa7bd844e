package dynox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// TestExplainedRequestIsSent: what is explained is byte for byte what the service
// gets, and costs at least what it says; explaining sends nothing.
func TestExplainedRequestIsSent(t *testing.T) {
	o := large("secret", 1)
	q := OrderKey.In(Order{Customer: "secret"}).Where(placed.Ge(day(1))).Filter(total.Ge(0)).Limit(3).Desc()
	for name, c := range map[string]struct {
		explain func(t *testing.T, orders *dynox.Repo[Order]) (dynox.Explanation, error)
		do      func(t *testing.T, orders *dynox.Repo[Order]) error
	}{
		"create": {
			func(t *testing.T, orders *dynox.Repo[Order]) (dynox.Explanation, error) {
				return orders.ExplainCreate(t.Context(), large("new", 2))
			},
			func(t *testing.T, orders *dynox.Repo[Order]) error {
				o := large("new", 2)
				return orders.Create(t.Context(), &o)
			},
		},
		"put": {
			func(t *testing.T, orders *dynox.Repo[Order]) (dynox.Explanation, error) {
				return orders.ExplainPut(t.Context(), o, expr.If(total.Ge(5)))
			},
			func(t *testing.T, orders *dynox.Repo[Order]) error {
				o := o
				return orders.Put(t.Context(), &o, expr.If(total.Ge(5)))
			},
		},
		"update": {
			func(t *testing.T, orders *dynox.Repo[Order]) (dynox.Explanation, error) {
				return orders.ExplainUpdate(t.Context(), o, expr.Add(total, 1), status.Set(Paid))
			},
			func(t *testing.T, orders *dynox.Repo[Order]) error {
				_, err := orders.Update(t.Context(), o, expr.Add(total, 1), status.Set(Paid))
				return err
			},
		},
		"upsert": {
			func(t *testing.T, orders *dynox.Repo[Order]) (dynox.Explanation, error) {
				return orders.ExplainUpsert(t.Context(), large("new", 3), total.Set(1))
			},
			func(t *testing.T, orders *dynox.Repo[Order]) error {
				_, err := orders.Upsert(t.Context(), large("new", 3), total.Set(1))
				return err
			},
		},
		"delete": {
			func(t *testing.T, orders *dynox.Repo[Order]) (dynox.Explanation, error) {
				return orders.ExplainDelete(t.Context(), o, expr.If(total.Ge(5)))
			},
			func(t *testing.T, orders *dynox.Repo[Order]) error {
				return orders.Delete(t.Context(), o, expr.If(total.Ge(5)))
			},
		},
		"once": {
			func(t *testing.T, orders *dynox.Repo[Order]) (dynox.Explanation, error) {
				return orders.ExplainDelete(t.Context(), o, expr.ExactlyOnce[Order]())
			},
			func(t *testing.T, orders *dynox.Repo[Order]) error {
				return orders.Delete(t.Context(), o, expr.ExactlyOnce[Order]())
			},
		},
		"query": {
			func(_ *testing.T, orders *dynox.Repo[Order]) (dynox.Explanation, error) { return orders.Explain(q) },
			func(t *testing.T, orders *dynox.Repo[Order]) error {
				_, err := readIDs(orders.Query(t.Context(), q))
				return err
			},
		},
		"scan": {
			func(_ *testing.T, orders *dynox.Repo[Order]) (dynox.Explanation, error) {
				return orders.Explain(dynox.All[Order]().Only(total).Segments(1))
			},
			func(t *testing.T, orders *dynox.Repo[Order]) error {
				_, err := readIDs(orders.Scan(t.Context(), dynox.All[Order]().Only(total).Segments(1)))
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			engine := memtable.New(t, memtable.WithRequestLog(100))
			orders := newRepo(t, quick(engine), OrderKey, ByStatus)
			stored := o
			is.NoErr(orders.Put(t.Context(), &stored))
			engine.ForgetRequests()
			e, err := c.explain(t, orders)
			is.NoErr(err)
			is.Equal(len(engine.Requests()), 0)
			text := fmt.Sprintf("%v %+v", e, e)
			is.True(!strings.Contains(text, "secret") && !strings.Contains(text, "nnnn"))
			body, err := e.Request()
			is.NoErr(err)
			is.Equal(len(engine.Requests()), 0)

			is.NoErr(c.do(t, orders))
			sent := engine.Requests()[0]
			is.Equal(sent.Operation, e.Operation)
			if diff := cmp.Diff(request(t, sent.Body), request(t, body)); diff != "" {
				t.Error(diff)
			}
			is.True(e.Units.Read+e.Units.Write > 0)
			is.True(len(e.Notes) > 0)
		})
	}
}

// request is the body of a request, without the token that no two share.
func request(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var m map[string]any
	is.NewRelaxed(t).NoErr(json.Unmarshal(body, &m))
	delete(m, "ClientRequestToken")
	return m
}

// TestExplainedUnits: of a put, those that it takes in a table without indexes.
func TestExplainedUnits(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	orders := newRepo(t, memtable.New(t).Client(), OrderKey)
	for _, o := range []Order{anOrder("1", 1), large("1", 2)} {
		e, err := orders.ExplainPut(ctx, o)
		is.NoErr(err)
		var m dynox.Meter
		is.NoErr(orders.Put(dynox.WithMeter(ctx, &m), &o))
		is.Equal(e.Units, dynox.Units{Write: m.Usage().WriteUnits})
		e, err = orders.ExplainPut(ctx, o, expr.ExactlyOnce[Order]())
		is.NoErr(err)
		is.Equal(e.Units, dynox.Units{Write: 2 * m.Usage().WriteUnits})
	}
}

// TestExplainFailsAsTheWriteWould: before anything is sent.
func TestExplainFailsAsTheWriteWould(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	orders := newRepo(t, memtable.New(t).Client(), OrderKey)
	_, err := orders.ExplainPut(ctx, Order{})
	is.True(errors.Is(err, dynox.ErrKey))
	_, err = orders.ExplainUpdate(ctx, anOrder("1", 1))
	is.True(err != nil) // no actions
	_, err = orders.On(dynox.NewTable(memtable.New(t).Client(), "other", dynox.ReadOnly())).ExplainDelete(ctx, anOrder("1", 1))
	is.True(errors.Is(err, dynox.ErrReadOnly))
	_, err = dynox.Explanation{}.Request()
	is.True(err != nil)
	e, err := orders.Explain(OrderKey.In(Order{Customer: "1"}).Filter(total.In()))
	is.NoErr(err)
	is.Equal(e.Units, dynox.Units{}) // nothing can match
	_, err = e.Request()
	is.True(err != nil)
}

// TestExplainUnique: what is sent depends on what is stored.
func TestExplainUnique(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	orders := newRepo(t, memtable.New(t).Client(), OrderKey, tx.Unique(total))
	e, err := orders.ExplainPut(ctx, anOrder("1", 1))
	is.NoErr(err)
	is.Equal(e.Operation, "TransactWriteItems")
	is.True(strings.Contains(e.String(), "unique"))
	_, err = e.Request()
	is.True(err != nil)
}

// What an update would ask and cost, before it does. Its request, with the values, is
// there for who wants it.
func ExampleRepo_ExplainUpdate() {
	_, invoices := shop()
	plan, err := invoices.ExplainUpdate(context.Background(), Invoice{User: "1", Number: 2}, invState.Set("paid"), expr.If(invState.Eq("open")))
	check(err)
	fmt.Println(plan)
	body, err := plan.Request()
	check(err)
	fmt.Println(strings.Contains(string(body), `"UpdateExpression"`))
	// Output:
	// UpdateItem shop
	//   condition: attribute_exists(pk) AND (kind = ? OR attribute_not_exists(kind)) AND state = ?
	//   update: SET state = ?
	//   costs 1 WCU for each 1024 bytes of the whole item, before or after it, however little is changed
	//   each index costs as much again for what it holds of the item, if that changes: by-state
	//   a condition that does not hold costs the same
	// true
}
