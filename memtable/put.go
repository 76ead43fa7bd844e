package memtable

import (
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// writeParams are what PutItem, UpdateItem and DeleteItem have in common.
type writeParams struct {
	table      opt[string]
	values     opt[string] // ReturnValues
	onFailure  opt[string] // ReturnValuesOnConditionCheckFailure
	capacity   opt[string] // ReturnConsumedCapacity
	collection opt[string] // ReturnItemCollectionMetrics
}

func (p *writeParams) member(d *decoder, name string) {
	switch name {
	case "TableName":
		p.table = d.string()
	case "ReturnValues":
		p.values = d.string()
	case "ReturnValuesOnConditionCheckFailure":
		p.onFailure = d.string()
	case "ReturnConsumedCapacity":
		p.capacity = d.string()
	case "ReturnItemCollectionMetrics":
		p.collection = d.string()
	default:
		d.skip()
	}
}

// check adds the violations of these members. It reports whether to look no further.
func (p *writeParams) check(c *constraints) (done bool) {
	if c.tableName("tableName", p.table) {
		return true
	}
	c.enum("returnConsumedCapacity", p.capacity, capacityModes)
	c.enum("returnValues", p.values, "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW")
	c.enum("returnItemCollectionMetrics", p.collection, "SIZE, NONE")
	c.enum("returnValuesOnConditionCheckFailure", p.onFailure, "ALL_OLD, NONE")
	return false
}

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
	if !in.writeParams.check(c) {
		c.notNull("item", in.item.ok)
	}
	if err := c.err(); err != nil {
		return err
	}
	if err := in.item.check(); err != nil {
		return err
	}
	if in.values.ok && in.values.v != "ALL_OLD" && in.values.v != "NONE" {
		return invalid("ReturnValues can only be ALL_OLD or NONE")
	}
	if in.item.item.Size() > maxItemSize {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

// planPut plans the put of a checked item.
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
	out, cost, err := c.run(e.now())
	if err != nil {
		return err
	}
	w.beginObject()
	if in.values.v == "ALL_OLD" && out.old != nil {
		w.item("Attributes", out.old.item)
	}
	w.consumed(in.capacity.v, t.name, "", cost)
	w.endObject()
	return nil
}
