package stream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/crypt"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/stream"
	"github.com/dynox-go/dynox/tx"
)

func TestViewTypes(t *testing.T) {
	for _, view := range types.StreamViewTypeKeysOnly.Values() {
		t.Run(string(view), func(t *testing.T) {
			testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
				is, ctx := is.New(t), t.Context()
				table := testbed.Table(t, client)
				orders, customers := repos(t, client, table, view)
				is.NoErr(customers.Put(ctx, &customer{ID: "1", Name: "Ada"}))
				is.NoErr(orders.Put(ctx, &order{Customer: "1", ID: "1", Total: 1}))
				is.NoErr(orders.Put(ctx, &order{Customer: "1", ID: "1", Total: 2}))
				is.NoErr(customers.Delete(ctx, customer{ID: "1"}))
				is.NoErr(orders.Delete(ctx, order{Customer: "1", ID: "1"}))
				changes, err := stream.New(streamsOf(client), orders)
				is.NoErr(err)
				all := collect(t, changes, 3)
				older := view == types.StreamViewTypeOldImage || view == types.StreamViewTypeNewAndOldImages
				newer := view == types.StreamViewTypeNewImage || view == types.StreamViewTypeNewAndOldImages
				for i, event := range []stream.Event{stream.Insert, stream.Modify, stream.Remove} {
					c := all[i]
					is.Equal(c.Event, event)
					is.Equal(c.Key, order{Customer: "1", ID: "1"})
					is.Equal(c.Old != nil, older && i > 0)
					is.Equal(c.New != nil, newer && i < 2)
					is.True(c.Old == nil || c.Old.Total == i)
					is.True(c.New == nil || c.New.Total == i+1)
				}
			})
		})
	}
}

// raw puts an item of attributes that are texts.
func raw(t *testing.T, client *dynamodb.Client, table *dynox.Table, pairs ...string) {
	t.Helper()
	item := map[string]types.AttributeValue{}
	for i := 0; i < len(pairs); i += 2 {
		item[pairs[i]] = &types.AttributeValueMemberS{Value: pairs[i+1]}
	}
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table.Name()), Item: item}); err != nil {
		t.Fatal(err)
	}
}

type thing struct {
	PK   string `dynamodbav:"pk"`
	SK   string `dynamodbav:"sk"`
	Note string `dynamodbav:"note,omitempty"`
	Size int    `dynamodbav:"size,omitempty"`
}

var (
	th       = expr.Proto[thing]()
	thingKey = dynox.Key[thing]{Partition: dynox.By(expr.At(th, &th.PK)), Sort: dynox.By(expr.At(th, &th.SK))}
)

// An item that becomes one of another kind was removed, as the first kind sees it.
func TestKindsThatChange(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		orders, customers := repos(t, client, table, types.StreamViewTypeNewAndOldImages)
		things, err := dynox.NewRepo(table, thingKey, dynox.Kind[thing]("thing"), tx.Unique(expr.At(th, &th.Note)))
		is.NoErr(err)
		raw(t, client, table, "pk", "a", "sk", "a", "kind", "thing")
		raw(t, client, table, "pk", "a", "sk", "a", "kind", "order")
		raw(t, client, table, "pk", "a", "sk", "a", "kind", "thing", "note", "again")
		raw(t, client, table, "pk", "a", "sk", "a", "kind", "unheard of")
		is.NoErr(things.Create(ctx, &thing{PK: "b", SK: "b", Note: "unique"})) // and a claim
		is.NoErr(things.Delete(ctx, thing{PK: "b", SK: "b"}))

		changes, err := stream.New(streamsOf(client), things)
		is.NoErr(err)
		all := collect(t, changes, 6)
		var events []stream.Event
		for _, c := range all {
			events = append(events, c.Event)
			is.Equal(c.New != nil, c.Event == stream.Insert)
			is.Equal(c.Old != nil, c.Event == stream.Remove)
		}
		is.Equal(events, []stream.Event{"INSERT", "REMOVE", "INSERT", "REMOVE", "INSERT", "REMOVE"})
		is.Equal(all[5].Old.Note, "unique")

		union := dynox.Union[any](customers, things)
		strict, err := stream.New(streamsOf(client), union)
		is.NoErr(err)
		n := 0
		for _, err := range strict.Changes(ctx) {
			if n++; err != nil {
				is.True(errors.Is(err, dynox.ErrKind))
				var bad *stream.ChangeError
				is.True(errors.As(err, &bad) && bad.Sequence != "" && bad.Shard != "")
			}
		}
		is.Equal(n, 2)
		lax, err := stream.New(streamsOf(client), union.Skip())
		is.NoErr(err)
		is.Equal(collect(t, lax, 6)[5].Event, stream.Remove)
		_ = orders
	})
}

// Images are read as items are: opened, upgraded, and with their hooks.
func TestImagesAreReadAsItemsAre(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		_, _ = repos(t, client, table, types.StreamViewTypeNewAndOldImages)
		raw(t, client, table, "pk", "p", "sk", "s", "remark", "old")
		keyring := crypt.Raw("test", []byte("a key of 32 bytes, for examples."))
		options := []dynox.Option[thing]{
			crypt.Field(expr.At(th, &th.Note), keyring, crypt.ReadPlaintext()),
			hooks.Upgrade(expr.At(th, &th.Size), 1, func(item map[string]types.AttributeValue) error {
				item["note"] = item["remark"]
				return nil
			}),
			hooks.AfterLoad(func(_ context.Context, x *thing) error {
				x.Note = strings.ToUpper(x.Note)
				return nil
			}),
		}
		things, err := dynox.NewRepo(table, thingKey, options...)
		is.NoErr(err)
		is.NoErr(things.Put(ctx, &thing{PK: "p", SK: "s", Note: "secret"}))
		changes, err := stream.New(streamsOf(client), things)
		is.NoErr(err)
		all := collect(t, changes, 2)
		is.Equal(*all[1].Old, thing{PK: "p", SK: "s", Note: "OLD", Size: 1})
		is.Equal(*all[1].New, thing{PK: "p", SK: "s", Note: "SECRET", Size: 1})

		intruder, err := dynox.NewRepo(table, thingKey,
			crypt.Field(expr.At(th, &th.Note), crypt.Raw("test", []byte("another key, of 32 bytes as well"))))
		is.NoErr(err)
		changes, err = stream.New(streamsOf(client), intruder)
		is.NoErr(err)
		n := 0
		for _, err := range changes.Changes(ctx) {
			if n++; err != nil {
				is.True(errors.Is(err, crypt.ErrOpen))
				is.True(!strings.Contains(err.Error(), "secret"))
			}
		}
		is.Equal(n, 2)
	})
}

func TestChangesThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		engine, orders := office(t, 1)
		table := dynox.NewTable(engine.Client(), "orders")
		fill(t, orders, 0, 3)
		raw(t, engine.Client(), table, "pk", "CUSTOMER#1", "sk", "ORDER#1", "total", "many", "customer", "1", "id", "1")
		raw(t, engine.Client(), table, "pk", "CUSTOMER#1", "sk", "ORDER#2", "customer", "1", "id", "3")
		fill(t, orders, 3, 5)
		changes, err := stream.New(engine.StreamsClient(), orders)
		is.NoErr(err)
		n := 0
		for _, err := range changes.Changes(ctx) {
			if n++; err != nil {
				is.Equal(err.Error(), "dynox: stream orders: order: change 100000000000000000004: "+
					"decode order: total: cannot read S into int")
				break
			}
		}
		is.Equal(n, 4)
		var faults []*stream.ChangeError
		changes, err = stream.New(engine.StreamsClient(), orders, stream.OnChangeError(func(e *stream.ChangeError) error {
			faults = append(faults, e)
			return nil
		}))
		is.NoErr(err)
		is.Equal(len(collect(t, changes, 5)), 5)
		is.Equal(len(faults), 2)
	})
}

func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		engine, orders := office(t, 1)
		checkpoints := checkpointsOf(t, dynox.NewTable(engine.Client(), "checkpoints"))
		fill(t, orders, 0, 25)
		changes, err := stream.New(engine.StreamsClient(), orders, stream.As("batches", checkpoints))
		is.NoErr(err)
		var sizes []int
		next := 0
		for some, err := range changes.Batches(ctx, 10) {
			is.NoErr(err)
			sizes = append(sizes, len(some))
			for _, c := range some {
				is.Equal(c.New.Total, next)
				next++
			}
			if next == 25 {
				break
			}
		}
		is.Equal(sizes, []int{10, 10, 5})
		for some, err := range changes.Batches(ctx, 3) { // the last was not done
			is.NoErr(err)
			is.Equal(len(some), 3)
			is.Equal(some[0].New.Total, 20)
			break
		}
		for _, err := range changes.Batches(ctx, 0) {
			is.True(err != nil)
		}
	})
}

func TestItemsThatExpire(t *testing.T) {
	type session struct {
		PK    string    `dynamodbav:"pk"`
		SK    string    `dynamodbav:"sk"`
		Until time.Time `dynamodbav:"until,unixtime"`
	}
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		client := memtable.New(t)
		table := dynox.NewTable(client.Client(), "sessions")
		p := expr.Proto[session]()
		key := dynox.Key[session]{Partition: dynox.By(expr.At(p, &p.PK)), Sort: dynox.By(expr.At(p, &p.SK))}
		sessions, err := dynox.NewRepo(table, key, dynox.TTL(expr.At(p, &p.Until)), dynox.HideExpired[session]())
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, sessions))
		switchOn(t, client.Client(), table, types.StreamViewTypeNewAndOldImages)
		is.NoErr(sessions.Put(ctx, &session{PK: "a", SK: "a", Until: time.Now().Add(time.Minute)}))
		is.NoErr(sessions.Put(ctx, &session{PK: "a", SK: "b", Until: time.Now().Add(time.Hour)}))
		is.NoErr(sessions.Delete(ctx, session{PK: "a", SK: "b"}))
		time.Sleep(2 * time.Minute)
		changes, err := stream.New(client.StreamsClient(), sessions)
		is.NoErr(err)
		all := collect(t, changes, 4)
		is.Equal(all[2].Event, stream.Remove)
		is.True(!all[2].Expired)
		is.Equal(all[3].Event, stream.Remove)
		is.Equal(all[3].Old.SK, "a")
		is.True(all[3].Expired)
	})
}

func TestNewRefuses(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	client := engine.StreamsClient()
	table := dynox.NewTable(engine.Client(), "orders")
	orders, err := dynox.NewRepo(table, orderKey)
	is.NoErr(err)
	var none *dynox.Repo[order]
	checkpoints, err := stream.NewCheckpoints(table)
	is.NoErr(err)
	for _, test := range []struct {
		client stream.Client
		source stream.Source[order]
		opt    stream.Option
		want   string
	}{
		{nil, orders, nil, "order: a stream without a client"},
		{client, none, nil, "nil repository"},
		{client, nil, nil, "nil repository"},
		{client, orders, stream.From("TOMORROW"), "From: TrimHorizon or Latest"},
		{client, orders, stream.As("", checkpoints), "As: it takes a name"},
		{client, orders, stream.As("mailer", nil), "what NewCheckpoints made"},
		{client, orders, stream.Lease(time.Millisecond), "a lease of 1ms: the least is 100ms"},
		{client, orders, stream.SaveEvery(0), "SaveEvery: at least 1"},
		{client, orders, stream.Poll(0), "Poll: more than 0"},
	} {
		_, err := stream.New(test.client, test.source, test.opt)
		is.True(err != nil)
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, not %s", err, test.want)
		}
	}
	_, err = stream.New(client, dynox.Union[int](orders))
	is.True(err != nil)
	_, err = stream.NewCheckpoints(nil)
	is.True(err != nil)

	failing := func(opts ...stream.Option) (err error) {
		changes, newErr := stream.New(client, orders, opts...)
		is.NoErr(newErr)
		n := 0
		for _, e := range changes.Changes(t.Context()) {
			n, err = n+1, e
		}
		is.Equal(n, 1)
		return err
	}
	is.True(errors.Is(failing(), dynox.ErrTableNotFound))
	is.NoErr(table.Ensure(t.Context(), orders))
	is.Equal(failing().Error(), "dynox: stream orders: order: the table has no stream: the option Stream gives it one")
	is.Equal(failing(stream.ARN("arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2020-01-01T00:00:00.000")).Error(),
		"dynox: stream orders: order: the service answered ResourceNotFoundException")
	switchOn(t, engine.Client(), table, types.StreamViewTypeNewImage)
	misplaced, err := stream.NewCheckpoints(table, stream.CheckpointKey("id", "range"))
	is.NoErr(err)
	is.True(failing(stream.As("a", misplaced)) != nil) // the table's keys are others
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fmt.Errorf("enough"))
	changes, err := stream.New(client, orders)
	is.NoErr(err)
	for _, err := range changes.Changes(ctx) {
		is.True(errors.Is(err, context.Canceled))
	}
}
