package stream_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
	"go.uber.org/goleak"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/stream"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, // connections that wait for another request are an endpoint's, not ours
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func TestChanges(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		orders, customers := repos(t, client, table, types.StreamViewTypeNewAndOldImages)
		is.NoErr(customers.Put(ctx, &customer{ID: "42", Name: "Ada"}))
		is.NoErr(orders.Put(ctx, &order{Customer: "42", ID: "1", Total: 10}))
		is.NoErr(orders.Put(ctx, &order{Customer: "42", ID: "1", Total: 20}))
		is.NoErr(orders.Delete(ctx, order{Customer: "42", ID: "1"}))

		changes, err := stream.New(streamsOf(client), orders)
		is.NoErr(err)
		all := collect(t, changes, 3)
		is.Equal(all[0].Event, stream.Insert)
		is.Equal(*all[0].New, order{Customer: "42", ID: "1", Total: 10})
		is.Equal(all[0].Old, nil)
		is.Equal(all[0].Key, order{Customer: "42", ID: "1"})
		is.True(time.Since(all[0].At) < time.Hour)
		is.True(all[0].ID != "" && all[0].Shard != "" && all[0].Token == 1)
		is.Equal(all[1].Event, stream.Modify)
		is.Equal(*all[1].Old, order{Customer: "42", ID: "1", Total: 10})
		is.Equal(*all[1].New, order{Customer: "42", ID: "1", Total: 20})
		is.Equal(all[2].Event, stream.Remove)
		is.Equal(*all[2].Old, order{Customer: "42", ID: "1", Total: 20})
		is.Equal(all[2].New, nil)

		both, err := stream.New(streamsOf(client), dynox.Union[any](orders, customers))
		is.NoErr(err)
		some := collect(t, both, 4)
		is.Equal(*some[0].New, any(customer{ID: "42", Name: "Ada"}))
		is.Equal(some[0].Key, any(customer{ID: "42"}))
		is.Equal(*some[3].Old, any(order{Customer: "42", ID: "1", Total: 20}))
	})
}
