package memtable

import (
	"cmp"
	"slices"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/store"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// record is a stored item. It never changes: a write stores a new one.
type record struct {
	item value.Item
	size int // bytes as the service counts them
}

func newRecord(item value.Item) *record { return &record{item: item, size: item.Size()} }

// tableData is what a table holds. The table's lock guards it.
type tableData struct {
	items   store.Tree[*record]
	bytes   int64
	indexes []*index // local ones, then global ones, each in the order of their creation
	vectors []*vectorIndex
	expiry  expiry
}

// index returns the index of that name, unless it is gone.
func (d *tableData) index(name string, now time.Time) *index {
	for _, x := range d.indexes {
		if x.name == name && !x.gone(now) {
			return x
		}
	}
	return nil
}

// byName returns the indexes in the order of their names, in which the service checks them.
func (d *tableData) byName(now time.Time) []*index {
	var out []*index
	for _, x := range d.indexes {
		if !x.gone(now) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b *index) int { return cmp.Compare(a.name, b.name) })
	return out
}

// globals counts the global indexes.
func (d *tableData) globals(now time.Time) int {
	n := 0
	for _, x := range d.indexes {
		if x.global && !x.gone(now) {
			n++
		}
	}
	return n
}

// projected counts the attributes that the indexes name in their projections.
func (d *tableData) projected(now time.Time) int {
	n := 0
	for _, x := range d.indexes {
		if !x.gone(now) {
			n += len(x.projection.nonKey)
		}
	}
	return n
}

// addIndex adds an index and fills it from the items.
func (d *tableData) addIndex(x *index) {
	for key, rec := range d.items.Snapshot().Ascend(store.Range{}, "") {
		x.put(key, rec)
	}
	d.indexes = append(d.indexes, x)
}

// vector returns the vector index of that name, unless it is gone.
func (d *tableData) vector(name string, now time.Time) *vectorIndex {
	for _, x := range d.vectors {
		if x.name == name && !x.gone(now) {
			return x
		}
	}
	return nil
}

// addVector adds a vector index and fills it from the items.
func (d *tableData) addVector(x *vectorIndex) {
	d.vectors = append(d.vectors, x)
	d.bytes = 0
	for key, rec := range d.items.Snapshot().Ascend(store.Range{}, "") {
		x.put(key, rec)
		d.bytes += int64(d.billed(rec))
	}
}

// sweep forgets indexes that are gone.
func (d *tableData) sweep(now time.Time) {
	d.indexes = slices.DeleteFunc(d.indexes, func(x *index) bool { return x.gone(now) })
	before := len(d.vectors)
	d.vectors = slices.DeleteFunc(d.vectors, func(x *vectorIndex) bool { return x.gone(now) })
	if len(d.vectors) == before {
		return
	}
	d.bytes = 0
	for _, rec := range d.items.Snapshot().Ascend(store.Range{}, "") {
		d.bytes += int64(d.billed(rec))
	}
}

// billed is what a record counts for in the size of the table and in writes: its size, but for the vectors
// of indexes, which count for four bytes a component.
func (d *tableData) billed(rec *record) int {
	n := rec.bytes()
	if rec == nil {
		return n
	}
	for i, x := range d.vectors {
		same := func(other *vectorIndex) bool { return other.attribute == x.attribute }
		if v, _ := rec.item.Get(x.attribute); isVector(v, x.dimensions) && !slices.ContainsFunc(d.vectors[:i], same) {
			n += bytesPerDimension*x.dimensions - v.Size()
		}
	}
	return n
}

func (d *tableData) clear() { *d = tableData{} }

// put stores a record under its primary key, in the place of old, which is nil for a new item.
func (d *tableData) put(key string, old, rec *record, now time.Time) {
	d.items.Set(key, rec)
	d.expiry.remove(key, old)
	d.expiry.put(key, rec, now)
	d.bytes += int64(d.billed(rec) - d.billed(old))
	for _, x := range d.indexes {
		if old != nil {
			x.remove(key, old)
		}
		x.put(key, rec)
	}
	for _, x := range d.vectors {
		if old != nil {
			x.remove(key, old)
		}
		x.put(key, rec)
	}
}

// remove deletes a record, if there is one.
func (d *tableData) remove(key string, old *record) {
	if old == nil {
		return
	}
	d.items.Delete(key)
	d.expiry.remove(key, old)
	d.bytes -= int64(d.billed(old))
	for _, x := range d.indexes {
		x.remove(key, old)
	}
	for _, x := range d.vectors {
		x.remove(key, old)
	}
}

// put adds the entry of a record, if the item has all of the index's key.
func (x *index) put(primary string, rec *record) {
	if key, ok := x.entryKey(primary, rec.item); ok {
		x.entries.Set(key, rec)
		x.bytes += int64(x.entrySize(rec))
	}
}

func (x *index) remove(primary string, rec *record) {
	if key, ok := x.entryKey(primary, rec.item); ok {
		x.entries.Delete(key)
		x.bytes -= int64(x.entrySize(rec))
	}
}

// entryKey is where the index keeps an item: by index key, then by a hash of the primary key, as the service
// does, then by the primary key. It is not ok for an item that lacks a part of the index's key.
func (x *index) entryKey(primary string, item value.Item) (string, bool) {
	key, ok := x.key.append(make([]byte, 0, 128), item)
	if !ok {
		return "", false
	}
	var hashed [2]string
	for i, a := range x.table.attributes() {
		v, _ := item.Get(a.name)
		hashed[i] = hashForm(v)
	}
	key = store.AppendHash(key, hashed[:]...)
	return string(append(key, primary...)), true
}

// project returns what the index holds of an item.
func (x *index) project(rec *record) value.Item {
	if x.projection.kind == "ALL" {
		return rec.item
	}
	return rec.item.Only(x.holds)
}

// holds reports whether the index's projection has an attribute.
func (x *index) holds(name string) bool {
	return x.projection.kind == "ALL" || x.key.has(name) || x.table.has(name) || slices.Contains(x.projection.nonKey, name)
}

// entrySize is the size of the index's entry of a record.
func (x *index) entrySize(rec *record) int {
	if x.projection.kind == "ALL" {
		return rec.size
	}
	size := 0
	for name, v := range rec.item.All() {
		if x.holds(name) {
			size += len(name) + v.Size()
		}
	}
	return size
}

// append appends the key of an item to dst, in the order of the store. It is not ok for an item that lacks
// a part of the key, or has one of another type.
func (k keySchema) append(dst []byte, item value.Item) ([]byte, bool) {
	var values [maxKeyParts]value.Value
	for i, a := range k.partition {
		v, ok := item.Get(a.name)
		if !ok || v.Kind() != a.kind() {
			return dst, false
		}
		values[i] = v
	}
	dst = appendPartition(dst, values[:len(k.partition)])
	for _, a := range k.sort {
		v, ok := item.Get(a.name)
		if !ok || v.Kind() != a.kind() {
			return dst, false
		}
		dst = store.AppendPart(dst, v.Key())
	}
	return dst, true
}

// appendPartition appends a partition of the given values.
func appendPartition(dst []byte, values []value.Value) []byte {
	var hashed [maxKeyParts]string
	for i, v := range values {
		hashed[i] = hashForm(v)
	}
	dst = store.AppendHash(dst, hashed[:len(values)]...)
	for _, v := range values {
		dst = store.AppendPart(dst, v.Key())
	}
	return dst
}

// hashForm returns the bytes that the service hashes of a key's value. They are those of its order, but for
// negative numbers, whose digits in base 100 stand for 101 minus the digit, and end in 102.
func hashForm(v value.Value) string {
	key := v.Key()
	if v.Kind() != value.KindN || key[0] >= 0x80 {
		return key
	}
	form, last := []byte(key), len(key)-1
	for i := 1; i < last; i++ {
		form[i] = 102 - ^form[i]
	}
	form[last] = 102
	return string(form)
}

// kind is the kind of value that the attribute must have.
func (a keyAttribute) kind() value.Kind { return value.KindOf(string(a.typ)) }
