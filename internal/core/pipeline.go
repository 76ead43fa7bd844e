package core

import (
	"context"
	"errors"
	"reflect"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// pipeline is the SDK's middleware stack of one operation. The SDK makes a
// new one for each call, which costs a single item as much as its signing
// does. A client whose stack is the same for every call has its stacks kept
// here; each serves one call at a time, and ends in an exchange of its own.
type pipeline struct {
	handler  middleware.Handler // the stack, in front of the HTTP client
	values   context.Context    // what the stack looks for in a call's context
	exchange exchange
	watcher  watcher // stands before the client's retryer, if attempts are watched
}

// keepable reports whether every call of c goes through the same stack: it is
// the SDK's alone, and whatever else holds state of one call, such as tracing,
// is off.
func keepable(c *dynamodb.Client) bool {
	o := c.Options()
	_, untraced := o.TracerProvider.(*tracing.NopTracerProvider)
	_, unmetered := o.MeterProvider.(metrics.NopMeterProvider)
	if !wraps(o) || !untraced || !unmetered || len(o.APIOptions) > 0 || legacyEndpoint(o) {
		return false
	}
	interceptors := reflect.ValueOf(o.Interceptors)
	for i := range interceptors.NumField() {
		if interceptors.Field(i).Len() > 0 {
			return false
		}
	}
	return true
}

// legacyEndpoint reports whether o has a resolver of the SDK's first version,
// which a call's context tells of.
func legacyEndpoint(o dynamodb.Options) bool {
	return o.EndpointResolver != nil //nolint:staticcheck // a client may still have one
}

var errKept = errors.New("the stack is kept")

// newPipeline has the client make its stack for op, and stops it there. It is
// nil if the SDK does not let it.
func newPipeline[In, Out any](c *dynamodb.Client, op *operation[In, Out], watched bool) *pipeline {
	p := new(pipeline)
	_, err := op.call(c, context.Background(), new(In), func(o *dynamodb.Options) {
		p.exchange.wrap(o)
		if watched {
			p.watcher.wrap(o)
		}
		ctx := middleware.WithServiceID(context.Background(), dynamodb.ServiceID)
		ctx = middleware.WithOperationName(ctx, op.name)
		ctx = middleware.SetLogger(ctx, o.Logger)
		ctx = awsmiddleware.SetServiceID(ctx, dynamodb.ServiceID)
		ctx = awsmiddleware.SetOperationName(ctx, op.name)
		if o.Region != "" {
			ctx = awsmiddleware.SetRegion(ctx, o.Region)
		}
		p.values = tracing.WithOperationTracer(ctx, o.TracerProvider.Tracer(""))
		client := smithyhttp.NewClientHandlerWithOptions(o.HTTPClient)
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			p.handler = middleware.DecorateHandler(client, s)
			return errKept
		})
	})
	if !errors.Is(err, errKept) {
		return nil
	}
	return p
}

// callContext is the context of a call in a kept stack: the caller's, under
// the values that the stack looks for.
type callContext struct {
	context.Context
	values context.Context
}

func (c *callContext) Value(key any) any {
	if v := c.values.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}

// send sends in through a kept stack of op, if there is one.
func send[In, Out any](c *call, op *operation[In, Out], in *In) (out *Out, sent bool, err error) {
	pool := &c.table.pipelines[op.id+pick(c.seen != nil, operations, 0)]
	p, _ := pool.Get().(*pipeline)
	if p == nil {
		if p = newPipeline(c.table.Client.(*dynamodb.Client), op, c.watch != nil || c.seen != nil); p == nil {
			return nil, false, nil
		}
	}
	out = new(Out)
	p.exchange.begin(c, any(out).(smithy.Deserializable))
	p.watcher.attempts, p.watcher.seen = c.watch, c.seen
	_, metadata, err := p.handler.Handle(&callContext{c.ctx, p.values}, in)
	p.exchange.end()
	p.watcher.attempts, p.watcher.seen = nil, nil
	pool.Put(p)
	if c.seen != nil {
		c.seen.metadata = metadata
	}
	if err != nil {
		return nil, true, &smithy.OperationError{ServiceID: dynamodb.ServiceID, OperationName: op.name, Err: err}
	}
	return out, true, nil
}
