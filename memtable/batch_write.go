package memtable

import (
	"slices"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

const maxBatchWrite = 25

// batchWriteInput is BatchWriteItem's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
type batchWriteInput struct {
	ok         bool
	tables     []batchWrite
	capacity   opt[string]
	collection opt[string]

	most opt[int] // how many writes are processed, if a fault says so
}

// batchWrite is what a batch writes to one table.
type batchWrite struct {
	name string
	ops  []batchOp
}

// batchOp puts an item or deletes the one with a key.
type batchOp struct{ put, remove opt[attributes] }

func (in *batchWriteInput) member(d *decoder, name string) {
	switch name {
	case "RequestItems":
		in.ok = d.dict("WriteRequest", func(table string) {
			bw := batchWrite{name: table}
			d.list(func(int) { bw.ops = append(bw.ops, d.batchOp()) })
			in.tables = append(in.tables, bw)
		})
	case "ReturnConsumedCapacity":
		in.capacity = d.string()
	case "ReturnItemCollectionMetrics":
		in.collection = d.string()
	default:
		d.skip()
	}
}

func (d *decoder) batchOp() (op batchOp) {
	read := func(shape, member string) (out opt[attributes]) {
		out.ok = d.object(shape, func(name string) {
			if name == member {
				out.v = d.attributes()
				return
			}
			d.skip()
		})
		return out
	}
	d.item("WriteRequest", func(name string) {
		switch name {
		case "PutRequest":
			op.put = read("PutRequest", "Item")
		case "DeleteRequest":
			op.remove = read("DeleteRequest", "Key")
		default:
			d.skip()
		}
	})
	return op
}

func (in *batchWriteInput) check() error {
	if in.ok && len(in.tables) == 0 {
		return invalid("The requestItems parameter is required for BatchWriteItem")
	}
	c := &constraints{}
	c.enum("returnConsumedCapacity", in.capacity, capacityModes)
	c.enum("returnItemCollectionMetrics", in.collection, "SIZE, NONE")
	c.notNull("requestItems", in.ok)
	for _, bw := range in.tables {
		c.tableKey(bw.name, "["+dumped(len(bw.ops), "WriteRequest")+"]")
		if len(bw.ops) < 1 || len(bw.ops) > maxBatchWrite {
			c.violated(quote("{"+bw.name+"=["+dumped(len(bw.ops), "WriteRequest")+"]}"), "requestItems",
				"Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]")
		}
		for i, op := range bw.ops {
			path := memberPath("requestItems."+bw.name+".member", i)
			if op.put.ok {
				c.notNull(path+".putRequest.item", op.put.v.ok)
			}
			if op.remove.ok {
				c.notNull(path+".deleteRequest.key", op.remove.v.ok)
			}
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	return in.checkOps()
}

func (in *batchWriteInput) checkOps() error {
	n := 0
	for _, bw := range in.tables {
		for _, op := range bw.ops {
			if n++; n > maxBatchWrite {
				return invalid("Too many items requested for the BatchWriteItem call")
			}
			if op.put.ok == op.remove.ok {
				return invalid(severalTypes)
			}
			if op.remove.ok {
				if err := op.remove.v.check(); err != nil {
					return err
				}
				continue
			}
			if err := op.put.v.check(); err != nil {
				return err
			}
			if err := checkItemSize(op.put.v.item); err != nil {
				return err
			}
		}
	}
	return nil
}

// batchWriteItem answers BatchWriteItem. Each write is atomic by itself, the batch is not.
func (e *Engine) batchWriteItem(in *batchWriteInput, w *writer) error {
	now := e.now()
	var changes []*change
	seen := map[string]bool{}
	for _, bw := range in.tables {
		t, err := e.forItems(bw.name)
		if err != nil {
			return err
		}
		for _, op := range bw.ops {
			c, err := t.planBatchOp(op)
			if err != nil {
				return err
			}
			at := t.name + "\x00" + c.key
			if seen[at] {
				return invalid(duplicateKeys)
			}
			seen[at] = true
			if c.put != nil {
				if err := t.checkIndexKeysLocked(*c.put, now); err != nil {
					return err
				}
			}
			changes = append(changes, c)
		}
	}
	var done []*change
	costs, left := map[*table]*units{}, make([]bool, len(changes))
	for i, c := range changes {
		if left[i] = in.most.ok && i >= in.most.v; left[i] {
			continue
		}
		_, cost, err := c.run(now)
		switch {
		case throttled(err) && (i < len(changes)-1 || len(done) > 0):
			left[i] = true
			continue
		case err != nil:
			return err
		}
		if done = append(done, c); costs[c.table] == nil {
			costs[c.table] = &units{}
		}
		costs[c.table].merge(cost)
	}
	changes = done
	w.beginObject()
	in.writeUnprocessed(left, w)
	if wantsCapacity(in.capacity.v) {
		w.array("ConsumedCapacity")
		for _, t := range tablesOf(changes) {
			w.consumedElem(in.capacity.v, t.name, "", *costs[t])
		}
		w.endArray()
	}
	if in.collection.v == "SIZE" {
		writeCollections(w, changes)
	}
	w.endObject()
	return nil
}

// writeUnprocessed writes the request for the writes that were left out.
func (in *batchWriteInput) writeUnprocessed(left []bool, w *writer) {
	w.object("UnprocessedItems")
	for _, bw := range in.tables {
		here := left[:len(bw.ops)]
		if left = left[len(bw.ops):]; !slices.Contains(here, true) {
			continue
		}
		w.array(bw.name)
		for i, op := range bw.ops {
			if !here[i] {
				continue
			}
			w.beginObject()
			if op.put.ok {
				w.object("PutRequest")
				w.item("Item", op.put.v.item)
			} else {
				w.object("DeleteRequest")
				w.item("Key", op.remove.v.item)
			}
			w.endObject()
			w.endObject()
		}
		w.endArray()
	}
	w.endObject()
}

// planBatchOp plans one write of a batch, whose key faults are worded as those of keys.
func (t *table) planBatchOp(op batchOp) (*change, error) {
	if op.remove.ok {
		c, err := t.planKey(op.remove.v.item)
		if err != nil {
			return nil, err
		}
		c.remove = true
		return c, nil
	}
	item := op.put.v.item
	for _, a := range t.key.attributes() {
		if v, ok := item.Get(a.name); !ok || v.Kind() != a.kind() {
			return nil, invalid(keyMismatch)
		}
	}
	return t.planPut(item)
}

// tablesOf returns the tables of changes, each once, in the order of their first change.
func tablesOf(changes []*change) []*table {
	var tables []*table
	seen := map[*table]bool{}
	for _, c := range changes {
		if !seen[c.table] {
			seen[c.table] = true
			tables = append(tables, c.table)
		}
	}
	return tables
}

// writeCollections writes the metrics of each item collection that was written to.
func writeCollections(w *writer, changes []*change) {
	w.object("ItemCollectionMetrics")
	for _, t := range tablesOf(changes) {
		if !t.collections {
			continue
		}
		w.array(t.name)
		partition := t.key.partition[0].name
		var done []value.Value
		for _, c := range changes {
			v, _ := c.keyItem.Get(partition)
			if c.table != t || containsValue(done, v) {
				continue
			}
			done = append(done, v)
			t.collectionMetrics(w, c.keyItem)
		}
		w.endArray()
	}
	w.endObject()
}

func containsValue(values []value.Value, v value.Value) bool {
	for _, have := range values {
		if have.Equal(v) {
			return true
		}
	}
	return false
}

// dumped prints a list whose elements the service prints at length, in messages that quote it.
func dumped(n int, elem string) string {
	var b []byte
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, elem...)
	}
	return string(b)
}
