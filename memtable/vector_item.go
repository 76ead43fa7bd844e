package memtable

import (
	"strconv"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// checkVectors checks what a write changes of the attributes that vector indexes read; old is the item before
// it, the zero Item for a put. What was stored before an index came into being may stay as it is. The caller
// holds the table's lock.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchWorkingWith.html#VectorSearchWorkingWith.Write
func (t *table) checkVectors(item, old value.Item, now time.Time) error {
	changed := func(name string) (value.Value, bool) {
		v, ok := item.Get(name)
		if before, had := old.Get(name); ok && had && before.Equal(v) {
			return v, false
		}
		return v, ok
	}
	for _, x := range t.data.vectors {
		if x.gone(now) {
			continue
		}
		if v, ok := changed(x.attribute); ok {
			if err := x.checkVector(v); err != nil {
				return err
			}
		}
		for _, a := range x.schema {
			if v, ok := changed(a.name); ok {
				if err := x.checkSearched(a, v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// The service words some of these faults with a sentence that it begins twice.
const (
	vectorFault      = "One or more parameter values are not valid. One or more parameter values were invalid . "
	vectorFaultBrief = "One or more parameter values were invalid. "
)

// checkVector checks a value that is to be a vector of the index.
func (x *vectorIndex) checkVector(v value.Value) error {
	if v.Kind() != value.KindL {
		return invalid(vectorFault+"Invalid type for parameter %s, Expected: L, Actual: %s. IndexName: %s", x.attribute, v.Kind(), x.name)
	}
	if v.Len() != x.dimensions {
		return invalid(vectorFault+"Invalid size for parameter %s, Expected: %d, Actual: %d. IndexName: %s", x.attribute, x.dimensions, v.Len(), x.name)
	}
	for i, elem := range v.List() {
		if elem.Kind() != value.KindN {
			return invalid(vectorFaultBrief+"Invalid type for parameter %s[%d], Expected: 32-bit floating point number, Actual: %s. IndexName: %s",
				x.attribute, i, elem.Kind(), x.name)
		}
		if _, ok := float32Of(elem); !ok {
			return invalid(vectorFault+"Invalid value for parameter %s[%d], Value: %s is outside valid range [-3.4028235E38, 3.4028235E38]. IndexName: %s",
				x.attribute, i, scientific(elem), x.name)
		}
	}
	return nil
}

// checkSearched checks the value of an attribute of the search schema.
func (x *vectorIndex) checkSearched(a searchAttribute, v value.Value) error {
	if v.Kind() != a.kind() {
		return invalid(vectorFaultBrief+"Attribute '%s' type mismatch. Expected: %c, Actual: %s. IndexName: %s", a.name, a.typ, v.Kind(), x.name)
	}
	if !a.partition {
		if v.Size() > maxInlineFilter {
			return invalidValue("Size limit exceeded for SearchSchema attribute '%s': maximum %d bytes", a.name, maxInlineFilter)
		}
		return nil
	}
	if what := emptyKey(v); what != "" {
		return emptyKeyValue("A value specified for a secondary index key is not supported. "+
			"The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", what, x.name, a.name)
	}
	if v.Size() > maxPartitionKey {
		return invalidValue("Aggregate size for HASH key attributes exceeds the maximum of %d bytes", maxPartitionKey)
	}
	return nil
}

// scientific prints a number as 3.5E+38.
func scientific(v value.Value) string {
	f, _ := strconv.ParseFloat(string(v.Number().Append(nil)), 64) // no number is too large for it
	return strconv.FormatFloat(f, 'E', -1, 64)
}
