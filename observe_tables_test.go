package dynox_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/tx"
)

// What looks at a table sees the calls that are about several, whichever is the first.
func TestCallsAboutSeveralTables(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		shared, own := new(recorder), new(recorder)
		var hot []dynox.Hot
		limiter := dynox.FixedRate(dynox.Units{Read: 1000, Write: 1000})
		repo := func(opts ...dynox.TableOption) (orders *dynox.Repo[Order], table string) {
			at := newTable(t, client, opts...) //nolint:contextcheck // it has the context of the test
			orders, err := dynox.NewRepo(at, OrderKey)
			is.NoErr(err)
			is.NoErr(at.Ensure(ctx, orders))
			return orders, at.Name()
		}
		plain, name := repo()
		watched, second := repo(dynox.Observe(shared), dynox.RateLimit(limiter))
		third, last := repo(dynox.Observe(shared), dynox.Observe(own),
			dynox.HotPartitions(time.Minute, dynox.Units{Read: 1, Write: 1}, func(_ context.Context, h dynox.Hot) { hot = append(hot, h) }))
		hotParts := 0
		for what, do := range map[string]func(o *Order) error{
			"transaction": func(o *Order) error {
				return tx.Write(ctx, tx.Put(plain, o), tx.Put(watched, o), tx.Put(third, o))
			},
			"reads": func(o *Order) error {
				return tx.Read(ctx, tx.Get(plain, *o), tx.Get(watched, *o), tx.Get(third, *o))
			},
			"batch": func(o *Order) error {
				return batch.Write(ctx, slices.Values([]batch.Op{batch.Put(plain, o), batch.Put(watched, o), batch.Put(third, o)}))
			},
			"gets": func(o *Order) error {
				return batch.Read(ctx, batch.Ref(plain, *o), batch.Ref(watched, *o), batch.Ref(third, *o))
			},
			"statements": func(o *Order) error {
				read := func(r *dynox.Repo[Order], table string) dynox.Executable {
					return dynox.PartiQL(r, `SELECT * FROM "`+table+`" WHERE pk = ? AND sk = ?`, "CUSTOMER#1", "x")
				}
				return dynox.Execute(ctx, read(plain, name), read(watched, second), read(third, last))
			},
		} {
			o := anOrder("1", 1)
			before := limiter.Read().Units + limiter.Write().Units
			hot = nil
			is.NoErr(do(&o))
			for _, r := range []*recorder{shared, own} {
				calls := r.take()
				is.Equal(len(calls), 1) // each observer once
				is.Equal(calls[0].Table, name)
				is.Equal(calls[0].Tables, []string{name, second, last})
				is.Equal(calls[0].Requested, 3)
				is.True(calls[0].ReadUnits+calls[0].WriteUnits > 0)
			}
			if what != "statements" {
				is.True(limiter.Read().Units+limiter.Write().Units > before) // the limit of a later table
			}
			for _, h := range hot {
				is.Equal(h.Table, last)
				hotParts++
			}
		}
		is.True(hotParts > 0)
	})
}
