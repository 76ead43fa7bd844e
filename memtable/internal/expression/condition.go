package expression

import (
	"slices"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// Condition is a condition or filter, planned for the names and values of a
// request. It is immutable and safe for concurrent use.
type Condition struct {
	predicate predicate
	paths     []DocumentPath
}

// Bind plans the condition for a request. A fault is an *Error.
func (e *ConditionExpr) Bind(binding *Binding) (*Condition, error) {
	b := &binder{kind: e.kind, binding: binding}
	p := b.condition(e.root)
	if err := b.result(); err != nil {
		return nil, err
	}
	return &Condition{predicate: p, paths: b.paths}, nil
}

// Eval reports whether the condition holds for an item. For an item that does
// not exist, pass the zero Item.
func (c *Condition) Eval(item value.Item) bool { return c.predicate.Eval(item) }

// Paths returns every document path of the condition, in the order of the
// text. The slice must not be modified.
func (c *Condition) Paths() []DocumentPath { return c.paths }

// CheckFilter refuses a query's filter that reads an attribute of the queried
// key.
func (c *Condition) CheckFilter(schema Schema) error {
	for _, key := range slices.Concat(schema.Partition, schema.Sort) {
		for _, path := range c.paths {
			if path.Name() == key.Name {
				return errorf("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", key.Name)
			}
		}
	}
	return nil
}

// CheckKeyPaths refuses a path that looks inside a key attribute, which is
// always a scalar. Of a table's key, label is "Key", of an index's "IndexKey".
func CheckKeyPaths(paths []DocumentPath, label string, keys ...Key) error {
	for _, path := range paths {
		for _, key := range keys {
			if len(path) > 1 && path.Name() == key.Name {
				return errorf("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: %s: %s", label, key.Name)
			}
		}
	}
	return nil
}
