package memtable

import (
	"slices"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// plans are what a request's expressions and legacy parameters amount to.
type plans struct{}

func (x *expressions) compile() error {
	if err := x.checkExpected(); err != nil {
		return err
	}
	if err := x.checkUpdates(); err != nil {
		return err
	}
	for _, conditions := range []opt[[]legacyCondition]{x.queryFilter, x.scanFilter, x.keyConditions} {
		if err := checkConditions(conditions); err != nil {
			return err
		}
	}
	return nil
}
func (x *expressions) matches(item value.Item) bool {
	return x.legacyParams.matches(x.queryFilter.v, item) && x.legacyParams.matches(x.scanFilter.v, item)
}
func (x *expressions) matcher() func(value.Item) bool {
	if x.expected.ok {
		return func(item value.Item) bool { return x.legacyParams.matches(x.expected.v, item) }
	}
	return nil
}
func (x *expressions) project(item value.Item) value.Item {
	if x.attributesToGet.ok {
		return item.Only(func(name string) bool { return slices.Contains(x.attributesToGet.v, name) })
	}
	return item
}
func (x *expressions) projected() []string   { return x.attributesToGet.v }
func (x *expressions) hasKeyCondition() bool { return x.keyCondition.ok || x.keyConditions.ok }
func (x *expressions) keyConditionsOf() (map[string]keyCondition, error) {
	operators := map[string]string{"EQ": "=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">=", "BETWEEN": "BETWEEN", "BEGINS_WITH": "begins_with"}
	out := map[string]keyCondition{}
	for _, c := range x.keyConditions.v {
		op, ok := operators[c.operator.v]
		if !ok {
			return nil, invalid("Attempted conditional constraint is not an indexable operation")
		}
		kc := keyCondition{operator: op}
		for _, v := range c.list.v {
			kc.values = append(kc.values, v.v)
		}
		out[c.attribute] = kc
	}
	return out, nil
}
func (x *expressions) checkFilter(key keySchema) error          { return nil }
func (x *expressions) checkPaths(t *table, now time.Time) error { return nil }
func (x *expressions) updates(name string) bool {
	return slices.ContainsFunc(x.legacyParams.updates.v, func(u legacyUpdate) bool { return u.attribute == name })
}
func (x *expressions) apply(item value.Item) (value.Item, error) { return x.legacyParams.apply(item) }
func (x *expressions) updated(item value.Item) value.Item {
	return item.Only(x.updates)
}
