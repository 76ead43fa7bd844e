package memtable

import (
	"errors"
	"strings"
	"time"
)

// bulkRecord is one record of an object: a put of an item.
type bulkRecord struct {
	object string // its key
	line   int    // counted from 1; of its start
	text   []byte // as it is in the object
	body   []byte // DynamoDB JSON
	err    error  // what is wrong with a record that has no body
	fault  string // why the object can't be read; there is no line then
	read   int64  // how many bytes of all objects are read after it
}

// bulkItem is a record, parsed: an item, and the condition under which it is put, as PutItem has it.
type bulkItem struct {
	item attributes
	expressions
}

func (b *bulkItem) member(d *decoder, name string) {
	switch name {
	case "Item":
		b.item = d.attributes()
	case "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues":
		b.expressions.member(d, name)
	default:
		d.skip()
	}
}

// check finds what is wrong with the item or its condition.
func (b *bulkItem) check() error {
	if !b.item.ok {
		return invalid("The record has no Item")
	}
	if err := b.checkParams(writeExpressions); err != nil {
		return err
	}
	if err := b.item.check(); err != nil {
		return err
	}
	if err := checkItemSize(b.item.item); err != nil {
		return err
	}
	return b.compile()
}

// step takes the operation's next step, which is due: it reads the objects, or puts an item. The last one
// ends the operation.
func (op *bulkOperation) step(e *Engine) {
	at := op.due()
	if !op.opened {
		op.open(&e.bulk, at)
		return
	}
	if op.next < len(op.records) {
		if !e.has(op.table, at) {
			op.fail(&e.bulk, at, "ResourceNotFoundException", "Requested resource not found: Table: "+op.table.name+" not found")
			return
		}
		rec := op.records[op.next]
		op.next++
		op.read = rec.read
		op.put(rec, at)
	}
	if op.next < len(op.records) {
		return
	}
	op.read = op.size
	status := bulkCompleted
	if op.faulty {
		status = bulkFaulty
	}
	op.end(&e.bulk, status, at)
}

// has reports whether a table is still there, when what expired by now is gone.
func (e *Engine) has(t *table, now time.Time) bool {
	e.mu.RLock()
	current := e.tables[t.name]
	e.mu.RUnlock()
	if current != t {
		return false
	}
	ok, expired := t.usable(now)
	if expired {
		t.expire(now)
	}
	return ok
}

// put puts the item of a record. A record that can't be parsed ends the reading of its object.
func (op *bulkOperation) put(rec bulkRecord, at time.Time) {
	if rec.fault != "" {
		op.faulty = true
		op.reportError(rec, errors.New(rec.fault))
		return
	}
	op.processed++
	if rec.err != nil {
		op.reject(rec, rec.err)
		return
	}
	var b bulkItem
	if err := decode(rec.body, b.member); err != nil {
		op.reject(rec, err)
		for op.next < len(op.records) && op.records[op.next].object == rec.object {
			op.read = op.records[op.next].read
			op.next++
		}
		return
	}
	if err := b.check(); err != nil {
		op.reject(rec, err)
		return
	}
	c, err := op.table.planPut(b.item.item)
	if err != nil {
		op.reject(rec, err)
		return
	}
	c.free, c.condition = true, b.matcher()
	out, _, err := c.run(at)
	switch api := (*apiError)(nil); {
	case err == nil:
		op.usage.add(op.table, c.key, out.new)
	case errors.As(err, &api) && strings.HasSuffix(api.code, conditionFailedCode):
		op.reportCondition(rec, b.item.item, out.old)
	default:
		op.reject(rec, err)
	}
}

// reject counts and reports a record that isn't put because of what is wrong with it.
func (op *bulkOperation) reject(rec bulkRecord, err error) {
	op.faulty = true
	op.failed++
	op.reportError(rec, err)
}
