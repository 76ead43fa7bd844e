package otel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks/otel"
	"github.com/dynox-go/dynox/memtable"
)

type user struct {
	ID   string `dynamodbav:"id"`
	Name string `dynamodbav:"name"`
}

var (
	proto   = expr.Proto[user]()
	userKey = dynox.Key[user]{Partition: dynox.By(expr.At(proto, &proto.ID))}
)

// seen is a repository, its engine, and where its spans and metrics are.
type seen struct {
	engine *memtable.Engine
	users  *dynox.Repo[user]
	spans  *tracetest.SpanRecorder
	tracer trace.Tracer
	reader *sdkmetric.ManualReader
}

func observed(t *testing.T) *seen {
	t.Helper()
	is := is.NewRelaxed(t)
	s := &seen{engine: memtable.New(t), spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans))
	s.tracer = tracers.Tracer("test")
	o, err := otel.New(nil, otel.Tracers(tracers), otel.Meters(sdkmetric.NewMeterProvider(sdkmetric.WithReader(s.reader))),
		otel.Attributes(attribute.String("db.namespace", "eu-west-1")))
	is.NoErr(err)
	table := dynox.NewTable(s.engine.Client(), "users", dynox.Observe(o))
	s.users, err = dynox.NewRepo(table, userKey)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), s.users))
	return s
}

// attributes are those of a span, by name.
func attributes(s sdktrace.ReadOnlySpan) map[string]any {
	all := map[string]any{}
	for _, a := range s.Attributes() {
		all[string(a.Key)] = a.Value.AsInterface()
	}
	return all
}

// TestSpans: one for each call, below the caller's, with what the conventions ask for.
func TestSpans(t *testing.T) {
	is, s := is.New(t), observed(t)
	ctx, parent := s.tracer.Start(t.Context(), "request")
	u := user{ID: "secret-id", Name: "secret-name"}
	is.NoErr(s.users.Create(ctx, &u))
	is.True(errors.Is(s.users.Create(ctx, &u), dynox.ErrExists))
	_, err := s.users.Count(ctx, dynox.All[user]())
	is.NoErr(err)
	s.engine.Fail("GetItem", memtable.ErrorResponse(400, "AccessDeniedException", "not secret-id"))
	_, err = s.users.Get(ctx, u)
	is.True(err != nil)
	parent.End()

	spans := s.spans.Ended()
	is.Equal(len(spans), 5)
	for _, span := range spans[:4] {
		is.Equal(span.Parent().SpanID(), parent.SpanContext().SpanID())
		is.Equal(span.SpanKind(), trace.SpanKindClient)
		is.True(!span.EndTime().Before(span.StartTime()))
		a := attributes(span)
		is.Equal(a["db.system.name"], "aws.dynamodb")
		is.Equal(a["db.collection.name"], "users")
		is.Equal(a["aws.dynamodb.table_names"], []string{"users"})
		is.Equal(a["db.namespace"], "eu-west-1")
		is.True(a["aws.request_id"] != nil)
		is.True(!strings.Contains(fmt.Sprint(a, span.Status(), span.Events()), "secret"))
	}
	is.Equal(spans[0].Name(), "PutItem users")
	is.Equal(attributes(spans[0])["db.operation.name"], "PutItem")
	is.Equal(attributes(spans[0])["aws.dynamodb.consumed_capacity.write"], 1.0)
	is.Equal(spans[0].Status().Code, codes.Unset)
	is.Equal(attributes(spans[1])["error.type"], dynox.ClassConditionFailed)
	is.Equal(spans[1].Status().Code, codes.Unset)
	is.Equal(spans[2].Name(), "Scan users")
	is.Equal(attributes(spans[2])["aws.dynamodb.count"], int64(1))
	is.Equal(attributes(spans[2])["aws.dynamodb.scanned_count"], int64(1))
	is.Equal(attributes(spans[2])["db.response.returned_rows"], int64(1))
	is.Equal(attributes(spans[3])["error.type"], dynox.ClassRefused)
	is.Equal(spans[3].Status().Code, codes.Error)
}

// TestMetrics: by operation and class.
func TestMetrics(t *testing.T) {
	is, s, ctx := is.New(t), observed(t), t.Context()
	u := user{ID: "1"}
	for range 3 {
		is.NoErr(s.users.Put(ctx, &u))
	}
	s.engine.Fail("GetItem", memtable.Throttle())
	_, err := s.users.Get(ctx, u)
	is.NoErr(err)
	_, err = s.users.Get(ctx, user{ID: "nobody"})
	is.True(errors.Is(err, dynox.ErrNotFound))
	is.True(errors.Is(s.users.Create(ctx, &u), dynox.ErrExists))

	var all metricdata.ResourceMetrics
	is.NoErr(s.reader.Collect(ctx, &all))
	is.Equal(len(all.ScopeMetrics), 1)
	got := map[string]float64{} // name, operation and what else tells them apart -> number or sum
	add := func(name string, set attribute.Set, v float64) {
		for _, key := range []attribute.Key{"db.operation.name", "error.type", "dynox.capacity"} {
			if a, ok := set.Value(key); ok {
				name += " " + a.AsString()
			}
		}
		got[name] += v
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, float64(p.Count))
			}
		case metricdata.Histogram[int64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, float64(p.Sum))
			}
		case metricdata.Sum[float64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, p.Value)
			}
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, float64(p.Value))
			}
		}
	}
	want := map[string]float64{
		"db.client.operation.duration PutItem":                  3,
		"db.client.operation.duration PutItem condition_failed": 1,
		"db.client.operation.duration GetItem":                  2,
		"db.client.response.returned_rows GetItem":              1,
		"aws.dynamodb.consumed_capacity PutItem write":          4,
		"aws.dynamodb.consumed_capacity GetItem read":           1,
		"dynox.client.throttles GetItem":                        1,
	}
	is.Equal(got, want)
}

// TestConcurrent: one observer for all goroutines.
func TestConcurrent(t *testing.T) {
	is, s := is.New(t), observed(t)
	done := make(chan error)
	for i := range 10 {
		go func() {
			u := user{ID: fmt.Sprint(i)}
			done <- s.users.Put(t.Context(), &u)
		}()
	}
	for range 10 {
		is.NoErr(<-done)
	}
	is.Equal(len(s.spans.Ended()), 10)
}

// With the providers that the program has set for all of its telemetry.
func ExampleNew() {
	observer, err := otel.New(otel.Attributes(attribute.String("db.namespace", "eu-west-1")))
	if err != nil {
		panic(err)
	}
	table := dynox.NewTable(memtable.Open().Client(), "users", dynox.Observe(observer))
	users, err := dynox.NewRepo(table, userKey)
	if err == nil {
		err = table.Ensure(context.Background(), users)
	}
	if err == nil {
		err = users.Put(context.Background(), &user{ID: "42"})
	}
	fmt.Println(err)
	// Output:
	// <nil>
}
