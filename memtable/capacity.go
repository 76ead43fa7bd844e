package memtable

import (
	"math"
	"slices"
)

// units are capacity units that a request consumed of one table, as the service accounts for them.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
type units struct {
	table   float64
	indexes []indexUnits
	vectors []vectorBytes // beside the units
}

type indexUnits struct {
	index *index
	units float64
}

// vectorBytes are what a write takes of a vector index, in bytes.
type vectorBytes struct {
	index string
	bytes float64
}

func (u *units) addVector(index string, bytes float64) {
	if bytes == 0 {
		return
	}
	i := slices.IndexFunc(u.vectors, func(have vectorBytes) bool { return have.index == index })
	if i < 0 {
		u.vectors = append(u.vectors, vectorBytes{index, bytes})
		return
	}
	u.vectors[i].bytes += bytes
}

func (u *units) add(x *index, n float64) {
	if n == 0 {
		return
	}
	i := slices.IndexFunc(u.indexes, func(have indexUnits) bool { return have.index.name == x.name })
	if i < 0 {
		u.indexes = append(u.indexes, indexUnits{x, n})
		return
	}
	u.indexes[i].units += n
}

func (u *units) merge(more units) {
	u.table += more.table
	for _, x := range more.indexes {
		u.add(x.index, x.units)
	}
	for _, x := range more.vectors {
		u.addVector(x.index, x.bytes)
	}
}

// scale multiplies all of the units, as transactions do. What vector indexes take is the same.
func (u *units) scale(by float64) {
	u.table *= by
	for i := range u.indexes {
		u.indexes[i].units *= by
	}
}

func (u *units) total() float64 {
	sum := u.table
	for _, x := range u.indexes {
		sum += x.units
	}
	return sum
}

// readUnits is what it takes to read so many bytes: 4 KB each, half of it when the read is eventually
// consistent, and as much as one unit for nothing.
func readUnits(bytes int, consistent bool) float64 {
	n := math.Max(1, math.Ceil(float64(bytes)/4096))
	if consistent {
		return n
	}
	return n / 2
}

// writeUnits is what it takes to write so many bytes: 1 KB each, and one unit for nothing.
func writeUnits(bytes int) float64 { return math.Max(1, math.Ceil(float64(bytes)/1024)) }

// writeCost is what it takes to replace old by rec; either may be nil.
func (t *table) writeCost(key string, old, rec *record) units {
	u := units{table: writeUnits(max(t.data.billed(old), t.data.billed(rec)))}
	for _, x := range t.data.indexes {
		u.add(x, x.writeCost(key, old, rec))
	}
	for _, x := range t.data.vectors {
		u.addVector(x.name, x.writeCost(key, old, rec))
	}
	return u
}

func (r *record) bytes() int {
	if r == nil {
		return 0
	}
	return r.size
}

// writeCost is what the index's share of a write takes: nothing if its entry stays as it is, one write
// for an entry that comes, goes or changes, two for one that moves.
func (x *index) writeCost(key string, old, rec *record) float64 {
	var before, after string
	var had, has bool
	if old != nil {
		before, had = x.entryKey(key, old.item)
	}
	if rec != nil {
		after, has = x.entryKey(key, rec.item)
	}
	switch {
	case !had && !has:
		return 0
	case !had:
		return writeUnits(x.entrySize(rec))
	case !has:
		return writeUnits(x.entrySize(old))
	case before != after:
		return writeUnits(x.entrySize(old)) + writeUnits(x.entrySize(rec))
	case x.project(old).Equal(x.project(rec)):
		return 0
	}
	return writeUnits(max(x.entrySize(old), x.entrySize(rec)))
}

const capacityModes = "INDEXES, TOTAL, NONE"

// consumed writes ConsumedCapacity, if the request asks for it. kind is Read or Write for transactions,
// which say it once more by kind, or empty.
func (w *writer) consumed(mode, table, kind string, u units) {
	if wantsCapacity(mode) {
		w.name("ConsumedCapacity")
		w.consumedElem(mode, table, kind, u)
	}
}

func wantsCapacity(mode string) bool { return mode == "TOTAL" || mode == "INDEXES" }

func (w *writer) consumedElem(mode, table, kind string, u units) {
	w.consumedWith(mode, table, kind, u, 0)
}

// consumedWith is consumedElem with units that are no table's or index's share.
func (w *writer) consumedWith(mode, table, kind string, u units, more float64) {
	w.beginObject()
	w.text("TableName", table)
	w.capacity(kind, u.total()+more)
	if mode == "INDEXES" {
		w.object("Table")
		w.capacity(kind, u.table)
		w.endObject()
		for _, global := range []bool{false, true} {
			w.indexCapacity(global, kind, u.indexes)
		}
		w.vectorCapacity(u.vectors)
	}
	w.endObject()
}

func (w *writer) indexCapacity(global bool, kind string, indexes []indexUnits) {
	open := false
	for _, x := range indexes {
		if x.index.global != global {
			continue
		}
		if !open {
			w.object(map[bool]string{true: "GlobalSecondaryIndexes", false: "LocalSecondaryIndexes"}[global])
			open = true
		}
		w.object(x.index.name)
		w.capacity(kind, x.units)
		w.endObject()
	}
	if open {
		w.endObject()
	}
}

func (w *writer) vectorCapacity(vectors []vectorBytes) {
	if len(vectors) == 0 {
		return
	}
	w.object("VectorIndexes")
	for _, x := range vectors {
		w.object(x.index)
		w.number("VectorWriteRequestBytes", x.bytes)
		w.endObject()
	}
	w.endObject()
}

func (w *writer) capacity(kind string, n float64) {
	w.number("CapacityUnits", n)
	if kind != "" {
		w.number(kind+"CapacityUnits", n)
	}
}
