package expression

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// Key is an attribute of a key and its type: S, N or B.
type Key struct {
	Name string
	Kind value.Kind
}

// Schema is the key of a table or an index: the attributes of its partition
// key and those of its sort key, if it has one. A table's key has one of each
// at most, an index's up to four.
type Schema struct {
	Partition, Sort []Key
}

// KeyCondition is a key condition, planned for the names and values of a
// request but not yet held against a key. It is immutable.
type KeyCondition struct{ clauses []clause }

// clause is the condition on one attribute: op is one of = < <= > >= BETWEEN
// begins_with.
type clause struct {
	name   string
	op     string
	values []value.Value
}

// Keys takes a bound key condition apart, and checks all that a key condition
// must be whatever the table. A fault is an *Error.
func (c *Condition) Keys() (*KeyCondition, error) {
	k := &KeyCondition{}
	if err := k.gather(c.predicate); err != nil {
		return nil, err
	}
	return k, nil
}

// BindKeys is Bind and Keys at once.
func (e *ConditionExpr) BindKeys(binding *Binding) (*KeyCondition, error) {
	c, err := e.Bind(binding)
	if err != nil {
		return nil, err
	}
	return c.Keys()
}

// gather walks the condition in the order of the text and takes its clauses.
func (k *KeyCondition) gather(p predicate) error {
	const invalid = "Invalid operator used in KeyConditionExpression: "
	switch p := p.(type) {
	case and:
		if err := k.gather(p.l); err != nil {
			return err
		}
		return k.gather(p.r)
	case or:
		return errorf(invalid + "OR")
	case not:
		return errorf(invalid + "NOT")
	case in:
		return errorf(invalid + "IN")
	case unequal:
		return errorf(invalid + "<>")
	case missing:
		return errorf(invalid + "attribute_not_exists")
	case exists:
		return errorf(invalid + "attribute_exists")
	case attributeType:
		return errorf(invalid + "attribute_type")
	case contains:
		return errorf(invalid + "contains")
	case equal:
		return k.add("=", p.l, p.r)
	case compare:
		return k.add(p.op, p.l, p.r)
	case between:
		return k.add("BETWEEN", p.x, p.lo, p.hi)
	case beginsWith:
		return k.add("begins_with", p.x, p.prefix)
	}
	panic(fmt.Sprintf("expression: no key condition of a %T", p))
}

func (k *KeyCondition) add(op string, operands ...operand) error {
	if _, ok := operands[0].(constant); ok && (op == "BETWEEN" || op == "begins_with") {
		return errorf("Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand", op)
	}
	c := clause{op: op}
	for i, x := range operands {
		switch x := x.(type) {
		case sizeOf:
			return errorf("KeyConditionExpressions cannot contain nested operations")
		case constant:
			c.values = append(c.values, x.v)
		case pathOperand:
			switch {
			case c.name != "":
				return errorf("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
			case len(x.path) > 1:
				return errorf("KeyConditionExpressions cannot have conditions on nested attributes")
			}
			c.name = x.path.Name()
			if i == 1 {
				c.op = mirrored(op)
			}
		}
	}
	if c.name == "" {
		return errorf("Invalid condition in KeyConditionExpression: No key attribute specified")
	}
	if k.clause(c.name) != nil {
		return KeyConditionKind.errorf("KeyConditionExpressions must only contain one condition per key")
	}
	k.clauses = append(k.clauses, c)
	return nil
}

// mirrored returns the comparison with its operands exchanged.
func mirrored(op string) string {
	switch op[0] {
	case '<':
		return ">" + op[1:]
	case '>':
		return "<" + op[1:]
	}
	return op
}

func (k *KeyCondition) clause(name string) *clause {
	for i := range k.clauses {
		if k.clauses[i].name == name {
			return &k.clauses[i]
		}
	}
	return nil
}

// Range is what a key condition selects: one partition, and in it a range of
// sort keys.
type Range struct {
	// Partition has the value of each attribute of the partition key.
	Partition []value.Value
	// Equal has the values of the leading attributes of the sort key that the
	// condition sets equal: none, some or all.
	Equal []value.Value
	// Op bounds the sort key's attribute after Equal; NoBound if none is.
	Op Bound
	// Low is the operand of Op, and High the other of Between.
	Low, High value.Value
}

// Bound is a condition on an attribute of a sort key.
type Bound uint8

// The bounds.
const (
	NoBound Bound = iota
	LessBound
	LessEqualBound
	GreaterBound
	GreaterEqualBound
	BetweenBound
	BeginsWithBound
)

var bounds = map[string]Bound{
	"<": LessBound, "<=": LessEqualBound, ">": GreaterBound, ">=": GreaterEqualBound, "BETWEEN": BetweenBound, "begins_with": BeginsWithBound,
}

// For holds the condition against the key of a table or index. A fault is an
// *Error.
func (k *KeyCondition) For(schema Schema) (*Range, error) {
	if keys := len(schema.Partition) + len(schema.Sort); len(k.clauses) > keys {
		return nil, errorf("The number of query conditions (%d) exceeds the number of key attributes defined in the schema (%d)", len(k.clauses), keys)
	}
	if len(schema.Partition) > 1 || len(schema.Sort) > 1 {
		if err := k.checkParts(schema); err != nil {
			return nil, err
		}
	}
	r := &Range{}
	for _, key := range schema.Partition {
		c := k.clause(key.Name)
		if c == nil {
			return nil, errorf("Query condition missed key schema element: %s", key.Name)
		}
		if err := c.checkValues(key); err != nil {
			return nil, err
		}
		if c.op != "=" {
			return nil, errorf("Query key condition not supported")
		}
		r.Partition = append(r.Partition, c.values[0])
	}
	conditions := len(r.Partition)
	for _, key := range schema.Sort {
		c := k.clause(key.Name)
		if c == nil {
			if conditions < len(k.clauses) {
				return nil, errorf("Query condition missed key schema element: %s", key.Name)
			}
			break
		}
		conditions++
		if err := c.checkValues(key); err != nil {
			return nil, err
		}
		if c.op == "=" {
			r.Equal = append(r.Equal, c.values[0])
			continue
		}
		r.Op, r.Low, r.High = bounds[c.op], c.values[0], c.values[len(c.values)-1]
		break
	}
	if conditions < len(k.clauses) {
		return nil, errorf("Query key condition not supported")
	}
	return r, nil
}

// checkParts checks the conditions on a key of several attributes: all of the
// partition key by equality, those of the sort key from the left, all but the
// last by equality.
func (k *KeyCondition) checkParts(schema Schema) error {
	if missing := k.notEqual(schema.Partition); missing != "" {
		return errorf("HASH key attributes %s must have equality conditions specified in the query", missing)
	}
	for i, key := range slices.Backward(schema.Sort) {
		if k.clause(key.Name) == nil {
			continue
		}
		if missing := k.notEqual(schema.Sort[:i]); missing != "" {
			return errorf("RANGE key attributes %s must have equality conditions specified in the query because a condition is present on key attribute %s", missing, key.Name)
		}
		break
	}
	return nil
}

// notEqual lists the attributes that no clause sets equal to a value.
func (k *KeyCondition) notEqual(keys []Key) string {
	var names []string
	for _, key := range keys {
		if c := k.clause(key.Name); c == nil || c.op != "=" {
			names = append(names, key.Name)
		}
	}
	return strings.Join(names, ", ")
}

// checkValues checks the values that the clause compares with a key.
func (c *clause) checkValues(key Key) error {
	for _, v := range c.values {
		if v.Kind() != key.Kind {
			return errorf("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		if v.Key() == "" {
			return errorf("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", emptyKinds[v.Kind()], key.Name)
		}
	}
	return nil
}

var emptyKinds = map[value.Kind]string{value.KindS: "string", value.KindB: "binary"}

// Match reports whether a sort key, of all its attributes, is in the range.
func (r *Range) Match(sort ...value.Value) bool {
	for i, v := range r.Equal {
		if !v.Equal(sort[i]) {
			return false
		}
	}
	if r.Op == NoBound {
		return true
	}
	v := sort[len(r.Equal)]
	switch low := value.Compare(v, r.Low); r.Op {
	case LessBound:
		return low < 0
	case LessEqualBound:
		return low <= 0
	case GreaterBound:
		return low > 0
	case GreaterEqualBound:
		return low >= 0
	case BetweenBound:
		return low >= 0 && value.Compare(v, r.High) <= 0
	default:
		return strings.HasPrefix(v.Key(), r.Low.Key())
	}
}
