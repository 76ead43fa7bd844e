package batch_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

func TestRead(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		s := filled(t, newShop(t, client), 150)
		is.NoErr(s.users.Put(t.Context(), &User{PK: "u", SK: "1", Name: "Ann"}))
		is.NoErr(s.readings.Put(t.Context(), &Reading{Sensor: 2.5, Value: "x"}))
		var all []batch.Reading
		var orders []*batch.Item[Order]
		for n := range 160 {
			orders = append(orders, batch.Ref(s.orders, keyOf(anOrder(n))))
			all = append(all, orders[n])
		}
		ann, nobody := batch.Ref(s.users, User{PK: "u", SK: "1"}), batch.Ref(s.users, User{PK: "u", SK: "2"})
		value, again := batch.Ref(s.readings, Reading{Sensor: 2.50}), batch.Ref(s.orders, keyOf(anOrder(3)))
		// the same key as another type
		other := batch.Ref(s.users, User{PK: "CUSTOMER#3", SK: "ORDER#" + strings.Repeat("0", 19) + "3"})
		all = append(all, ann, nobody, value, again, other, batch.Consistent(), batch.Concurrency(2))
		for range 2 { // refs may be used again
			is.NoErr(batch.Read(t.Context(), all...))
			for n, o := range orders {
				is.Equal(o.Found, n < 150)
				if o.Found {
					is.Equal(cmp.Diff(anOrder(n), o.V), "")
				}
			}
			is.Equal(ann.V.Name, "Ann")
			is.True(!nobody.Found && nobody.V == User{})
			is.True(!other.Found)
			is.Equal(value.V, Reading{2.5, "x"})
			is.True(again.Found)
			again.V.Tags[0] = "changed"
			is.Equal(orders[3].V.Tags[0], "a") // memory of its own
		}
		is.NoErr(batch.Read(t.Context()))
	})
}

func TestReadErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine, s := engineShop(t)
		filled(t, s, 150)
		err := batch.Read(t.Context(), batch.Ref(s.orders, anOrder(1)), batch.Ref(s.orders, Order{}))
		is.True(errors.Is(err, dynox.ErrKey))
		is.True(strings.Contains(err.Error(), "item 1: invalid key"))
		is.True(batch.Read(t.Context(), nil) != nil)
		is.True(batch.Read(t.Context(), batch.Ref[Order](nil, Order{})) != nil)
		is.True(batch.Read(t.Context(), batch.MaxRetries(-1)) != nil)

		// one request fails, the other does not
		var all []batch.Reading
		var refs []*batch.Item[Order]
		for n := range 150 {
			refs = append(refs, batch.Ref(s.orders, anOrder(n)))
			all = append(all, refs[n])
		}
		engine.Fail("BatchGetItem", memtable.ErrorResponse(400, "AccessDeniedException", "no"))
		err = batch.Read(t.Context(), append(all, batch.Concurrency(1))...)
		is.True(strings.HasSuffix(err.Error(), "the service answered AccessDeniedException"))
		is.True(!refs[0].Found)
		is.True(refs[149].Found)

		engine.Fail("BatchGetItem", memtable.Partial(0), memtable.Always())
		is.True(errors.Is(batch.Read(t.Context(), refs[0]), batch.ErrUnprocessed))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		is.True(errors.Is(batch.Read(ctx, refs[0]), context.Canceled))
	})
}
