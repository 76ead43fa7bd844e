package memtable

import (
	"net/http"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// change is one write to one item, planned from a checked request: a put, an update, a delete, or a
// transaction's check, which changes nothing.
type change struct {
	table   *table
	key     string     // the item's key in the store
	keyItem value.Item // the item's key attributes

	condition func(item value.Item) bool // nil for none; a missing item is the zero Item
	showOld   bool                       // a failed condition answers with the item

	// What the change does: one of put, update and remove, or nothing.
	put    *value.Item
	update func(old value.Item, exists bool) (next value.Item, keep bool, err error)
	charge func(old value.Item) int // bytes that the update itself counts for; nil if only the item counts
	remove bool

	expired bool // it is the service that deletes the item
	free    bool // it takes no capacity
}

// outcome is what a change does, before it is done.
type outcome struct {
	old, new *record // nil for an item that isn't there
}

// evaluate finds what the change does to the table as it is. The caller holds the table's lock.
func (c *change) evaluate(now time.Time) (outcome, error) {
	old, _ := c.table.data.items.Get(c.key)
	out := outcome{old: old}
	if c.put != nil { // what is wrong with its item comes before the condition
		if err := c.table.checkIndexKeys(*c.put, now); err != nil {
			return out, err
		}
	}
	var item value.Item
	if old != nil {
		item = old.item
	}
	if c.charge != nil && c.charge(item) > maxItemSize {
		return out, invalid(updateTooLarge)
	}
	if c.condition != nil && !c.condition(item) {
		return out, c.conditionFailed(old)
	}
	switch {
	case c.put != nil:
		out.new = newRecord(*c.put)
	case c.update != nil:
		next, keep, err := c.update(item, old != nil)
		if err != nil || !keep {
			return out, err
		}
		if err := c.table.checkUpdated(next, now); err != nil {
			return out, err
		}
		if err := c.table.checkVectors(next, item, now); err != nil {
			return out, err
		}
		out.new = newRecord(next)
	case !c.remove:
		out.new = old
	}
	return out, nil
}

// commit does what evaluate found. The caller holds the table's lock for writing since then.
func (c *change) commit(out outcome, now time.Time) {
	switch {
	case out.new == out.old:
		return
	case out.new == nil:
		c.table.data.remove(c.key, out.old)
	default:
		c.table.data.put(c.key, out.old, out.new, now)
	}
	c.table.keep(now)
	if s := c.table.stream; s != nil && s.closed.IsZero() {
		s.add(c.key, out, c.expired, now)
	}
}

// run evaluates and commits a change by itself.
func (c *change) run(now time.Time) (outcome, units, error) {
	c.table.mu.Lock()
	defer c.table.mu.Unlock()
	if !c.free {
		if err := c.table.admitWrite(now); err != nil {
			return outcome{}, units{}, err
		}
	}
	out, err := c.evaluate(now)
	if err != nil {
		return out, units{}, err
	}
	cost := c.table.writeCost(c.key, out.old, out.new)
	if !c.free {
		c.table.spendWrite(cost, now)
	}
	c.commit(out, now)
	return out, cost, nil
}

const (
	conditionFailedCode    = "ConditionalCheckFailedException"
	conditionFailedMessage = "The conditional request failed"
)

// conditionFailed is the error of a condition that doesn't hold for old.
func (c *change) conditionFailed(old *record) error {
	err := &apiError{status: http.StatusBadRequest, code: inDynamoDB + conditionFailedCode, message: conditionFailedMessage}
	if c.showOld && old != nil {
		err.more = func(w *writer) { w.item("Item", old.item) }
	}
	return err
}
