package memtable

import "github.com/dynox-go/dynox/memtable/internal/value"

// writeParams are what PutItem, UpdateItem and DeleteItem have in common.
type writeParams struct {
	table      opt[string]
	returns    opt[string] // ReturnValues
	onFailure  opt[string] // ReturnValuesOnConditionCheckFailure
	capacity   opt[string] // ReturnConsumedCapacity
	collection opt[string] // ReturnItemCollectionMetrics
	expressions
}

func (p *writeParams) member(d *decoder, name string) {
	switch name {
	case "TableName":
		p.table = d.string()
	case "ReturnValues":
		p.returns = d.string()
	case "ReturnValuesOnConditionCheckFailure":
		p.onFailure = d.string()
	case "ReturnConsumedCapacity":
		p.capacity = d.string()
	case "ReturnItemCollectionMetrics":
		p.collection = d.string()
	default:
		p.expressions.member(d, name)
	}
}

const onFailureModes = "ALL_OLD, NONE"

// constrain adds the violations of these members. It reports whether to look no further.
func (p *writeParams) constrain(c *constraints) (done bool) {
	if c.tableName("tableName", p.table) {
		return true
	}
	c.enum("returnConsumedCapacity", p.capacity, capacityModes)
	c.enum("returnValues", p.returns, "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW")
	c.enum("returnItemCollectionMetrics", p.collection, "SIZE, NONE")
	c.enum("returnValuesOnConditionCheckFailure", p.onFailure, onFailureModes)
	p.expressions.constrain(c)
	return false
}

// run makes the change under the request's condition, and writes the answer.
func (p *writeParams) run(e *Engine, c *change, w *writer) error {
	c.condition = p.matcher()
	c.showOld = p.onFailure.v == "ALL_OLD"
	out, cost, err := c.run(e.now())
	if err != nil {
		return err
	}
	w.beginObject()
	if shown, ok := p.returned(out); ok {
		w.item("Attributes", shown)
	}
	w.consumed(p.capacity.v, c.table.name, "", cost)
	if p.collection.v == "SIZE" && c.table.collections {
		w.name("ItemCollectionMetrics")
		c.table.collectionMetrics(w, c.keyItem)
	}
	w.endObject()
	return nil
}

// returned is what ReturnValues asks for, if there is any of it.
func (p *writeParams) returned(out outcome) (value.Item, bool) {
	switch p.returns.v {
	case "ALL_OLD":
		if out.old != nil {
			return out.old.item, true
		}
	case "ALL_NEW":
		if out.new != nil {
			return out.new.item, true
		}
	case "UPDATED_OLD":
		if out.old != nil {
			shown := p.updated(out.old.item)
			return shown, shown.Len() > 0
		}
	case "UPDATED_NEW":
		if out.new == nil {
			break
		}
		shown := p.updated(out.new.item)
		return shown, shown.Len() > 0
	}
	return value.Item{}, false
}

// collectionMetrics writes the metrics of the item collection of a key. The estimate is that of a small one.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections
func (t *table) collectionMetrics(w *writer, key value.Item) {
	w.beginObject()
	partition := t.key.partition[0].name
	w.item("ItemCollectionKey", key.Only(func(name string) bool { return name == partition }))
	w.array("SizeEstimateRangeGB")
	w.b = append(w.b, "0.0,1.0"...)
	w.endArray()
	w.endObject()
}
