package memtable

import (
	"slices"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/partiql"
	"github.com/dynox-go/dynox/memtable/internal/store"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// selection is a SELECT on its way: the parameters of a query or scan that do the same.
type selection struct {
	readParams
	plan  *partiql.Plan
	src   source
	reads []read // in the order in which they are read
	// forward is the order in which each of them is read.
	forward bool
}

// selectItems answers a SELECT.
func (e *Engine) selectItems(in *executeStatementInput, t *table, w *writer) error {
	s, err := in.selection(t, e.now())
	if err != nil {
		return err
	}
	if s.scans() && e.onScan != nil {
		e.onScan(t.name)
	}
	from, err := in.resumed()
	if err != nil {
		return err
	}
	w.beginObject()
	w.array("Items")
	end, cost := s.page(from, in.limit.or(1<<62), func(item value.Item) { w.itemElem(s.shown(item)) })
	w.endArray()
	if end.last != nil {
		w.item("LastEvaluatedKey", s.src.startKey(end.last))
		w.text("NextToken", in.token(end.position))
	}
	w.consumed(in.capacity.v, t.name, "", cost)
	w.endObject()
	return nil
}

// selection plans the statement's SELECT.
func (s *statement) selection(t *table, now time.Time) (*selection, error) {
	sel := &selection{plan: s.plan, readParams: readParams{consistent: s.consistent}}
	sel.plans.filter = s.plan.Condition
	if s.plan.Index != "" {
		sel.index = some(s.plan.Index)
	}
	for _, c := range s.plan.Columns { // so that what an index lacks is found
		sel.attributesToGet.v = append(sel.attributesToGet.v, c.Path.Name())
	}
	if err := sel.resolve(t, now); err != nil {
		return nil, err
	}
	reads, err := s.plan.Reads(sel.src.key.schema())
	if err != nil {
		return nil, translate(err)
	}
	if sel.reads, err = sel.src.reads(reads); err != nil {
		return nil, err
	}
	if err := sel.checkAttributes(sel.src); err != nil {
		return nil, err
	}
	if err := sel.checkFilters(); err != nil {
		return nil, err
	}
	if err := sel.order(); err != nil {
		return nil, err
	}
	return sel, nil
}

// resolve finds what the SELECT reads. It words two faults differently from Query.
func (s *selection) resolve(t *table, now time.Time) error {
	if s.index.ok {
		t.mu.RLock()
		x := t.data.index(s.index.v, now)
		t.mu.RUnlock()
		switch {
		case x == nil:
			return invalid("The table does not have the specified index")
		case x.global && s.consistent.v:
			return invalid("Strongly consistent read is not supported on Global Secondary Indexes")
		case len(x.key.partition) > 1 || len(x.key.sort) > 1:
			return invalid("PartiQL does not support reads of an index whose key has several attributes of one kind")
		}
	}
	var err error
	if s.src, err = s.source(t, now); err != nil {
		return err
	}
	return s.checkColumns(t, now)
}

// checkColumns checks that neither the columns nor the WHERE look inside a key attribute.
func (s *selection) checkColumns(t *table, now time.Time) error {
	for _, c := range s.plan.Columns {
		if len(c.Path) > 1 && t.key.has(c.Path.Name()) {
			return invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: %s", c.Path.Name())
		}
	}
	return s.checkPaths(t, now)
}

// checkFilters refuses filters by attributes that an index lacks, if each part that is read has some: the
// service names those of the last.
func (s *selection) checkFilters() error {
	if s.src.x == nil || len(s.reads) == 0 {
		return nil
	}
	var missing []string
	for _, r := range s.reads {
		missing = nil
		for _, name := range r.filters {
			if !s.src.x.holds(name) && !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
		}
		if len(missing) == 0 {
			return nil
		}
	}
	return invalidValue("Secondary index %s does not project one or more filter attributes: %s", s.src.x.name, bracketed(hashOrder(missing)))
}

// hashOrder orders names as the service lists a set of them: by their hash codes in a table of 16, or more
// where there are more than twelve.
func hashOrder(names []string) []string {
	size := uint32(16)
	for len(names) > int(size)*3/4 {
		size *= 2
	}
	slot := func(name string) uint32 {
		var h uint32
		for _, r := range name {
			h = h*31 + uint32(r)
		}
		return (h ^ h>>16) % size
	}
	slices.SortStableFunc(names, func(a, b string) int { return int(slot(a)) - int(slot(b)) })
	return names
}

// order checks ORDER BY, and puts the reads in its order: by partition, and backward in each of them unless
// it says otherwise.
func (s *selection) order() error {
	s.forward = len(s.plan.Order) == 0
	descending, byPartition := false, false
	partition := s.src.key.partition[0].name
	for _, term := range s.plan.Order {
		switch {
		case term.Attribute == partition:
			descending, byPartition = term.Desc, true
		case s.src.key.has(term.Attribute):
			s.forward = !term.Desc
		default:
			return invalid("Attribute %s in ORDER BY clause must be part of the primary key", term.Attribute)
		}
	}
	if len(s.plan.Order) > 0 {
		if s.reads == nil {
			return invalid("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
		}
		if !byPartition && !s.reads[0].partition.Equal(s.reads[len(s.reads)-1].partition) {
			return invalid("Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.")
		}
	}
	slices.SortStableFunc(s.reads, func(a, b read) int {
		if c := value.Compare(a.partition, b.partition); c != 0 {
			return c * map[bool]int{false: 1, true: -1}[descending]
		}
		return a.compare(b) * map[bool]int{false: -1, true: 1}[s.forward]
	})
	return nil
}

// scans reports whether the SELECT reads everything.
func (s *selection) scans() bool { return s.reads == nil }

// shown is what the SELECT shows of an item.
func (s *selection) shown(item value.Item) value.Item {
	if s.plan.Columns == nil {
		return item
	}
	var attributes []value.Attribute
	for _, c := range s.plan.Columns {
		if v := c.Path.Value(item); v.IsValid() {
			attributes = append(attributes, value.Attribute{Name: c.Name, Value: v})
		}
	}
	return value.NewItem(attributes)
}

// position is a place in what a SELECT reads.
type position struct {
	read int    // which of the reads
	key  string // behind which of its keys; empty for its start
}

// pageEnd is where a page ended. last is nil where nothing is left to read.
type pageEnd struct {
	position
	last *record
}

// page reads from a position on until limit items or the size of a page, and emits what matches.
func (s *selection) page(from position, limit int64, emit func(value.Item)) (end pageEnd, cost units) {
	reads, room := s.reads, maxPage
	if s.scans() {
		reads = []read{{}}
	}
	snapshot := s.src.snapshot()
	for i := from.read; i < len(reads); i++ {
		r := reads[i]
		if r.empty {
			continue
		}
		entries := snapshot.Ascend(r.keys, from.key)
		if !s.forward {
			entries = snapshot.Descend(r.keys, from.key)
		}
		from.key = ""
		v := s.visit(s.src, entries, limit, room, emit)
		cost.merge(v.cost)
		limit -= v.seen
		room -= v.bytes
		if v.last != nil {
			return pageEnd{position{i, v.key}, v.last}, cost
		}
	}
	if cost.total() == 0 { // nothing was there to read
		cost = s.cost(s.src, 0)
	}
	return pageEnd{}, cost
}

// read is a part of a source that a SELECT reads.
type read struct {
	partition value.Value
	keys      store.Range
	empty     bool     // nothing can be there
	filters   []string // the attributes that it is filtered by
}

// compare orders reads of one partition.
func (r read) compare(other read) int {
	switch {
	case r.keys.From < other.keys.From:
		return -1
	case r.keys.From > other.keys.From:
		return 1
	}
	return 0
}
