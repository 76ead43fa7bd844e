package memtable

import (
	"slices"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/store"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

const (
	maxTopK         = 100
	maxSearchResult = 16 << 20
)

// searchInput is SearchVectors' request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SearchVectors.html
type searchInput struct {
	table    opt[string]
	index    opt[string]
	vector   []attributeValue
	topK     opt[int64]
	capacity opt[string]
	expressions

	equal []expression.Equality // what the condition asks for
}

func (in *searchInput) member(d *decoder, name string) {
	switch name {
	case "TableName":
		in.table = d.string()
	case "IndexName":
		in.index = d.string()
	case "SearchVector":
		d.list(func(int) { in.vector = append(in.vector, d.attributeValue(1)) })
	case "TopK":
		in.topK = d.integer("Integer")
	case "ReturnConsumedCapacity":
		in.capacity = d.string()
	case "SearchConditionExpression":
		in.search = d.string()
	case "ProjectionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues":
		in.expressions.member(d, name)
	default:
		d.skip()
	}
}

func (in *searchInput) check() error {
	if err := in.checkMembers(); err != nil {
		return err
	}
	if in.topK.v > maxTopK {
		return invalid("Provided TopK value '%d' is out of valid range. The value must be between 1 and %d inclusive", in.topK.v, maxTopK)
	}
	if err := in.checkParams(searchParams); err != nil {
		return err
	}
	return in.compileSearch()
}

// compileSearch checks the expressions and plans them.
func (in *searchInput) compileSearch() error {
	if !in.names.ok && !in.values.ok && !in.search.ok && !in.projection.ok {
		return nil
	}
	binding, err := in.bind()
	if err != nil {
		return err
	}
	var condition *expression.Condition
	if err := bindCondition(&condition, in.search, expression.SearchConditionKind, &parsedSearches, binding); err != nil {
		return err
	}
	if _, err := in.compileReads(binding); err != nil {
		return err
	}
	if err := binding.Unused(); err != nil {
		return translate(err)
	}
	if condition != nil {
		in.equal, err = condition.Equalities()
	}
	return translate(err)
}

// searchVectors answers SearchVectors: exactly, where the service finds near neighbours.
func (e *Engine) searchVectors(in *searchInput, w *writer) error {
	t, err := e.forItems(in.table.v)
	if err != nil {
		return err
	}
	now := e.now()
	x, entries, err := in.searched(t, now)
	if err != nil {
		return err
	}
	vector, err := in.checkVector(x)
	if err != nil {
		return err
	}
	within, err := in.checkCondition(x)
	if err != nil {
		return err
	}
	return in.answer(x, in.nearest(x, vector, entries, within), w)
}

// searched finds the index, and its entries as the request sees them.
func (in *searchInput) searched(t *table, now time.Time) (x *vectorIndex, entries store.Snapshot[*vectorEntry], err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x = t.data.vector(in.index.v, now)
	switch {
	case x != nil && x.backfilling(now):
		return nil, entries, invalid("Cannot search backfilling vector index: %s", x.name)
	case x == nil || x.status(now) != statusActive:
		return nil, entries, invalid("The table does not have the specified index: %s", in.index.v)
	}
	if since := t.history.since(false, now); !since.IsZero() {
		return x, t.history.version(since).vectors[x], nil
	}
	return x, x.entries.Snapshot(), nil
}

// checkVector returns the vector that is searched for.
func (in *searchInput) checkVector(x *vectorIndex) ([]float32, error) {
	vector := make([]float32, len(in.vector))
	for i, elem := range in.vector {
		ok := elem.fault == "" && elem.v.Kind() == value.KindN
		if ok {
			vector[i], ok = float32Of(elem.v)
		}
		if !ok {
			return nil, invalid("Search vector contains invalid values. All values in the search vector must be a 32-bit floating-point number attribute")
		}
	}
	if len(vector) != x.dimensions {
		return nil, invalid("Input search vector dimension %d does not match vector index dimension %d", len(vector), x.dimensions)
	}
	return vector, nil
}

// checkCondition holds the condition against the index's search schema. It returns the range of the entries
// of the partition that it asks for.
func (in *searchInput) checkCondition(x *vectorIndex) (within store.Range, err error) {
	for _, e := range in.equal {
		if !x.searches(e.Name) {
			return within, invalid("SearchConditionExpression must not contain any attributes that is not in SearchSchema. Invalid attribute: %s", e.Name)
		}
	}
	for _, a := range x.schema {
		i := slices.IndexFunc(in.equal, func(e expression.Equality) bool { return e.Name == a.name })
		switch {
		case i < 0 && !a.partition:
			continue
		case i < 0 && len(in.equal) == 0:
			return within, invalid("SearchConditionExpression must be provided when SearchSchema has a HASH key")
		case i < 0:
			return within, invalid("SearchConditionExpression must have all HASH attributes in configured SearchSchema")
		}
		v := in.equal[i].Value
		if v.Kind() != a.kind() {
			return within, invalid("Type of '%s' attribute in SearchConditionExpression (%s) does not match type in search schema (%c)", a.name, v.Kind(), a.typ)
		}
		if !a.partition {
			continue
		}
		if what := emptyKey(v); what != "" {
			return within, emptyKeyValue("The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", what, a.name)
		}
		within = store.Prefixed(appendPartition(nil, []value.Value{v}))
	}
	return within, nil
}

// match is an entry that a search found.
type match struct {
	*vectorEntry
	score float32
}

// nearest returns the entries that the condition selects and that are nearest to the vector, the nearest
// first. Where scores are the same, the order is that of the items' keys.
func (in *searchInput) nearest(x *vectorIndex, vector []float32, entries store.Snapshot[*vectorEntry], within store.Range) []match {
	var found []match
	for _, e := range entries.Ascend(within, "") {
		if in.selects(e.rec.item) {
			found = append(found, match{e, score(x.distance, vector, e.vector)})
		}
	}
	slices.SortFunc(found, func(a, b match) int {
		switch {
		case nearer(x.distance, a.score, b.score):
			return -1
		case nearer(x.distance, b.score, a.score):
			return 1
		}
		return x.table.compare(a.rec.item, b.rec.item)
	})
	return found[:min(len(found), int(in.topK.v))]
}

func (in *searchInput) selects(item value.Item) bool {
	for _, e := range in.equal {
		if v, ok := item.Get(e.Name); !ok || !v.Equal(e.Value) {
			return false
		}
	}
	return true
}

// answer writes the matches.
func (in *searchInput) answer(x *vectorIndex, found []match, w *writer) error {
	start := len(w.b)
	vectors, bytes := 0, 0 // what is returned: vectors, and bytes of the rest
	w.beginObject()
	w.array("SearchResults")
	for _, m := range found {
		bytes += x.entrySize(m.rec.item) - bytesPerDimension*x.dimensions
		shown := m.rec.item.Only(func(name string) bool {
			return x.holds(name) && (name != x.attribute || in.projection.ok)
		})
		if in.projection.ok {
			shown = in.project(shown)
		}
		if shown.Has(x.attribute) {
			vectors++
		}
		w.beginObject()
		w.searchItem("Item", shown, x.attribute)
		w.float("Score", float64(m.score))
		w.endObject()
	}
	w.endArray()
	if len(w.b)-start > maxSearchResult {
		return invalid("The response of SearchVectors exceeds the maximum of 16 MB. Use a narrower projection or reduce TopK")
	}
	if wantsCapacity(in.capacity.v) {
		w.object("ConsumedCapacity")
		w.float("VectorSearchRequestBytes", searchBytes(x.dimensions, len(found), vectors, bytes))
		w.endObject()
	}
	w.endObject()
	return nil
}

// searchBytes is what a search takes. The service doesn't say how it counts, and answers one request in
// several ways; this is near to what it answers for indexes of one partition.
func searchBytes(dimensions, results, vectors, bytes int) float64 {
	const perDimension, perResult, least = 30.6875, 65, 1024
	return max(least, perDimension*float64(dimensions)+float64(perResult*results+bytes+bytesPerDimension*dimensions*vectors))
}
