package memtable

import "github.com/dynox-go/dynox/memtable/internal/value"

// putInput is PutItem's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
type putInput struct {
	writeParams
	item attributes
}

func (in *putInput) member(d *decoder, name string) {
	switch name {
	case "Item":
		in.item = d.attributes()
	default:
		in.writeParams.member(d, name)
	}
}

func (in *putInput) check() error {
	c := &constraints{}
	if !in.writeParams.constrain(c) {
		c.notNull("item", in.item.ok)
	}
	if err := c.err(); err != nil {
		return err
	}
	if err := in.checkParams(writeExpressions); err != nil {
		return err
	}
	if err := in.item.check(); err != nil {
		return err
	}
	if in.returns.ok && in.returns.v != "ALL_OLD" && in.returns.v != "NONE" {
		return invalid("ReturnValues can only be ALL_OLD or NONE")
	}
	if err := checkItemSize(in.item.item); err != nil {
		return err
	}
	return in.compile()
}

// checkItemSize checks the size of an item that is put.
func checkItemSize(item value.Item) error {
	if item.Size() > maxItemSize {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

// planPut plans the put of an item.
func (t *table) planPut(item value.Item) (*change, error) {
	if err := t.key.checkItem(item); err != nil {
		return nil, err
	}
	return &change{
		table:   t,
		key:     t.primaryKey(item),
		keyItem: t.key.keyOf(item),
		put:     &item,
	}, nil
}

// putItem answers PutItem.
func (e *Engine) putItem(in *putInput, w *writer) error {
	t, err := e.forItems(in.table.v)
	if err != nil {
		return err
	}
	c, err := t.planPut(in.item.item)
	if err != nil {
		return err
	}
	return in.run(e, c, w)
}
