package memtable

import (
	"time"

	"github.com/dynox-go/dynox/memtable/internal/store"
)

// Lag makes eventually consistent reads show what was there a time d ago, by the engine's clock: GetItem,
// BatchGetItem, Query and Scan without ConsistentRead, and everything that reads a global or a vector index.
// The default is zero: they are consistent at once. Writes, their conditions and transactions are never late.
func Lag(d time.Duration) Option { return func(e *Engine) { e.lag = max(d, 0) } }

// history is what a table held of late, for reads that lag. The table's lock guards the versions.
type history struct {
	lag      time.Duration // never changes
	versions []version     // never empty; the first of them is as old as the lag, or from time immemorial
}

// version is what a table held from a time on.
type version struct {
	at      time.Time
	items   store.Snapshot[*record]
	indexes map[*index]store.Snapshot[*record]
	vectors map[*vectorIndex]store.Snapshot[*vectorEntry]
}

// keep notes what the table holds from now on. The caller holds the table's lock, or is its only user.
func (t *table) keep(now time.Time) {
	h := &t.history
	if h.lag == 0 {
		return
	}
	if n := len(h.versions); n > 0 {
		if last := h.versions[n-1].at; !now.After(last) { // of one moment only the end counts
			now, h.versions = last, h.versions[:n-1]
		}
	}
	v := version{at: now, items: t.data.items.Snapshot(),
		indexes: map[*index]store.Snapshot[*record]{}, vectors: map[*vectorIndex]store.Snapshot[*vectorEntry]{}}
	for _, x := range t.data.indexes {
		v.indexes[x] = x.entries.Snapshot()
	}
	for _, x := range t.data.vectors {
		v.vectors[x] = x.entries.Snapshot()
	}
	h.versions = append(h.versions, v)
	late := 0
	for late+1 < len(h.versions) && !h.versions[late+1].at.After(now.Add(-h.lag)) {
		late++
	}
	clear(h.versions[:late])
	h.versions = h.versions[late:]
}

// since returns when a read sees the table; zero for now.
func (h *history) since(consistent bool, now time.Time) time.Time {
	if h.lag == 0 || consistent {
		return time.Time{}
	}
	return now.Add(-h.lag)
}

// at returns the items, or the entries of an index, of a time.
func (h *history) at(x *index, then time.Time) store.Snapshot[*record] {
	v := h.version(then)
	if x == nil {
		return v.items
	}
	return v.indexes[x]
}

// version returns what was there at a time.
func (h *history) version(then time.Time) version {
	i := len(h.versions) - 1
	for i > 0 && h.versions[i].at.After(then) {
		i--
	}
	return h.versions[i]
}

// backfillVector is backfill for a vector index.
func (h *history) backfillVector(x *vectorIndex) {
	for _, v := range h.versions {
		v.vectors[x] = x.entries.Snapshot()
	}
}

// backfill makes an index that comes into being part of the past, too.
func (h *history) backfill(x *index) {
	for _, v := range h.versions {
		v.indexes[x] = x.entries.Snapshot()
	}
}
