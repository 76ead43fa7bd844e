package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// TestErrorClasses: what each failure is taken for.
func TestErrorClasses(t *testing.T) {
	const often = 100
	for name, c := range map[string]struct {
		operation string
		fault     memtable.Fault
		do        func(ctx context.Context, orders *dynox.Repo[Order], o Order) error
		class     string
		retryable bool
	}{
		"throttled put":     {"PutItem", memtable.Throttle(), put, dynox.ClassThrottled, true},
		"account throttled": {"PutItem", memtable.ErrorResponse(http.StatusBadRequest, "RequestLimitExceeded", "too fast"), put, dynox.ClassThrottled, true},
		"throttled transaction": {"TransactWriteItems", memtable.Throttle(), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			return tx.Write(ctx, tx.Put(orders, &o))
		}, dynox.ClassThrottled, true},
		"conflict": {"TransactWriteItems", memtable.Conflict(), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			return tx.Write(ctx, tx.Put(orders, &o))
		}, dynox.ClassConflict, true},
		"single write in conflict": {"PutItem", memtable.Conflict(), put, dynox.ClassConflict, true},
		"lost answer":              {"PutItem", memtable.ResetAfter(), put, dynox.ClassUnknownOutcome, false},
		"lost answer of a read": {"GetItem", memtable.ResetAfter(), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			_, err := orders.Get(ctx, o)
			return err
		}, dynox.ClassUnavailable, true},
		"server's fault": {"GetItem", memtable.InternalError(), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			_, err := orders.Get(ctx, o)
			return err
		}, dynox.ClassUnavailable, true},
		"refused": {"GetItem", memtable.ErrorResponse(http.StatusBadRequest, "AccessDeniedException", "no"), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			_, err := orders.Get(ctx, o)
			return err
		}, dynox.ClassRefused, false},
		"exists": {"", memtable.Latency(0), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error { return orders.Create(ctx, &o) },
			dynox.ClassConditionFailed, false},
		"update of nothing": {"", memtable.Latency(0), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			o.ID = "none"
			_, err := orders.Update(ctx, o, total.Set(1))
			return err
		}, dynox.ClassNotFound, false},
		"update of nothing in a transaction": {"", memtable.Latency(0), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			o.ID = "none"
			return tx.Write(ctx, tx.Update(orders, o, total.Set(1)))
		}, dynox.ClassNotFound, false},
		"condition": {"", memtable.Latency(0), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			return orders.Delete(ctx, o, expr.If(total.Lt(0)))
		}, dynox.ClassConditionFailed, false},
		"condition in a transaction": {"", memtable.Latency(0), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			return tx.Write(ctx, tx.Create(orders, &o))
		}, dynox.ClassConditionFailed, false},
		"not found": {"", memtable.Latency(0), func(ctx context.Context, orders *dynox.Repo[Order], _ Order) error {
			_, err := orders.Get(ctx, anOrder("nobody", 1))
			return err
		}, dynox.ClassNotFound, false},
		"no table": {"", memtable.Latency(0), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			return orders.On(dynox.NewTable(memtable.New(t).Client(), "gone")).Put(ctx, &o)
		}, dynox.ClassNotFound, false},
		"canceled": {"", memtable.Latency(0), func(ctx context.Context, orders *dynox.Repo[Order], o Order) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return orders.Put(ctx, &o)
		}, dynox.ClassCanceled, false},
		"a key that is not set": {"", memtable.Latency(0), func(ctx context.Context, orders *dynox.Repo[Order], _ Order) error {
			return orders.Delete(ctx, Order{})
		}, dynox.ClassOther, false},
	} {
		t.Run(name, func(t *testing.T) {
			is, ctx := is.New(t), t.Context()
			engine, orders := faulty(t)
			o := anOrder("42", 1)
			is.NoErr(orders.Put(ctx, &o))
			engine.Fail(c.operation, c.fault, memtable.Times(often))
			err := c.do(ctx, orders, o)
			is.True(err != nil)
			is.Equal(dynox.ErrorClass(err), c.class)
			is.Equal(dynox.Retryable(err), c.retryable)
			is.Equal(dynox.Throttled(err), c.class == dynox.ClassThrottled)
			is.Equal(dynox.Conflict(err), c.class == dynox.ClassConflict)
			is.Equal(dynox.ConditionFailed(err), c.class == dynox.ClassConditionFailed)
			is.Equal(dynox.UnknownOutcome(err), c.class == dynox.ClassUnknownOutcome)
		})
	}
	is := is.New(t)
	is.Equal(dynox.ErrorClass(nil), "")
	is.True(!dynox.Retryable(nil))
	is.True(dynox.Throttled(fmt.Errorf("mine: %w", &types.ProvisionedThroughputExceededException{}))) // the bare SDK's
	is.Equal(dynox.ErrorClass(errors.New("mine")), dynox.ClassOther)
}

// TestConditionAfterLostAnswer: a condition that fails after an answer was lost may fail because of
// the write itself, so that nobody is told that nothing was changed.
func TestConditionAfterLostAnswer(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine, orders := faulty(t)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(ctx, &o))
	engine.Fail("PutItem", memtable.ResetAfter())
	before := o.Total
	o.Total++
	err := orders.Put(ctx, &o, expr.If(total.Eq(before)))
	is.True(dynox.UnknownOutcome(err))
	is.True(!dynox.ConditionFailed(err))
	stored, err := orders.Get(ctx, o)
	is.NoErr(err)
	is.Equal(stored.Total, o.Total)
}

func put(ctx context.Context, orders *dynox.Repo[Order], o Order) error { return orders.Put(ctx, &o) }

// TestRetryerHasNoQuota: a client that was throttled for long tries as often as
// before, where the SDK's own gives up at once.
func TestRetryerHasNoQuota(t *testing.T) {
	for name, c := range map[string]struct {
		option   func(*dynamodb.Options)
		attempts int
		fails    bool // early
	}{
		"the SDK's": {func(*dynamodb.Options) {}, 3, true},
		"dynox's":   {func(o *dynamodb.Options) { o.Retryer = dynox.Retryer(0) }, 3, false},
		"of five":   {func(o *dynamodb.Options) { o.Retryer = dynox.Retryer(5) }, 5, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is, ctx := is.New(t), t.Context()
				engine := memtable.New(t)
				r, orders := observed(t, engine.Client(c.option))
				engine.Fail("GetItem", memtable.Throttle(), memtable.Always())
				for range 200 {
					_, err := orders.Get(ctx, anOrder("1", 1))
					is.True(dynox.Throttled(err))
				}
				calls := r.take()
				is.Equal(calls[0].Attempts, c.attempts)
				is.Equal(calls[199].Attempts < c.attempts, c.fails)
			})
		})
	}
}

// TestRefusalThatCannotBeRead: whatever the service refused, and why, nothing was changed and it
// may be tried again.
func TestRefusalThatCannotBeRead(t *testing.T) {
	for name, option := range map[string]func(*dynamodb.Options){"direct": testbed.Quick, "attribute values": testbed.OtherProtocol} {
		t.Run(name, func(t *testing.T) {
			is, ctx := is.New(t), t.Context()
			engine := memtable.New(t)
			orders := newRepo(t, engine.Client(), OrderKey)
			o := anOrder("1", 1)
			is.NoErr(orders.Create(ctx, &o))
			client := engine.Client(testbed.Quick, option, func(o *dynamodb.Options) { o.HTTPClient = halved{o.HTTPClient} })
			orders = orders.On(dynox.NewTable(client, engine.Requests()[0].Table))
			err := orders.Create(ctx, &o)
			is.Equal(dynox.ErrorClass(err), dynox.ClassUnavailable)
			is.True(dynox.Retryable(err))
			is.True(strings.Contains(err.Error(), "answer is damaged"))
		})
	}
}

// halved cuts the answers that refuse something.
type halved struct{ inner dynamodb.HTTPClient }

func (h halved) Do(r *http.Request) (*http.Response, error) {
	answer, err := h.inner.Do(r)
	if err == nil && answer.StatusCode == http.StatusBadRequest {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(answer.Body, answer.ContentLength/2), iotest.ErrReader(io.ErrUnexpectedEOF)), answer.Body}
	}
	return answer, err
}
