package memtable

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// transactWriteInput is TransactWriteItems' request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
type transactWriteInput struct {
	items      opt[[]transactOp]
	token      opt[string]
	capacity   opt[string]
	collection opt[string]
}

// transactOp is one operation of a transaction: put, update, delete or check.
type transactOp struct {
	kinds     []string // the members that were there: exactly one in a valid request
	table     opt[string]
	item      attributes // of a put
	key       attributes // of the others
	onFailure opt[string]
	expressions
}

func (in *transactWriteInput) member(d *decoder, name string) {
	switch name {
	case "TransactItems":
		in.items.ok = d.list(func(int) {
			var op transactOp
			d.item("TransactWriteItem", func(kind string) {
				switch kind {
				case "Put", "Update", "Delete", "ConditionCheck":
					if d.object(kind, func(name string) { op.member(d, name) }) {
						op.kinds = append(op.kinds, kind)
					}
				default:
					d.skip()
				}
			})
			in.items.v = append(in.items.v, op)
		})
	case "ClientRequestToken":
		in.token = d.string()
	case "ReturnConsumedCapacity":
		in.capacity = d.string()
	case "ReturnItemCollectionMetrics":
		in.collection = d.string()
	default:
		d.skip()
	}
}

func (op *transactOp) member(d *decoder, name string) {
	switch name {
	case "TableName":
		op.table = d.string()
	case "Item":
		op.item = d.attributes()
	case "Key":
		op.key = d.attributes()
	case "ReturnValuesOnConditionCheckFailure":
		op.onFailure = d.string()
	default:
		op.expressions.member(d, name)
	}
}

func (in *transactWriteInput) check() error {
	c := &constraints{}
	c.enum("returnConsumedCapacity", in.capacity, capacityModes)
	c.enum("returnItemCollectionMetrics", in.collection, "SIZE, NONE")
	if in.token.ok {
		c.length("clientRequestToken", in.token.v, 1, 36)
	}
	if c.notNull("transactItems", in.items.ok) {
		n := len(in.items.v)
		c.count("transactItems", n, 1, maxTransaction, func() string { return "[" + dumped(n, "TransactWriteItem") + "]" })
	}
	for i := range in.items.v {
		in.items.v[i].constrain(c, memberPath("transactItems", i))
	}
	if err := c.err(); err != nil {
		return err
	}
	bytes := 0
	for i := range in.items.v {
		op := &in.items.v[i]
		if len(op.kinds) != 1 {
			return invalid("TransactItems can only contain one of Check, Put, Update or Delete")
		}
		if err := op.check(); err != nil {
			return err
		}
		bytes += op.item.item.Size()
	}
	if bytes > maxTransactionBytes {
		return tooLargeTransaction()
	}
	return nil
}

func tooLargeTransaction() error {
	return invalid("The aggregate size of the items in the transaction exceeded the maximum allowed size of 4 MB")
}

// constrain adds the violations of the operation's members.
func (op *transactOp) constrain(c *constraints, path string) {
	for _, kind := range op.kinds {
		member := path + "." + lowerFirst(kind)
		c.tableName(member+".tableName", op.table)
		c.enum(member+".returnValuesOnConditionCheckFailure", op.onFailure, onFailureModes)
		if kind == "Put" {
			c.notNull(member+".item", op.item.ok)
			continue
		}
		c.notNull(member+".key", op.key.ok)
		switch kind {
		case "ConditionCheck":
			c.notNull(member+".conditionExpression", op.condition.ok)
		case "Update":
			c.notNull(member+".updateExpression", op.update.ok)
		}
	}
}

func lowerFirst(s string) string { return string(s[0]|0x20) + s[1:] }

// check checks one operation by itself.
func (op *transactOp) check() error {
	params := writeExpressions
	if op.kinds[0] == "Update" {
		params = updateExpressions
	}
	if err := op.checkParams(params); err != nil {
		return err
	}
	if err := op.item.check(); err != nil {
		return err
	}
	if err := op.key.check(); err != nil {
		return err
	}
	if err := checkItemSize(op.item.item); err != nil {
		return err
	}
	return op.compile()
}

// plan plans one operation.
func (op *transactOp) plan(t *table, now time.Time) (c *change, err error) {
	switch op.kinds[0] {
	case "Put":
		c, err = t.planPut(op.item.item)
	case "Update":
		c, err = t.planUpdate(op.key.item, &op.expressions, now)
	case "Delete", "ConditionCheck":
		if c, err = t.planKey(op.key.item); err == nil {
			c.remove = op.kinds[0] == "Delete"
		}
	}
	if err != nil {
		return nil, err
	}
	c.condition = op.matcher()
	c.showOld = op.onFailure.v == "ALL_OLD"
	return c, nil
}

// transactWriteItems answers TransactWriteItems.
func (e *Engine) transactWriteItems(in *transactWriteInput, w *writer) error {
	now := e.now()
	if !in.token.ok {
		return e.transactWrite(in, now, w)
	}
	request := in.digest()
	done, err := e.tokens.begin(in.token.v, request, now)
	switch {
	case err != nil:
		return err
	case done:
		return e.transactRepeat(in, w)
	}
	err = e.transactWrite(in, now, w)
	e.tokens.end(in.token.v, request, now, err != nil)
	return err
}

// digest identifies what the request asks for, whatever its capacity and metrics parameters.
func (in *transactWriteInput) digest() [sha256.Size]byte {
	w := &writer{}
	for i := range in.items.v {
		op := &in.items.v[i]
		w.beginObject()
		w.texts("Kinds", op.kinds)
		w.text("TableName", op.table.v)
		w.item("Item", op.item.item)
		w.item("Key", op.key.item)
		w.text("OnFailure", op.onFailure.v)
		w.text("Expressions", fmt.Sprintf("%q %q %v", op.condition.v, op.update.v, op.names.v))
		w.item("Values", op.values.item)
		w.endObject()
	}
	return sha256.Sum256(w.b)
}

// plans plans all operations of the request.
func (e *Engine) plans(in *transactWriteInput, now time.Time) ([]*change, error) {
	changes := make([]*change, len(in.items.v))
	reasons := make([]reason, len(in.items.v))
	seen := map[string]bool{}
	tables := make([]*table, len(in.items.v))
	for i := range in.items.v {
		var err error
		if tables[i], err = e.forItems(in.items.v[i].table.v); err != nil {
			return nil, err
		}
	}
	for i := range in.items.v {
		c, planErr := in.items.v[i].plan(tables[i], now)
		var err error
		if reasons[i], err = reasonOf(planErr, nil); err != nil {
			return nil, err
		}
		if planErr != nil {
			continue
		}
		at := c.table.name + "\x00" + c.key
		if seen[at] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[at], changes[i] = true, c
	}
	return changes, cancelled(reasons)
}

func (e *Engine) transactWrite(in *transactWriteInput, now time.Time, w *writer) error {
	changes, err := e.plans(in, now)
	if err != nil {
		return err
	}
	costs, err := runTogether(changes, now)
	if err != nil {
		return err
	}
	in.answer(changes, costs, "Write", w)
	return nil
}

// runTogether makes all of the changes or none of them.
func runTogether(changes []*change, now time.Time) (map[*table]*units, error) {
	unlock := lockTables(tablesOf(changes), func(t *table) { t.mu.Lock() }, func(t *table) { t.mu.Unlock() })
	defer unlock()
	outs := make([]outcome, len(changes))
	reasons := make([]reason, len(changes))
	bytes := 0
	for i, c := range changes {
		var err, failed error
		outs[i], failed = c.evaluate(now)
		if reasons[i], err = reasonOf(failed, outs[i].old); err != nil {
			return nil, err
		}
		bytes += max(outs[i].old.bytes(), outs[i].new.bytes())
	}
	if err := cancelled(reasons); err != nil {
		return nil, err
	}
	if bytes > maxTransactionBytes {
		return nil, tooLargeTransaction()
	}
	costs := map[*table]*units{}
	for i, c := range changes {
		cost := c.table.writeCost(c.key, outs[i].old, outs[i].new)
		cost.scale(2)
		if costs[c.table] == nil {
			costs[c.table] = &units{}
		}
		costs[c.table].merge(cost)
		c.commit(outs[i], now)
	}
	return costs, nil
}

// transactRepeat answers a request that has taken effect before: it only costs the reading of its items.
func (e *Engine) transactRepeat(in *transactWriteInput, w *writer) error {
	changes, err := e.plans(in, e.now())
	if err != nil {
		return err
	}
	in.answer(changes, readAgain(changes), "Read", w)
	return nil
}

// readAgain is what it costs to read the items of a request that has taken effect before.
func readAgain(changes []*change) map[*table]*units {
	costs := map[*table]*units{}
	for _, c := range changes {
		if costs[c.table] == nil {
			costs[c.table] = &units{}
		}
		costs[c.table].table += 2 * readUnits(c.table.get(c.keyItem).bytes(), true)
	}
	return costs
}

// answer writes the response.
func (in *transactWriteInput) answer(changes []*change, costs map[*table]*units, kind string, w *writer) {
	w.beginObject()
	if wantsCapacity(in.capacity.v) {
		w.array("ConsumedCapacity")
		for _, t := range tablesOf(changes) {
			w.consumedElem(in.capacity.v, t.name, kind, *costs[t])
		}
		w.endArray()
	}
	if in.collection.v == "SIZE" {
		writeCollections(w, changes)
	}
	w.endObject()
}
