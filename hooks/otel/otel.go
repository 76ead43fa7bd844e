// Package otel makes spans and metrics of the calls of tables, by the semantic
// conventions of OpenTelemetry for databases and for DynamoDB: names and numbers,
// never values. It is a module of its own, so that nobody else links OpenTelemetry.
// https://opentelemetry.io/docs/specs/semconv/db/dynamodb/
package otel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/dynox-go/dynox"
)

// Scope is the name of the tracer and the meter.
const Scope = "github.com/dynox-go/dynox/hooks/otel"

// Option is an option of [New].
type Option func(*settings)

type settings struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	attrs   []attribute.KeyValue
}

// Tracers is where spans go. The default is the global provider at the time of [New].
func Tracers(p trace.TracerProvider) Option { return func(s *settings) { s.tracers = p } }

// Meters is where metrics go. The default is the global provider at the time of [New].
func Meters(p metric.MeterProvider) Option { return func(s *settings) { s.meters = p } }

// Attributes are given to every span and metric, such as db.namespace, the region,
// and server.address, the endpoint, which a table does not know.
func Attributes(attrs ...attribute.KeyValue) Option {
	return func(s *settings) { s.attrs = append(s.attrs, attrs...) }
}

// Observer makes a span of each call, beside the client's own, and these metrics:
//
//	db.client.operation.duration        histogram, seconds
//	db.client.response.returned_rows    histogram, of reads
//	aws.dynamodb.consumed_capacity      counter, units, by dynox.capacity: read or write
//	dynox.client.throttles              counter, attempts that were throttled
//	dynox.client.rate_limit.duration    histogram, seconds waited for a rate limit
//
// A call that failed has its class as error.type, see [dynox.ErrorClass]; its span is an
// error unless a condition did not hold or an item met a conflict, which programs expect.
// It is safe for concurrent use.
type Observer struct {
	tracer    trace.Tracer
	attrs     []attribute.KeyValue
	duration  metric.Float64Histogram
	rows      metric.Int64Histogram
	units     metric.Float64Counter
	throttles metric.Int64Counter
	waited    metric.Float64Histogram
}

var _ dynox.Observer = (*Observer)(nil)

// New is an observer for [dynox.Observe]. Its error is that of a provider that cannot
// make the metrics.
func New(opts ...Option) (*Observer, error) {
	s := settings{tracers: otel.GetTracerProvider(), meters: otel.GetMeterProvider()}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	o := &Observer{tracer: s.tracers.Tracer(Scope), attrs: append(s.attrs, attribute.String("db.system.name", "aws.dynamodb"))}
	m := s.meters.Meter(Scope)
	errs := make([]error, 5)
	seconds := metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
	o.duration, errs[0] = m.Float64Histogram("db.client.operation.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("Duration of database client operations."))
	o.rows, errs[1] = m.Int64Histogram("db.client.response.returned_rows", metric.WithUnit("{row}"),
		metric.WithExplicitBucketBoundaries(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000),
		metric.WithDescription("The actual number of records returned by the database operation."))
	o.units, errs[2] = m.Float64Counter("aws.dynamodb.consumed_capacity", metric.WithUnit("{unit}"),
		metric.WithDescription("Capacity units consumed, of tables and indexes."))
	o.throttles, errs[3] = m.Int64Counter("dynox.client.throttles", metric.WithUnit("{attempt}"),
		metric.WithDescription("Attempts that the service refused for want of capacity."))
	o.waited, errs[4] = m.Float64Histogram("dynox.client.rate_limit.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("Time that calls waited for a rate limit."))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return o, nil
}

// Start begins the span.
func (o *Observer) Start(ctx context.Context, c *dynox.Call) context.Context {
	ctx, _ = o.tracer.Start(ctx, c.Operation+" "+c.Table, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(c.Started), trace.WithAttributes(o.common(c)...))
	return ctx
}

// End ends the span, and adds to the metrics.
func (o *Observer) End(ctx context.Context, c *dynox.Call) {
	attrs := o.common(c)
	if c.Err != nil {
		attrs = append(attrs, attribute.String("error.type", c.Class))
	}
	o.measure(ctx, c, attrs)
	span := trace.SpanFromContext(ctx)
	if span.IsRecording() {
		span.SetAttributes(details(attrs, c)...)
		switch c.Class {
		case "", dynox.ClassConditionFailed, dynox.ClassConflict:
		default:
			span.SetStatus(codes.Error, c.Err.Error())
		}
	}
	span.End(trace.WithTimestamp(c.Started.Add(c.Duration)))
}

// common are the attributes that are known from the start, of spans and metrics.
func (o *Observer) common(c *dynox.Call) []attribute.KeyValue {
	return append(o.attrs[:len(o.attrs):len(o.attrs)],
		attribute.String("db.operation.name", c.Operation), attribute.String("db.collection.name", c.Table))
}

// details are the attributes of a span that has ended.
func details(attrs []attribute.KeyValue, c *dynox.Call) []attribute.KeyValue {
	attrs = append(attrs, attribute.StringSlice("aws.dynamodb.table_names", c.Tables))
	if c.Index != "" {
		attrs = append(attrs, attribute.String("aws.dynamodb.index_name", c.Index))
	}
	if c.Requested > 1 {
		attrs = append(attrs, attribute.Int("db.operation.batch.size", c.Requested))
	}
	if c.Page > 0 {
		attrs = append(attrs, attribute.Int("aws.dynamodb.count", c.Items), attribute.Int("aws.dynamodb.scanned_count", c.Scanned),
			attribute.Int("dynox.page", c.Page))
	}
	if !c.Writes {
		attrs = append(attrs, attribute.Int("db.response.returned_rows", c.Items))
	}
	if c.ReadUnits > 0 {
		attrs = append(attrs, attribute.Float64("aws.dynamodb.consumed_capacity.read", c.ReadUnits))
	}
	if c.WriteUnits > 0 {
		attrs = append(attrs, attribute.Float64("aws.dynamodb.consumed_capacity.write", c.WriteUnits))
	}
	if c.SearchBytes > 0 {
		attrs = append(attrs, attribute.Float64("dynox.search_bytes", c.SearchBytes))
	}
	if c.RequestID != "" {
		attrs = append(attrs, attribute.String("aws.request_id", c.RequestID))
	}
	if c.Attempts > 1 {
		attrs = append(attrs, attribute.Int("dynox.attempts", c.Attempts))
	}
	if c.Throttles > 0 {
		attrs = append(attrs, attribute.Int("dynox.throttles", c.Throttles))
	}
	if c.Unprocessed > 0 {
		attrs = append(attrs, attribute.Int("dynox.unprocessed", c.Unprocessed))
	}
	if c.Waited > 0 {
		attrs = append(attrs, attribute.Float64("dynox.rate_limit.duration", c.Waited.Seconds()))
	}
	return attrs
}

func (o *Observer) measure(ctx context.Context, c *dynox.Call, attrs []attribute.KeyValue) {
	set := metric.WithAttributeSet(attribute.NewSet(attrs...))
	o.duration.Record(ctx, c.Duration.Seconds(), set)
	if !c.Writes && c.Err == nil {
		o.rows.Record(ctx, int64(c.Items), set)
	}
	capacity := func(kind string, units float64) {
		if units > 0 {
			o.units.Add(ctx, units, metric.WithAttributes(append(o.common(c), attribute.String("dynox.capacity", kind))...))
		}
	}
	capacity("read", c.ReadUnits)
	capacity("write", c.WriteUnits)
	if c.Throttles > 0 {
		o.throttles.Add(ctx, int64(c.Throttles), set)
	}
	if c.Waited > 0 {
		o.waited.Record(ctx, c.Waited.Seconds(), set)
	}
}
