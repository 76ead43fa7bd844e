package dynox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

// A client without middleware has its stacks kept; one with any, though it do
// nothing, has a stack made for each call. Nobody can tell the difference.

// tap hears the requests that pass, and may answer them itself.
type tap struct {
	http.RoundTripper
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	answer   func(n int, req *http.Request) (*http.Response, error) // nil, nil: pass it on
}

func (r *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	n := len(r.requests)
	r.requests, r.bodies = append(r.requests, req), append(r.bodies, string(body))
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		if resp, err := answer(n, req); resp != nil || err != nil {
			return resp, err
		}
	}
	onward := req.Clone(req.Context())
	onward.Body = io.NopCloser(strings.NewReader(string(body)))
	return r.RoundTripper.RoundTrip(onward)
}

// tapped is a repository whose requests are heard, over a kept stack or not.
func tapped(t *testing.T, kept bool, opts ...func(*dynamodb.Options)) (*tap, *dynox.Repo[Order]) {
	t.Helper()
	is := is.New(t)
	engine := memtable.New(t)
	r := &tap{RoundTripper: engine}
	opts = append([]func(*dynamodb.Options){func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: r}
		o.Retryer = quick(engine).Options().Retryer
	}}, opts...)
	if !kept {
		opts = append(opts, testbed.OwnMiddleware)
	}
	table := dynox.NewTable(engine.Client(opts...), "shop")
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus, dynox.Kind[Order]("order"))
	is.NoErr(err)
	is.NoErr(dynox.NewTable(engine.Client(), "shop").Ensure(t.Context(), orders))
	return r, orders
}

// both runs f with a kept stack and without.
func both(t *testing.T, f func(t *testing.T, kept bool)) {
	t.Helper()
	for _, kept := range []bool{true, false} {
		t.Run(fmt.Sprint("kept ", kept), func(t *testing.T) { f(t, kept) })
	}
}

// everything makes a call of each operation, some of which are refused.
func everything(ctx context.Context, orders *dynox.Repo[Order]) []error {
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	for n := range 3 {
		o := anOrder("42", n+1)
		note(orders.Put(ctx, &o, expr.If(status.Ne(Shipped))))
	}
	o := anOrder("42", 1)
	note(orders.Create(ctx, &o))
	_, err := orders.Get(ctx, o)
	note(err)
	_, err = orders.Update(ctx, o, expr.Add(total, 5), expr.ExactlyOnce[Order]())
	note(err)
	_, err = orders.Update(ctx, o, status.Set(Paid), expr.If(total.Gt(1000)))
	note(err)
	for _, err := range orders.Query(ctx, OrderKey.In(Order{Customer: "42"}).Limit(2)) {
		note(err)
	}
	for _, err := range orders.Scan(ctx, dynox.All[Order]().Filter(total.Gt(10))) {
		note(err)
	}
	note(orders.Delete(ctx, o))
	_, err = orders.Get(ctx, o)
	note(err)
	return errs
}

// own are the headers that differ from call to call.
var own = []string{"Amz-Sdk-Invocation-Id", "X-Amz-Date", "Authorization"}

// heard is what a service would make of the requests, without what differs
// from call to call.
func heard(t *testing.T, r *tap) []string {
	t.Helper()
	var all []string
	for i, req := range r.requests {
		h := req.Header.Clone()
		signed := h.Get("Authorization")
		for _, name := range own {
			h[name] = []string{fmt.Sprint(len(h[name]))}
		}
		if _, rest, ok := strings.Cut(signed, "SignedHeaders="); ok {
			h.Set("SignedHeaders", rest[:strings.Index(rest, ",")])
		}
		h.Del("Content-Length")
		var body map[string]any
		if err := json.Unmarshal([]byte(r.bodies[i]), &body); err != nil {
			t.Fatal(err)
		}
		delete(body, "ClientRequestToken")
		all = append(all, fmt.Sprintf("%s %s %s %v %v", req.Method, req.URL, req.Host, h, body))
	}
	return all
}

func TestKeptStacksSendTheSame(t *testing.T) {
	for name, faults := range map[string]func(n int, req *http.Request) (*http.Response, error){
		"": nil,
		"throttled": func(n int, req *http.Request) (*http.Response, error) {
			if n%3 != 0 {
				return nil, nil
			}
			return refusal(req, http.StatusBadRequest, "ThrottlingException"), nil
		},
		"server's faults": func(n int, req *http.Request) (*http.Response, error) {
			if n%2 != 0 {
				return nil, nil
			}
			return refusal(req, http.StatusInternalServerError, "InternalServerError"), nil
		},
		"lost connections": func(n int, _ *http.Request) (*http.Response, error) {
			if n%3 != 0 {
				return nil, nil
			}
			return nil, io.ErrUnexpectedEOF
		},
		"not JSON": func(n int, req *http.Request) (*http.Response, error) {
			if n%3 != 0 {
				return nil, nil
			}
			return response(req, http.StatusBadGateway, "<html>"), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			var requests [2][]string
			var errs [2][]string
			for i, kept := range []bool{true, false} {
				r, orders := tapped(t, kept, func(o *dynamodb.Options) {
					o.AppID, o.RetryMaxAttempts = "shop", 5
					o.AccountIDEndpointMode = aws.AccountIDEndpointModePreferred
				})
				r.answer = faults
				for _, err := range everything(t.Context(), orders) {
					errs[i] = append(errs[i], text(err))
				}
				requests[i] = heard(t, r)
			}
			is.True(len(requests[0]) > 10)
			is.Equal(cmp.Diff(requests[1], requests[0]), "")
			is.Equal(cmp.Diff(errs[1], errs[0]), "")
		})
	}
}

func response(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Request: req, Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

func refusal(req *http.Request, status int, code string) *http.Response {
	return response(req, status, `{"__type":"com.amazonaws.dynamodb.v20120810#`+code+`","message":"no"}`)
}

// text is all that an error tells.
func text(err error) string {
	if err == nil {
		return ""
	}
	var op *smithy.OperationError
	s := err.Error()
	if errors.As(err, &op) {
		s += "; " + op.Service() + " " + op.Operation()
	}
	for err != nil {
		s += fmt.Sprintf("; %T", err)
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			err = many.Unwrap()[len(many.Unwrap())-1]
		} else {
			err = errors.Unwrap(err)
		}
	}
	return s
}

// A context's values and its end reach the HTTP client, and a call that was
// broken off leaves a stack that serves the next.
func TestKeptStacksObeyContexts(t *testing.T) {
	both(t, func(t *testing.T, kept bool) {
		is := is.New(t)
		type key struct{}
		r, orders := tapped(t, kept)
		o := anOrder("42", 1)
		is.NoErr(orders.Put(context.WithValue(t.Context(), key{}, "mine"), &o))
		is.Equal(r.requests[0].Context().Value(key{}), "mine")

		ctx, cancel := context.WithCancel(t.Context())
		r.answer = func(_ int, req *http.Request) (*http.Response, error) {
			cancel()
			<-req.Context().Done()
			return nil, req.Context().Err()
		}
		_, err := orders.Get(ctx, o)
		is.True(errors.Is(err, context.Canceled))
		sent := len(r.requests)
		r.answer = nil
		_, err = orders.Get(t.Context(), o)
		is.NoErr(err)
		is.Equal(len(r.requests), sent+1)
	})
}

// A transport that panics takes its stack with it.
func TestKeptStacksAfterPanics(t *testing.T) {
	both(t, func(t *testing.T, kept bool) {
		is := is.New(t)
		r, orders := tapped(t, kept)
		r.answer = func(int, *http.Request) (*http.Response, error) { panic("broken transport") }
		o := anOrder("42", 1)
		func() {
			defer func() { is.Equal(recover(), "broken transport") }()
			_ = orders.Put(t.Context(), &o)
		}()
		r.answer = nil
		is.NoErr(orders.Put(t.Context(), &o))
	})
}

// Credentials are asked for at each attempt.
func TestKeptStacksFollowCredentials(t *testing.T) {
	both(t, func(t *testing.T, kept bool) {
		is := is.New(t)
		n := 0
		r, orders := tapped(t, kept, func(o *dynamodb.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				n++
				return aws.Credentials{AccessKeyID: fmt.Sprint("AK", n), SecretAccessKey: "s", SessionToken: fmt.Sprint("T", n)}, nil
			})
		})
		for range 3 {
			_, err := orders.Get(t.Context(), anOrder("42", 1))
			is.True(errors.Is(err, dynox.ErrNotFound))
		}
		for i, req := range r.requests {
			is.True(strings.Contains(req.Header.Get("Authorization"), fmt.Sprintf("Credential=AK%d/", i+1)))
			is.Equal(req.Header.Get("X-Amz-Security-Token"), fmt.Sprint("T", i+1))
		}
	})
}

// A clock that is wrong is found out once.
func TestKeptStacksCorrectClocks(t *testing.T) {
	both(t, func(t *testing.T, kept bool) {
		is := is.New(t)
		ahead := 2 * time.Hour
		r, orders := tapped(t, kept)
		r.answer = func(_ int, req *http.Request) (*http.Response, error) {
			at, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
			if err != nil {
				return nil, err
			}
			now := time.Now().Add(ahead)
			resp := response(req, http.StatusOK, "{}")
			if now.Sub(at) > 5*time.Minute {
				resp = refusal(req, http.StatusBadRequest, "InvalidSignatureException")
			}
			resp.Header.Set("Date", now.UTC().Format(http.TimeFormat))
			return resp, nil
		}
		for range 3 {
			_, err := orders.Get(t.Context(), anOrder("42", 1))
			is.True(errors.Is(err, dynox.ErrNotFound))
		}
		is.Equal(len(r.requests), 4) // only the first was signed at the wrong time
	})
}

// What the client logs is logged.
func TestKeptStacksLog(t *testing.T) {
	both(t, func(t *testing.T, kept bool) {
		is := is.New(t)
		var log bytes.Buffer
		_, orders := tapped(t, kept, func(o *dynamodb.Options) {
			o.Logger, o.ClientLogMode = logging.NewStandardLogger(&log), aws.LogRequestWithBody|aws.LogResponseWithBody
		})
		o := anOrder("42", 1)
		is.NoErr(orders.Put(t.Context(), &o))
		got, err := orders.Get(t.Context(), o)
		is.NoErr(err)
		same(t, got, o)
		is.Equal(strings.Count(log.String(), "DEBUG Request"), 2)
		is.True(strings.Count(log.String(), `CUSTOMER#42`) >= 3) // both requests, and the item
	})
}

// Options of a call have their effect, and none on the next.
func TestKeptStacksGiveWayToOptions(t *testing.T) {
	is := is.New(t)
	r, orders := tapped(t, true)
	other := func(o *dynamodb.Options) { o.Region = "eu-north-1" }
	for _, ctx := range []context.Context{t.Context(), dynox.WithSDKOptions(t.Context(), other), t.Context()} {
		_, err := orders.Get(ctx, anOrder("42", 1))
		is.True(errors.Is(err, dynox.ErrNotFound))
	}
	var regions []string
	for _, req := range r.requests {
		regions = append(regions, strings.Split(req.Header.Get("Authorization"), "/")[2])
	}
	is.Equal(regions, []string{"us-east-1", "eu-north-1", "us-east-1"})
}

// Calls beside each other do not meet.
func TestKeptStacksSideBySide(t *testing.T) {
	is := is.New(t)
	_, orders := tapped(t, true)
	var wg sync.WaitGroup
	faults := make(chan error, 1000)
	for g := range 8 {
		wg.Go(func() {
			for n := range 30 {
				o := anOrder(fmt.Sprint(g), n)
				o.Total = int64(g*1000 + n)
				if err := orders.Put(t.Context(), &o); err != nil {
					faults <- err
				}
				switch got, err := orders.Get(t.Context(), o); {
				case err != nil:
					faults <- err
				case got.Total != o.Total:
					faults <- fmt.Errorf("order %d instead of %d", got.Total, o.Total)
				}
				old, err := orders.Update(t.Context(), o, expr.Add(total, 1), expr.If(total.Eq(-1)))
				if stored, ok := dynox.OldItem[Order](err); !ok || stored.Total != o.Total {
					faults <- fmt.Errorf("refused: %w, %v, %v", err, stored, old)
				}
			}
		})
	}
	wg.Wait()
	close(faults)
	is.Equal(len(faults), 0)
	is.Equal(len(all(t, orders.Scan(t.Context(), dynox.All[Order]().Segments(3)))), 240)
}

// The item of a failed condition goes past the SDK as well; what it says
// besides is all there.
func TestRefusedItems(t *testing.T) {
	is := is.New(t)
	r, orders := tapped(t, true)
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	for name, err := range map[string]error{
		"create": orders.Create(t.Context(), &o),
		"put":    orders.Put(t.Context(), &o, expr.If(total.Gt(1000))),
		"once":   orders.Put(t.Context(), &o, expr.If(total.Gt(1000)), expr.ExactlyOnce[Order]()),
		"delete": orders.Delete(t.Context(), o, expr.If(total.Gt(1000))),
	} {
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		got, ok := dynox.OldItem[Order](err)
		is.True(ok) // the item comes with the error
		same(t, got, o)
		var single *types.ConditionalCheckFailedException
		var canceled *types.TransactionCanceledException
		switch {
		case name == "once":
			is.True(errors.As(err, &canceled))
			is.Equal(*canceled.CancellationReasons[0].Code, "ConditionalCheckFailed")
		default:
			is.True(errors.As(err, &single))
			is.Equal(single.ErrorMessage(), "The conditional request failed")
		}
	}
	// What cannot be read is an error without an item.
	r.answer = func(_ int, req *http.Request) (*http.Response, error) {
		return response(req, http.StatusBadRequest, `{"__type":"x#ConditionalCheckFailedException","message":"no","Item":{"pk":{"S":7}}}`), nil
	}
	err := orders.Put(t.Context(), &o, expr.If(total.Gt(1000)))
	is.True(errors.Is(err, dynox.ErrConditionFailed))
	_, ok := dynox.OldItem[Order](err)
	is.True(!ok)
	// A damaged refusal is as good as none.
	r.answer = func(n int, req *http.Request) (*http.Response, error) {
		resp := refusal(req, http.StatusBadRequest, "ConditionalCheckFailedException")
		resp.Header.Set("X-Amz-Crc32", "1")
		return resp, nil
	}
	refused(t, orders.Put(t.Context(), &o, expr.If(total.Gt(1000))), "damaged")
}
