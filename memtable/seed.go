package memtable

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dynox-go/dynox/internal/wire"
	"github.com/dynox-go/dynox/memtable/internal/store"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// Seed puts items into a table, each of them DynamoDB JSON such as
//
//	{"pk": {"S": "CUSTOMER#42"}, "total": {"N": "12"}}
//
// They go by the rules of PutItem, but past faults and the log of requests. The first item that isn't
// valid stops it, with an error that names its position; the items before it are stored.
func (e *Engine) Seed(table string, items ...string) error {
	t, err := e.forItems(table)
	if err != nil {
		return fmt.Errorf("memtable: seed: table %s: %s", table, messageOf(err))
	}
	for i, text := range items {
		if err := t.seed(e, text); err != nil {
			return fmt.Errorf("memtable: seed: table %s: item %d: %w", table, i, err)
		}
	}
	return nil
}

func (t *table) seed(e *Engine, text string) error {
	d := &decoder{s: wire.NewScanner([]byte(text))}
	item := d.attributes()
	if d.err == nil {
		d.failed(d.s.End())
	}
	if d.err != nil || !item.ok {
		return errors.New("not a map of attribute values in DynamoDB JSON")
	}
	if err := item.check(); err != nil {
		return errors.New(messageOf(err))
	}
	if err := checkItemSize(item.item); err != nil {
		return errors.New(messageOf(err))
	}
	c, err := t.planPut(item.item)
	if err == nil {
		c.free = true
		_, _, err = c.run(e.now())
	}
	if err != nil {
		return errors.New(messageOf(err))
	}
	return nil
}

// Dump returns a table's items in the form that [Engine.Seed] takes, in the order of their keys: by
// partition key, then by sort key. Attributes are in the order of their names.
func (e *Engine) Dump(table string) ([]string, error) {
	t, err := e.forItems(table)
	if err != nil {
		return nil, fmt.Errorf("memtable: dump: table %s: %s", table, messageOf(err))
	}
	var items []value.Item
	for _, rec := range (source{t: t, key: t.key}).snapshot().Ascend(store.Range{}, "") {
		items = append(items, rec.item)
	}
	slices.SortFunc(items, t.key.compare)
	out := make([]string, len(items))
	for i, item := range items {
		w := &writer{}
		w.attributes(item)
		out[i] = string(w.b)
	}
	return out, nil
}
