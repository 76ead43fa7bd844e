package memtable

import (
	"errors"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/partiql"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

const duplicateItemCode = "DuplicateItemException"

// statementWrite is the change that a statement makes, and the expressions that it makes it with.
type statementWrite struct {
	*change
	params writeParams
}

// write makes the statement's change. It returns the item that the statement returns, if it does.
func (s *statement) write(t *table, now time.Time) (item opt[value.Item], cost units, err error) {
	if err := s.checkKey(t); err != nil {
		return item, cost, err
	}
	c, err := s.planWrite(t, now)
	if err != nil {
		return item, cost, err
	}
	out, cost, err := c.run(now)
	if err != nil {
		return item, cost, err
	}
	item.v, item.ok = c.params.returned(out)
	return item, cost, nil
}

// checkKey checks that the statement names an item of the table. A transaction leaves that to the operations
// of which it is made.
func (s *statement) checkKey(t *table) error {
	schema := t.key.schema()
	item := s.plan.Item
	if s.plan.Kind != partiql.InsertKind {
		key, _, err := s.plan.ItemKey(schema)
		if err != nil {
			return translate(err)
		}
		item = key
	}
	for _, key := range t.key.keys() {
		v, ok := item.Get(key.Name)
		if !ok {
			return invalid("Key attribute should be present in the item: Key %s", key.Name)
		}
		if err := partiql.CheckKind(key, v); err != nil {
			return translate(err)
		}
	}
	return nil
}

// planWrite plans the change that the statement makes, or the check that an EXISTS is.
func (s *statement) planWrite(t *table, now time.Time) (*statementWrite, error) {
	if s.plan.Kind == partiql.InsertKind {
		return s.planInsert(t, now)
	}
	key, rest, err := s.plan.ItemKey(t.key.schema())
	switch {
	case errors.Is(err, partiql.ErrNoKey):
		return nil, invalid(keyMismatch)
	case err != nil:
		return nil, translate(err)
	}
	w := &statementWrite{params: writeParams{returns: returnValues(s.plan.Returning)}}
	w.params.plans.condition, w.params.plans.update = rest, s.plan.Update
	switch s.plan.Kind {
	case partiql.UpdateKind:
		w.change, err = t.planUpdate(key, &w.params.expressions, now)
	default:
		if w.change, err = t.planKey(key); err == nil {
			err = w.params.checkPaths(t, now)
		}
	}
	if err != nil {
		return nil, err
	}
	w.remove = s.plan.Kind == partiql.DeleteKind
	w.showOld = s.onFailure.v == "ALL_OLD"
	w.condition = func(item value.Item) bool {
		if item.Len() == 0 {
			return s.plan.Kind == partiql.DeleteKind
		}
		return rest == nil || rest.Eval(item)
	}
	if apply := w.update; apply != nil {
		w.update = func(old value.Item, exists bool) (value.Item, bool, error) { return shallow(apply(old, exists)) }
	}
	return w, nil
}

// shallow refuses an item that has become too deep.
func shallow(item value.Item, keep bool, err error) (value.Item, bool, error) {
	if err == nil && value.Map(item).Depth() > maxNesting {
		err = invalid("Nesting Levels have exceeded supported limits")
	}
	return item, keep, err
}

// planInsert plans the put of an item that must not be there.
func (s *statement) planInsert(t *table, now time.Time) (*statementWrite, error) {
	item := s.plan.Item
	if err := checkItemSize(item); err != nil {
		return nil, err
	}
	c, err := t.planPut(item)
	if err != nil {
		return nil, err
	}
	if err := t.checkIndexKeysLocked(item, now); err != nil {
		return nil, err
	}
	c.put = nil
	c.update = func(_ value.Item, exists bool) (value.Item, bool, error) {
		if exists {
			return item, false, badRequest(inDynamoDB+duplicateItemCode, "Duplicate primary key exists in table")
		}
		return item, true, nil
	}
	return &statementWrite{change: c}, nil
}

// returnValues is what a RETURNING is as a parameter of the other operations.
func returnValues(returning string) opt[string] {
	switch returning {
	case "ALL OLD":
		return some("ALL_OLD")
	case "ALL NEW":
		return some("ALL_NEW")
	case "MODIFIED OLD":
		return some("UPDATED_OLD")
	case "MODIFIED NEW":
		return some("UPDATED_NEW")
	}
	return opt[string]{}
}
