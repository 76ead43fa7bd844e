package dynox_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/middleware"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type session struct {
	User    string    `dynamodbav:"user"`
	ID      int       `dynamodbav:"id"`
	Expires time.Time `dynamodbav:"expires,unixtime"`
	Note    string    `dynamodbav:"note,omitempty"`
}

var (
	sessionProto = expr.Proto[session]()
	sessionUser  = expr.At(sessionProto, &sessionProto.User)
	sessionID    = expr.At(sessionProto, &sessionProto.ID)
	sessionEnd   = expr.At(sessionProto, &sessionProto.Expires)
	sessionNote  = expr.At(sessionProto, &sessionProto.Note)
	sessionKey   = dynox.Key[session]{Partition: dynox.By(sessionUser), Sort: dynox.By(sessionID)}
)

// TestTTL: items past their time are there for nobody who hides them.
func TestTTL(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		all, err := dynox.NewRepo(table, sessionKey, dynox.TTL(sessionEnd))
		is.NoErr(err)
		hiding, err := dynox.NewRepo(table, sessionKey, dynox.TTL(sessionEnd), dynox.HideExpired[session]())
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, all, hiding))
		is.NoErr(table.Ensure(ctx, all)) // it is switched on already
		out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(table.Name())})
		is.NoErr(err)
		is.Equal(aws.ToString(out.TimeToLiveDescription.AttributeName), "expires")

		// A table that the service deletes nothing from yet.
		late := testbed.Table(t, client)
		plain, err := dynox.NewRepo(late, sessionKey)
		is.NoErr(err)
		is.NoErr(late.Ensure(ctx, plain))
		all, hiding = all.On(late), hiding.On(late)
		now := time.Now().Truncate(time.Second)
		items := []session{
			{"a", 1, now.Add(time.Hour), ""}, {"a", 2, now.Add(-time.Hour), ""}, {"a", 3, time.Time{}, ""},
			{"a", 4, now.AddDate(-6, 0, 0), ""}, {"a", 5, now.Add(-time.Second), ""},
		}
		alive := []int{1, 3, 4} // a zero time, and one long ago, are never deleted
		for _, s := range items {
			is.NoErr(all.Put(ctx, &s))
			is.Equal(all.Expired(s), !slices.Contains(alive, s.ID))
		}
		ids := func(all []session, err error) []int {
			t.Helper()
			is.NoErr(err)
			var ids []int
			for _, s := range all {
				ids = append(ids, s.ID)
			}
			slices.Sort(ids)
			return ids
		}
		q := sessionKey.In(session{User: "a"})
		is.Equal(ids(iter.Collect(all.Query(ctx, q))), []int{1, 2, 3, 4, 5})
		is.Equal(ids(iter.Collect(hiding.Query(ctx, q))), alive)
		is.Equal(ids(iter.Collect(hiding.Query(ctx, q.Only(sessionID)))), alive)
		is.Equal(ids(iter.Collect(hiding.Scan(ctx, dynox.All[session]().Segments(2)))), alive)
		is.Equal(ids(iter.Collect(batch.Get(ctx, hiding, slices.Values(items)))), alive)
		page, err := hiding.Page(ctx, q.Limit(2))
		is.Equal(ids(page.Items, err), alive[:2])
		page, err = hiding.Page(ctx, q.Limit(2).After(page.Next))
		is.Equal(ids(page.Items, err), alive[2:])
		is.Equal(page.Next, dynox.Cursor(""))
		n, err := hiding.Count(ctx, q)
		is.NoErr(err)
		is.Equal(n, int64(3))
		n, err = hiding.Count(ctx, dynox.All[session]())
		is.NoErr(err)
		is.Equal(n, int64(3))
		_, err = hiding.Get(ctx, items[1])
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = hiding.Get(ctx, items[1], dynox.Only(sessionNote))
		is.True(errors.Is(err, dynox.ErrNotFound))
		ref := tx.Get(hiding, items[1])
		is.NoErr(tx.Read(ctx, ref))
		is.True(!ref.Found)

		got, err := hiding.Touch(ctx, items[1], now.Add(time.Hour))
		is.NoErr(err)
		is.True(got.Expires.Equal(now.Add(time.Hour)))
		_, err = hiding.Get(ctx, items[1])
		is.NoErr(err)
		got, err = hiding.Touch(ctx, items[1], time.Time{})
		is.NoErr(err)
		is.True(got.Expires.IsZero())
		_, err = hiding.Touch(ctx, session{User: "a", ID: 9}, now)
		is.True(errors.Is(err, dynox.ErrNotFound))
	})
}

func TestTTLRefused(t *testing.T) {
	is := is.New(t)
	table := testbed.Table(t, memtable.New(t).Client())
	type odd struct {
		ID    string    `dynamodbav:"id"`
		Text  time.Time `dynamodbav:"text"`
		Milli time.Time `dynamodbav:"milli"`
		In    struct {
			T time.Time `dynamodbav:"t,unixtime"`
		} `dynamodbav:"in"`
		Good time.Time `dynamodbav:"good,unixtime"`
		More time.Time `dynamodbav:"more,unixtime"`
	}
	p := expr.Proto[odd]()
	key := dynox.Key[odd]{Partition: dynox.By(expr.At(p, &p.ID))}
	for name, opts := range map[string][]dynox.Option[odd]{
		"text": {dynox.TTL(expr.At(p, &p.Text))}, "milliseconds": {dynox.TTL(expr.At(p, &p.Milli)), dynox.UnixMilli(expr.At(p, &p.Milli))},
		"nested": {dynox.TTL(expr.At(p, &p.In.T))}, "twice": {dynox.TTL(expr.At(p, &p.Good)), dynox.TTL(expr.At(p, &p.More))},
		"none to hide by": {dynox.HideExpired[odd]()},
	} {
		if _, err := dynox.NewRepo(table, key, opts...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	one, err := dynox.NewRepo(table, key, dynox.TTL(expr.At(p, &p.Good)))
	is.NoErr(err)
	other, err := dynox.NewRepo(table, key, dynox.TTL(expr.At(p, &p.More)))
	is.NoErr(err)
	is.True(table.Ensure(t.Context(), one, other) != nil)
	is.NoErr(table.Ensure(t.Context(), one))
	is.True(table.Ensure(t.Context(), other) != nil)
	plain, err := dynox.NewRepo(table, key)
	is.NoErr(err)
	_, err = plain.Touch(t.Context(), odd{ID: "a"}, time.Now())
	is.True(err != nil)
	is.True(!plain.Expired(odd{Good: time.Now().Add(-time.Hour)}))
}

// TestKindNames: items of a former name are read, and named anew when they are
// put.
func TestKindNames(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		former, err := dynox.NewRepo(table, sessionKey, dynox.Kind[session]("login"))
		is.NoErr(err)
		now, err := dynox.NewRepo(table, sessionKey, dynox.Kind[session]("session").Also("login", "visit"))
		is.NoErr(err)
		other, err := dynox.NewRepo(table, sessionKey, dynox.Kind[session]("other"))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, former))
		for i, r := range []*dynox.Repo[session]{former, now, other} {
			is.NoErr(r.Put(ctx, &session{User: "a", ID: i}))
		}
		for _, s := range []dynox.Spec[session]{sessionKey.In(session{User: "a"}), dynox.All[session]()} {
			n, err := now.Count(ctx, s)
			is.NoErr(err)
			is.Equal(n, int64(2))
		}
		got, err := iter.Collect(now.Query(ctx, sessionKey.In(session{User: "a"})))
		is.NoErr(err)
		is.Equal(len(got), 2)
		_, err = now.Update(ctx, session{User: "a", ID: 0}, sessionNote.Set("x"))
		is.NoErr(err)
		_, err = former.Get(ctx, session{User: "a", ID: 0}) // an update keeps the name
		is.NoErr(err)
		is.NoErr(now.Put(ctx, &got[0]))
		_, err = former.Get(ctx, session{User: "a", ID: 0})
		is.True(errors.Is(err, dynox.ErrNotFound))
		is.True(errors.Is(now.Put(ctx, &session{User: "a", ID: 2}), dynox.ErrConditionFailed))
	})
	is := is.New(t)
	_, err := dynox.NewRepo(testbed.Table(t, memtable.New(t).Client()), sessionKey, dynox.Kind[session]("s").Also(""))
	is.True(err != nil)
}

func TestNoScans(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	r, err := dynox.NewRepo(dynox.NewTable(engine.Client(), "sessions", dynox.NoScans()), sessionKey)
	is.NoErr(err)
	_, err = iter.Collect(r.Scan(ctx, dynox.All[session]()))
	is.True(errors.Is(err, dynox.ErrScan))
	_, err = r.Count(ctx, dynox.All[session]().Segments(2))
	is.True(errors.Is(err, dynox.ErrScan))
	is.Equal(len(engine.Requests()), 0)
}

// TestSizeOf: an item has the size that the engine counts, to the byte, and costs
// what the service charges.
func TestSizeOf(t *testing.T) {
	type thing struct {
		ID   string            `dynamodbav:"id"`
		Text string            `dynamodbav:"text,omitempty"`
		N    float64           `dynamodbav:"n"`
		B    []byte            `dynamodbav:"b,omitempty"`
		L    []any             `dynamodbav:"l,omitempty"`
		M    map[string]string `dynamodbav:"m,omitempty"`
		S    []int             `dynamodbav:"s,numberset,omitempty"`
		P    *bool             `dynamodbav:"p"`
	}
	p := expr.Proto[thing]()
	engine := memtable.New(t)
	client := engine.Client()
	table := dynox.NewTable(client, "things")
	r, err := dynox.NewRepo(table, dynox.Key[thing]{Partition: dynox.Composite("pk", "THING#{}", expr.At(p, &p.ID))}, dynox.Kind[thing]("thing"))
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Ensure(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		ctx := t.Context()
		item := thing{
			ID: rapid.StringMatching(`[a-zä]{1,40}`).Draw(rt, "id"), Text: strings.Repeat(rapid.SampledFrom([]string{"", "x", "ü", "\n", "<"}).Draw(rt, "text"), rapid.IntRange(0, 9000).Draw(rt, "n")),
			N: float64(rapid.Int64().Draw(rt, "number")) / 1024, B: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "b"),
			L: rapid.SampledFrom([][]any{nil, {"a", 1, true, nil, []any{}}, {map[string]any{"k": 12.5}}}).Draw(rt, "l"),
			M: rapid.MapOf(rapid.StringMatching(`[a-z]{1,5}`), rapid.String()).Draw(rt, "m"), S: rapid.SliceOfDistinct(rapid.Int(), rapid.ID).Draw(rt, "s"),
		}
		size, err := r.SizeOf(ctx, item)
		if err != nil {
			rt.Fatal(err)
		}
		sum := 0
		for _, n := range size.Attributes {
			sum += n
		}
		if sum != size.Bytes {
			rt.Fatalf("%d bytes, and %d of the attributes", size.Bytes, sum)
		}
		var units float64
		spy := func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, capacity(&units)) }
		put := func() {
			if err := r.Put(dynox.WithSDKOptions(ctx, spy), &item); err != nil {
				rt.Fatal(err)
			}
		}
		put()
		if put(); units != size.Write { // over an item of the same size
			rt.Fatalf("%v write units, not %v", units, size.Write)
		}
		if _, err := r.Get(dynox.WithSDKOptions(ctx, spy), item); err != nil || units != size.Read {
			rt.Fatalf("%v read units, not %v, %v", units, size.Read, err)
		}
		if _, err := r.Get(dynox.WithSDKOptions(ctx, spy), item, dynox.Consistent); err != nil || units != size.ReadConsistent {
			rt.Fatalf("%v read units, not %v, %v", units, size.ReadConsistent, err)
		}
		out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("things")})
		if err != nil || aws.ToInt64(out.Table.TableSizeBytes) != int64(size.Bytes) {
			rt.Fatalf("the engine counts %d bytes, not %d, %v", aws.ToInt64(out.Table.TableSizeBytes), size.Bytes, err)
		}
		if err := r.Delete(ctx, item); err != nil {
			rt.Fatal(err)
		}
	})
}

// capacity is a middleware that asks for the consumed capacity, and sets units to
// it.
func capacity(units *float64) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("capacity", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			reflect.ValueOf(in.Parameters).Elem().FieldByName("ReturnConsumedCapacity").SetString("TOTAL")
			out, metadata, err := next.HandleInitialize(ctx, in)
			if err == nil {
				c := reflect.ValueOf(out.Result).Elem().FieldByName("ConsumedCapacity").Interface().(*types.ConsumedCapacity)
				*units = aws.ToFloat64(c.CapacityUnits)
			}
			return out, metadata, err
		}), middleware.Before)
	}
}
