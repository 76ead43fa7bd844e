package dynox_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/memtable"
)

var simulated = flag.Int("simulated", 2, "how many random tables TestAdaptiveRateFindsTheCapacity has, beside its own")

// simulation is a table with a capacity, and callers who want more than that.
type simulation struct {
	most, capacity float64 // of the limit and of the table, units a second
	bytes          int     // of an item, the most: each has another size
	reads          bool    // consistent ones, instead of puts
	callers        int
}

func (s simulation) String() string {
	return fmt.Sprintf("%s of up to %d bytes by %d callers, up to %.0f of %.0f units",
		map[bool]string{false: "puts", true: "gets"}[s.reads], s.bytes, s.callers, s.most, s.capacity)
}

// TestAdaptiveRateFindsTheCapacity: of a table that is provisioned, within a tenth,
// and less than a fiftieth of what is sent is throttled, wherever it begins, and whatever
// the items take.
func TestAdaptiveRateFindsTheCapacity(t *testing.T) {
	for name, s := range map[string]simulation{
		"far too much": {most: 500, capacity: 50, bytes: 500, callers: 10},
		"too much":     {most: 125, capacity: 50, bytes: 500, callers: 10},
		"just enough":  {most: 50, capacity: 50, bytes: 500, callers: 10},
		"too little":   {most: 100, capacity: 85, bytes: 500, callers: 10},
	} {
		t.Run(name, s.run)
	}
	r := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for range *simulated {
		calls := 20 * math.Pow(3, r.Float64()) // a second, 20 to 60
		// Those that wait pass at once in the limiter's first second, whatever the table has: they are
		// not more than the calls of a second.
		s := simulation{bytes: 200 << r.IntN(6), reads: r.IntN(2) == 0, callers: 5 + r.IntN(int(calls))}
		s.capacity = math.Round(calls * max(1, float64(s.bytes)/2/1024))
		if s.reads {
			s.capacity = math.Round(calls * max(1, float64(s.bytes)/2/4096))
		}
		s.most = math.Round(s.capacity * math.Pow(10, r.Float64()))
		t.Run(s.String(), s.run)
	}
}

// run has the callers work for some minutes.
func (s simulation) run(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.WithThrottling())
		client := engine.Client()
		limiter, r := dynox.AdaptiveRate(dynox.Units{Read: s.most, Write: s.most}), new(recorder)
		table := newTable(t, client, dynox.RateLimit(limiter), dynox.Observe(r))
		units := dynox.Units{Read: s.capacity, Write: s.capacity}
		if s.reads {
			units.Write = 40_000 // for what they read
		}
		orders, rates := provision(t, client, table, units), limiter.Write
		if s.reads {
			rates = limiter.Read
			for i := range s.callers {
				for n := range 20 {
					o := s.item(i, n)
					is.NoErr(orders.On(dynox.NewTable(client, table.Name())).Put(t.Context(), &o))
				}
			}
		}
		is.Equal(rates().Rate, s.most/2)
		engine.Fail("", memtable.Latency(5*time.Millisecond), memtable.Always())

		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range s.callers {
			wg.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					o := s.item(i, n%20)
					var err error
					if s.reads {
						_, err = orders.Get(ctx, o, dynox.Consistent)
					} else {
						err = orders.Put(ctx, &o)
					}
					if err != nil && ctx.Err() == nil && !dynox.Throttled(err) {
						t.Error(err)
					}
				}
			})
		}
		const minutes = 3
		used := make([]float64, 0, minutes)
		before := 0.0
		for range minutes {
			time.Sleep(time.Minute)
			now := rates().Units
			used, before = append(used, (now-before)/60), now
		}
		cancel()
		wg.Wait()
		attempts, throttles := 0, 0
		for _, c := range r.take() {
			attempts += c.Attempts
			throttles += c.Throttles
		}
		lost := float64(throttles) / float64(attempts)
		t.Logf("%v\nunits a second, each minute: %.1f; rate %.1f; %d of %d attempts throttled: %.2f %%",
			s, used, rates().Rate, throttles, attempts, lost*100)
		is.True(lost < 0.02)
		is.True(near((used[1]+used[2])/2, s.capacity, 0.1)) // once it has found it
		is.Equal(rates().Throttles, throttles)
	})
}

// item is the n-th of a caller, of a size of its own.
func (s simulation) item(caller, n int) Order {
	o := anOrder(fmt.Sprint(caller), n)
	o.Notes = []string{strings.Repeat("x", s.bytes*(n+1)/20)}
	return o
}
