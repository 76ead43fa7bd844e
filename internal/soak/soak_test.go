package soak_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"
	"go.uber.org/goleak"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/memtable"
)

var (
	lasting = flag.Duration("soak", 3*time.Second, "how long to soak")
	workers = flag.Int("workers", 8, "how many work at once")
	seed    = flag.Uint64("seed", 0, "of what is random, other than the order of what is done at once; 0: any")
)

// TestSoak: whatever goes wrong, what was acknowledged is stored, what failed is not, what
// is not known is said to be unknown and is one of the two; and nothing stays behind.
func TestSoak(t *testing.T) {
	is := is.New(t)
	before := goleak.IgnoreCurrent()
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d", *seed)
	s := newSoak(t)
	s.run(t.Context(), *lasting)
	s.engine.Close()
	leak := goleak.Find(before)
	s.report(t, leak)
	is.NoErr(leak)
	for _, lost := range s.lost {
		t.Error(lost)
	}
	is.True(s.unknown > 0 || *lasting < time.Second) // or nothing was put to the test
	is.True(s.looked > 0)
	first, last := s.heaps[len(s.heaps)/4], slices.Min(s.heaps[len(s.heaps)*3/4:])
	is.True(last <= first*5/4+8<<20) // memory is flat
}

// soak is what the workers have in common.
type soak struct {
	engine *memtable.Engine
	chaos  *chaos
	meter  dynox.Meter
	parts  []part
	heaps  []uint64 // after each checkpoint

	running sync.RWMutex // read by workers during an operation, written by checkpoints
	mu      sync.Mutex
	done    map[string]int // operations by name
	failed  map[string]int // errors by class
	unknown int            // outcomes
	left    int            // operations of batches, whose outcome is unknown, too
	effects int            // of what is unknown, how much took effect
	looked  int            // comparisons of what is stored with the model
	losses  int            // what should not have happened
	lost    []string       // the first of it
}

// part is one kind of work on items of its own.
type part interface {
	// work does one thing, in the name of a worker.
	work(ctx context.Context, w *worker)
	// check holds what is stored to the model while nobody works.
	check(ctx context.Context)
}

// worker is one goroutine.
type worker struct {
	name   string
	number int
	rnd    *rand.Rand
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{engine: memtable.Open(), done: map[string]int{}, failed: map[string]int{}}
	s.chaos = &chaos{engine: s.engine, share: 0.15, rnd: rand.New(rand.NewPCG(*seed, 0)), injected: map[string]int{}}
	direct, values := dynox.NewTable(s.chaos.client(true), "soak"), dynox.NewTable(s.chaos.client(false), "soak")
	good := dynox.NewTable(s.engine.Client(), "soak")
	s.parts = append(s.parts, newNotes(t, s, direct, good))
	s.parts = append(s.parts, newNotes(t, s, values, good), newMembers(t, s, direct, good), newBank(t, s, values, good), newDoor(t, s, direct, good))
	for _, p := range s.parts {
		p.check(t.Context())
	}
	return s
}

// run has everybody work, with a checkpoint now and then.
func (s *soak) run(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithCancel(dynox.WithMeter(ctx, &s.meter))
	defer cancel()
	var wg sync.WaitGroup
	for i := range *workers {
		wg.Go(func() {
			w := &worker{name: fmt.Sprintf("w%02d", i), number: i, rnd: rand.New(rand.NewPCG(*seed, uint64(i)+1))}
			for s.turn(ctx, w) {
			}
		})
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(d/10, 10*time.Second))
		s.checkpoint(ctx)
	}
	s.running.Lock() // nobody is interrupted
	cancel()
	s.running.Unlock()
	wg.Wait()
	s.checkpoint(context.WithoutCancel(ctx))
}

// turn has a worker do one thing, unless all is over. The last part is for few at a time.
func (s *soak) turn(ctx context.Context, w *worker) bool {
	s.running.RLock()
	defer s.running.RUnlock()
	if ctx.Err() != nil {
		return false
	}
	n := len(s.parts)
	if w.rnd.IntN(20) > 0 {
		n--
	}
	s.parts[w.rnd.IntN(n)].work(ctx, w)
	return true
}

// checkpoint looks at everything while nobody works. The engine forgets old tokens
// of transactions, which would otherwise be what fills the memory.
func (s *soak) checkpoint(ctx context.Context) {
	s.running.Lock()
	defer s.running.Unlock()
	for _, p := range s.parts {
		p.check(ctx)
	}
	s.engine.Advance(time.Hour)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.heaps = append(s.heaps, m.HeapAlloc)
}

// did is what an operation came to.
type did int

const (
	yes did = iota // it took effect
	no             // it did not
	unknown
	wrong // it failed in a way that nothing explains
)

// outcome counts an operation and says what its error tells. Beyond what may always
// happen, it may fail with one of expected, which has changed nothing.
func (s *soak) outcome(name string, err error, expected ...error) did {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done[name]++
	if err == nil || errors.Is(err, dynox.ErrAfterWrite) {
		return yes
	}
	class := dynox.ErrorClass(err)
	s.failed[class]++
	if dynox.UnknownOutcome(err) {
		s.unknown++
		return unknown
	}
	for _, e := range expected {
		if errors.Is(err, e) || e == dynox.ErrConditionFailed && dynox.ConditionFailed(err) {
			return no
		}
	}
	switch class {
	case dynox.ClassThrottled, dynox.ClassConflict, dynox.ClassUnavailable, dynox.ClassDeadline:
		return no
	}
	s.lose("%s: %s", name, chain(err))
	return wrong
}

// chain is an error with what it wraps, the SDK's own errors too, which ours do not print.
func chain(err error) string {
	text := fmt.Sprintf("%v (%T)", err, err)
	for _, inner := range unwrap(err) {
		text += " <- " + chain(inner)
	}
	return text
}

func unwrap(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return []error{inner}
		}
	}
	return nil
}

// expect counts a comparison, and what is wrong if it does not hold.
func (s *soak) expect(ok bool, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked++
	if !ok {
		s.lose(format, args...)
	}
}

// lose notes what should not have happened. s.mu is held.
func (s *soak) lose(format string, args ...any) {
	if s.losses++; len(s.lost) < 20 {
		s.lost = append(s.lost, fmt.Sprintf(format, args...))
	}
}

// took notes that a write with an unknown outcome took effect.
func (s *soak) took() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.effects++
}

// hurried is ctx, of one call in thirty with a deadline that may come too early.
func (w *worker) hurried(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.rnd.IntN(30) > 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Duration(w.rnd.IntN(5000))*time.Microsecond)
}

func (s *soak) report(t *testing.T, leak error) {
	t.Helper()
	u, total, faults := s.meter.Usage(), 0, 0
	count := func(m map[string]int, sum *int) string {
		var b strings.Builder
		for _, name := range slices.Sorted(func(yield func(string) bool) {
			for name := range m {
				if !yield(name) {
					return
				}
			}
		}) {
			fmt.Fprintf(&b, "\n  %8d %s", m[name], name)
			*sum += m[name]
		}
		return b.String()
	}
	failures := 0
	operations, injected, failed := count(s.done, &total), count(s.chaos.injected, &faults), count(s.failed, &failures)
	leaked := 0
	if leak != nil {
		leaked = strings.Count(leak.Error(), "goroutine ")
	}
	t.Logf("%d workers, %v\n%d operations%s\n%d requests; %d faults%s\n%d calls of the service, %d retries of the SDK's\n"+
		"%d errors, by class%s\n%d unknown outcomes reported, and %d operations of batches; %d writes of them took effect\n%d comparisons with the model, lost %d\n"+
		"leaked %d goroutines; memory %.1f MB at first, %.1f MB at last",
		*workers, *lasting, total, operations, s.chaos.requests, faults, injected, u.Calls, u.Attempts-u.Calls,
		failures, failed, s.unknown, s.left, s.effects, s.looked, s.losses,
		leaked, float64(s.heaps[0])/1e6, float64(s.heaps[len(s.heaps)-1])/1e6)
}
