package memtable

import (
	"slices"
	"strings"
)

// expressions are a request's expressions, their names and values, and the legacy parameters that
// expressions replaced. compile turns them into plans.
type expressions struct {
	condition    opt[string]
	update       opt[string]
	keyCondition opt[string]
	filter       opt[string]
	projection   opt[string]
	search       opt[string] // SearchConditionExpression
	names        opt[map[string]string]
	values       attributes

	attributesToGet opt[[]string]
	legacyParams

	plans plans
}

func (x *expressions) member(d *decoder, name string) {
	switch name {
	case "ConditionExpression":
		x.condition = d.string()
	case "UpdateExpression":
		x.update = d.string()
	case "KeyConditionExpression":
		x.keyCondition = d.string()
	case "FilterExpression":
		x.filter = d.string()
	case "ProjectionExpression":
		x.projection = d.string()
	case "ExpressionAttributeNames":
		x.names = d.names()
	case "ExpressionAttributeValues":
		x.values = d.attributes()
	case "AttributesToGet":
		x.attributesToGet = d.strings()
	default:
		if !x.legacyParams.member(d, name) {
			d.skip()
		}
	}
}

// names reads ExpressionAttributeNames.
func (d *decoder) names() (out opt[map[string]string]) {
	out.v = map[string]string{}
	out.ok = d.dict("java.lang.String", func(name string) { out.v[name] = d.string().v })
	return out
}

// constrain adds the violations of the legacy parameters.
func (x *expressions) constrain(c *constraints) {
	x.constrainNames(c, "attributesToGet")
	x.legacyParams.constrain(c)
}

func (x *expressions) constrainNames(c *constraints, path string) {
	if x.attributesToGet.ok {
		c.count(path, len(x.attributesToGet.v), 1, 255, func() string { return bracketed(x.attributesToGet.v) })
	}
}

// paramSet names the parameters of one kind of request that are expressions, in the order in which the
// service lists them, and the legacy ones that can't stand beside them.
type paramSet struct{ expressions, legacy []string }

var (
	readExpressions   = paramSet{[]string{"ProjectionExpression"}, []string{"AttributesToGet"}}
	writeExpressions  = paramSet{[]string{"ConditionExpression"}, []string{"Expected", "ConditionalOperator"}}
	updateExpressions = paramSet{[]string{"UpdateExpression", "ConditionExpression"}, []string{"AttributeUpdates", "Expected", "ConditionalOperator"}}
	scanParams        = paramSet{[]string{"ProjectionExpression", "FilterExpression"}, []string{"AttributesToGet", "ScanFilter", "ConditionalOperator"}}
	queryParams       = paramSet{[]string{"ProjectionExpression", "FilterExpression", "KeyConditionExpression"},
		[]string{"AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"}}
	searchParams = paramSet{[]string{"ProjectionExpression", "SearchConditionExpression"}, nil}
)

func (x *expressions) has(param string) bool {
	switch param {
	case "ConditionExpression":
		return x.condition.ok
	case "UpdateExpression":
		return x.update.ok
	case "KeyConditionExpression":
		return x.keyCondition.ok
	case "FilterExpression":
		return x.filter.ok
	case "ProjectionExpression":
		return x.projection.ok
	case "SearchConditionExpression":
		return x.search.ok
	case "AttributesToGet":
		return x.attributesToGet.ok
	}
	return x.legacyParams.has(param)
}

// checkParams checks which parameters stand beside which.
func (x *expressions) checkParams(set paramSet) error {
	given := func(params []string) (out []string) {
		for _, p := range params {
			if x.has(p) {
				out = append(out, p)
			}
		}
		return out
	}
	exprs, legacy := given(set.expressions), given(set.legacy)
	if !x.has("KeyConditionExpression") { // KeyConditions may stand beside the other expressions
		legacy = slices.DeleteFunc(legacy, func(p string) bool { return p == "KeyConditions" })
	}
	if len(exprs) > 0 && len(legacy) > 0 {
		return invalid("Can not use both expression and non-expression parameters in the same request: "+
			"Non-expression parameters: {%s} Expression parameters: {%s}", strings.Join(legacy, ", "), strings.Join(exprs, ", "))
	}
	if err := x.checkOperator(); err != nil {
		return err
	}
	if x.names.ok && len(exprs) == 0 {
		return invalid("ExpressionAttributeNames can only be specified when using expressions")
	}
	valued := slices.DeleteFunc(slices.Clone(set.expressions), func(p string) bool { return p == "ProjectionExpression" })
	if x.values.ok && len(valued) > 0 && len(given(valued)) == 0 {
		verb := "is"
		if len(valued) > 1 {
			verb = "are"
		}
		return invalid("ExpressionAttributeValues can only be specified when using expressions: %s %s null", strings.Join(valued, " and "), verb)
	}
	return nil
}

// checkAttributesToGet finds a name that is there twice.
func (x *expressions) checkAttributesToGet() error {
	if name, twice := duplicate(x.attributesToGet.v); twice {
		return invalidValue("Duplicate value in attribute name: %s", name)
	}
	return nil
}

// projects names the parameter that says which attributes to return; empty if there is none.
func (x *expressions) projects() string {
	switch {
	case x.projection.ok:
		return "ProjectionExpression"
	case x.attributesToGet.ok:
		return "AttributesToGet"
	}
	return ""
}
