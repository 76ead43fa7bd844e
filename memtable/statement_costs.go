package memtable

import "slices"

// tableCosts are the units that several statements consumed, by table, in the order of the first of each.
type tableCosts []tableCost

type tableCost struct {
	t      *table
	units  units
	failed float64 // what statements tried that failed: it counts, but is no table's or index's share
}

func (c *tableCosts) of(t *table) *tableCost {
	i := slices.IndexFunc(*c, func(have tableCost) bool { return have.t == t })
	if i < 0 {
		i = len(*c)
		*c = append(*c, tableCost{t: t})
	}
	return &(*c)[i]
}

func (c *tableCosts) add(t *table, u units) { c.of(t).units.merge(u) }

func (c *tableCosts) fail(t *table, n float64) { c.of(t).failed += n }

func (c tableCosts) tables() []*table {
	tables := make([]*table, len(c))
	for i := range c {
		tables[i] = c[i].t
	}
	return tables
}

// write writes ConsumedCapacity, if the request asks for it.
func (c tableCosts) write(w *writer, mode, kind string) {
	if !wantsCapacity(mode) {
		return
	}
	w.array("ConsumedCapacity")
	for _, cost := range c {
		w.consumedWith(mode, cost.t.name, kind, cost.units, cost.failed)
	}
	w.endArray()
}
