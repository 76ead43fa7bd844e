package memtable

import (
	"time"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// updateInput is UpdateItem's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
type updateInput struct {
	writeParams
	key attributes
}

func (in *updateInput) member(d *decoder, name string) {
	switch name {
	case "Key":
		in.key = d.attributes()
	default:
		in.writeParams.member(d, name)
	}
}

func (in *updateInput) check() error {
	c := &constraints{}
	if !in.writeParams.constrain(c) {
		c.notNull("key", in.key.ok)
	}
	if err := c.err(); err != nil {
		return err
	}
	if err := in.checkParams(updateExpressions); err != nil {
		return err
	}
	if err := in.key.check(); err != nil {
		return err
	}
	return in.compile()
}

// planUpdate plans an update with compiled expressions.
func (t *table) planUpdate(key value.Item, x *expressions, now time.Time) (*change, error) {
	c, err := t.planKey(key)
	if err != nil {
		return nil, err
	}
	for _, a := range t.key.attributes() {
		if x.updates(a.name) {
			return nil, invalidValue("Cannot update attribute %s. This attribute is part of the key", a.name)
		}
	}
	if err := x.checkPaths(t, now); err != nil {
		return nil, err
	}
	c.update = func(old value.Item, exists bool) (value.Item, bool, error) { return shallow(x.apply(key, old, exists)) }
	return c, nil
}

// updateItem answers UpdateItem.
func (e *Engine) updateItem(in *updateInput, w *writer) error {
	t, err := e.forItems(in.table.v)
	if err != nil {
		return err
	}
	c, err := t.planUpdate(in.key.item, &in.expressions, e.now())
	if err != nil {
		return err
	}
	if in.plans.update != nil { // an update of a transaction, and AttributeUpdates, only count by their item
		c.charge = in.plans.update.Charge
	}
	return in.run(e, c, w)
}
