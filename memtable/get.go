package memtable

import (
	"time"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// getInput is GetItem's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
type getInput struct {
	table      opt[string]
	key        attributes
	consistent opt[bool]
	capacity   opt[string]
	expressions
}

func (in *getInput) member(d *decoder, name string) {
	switch name {
	case "TableName":
		in.table = d.string()
	case "Key":
		in.key = d.attributes()
	case "ConsistentRead":
		in.consistent = d.bool()
	case "ReturnConsumedCapacity":
		in.capacity = d.string()
	default:
		in.expressions.member(d, name)
	}
}

func (in *getInput) check() error {
	c := &constraints{}
	if !c.tableName("tableName", in.table) {
		c.enum("returnConsumedCapacity", in.capacity, capacityModes)
		c.notNull("key", in.key.ok)
		in.constrain(c)
	}
	if err := c.err(); err != nil {
		return err
	}
	if err := in.checkParams(readExpressions); err != nil {
		return err
	}
	if err := in.key.check(); err != nil {
		return err
	}
	if err := in.checkAttributesToGet(); err != nil {
		return err
	}
	return in.compile()
}

// getItem answers GetItem.
func (e *Engine) getItem(in *getInput, w *writer) error {
	t, err := e.forItems(in.table.v)
	if err != nil {
		return err
	}
	if err := t.key.checkKey(in.key.item); err != nil {
		return err
	}
	if err := in.checkPaths(t, e.now()); err != nil {
		return err
	}
	rec := t.read(in.key.item, in.consistent.v, e.now())
	w.beginObject()
	if rec != nil {
		w.item("Item", in.project(rec.item))
	}
	w.consumed(in.capacity.v, t.name, "", units{table: readUnits(rec.bytes(), in.consistent.v)})
	w.endObject()
	return nil
}

// read is get for a read that may lag.
func (t *table) read(key value.Item, consistent bool, now time.Time) *record {
	since := t.history.since(consistent, now)
	if since.IsZero() {
		return t.get(key)
	}
	rec, _ := (source{t: t, since: since}).snapshot().Get(t.primaryKey(key))
	return rec
}

// get returns the record of a checked key; nil if there is none.
func (t *table) get(key value.Item) *record {
	at := t.primaryKey(key)
	t.mu.RLock()
	defer t.mu.RUnlock()
	rec, _ := t.data.items.Get(at)
	return rec
}
