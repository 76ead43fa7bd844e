package dynox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// watched is a client of an engine whose calls a middleware sees: their
// inputs, the bodies of their requests, their outputs.
type watched struct {
	inputs, outputs []any
	bodies          []string
	change          func(any) // of an input
}

func (w *watched) client(engine *memtable.Engine, opts ...func(*dynamodb.Options)) *dynamodb.Client {
	return engine.Client(append(opts, func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			err := s.Initialize.Add(middleware.InitializeMiddlewareFunc("watch", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				w.inputs = append(w.inputs, in.Parameters)
				if w.change != nil {
					w.change(in.Parameters)
				}
				out, md, err := next.HandleInitialize(ctx, in)
				w.outputs = append(w.outputs, out.Result)
				return out, md, err
			}), middleware.Before)
			if err != nil {
				return err
			}
			return s.Finalize.Add(middleware.FinalizeMiddlewareFunc("body", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				req := in.Request.(*smithyhttp.Request)
				body, err := io.ReadAll(req.GetStream())
				if err == nil {
					w.bodies = append(w.bodies, string(body))
					err = req.RewindStream()
				}
				if err != nil {
					return middleware.FinalizeOutput{}, middleware.Metadata{}, err
				}
				return next.HandleFinalize(ctx, in)
			}), middleware.After)
		})
	})...)
}

// What is not an item, a key or a value stays real in the SDK's structs; the
// wire has all of it; with SDKValues so have the structs.
func TestWhatMiddlewareSees(t *testing.T) {
	for _, sdk := range []bool{false, true} {
		t.Run(fmt.Sprint("SDKValues ", sdk), func(t *testing.T) {
			is := is.New(t)
			ctx := t.Context()
			w := new(watched)
			var opts []dynox.TableOption
			if sdk {
				opts = append(opts, dynox.SDKValues())
			}
			table := dynox.NewTable(w.client(memtable.New(t)), "shop", opts...)
			orders, err := dynox.NewRepo(table, OrderKey, ByStatus, dynox.Kind[Order]("order"))
			is.NoErr(err)
			is.NoErr(table.Ensure(ctx, orders))
			w.change = func(in any) {
				if q, ok := in.(*dynamodb.QueryInput); ok {
					q.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
				}
			}
			*w = watched{change: w.change}
			o := anOrder("42", 1)
			is.NoErr(orders.Put(ctx, &o, expr.If(status.Ne(Shipped))))
			_, err = orders.Get(ctx, o)
			is.NoErr(err)
			is.Equal(len(all(t, orders.Query(ctx, OrderKey.In(Order{Customer: "42"})))), 1)

			put := w.inputs[0].(*dynamodb.PutItemInput)
			is.Equal(*put.TableName, "shop")
			is.True(strings.Contains(*put.ConditionExpression, "<>"))
			is.True(len(put.ExpressionAttributeNames) > 0)
			is.Equal(len(put.Item) > 0, sdk)
			is.Equal(len(put.ExpressionAttributeValues) > 0, sdk)
			is.True(put.Item != nil)
			get := w.inputs[1].(*dynamodb.GetItemInput)
			is.Equal(len(get.Key) > 0, sdk)
			is.Equal(len(w.outputs[1].(*dynamodb.GetItemOutput).Item) > 0, sdk)
			query := w.outputs[2].(*dynamodb.QueryOutput)
			is.Equal(query.Count, int32(1))
			is.Equal(*query.ConsumedCapacity.CapacityUnits, 0.5) // as the middleware asked
			is.Equal(len(query.Items) > 0, sdk)
			for i, want := range []string{`"Item":{`, `"Key":{`, `"ExpressionAttributeValues":{`} {
				is.True(strings.Contains(w.bodies[i], want))
				is.Equal(strings.Count(w.bodies[i], want), 1)
			}
			is.True(strings.Contains(w.bodies[0], `"CUSTOMER#42"`))

			*w = watched{}
			err = orders.Put(ctx, &o, expr.If(total.Gt(1_000_000)))
			var single *types.ConditionalCheckFailedException
			is.True(errors.As(err, &single))
			is.Equal(len(single.Item) > 0, sdk)
			old, ok := dynox.OldItem[Order](err)
			is.True(ok)
			same(t, old, o)
			err = orders.Put(ctx, &o, expr.If(total.Gt(1_000_000)), expr.ExactlyOnce[Order]())
			var canceled *types.TransactionCanceledException
			is.True(errors.As(err, &canceled))
			is.Equal(len(canceled.CancellationReasons[0].Item) > 0, sdk)
			once := w.inputs[1].(*dynamodb.TransactWriteItemsInput).TransactItems[0].Put
			is.Equal(*once.TableName, "shop")
			is.Equal(len(once.Item) > 0, sdk)
			is.Equal(len(once.ExpressionAttributeValues) > 0, sdk)
			is.Equal(strings.Count(w.bodies[1], `"Item":{`), 1)
		})
	}
}

// A middleware that answers instead of the service is believed.
func TestMiddlewareThatAnswers(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	orders := newRepo(t, engine.Client(), OrderKey)
	answer := func(result any) func(*dynamodb.Options) {
		return func(o *dynamodb.Options) {
			o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
				return s.Initialize.Add(middleware.InitializeMiddlewareFunc("cache", func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					return middleware.InitializeOutput{Result: result}, middleware.Metadata{}, nil
				}), middleware.Before)
			})
		}
	}
	item := map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "CUSTOMER#42"}, "total": &types.AttributeValueMemberN{Value: "7"},
		"sk":       &types.AttributeValueMemberS{Value: "ORDER#2026-01-01T12:00:00.500000000Z#b"},
		"customer": &types.AttributeValueMemberS{Value: "42"}, "id": &types.AttributeValueMemberS{Value: "b"},
	}
	got, err := orders.Get(dynox.WithSDKOptions(t.Context(), answer(&dynamodb.GetItemOutput{Item: item})), anOrder("42", 1))
	is.NoErr(err)
	is.Equal(got.Total, int64(7))
	out := &dynamodb.QueryOutput{Items: []map[string]types.AttributeValue{item}, Count: 1}
	is.Equal(len(all(t, orders.Query(dynox.WithSDKOptions(t.Context(), answer(out)), OrderKey.In(Order{Customer: "42"})))), 1)
}

// meddler changes answers on their way.
type meddler struct {
	http.RoundTripper
	mu     sync.Mutex
	meddle func(operation string, body []byte, header http.Header) []byte // nil: the body as it is
	times  int
}

func (m *meddler) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := m.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.times > 0 && m.meddle != nil {
		resp.Header = resp.Header.Clone()
		if changed := m.meddle(req.Header.Get("X-Amz-Target"), body, resp.Header); changed != nil {
			m.times--
			body = changed
		}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

func meddled(t *testing.T, opts ...func(*dynamodb.Options)) (*meddler, *dynox.Repo[Order]) {
	t.Helper()
	engine := memtable.New(t)
	m := &meddler{RoundTripper: engine}
	client := engine.Client(append(opts, func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: m}
		o.Retryer = quick(engine).Options().Retryer
	})...)
	orders := newRepo(t, client, OrderKey)
	for n := 1; n <= 5; n++ {
		o := anOrder("42", n)
		is.New(t).NoErr(orders.Put(t.Context(), &o))
	}
	return m, orders
}

func TestDamagedAnswers(t *testing.T) {
	query := OrderKey.In(Order{Customer: "42"})
	for name, meddle := range map[string]func(string, []byte, http.Header) []byte{
		"changed": func(_ string, b []byte, _ http.Header) []byte {
			return bytes.Replace(b, []byte(`"Oslo"`), []byte(`"Rome"`), 1)
		},
		"truncated": func(_ string, b []byte, _ http.Header) []byte { return b[:len(b)-7] },
		"truncated, no checksum": func(_ string, b []byte, h http.Header) []byte {
			h.Del("X-Amz-Crc32")
			return b[:len(b)-7]
		},
		"not JSON": func(_ string, b []byte, h http.Header) []byte { h.Del("X-Amz-Crc32"); return []byte("<html>") },
		"items that are none": func(_ string, b []byte, h http.Header) []byte {
			h.Del("X-Amz-Crc32")
			return []byte(`{"Count":1,"Items":[7],"Item":7,"ScannedCount":1}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			m, orders := meddled(t)
			want := all(t, orders.Query(t.Context(), query))
			m.meddle = meddle
			// The call is repeated, and nothing of the damaged answer is seen.
			if name != "items that are none" {
				m.times = 1
				same(t, all(t, orders.Query(t.Context(), query)), want)
				m.times = 1
				_, err := orders.Get(t.Context(), want[0])
				is.NoErr(err)
			}
			m.times = 100
			n := 0
			for o, err := range orders.Query(t.Context(), query) {
				if err == nil {
					n++
					continue
				}
				same(t, o, Order{})
				is.True(!strings.Contains(err.Error(), "Oslo"))
				refused(t, err, "damaged")
			}
			is.Equal(n, 0)
		})
	}
}

func TestNullForItems(t *testing.T) {
	is := is.New(t)
	m, orders := meddled(t)
	m.meddle = func(_ string, _ []byte, h http.Header) []byte {
		h.Del("X-Amz-Crc32")
		return []byte(`{"Count":0,"Items":null,"Item":null,"ScannedCount":0}`)
	}
	m.times = 2
	is.Equal(len(all(t, orders.Query(t.Context(), OrderKey.In(Order{Customer: "42"})))), 0)
	_, err := orders.Get(t.Context(), anOrder("42", 1))
	is.True(errors.Is(err, dynox.ErrNotFound))
}

// An answer to a write that cannot be read is as good as lost.
func TestDamagedAnswersToWrites(t *testing.T) {
	is := is.New(t)
	m, orders := meddled(t)
	m.meddle = func(target string, b []byte, _ http.Header) []byte {
		if !strings.Contains(target, "UpdateItem") {
			return nil
		}
		return append(bytes.Clone(b[:len(b)-1]), ' ', '}')
	}
	m.times = 1
	_, err := orders.Update(t.Context(), anOrder("42", 1), expr.Add(total, 5))
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	m.times = 1
	got, err := orders.Update(t.Context(), anOrder("42", 1), status.Set(Paid))
	is.NoErr(err)
	is.Equal(got.Total, anOrder("42", 1).Total+5)
}

func TestChecksumsThatTheUserSwitchedOff(t *testing.T) {
	is := is.New(t)
	m, orders := meddled(t, func(o *dynamodb.Options) { o.DisableValidateResponseChecksum = true })
	m.meddle = func(_ string, b []byte, _ http.Header) []byte {
		return bytes.ReplaceAll(b, []byte(`"Oslo"`), []byte(`"Rome"`))
	}
	m.times = 100
	got, err := orders.Get(t.Context(), anOrder("42", 1))
	is.NoErr(err)
	is.Equal(got.Ship.City, "Rome")
}

func TestCompressedAnswers(t *testing.T) {
	is := is.New(t)
	compressed := 0
	m, orders := meddled(t, func(o *dynamodb.Options) { o.EnableAcceptEncodingGzip = true })
	m.meddle = func(_ string, b []byte, h http.Header) []byte {
		if h.Get("Content-Encoding") == "gzip" {
			compressed++
		}
		return nil
	}
	m.times = 1
	for n := 10; n < 40; n++ {
		o := anOrder("42", n)
		o.ID = strings.Repeat("x", 40)
		is.NoErr(orders.Put(t.Context(), &o))
	}
	is.Equal(len(all(t, orders.Query(t.Context(), OrderKey.In(Order{Customer: "42"})))), 35)
	is.True(compressed > 0)
}

// What was yielded stays as it was, whatever is read later.
func TestItemsAreTheCallers(t *testing.T) {
	is := is.New(t)
	engine, orders := stocked(t, 20)
	q := OrderKey.In(Order{Customer: "42"}).PageSize(3)
	kept := all(t, orders.Query(t.Context(), q))
	for n := 1; n <= 20; n++ {
		o := anOrder("42", n)
		o.Status, o.Ship.City, o.Notes = "changed", "Elsewhere", []string{"other"}
		is.NoErr(orders.Put(t.Context(), &o))
	}
	is.Equal(len(all(t, orders.Query(t.Context(), q))), 20)
	for i, o := range kept {
		same(t, o, anOrder("42", i+1))
	}
	is.True(len(engine.Requests()) > 0)
}

// Every kind of interceptor runs, and sees what is real.
func TestInterceptors(t *testing.T) {
	is := is.New(t)
	seen := new(interceptor)
	_, orders := meddled(t, func(o *dynamodb.Options) {
		o.Interceptors = smithyhttp.InterceptorRegistry{
			BeforeExecution: []smithyhttp.BeforeExecutionInterceptor{seen}, AfterSerialization: []smithyhttp.AfterSerializationInterceptor{seen},
			BeforeTransmit: []smithyhttp.BeforeTransmitInterceptor{seen}, AfterDeserialization: []smithyhttp.AfterDeserializationInterceptor{seen},
			AfterExecution: []smithyhttp.AfterExecutionInterceptor{seen},
		}
	})
	*seen = interceptor{}
	_, err := orders.Get(t.Context(), anOrder("42", 1))
	is.NoErr(err)
	is.Equal(seen.calls, []string{"execution", "serialized", "transmit", "deserialized", "done"})
	is.True(strings.Contains(seen.body, `"Key":{"pk":{"S":"CUSTOMER#42"}`))
}

type interceptor struct {
	calls []string
	body  string
}

func (i *interceptor) note(call string) error { i.calls = append(i.calls, call); return nil }

func (i *interceptor) BeforeExecution(context.Context, *smithyhttp.InterceptorContext) error {
	return i.note("execution")
}

func (i *interceptor) AfterSerialization(context.Context, *smithyhttp.InterceptorContext) error {
	return i.note("serialized")
}

func (i *interceptor) BeforeTransmit(_ context.Context, in *smithyhttp.InterceptorContext) error {
	body, err := io.ReadAll(in.Request.GetStream())
	if err != nil {
		return err
	}
	i.body = string(body)
	return errors.Join(i.note("transmit"), in.Request.RewindStream())
}

func (i *interceptor) AfterDeserialization(context.Context, *smithyhttp.InterceptorContext) error {
	return i.note("deserialized")
}

func (i *interceptor) AfterExecution(context.Context, *smithyhttp.InterceptorContext) error {
	return i.note("done")
}
