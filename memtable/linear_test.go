package memtable_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/memtable"
)

var linearFor = flag.Duration("linear", 300*time.Millisecond, "how long each test of linearizability runs")

// history is a number of clients that call an engine at the same time, with faults in between, and what they learn.
type history struct {
	transactions bool // only these, and lost answers are asked for again under the transaction's token
	transport    http.RoundTripper
	engine       *memtable.Engine

	clock atomic.Int64
	mu    sync.Mutex
	calls []porcupine.Operation
}

const (
	linearClients = 6
	linearCalls   = 50 // of each
	linearGroups  = 4
)

// TestLinearizability has clients write and read the same few items, alone and in transactions, through faults:
// each call happens at one moment, all of it or nothing, and a lost answer is of a call that happened once or never.
func TestLinearizability(t *testing.T) {
	for _, transactions := range []bool{false, true} {
		for _, served := range []bool{false, true} {
			t.Run(fmt.Sprintf("transactions %v, served %v", transactions, served), func(t *testing.T) {
				seed, rounds := rand.Uint64(), 0
				for start := time.Now(); rounds == 0 || time.Since(start) < *linearFor; rounds++ {
					h := history{transactions: transactions, engine: memtable.Open()}
					h.transport = yielding{h.engine}
					stop := func() {}
					if served {
						h.transport, stop = serve(h.engine)
					}
					err := isLinear(h.record(t, seed+uint64(rounds)))
					stop()
					if err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
					if err := h.engine.Check(); err != nil {
						t.Fatal(err)
					}
				}
				t.Logf("%d rounds of %d calls from seed %d on", rounds, linearClients*linearCalls, seed)
			})
		}
	}
}

// serve listens for an engine until stop. It returns what sends requests there.
func serve(engine http.Handler) (transport http.RoundTripper, stop func()) {
	server := httptest.NewServer(engine)
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		req.URL.Host, req.URL.Scheme = server.Listener.Addr().String(), "http"
		return server.Client().Transport.RoundTrip(req)
	}), server.Close
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// yielding lets other clients run before and after a request, so that calls overlap on few processors too.
type yielding struct{ to http.RoundTripper }

func (y yielding) RoundTrip(req *http.Request) (*http.Response, error) {
	runtime.Gosched()
	defer runtime.Gosched()
	return y.to.RoundTrip(req)
}

// record runs all clients to their end.
func (h *history) record(t *testing.T, seed uint64) []porcupine.Operation {
	for _, table := range linearTables {
		createPlain(t, h.engine.Client(), table)
	}
	var work sync.WaitGroup
	for id := range linearClients {
		work.Go(func() {
			c := &linearClient{h: h, r: rand.New(rand.NewPCG(seed, uint64(id))), client: h.engine.Client(func(o *dynamodb.Options) {
				o.HTTPClient = &http.Client{Transport: h.transport}
				o.Retryer = atOnce(1)
				if h.transactions {
					o.Retryer = atOnce(4)
				}
			})}
			for i := range linearCalls {
				if c.r.IntN(3) == 0 {
					h.engine.Fail("", c.fault())
				}
				in := c.draw(1000 * (id + linearClients*i + 1))
				op := porcupine.Operation{ClientId: id, Input: in, Call: h.clock.Add(1)}
				out, err := c.do(t.Context(), in)
				if err != nil {
					t.Error(err)
					return
				}
				op.Output, op.Return = out, h.clock.Add(1)
				c.learn(in, out)
				h.mu.Lock()
				h.calls = append(h.calls, op)
				h.mu.Unlock()
			}
		})
	}
	work.Wait()
	return h.calls
}

// atOnce makes so many attempts, without waiting.
func atOnce(attempts int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.RateLimiter = attempts, ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

var linearTables = []string{"alpha", "omega"}

// cellTable and cellKey say where a cell's item is: the items of a group are in several tables.
func cellTable(cell int) *string   { return &linearTables[cell%len(linearTables)] }
func cellKey(group, cell int) item { return item{"id": s(fmt.Sprintf("%d-%d", group, cell))} }
func cellItem(group, cell, v int) item {
	return item{"id": cellKey(group, cell)["id"], "n": n(strconv.Itoa(v))}
}

func cellOf(it item) int {
	if len(it) == 0 {
		return 0
	}
	return amount(it)
}

// linearClient makes random calls. It remembers what it saw, for conditions that may hold.
type linearClient struct {
	h      *history
	r      *rand.Rand
	client *dynamodb.Client
	seen   [linearGroups]cells
}

func (c *linearClient) fault() memtable.Fault {
	faults := []memtable.Fault{memtable.ResetBefore(), memtable.ResetAfter(), memtable.ResetAfter(), memtable.Throttle(),
		memtable.InternalError(), memtable.Conflict(), memtable.Latency(time.Millisecond)}
	return faults[c.r.IntN(len(faults))]
}

// draw returns a call. No other call of the history puts this value.
func (c *linearClient) draw(value int) call {
	in := call{group: c.r.IntN(linearGroups), transaction: c.h.transactions || c.r.IntN(2) == 0}
	picked := c.r.Perm(len(cells{}))[:1]
	if in.transaction {
		picked = c.r.Perm(len(cells{}))[:2+c.r.IntN(2)]
	}
	if c.r.IntN(3) == 0 {
		in.reads = picked
		return in
	}
	for _, cell := range picked {
		kinds := []string{doPut, doAdd, doAdd, doRemove, doCheck}
		if !in.transaction {
			kinds = kinds[:4]
		}
		f := effect{cell: cell, kind: kinds[c.r.IntN(len(kinds))], value: value, old: c.seen[in.group][cell]}
		if f.kind == doAdd {
			f.value = 1
		}
		switch {
		case f.kind == doCheck || c.r.IntN(4) == 0:
			f.condition = []string{ifAbsent, ifPresent, ifEquals}[c.r.IntN(3)]
		case in.transaction && c.r.IntN(4) != 0, c.r.IntN(2) == 0:
			f.condition = ifAny
		default:
			f.condition = ifEquals
		}
		if f.condition == ifEquals && f.old == 0 {
			f.condition = ifAbsent
		}
		in.effects = append(in.effects, f)
	}
	return in
}

func (c *linearClient) learn(in call, out reply) {
	for i, cell := range in.reads {
		c.seen[in.group][cell] = out.shown[i]
	}
	for i, f := range in.effects {
		if out.state == wasDone {
			c.seen[in.group][f.cell] = f.on(c.seen[in.group][f.cell])
		}
		if out.failed[i] || out.state == wasDone && f.kind == doAdd && !in.transaction {
			c.seen[in.group][f.cell] = out.shown[i]
		}
	}
}

// do makes a call. Its error is one that no fault explains.
func (c *linearClient) do(ctx context.Context, in call) (reply, error) {
	out := reply{state: wasDone}
	show := func(i int, it item, err error) error {
		if err == nil {
			out.shown[i] = cellOf(it)
		}
		return err
	}
	var err error
	switch {
	case in.transaction && in.reads != nil:
		err = c.readAll(ctx, in, show)
	case in.transaction:
		err = c.writeAll(ctx, in)
	case in.reads != nil:
		got, e := c.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: cellTable(in.reads[0]), Key: cellKey(in.group, in.reads[0]),
			ConsistentRead: aws.Bool(true)})
		err = e
		if e == nil {
			err = show(0, got.Item, nil)
		}
	default:
		it, e := c.write(ctx, in.group, in.effects[0])
		err = show(0, it, e)
	}
	return c.outcome(out, err)
}

// outcome tells what an error means for a call.
func (c *linearClient) outcome(out reply, err error) (reply, error) {
	var condition *types.ConditionalCheckFailedException
	var cancelled *types.TransactionCanceledException
	var conflict *types.TransactionConflictException
	var throttled *types.ProvisionedThroughputExceededException
	var internal *types.InternalServerError
	var connection net.Error
	noEffect := wasRefused
	if c.h.transactions {
		noEffect = wasUnknown // an attempt before this one may have had an effect
	}
	switch {
	case err == nil:
	case errors.As(err, &condition):
		out.state, out.failed[0], out.shown[0] = wasFailed, true, cellOf(condition.Item)
	case errors.As(err, &cancelled):
		out.state = wasFailed
		for i, reason := range cancelled.CancellationReasons {
			switch *reason.Code {
			case "ConditionalCheckFailed":
				out.failed[i], out.shown[i] = true, cellOf(reason.Item)
			case "TransactionConflict":
				return reply{state: noEffect}, nil
			}
		}
	case errors.As(err, &conflict), errors.As(err, &throttled), errors.As(err, &internal):
		out.state = noEffect
	case errors.As(err, &connection), errors.Is(err, io.EOF):
		out.state = wasUnknown
	default:
		return out, err
	}
	return out, nil
}
