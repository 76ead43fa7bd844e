package soak_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

// chaos is what goes wrong between clients and an engine, at random.
type chaos struct {
	engine *memtable.Engine
	share  float64 // of the requests that meet a fault

	mu       sync.Mutex
	rnd      *rand.Rand
	injected map[string]int // faults by name
	requests int
}

// trouble is one thing that may go wrong: a fault of the engine's, or what becomes
// of an answer.
type trouble struct {
	name   string
	only   string // a part of the operation's name
	direct bool   // only dynox sees it: the SDK logs wrong checksums, and goes on
	fault  memtable.Fault
	answer func(*http.Response) (*http.Response, error)
}

var troubles = []trouble{
	{name: "throttled", fault: memtable.Throttle()},
	{name: "500 before it ran", fault: memtable.InternalError()},
	{name: "connection cut before it ran", fault: memtable.ResetBefore()},
	{name: "connection cut after it ran", fault: memtable.ResetAfter()},
	{name: "slow", fault: memtable.Latency(20 * time.Millisecond)},
	{name: "partial batch", only: "Batch", fault: memtable.Partial(2)},
	{name: "conflict", only: "TransactWrite", fault: memtable.Conflict(0)},
	{name: "timeout after it ran", answer: func(r *http.Response) (*http.Response, error) {
		_ = r.Body.Close()
		return nil, timeout{}
	}},
	{name: "500 after it ran", answer: func(r *http.Response) (*http.Response, error) {
		_ = r.Body.Close()
		text := `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}`
		return &http.Response{
			StatusCode: http.StatusInternalServerError, ProtoMajor: 1, ProtoMinor: 1, Request: r.Request,
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
			Body:   io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)),
		}, nil
	}},
	{name: "answer cut", answer: changed(func(body []byte) io.Reader {
		return io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{})
	})},
	{name: "answer damaged", direct: true, answer: changed(func(body []byte) io.Reader {
		body = bytes.Clone(body)
		body[len(body)/2] ^= 1
		return bytes.NewReader(body)
	})},
}

// changed changes the body of an answer.
func changed(f func([]byte) io.Reader) func(*http.Response) (*http.Response, error) {
	return func(r *http.Response) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) > 0 {
			r.Body = io.NopCloser(f(body))
		}
		return r, nil
	}
}

type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// client is a client on whose way things go wrong. One that is not direct reads answers by the
// SDK's values.
func (c *chaos) client(direct bool) *dynamodb.Client {
	return c.engine.Client(func(o *dynamodb.Options) {
		o.HTTPClient = way{c, o.HTTPClient, direct}
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.RateLimiter = ratelimit.None
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) {
				return rand.N(2 * time.Millisecond), nil
			})
		})
		if !direct {
			testbed.OtherProtocol(o)
		}
	})
}

// pick is what goes wrong with a request, nil for nothing.
func (c *chaos) pick(operation string, direct bool) *trouble {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if c.rnd.Float64() >= c.share {
		return nil
	}
	t := &troubles[c.rnd.IntN(len(troubles))]
	for !strings.Contains(operation, t.only) || t.direct && !direct {
		t = &troubles[c.rnd.IntN(len(troubles))]
	}
	c.injected[t.name]++
	return t
}

// way is that of one client.
type way struct {
	*chaos
	inner  dynamodb.HTTPClient
	direct bool
}

func (w way) Do(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	t := w.pick(operation, w.direct)
	if t != nil && t.answer == nil { // for this request, or one of its kind at the same time
		w.engine.Fail(operation, t.fault)
	}
	answer, err := w.inner.Do(r)
	if err != nil || t == nil || t.answer == nil {
		return answer, err
	}
	return t.answer(answer)
}
