package bench

import (
	"testing"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bench/internal/work"
	"github.com/dynox-go/dynox/expr"
)

// Ten types of a service, of the ordinary shape.
type (
	t0 struct{ work.Order }
	t1 struct{ work.Order }
	t2 struct{ work.Order }
	t3 struct{ work.Order }
	t4 struct{ work.Order }
	t5 struct{ work.Order }
	t6 struct{ work.Order }
	t7 struct{ work.Order }
	t8 struct{ work.Order }
	t9 struct{ work.Order }
)

// describe makes the repository of a type, from nothing.
func describe[T any](b *testing.B, table *dynox.Table, order func(*T) *work.Order) *dynox.Repo[T] {
	proto := expr.Proto[T]()
	o := order(proto)
	repo, err := dynox.NewRepo(table, dynox.Key[T]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", expr.At(proto, &o.Customer)),
		Sort:      dynox.Composite("sk", "ORDER#{}", expr.At(proto, &o.ID)),
	}, dynox.Kind[T]("order"))
	check(b, err)
	return repo
}

// BenchmarkStart is what a process does before its first answer: ten
// repositories, and a Get that finds nothing.
func BenchmarkStart(b *testing.B) {
	empty := &work.Canned{Answers: map[string]*work.Answer{"GetItem": {Body: []byte("{}")}}}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		client := empty.Client()
		b.StartTimer()
		table := dynox.NewTable(client, "shop")
		first := describe(b, table, func(t *t0) *work.Order { return &t.Order })
		describe(b, table, func(t *t1) *work.Order { return &t.Order })
		describe(b, table, func(t *t2) *work.Order { return &t.Order })
		describe(b, table, func(t *t3) *work.Order { return &t.Order })
		describe(b, table, func(t *t4) *work.Order { return &t.Order })
		describe(b, table, func(t *t5) *work.Order { return &t.Order })
		describe(b, table, func(t *t6) *work.Order { return &t.Order })
		describe(b, table, func(t *t7) *work.Order { return &t.Order })
		describe(b, table, func(t *t8) *work.Order { return &t.Order })
		describe(b, table, func(t *t9) *work.Order { return &t.Order })
		if _, err := first.Get(background, t0{work.Order{Customer: "c", ID: "1"}}); err == nil {
			b.Fatal("something was found")
		}
	}
}
