package core

import (
	"context"
	"math"
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
	credit   float64   // units that were reserved and not used
	tooMuch  float64   // the rate at the last cut, 0: none yet
	cutAt    time.Time // the last cut
	moved    time.Time // the last growth or cut
	hungry   time.Time // until then calls wait
	rates    Rates
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

// wait waits until units can be taken. since is when they were asked for.
func (l *limit) wait(ctx context.Context, units float64) (waited time.Duration, since time.Time, err error) {
	since = time.Now()
	if l.bucket == nil {
		return 0, since, nil
	}
	t, delay := l.take(since, units)
	if delay <= 0 {
		return 0, since, nil
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Sub(since) < delay {
		l.giveBack(t)
		return 0, since, &unsentError{&Failure{Kinds: []error{context.DeadlineExceeded}, Why: "the rate limit lets nothing pass before"}}
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		l.giveBack(t)
		err = &unsentError{&Failure{Kinds: []error{context.Cause(ctx), ctx.Err()}, Why: "while it waited for the rate limit"}}
	}
	waited = time.Since(since)
	l.mu.Lock()
	l.rates.Waits++
	l.rates.Waited += waited
	l.mu.Unlock()
	return waited, since, err
}

// taken is what a call took.
type taken struct {
	tokens []*rate.Reservation
	credit float64
}

// take takes units, and says how long it is until they are there.
func (l *limit) take(now time.Time, units float64) (t taken, delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grow(now)
	before := l.credit
	l.credit -= min(units, before)
	t.tokens, delay = l.reserve(now, units-min(units, before))
	t.credit = before - l.credit
	if delay > 0 {
		l.hungry = now.Add(delay)
	}
	return t, delay
}

// reserve takes units from the bucket, which may owe them. What they are less
// than whole tokens stays as credit. The caller holds the lock.
func (l *limit) reserve(now time.Time, units float64) (reserved []*rate.Reservation, delay time.Duration) {
	n := int(math.Ceil(units * tokens))
	l.credit += float64(n)/tokens - units
	for n > 0 {
		part := min(n, l.bucket.Burst())
		r := l.bucket.ReserveN(now, part)
		reserved, delay = append(reserved, r), r.DelayFrom(now)
		n -= part
	}
	return reserved, delay
}

// giveBack undoes a take that was not waited for.
func (l *limit) giveBack(t taken) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for i := len(t.tokens) - 1; i >= 0; i-- {
		t.tokens[i].CancelAt(now)
	}
	l.keep(t.credit)
}

// keep notes units to be taken later without waiting, not more than a second's.
func (l *limit) keep(units float64) { l.credit = max(min(l.credit+units, l.rate), 0) }

// settle makes good what was reserved for a call that has used other units.
func (l *limit) settle(reserved, used float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rates.Units += used
	switch {
	case l.bucket == nil:
		return
	case used <= reserved:
		l.keep(reserved - used)
		return
	}
	owed := used - reserved
	fromCredit := min(owed, l.credit)
	l.credit -= fromCredit
	l.reserve(time.Now(), owed-fromCredit)
}

// throttled is told of an attempt that the service had no capacity for, and
// when it began to wait: one from before the last cut tells nothing new.
func (l *limit) throttled(since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rates.Throttles++
	if !l.adaptive || !since.After(l.cutAt) {
		return
	}
	now := time.Now()
	l.tooMuch, l.cutAt, l.credit = l.rate, now, 0
	l.set(now, max(l.rate*cut, min(least, l.most)))
	if saved := int(l.bucket.TokensAt(now)); saved > 0 { // the service has saved nothing
		l.bucket.ReserveN(now, saved)
	}
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
