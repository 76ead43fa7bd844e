package batch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
)

// Line is another kind in the item collections of orders.
type Line struct {
	Customer string    `dynamodbav:"customer"`
	Order    string    `dynamodbav:"order"`
	N        int       `dynamodbav:"-"`
	Note     string    `dynamodbav:"note"`
	Expires  time.Time `dynamodbav:"expires,unixtime,omitempty"`
	Version  int       `dynamodbav:"version"`
}

var (
	line    = expr.Proto[Line]()
	LineKey = dynox.Key[Line]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", expr.At(line, &line.Customer)),
		Sort:      dynox.Composite("sk", "LINE#{}#{}", expr.At(line, &line.Order), expr.At(line, &line.N)),
	}
)

func newLines(t *testing.T, table *dynox.Table, opts ...dynox.Option[Line]) *dynox.Repo[Line] {
	t.Helper()
	lines, err := dynox.NewRepo(table, LineKey, append(opts, dynox.Kind[Line]("line"))...)
	is.NewRelaxed(t).NoErr(err)
	return lines
}

func put[T any](t *testing.T, r *dynox.Repo[T], items ...T) {
	t.Helper()
	is.NewRelaxed(t).NoErr(batch.Write(t.Context(), func(yield func(batch.Op) bool) {
		for _, item := range items {
			if !yield(batch.Put(r, &item)) {
				return
			}
		}
	}, batch.Unchecked()))
}

// stored is how many items a table has, of any kind.
func stored(t *testing.T, client *dynamodb.Client, table *dynox.Table) int {
	t.Helper()
	n := 0
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: ptr(table.Name())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		is.NewRelaxed(t).NoErr(err)
		n += len(page.Items)
	}
	return n
}

func TestDeletePartition(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		s := newShop(t, client)
		lines := newLines(t, s.table)
		orders := make([]Order, 130)
		for i := range orders {
			orders[i] = Order{Customer: "1", ID: i}
		}
		put(t, s.orders, orders...)
		put(t, s.orders, Order{Customer: "2", ID: 1})
		put(t, lines, Line{Customer: "1", Order: "a", N: 1}, Line{Customer: "1", Order: "a", N: 2}, Line{Customer: "10", Order: "a", N: 1})

		// of one kind, whatever the sort fields of the key
		n, err := batch.DeletePartition(ctx, s.orders, Order{Customer: "1", ID: 77})
		is.NoErr(err)
		is.Equal(n, 130)
		is.Equal(stored(t, client, s.table), 4)
		n, err = batch.DeletePartition(ctx, s.orders, Order{Customer: "1"})
		is.NoErr(err)
		is.Equal(n, 0)

		// of all kinds, those of no repository too
		_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: ptr(s.table.Name()), Item: map[string]types.AttributeValue{
			"pk": str("CUSTOMER#1"), "sk": str("OTHER"), "customer": &types.AttributeValueMemberBOOL{},
		}})
		is.NoErr(err)
		n, err = batch.DeletePartition(ctx, s.orders, Order{Customer: "1"}, batch.AllKinds())
		is.NoErr(err)
		is.Equal(n, 3)
		is.Equal(stored(t, client, s.table), 2)
	})
}

// Keys are deleted as they are stored: in older formats, with items that cannot be
// decoded, or that reads hide.
func TestDeletePartitionAsStored(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		s := newShop(t, client)
		key := LineKey
		key.Sort = key.Sort.Also("L_{}_{}")
		var hooked []string
		lines, err := dynox.NewRepo(s.table, key, dynox.Kind[Line]("line"), dynox.TTL(expr.At(line, &line.Expires)), dynox.HideExpired[Line](),
			hooks.BeforeDelete(func(_ context.Context, l *Line) error {
				hooked = append(hooked, fmt.Sprint("before ", l.Order, l.N))
				return nil
			}),
			hooks.AfterDelete(func(_ context.Context, l *Line) error {
				hooked = append(hooked, fmt.Sprint("after ", l.Order, l.N))
				return nil
			}))
		is.NoErr(err)
		put(t, lines, Line{Customer: "1", Order: "a", N: 1, Expires: time.Now().Add(-time.Hour)})
		for _, item := range []map[string]types.AttributeValue{
			{"sk": str("L_b_00000000000000000002"), "kind": str("line"), "order": str("b"), "customer": str("1")},
			{"sk": str("LINE#c#00000000000000000003"), "kind": str("line"), "order": &types.AttributeValueMemberN{Value: "1"}},
			{"sk": str("LINE#d#00000000000000000004"), "kind": str("other")},
		} {
			item["pk"] = str("CUSTOMER#1")
			_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: ptr(s.table.Name()), Item: item})
			is.NoErr(err)
		}
		n, err := batch.DeletePartition(ctx, lines, Line{Customer: "1"})
		is.NoErr(err)
		is.Equal(n, 3)
		is.Equal(stored(t, client, s.table), 1)
		is.Equal(strings.Join(hooked, ", "), strings.Join(hooked[:3], ", ")+", "+strings.ReplaceAll(strings.Join(hooked[:3], ", "), "before", "after"))
		is.True(strings.Contains(strings.Join(hooked, ", "), "after a1"))
		is.True(strings.Contains(strings.Join(hooked, ", "), "after b2"))

		// hooks are those of the repository's own items
		put(t, lines, Line{Customer: "1", Order: "e", N: 5})
		hooked = nil
		n, err = batch.DeletePartition(ctx, lines, Line{Customer: "1"}, batch.AllKinds())
		is.NoErr(err)
		is.Equal(n, 2)
		is.Equal(hooked, []string{"before e5", "after e5"})
	})
}

func TestDeletePartitionRefusals(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine, s := engineShop(t)
	lines := newLines(t, s.table, lock.Version(expr.At(line, &line.Version)))
	put(t, lines, Line{Customer: "1", Order: "a", N: 1})
	refused := func(err error) *batch.PartialError {
		var partial *batch.PartialError
		is.True(errors.As(err, &partial))
		is.Equal(partial.Counts.Done, 0)
		return partial
	}
	engine.ForgetRequests()
	_, err := batch.DeletePartition(ctx, lines, Line{Customer: "1"})
	is.True(strings.Contains(refused(err).Error(), "Unchecked"))
	_, err = batch.DeletePartition(ctx, lines, Line{Customer: "1"}, batch.AllKinds())
	_ = refused(err)
	_, err = batch.DeletePartition(ctx, s.orders, Order{ID: 1})
	is.True(errors.Is(refused(err), dynox.ErrKey))
	_, err = batch.DeletePartition(ctx, s.orders.On(dynox.NewTable(s.client, "old", dynox.ReadOnly())), Order{Customer: "1"})
	is.True(errors.Is(refused(err), dynox.ErrReadOnly))
	_, err = batch.DeletePartition(ctx, s.orders, Order{Customer: "1"}, batch.Concurrency(0))
	_ = refused(err)
	var none *dynox.Repo[Order]
	_, err = batch.DeletePartition(ctx, none, Order{Customer: "1"})
	_ = refused(err)
	// claims of unique values are nobody's to delete
	_, err = batch.DeletePartition(ctx, s.users, User{PK: "dynox:unique#x"}, batch.AllKinds())
	is.True(errors.Is(refused(err), dynox.ErrKey))
	is.Equal(len(engine.Requests()), 0)

	n, err := batch.DeletePartition(ctx, lines, Line{Customer: "1"}, batch.Unchecked())
	is.NoErr(err)
	is.Equal(n, 1)
}

// What ends early goes on where it ended.
func TestDeletePartitionAgain(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine, s := engineShop(t)
	orders := make([]Order, 3000)
	for i := range orders {
		orders[i] = Order{Customer: "1", ID: i, Tags: []string{strings.Repeat("x", 1000)}}
	}
	put(t, s.orders, orders...)
	total, calls := 0, 0
	for ; ; calls++ {
		is.True(calls < 100)
		ctx, cancel := context.WithCancel(ctx)
		engine.Fail("BatchWriteItem", memtable.Partial(10), memtable.After(3), memtable.Times(2))
		n, err := batch.DeletePartition(ctx, s.orders, Order{Customer: "1"}, batch.MaxRetries(0), batch.Concurrency(1), batch.Progress(func(c batch.Counts) {
			if c.Done > 500 {
				cancel()
			}
		}))
		cancel()
		total += n
		if err == nil {
			break
		}
		var partial *batch.PartialError
		is.True(errors.As(err, &partial))
		is.True(len(partial.Left) > 0)
		engine.Heal()
		if calls == 0 { // what is left may be written, too
			is.NoErr(batch.Write(t.Context(), ops(partial.Left...)))
			total += len(partial.Left)
		}
	}
	is.True(calls > 2)
	is.Equal(total, 3000)
	is.Equal(stored(t, s.client, s.table), 0)

	// a page of the read broken off
	put(t, s.orders, orders...)
	engine.Fail("Query", memtable.ErrorResponse(400, "AccessDeniedException", "no"), memtable.After(1))
	n, err := batch.DeletePartition(ctx, s.orders, Order{Customer: "1"})
	is.True(err != nil)
	is.True(n > 500 && n < 1500)
	is.Equal(stored(t, s.client, s.table), 3000-n)
}
