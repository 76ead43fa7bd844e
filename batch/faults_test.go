package batch_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/batch"
	seq "github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// trouble is a transport over an engine that gives some requests of an
// operation a fault.
type trouble struct {
	engine    *memtable.Engine
	operation string
	mu        sync.Mutex
	random    *rand.Rand
	pick      func(*rand.Rand) (memtable.Fault, bool)
}

func (r *trouble) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.Header.Get("X-Amz-Target"), r.operation) {
		r.mu.Lock()
		if fault, ok := r.pick(r.random); ok {
			r.engine.Fail(r.operation, fault)
		}
		r.mu.Unlock()
	}
	return r.engine.RoundTrip(req)
}

// through makes a client's requests go through r.
func (r *trouble) through(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: r} }

// A fifth of all operations stays unprocessed, a twentieth of all requests gets
// no answer, and some are throttled or meet a broken server: everything arrives,
// or is named in the error.
func TestWriteInTrouble(t *testing.T) {
	for seed, retries := range []int{10, 10, 1, 0} {
		n := 100_000
		if seed > 0 || testing.Short() {
			n = 5_000
		}
		bubble(t, func(t *testing.T) {
			is := is.New(t)
			engine := memtable.New(t)
			r := &trouble{engine: engine, operation: "BatchWriteItem", random: rand.New(rand.NewPCG(uint64(seed), 5)),
				pick: func(random *rand.Rand) (memtable.Fault, bool) {
					switch p := random.Float64(); {
					case p < 0.025:
						return memtable.ResetBefore(), true
					case p < 0.05:
						return memtable.ResetAfter(), true
					case p < 0.06:
						return memtable.Throttle(), true
					case p < 0.07:
						return memtable.InternalError(), true
					case p < 0.50:
						return memtable.Partial(random.IntN(26)), true
					}
					return memtable.Fault{}, false
				}}
			s := newShop(t, engine.Client(r.through))
			engine.ForgetRequests()
			want := make(map[int]int64) // what was asked for last, of those that were taken
			left := make(map[int]bool)
			source := func(yield func(batch.Op) bool) {
				for i := range n {
					o := anOrder(i)
					if i%10 == 9 { // again, in short
						o = anOrder(i - 3)
						o.Total = -1
					}
					want[o.ID] = o.Total
					if !yield(batch.Put(s.orders, &o)) {
						return
					}
				}
			}
			err := batch.Write(t.Context(), source, batch.MaxRetries(retries))
			var partial *batch.PartialError
			if errors.As(err, &partial) {
				c := partial.Counts
				is.Equal(c.Taken, c.Done+c.Replaced+c.Left)
				is.Equal(c.Left, len(partial.Left))
				for _, op := range partial.Left {
					o := op.Item().(*Order)
					is.Equal(o.Total, want[o.ID])
					left[o.ID] = true
				}
			}
			is.True(retries < 10 || err == nil)
			is.True(retries > 0 || err != nil)
			t.Logf("%d retries: %d requests, %d left: %v", retries, len(engine.Requests()), len(left), err)
			check := func() {
				stored := make(map[int]int64)
				for _, o := range all(t, s.orders) {
					stored[o.ID] = o.Total
				}
				for id, total := range want {
					if got, ok := stored[id]; (!ok || got != total) && !left[id] {
						t.Fatalf("order %d: stored %v %d, not %d, and the error does not say so", id, ok, got, total)
					}
				}
			}
			check()
			for tries := 0; partial != nil && tries < 100; tries++ { // to the end
				partial = nil
				var next *batch.PartialError
				if errors.As(batch.Write(t.Context(), slices.Values(leftOf(err))), &next) {
					partial, err = next, next
				}
			}
			clear(left)
			check()
		})
	}
}

func leftOf(err error) []batch.Op {
	var partial *batch.PartialError
	_ = errors.As(err, &partial)
	return partial.Left
}

func TestGetInTrouble(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		r := &trouble{engine: engine, operation: "BatchGetItem", random: rand.New(rand.NewPCG(1, 5)),
			pick: func(random *rand.Rand) (memtable.Fault, bool) {
				switch p := random.Float64(); {
				case p < 0.05:
					return memtable.ResetAfter(), true
				case p < 0.1:
					return memtable.Throttle(), true
				case p < 0.15:
					return memtable.InternalError(), true
				case p < 0.60:
					return memtable.Partial(random.IntN(101)), true
				}
				return memtable.Fault{}, false
			}}
		s := newShop(t, engine.Client(r.through))
		filled(t, s, 5000)
		for _, opts := range [][]batch.GetOption{{}, {batch.InOrder()}} {
			var missing []int
			opts = append(opts, batch.Missing(func(o Order) { missing = append(missing, o.ID) }))
			got, err := seq.Collect(batch.Get(t.Context(), s.orders, keys(upTo(5300)...), opts...))
			is.NoErr(err)
			is.Equal(ids(got), upTo(5000))
			slices.Sort(missing)
			is.Equal(missing, upTo(5300)[5000:])
		}
	})
}
