package partiql

import (
	"slices"

	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// Faults of statements that don't say which item they mean.
var (
	ErrNoKey    = errorf("Where clause does not contain a mandatory equality on all key attributes")
	errNoExists = errorf("EXISTS() must contain a single item read with additional condition")
)

// CheckKind checks the types of key attributes.
func CheckKind(key expression.Key, v value.Value) error {
	if v.Kind() != key.Kind {
		return errorf("Key attribute's data type should match its data type in table's schema: Key %s", key.Name)
	}
	return nil
}

// ItemKey returns the key of the item that an UPDATE, DELETE or EXISTS is about, whatever the types of its
// values, and the condition that remains of the WHERE; nil if none does.
func (p *Plan) ItemKey(schema expression.Schema) (key value.Item, rest *expression.Condition, err error) {
	keys := slices.Concat(schema.Partition, schema.Sort)
	var attributes []value.Attribute
	var remaining expression.Node
	for _, n := range conjuncts(p.where) {
		name, v, ok := equality(n)
		if ok && slices.ContainsFunc(keys, func(k expression.Key) bool { return k.Name == name }) {
			at := slices.IndexFunc(attributes, func(a value.Attribute) bool { return a.Name == name })
			switch {
			case at < 0:
				attributes = append(attributes, value.Attribute{Name: name, Value: v})
				continue
			case attributes[at].Value.Equal(v):
				continue
			case p.Kind != ExistsKind:
				return value.Item{}, nil, errorf("Multiple conditions on same key %s. Only single item Update/Insert/Delete are supported", name)
			}
		}
		if remaining == nil {
			remaining = n
		} else {
			remaining = &expression.And{L: remaining, R: n}
		}
	}
	switch {
	case p.Kind == ExistsKind && (len(attributes) < len(keys) || remaining == nil):
		return value.Item{}, nil, errNoExists
	case len(attributes) < len(keys):
		return value.Item{}, nil, ErrNoKey
	}
	if remaining != nil {
		if rest, err = bindCondition(remaining); err != nil {
			return value.Item{}, nil, err
		}
	}
	return value.NewItem(attributes), rest, nil
}

// conjuncts returns the conditions of which a condition is the conjunction.
func conjuncts(n expression.Node) []expression.Node {
	if and, ok := n.(*expression.And); ok {
		return append(conjuncts(and.L), conjuncts(and.R)...)
	}
	if n == nil {
		return nil
	}
	return []expression.Node{n}
}

// equality takes a comparison of an attribute with a value apart.
func equality(n expression.Node) (name string, v value.Value, ok bool) {
	c, isCompare := n.(*expression.Compare)
	if !isCompare {
		return "", value.Value{}, false
	}
	name, op, v, ok := comparison(c)
	return name, v, ok && op == "="
}

// comparison takes a comparison of an attribute with a value apart, whichever comes first.
func comparison(n *expression.Compare) (name, op string, v value.Value, ok bool) {
	l, r, op := n.L, n.R, n.Op
	if _, literal := l.(*expression.Literal); literal {
		l, r, op = r, l, mirrored[op]
	}
	name, isName := attribute(l)
	literal, isLiteral := r.(*expression.Literal)
	if !isName || !isLiteral {
		return "", "", value.Value{}, false
	}
	return name, op, literal.Value, true
}

// mirrored are the comparisons with their operands exchanged.
var mirrored = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// attribute returns the name of an attribute that stands alone.
func attribute(n expression.Node) (string, bool) {
	p, ok := n.(*expression.Path)
	if !ok || len(p.Steps) != 1 {
		return "", false
	}
	return p.Steps[0].Text, true
}

// literals returns the values that nodes are, if all of them are.
func literals(nodes []expression.Node) ([]value.Value, bool) {
	values := make([]value.Value, len(nodes))
	for i, n := range nodes {
		l, ok := n.(*expression.Literal)
		if !ok {
			return nil, false
		}
		values[i] = l.Value
	}
	return values, true
}
