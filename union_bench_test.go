package dynox_test

import (
	"fmt"
	"testing"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// The same fields in items of five kinds.
type (
	kindA struct{ kindFields }
	kindB struct{ kindFields }
	kindC struct{ kindFields }
	kindD struct{ kindFields }
	kindE struct{ kindFields }
)

type kindFields struct {
	Owner string   `dynamodbav:"owner"`
	N     int      `dynamodbav:"n"`
	Name  string   `dynamodbav:"name"`
	Total int64    `dynamodbav:"total"`
	Tags  []string `dynamodbav:"tags"`
	Done  bool     `dynamodbav:"done"`
}

func kindRepo[T any](b *testing.B, table *dynox.Table, name string, fields func(*T) *kindFields) *dynox.Repo[T] {
	b.Helper()
	proto := expr.Proto[T]()
	f := fields(proto)
	r, err := dynox.NewRepo(table, dynox.Key[T]{
		Partition: dynox.Composite("pk", "OWNER#{}", expr.At(proto, &f.Owner)), Sort: dynox.Composite("sk", name+"#{}", expr.At(proto, &f.N)),
	}, dynox.Kind[T](name))
	if err != nil {
		b.Fatal(err)
	}
	if err := table.Ensure(b.Context(), r); err != nil {
		b.Fatal(err)
	}
	return r
}

// BenchmarkUnion reads a collection of 10,000 items: of one kind through its
// repository, and of five through a union.
func BenchmarkUnion(b *testing.B) {
	const items = 10_000
	fields := func(i int) kindFields {
		return kindFields{Owner: "o", N: i, Name: fmt.Sprint("name of item ", i), Total: int64(i) * 100, Tags: []string{"one", "two"}, Done: i%2 == 0}
	}
	one := dynox.NewTable(memtable.New(b).Client(), "one")
	as := kindRepo(b, one, "A", func(a *kindA) *kindFields { return &a.kindFields })
	for i := range items {
		if err := as.Put(b.Context(), &kindA{fields(i)}); err != nil {
			b.Fatal(err)
		}
	}
	five := dynox.NewTable(memtable.New(b).Client(), "five")
	a5 := kindRepo(b, five, "A", func(a *kindA) *kindFields { return &a.kindFields })
	b5 := kindRepo(b, five, "B", func(a *kindB) *kindFields { return &a.kindFields })
	c5 := kindRepo(b, five, "C", func(a *kindC) *kindFields { return &a.kindFields })
	d5 := kindRepo(b, five, "D", func(a *kindD) *kindFields { return &a.kindFields })
	e5 := kindRepo(b, five, "E", func(a *kindE) *kindFields { return &a.kindFields })
	for i := range items {
		f := fields(i)
		var err error
		switch i % 5 {
		case 0:
			err = a5.Put(b.Context(), &kindA{f})
		case 1:
			err = b5.Put(b.Context(), &kindB{f})
		case 2:
			err = c5.Put(b.Context(), &kindC{f})
		case 3:
			err = d5.Put(b.Context(), &kindD{f})
		case 4:
			err = e5.Put(b.Context(), &kindE{f})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	owner := kindA{kindFields{Owner: "o"}}
	proto := expr.Proto[kindA]()
	key := dynox.Key[kindA]{
		Partition: dynox.Composite("pk", "OWNER#{}", expr.At(proto, &proto.Owner)), Sort: dynox.Composite("sk", "A#{}", expr.At(proto, &proto.N)),
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range as.Query(b.Context(), key.In(owner)) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != items {
				b.Fatal(n)
			}
		}
	})
	b.Run("five", func(b *testing.B) {
		all := dynox.Union[any](a5, b5, c5, d5, e5)
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range all.Query(b.Context(), key.Collection(owner)) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != items {
				b.Fatal(n)
			}
		}
	})
}
