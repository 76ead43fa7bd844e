package dynox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// A structure kept as JSON text in a string.
func ExampleJSON() {
	type Visit struct {
		Page string            `dynamodbav:"page"`
		Tags map[string]string `dynamodbav:"tags"`
	}
	visit := expr.Proto[Visit]()
	page, tags := expr.At(visit, &visit.Page), expr.At(visit, &visit.Tags)
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "visits")
	visits, err := dynox.NewRepo(table, dynox.Key[Visit]{Partition: dynox.By(page)}, dynox.JSON(tags))
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, visits))
	check(visits.Put(ctx, &Visit{Page: "home", Tags: map[string]string{"from": "ad"}}))
	stored, err := engine.Dump("visits")
	fmt.Println(stored, err)
	v, err := visits.Get(ctx, Visit{Page: "home"})
	fmt.Println(v.Tags, err)
	// Output:
	// [{"page":{"S":"home"},"tags":{"S":"{\"from\":\"ad\"}"}}] <nil>
	// map[from:ad] <nil>
}

// Milliseconds since 1970, in keys and in conditions too.
func ExampleUnixMilli() {
	type Visit struct {
		Page string    `dynamodbav:"page"`
		At   time.Time `dynamodbav:"at"`
	}
	visit := expr.Proto[Visit]()
	page, at := expr.At(visit, &visit.Page), expr.At(visit, &visit.At)
	key := dynox.Key[Visit]{Partition: dynox.By(page), Sort: dynox.By(at)}
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "visits")
	visits, err := dynox.NewRepo(table, key, dynox.UnixMilli(at))
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, visits))
	when := time.UnixMilli(1_700_000_000_123)
	check(visits.Put(ctx, &Visit{Page: "home", At: when}))
	stored, err := engine.Dump("visits")
	fmt.Println(stored, err)
	n, err := visits.Count(ctx, key.In(Visit{Page: "home"}).Where(at.Ge(when)))
	fmt.Println(n, err)
	// Output:
	// [{"at":{"N":"1700000000123"},"page":{"S":"home"}}] <nil>
	// 1 <nil>
}
