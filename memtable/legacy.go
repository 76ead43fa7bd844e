package memtable

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// The parameters that expressions replaced.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html

// legacyCondition is one entry of Expected, KeyConditions, QueryFilter or ScanFilter.
type legacyCondition struct {
	attribute string
	operator  opt[string]
	list      opt[[]attributeValue] // AttributeValueList
	value     attributeValue        // of Expected only
	exists    opt[bool]             // of Expected only
}

type legacyUpdate struct {
	attribute string
	action    opt[string]
	value     attributeValue
}

// legacyParams are the legacy parameters of a request.
type legacyParams struct {
	expected      opt[[]legacyCondition]
	keyConditions opt[[]legacyCondition]
	queryFilter   opt[[]legacyCondition]
	scanFilter    opt[[]legacyCondition]
	updates       opt[[]legacyUpdate]
	operator      opt[string] // ConditionalOperator
}

// member reads a legacy parameter, and reports whether it was one.
func (p *legacyParams) member(d *decoder, name string) bool {
	switch name {
	case "Expected":
		p.expected = d.legacyConditions("ExpectedAttributeValue")
	case "KeyConditions":
		p.keyConditions = d.legacyConditions("Condition")
	case "QueryFilter":
		p.queryFilter = d.legacyConditions("Condition")
	case "ScanFilter":
		p.scanFilter = d.legacyConditions("Condition")
	case "AttributeUpdates":
		p.updates = d.legacyUpdates()
	case "ConditionalOperator":
		p.operator = d.string()
	default:
		return false
	}
	return true
}

func (p *legacyParams) has(param string) bool {
	switch param {
	case "Expected":
		return p.expected.ok
	case "KeyConditions":
		return p.keyConditions.ok
	case "QueryFilter":
		return p.queryFilter.ok
	case "ScanFilter":
		return p.scanFilter.ok
	case "AttributeUpdates":
		return p.updates.ok
	}
	return param == "ConditionalOperator" && p.operator.ok
}

// checkOperator needs several conditions for an operator between them.
func (p *legacyParams) checkOperator() error {
	conditions := len(p.expected.v) + len(p.queryFilter.v) + len(p.scanFilter.v)
	switch {
	case p.operator.ok && conditions == 0:
		return invalid("ConditionalOperator cannot be used without Filter or Expected")
	case p.operator.ok && conditions == 1:
		return invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	return nil
}

func (d *decoder) legacyConditions(shape string) (out opt[[]legacyCondition]) {
	out.ok = d.dict(shape, func(attribute string) {
		c := legacyCondition{attribute: attribute}
		d.item(shape, func(name string) {
			switch name {
			case "ComparisonOperator":
				c.operator = d.string()
			case "AttributeValueList":
				c.list.ok = d.list(func(int) { c.list.v = append(c.list.v, d.attributeValue(1)) })
			case "Value":
				c.value = d.valueMember()
			case "Exists":
				c.exists = d.bool()
			default:
				d.skip()
			}
		})
		out.v = append(out.v, c)
	})
	return out
}

func (d *decoder) legacyUpdates() (out opt[[]legacyUpdate]) {
	out.ok = d.dict("AttributeValueUpdate", func(attribute string) {
		u := legacyUpdate{attribute: attribute}
		d.item("AttributeValueUpdate", func(name string) {
			switch name {
			case "Action":
				u.action = d.string()
			case "Value":
				u.value = d.valueMember()
			default:
				d.skip()
			}
		})
		out.v = append(out.v, u)
	})
	return out
}

const comparisonOperators = "IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS"

// constrain adds the violations of the legacy parameters.
func (p *legacyParams) constrain(c *constraints) {
	c.enum("conditionalOperator", p.operator, "OR, AND")
	for _, p := range []struct {
		name       string
		conditions []legacyCondition
	}{{"expected", p.expected.v}, {"keyConditions", p.keyConditions.v}, {"queryFilter", p.queryFilter.v}, {"scanFilter", p.scanFilter.v}} {
		for _, cond := range p.conditions {
			path := p.name + "." + cond.attribute + ".member.comparisonOperator"
			if p.name == "expected" || c.notNull(path, cond.operator.ok) {
				c.enum(path, cond.operator, comparisonOperators)
			}
		}
	}
	for _, u := range p.updates.v {
		c.enum("attributeUpdates."+u.attribute+".member.action", u.action, "ADD, PUT, DELETE")
	}
}

// arguments is how many values a comparison takes: least and most.
func arguments(operator string) (least, most int) {
	switch operator {
	case "NULL", "NOT_NULL":
		return 0, 0
	case "BETWEEN":
		return 2, 2
	case "IN":
		return 1, 1 << 30
	}
	return 1, 1
}

// comparableKind reports whether a comparison takes values of a kind.
func comparableKind(operator string, kind value.Kind) bool {
	switch operator {
	case "EQ", "NE":
		return true
	case "BEGINS_WITH":
		return kind == value.KindS || kind == value.KindB
	}
	return kind.IsKey()
}

// checkComparison checks the number and the types of the values of a comparison.
func checkComparison(operator string, values []attributeValue) error {
	for _, v := range values {
		if v.fault != "" {
			return invalid("%s", v.fault)
		}
	}
	if least, most := arguments(operator); len(values) < least || len(values) > most {
		return invalidValue("Invalid number of argument(s) for the %s ComparisonOperator", operator)
	}
	for _, v := range values {
		if v.v.Kind() != values[0].v.Kind() {
			return invalidValue("AttributeValues inside AttributeValueList must be of same type")
		}
	}
	for _, v := range values {
		if !comparableKind(operator, v.v.Kind()) {
			return invalidValue("ComparisonOperator %s is not valid for %s AttributeValue type", operator, v.v.Kind())
		}
	}
	if operator == "BETWEEN" && value.Compare(values[0].v, values[1].v) > 0 {
		return invalid("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
	}
	return nil
}

// checkConditions checks KeyConditions, QueryFilter or ScanFilter.
func checkConditions(conditions opt[[]legacyCondition]) error {
	for _, c := range conditions.v {
		if err := checkComparison(c.operator.v, c.list.v); err != nil {
			return err
		}
	}
	return nil
}

// checkExpected checks Expected, whose entries have two forms.
func (p *legacyParams) checkExpected() error {
	for _, c := range p.expected.v {
		if err := c.checkExpected(); err != nil {
			return err
		}
	}
	return nil
}

func (c *legacyCondition) checkExpected() error {
	switch {
	case c.list.ok && c.value.ok:
		return invalidValue("Value and AttributeValueList cannot be used together for Attribute: %s", c.attribute)
	case c.operator.ok && c.exists.ok:
		return invalidValue("Exists and ComparisonOperator cannot be used together for Attribute: %s", c.attribute)
	case c.operator.ok:
		if _, most := arguments(c.operator.v); most > 0 && !c.list.ok && !c.value.ok {
			return invalidValue("Value or AttributeValueList must be used with ComparisonOperator: %s for Attribute: %s", c.operator.v, c.attribute)
		}
		return checkComparison(c.operator.v, c.values())
	case c.list.ok:
		return invalidValue("AttributeValueList can only be used with a ComparisonOperator for Attribute: %s", c.attribute)
	case c.exists.or(true) && !c.value.ok:
		shown := "null"
		if c.exists.ok {
			shown = strconv.FormatBool(c.exists.v)
		}
		return invalidValue("Value must be provided when Exists is %s for Attribute: %s", shown, c.attribute)
	case !c.exists.or(true) && c.value.ok:
		return invalidValue("Value cannot be used when Exists is false for Attribute: %s", c.attribute)
	case c.value.fault != "":
		return invalid("%s", c.value.fault)
	}
	return nil
}

// values are the values of the comparison, whichever way they are given.
func (c *legacyCondition) values() []attributeValue {
	if c.value.ok {
		return []attributeValue{c.value}
	}
	return c.list.v
}

// checkUpdates checks AttributeUpdates.
func (p *legacyParams) checkUpdates() error {
	for _, u := range p.updates.v {
		kind := u.value.v.Kind()
		switch {
		case u.value.fault != "":
			return invalid("%s", u.value.fault)
		case !u.value.ok && u.action.or("PUT") != "DELETE":
			return invalidValue("Only DELETE action is allowed when no attribute value is specified")
		case u.value.ok && u.action.v == "DELETE" && !kind.IsSet():
			return invalidValue("DELETE action with value is not supported for the type %s", kind)
		case u.value.ok && u.action.v == "ADD" && kind != value.KindN && kind != value.KindL && !kind.IsSet():
			return invalidValue("ADD action is not supported for the type %s", kind)
		}
	}
	return nil
}

// matches reports whether an item satisfies conditions, all of them or, by operator OR, one of them.
func (p *legacyParams) matches(conditions []legacyCondition, item value.Item) bool {
	if len(conditions) == 0 {
		return true
	}
	some := p.operator.v == "OR"
	for _, c := range conditions {
		if c.matches(item) == some {
			return some
		}
	}
	return !some
}

func (c *legacyCondition) matches(item value.Item) bool {
	v, ok := item.Get(c.attribute)
	operator := c.operator.or("EQ")
	if !c.operator.ok && c.exists.ok && !c.exists.v {
		operator = "NULL"
	}
	var args []value.Value
	for _, arg := range c.values() {
		args = append(args, arg.v)
	}
	switch operator {
	case "NULL":
		return !ok
	case "NOT_NULL":
		return ok
	case "NE":
		return !ok || !v.Equal(args[0])
	case "NOT_CONTAINS":
		return ok && !contains(v, args[0])
	}
	return ok && compare(operator, v, args)
}

// compare applies a comparison that needs the attribute to be there.
func compare(operator string, v value.Value, args []value.Value) bool {
	switch operator {
	case "EQ":
		return v.Equal(args[0])
	case "IN":
		return slices.ContainsFunc(args, v.Equal)
	case "CONTAINS":
		return contains(v, args[0])
	}
	if v.Kind() != args[0].Kind() {
		return false
	}
	order := value.Compare(v, args[0])
	switch operator {
	case "LT":
		return order < 0
	case "LE":
		return order <= 0
	case "GT":
		return order > 0
	case "GE":
		return order >= 0
	case "BETWEEN":
		return order >= 0 && value.Compare(v, args[1]) <= 0
	}
	return operator == "BEGINS_WITH" && strings.HasPrefix(v.Text(), args[0].Text())
}

// contains reports whether a string or binary has a part, or a set or list an element.
func contains(v, part value.Value) bool {
	switch {
	case v.Kind().IsSet():
		return v.Has(part)
	case v.Kind() == value.KindL:
		return slices.ContainsFunc(v.List(), part.Equal)
	case v.Kind() == value.KindS || v.Kind() == value.KindB:
		return v.Kind() == part.Kind() && strings.Contains(v.Text(), part.Text())
	}
	return false
}

// apply makes the updates of AttributeUpdates.
func (p *legacyParams) apply(item value.Item) (value.Item, error) {
	for _, u := range p.updates.v {
		var err error
		if item, err = u.apply(item); err != nil {
			return item, err
		}
	}
	return item, nil
}

func (u *legacyUpdate) apply(item value.Item) (value.Item, error) {
	old, ok := item.Get(u.attribute)
	action := u.action.or("PUT")
	if !u.value.ok {
		return item.Without(u.attribute), nil
	}
	if action == "PUT" || (!ok && action == "ADD") {
		return item.With(u.attribute, u.value.v), nil
	}
	if !ok {
		return item, nil
	}
	if old.Kind() != u.value.v.Kind() {
		return item, invalid("Type mismatch for attribute to update")
	}
	switch {
	case action == "DELETE":
		if rest := old.Minus(u.value.v); rest.Len() > 0 {
			return item.With(u.attribute, rest), nil
		}
		return item.Without(u.attribute), nil
	case old.Kind() == value.KindN:
		sum, err := old.Number().Add(u.value.v.Number())
		if err != nil {
			return item, invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
		}
		return item.With(u.attribute, value.Number(sum)), nil
	case old.Kind() == value.KindL:
		return item.With(u.attribute, value.List(slices.Concat(old.List(), u.value.v.List()))), nil
	}
	return item.With(u.attribute, old.Union(u.value.v)), nil
}

// sets reports whether AttributeUpdates has an attribute.
func (p *legacyParams) sets(name string) bool {
	return slices.ContainsFunc(p.updates.v, func(u legacyUpdate) bool { return u.attribute == name })
}

// creates reports whether AttributeUpdates make an item that isn't there: any but deletions do.
func (p *legacyParams) creates() bool {
	return len(p.updates.v) == 0 || slices.ContainsFunc(p.updates.v, func(u legacyUpdate) bool { return u.action.v != "DELETE" })
}

// compileLegacy checks the legacy parameters, and plans KeyConditions.
func (x *expressions) compileLegacy() error {
	if err := x.checkUpdates(); err != nil {
		return err
	}
	if err := x.checkExpected(); err != nil {
		return err
	}
	if err := checkConditions(x.keyConditions); err != nil {
		return err
	}
	if !x.keyConditions.ok || x.keyCondition.ok {
		return nil
	}
	return x.compileKeyConditions()
}

// indexable reports whether keys allow a comparison.
func indexable(operator string) bool {
	return keyOperators[operator] != "" || operator == "BETWEEN" || operator == "BEGINS_WITH"
}

// keyOperators are the comparisons that keys allow, in the words of expressions.
var keyOperators = map[string]string{"EQ": "=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}

// literal is the first argument, or some value where there is none.
func literal(args []expression.Node) expression.Node {
	if len(args) == 0 {
		return &expression.Literal{Value: value.Null()}
	}
	return args[0]
}

// compileKeyConditions plans KeyConditions as the expression that says the same.
func (x *expressions) compileKeyConditions() error {
	var root expression.Node
	for _, c := range x.keyConditions.v {
		path := expression.NamePath(c.attribute)
		args := make([]expression.Node, len(c.list.v))
		for i, v := range c.list.v {
			args[i] = &expression.Literal{Value: v.v}
		}
		var node expression.Node
		switch op, ok := keyOperators[c.operator.v]; {
		case ok:
			node = &expression.Compare{Op: op, L: path, R: args[0]}
		case c.operator.v == "BETWEEN":
			node = &expression.Between{X: path, Lo: args[0], Hi: args[1]}
		case c.operator.v == "BEGINS_WITH":
			node = &expression.Call{Name: "begins_with", Args: []expression.Node{path, args[0]}}
		default: // which the service notices when it knows the key
			x.plans.notIndexable = true
			node = &expression.Compare{Op: "=", L: path, R: literal(args)}
		}
		if root == nil {
			root = node
			continue
		}
		root = &expression.And{L: root, R: node}
	}
	if root == nil {
		return invalid("Conditions can be of length 1 or 2 only")
	}
	var err error
	x.plans.key, err = expression.NewCondition(expression.KeyConditionKind, root).BindKeys(nil)
	return translate(err)
}
