package docs_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"
	"github.com/sethvargo/go-retry"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// patiently calls f until it succeeds, or fails for a reason that time does not mend.
func patiently(ctx context.Context, f func(context.Context) error) error {
	backoff := retry.WithMaxDuration(time.Minute, retry.WithJitterPercent(50, retry.NewExponential(100*time.Millisecond)))
	return retry.Do(ctx, backoff, func(ctx context.Context) error {
		err := f(ctx)
		if dynox.Retryable(err) {
			return retry.RetryableError(err)
		}
		return err
	})
}

func TestPatiently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		h := newHotel(t, engine.Client())
		engine.Fail("PutItem", memtable.Throttle(), memtable.Times(10)) // more than the SDK's attempts
		calls := 0
		is.NoErr(patiently(t.Context(), func(ctx context.Context) error {
			calls++
			return h.rooms.Put(ctx, &Room{Number: "101"})
		}))
		is.Equal(calls, 4) // three attempts each
		calls = 0
		err := patiently(t.Context(), func(ctx context.Context) error {
			calls++
			return h.rooms.Create(ctx, &Room{Number: "101", Beds: 2})
		})
		is.True(errors.Is(err, dynox.ErrExists))
		is.Equal(calls, 1)
	})
}

// advice is what to do about the error of a write.
func advice(err error) string {
	switch {
	case err == nil:
		return "nothing"
	case dynox.UnknownOutcome(err):
		return "read the item: the write may have taken effect"
	case dynox.ConditionFailed(err):
		return "read the item: it is not what was expected"
	case errors.Is(err, dynox.ErrNotFound):
		return "there is none"
	case dynox.Retryable(err):
		return "try again later, as it is"
	}
	return "tell somebody"
}

func TestAdvice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		h := newHotel(t, engine.Client())
		is.NoErr(h.guests.Create(t.Context(), &Guest{ID: "ann"}))
		earn := func(id string) string {
			_, err := h.guests.Update(t.Context(), Guest{ID: id}, expr.Add(guestPoints, 10), expr.If(guestPoints.Missing().Or(guestPoints.Lt(35))))
			return advice(err)
		}
		for _, fault := range []memtable.Fault{memtable.ResetBefore(), memtable.ResetAfter(), memtable.InternalError()} {
			engine.Fail("UpdateItem", fault)
			is.Equal(earn("ann"), "read the item: the write may have taken effect")
		}
		engine.Fail("UpdateItem", memtable.Throttle(), memtable.Times(3))
		is.Equal(earn("ann"), "try again later, as it is")
		is.Equal(earn("ann"), "nothing")
		is.Equal(earn("ann"), "nothing")
		is.Equal(earn("ann"), "nothing")
		is.Equal(earn("ann"), "read the item: it is not what was expected")
		is.Equal(earn("bob"), "there is none")
	})
}

// newClient is a client for many goroutines: each call has five attempts of its own.
func newClient(cfg aws.Config) *dynamodb.Client {
	return dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.Retryer = dynox.Retryer(5)
	})
}

// once is ctx for calls that the SDK attempts once.
func once(ctx context.Context) context.Context {
	return dynox.WithSDKOptions(ctx, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
}

func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		o := engine.Client().Options()
		h := newHotel(t, newClient(aws.Config{Region: o.Region, Credentials: o.Credentials, HTTPClient: o.HTTPClient}))
		engine.Fail("GetItem", memtable.Throttle(), memtable.Always())
		count := func(ctx context.Context) int {
			engine.ForgetRequests()
			_, err := h.guests.Get(ctx, Guest{ID: "ann"})
			is.True(dynox.Throttled(err))
			return len(engine.Requests())
		}
		is.Equal(count(t.Context()), 5)
		is.Equal(count(once(t.Context())), 1)
	})
}
