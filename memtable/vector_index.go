package memtable

import (
	"slices"
	"strconv"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/store"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// vectorIndex is an index that finds items by their nearness to a vector. The table's lock guards what changes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearch.html
type vectorIndex struct {
	name       string
	arn        string
	table      keySchema // the table's key, which every entry holds too
	attribute  string    // that holds the vectors
	dimensions int
	distance   string // COSINE, EUCLIDEAN or DOT_PRODUCT
	schema     []searchAttribute
	projection projection

	added     bool      // by UpdateTable, so that its description tells of the backfill
	allocated time.Time // when the backfill of an added index begins; zero until that is known
	ready     time.Time // when the index is active; zero until that is known
	leaving   bool      // it is being deleted
	deleted   time.Time // when a deleted index is gone; zero until that is known

	entries store.Tree[*vectorEntry]
	bytes   int64
}

// searchAttribute is an attribute that searches may ask for.
type searchAttribute struct {
	keyAttribute
	partition bool // HASH: every search asks for one value of it; else INLINE_FILTER
}

func (a searchAttribute) role() string {
	if a.partition {
		return "HASH"
	}
	return "INLINE_FILTER"
}

// vectorEntry is what the index holds of one item. It never changes.
type vectorEntry struct {
	rec    *record
	vector []float32
}

// newVector makes a vector index of its checked input form.
func (t *table) newVector(in vectorInput, defs []attributeDefinition) *vectorIndex {
	x := &vectorIndex{
		name:       in.name.v,
		arn:        t.arn + "/index/" + in.name.v,
		table:      t.key,
		attribute:  in.attribute.v.v,
		dimensions: int(in.dimensions.v),
		distance:   in.distance.v,
		projection: projection{kind: in.projection.v.kind.v, nonKey: in.projection.v.nonKey.v},
	}
	for _, e := range in.schema.v {
		i := slices.IndexFunc(defs, func(d attributeDefinition) bool { return d.name.v == e.name.v })
		x.schema = append(x.schema, searchAttribute{keyAttribute{name: e.name.v, typ: defs[i].typ.v[0]}, e.role.v == "HASH"})
	}
	return x
}

func (x *vectorIndex) status(now time.Time) string {
	switch {
	case x.leaving:
		return statusDeleting
	case x.ready.IsZero() || now.Before(x.ready):
		return statusCreating
	}
	return statusActive
}

func (x *vectorIndex) gone(now time.Time) bool { return !x.deleted.IsZero() && !now.Before(x.deleted) }

// backfilling reports whether the index is being filled from the items that were there before it.
func (x *vectorIndex) backfilling(now time.Time) bool {
	return x.added && x.status(now) == statusCreating && !x.allocated.IsZero() && !now.Before(x.allocated)
}

// partition returns the attribute that partitions the index; nil if there is none.
func (x *vectorIndex) partition() *searchAttribute {
	for i := range x.schema {
		if x.schema[i].partition {
			return &x.schema[i]
		}
	}
	return nil
}

// searches reports whether the search schema has an attribute.
func (x *vectorIndex) searches(name string) bool {
	return slices.ContainsFunc(x.schema, func(a searchAttribute) bool { return a.name == name })
}

// describe writes the index's description.
func (x *vectorIndex) describe(w *writer, now time.Time, tableStatus string) {
	status := x.status(now)
	if tableStatus == statusCreating {
		status = statusCreating
	}
	w.beginObject()
	x.writeDefinition(w)
	w.text("IndexStatus", status)
	if x.added && status == statusCreating {
		w.bool("Backfilling", x.backfilling(now))
	}
	w.int("IndexSizeBytes", x.bytes)
	w.int("ItemCount", int64(x.entries.Len()))
	w.text("IndexArn", x.arn)
	w.endObject()
}

// writeDefinition writes what the index was made with.
func (x *vectorIndex) writeDefinition(w *writer) {
	w.text("IndexName", x.name)
	w.object("VectorAttribute")
	w.text("AttributeName", x.attribute)
	w.endObject()
	if len(x.schema) > 0 {
		w.array("SearchSchema")
		for _, a := range x.schema {
			w.beginObject()
			w.text("AttributeName", a.name)
			w.text("SearchSchemaElementType", a.role())
			w.endObject()
		}
		w.endArray()
	}
	x.projection.write(w)
	w.int("Dimensions", int64(x.dimensions))
	w.text("DistanceFunction", x.distance)
}

// put adds the entry of a record, if the index takes its item.
func (x *vectorIndex) put(primary string, rec *record) {
	if e := x.entry(rec); e != nil {
		x.entries.Set(x.entryKey(primary, rec.item), e)
		x.bytes += int64(x.entrySize(rec.item))
	}
}

func (x *vectorIndex) remove(primary string, rec *record) {
	key := x.entryKey(primary, rec.item)
	if _, ok := x.entries.Get(key); ok {
		x.entries.Delete(key)
		x.bytes -= int64(x.entrySize(rec.item))
	}
}

// entry is the entry of a record; nil if the index doesn't take it.
func (x *vectorIndex) entry(rec *record) *vectorEntry {
	if !x.takes(rec.item) {
		return nil
	}
	v, _ := rec.item.Get(x.attribute)
	vector, ok := vectorOf(v)
	if !ok {
		return nil
	}
	return &vectorEntry{rec, vector}
}

// takes reports whether an item belongs into the index: it has a vector of the index's dimensions and the
// partition attribute, and what it has of the search schema is as it must be. A component that is no 32-bit
// float, which only items from before the index can have, is left to entry.
func (x *vectorIndex) takes(item value.Item) bool {
	if v, _ := item.Get(x.attribute); !isVector(v, x.dimensions) {
		return false
	}
	for _, a := range x.schema {
		if v, ok := item.Get(a.name); ok && x.checkSearched(a, v) != nil || !ok && a.partition {
			return false
		}
	}
	return true
}

// entryKey is where the index keeps an item: by partition attribute, if it has one, then by primary key.
func (x *vectorIndex) entryKey(primary string, item value.Item) string {
	a := x.partition()
	if a == nil {
		return primary
	}
	v, _ := item.Get(a.name)
	if v.Kind() != a.kind() {
		return ""
	}
	return string(append(appendPartition(make([]byte, 0, 128), []value.Value{v}), primary...))
}

// holds reports whether the index's projection has an attribute.
func (x *vectorIndex) holds(name string) bool {
	return x.projection.kind == "ALL" || x.table.has(name) || x.searches(name) || slices.Contains(x.projection.nonKey, name)
}

// bytesPerDimension is what a component of a vector counts for: it is kept as a 32-bit float.
const bytesPerDimension = 4

// entrySize is the size of the index's entry of an item: its vector, and what else is projected.
func (x *vectorIndex) entrySize(item value.Item) int {
	size := bytesPerDimension*x.dimensions + len(x.attribute)
	for name, v := range item.All() {
		if name != x.attribute && x.holds(name) {
			size += len(name) + v.Size()
		}
	}
	return size
}

// minVectorWrite is what a write of an entry counts for at least, in bytes.
const minVectorWrite = 1024

// writeCost is what the index's share of a write takes, in bytes: nothing if its entry stays as it is, else
// the entry that comes or goes or is left, and both for one that changes partitions.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchMonitoring.html
func (x *vectorIndex) writeCost(primary string, old, rec *record) float64 {
	var before, after string
	var had, has bool
	if old != nil {
		before = x.entryKey(primary, old.item)
		_, had = x.entries.Get(before)
	}
	if rec != nil && x.takes(rec.item) {
		after, has = x.entryKey(primary, rec.item), true
	}
	bytes := func(r *record) float64 { return float64(max(x.entrySize(r.item), minVectorWrite)) }
	seen := func(name string) bool { return name == x.attribute || x.holds(name) }
	switch {
	case !had && !has:
		return 0
	case !had:
		return bytes(rec)
	case !has:
		return bytes(old)
	case before != after:
		return bytes(old) + bytes(rec)
	case old.item.Only(seen).Equal(rec.item.Only(seen)):
		return 0
	}
	return bytes(rec)
}

// isVector reports whether a value is a list of so many numbers.
func isVector(v value.Value, dimensions int) bool {
	if v.Kind() != value.KindL || v.Len() != dimensions {
		return false
	}
	return !slices.ContainsFunc(v.List(), func(elem value.Value) bool { return elem.Kind() != value.KindN })
}

// vectorOf returns the numbers of a list as 32-bit floats; it is not ok if one of them is too large.
func vectorOf(v value.Value) ([]float32, bool) {
	vector := make([]float32, v.Len())
	for i, elem := range v.List() {
		f, ok := float32Of(elem)
		if !ok {
			return nil, false
		}
		vector[i] = f
	}
	return vector, true
}

// float32Of returns the 32-bit float that is nearest to a number; it is not ok for one out of range.
func float32Of(v value.Value) (float32, bool) {
	f, err := strconv.ParseFloat(string(v.Number().Append(nil)), 32)
	return float32(f), err == nil
}
