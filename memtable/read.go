package memtable

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/store"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// maxPage is how much Query and Scan read at most: they stop behind the item that reaches it.
const maxPage = 1 << 20

// readParams are what Query and Scan have in common.
type readParams struct {
	table      opt[string]
	index      opt[string]
	selected   opt[string] // Select
	limit      opt[int64]
	consistent opt[bool]
	capacity   opt[string]
	start      attributes // ExclusiveStartKey
	expressions
}

func (p *readParams) member(d *decoder, name string) {
	switch name {
	case "TableName":
		p.table = d.string()
	case "IndexName":
		p.index = d.string()
	case "Select":
		p.selected = d.string()
	case "Limit":
		p.limit = d.integer("Integer")
	case "ConsistentRead":
		p.consistent = d.bool()
	case "ReturnConsumedCapacity":
		p.capacity = d.string()
	case "ExclusiveStartKey":
		p.start = d.attributes()
	default:
		p.expressions.member(d, name)
	}
}

// constrain adds the violations of these members, but for Limit. It reports whether to look no further.
func (p *readParams) constrain(c *constraints) (done bool) {
	if c.tableName("tableName", p.table) {
		return true
	}
	c.enum("select", p.selected, "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES")
	c.indexName("indexName", p.index)
	c.enum("returnConsumedCapacity", p.capacity, capacityModes)
	p.expressions.constrain(c)
	return false
}

// checkSelect checks Select against what else says which attributes to return.
func (p *readParams) checkSelect() error {
	if given := p.projects(); given != "" && p.selected.ok && p.selected.v != "SPECIFIC_ATTRIBUTES" {
		what := p.selected.v
		if what == "COUNT" {
			what = "only the Count"
		}
		return invalid("Cannot specify the %s when choosing to get %s", given, what)
	} else if given == "" && p.selected.v == "SPECIFIC_ATTRIBUTES" {
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	}
	if p.selected.v == "ALL_PROJECTED_ATTRIBUTES" && !p.index.ok {
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	}
	return nil
}

// checkStart checks the values of ExclusiveStartKey. The service says that it is about the starting key, but
// for some of the faults.
func (p *readParams) checkStart() error {
	if p.start.fault == "" {
		return nil
	}
	for _, plain := range []string{"contains duplicates", "number set", "numeric value", "significant digits", "Number overflow", "Number underflow"} {
		if strings.Contains(p.start.fault, plain) {
			return p.start.check()
		}
	}
	return invalid("The provided starting key is invalid: %s", p.start.fault)
}

// source is what a Query or Scan reads: a table, or one of its indexes.
type source struct {
	t   *table
	x   *index // nil for the table itself
	key keySchema

	now   time.Time // of the request
	since time.Time // when the source is read; zero for now
}

// vectorIndex returns the vector index that the request names, which none can read; nil if it doesn't.
func (p *readParams) vectorIndex(t *table, now time.Time) *vectorIndex {
	if !p.index.ok {
		return nil
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.data.vector(p.index.v, now)
}

// source finds what the request reads.
func (p *readParams) source(t *table, now time.Time) (source, error) {
	src := source{t: t, key: t.key, now: now, since: t.history.since(p.consistent.v, now)}
	if !p.index.ok {
		return src, t.admitRead(nil, now)
	}
	t.mu.RLock()
	src.x = t.data.index(p.index.v, now)
	backfilling := src.x != nil && src.x.status(now) == statusCreating
	t.mu.RUnlock()
	if src.x == nil {
		return src, invalid("The table does not have the specified index: %s", p.index.v)
	}
	src.key = src.x.key
	if src.x.global && p.consistent.v {
		return src, invalid("Consistent reads are not supported on global secondary indexes")
	}
	if backfilling {
		return src, invalid("Cannot read from backfilling global secondary index: %s", src.x.name)
	}
	return src, t.admitRead(src.x, now)
}

// startNames are the attributes of the source's starting keys: the table's key, then the index's.
func (s source) startNames() []keyAttribute {
	names := s.t.key.attributes()
	if s.x == nil {
		return names
	}
	for _, a := range s.x.key.attributes() {
		if !s.t.key.has(a.name) {
			names = append(names, a)
		}
	}
	return names
}

// position is where an item is in the source's order; the item holds at least the starting key.
func (s source) position(item value.Item) string {
	primary := s.t.primaryKey(item)
	if s.x == nil {
		return primary
	}
	key, _ := s.x.entryKey(primary, item)
	return key
}

// snapshot returns the source's entries as they are now, or were when the source is read.
func (s source) snapshot() store.Snapshot[*record] {
	if !s.since.IsZero() {
		s.t.mu.RLock()
		defer s.t.mu.RUnlock()
		return s.t.history.at(s.x, s.since)
	}
	tree := &s.t.data.items
	if s.x != nil {
		tree = &s.x.entries
	}
	s.t.mu.RLock()
	if tree.Snapped() {
		defer s.t.mu.RUnlock()
		return tree.Snapshot()
	}
	s.t.mu.RUnlock()
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	return tree.Snapshot()
}

// checkAttributes checks that the source has what the request wants to see.
func (p *readParams) checkAttributes(s source) error {
	if s.x == nil || s.x.projection.kind == "ALL" || !s.x.global {
		return nil
	}
	if p.selected.v == "ALL_ATTRIBUTES" {
		return invalidValue("Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", s.x.name)
	}
	var missing []string
	for _, name := range p.projected() {
		if !s.x.holds(name) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return invalidValue("Global secondary index %s does not project %s", s.x.name, bracketed(missing))
	}
	return nil
}

// fetches reports whether a local index's entries don't suffice, so that whole items are fetched.
func (p *readParams) fetches(s source) bool {
	if s.x == nil || s.x.global || s.x.projection.kind == "ALL" {
		return false
	}
	if p.selected.v == "ALL_ATTRIBUTES" {
		return true
	}
	return slices.ContainsFunc(p.projected(), func(name string) bool { return !s.x.holds(name) })
}

// page reads entries until the limit or the size of a page, and writes the answer.
func (p *readParams) page(s source, entries iter.Seq2[string, *record], w *writer) {
	counting := p.selected.v == "COUNT"
	w.beginObject()
	if !counting {
		w.array("Items")
	}
	count := int64(0)
	v := p.visit(s, entries, p.limit.or(1<<62), maxPage, func(item value.Item) {
		count++
		if !counting {
			w.itemElem(p.project(item))
		}
	})
	if !counting {
		w.endArray()
	}
	w.int("Count", count)
	w.int("ScannedCount", v.seen)
	if v.last != nil {
		w.item("LastEvaluatedKey", s.startKey(v.last))
	}
	w.consumed(p.capacity.v, s.t.name, "", v.cost)
	w.endObject()
}

// startKey is the key to start behind a record.
func (s source) startKey(rec *record) value.Item {
	names := s.startNames()
	return rec.item.Only(func(name string) bool {
		return slices.ContainsFunc(names, func(a keyAttribute) bool { return a.name == name })
	})
}

// visited is what visit read.
type visited struct {
	seen  int64
	bytes int
	cost  units
	key   string  // of last, in the store
	last  *record // what the reading stopped behind; nil if it came to the end
}

// visit reads entries until limit items or room are reached, and emits what matches.
func (p *readParams) visit(s source, entries iter.Seq2[string, *record], limit int64, room int, emit func(value.Item)) visited {
	var v visited
	fetch := p.fetches(s)
	for key, rec := range entries {
		item, size := rec.item, rec.size
		if s.x != nil {
			size = s.x.entrySize(rec)
			if !fetch {
				item = s.x.project(rec)
			}
		}
		v.bytes += size
		v.seen++
		if fetch {
			v.cost.table += readUnits(rec.size, p.consistent.v)
		}
		if p.matches(item) {
			emit(item)
		}
		if v.seen >= limit || v.bytes >= room {
			v.key, v.last = key, rec
			break
		}
	}
	v.cost.merge(p.cost(s, v.bytes))
	s.t.spendRead(v.cost, s.now)
	return v
}

// cost is what it takes to read so many bytes of a source.
func (p *readParams) cost(s source, bytes int) (cost units) {
	if n := readUnits(bytes, p.consistent.v); s.x == nil {
		cost.table = n
	} else {
		cost.add(s.x, n)
	}
	return cost
}
