package memtable

import "github.com/dynox-go/dynox/memtable/internal/value"

// deleteInput is DeleteItem's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html
type deleteInput struct {
	writeParams
	key attributes
}

func (in *deleteInput) member(d *decoder, name string) {
	switch name {
	case "Key":
		in.key = d.attributes()
	default:
		in.writeParams.member(d, name)
	}
}

func (in *deleteInput) check() error {
	c := &constraints{}
	if !in.writeParams.constrain(c) {
		c.notNull("key", in.key.ok)
	}
	if err := c.err(); err != nil {
		return err
	}
	if err := in.checkParams(writeExpressions); err != nil {
		return err
	}
	if err := in.key.check(); err != nil {
		return err
	}
	if in.returns.ok && in.returns.v != "ALL_OLD" && in.returns.v != "NONE" {
		return invalid("ReturnValues can only be ALL_OLD or NONE")
	}
	return in.compile()
}

// planKey plans a change of the item with a key: a check, until the caller says more.
func (t *table) planKey(key value.Item) (*change, error) {
	if err := t.key.checkKey(key); err != nil {
		return nil, err
	}
	return &change{table: t, key: t.primaryKey(key), keyItem: key}, nil
}

// deleteItem answers DeleteItem.
func (e *Engine) deleteItem(in *deleteInput, w *writer) error {
	t, err := e.forItems(in.table.v)
	if err != nil {
		return err
	}
	c, err := t.planKey(in.key.item)
	if err != nil {
		return err
	}
	c.remove = true
	return in.run(e, c, w)
}
