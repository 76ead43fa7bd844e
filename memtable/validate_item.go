package memtable

import (
	"slices"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// Limits of items and keys.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	maxItemSize     = 400 << 10
	maxPartitionKey = 2048 // bytes of a partition key
	maxSortKey      = 1024 // bytes of a sort key
)

const updateTooLarge = "Item size to update has exceeded the maximum allowed size"

const keyMismatch = "The provided key element does not match the schema"

// checkKey checks that key holds exactly the attributes of the schema, with the right types.
func (k keySchema) checkKey(key value.Item) error {
	attrs := k.attributes()
	if key.Len() != len(attrs) {
		return invalid(keyMismatch)
	}
	for _, a := range attrs {
		v, ok := key.Get(a.name)
		if !ok || v.Kind() != a.kind() {
			return invalid(keyMismatch)
		}
	}
	if err := k.checkEmpty(key); err != nil {
		return err
	}
	return k.checkSize(key)
}

// checkEmpty finds a key attribute that is an empty string or binary.
func (k keySchema) checkEmpty(item value.Item) error {
	for _, a := range k.attributes() {
		v, _ := item.Get(a.name)
		if what := emptyKey(v); what != "" {
			return emptyKeyValue("The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", what, a.name)
		}
	}
	return nil
}

// checkItem checks the key of an item that is about to be stored.
func (k keySchema) checkItem(item value.Item) error {
	attrs := k.attributes()
	for _, a := range attrs {
		v, ok := item.Get(a.name)
		if !ok {
			return invalidValue("Missing the key %s in the item", a.name)
		}
		if v.Kind() != a.kind() {
			return invalidValue("Type mismatch for key %s expected: %c actual: %s", a.name, a.typ, v.Kind())
		}
	}
	if err := k.checkEmpty(item); err != nil {
		return err
	}
	return k.checkSize(item)
}

// emptyKey says what is empty about a key's value: a string, a binary, or nothing.
func emptyKey(v value.Value) string {
	switch {
	case v.Kind() == value.KindS && v.Len() == 0:
		return "string"
	case v.Kind() == value.KindB && v.Len() == 0:
		return "binary"
	}
	return ""
}

// checkSize checks the size of a key whose attributes are all there.
func (k keySchema) checkSize(item value.Item) error {
	if size(item, k.partition) > maxPartitionKey {
		return invalidValue("Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	if size(item, k.sort) > maxSortKey {
		return invalidValue("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}

// size sums up the values of some attributes.
func size(item value.Item, attrs []keyAttribute) int {
	n := 0
	for _, a := range attrs {
		v, _ := item.Get(a.name)
		n += v.Size()
	}
	return n
}

// checkIndexKeysLocked is checkIndexKeys for a caller without the lock.
func (t *table) checkIndexKeysLocked(item value.Item, now time.Time) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.checkIndexKeys(item, now)
}

// checkIndexKeys checks the attributes that are keys of indexes, or that vector indexes read, where an item
// has them that is about to be put. The caller holds the table's lock.
func (t *table) checkIndexKeys(item value.Item, now time.Time) error {
	for _, x := range t.data.byName(now) {
		if a, what := x.key.emptyPart(item); what != "" {
			return emptyKeyValue("A value specified for a secondary index key is not supported. "+
				"The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", what, x.name, a)
		}
	}
	if err := t.checkIndexTypes(item, now); err != nil {
		return err
	}
	return t.checkVectors(item, value.Item{}, now)
}

// checkUpdated checks an item that an update made. The caller holds the table's lock.
func (t *table) checkUpdated(item value.Item, now time.Time) error {
	if item.Size() > maxItemSize {
		return invalid(updateTooLarge)
	}
	for _, x := range t.data.byName(now) {
		if _, what := x.key.emptyPart(item); what != "" {
			return emptyKeyValue("The update expression attempted to update a secondary index key to a value that is not supported. "+
				"The AttributeValue for a key attribute cannot contain an empty %s value.", what)
		}
	}
	return t.checkIndexTypes(item, now)
}

// emptyPart finds an attribute of the key that is an empty string or binary, and says which of them.
func (k keySchema) emptyPart(item value.Item) (name, what string) {
	for _, a := range k.attributes() {
		v, _ := item.Get(a.name)
		if what := emptyKey(v); what != "" && v.Kind() == a.kind() {
			return a.name, what
		}
	}
	return "", ""
}

// checkIndexTypes checks the types and sizes of attributes that are keys of indexes.
func (t *table) checkIndexTypes(item value.Item, now time.Time) error {
	for _, x := range t.data.byName(now) {
		whole := true
		for _, a := range x.key.attributes() {
			v, ok := item.Get(a.name)
			if ok && v.Kind() != a.kind() {
				return invalidValue("Type mismatch for Index Key %s Expected: %c Actual: %s IndexName: %s", a.name, a.typ, v.Kind(), x.name)
			}
			whole = whole && ok
		}
		if whole {
			if err := x.key.checkSize(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// primaryKey returns the item's key in the store. The item has been checked.
func (t *table) primaryKey(item value.Item) string {
	key, _ := t.key.append(make([]byte, 0, 64), item)
	return string(key)
}

// keyOf returns the key attributes of an item.
func (k keySchema) keyOf(item value.Item) value.Item {
	return item.Only(k.has)
}

// duplicate returns the first text that occurs twice.
func duplicate(texts []string) (string, bool) {
	for i, text := range texts {
		if slices.Contains(texts[:i], text) {
			return text, true
		}
	}
	return "", false
}
