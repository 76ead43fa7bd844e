package memtable

import "github.com/dynox-go/dynox/memtable/internal/value"

const (
	maxBatchGet   = 100
	maxBatchBytes = 16 << 20 // what BatchGetItem answers at most
)

// batchGetInput is BatchGetItem's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
type batchGetInput struct {
	ok       bool
	tables   []batchGet
	capacity opt[string]

	most opt[int] // how many keys are processed, if a fault says so
}

// batchGet is what a batch reads of one table.
type batchGet struct {
	name       string
	keys       opt[[]attributes]
	consistent opt[bool]
	expressions

	t *table // once it is found
}

func (in *batchGetInput) member(d *decoder, name string) {
	switch name {
	case "RequestItems":
		in.ok = d.dict("KeysAndAttributes", func(table string) {
			get := batchGet{name: table}
			d.item("KeysAndAttributes", func(name string) { get.member(d, name) })
			in.tables = append(in.tables, get)
		})
	case "ReturnConsumedCapacity":
		in.capacity = d.string()
	default:
		d.skip()
	}
}

func (g *batchGet) member(d *decoder, name string) {
	switch name {
	case "Keys":
		g.keys.ok = d.list(func(int) { g.keys.v = append(g.keys.v, d.attributes()) })
	case "ConsistentRead":
		g.consistent = d.bool()
	default:
		g.expressions.member(d, name)
	}
}

func (in *batchGetInput) check() error {
	if in.ok && len(in.tables) == 0 {
		return invalid("The requestItems parameter is required for BatchGetItem")
	}
	c := &constraints{}
	c.enum("returnConsumedCapacity", in.capacity, capacityModes)
	c.notNull("requestItems", in.ok)
	for i := range in.tables {
		g := &in.tables[i]
		path := "requestItems." + g.name + ".member"
		c.tableKey(g.name, dumped(1, "KeysAndAttributes"))
		if c.notNull(path+".keys", g.keys.ok) {
			c.count(path+".keys", len(g.keys.v), 1, 0, func() string { return "[]" })
		}
		g.constrainNames(c, path+".attributesToGet")
	}
	if err := c.err(); err != nil {
		return err
	}
	return in.checkTables()
}

func (in *batchGetInput) checkTables() error {
	n := 0
	for i := range in.tables {
		g := &in.tables[i]
		if len(g.keys.v) > maxBatchGet {
			return invalid("1 validation error detected: Value at 'RequestItems.%s.member.Keys' failed to satisfy constraint: "+
				"Member must have length less than or equal to %d", g.name, maxBatchGet)
		}
		if n += len(g.keys.v); n > maxBatchGet {
			return invalid("Too many items requested for the BatchGetItem call")
		}
		if err := g.checkParams(readExpressions); err != nil {
			return err
		}
		if err := g.checkAttributesToGet(); err != nil {
			return err
		}
		if err := g.compile(); err != nil {
			return err
		}
		if err := g.checkKeys(); err != nil {
			return err
		}
	}
	return nil
}

// checkKeys checks the keys by themselves: their values, and that each is there once.
func (g *batchGet) checkKeys() error {
	seen := map[string]bool{}
	for _, key := range g.keys.v {
		if err := key.check(); err != nil {
			return err
		}
		w := &writer{}
		w.attributes(key.item)
		if seen[string(w.b)] {
			return invalid(duplicateKeys)
		}
		seen[string(w.b)] = true
	}
	return nil
}

const duplicateKeys = "Provided list of item keys contains duplicates"

// batchGetItem answers BatchGetItem: what doesn't fit into the answer is left to the caller.
func (e *Engine) batchGetItem(in *batchGetInput, w *writer) error {
	for i := range in.tables {
		if err := e.resolveGets(&in.tables[i]); err != nil {
			return err
		}
	}
	var (
		now   = e.now()
		cost  = make([]units, len(in.tables))
		left  = make([][]value.Item, len(in.tables))
		bytes int
		read  int
		last  error // why a key was left, for want of capacity
	)
	w.beginObject()
	w.object("Responses")
	for i := range in.tables {
		g := &in.tables[i]
		w.array(g.name)
		for n, key := range g.keys.v {
			if err := g.t.admitRead(nil, now); err != nil {
				left[i], last = append(left[i], key.item), err
				continue
			}
			rec := g.t.read(key.item, g.consistent.v, now)
			if bytes+rec.bytes() > maxBatchBytes || in.most.ok && read >= in.most.v {
				for _, key := range g.keys.v[n:] {
					left[i] = append(left[i], key.item)
				}
				bytes = maxBatchBytes // and so for the tables that follow
				break
			}
			bytes += rec.bytes()
			read++
			n := readUnits(rec.bytes(), g.consistent.v)
			cost[i].table += n
			g.t.spendRead(units{table: n}, now)
			if rec != nil {
				w.itemElem(g.project(rec.item))
			}
		}
		w.endArray()
	}
	w.endObject()
	if last != nil && read == 0 {
		return last
	}
	w.object("UnprocessedKeys")
	for i := range in.tables {
		if len(left[i]) > 0 {
			in.tables[i].again(w, left[i])
		}
	}
	w.endObject()
	if wantsCapacity(in.capacity.v) {
		w.array("ConsumedCapacity")
		for i := range in.tables {
			w.consumedElem(in.capacity.v, in.tables[i].t.name, "", cost[i])
		}
		w.endArray()
	}
	w.endObject()
	return nil
}

// resolveGets finds the table and checks the keys against it.
func (e *Engine) resolveGets(g *batchGet) (err error) {
	if g.t, err = e.forItems(g.name); err != nil {
		return err
	}
	for _, key := range g.keys.v {
		if err := g.t.key.checkKey(key.item); err != nil {
			return err
		}
	}
	return g.checkPaths(g.t, e.now())
}

// again writes the request for keys that were left out.
func (g *batchGet) again(w *writer, keys []value.Item) {
	w.object(g.name)
	w.array("Keys")
	for _, key := range keys {
		w.itemElem(key)
	}
	w.endArray()
	if g.consistent.ok {
		w.bool("ConsistentRead", g.consistent.v)
	}
	if g.projection.ok {
		w.text("ProjectionExpression", g.projection.v)
	}
	if g.attributesToGet.ok {
		w.texts("AttributesToGet", g.attributesToGet.v)
	}
	if g.names.ok {
		w.object("ExpressionAttributeNames")
		for name, attribute := range g.names.v {
			w.text(name, attribute)
		}
		w.endObject()
	}
	w.endObject()
}
