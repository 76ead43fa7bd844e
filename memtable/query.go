package memtable

import (
	"iter"

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
	src, err := in.source(t, now)
	if err != nil {
		return err
	}
	conditions, err := in.keyConditionsOf()
	if err != nil {
		return err
	}
	if err := in.checkStartNames(src); err != nil {
		return err
	}
	if err := checkKeyConditions(src.key, conditions); err != nil {
		return err
	}
	if err := in.checkStartRange(src, conditions); err != nil {
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
	r := src.queried(conditions)
	var entries iter.Seq2[string, *record]
	if in.forward.or(true) {
		entries = src.snapshot().Ascend(r, after)
	} else {
		entries = src.snapshot().Descend(r, after)
	}
	in.page(src, entries, w)
	return nil
}

// keyCondition is what a query says about one attribute of the key.
type keyCondition struct {
	operator string // =, <, <=, >, >=, BETWEEN, begins_with, or one that no key allows
	values   []value.Value
}

// matches reports whether a value of the key satisfies the condition.
func (c keyCondition) matches(v value.Value) bool {
	order := value.Compare(v, c.values[0])
	switch c.operator {
	case "=":
		return order == 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "BETWEEN":
		return order >= 0 && value.Compare(v, c.values[1]) <= 0
	}
	return len(v.Key()) >= len(c.values[0].Key()) && v.Key()[:len(c.values[0].Key())] == c.values[0].Key()
}

// checkKeyConditions checks that the conditions fit the key: equality on every partition attribute, then
// equality on sort attributes from the left, then at most one other condition.
func checkKeyConditions(key keySchema, conditions map[string]keyCondition) error {
	used, ended, open := 0, false, ""
	for i, a := range key.attributes() {
		c, ok := conditions[a.name]
		isPartition := i < len(key.partition)
		if !ok {
			if isPartition || len(conditions) > used {
				return invalid("Query condition missed key schema element: %s", a.name)
			}
			ended = true
			break
		}
		used++
		for _, v := range c.values {
			if v.Kind() != a.kind() {
				return invalidValue("Condition parameter type does not match schema type")
			}
		}
		if open != "" || (isPartition && c.operator != "=") {
			return invalid("Query key condition not supported")
		}
		for _, v := range c.values {
			if what := emptyKey(v); what != "" {
				return invalid("One or more parameter values are not valid. "+
					"The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", what, a.name)
			}
		}
		if c.operator != "=" {
			open = a.name
		}
	}
	if !ended && len(conditions) > used {
		return invalid("Query key condition not supported")
	}
	return nil
}

// queried returns the range of the source's entries that the checked conditions select.
func (s source) queried(conditions map[string]keyCondition) store.Range {
	values := make([]value.Value, len(s.key.partition))
	for i, a := range s.key.partition {
		values[i] = conditions[a.name].values[0]
	}
	prefix := s.partitioned(values)
	for _, a := range s.key.sort {
		c, ok := conditions[a.name]
		if !ok {
			break
		}
		first := []byte(c.values[0].Key())
		if c.operator == "=" {
			prefix = store.AppendPart(prefix, first)
			continue
		}
		return bounded(prefix, c, first)
	}
	return store.Prefixed(prefix)
}

// bounded returns the range below prefix that an inequality selects.
func bounded(prefix []byte, c keyCondition, first []byte) store.Range {
	r := store.Prefixed(prefix)
	part := func(v []byte) []byte { return store.AppendPart(prefix[:len(prefix):len(prefix)], v) }
	switch c.operator {
	case "<":
		r.Until = string(part(first))
	case "<=":
		r.Until = string(store.After(part(first)))
	case ">":
		r.From = string(store.After(part(first)))
	case ">=":
		r.From = string(part(first))
	case "BETWEEN":
		r.From = string(part(first))
		r.Until = string(store.After(part([]byte(c.values[1].Key()))))
	case "begins_with":
		r = store.Prefixed(store.AppendPrefix(prefix[:len(prefix):len(prefix)], first))
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
func (in *queryInput) checkStartRange(s source, conditions map[string]keyCondition) error {
	if !in.start.ok {
		return nil
	}
	start := in.start.item
	if err := s.t.key.checkKey(s.t.key.keyOf(start)); err != nil {
		return invalid("The provided starting key is invalid: %s", messageOf(err))
	}
	samePartition := true
	for _, a := range s.key.partition {
		v, _ := start.Get(a.name)
		samePartition = samePartition && conditions[a.name].matches(v)
	}
	for _, a := range s.key.sort {
		c, ok := conditions[a.name]
		if !ok {
			break
		}
		if v, _ := start.Get(a.name); !c.matches(v) {
			return invalid("The provided starting key does not match the range key predicate")
		}
		if !samePartition {
			return invalid("The query can return at most one row and cannot be restarted")
		}
	}
	if !samePartition {
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	return nil
}
