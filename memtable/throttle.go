package memtable

import (
	"errors"
	"sync"
	"time"
)

// burst is for how many seconds capacity that isn't used stays available.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
const burst = 300

// WithThrottling makes tables with provisioned capacity, and their global indexes, refuse requests for which
// there is no capacity left, by the engine's clock. A table begins with the capacity of a second, and what it
// doesn't use stays available for five minutes. A request that finds some left may use more than that, which
// later ones lack. The default is that nothing is refused, but for [Engine.Fail].
func WithThrottling() Option { return func(e *Engine) { e.throttles = true } }

// meter is how much of a provisioned capacity is left.
type meter struct {
	mu    sync.Mutex
	begun bool
	left  float64 // may be less than nothing
	at    time.Time
}

// has reports whether there is capacity left, of so many units a second.
func (m *meter) has(rate int64, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refill(rate, now)
	return m.left > 0
}

// use takes capacity away.
func (m *meter) use(n float64, rate int64, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refill(rate, now)
	m.left -= n
}

func (m *meter) refill(rate int64, now time.Time) {
	switch {
	case !m.begun:
		m.begun, m.left = true, float64(rate)
	case now.After(m.at):
		m.left = min(m.left+now.Sub(m.at).Seconds()*float64(rate), float64(rate)*burst)
	default:
		return
	}
	m.at = now
}

// meters are those of a table or of a global index.
type meters struct{ read, write meter }

// setMeters gives the table and its indexes meters; without them nothing is refused.
func (t *table) setMeters() {
	t.meters = &meters{}
	for _, x := range t.data.indexes {
		x.meters = &meters{}
	}
}

const throttledCode = "ProvisionedThroughputExceededException"

var (
	errThrottled = badRequest(inDynamoDB+throttledCode, "The level of configured provisioned throughput for the table was exceeded. "+
		"Consider increasing your provisioning level with the UpdateTable API.")
	errIndexThrottled = badRequest(inDynamoDB+throttledCode, "The level of configured provisioned throughput for one or more global secondary indexes "+
		"of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API")
)

// throttled reports whether an error says that capacity is used up.
func throttled(err error) bool {
	api := (*apiError)(nil)
	return errors.As(err, &api) && api.code == inDynamoDB+throttledCode
}

// admitRead refuses a read of the table, or of a global index, without capacity.
func (t *table) admitRead(x *index, now time.Time) error {
	if t.meters == nil {
		return nil
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	switch {
	case t.onDemand:
	case x != nil && x.global && !x.meters.read.has(x.throughput.read, now):
		return errIndexThrottled
	case (x == nil || !x.global) && !t.meters.read.has(t.throughput.read, now):
		return errThrottled
	}
	return nil
}

// spendRead takes what a read cost. Local indexes share the table's capacity.
func (t *table) spendRead(u units, now time.Time) {
	if t.meters == nil {
		return
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	t.spendLocked(u, now)
}

// spendLocked is spendRead for a caller that has the table's lock.
func (t *table) spendLocked(u units, now time.Time) {
	if t.onDemand || t.meters == nil {
		return
	}
	t.meters.read.use(t.share(u), t.throughput.read, now)
	for _, used := range u.indexes {
		if used.index.global {
			used.index.meters.read.use(used.units, used.index.throughput.read, now)
		}
	}
}

// share is what of some units is the table's own.
func (t *table) share(u units) float64 {
	n := u.table
	for _, used := range u.indexes {
		if !used.index.global {
			n += used.units
		}
	}
	return n
}

// admitWrite refuses a write without capacity, be it an index's. The caller holds the table's lock.
func (t *table) admitWrite(now time.Time) error {
	if t.onDemand || t.meters == nil {
		return nil
	}
	if !t.meters.write.has(t.throughput.write, now) {
		return errThrottled
	}
	for _, x := range t.data.indexes {
		if x.global && !x.gone(now) && !x.meters.write.has(x.throughput.write, now) {
			return errIndexThrottled
		}
	}
	return nil
}

// spendWrite takes what a write cost. The caller holds the table's lock.
func (t *table) spendWrite(u units, now time.Time) {
	if t.onDemand || t.meters == nil {
		return
	}
	t.meters.write.use(t.share(u), t.throughput.write, now)
	for _, used := range u.indexes {
		if used.index.global {
			used.index.meters.write.use(used.units, used.index.throughput.write, now)
		}
	}
}
