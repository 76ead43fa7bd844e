package memtable

import (
	"errors"
	"slices"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// plans are what a request's expressions and legacy parameters amount to, before any table is looked at.
type plans struct {
	condition  *expression.Condition
	filter     *expression.Condition
	key        *expression.KeyCondition
	update     *expression.Update
	projection *expression.Projection

	notIndexable bool // KeyConditions has a comparison that no key allows
}

// The parsed expressions of each kind.
var (
	parsedConditions    cache[*expression.ConditionExpr]
	parsedFilters       cache[*expression.ConditionExpr]
	parsedKeyConditions cache[*expression.ConditionExpr]
	parsedUpdates       cache[*expression.UpdateExpr]
	parsedProjections   cache[*expression.ProjectionExpr]
	parsedSearches      cache[*expression.ConditionExpr]
)

// compile checks the expressions and legacy parameters in the service's order, and plans them.
func (x *expressions) compile() error {
	if err := x.compileLegacy(); err != nil {
		return err
	}
	if !x.names.ok && !x.values.ok && !x.hasExpressions() {
		return nil
	}
	binding, err := x.bind()
	if err != nil {
		return err
	}
	if err := x.compileWrites(binding); err != nil {
		return err
	}
	keys, err := x.compileReads(binding)
	if err != nil {
		return err
	}
	if err := binding.Unused(); err != nil {
		return translate(err)
	}
	if keys != nil { // only now does the service look at what it makes of the key
		x.plans.key, err = keys.BindKeys(binding)
	}
	return translate(err)
}

func (x *expressions) hasExpressions() bool {
	return x.condition.ok || x.update.ok || x.keyCondition.ok || x.filter.ok || x.projection.ok
}

// bind checks the names and values that the expressions may use.
func (x *expressions) bind() (*expression.Binding, error) {
	var names map[string]string
	if x.names.ok {
		names = x.names.v
	}
	if err := expression.CheckNames(names); err != nil {
		return nil, translate(err)
	}
	var values map[string]value.Value
	if x.values.ok {
		values = make(map[string]value.Value, x.values.item.Len())
		for name, v := range x.values.item.All() {
			values[name] = v
		}
	}
	if err := expression.CheckValueKeys(values); err != nil {
		return nil, translate(err)
	}
	if x.values.fault != "" {
		return nil, invalid("ExpressionAttributeValues contains invalid value: %s for key %s", x.values.fault, x.values.name)
	}
	return expression.NewBinding(names, values), nil
}

func (x *expressions) compileWrites(binding *expression.Binding) error {
	if x.update.ok {
		parsed, err := parsedUpdates.get(x.update.v, expression.ParseUpdate)
		if err != nil {
			return translate(err)
		}
		if x.plans.update, err = parsed.Bind(binding); err != nil {
			return translate(err)
		}
	}
	return bindCondition(&x.plans.condition, x.condition, expression.ConditionKind, &parsedConditions, binding)
}

// compileReads returns the parsed key condition, if there is one, with its names and values checked.
func (x *expressions) compileReads(binding *expression.Binding) (keys *expression.ConditionExpr, err error) {
	if x.keyCondition.ok {
		if keys, err = parseCondition(expression.KeyConditionKind, x.keyCondition.v, &parsedKeyConditions); err != nil {
			return nil, err
		}
		if _, err := keys.Bind(binding); err != nil {
			return nil, translate(err)
		}
	}
	if err := bindCondition(&x.plans.filter, x.filter, expression.FilterKind, &parsedFilters, binding); err != nil {
		return nil, err
	}
	if x.projection.ok {
		parsed, err := parsedProjections.get(x.projection.v, expression.ParseProjection)
		if err != nil {
			return nil, translate(err)
		}
		if x.plans.projection, err = parsed.Bind(binding); err != nil {
			return nil, translate(err)
		}
	}
	return keys, nil
}

func parseCondition(kind expression.Kind, text string, known *cache[*expression.ConditionExpr]) (*expression.ConditionExpr, error) {
	parsed, err := known.get(text, func(text string) (*expression.ConditionExpr, error) {
		return expression.ParseCondition(kind, text)
	})
	return parsed, translate(err)
}

func bindCondition(plan **expression.Condition, text opt[string], kind expression.Kind, known *cache[*expression.ConditionExpr], binding *expression.Binding) error {
	if !text.ok {
		return nil
	}
	parsed, err := parseCondition(kind, text.v, known)
	if err != nil {
		return err
	}
	*plan, err = parsed.Bind(binding)
	return translate(err)
}

// translate turns a fault of an expression into the error that the service answers.
func translate(err error) error {
	if fault := (*expression.Error)(nil); errors.As(err, &fault) {
		return invalid("%s", fault.Message)
	}
	return err
}

// matches reports whether a query or scan returns an item.
func (x *expressions) matches(item value.Item) bool {
	return (x.plans.filter == nil || x.plans.filter.Eval(item)) &&
		x.legacyParams.matches(x.queryFilter.v, item) && x.legacyParams.matches(x.scanFilter.v, item)
}

// matcher returns the condition of a write; nil if there is none.
func (x *expressions) matcher() func(value.Item) bool {
	switch {
	case x.plans.condition != nil:
		return x.plans.condition.Eval
	case x.expected.ok:
		return func(item value.Item) bool { return x.legacyParams.matches(x.expected.v, item) }
	}
	return nil
}

// project returns what the request wants to see of an item.
func (x *expressions) project(item value.Item) value.Item {
	switch {
	case x.plans.projection != nil:
		return x.plans.projection.Eval(item)
	case x.attributesToGet.ok:
		return item.Only(func(name string) bool { return slices.Contains(x.attributesToGet.v, name) })
	}
	return item
}

// projected names the attributes that the request wants to see; none for all.
func (x *expressions) projected() []string {
	if x.plans.projection == nil {
		return x.attributesToGet.v
	}
	var names []string
	for _, path := range x.plans.projection.Paths() {
		names = append(names, path.Name())
	}
	return names
}

func (x *expressions) hasKeyCondition() bool { return x.keyCondition.ok || x.keyConditions.ok }

// checkFilter checks that a query's filter leaves the key alone.
func (x *expressions) checkFilter(key keySchema) error {
	if x.plans.filter != nil {
		return translate(x.plans.filter.CheckFilter(key.schema()))
	}
	for _, c := range x.queryFilter.v {
		if key.has(c.attribute) {
			return invalid("QueryFilter can only contain non-primary key attributes: Primary key attribute: %s", c.attribute)
		}
	}
	return nil
}

// checkPaths checks that no path of the expressions leads into an attribute that is a key, and so a scalar.
func (x *expressions) checkPaths(t *table, now time.Time) error {
	paths := x.paths()
	if len(paths) == 0 {
		return nil
	}
	if err := expression.CheckKeyPaths(paths, "Key", t.key.keys()...); err != nil {
		return translate(err)
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, x := range t.data.byName(now) {
		if err := expression.CheckKeyPaths(paths, "IndexKey", x.key.keys()...); err != nil {
			return translate(err)
		}
	}
	return nil
}

func (x *expressions) paths() []expression.DocumentPath {
	var paths []expression.DocumentPath
	if x.plans.projection != nil {
		paths = append(paths, x.plans.projection.Paths()...)
	}
	if x.plans.update != nil {
		paths = append(paths, x.plans.update.Targets().Paths()...)
		paths = append(paths, x.plans.update.Reads()...)
	}
	for _, c := range []*expression.Condition{x.plans.condition, x.plans.filter} {
		if c != nil {
			paths = append(paths, c.Paths()...)
		}
	}
	return paths
}

// updates reports whether the update writes to an attribute.
func (x *expressions) updates(name string) bool {
	if x.plans.update == nil {
		return x.legacyParams.sets(name)
	}
	return slices.ContainsFunc(x.plans.update.Targets().Paths(), func(p expression.DocumentPath) bool { return p.Name() == name })
}

// apply returns the item after the update. keep is false where an update of an item that isn't there
// leaves it so.
func (x *expressions) apply(key, old value.Item, exists bool) (next value.Item, keep bool, err error) {
	if !exists {
		old = key
	}
	if x.plans.update == nil {
		next, err = x.legacyParams.apply(old)
		return next, exists || x.legacyParams.creates(), err
	}
	next, err = x.plans.update.Apply(old, exists)
	return next, exists || x.plans.update.Creates(), translate(err)
}

// updated returns the part of an item that the update is about.
func (x *expressions) updated(item value.Item) value.Item {
	if x.plans.update == nil {
		return item.Only(x.legacyParams.sets)
	}
	return x.plans.update.Targets().Eval(item)
}

// schema is the key in the expression language's terms.
func (k keySchema) schema() expression.Schema {
	keys := func(attrs []keyAttribute) []expression.Key {
		out := make([]expression.Key, len(attrs))
		for i, a := range attrs {
			out[i] = expression.Key{Name: a.name, Kind: a.kind()}
		}
		return out
	}
	return expression.Schema{Partition: keys(k.partition), Sort: keys(k.sort)}
}

func (k keySchema) keys() []expression.Key {
	s := k.schema()
	return slices.Concat(s.Partition, s.Sort)
}
