package expression

import "github.com/dynox-go/dynox/memtable/internal/value"

// maxSearchConditions is how many attributes a search condition may ask for: one that partitions the index, and
// twenty others.
const maxSearchConditions = 21

// Equality is a part of a search condition: an attribute that is equal to a value.
type Equality struct {
	Name  string
	Value value.Value
}

// Equalities takes a bound search condition apart, and checks all that it must be whatever the index. A fault
// is an *Error.
func (c *Condition) Equalities() ([]Equality, error) {
	all, err := equalities(nil, c.predicate)
	if err == nil && len(all) > maxSearchConditions {
		err = SearchConditionKind.errorf("SearchConditionExpression cannot have more than 1 partition key and more than %d inline filter key attributes", maxSearchConditions-1)
	}
	return all, err
}

// equalities walks the condition in the order of the text.
func equalities(all []Equality, p predicate) ([]Equality, error) {
	switch p := p.(type) {
	case and:
		all, err := equalities(all, p.l)
		if err != nil {
			return nil, err
		}
		return equalities(all, p.r)
	case equal:
		return addEquality(all, p.l, p.r)
	case unequal, compare:
		return nil, SearchConditionKind.errorf("Invalid comparator used in SearchConditionExpression")
	}
	return nil, SearchConditionKind.errorf("Invalid operator used in SearchConditionExpression")
}

func addEquality(all []Equality, l, r operand) ([]Equality, error) {
	path, ok := l.(pathOperand)
	if !ok {
		l, r = r, l
		path, ok = l.(pathOperand)
	}
	v, constant := r.(constant)
	switch {
	case !ok || !constant:
		return nil, SearchConditionKind.errorf("Invalid operator used in SearchConditionExpression")
	case len(path.path) > 1:
		return nil, SearchConditionKind.errorf("SearchConditionExpression cannot have conditions on nested attributes")
	}
	name := path.path.Name()
	for _, e := range all {
		if e.Name == name {
			return nil, SearchConditionKind.errorf("SearchConditionExpression must only contain one condition per attribute")
		}
	}
	return append(all, Equality{name, v.v}), nil
}
