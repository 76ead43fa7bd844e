package memtable

import (
	"iter"
	"slices"

	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/store"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// queryInput is Query's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
type queryInput struct {
	readParams
	forward opt[bool] // ScanIndexForward
}

func (in *queryInput) member(d *decoder, name string) {
	switch name {
	case "ScanIndexForward":
		in.forward = d.bool()
	default:
		in.readParams.member(d, name)
	}
}

func (in *queryInput) check() error {
	c := &constraints{}
	in.constrain(c)
	if err := c.err(); err != nil {
		return err
	}
	if in.limit.ok && in.limit.v < 1 {
		return invalid("1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	}
	if err := in.checkParams(queryParams); err != nil {
		return err
	}
	if err := checkConditions(in.queryFilter); err != nil {
		return err
	}
	if err := in.checkAttributesToGet(); err != nil {
		return err
	}
	if err := in.checkStart(); err != nil {
		return err
	}
	if !in.hasKeyCondition() {
		return invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	if err := in.checkSelect(); err != nil {
		return err
	}
	return in.compile()
}

// query answers Query.
func (e *Engine) query(in *queryInput, w *writer) error {
	t, err := e.forItems(in.table.v)
	if err != nil {
		return err
	}
	now := e.now()
	if x := in.vectorIndex(t, now); x != nil {
		if in.consistent.v {
			return invalid("Consistent reads are not supported on global secondary indexes")
		}
		return invalid("Query operation not supported on this index type.")
	}
	src, err := in.source(t, now)
	if err != nil {
		return err
	}
	if err := in.checkStartNames(src); err != nil {
		return err
	}
	if in.plans.notIndexable {
		return in.checkIndexable(src.key)
	}
	selected, err := in.plans.key.For(src.key.schema())
	if err != nil {
		return translate(err)
	}
	if err := in.checkStartRange(src, selected); err != nil {
		return err
	}
	if err := in.checkFilter(src.key); err != nil {
		return err
	}
	if err := in.checkAttributes(src); err != nil {
		return err
	}
	if err := in.checkPaths(t, now); err != nil {
		return err
	}
	after := ""
	if in.start.ok {
		after = src.position(in.start.item)
	}
	r := src.queried(selected)
	var entries iter.Seq2[string, *record]
	if in.forward.or(true) {
		entries = src.snapshot().Ascend(r, after)
	} else {
		entries = src.snapshot().Descend(r, after)
	}
	in.page(src, entries, w)
	return nil
}

// checkIndexable says what is wrong with KeyConditions that no key allows, part by part of the key.
func (in *queryInput) checkIndexable(key keySchema) error {
	for i, a := range key.attributes() {
		at := slices.IndexFunc(in.keyConditions.v, func(c legacyCondition) bool { return c.attribute == a.name })
		if at < 0 && (i < len(key.partition) || len(in.keyConditions.v) > 1) {
			return invalid("Query condition missed key schema element: %s", a.name)
		}
		if at >= 0 && !indexable(in.keyConditions.v[at].operator.v) {
			break
		}
	}
	return invalid("Attempted conditional constraint is not an indexable operation")
}

// queried returns the range of the source's entries that a key condition selects.
func (s source) queried(selected *expression.Range) store.Range {
	prefix := appendPartition(nil, selected.Partition)
	for _, v := range selected.Equal {
		prefix = store.AppendPart(prefix, v.Key())
	}
	return bounded(prefix, selected)
}

// bounded returns the range of the keys below prefix that the bound selects.
func bounded(prefix []byte, selected *expression.Range) store.Range {
	r := store.Prefixed(prefix)
	prefix = prefix[:len(prefix):len(prefix)] // what is appended below goes elsewhere
	part := func(v value.Value) []byte { return store.AppendPart(prefix, v.Key()) }
	switch selected.Op {
	case expression.LessBound:
		r.Until = string(part(selected.Low))
	case expression.LessEqualBound:
		r.Until = string(store.After(part(selected.Low)))
	case expression.GreaterBound:
		r.From = string(store.After(part(selected.Low)))
	case expression.GreaterEqualBound:
		r.From = string(part(selected.Low))
	case expression.BetweenBound:
		r.From = string(part(selected.Low))
		r.Until = string(store.After(part(selected.High)))
	case expression.BeginsWithBound:
		r = store.Prefixed(store.AppendPrefix(prefix, selected.Low.Key()))
	}
	return r
}

// checkStartNames checks which attributes ExclusiveStartKey has, and their types.
func (in *queryInput) checkStartNames(s source) error {
	if !in.start.ok {
		return nil
	}
	start, names := in.start.item, s.startNames()
	if start.Len() != len(names) {
		return invalid("The provided starting key is invalid")
	}
	for _, a := range s.key.attributes() {
		v, ok := start.Get(a.name)
		if !ok {
			return invalid("The provided starting key is invalid")
		}
		if v.Kind() != a.kind() {
			return invalid(keyMismatch)
		}
	}
	return nil
}

// checkStartRange checks that ExclusiveStartKey lies within what is queried.
func (in *queryInput) checkStartRange(s source, selected *expression.Range) error {
	if !in.start.ok {
		return nil
	}
	start := in.start.item
	if err := s.t.key.checkKey(s.t.key.keyOf(start)); err != nil {
		return invalid("The provided starting key is invalid: %s", messageOf(err))
	}
	samePartition := true
	for i, a := range s.key.partition {
		v, _ := start.Get(a.name)
		samePartition = samePartition && v.Equal(selected.Partition[i])
	}
	sort := make([]value.Value, len(s.key.sort))
	for i, a := range s.key.sort {
		sort[i], _ = start.Get(a.name)
	}
	switch {
	case !selected.Match(sort...):
		return invalid("The provided starting key does not match the range key predicate")
	case samePartition:
		return nil
	case len(selected.Equal) > 0 || selected.Op != expression.NoBound:
		return invalid("The query can return at most one row and cannot be restarted")
	}
	return invalid("The provided starting key is outside query boundaries based on provided conditions")
}
