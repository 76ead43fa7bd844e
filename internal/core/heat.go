package core

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
)

// Hot is a partition that takes more units than the callers of Heat want.
type Hot struct {
	Table     string
	Index     string
	Partition uint64
	Writes    bool
	Units     float64
	AtLeast   float64
	Window    time.Duration
}

// Heat finds the partitions that take the most units, in memory that does not grow
// with their number.
type Heat struct {
	window      time.Duration
	tell        func(context.Context, Hot)
	read, write sketch
}

// NewHeat calls tell, once in each window, of every partition that takes at least
// so many units in it; 0 is none.
func NewHeat(window time.Duration, read, write float64, tell func(context.Context, Hot)) *Heat {
	h := &Heat{window: window, tell: tell}
	h.read.enough, h.write.enough = read, write
	return h
}

// partitionSeed makes the hashes of partitions those of this process alone, so
// that keys cannot be guessed from them.
var partitionSeed = sync.OnceValue(maphash.MakeSeed)

// partitionHash is that of a partition of a table or an index; id begins with the
// identities of n partition key attributes.
func partitionHash(table, index string, id []byte, n int) uint64 {
	var h maphash.Hash
	h.SetSeed(partitionSeed())
	_, _ = h.WriteString(table)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(index)
	_ = h.WriteByte(0)
	end := 0
	for range n {
		end += len("S....") + int(binary.BigEndian.Uint32(id[end+1:]))
	}
	_, _ = h.Write(id[:end])
	return h.Sum64()
}

// Partition is the hash of the partition that item, a *T, is in.
func (r *Repo) Partition(ctx context.Context, item any) (uint64, error) {
	v, err := elem(item)
	if err != nil {
		return 0, err
	}
	if v, err = r.stages.sought(ctx, v); err != nil {
		return 0, err
	}
	key, missing, err := r.table.partition.values(v, nil, 0)
	if err != nil {
		return 0, err
	}
	if missing != nil {
		return 0, fmt.Errorf("%w: %s not set", ErrKey, strings.Join(missing, ", "))
	}
	return partitionHash(r.Table.Name, "", key.appendIdentity(nil), len(key)), nil
}

// in notes that the items of p are in the partition at, if that matters to t.
func (p *page) in(t *Table, at attributes) {
	if t.Sight != nil && t.Sight.Heat != nil {
		p.at = slices.Clone(at)
	}
}

// in notes that the call is about an item in the partition that the identity id
// of a key of t begins with.
func (s *sighting) in(t *Table, id []byte) {
	if t.Sight != nil && t.Sight.Heat != nil {
		n := s.share(t)
		s.shares[n].parts++
		s.parts = append(s.parts, spot{n, partitionHash(t.Name, "", id, 1)})
	}
}

// warm tells the heat of each table what the call's partitions took: as much each.
func (s *sighting) warm(c *call) {
	if at := c.page.at; at != nil {
		s.id = at.appendIdentity(s.id[:0])
		s.parts = append(s.parts[:0], spot{0, partitionHash(s.Table, s.Index, s.id, len(at))})
		s.shares[0].parts = 1
	}
	for _, p := range s.parts {
		share := &s.shares[p.share]
		units := share.used / float64(share.parts)
		if units == 0 {
			continue
		}
		h, now := share.table.Sight.Heat, s.Started.Add(s.Duration)
		k := pick(s.Writes, &h.write, &h.read)
		if units, atLeast, hot := k.add(p.hash, units, now, h.window); hot {
			h.tell(s.ctx, Hot{
				Table: share.table.Name, Index: s.Index, Partition: p.hash, Writes: s.Writes,
				Units: units, AtLeast: atLeast, Window: h.window,
			})
		}
	}
}

// counters is how many partitions a sketch counts at once. One that takes more
// than a 256th of all units is always among them.
const counters = 256

// sketch counts the units of partitions. When all counters are used, the lowest
// becomes that of the next partition, and keeps its count: that is how far it may
// be too high.
// Metwally, Agrawal, El Abbadi: Efficient computation of frequent and top-k
// elements in data streams, 2005.
type sketch struct {
	mu     sync.Mutex
	enough float64 // units in a window; 0: nobody is told
	began  time.Time
	index  map[uint64]int
	all    []counter
}

type counter struct {
	partition uint64
	units     float64
	over      float64 // at most so much of units is another's
	told      bool
}

// add adds units to a partition's, and reports whether it is hot and nobody was
// told in this window.
func (k *sketch) add(partition uint64, units float64, now time.Time, window time.Duration) (total, atLeast float64, hot bool) {
	if k.enough <= 0 {
		return 0, 0, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(k.began) >= window {
		k.began, k.all = now, k.all[:0]
		clear(k.index)
	}
	if k.index == nil {
		k.index, k.all = make(map[uint64]int, counters), make([]counter, 0, counters)
	}
	i, ok := k.index[partition]
	switch {
	case ok:
	case len(k.all) < counters:
		i = len(k.all)
		k.all = append(k.all, counter{partition: partition})
		k.index[partition] = i
	default:
		i = k.lowest()
		delete(k.index, k.all[i].partition)
		k.all[i] = counter{partition: partition, units: k.all[i].units, over: k.all[i].units}
		k.index[partition] = i
	}
	c := &k.all[i]
	c.units += units
	if c.told || c.units-c.over < k.enough {
		return 0, 0, false
	}
	c.told = true
	return c.units, c.units - c.over, true
}

func (k *sketch) lowest() int {
	low := 0
	for i := range k.all {
		if k.all[i].units < k.all[low].units {
			low = i
		}
	}
	return low
}
