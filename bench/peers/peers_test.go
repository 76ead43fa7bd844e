package peers

import (
	"context"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/guregu/dynamo/v2"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bench/internal/work"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/memtable"
)

const orders = 1400 // about a page of 1 MB

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// recorded is an engine's answers to each operation.
func recorded(b *testing.B) *work.Canned {
	ctx := context.Background()
	c := work.Recorder(memtable.New(b))
	table := dynox.NewTable(c.Client(), "shop")
	repo, err := dynox.NewRepo(table, work.OrderKey)
	check(b, err)
	check(b, table.Ensure(ctx, repo))
	for i := range orders {
		o := work.NewOrder(i)
		check(b, repo.Put(ctx, &o))
	}
	o := work.NewOrder(0)
	_, err = repo.Get(ctx, o)
	check(b, err)
	for _, err := range repo.Query(ctx, work.OrderKey.In(work.Order{Customer: o.Customer})) {
		check(b, err)
	}
	return c.Replay()
}

func BenchmarkPeers(b *testing.B) {
	ctx := context.Background()
	c := recorded(b)
	o := work.NewOrder(0)
	repo, err := dynox.NewRepo(dynox.NewTable(c.Client(), "shop"), work.OrderKey)
	check(b, err)
	table := dynamo.NewFromIface(c.Client()).Table("shop")
	for _, t := range []struct {
		name string
		f    func() error
	}{
		{"Query/impl=dynox", func() error {
			items := make([]work.Order, 0, orders)
			for o, err := range repo.Query(ctx, work.OrderKey.In(work.Order{Customer: o.Customer})) {
				if err != nil {
					return err
				}
				items = append(items, o)
			}
			return nil
		}},
		{"Query/impl=guregu", func() error {
			var items []work.Order
			return table.Get("customer", o.Customer).All(ctx, &items)
		}},
		{"GetItem/impl=dynox", func() error { _, err := repo.Get(ctx, o); return err }},
		{"GetItem/impl=guregu", func() error {
			var got work.Order
			return table.Get("customer", o.Customer).Range("id", dynamo.Equal, o.ID).One(ctx, &got)
		}},
		{"PutItem/impl=dynox", func() error { return repo.Put(ctx, &o) }},
		{"PutItem/impl=guregu", func() error { return table.Put(o).Run(ctx) }},
	} {
		b.Run(t.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				check(b, t.f())
			}
		})
	}
}

// BenchmarkExpressions builds a condition, two updates and a projection, and
// encodes their values.
func BenchmarkExpressions(b *testing.B) {
	plan, err := codec.Compile(reflect.TypeFor[work.Order](), codec.Options{})
	check(b, err)
	projection := []codec.Path{{{Name: "status"}}, {{Name: "total"}}, {{Name: "ship"}, {Name: "city"}}}
	b.Run("impl=dynox", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var write ast.Write
			for _, o := range []expr.Action[work.Order]{
				work.Status.Set("paid"), expr.Add(work.Total, 5), expr.If(work.Total.Lt(1000).And(work.City.Eq("Oslo"))),
			} {
				o.Write(&write)
			}
			w := ast.NewWriter(plan)
			w.Condition(write.Cond)
			w.Update(write.Actions)
			w.Projection(projection)
			if w.Names() == nil || w.Values() == nil || w.Err() != nil {
				b.Fatal(w.Err())
			}
		}
	})
	b.Run("impl=sdk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e, err := expression.NewBuilder().
				WithCondition(expression.And(expression.Name("total").LessThan(expression.Value(1000)), expression.Name("ship.city").Equal(expression.Value("Oslo")))).
				WithUpdate(expression.Set(expression.Name("status"), expression.Value("paid")).Add(expression.Name("total"), expression.Value(5))).
				WithProjection(expression.NamesList(expression.Name("status"), expression.Name("total"), expression.Name("ship.city"))).Build()
			if err != nil || e.Names() == nil || e.Values() == nil {
				b.Fatal(err)
			}
		}
	})
}
