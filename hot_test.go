package dynox_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// heated is a repository that tells of hot partitions, and what it told.
func heated(t *testing.T, client *dynamodb.Client, window time.Duration, units dynox.Units) (*dynox.Repo[Order], *[]dynox.Hot) {
	t.Helper()
	is, told := is.NewRelaxed(t), new([]dynox.Hot)
	table := newTable(t, client, dynox.HotPartitions(window, units, func(_ context.Context, h dynox.Hot) { *told = append(*told, h) }))
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), orders))
	return orders, told
}

// TestHotPartitions: one is told of, once in a window, however it is used.
func TestHotPartitions(t *testing.T) {
	for name, do := range map[string]func(ctx context.Context, orders *dynox.Repo[Order], o Order) error{
		"put":    func(ctx context.Context, orders *dynox.Repo[Order], o Order) error { return orders.Put(ctx, &o) },
		"delete": func(ctx context.Context, orders *dynox.Repo[Order], o Order) error { return orders.Delete(ctx, o) },
		"update": func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			_, err := orders.Upsert(ctx, o, total.Set(1))
			return err
		},
		"batch": func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			other := anOrder("other", 1)
			return batch.Write(ctx, slices.Values([]batch.Op{batch.Put(orders, &o), batch.Put(orders, &other)}))
		},
		"transaction": func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			return tx.Write(ctx, tx.Put(orders, &o))
		},
		"get": func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			_, _, err := ignoreMissing(orders.Get(ctx, o))
			return err
		},
		"query": func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			_, err := orders.Count(ctx, OrderKey.In(Order{Customer: o.Customer}))
			return err
		},
		"gets": func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			for _, err := range batch.Get(ctx, orders, slices.Values([]Order{o, anOrder("other", 2)})) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"transaction of gets": func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			return tx.Read(ctx, tx.Get(orders, o))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is, ctx := is.New(t), t.Context()
				orders, told := heated(t, memtable.New(t).Client(), time.Minute, dynox.Units{Read: 20, Write: 20})
				hot := anOrder("hot", 1)
				for window := range 2 {
					for range 50 {
						is.NoErr(do(ctx, orders, hot))
						is.NoErr(do(ctx, orders, anOrder(string(rune('a'+window)), 1)))
					}
					time.Sleep(time.Minute)
				}
				want, err := orders.PartitionHash(ctx, Order{Customer: "hot"})
				is.NoErr(err)
				n := 0
				for _, h := range *told {
					if h.Partition == want {
						n++
						is.True(h.AtLeast >= 20 && h.Units >= h.AtLeast && h.Units < 40)
						is.Equal(h.Index, "")
						is.Equal(h.Window, time.Minute)
					}
				}
				is.Equal(n, 2)
			})
		})
	}
}

func ignoreMissing(o Order, err error) (Order, bool, error) {
	if dynox.ErrorClass(err) == dynox.ClassNotFound {
		return o, false, nil
	}
	return o, err == nil, err
}

// TestColdPartitions: nobody is told of what takes less, nor of a scan; an index has
// partitions of its own.
func TestColdPartitions(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	orders, told := heated(t, memtable.New(t).Client(), time.Hour, dynox.Units{Read: 10})
	o := anOrder("1", 1)
	for range 100 {
		is.NoErr(orders.Put(ctx, &o)) // writes are not looked at
	}
	for i := range 100 {
		_, _, err := ignoreMissing(orders.Get(ctx, anOrder(string(rune('A'+i)), 1)))
		is.NoErr(err)
		_, err = orders.Count(ctx, dynox.All[Order]())
		is.NoErr(err)
	}
	is.Equal(len(*told), 0)
	for range 30 {
		_, err := orders.Count(ctx, ByStatus.In(Order{Status: New}))
		is.NoErr(err)
	}
	is.Equal(len(*told), 1)
	is.Equal((*told)[0].Index, "by-status")
	_, err := orders.PartitionHash(ctx, Order{})
	is.True(err != nil)
	for _, opt := range []dynox.TableOption{
		dynox.HotPartitions(0, dynox.Units{Read: 1}, func(context.Context, dynox.Hot) {}),
		dynox.HotPartitions(time.Second, dynox.Units{Read: 1}, nil),
		dynox.HotPartitions(time.Second, dynox.Units{Read: -1}, func(context.Context, dynox.Hot) {}),
	} {
		_, err := dynox.NewRepo(newTable(t, memtable.New(t).Client(), opt), OrderKey)
		is.True(err != nil)
	}
}
