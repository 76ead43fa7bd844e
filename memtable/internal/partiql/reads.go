package partiql

import (
	"slices"

	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// maxReads is how many partitions and ranges of them a SELECT may read.
const maxReads = 50

var errTooManyReads = errorf("Too many decomposed read operations for a given query.")

// Read is one of the parts of a table or index that a SELECT reads: what its WHERE says about the key, where
// it is an alternative between such parts.
type Read struct {
	// Partition has the values that the partition key must equal: several, where the conditions contradict
	// each other or repeat themselves.
	Partition []value.Value
	// Sort has the conditions on the sort key, all of which hold.
	Sort []expression.Range
	// Filters are the other conditions.
	Filters []expression.Node
	// Negated reports that a filter is about the sort key, and excludes something of it.
	Negated bool
}

// Reads returns the parts that a SELECT reads; none if it must read everything, because some items that it may
// return aren't found by the partition key. The key has one attribute of each sort at most.
func (p *Plan) Reads(schema expression.Schema) ([]Read, error) {
	s := splitter{partition: schema.Partition[0].Name}
	if len(schema.Sort) > 0 {
		s.sort = schema.Sort[0].Name
	}
	if p.where == nil || !s.keyed(p.where) {
		return nil, nil
	}
	reads := s.split(p.where)
	if len(reads) > maxReads {
		return nil, errTooManyReads
	}
	return reads, nil
}

// splitter splits a WHERE by what it says about a key.
type splitter struct{ partition, sort string }

// keyed reports whether a condition holds only for items of known partitions.
func (s splitter) keyed(n expression.Node) bool {
	switch n := n.(type) {
	case *expression.And:
		return s.keyed(n.L) || s.keyed(n.R)
	case *expression.Or:
		return s.keyed(n.L) && s.keyed(n.R)
	}
	reads := s.leaf(n)
	return len(reads[0].Partition) > 0
}

// split returns the alternatives of a condition, up to one more than there may be.
func (s splitter) split(n expression.Node) []Read {
	switch n := n.(type) {
	case *expression.And:
		l, r := s.split(n.L), s.split(n.R)
		var all []Read
		for _, a := range l {
			for _, b := range r {
				if len(all) > maxReads {
					return all
				}
				all = append(all, a.and(b))
			}
		}
		return all
	case *expression.Or:
		if !s.mentions(n) {
			return []Read{{Filters: []expression.Node{n}}}
		}
		all := append(s.split(n.L), s.split(n.R)...)
		return all[:min(len(all), maxReads+1)]
	}
	return s.leaf(n)
}

func (r Read) and(other Read) Read {
	return Read{
		Partition: slices.Concat(r.Partition, other.Partition),
		Sort:      slices.Concat(r.Sort, other.Sort),
		Filters:   slices.Concat(r.Filters, other.Filters),
		Negated:   r.Negated || other.Negated,
	}
}

// mentions reports whether a part of a condition is about the key, in a way that a read can make use of.
func (s splitter) mentions(n expression.Node) bool {
	switch n := n.(type) {
	case *expression.And:
		return s.mentions(n.L) || s.mentions(n.R)
	case *expression.Or:
		return s.mentions(n.L) || s.mentions(n.R)
	}
	reads := s.leaf(n)
	return len(reads[0].Partition) > 0 || len(reads[0].Sort) > 0
}

// leaf returns the alternatives of a condition that is neither AND nor OR.
func (s splitter) leaf(n expression.Node) []Read {
	switch n := n.(type) {
	case *expression.Compare:
		if name, op, v, ok := comparison(n); ok {
			if reads := s.bounds(name, op, v); reads != nil {
				return reads
			}
		}
	case *expression.In:
		name, _ := attribute(n.X)
		if values, ok := literals(n.List); ok && name != "" && (name == s.partition || name == s.sort) {
			var reads []Read
			for _, v := range values {
				reads = append(reads, s.bounds(name, "=", v)...)
			}
			return reads
		}
	case *expression.Between:
		name, _ := attribute(n.X)
		if values, ok := literals([]expression.Node{n.Lo, n.Hi}); ok && name != "" && name == s.sort {
			return []Read{{Sort: []expression.Range{{Op: expression.BetweenBound, Low: values[0], High: values[1]}}}}
		}
	case *expression.Call:
		if n.Name == "begins_with" && len(n.Args) == 2 {
			name, _ := attribute(n.Args[0])
			if prefix, ok := literals(n.Args[1:]); ok && name != "" && name == s.sort {
				return s.bounds(name, "begins_with", prefix[0])
			}
		}
	}
	return []Read{{Filters: []expression.Node{n}, Negated: s.negates(n)}}
}

// sortBounds are the comparisons of the sort key that a read can make use of.
var sortBounds = map[string]expression.Bound{
	"<": expression.LessBound, "<=": expression.LessEqualBound, ">": expression.GreaterBound, ">=": expression.GreaterEqualBound,
	"begins_with": expression.BeginsWithBound,
}

// bounds returns the read that a comparison of an attribute makes; nil if it is none of a key's.
func (s splitter) bounds(name, op string, v value.Value) []Read {
	switch {
	case name == s.partition && op == "=":
		return []Read{{Partition: []value.Value{v}}}
	case name != s.sort || name == "":
		return nil
	case op == "=":
		return []Read{{Sort: []expression.Range{{Equal: []value.Value{v}}}}}
	}
	if bound, ok := sortBounds[op]; ok {
		return []Read{{Sort: []expression.Range{{Op: bound, Low: v, High: v}}}}
	}
	return nil
}

// negates reports whether a filter excludes something of the sort key.
func (s splitter) negates(n expression.Node) bool {
	switch n := n.(type) {
	case *expression.Not:
		return s.sort != "" && slices.Contains(attributesOf(n.X), s.sort)
	case *expression.Compare:
		return n.Op == "<>" && s.sort != "" && slices.Contains(attributesOf(n), s.sort)
	}
	return false
}

// Attributes returns the names of the attributes that the read filters by, in the order of the text.
func (r Read) Attributes() []string {
	var names []string
	for _, n := range r.Filters {
		names = append(names, attributesOf(n)...)
	}
	return names
}

func attributesOf(n expression.Node) []string {
	if n == nil {
		return nil
	}
	c, err := bindCondition(n)
	if err != nil {
		return nil
	}
	var names []string
	for _, path := range c.Paths() {
		names = append(names, path.Name())
	}
	return names
}
