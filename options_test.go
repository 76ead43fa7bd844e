package dynox_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/iter"
)

// Every option of a read means the same whatever runs it.
func TestOptionsOfQueries(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		orders, want := manyOrders(t, client)
		q := OrderKey.In(Order{Customer: "42"})
		mid, err := orders.Page(ctx, q.Limit(12))
		is.NoErr(err)
		big := func(o Order) bool { return o.Total >= 1010 }
		skip := func(*dynox.ItemError) error { return nil }
		reversed := slices.Clone(want)
		slices.Reverse(reversed)
		for name, c := range map[string]struct {
			q    dynox.Query[Order]
			want []Order
		}{
			"plain":      {q, want},
			"where":      {q.Where(placed.Lt(day(5))), want[:4]},
			"filter":     {q.Filter(total.Ge(1010)), filtered(want, big)},
			"only":       {q.Only(id, total, customer, placed), want},
			"limit":      {q.Limit(7), want[:7]},
			"page size":  {q.PageSize(4), want},
			"desc":       {q.Desc(), reversed},
			"consistent": {q.Consistent(), want},
			"after":      {q.After(mid.Next), want[12:]},
			"prefetch":   {q.Prefetch().PageSize(3), want},
			"on error":   {q.OnItemError(skip), want},
			"many":       {q.Filter(total.Ge(1010)).Desc().PageSize(5).Limit(9).Prefetch().Consistent(), filtered(reversed, big)[:9]},
		} {
			t.Run(name, func(t *testing.T) {
				is := is.New(t)
				key := func(o Order) string { return fmt.Sprint(o.Customer, o.ID, o.Total) }
				keys := func(orders []Order) []string {
					s := []string{}
					for _, o := range orders {
						s = append(s, key(o))
					}
					return s
				}
				is.Equal(keys(all(t, orders.Query(ctx, c.q))), keys(c.want))
				n, err := orders.Count(ctx, c.q)
				is.NoErr(err)
				is.Equal(n, int64(len(c.want)))
				page, err := orders.Page(ctx, c.q.MaxPages(100))
				is.NoErr(err)
				is.Equal(keys(page.Items), keys(c.want))
				type slim struct {
					Customer string `dynamodbav:"customer"`
					ID       string `dynamodbav:"id"`
					Total    int64  `dynamodbav:"total"`
				}
				into, err := iter.Collect(dynox.Into[slim](ctx, orders, c.q))
				is.NoErr(err)
				var narrow []Order
				for _, s := range into {
					narrow = append(narrow, Order{Customer: s.Customer, ID: s.ID, Total: s.Total})
				}
				is.Equal(keys(narrow), keys(c.want))
				// In pieces, by bounds on the work.
				for _, bound := range []func(dynox.Query[Order]) dynox.Query[Order]{
					func(q dynox.Query[Order]) dynox.Query[Order] { return q.MaxScanned(4) },
					func(q dynox.Query[Order]) dynox.Query[Order] { return q.MaxPages(1).PageSize(6) },
					func(q dynox.Query[Order]) dynox.Query[Order] { return q.Limit(2) },
				} {
					var pieces []Order
					var cursor dynox.Cursor
					next := bound(c.q)
					for range 100 {
						pieces = append(pieces, all(t, orders.Query(ctx, next.Track(&cursor)))...)
						if cursor == "" || len(pieces) >= len(c.want) {
							break
						}
						next = bound(c.q).After(cursor)
					}
					is.Equal(keys(pieces[:min(len(pieces), len(c.want))]), keys(c.want))
				}
				if _, err := orders.Explain(c.q); err != nil { //nolint:contextcheck // it sends nothing
					t.Error(err)
				}
			})
		}
	})
}

func TestOptionsOfScans(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		ctx := t.Context()
		orders, _ := manyOrders(t, client)
		whole := all(t, orders.Scan(ctx, dynox.All[Order]()))
		s := dynox.All[Order]()
		for name, c := range map[string]struct {
			s    dynox.Scan[Order]
			want int
		}{
			"plain":      {s, len(whole)},
			"filter":     {s.Filter(total.Ge(1010)), len(filtered(whole, func(o Order) bool { return o.Total >= 1010 }))},
			"only":       {s.Only(id), len(whole)},
			"limit":      {s.Limit(7), 7},
			"page size":  {s.PageSize(4), len(whole)},
			"consistent": {s.Consistent(), len(whole)},
			"prefetch":   {s.Prefetch().PageSize(3), len(whole)},
			"index":      {s.Index(ByStatus), len(whole)},
			"index few":  {s.Index(ByStatus).Filter(total.Ge(1010)).PageSize(3), len(filtered(whole, func(o Order) bool { return o.Total >= 1010 }))},
		} {
			for _, segments := range []int{0, 1, 4} {
				t.Run(fmt.Sprint(name, segments), func(t *testing.T) {
					is := is.New(t)
					s := c.s.Segments(segments)
					is.Equal(len(all(t, orders.Scan(ctx, s))), c.want)
					n, err := orders.Count(ctx, s)
					is.NoErr(err)
					is.Equal(n, int64(c.want))
					_, err = orders.Explain(s) //nolint:contextcheck // it sends nothing
					is.NoErr(err)
					seen := map[string]bool{}
					var cursor dynox.Cursor
					for range 200 {
						for _, o := range all(t, orders.Scan(ctx, s.MaxScanned(5).After(cursor).Track(&cursor))) {
							is.True(name == "only" || !seen[o.Customer+o.ID])
							seen[o.Customer+o.ID] = true
						}
						if cursor == "" {
							break
						}
					}
					if name != "only" && name != "limit" {
						is.Equal(len(seen), c.want)
					}
				})
			}
		}
	})
}

func filtered(orders []Order, keep func(Order) bool) []Order {
	return slices.DeleteFunc(slices.Clone(orders), func(o Order) bool { return !keep(o) })
}

// manyOrders is a repository with 25 orders of customer 42, in their order,
// among orders of others and items of other kinds.
func manyOrders(t *testing.T, client *dynamodb.Client) (*dynox.Repo[Order], []Order) {
	t.Helper()
	is := is.New(t)
	table := newTable(t, client)
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus, dynox.Kind[Order]("order"))
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), orders))
	var want []Order
	for n := 1; n <= 25; n++ {
		o := anOrder("42", n)
		o.Total = 1000 + int64(n)
		is.NoErr(orders.Put(t.Context(), &o))
		want = append(want, o)
		seed(t, client, table.Name(), map[string]any{
			"pk": "CUSTOMER#42", "sk": fmt.Sprintf("ORDER#2026-01-%02dT18:00:00.000000000Z#x", n), "kind": "other", "total": 5000,
		})
		other := anOrder(fmt.Sprint("42", n), n)
		is.NoErr(orders.Put(t.Context(), &other))
	}
	return orders, want
}
