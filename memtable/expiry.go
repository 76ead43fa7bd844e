package memtable

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/store"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// tooOld is how many years an item's time may be in the past for the item to expire at all.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html
const tooOld = 5

// expiry orders the items of a table that have a time to live by that time. Its zero value is that of a
// table without one. The table's lock guards it.
type expiry struct {
	attribute string        // empty if items don't expire
	from      time.Time     // before this nothing expires
	delay     time.Duration // how long items outlive their time
	entries   store.Tree[struct{}]
}

// put adds a record, if its item expires.
func (x *expiry) put(key string, rec *record, now time.Time) {
	if x.attribute == "" {
		return
	}
	if at, ok := x.of(rec.item); ok && at.After(now.AddDate(-tooOld, 0, 0)) {
		x.entries.Set(entryAt(at, key), struct{}{})
	}
}

// remove removes a record, if it is there; nil is none.
func (x *expiry) remove(key string, rec *record) {
	if x.attribute == "" || rec == nil {
		return
	}
	if at, ok := x.of(rec.item); ok {
		x.entries.Delete(entryAt(at, key))
	}
}

// of returns the time of an item, which is a number of seconds since 1970. A fraction counts as a second.
func (x *expiry) of(item value.Item) (at time.Time, ok bool) {
	v, _ := item.Get(x.attribute)
	if v.Kind() != value.KindN {
		return at, false
	}
	seconds, _ := strconv.ParseFloat(string(v.Number().Append(nil)), 64) // it is a number
	if seconds < 0 || seconds > 1<<40 {                                  // 2^40 seconds are 35,000 years
		return at, false
	}
	return time.Unix(int64(math.Ceil(seconds)), 0), true
}

// next returns the item that expires first, and when it is gone.
func (x *expiry) next() (key string, gone time.Time, ok bool) {
	entry, _, ok := x.entries.Min()
	if !ok {
		return "", gone, false
	}
	gone = time.Unix(int64(binary.BigEndian.Uint64([]byte(entry[:8]))), 0).Add(x.delay)
	if gone.Before(x.from) {
		gone = x.from
	}
	return entry[8:], gone, true
}

// due reports whether there are items to be deleted.
func (x *expiry) due(now time.Time) bool {
	if x.attribute == "" {
		return false
	}
	_, gone, ok := x.next()
	return ok && !gone.After(now)
}

func entryAt(at time.Time, key string) string {
	return string(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(key)), uint64(at.Unix()))) + key
}

// expireBy makes items expire by an attribute, from a time on. Without an attribute none does.
func (d *tableData) expireBy(attribute string, from time.Time, delay time.Duration, now time.Time) {
	d.expiry = expiry{attribute: attribute, from: from, delay: delay}
	if attribute == "" {
		return
	}
	for key, rec := range d.items.Snapshot().Ascend(store.Range{}, "") {
		d.expiry.put(key, rec, now)
	}
}

// expire deletes the items whose time is over: a table is asked for nothing before that is done.
func (t *table) expire(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.deleted.IsZero() {
		return
	}
	for t.data.expiry.due(now) {
		key, gone, _ := t.data.expiry.next()
		rec, _ := t.data.items.Get(key)
		c := change{table: t, key: key, expired: true}
		c.commit(outcome{old: rec}, gone)
	}
}
