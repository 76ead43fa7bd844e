package memtable

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"
	"time"
)

const (
	streamRetention = 24 * time.Hour // how long records stay, and streams and shards that are closed
	shardLife       = 4 * time.Hour  // how long a shard takes records, until a child takes its place
)

// stream is the changes of a table's items, from when it was enabled until it was disabled.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
//
// What changes of it is guarded by the lock of its table, whose items it outlives.
type stream struct {
	t       *table
	arn     string
	label   string
	view    string // KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES
	created time.Time

	ready  time.Time // when it is enabled, or disabled
	closed time.Time // when it was disabled; zero while it isn't
	shards []*shard  // in the order of their IDs, which is that of their opening
	next   uint64    // the next sequence number
	opened int       // shards so far
	latest time.Time // the time of the latest record
}

// shard is the records of a part of the table's partitions, in the order of their sequence numbers.
type shard struct {
	id, parent string
	low, high  uint64    // the first and the last hash of the partitions that are its
	since      time.Time // when it was opened
	start      uint64    // the first sequence number that is its
	end        uint64    // the last one; zero while it is open
	closed     time.Time
	records    []streamRecord
	trimmed    uint64 // its records before this number are gone
}

// streamRecord is one change of one item.
type streamRecord struct {
	number   uint64
	at       time.Time
	old, new *record // nil for an item that isn't there
	expired  bool    // it was the service that deleted the item
}

// newStream opens a stream with some shards; label is that of no other stream of the table.
func newStream(t *table, label, view string, shards int, now, ready time.Time) *stream {
	s := &stream{t: t, arn: t.arn + "/stream/" + label, label: label, view: view, created: now, ready: ready, next: 1, latest: now}
	low := uint64(0)
	for part := 1; part < shards; part++ {
		next, rest := bits.Div64(uint64(part), 0, uint64(shards))
		if rest > 0 {
			next++
		}
		s.open(low, next-1, "", now)
		low = next
	}
	s.open(low, math.MaxUint64, "", now)
	return s
}

func (s *stream) status(now time.Time) string {
	switch changing := now.Before(s.ready); {
	case s.closed.IsZero() && changing:
		return "ENABLING"
	case s.closed.IsZero():
		return "ENABLED"
	case changing:
		return "DISABLING"
	}
	return "DISABLED"
}

// gone reports whether the service remembers the stream no more.
func (s *stream) gone(now time.Time) bool {
	return !s.closed.IsZero() && !now.Before(s.closed.Add(streamRetention))
}

// open adds a shard. IDs are in the order of their opening, and tell the time of it.
func (s *stream) open(low, high uint64, parent string, now time.Time) {
	s.opened++
	hash := crc32.ChecksumIEEE(fmt.Appendf(nil, "%s/%d", s.arn, s.opened))
	s.shards = append(s.shards, &shard{
		id:     fmt.Sprintf("shardId-%020d-%08x", now.UnixMilli()+int64(s.opened)-1, hash),
		parent: parent,
		low:    low,
		high:   high,
		since:  now,
		start:  s.next,
	})
}

// closeShard ends a shard, with a sequence number that no record has.
func (s *stream) closeShard(sh *shard, now time.Time) {
	sh.end, sh.closed = s.next, now
	s.next++
}

// close ends the stream: its shards take no more records.
func (s *stream) close(now, ready time.Time) {
	s.settle(now)
	s.closed, s.ready = now, ready
	for _, sh := range s.shards {
		if sh.end == 0 {
			s.closeShard(sh, now)
		}
	}
}

// settle does what time has brought: shards that were open for long have got children, and what is older
// than the retention is gone.
func (s *stream) settle(now time.Time) {
	for s.closed.IsZero() {
		i := slices.IndexFunc(s.shards, func(sh *shard) bool { return sh.end == 0 && !now.Before(sh.since.Add(shardLife)) })
		if i < 0 {
			break
		}
		sh, at := s.shards[i], s.shards[i].since.Add(shardLife)
		if unseen := now.Add(-streamRetention - shardLife); at.Before(unseen) {
			at = unseen // the shards in between have come and gone
		}
		s.closeShard(sh, at)
		s.open(sh.low, sh.high, sh.id, at)
	}
	horizon := now.Add(-streamRetention)
	for _, sh := range s.shards {
		sh.trim(horizon)
	}
	s.shards = slices.DeleteFunc(s.shards, func(sh *shard) bool { return sh.end > 0 && !sh.closed.After(horizon) })
}

// trim forgets records up to a time.
func (sh *shard) trim(horizon time.Time) {
	n := 0
	for n < len(sh.records) && !sh.records[n].at.After(horizon) {
		sh.trimmed = sh.records[n].number + 1
		n++
	}
	clear(sh.records[:n]) // what they hold is to be freed, though the slice stays
	sh.records = sh.records[n:]
}

// add records a change of the item with a key, if it is one.
func (s *stream) add(key string, out outcome, expired bool, now time.Time) {
	if out.old == out.new || out.old != nil && out.new != nil && out.old.item.Equal(out.new.item) {
		return
	}
	if now.Before(s.latest) {
		now = s.latest
	}
	s.latest = now
	s.settle(now)
	sh := s.shardOf(key)
	sh.records = append(sh.records, streamRecord{number: s.next, at: now, old: out.old, new: out.new, expired: expired})
	s.next++
}

// shardOf returns the open shard of a key: those of a partition stay together.
func (s *stream) shardOf(key string) *shard {
	hash := binary.BigEndian.Uint64([]byte(key[:8]))
	i := slices.IndexFunc(s.shards, func(sh *shard) bool { return sh.end == 0 && sh.low <= hash && hash <= sh.high })
	return s.shards[i]
}

// SplitShard closes the open shard of a table's stream that has the most partitions, the oldest of several, and
// opens two children in its place, as the service does when a table grows. It fails if the table has no stream.
func (e *Engine) SplitShard(table string) error {
	t, err := e.forItems(table)
	if err != nil {
		return fmt.Errorf("memtable: split a shard: table %s: %s", table, messageOf(err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stream == nil || !t.stream.closed.IsZero() {
		return fmt.Errorf("memtable: split a shard: table %s has no stream", table)
	}
	t.stream.split(e.now())
	return nil
}

func (s *stream) split(now time.Time) {
	s.settle(now)
	var widest *shard
	for _, sh := range s.shards {
		if sh.end == 0 && (widest == nil || sh.high-sh.low > widest.high-widest.low) {
			widest = sh
		}
	}
	middle := widest.low + (widest.high-widest.low)/2
	s.closeShard(widest, now)
	s.open(widest.low, middle, widest.id, now)
	s.open(middle+1, widest.high, widest.id, now)
}

// sequenceNumber is a number as the service prints it: it orders as text too.
func sequenceNumber(n uint64) string { return fmt.Sprintf("1%020d", n) }
