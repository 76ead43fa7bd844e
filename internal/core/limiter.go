package core

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter bounds the units that calls take in a second, reads and writes each for
// themselves.
type Limiter struct {
	read, write limit
}

// NewLimiter is one of so many units a second; 0 is no bound. An adaptive one
// takes them for the most that there may be.
func NewLimiter(read, write float64, adaptive bool) *Limiter {
	l := new(Limiter)
	l.read.begin(read, adaptive)
	l.write.begin(write, adaptive)
	return l
}

func (l *Limiter) side(writes bool) *limit { return pick(writes, &l.write, &l.read) }

// Rates is the state of a limit.
type Rates struct {
	Rate      float64
	Units     float64
	Waits     int
	Waited    time.Duration
	Throttles int
}

// Rates are the states of both limits.
func (l *Limiter) Rates() (read, write Rates) { return l.read.state(), l.write.state() }

// How an adaptive limit moves.
const (
	start   = 0.5  // of the most
	cut     = 0.8  // by a throttled attempt
	growth  = 1.1  // in a second, while calls wait
	near    = 0.95 // of the rate that was too much: from there on it
	creep   = 0.01 // grows by so much of that
	beyond  = 1.1  // of it: it is no longer true
	least   = 1    // units a second
	growing = time.Second
	strides = 5 // seconds that it grows for at once, where calls are rare
)

// tokens are what the rate package counts: half units.
const tokens = 2

// limit is one side of a limiter.
type limit struct {
	mu       sync.Mutex
	bucket   *rate.Limiter // nil: no bound
	adaptive bool
	most     float64
	rate     float64   // units a second
	credit   float64   // units that were paid and not used
	tooMuch  float64   // the rate at the last cut, 0: none yet
	cutAt    time.Time // the last cut
	moved    time.Time // the last growth or cut
	hungry   time.Time // until then calls wait
	queue    []*waiter // in order: the first one is paid for
	queued   float64   // units that the queue has yet to pay
	timer    *time.Timer
	rates    Rates
}

// waiter is a call that waits for its units.
type waiter struct {
	due, paid float64
	pass      chan struct{} // closed when all is paid
}

func (l *limit) begin(units float64, adaptive bool) {
	if !(units > 0) {
		return
	}
	l.adaptive, l.most, l.rate = adaptive, units, units
	if adaptive {
		l.rate = max(units*start, min(least, units))
	}
	l.bucket = rate.NewLimiter(rate.Limit(l.rate*tokens), burst(l.rate))
}

// burst is what a second brings, in tokens.
func burst(units float64) int { return int(max(math.Ceil(units*tokens), tokens)) }

// set changes the rate. The caller holds the lock.
func (l *limit) set(now time.Time, units float64) {
	l.rate, l.moved = units, now
	l.bucket.SetLimitAt(now, rate.Limit(units*tokens))
	l.bucket.SetBurstAt(now, burst(units))
}

func (l *limit) state() Rates {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.rates
	r.Rate = l.rate
	return r
}

// wait waits until units are paid for. passed is when they were.
func (l *limit) wait(ctx context.Context, units float64) (waited time.Duration, passed time.Time, err error) {
	asked := time.Now()
	if l.bucket == nil {
		return 0, asked, nil
	}
	w, err := l.enter(ctx, asked, units)
	if w == nil || err != nil {
		return 0, asked, err
	}
	select {
	case <-w.pass:
	case <-ctx.Done():
		l.leave(w)
		err = &unsentError{&Failure{Kinds: []error{context.Cause(ctx), ctx.Err()}, Why: "while it waited for the rate limit"}}
	}
	passed = time.Now()
	waited = passed.Sub(asked)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rates.Waits++
	l.rates.Waited += waited
	return waited, passed, err
}

// enter pays for units, or queues for them: the waiter is nil if it need not wait.
func (l *limit) enter(ctx context.Context, now time.Time, units float64) (*waiter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grow(now)
	due := units
	if len(l.queue) == 0 {
		l.save(now)
		if due = l.pay(now, units); due == 0 {
			return nil, nil
		}
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Sub(now) < l.until(now, l.queued+due) {
		l.credit += units - due
		return nil, &unsentError{&Failure{Kinds: []error{context.DeadlineExceeded}, Why: "the rate limit lets nothing pass before"}}
	}
	w := &waiter{due: due, paid: units - due, pass: make(chan struct{})}
	l.queue, l.queued = append(l.queue, w), l.queued+due
	l.pump(now)
	return w, nil
}

// leave takes w out of the queue; what it has paid is there for others.
func (l *limit) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.queue, w); i >= 0 {
		l.queue, l.queued = slices.Delete(l.queue, i, i+1), l.queued-w.due
	}
	l.credit += w.paid
	l.pump(time.Now())
}

// pay takes up to so many units of those that are there, and returns what is still due.
// What they are less than whole tokens stays as credit. The caller holds the lock.
func (l *limit) pay(now time.Time, units float64) (due float64) {
	due = units - min(units, l.credit)
	l.credit -= units - due
	if n := int(min(math.Ceil(due*tokens), math.Floor(l.bucket.TokensAt(now)))); n > 0 {
		l.bucket.ReserveN(now, n)
		due -= float64(n) / tokens
	}
	if due < 0 {
		l.credit, due = l.credit-due, 0
	}
	return due
}

// save bounds what is there while nobody waits to what a second brings. The caller holds
// the lock.
func (l *limit) save(now time.Time) {
	l.credit = min(l.credit, (float64(l.bucket.Burst())-max(l.bucket.TokensAt(now), 0))/tokens)
}

// until is how long it takes until so many units are there, besides the credit.
func (l *limit) until(now time.Time, units float64) time.Duration {
	missing := math.Ceil(units*tokens) - l.bucket.TokensAt(now)
	return time.Duration(math.Ceil(missing / tokens / l.rate * float64(time.Second)))
}

// pump lets those pass that can be paid for, and comes back for the next one. The caller
// holds the lock.
func (l *limit) pump(now time.Time) {
	l.grow(now)
	for len(l.queue) > 0 {
		w := l.queue[0]
		due := l.pay(now, w.due)
		l.queued -= w.due - due
		w.due, w.paid = due, w.paid+w.due-due
		if due > 0 {
			delay := max(l.until(now, min(due, float64(l.bucket.Burst())/tokens)), 1)
			l.hungry = now.Add(delay)
			if l.timer == nil {
				l.timer = time.AfterFunc(delay, l.tick)
			}
			l.timer.Reset(delay)
			return
		}
		l.queue[0] = nil
		l.queue = l.queue[1:]
		close(w.pass)
	}
	l.save(now)
	l.queued = 0 // without what rounding left
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

func (l *limit) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pump(time.Now())
}

// settle makes good what was paid for a call that has used other units.
func (l *limit) settle(reserved, used float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rates.Units += used
	if l.bucket == nil {
		return
	}
	now := time.Now()
	l.credit += reserved - used
	for l.credit < 0 { // the bucket owes it
		n := int(min(math.Ceil(-l.credit*tokens), float64(l.bucket.Burst())))
		l.bucket.ReserveN(now, n)
		l.credit += float64(n) / tokens
	}
	l.pump(now)
}

// throttled is told of an attempt that the service had no capacity for, and
// when it passed: one from before the last cut tells nothing new.
func (l *limit) throttled(passed time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rates.Throttles++
	if !l.adaptive || !passed.After(l.cutAt) {
		return
	}
	now := time.Now()
	l.tooMuch, l.cutAt, l.credit = l.rate, now, 0
	l.set(now, max(l.rate*cut, min(least, l.most)))
	if saved := int(l.bucket.TokensAt(now)); saved > 0 { // the service has saved nothing
		l.bucket.ReserveN(now, saved)
	}
	l.pump(now)
}

// grow raises an adaptive rate: a tenth for each second, and slowly where it was too
// much before. After a second in which no call waited for it, more would tell nothing.
// The caller holds the lock.
func (l *limit) grow(now time.Time) {
	if now.Sub(l.hungry) > growing {
		l.moved = now
	}
	seconds := now.Sub(l.moved) / growing
	if !l.adaptive || l.rate >= l.most || seconds <= 0 {
		return
	}
	next := l.rate
	for range min(seconds, strides) {
		faster := next * growth
		if t := l.tooMuch; t > 0 && next < t*beyond && faster > t*near {
			faster = next + t*creep
		}
		next = min(faster, l.most)
	}
	l.set(now, next)
}
