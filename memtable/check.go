package memtable

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/store"
)

// Check walks all tables and reports every violated invariant, joined: items are stored under their own
// keys, sizes and counts are those of the items, each index has an entry for exactly the items that have
// its key or vector, items expire at their own time, and streams tell how the items became what they are. It is nil
// for an engine that works; tests of the engine call it.
func (e *Engine) Check() error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	now := e.now()
	var errs []error
	for _, t := range e.tables {
		t.mu.Lock()
		errs = append(errs, t.check(now)...)
		t.mu.Unlock()
	}
	return errors.Join(errs...)
}

// check needs the table's lock for writing, as snapshots do.
func (t *table) check(now time.Time) (errs []error) {
	report := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("memtable: table %s: "+format, append([]any{t.name}, args...)...))
	}
	var bytes int64
	items := t.data.items.Snapshot()
	for key, rec := range items.Ascend(store.Range{}, "") {
		bytes += int64(t.data.billed(rec))
		if own, ok := t.key.append(nil, rec.item); !ok || string(own) != key {
			report("an item is not under its own key")
		}
		if rec.size != rec.item.Size() {
			report("an item of %d bytes counts as %d", rec.item.Size(), rec.size)
		}
	}
	if bytes != t.data.bytes {
		report("%d bytes of items count as %d", bytes, t.data.bytes)
	}
	for _, x := range t.data.indexes {
		t.checkIndex(x, items, report)
	}
	for _, x := range t.data.vectors {
		x.check(items, report)
	}
	t.checkExpiry(items, now, report)
	if t.stream != nil {
		t.stream.check(report)
	}
	return errs
}

// check needs records in the order of numbers and times, within the bounds of their shards, each of which
// changes an item from what the one before left, up to what is stored.
func (s *stream) check(report func(string, ...any)) {
	var all []streamRecord
	for i, sh := range s.shards {
		if i > 0 && s.shards[i-1].id >= sh.id {
			report("stream %s: shard %s is out of order", s.label, sh.id)
		}
		last := max(sh.start, sh.trimmed)
		for _, r := range sh.records {
			if r.number < last || r.number >= s.next || sh.end > 0 && r.number >= sh.end {
				report("stream %s: record %d is outside of its shard, or out of order", s.label, r.number)
			}
			last = r.number + 1
		}
		all = append(all, sh.records...)
	}
	slices.SortFunc(all, func(a, b streamRecord) int { return cmp.Compare(a.number, b.number) })
	left := map[string]*record{}
	for i, r := range all {
		if i > 0 && r.at.Before(all[i-1].at) {
			report("stream %s: record %d is older than the one before", s.label, r.number)
		}
		if r.old == r.new {
			report("stream %s: record %d changes nothing", s.label, r.number)
			continue
		}
		key := s.t.primaryKey(r.keys(s))
		if before, ok := left[key]; ok && !sameItem(before, r.old) {
			report("stream %s: record %d doesn't begin with what was left of its item", s.label, r.number)
		}
		left[key] = r.new
	}
	if !s.closed.IsZero() {
		return
	}
	for key, rec := range left {
		if stored, _ := s.t.data.items.Get(key); !sameItem(stored, rec) {
			report("stream %s: an item isn't what its latest record says", s.label)
		}
	}
}

// sameItem reports whether two records hold the same item, or none.
func sameItem(a, b *record) bool {
	return a == b || a != nil && b != nil && a.item.Equal(b.item)
}

// checkExpiry needs an entry for each item that expires; items whose time was over years before they came
// have none.
func (t *table) checkExpiry(items store.Snapshot[*record], now time.Time, report func(string, ...any)) {
	for entry := range t.data.expiry.entries.Snapshot().Ascend(store.Range{}, "") {
		rec, ok := t.data.items.Get(entry[8:])
		if !ok {
			report("an item that isn't there expires")
			continue
		}
		if at, ok := t.data.expiry.of(rec.item); !ok || entryAt(at, entry[8:]) != entry {
			report("an item expires at another time than its own")
		}
	}
	if t.data.expiry.attribute == "" {
		return
	}
	for key, rec := range items.Ascend(store.Range{}, "") {
		at, ok := t.data.expiry.of(rec.item)
		if _, there := t.data.expiry.entries.Get(entryAt(at, key)); ok && !there && at.After(now.AddDate(-tooOld, 0, 0)) {
			report("an item never expires")
		}
	}
}

// check needs an entry for each item that the index takes, with the item's vector, and none else.
func (x *vectorIndex) check(items store.Snapshot[*record], report func(string, ...any)) {
	want, bytes := 0, int64(0)
	for key, rec := range items.Ascend(store.Range{}, "") {
		e := x.entry(rec)
		if e == nil {
			continue
		}
		want++
		bytes += int64(x.entrySize(rec.item))
		if got, ok := x.entries.Get(x.entryKey(key, rec.item)); !ok || got.rec != rec || !slices.Equal(got.vector, e.vector) {
			report("vector index %s: the entry of an item is missing or old", x.name)
		}
	}
	if got := x.entries.Len(); got != want {
		report("vector index %s: %d entries for %d items", x.name, got, want)
	}
	if bytes != x.bytes {
		report("vector index %s: %d bytes count as %d", x.name, bytes, x.bytes)
	}
}

func (t *table) checkIndex(x *index, items store.Snapshot[*record], report func(string, ...any)) {
	want, bytes := 0, int64(0)
	entries := x.entries.Snapshot()
	for key, rec := range items.Ascend(store.Range{}, "") {
		at, ok := x.entryKey(key, rec.item)
		if !ok {
			continue
		}
		want++
		bytes += int64(x.entrySize(rec))
		if got, ok := x.entries.Get(at); !ok || got != rec {
			report("index %s: the entry of an item is missing or old", x.name)
		}
	}
	got := 0
	for range entries.Ascend(store.Range{}, "") {
		got++
	}
	if got != want {
		report("index %s: %d entries for %d items", x.name, got, want)
	}
	if bytes != x.bytes {
		report("index %s: %d bytes count as %d", x.name, bytes, x.bytes)
	}
}
