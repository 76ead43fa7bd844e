package memtable

// transactGetInput is TransactGetItems' request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html
type transactGetInput struct {
	items    opt[[]transactGet]
	capacity opt[string]
}

// transactGet is one Get of a transaction.
type transactGet struct {
	ok    bool
	table opt[string]
	key   attributes
	expressions

	t  *table // once it is found
	at string // the item's key in the store
}

func (in *transactGetInput) member(d *decoder, name string) {
	switch name {
	case "TransactItems":
		in.items.ok = d.list(func(int) {
			var get transactGet
			d.item("TransactGetItem", func(name string) {
				if name != "Get" {
					d.skip()
					return
				}
				get.ok = d.object("Get", func(name string) { get.member(d, name) })
			})
			in.items.v = append(in.items.v, get)
		})
	case "ReturnConsumedCapacity":
		in.capacity = d.string()
	default:
		d.skip()
	}
}

func (g *transactGet) member(d *decoder, name string) {
	switch name {
	case "TableName":
		g.table = d.string()
	case "Key":
		g.key = d.attributes()
	default:
		g.expressions.member(d, name)
	}
}

func (in *transactGetInput) check() error {
	c := &constraints{}
	c.enum("returnConsumedCapacity", in.capacity, capacityModes)
	if c.notNull("transactItems", in.items.ok) {
		n := len(in.items.v)
		c.count("transactItems", n, 1, maxTransaction, func() string { return "[" + dumped(n, "TransactGetItem") + "]" })
	}
	for i := range in.items.v {
		g, path := &in.items.v[i], memberPath("transactItems", i)+".get"
		if c.notNull(path, g.ok) {
			c.tableName(path+".tableName", g.table)
			c.notNull(path+".key", g.key.ok)
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	for i := range in.items.v {
		g := &in.items.v[i]
		if err := g.checkParams(readExpressions); err != nil {
			return err
		}
		if err := g.key.check(); err != nil {
			return err
		}
		if err := g.compile(); err != nil {
			return err
		}
	}
	return nil
}

// transactGetItems answers TransactGetItems: all items as of one moment.
func (e *Engine) transactGetItems(in *transactGetInput, w *writer) error {
	tables, err := e.resolveTransactGets(in.items.v)
	if err != nil {
		return err
	}
	unlock := lockTables(tables, func(t *table) { t.mu.RLock() }, func(t *table) { t.mu.RUnlock() })
	defer unlock()
	found, bytes := make([]*record, len(in.items.v)), 0
	for i, g := range in.items.v {
		found[i], _ = g.t.data.items.Get(g.at)
		bytes += found[i].bytes()
	}
	if bytes > maxTransactionBytes {
		return tooLargeTransaction()
	}
	costs, now := map[*table]float64{}, e.now()
	w.beginObject()
	w.array("Responses")
	for i, rec := range found {
		g := &in.items.v[i]
		cost := 2 * readUnits(rec.bytes(), true)
		costs[g.t] += cost
		g.t.spendLocked(units{table: cost}, now)
		w.beginObject()
		if rec != nil {
			w.item("Item", g.project(rec.item))
		}
		w.endObject()
	}
	w.endArray()
	if wantsCapacity(in.capacity.v) {
		w.array("ConsumedCapacity")
		for _, t := range tables {
			w.consumedElem(in.capacity.v, t.name, "Read", units{table: costs[t]})
		}
		w.endArray()
	}
	w.endObject()
	return nil
}

// resolveTransactGets finds the tables and checks the keys against them. It returns each table once.
func (e *Engine) resolveTransactGets(gets []transactGet) ([]*table, error) {
	var tables []*table
	reasons, seen := make([]reason, len(gets)), map[string]bool{}
	known := map[*table]bool{}
	for i := range gets {
		g := &gets[i]
		t, err := e.forItems(g.table.v)
		if err != nil {
			return nil, err
		}
		if g.t = t; !known[t] {
			known[t] = true
			tables = append(tables, t)
		}
	}
	for i := range gets {
		g := &gets[i]
		failed := g.t.key.checkKey(g.key.item)
		if failed == nil {
			failed = g.checkPaths(g.t, e.now())
		}
		if failed == nil {
			failed = g.t.admitRead(nil, e.now())
		}
		var err error
		if reasons[i], err = reasonOf(failed, nil); err != nil {
			return nil, err
		}
		if failed != nil {
			continue
		}
		g.at = g.t.primaryKey(g.key.item)
		at := g.t.name + "\x00" + g.at
		if seen[at] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[at] = true
	}
	return tables, cancelled(reasons)
}
