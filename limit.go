package dynox

import (
	"errors"
	"math"
	"time"

	"github.com/dynox-go/dynox/internal/core"
)

// Units are capacity units.
type Units struct {
	Read  float64
	Write float64
}

func (u Units) valid() bool {
	return u.Read >= 0 && u.Write >= 0 && !math.IsInf(u.Read, 1) && !math.IsInf(u.Write, 1)
}

// Limiter bounds the capacity units that calls consume in a second: those of all
// repositories, batches and transactions on the tables that [RateLimit] gives it to.
// Reads and writes are bounded each for themselves. It is safe for concurrent use.
//
// What a call will take is estimated, from the size of what it writes and from what
// calls of its kind took lately, and reserved; the call waits until that is
// available, as long as its context lets it. Afterwards the service's account
// settles it: what was too much is there for those that wait or for the next call, and
// for what was too little the next ones wait. Calls pass in order. Consistent and transactional calls weigh what they cost.
// Units of indexes count as the table's own. A limiter begins with the units of a
// second, and saves no more than that.
type Limiter struct {
	core *core.Limiter
	err  error
}

// FixedRate is a limiter of so many units a second; 0 is no bound.
func FixedRate(perSecond Units) *Limiter { return newLimiter(perSecond, false) }

// AdaptiveRate is a limiter that finds out how much capacity there is, up to so
// many units a second; 0 is no bound. It begins with half of that. A throttled attempt
// lowers the rate by a fifth: once for all those that were on their way by then. While
// calls wait for it, it grows by a tenth each second; near the rate that was too much the
// last time, by a hundredth. It is never less than one unit a second.
func AdaptiveRate(most Units) *Limiter { return newLimiter(most, true) }

func newLimiter(u Units, adaptive bool) *Limiter {
	if !u.valid() {
		return &Limiter{err: errors.New("rate limit: units are numbers from 0 on")}
	}
	return &Limiter{core: core.NewLimiter(u.Read, u.Write, adaptive)}
}

// Rates are the figures of one side of a [Limiter].
type Rates struct {
	Rate      float64 // units a second now, 0: no bound
	Units     float64 // consumed so far
	Waits     int     // calls that had to wait
	Waited    time.Duration
	Throttles int // attempts and parts of batches that the service refused for want of capacity
}

// Read are the figures of reads.
func (l *Limiter) Read() Rates {
	if l.core == nil {
		return Rates{}
	}
	read, _ := l.core.Rates()
	return Rates(read)
}

// Write are the figures of writes.
func (l *Limiter) Write() Rates {
	if l.core == nil {
		return Rates{}
	}
	_, write := l.core.Rates()
	return Rates(write)
}

// RateLimit has calls about items of the table wait for l. Several tables may have
// one limiter, and share its units then. A call whose context would end before it may
// pass fails at once, with [context.DeadlineExceeded], and nothing is sent. Attempts of
// the SDK that follow a throttled one wait, too.
func RateLimit(l *Limiter) TableOption {
	return func(t *Table) {
		switch {
		case l == nil || l.core == nil && l.err == nil:
			t.err = errors.Join(t.err, errors.New("RateLimit: a limiter is made with FixedRate or AdaptiveRate"))
		case l.err != nil:
			t.err = errors.Join(t.err, l.err)
		default:
			t.sight().Limiter = l.core
		}
	}
}
