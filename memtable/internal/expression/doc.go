// Package expression is the service's expression language: condition, filter,
// key condition, update and projection expressions, with the service's checks
// and messages.
//
// An expression goes through three hands, each in its own files:
//
//   - the lexer and parser make nodes of the text, and check what depends on
//     the text alone: [ParseCondition], [ParseUpdate], [ParseProjection]. The
//     result may be kept for every request with the same text;
//   - the binder checks the nodes with the names and values that a request
//     gives for the placeholders, and plans them as a tree of small structs
//     with one method each: Bind;
//   - the plan is evaluated for items: Eval and Apply.
//
// A request is checked in this order, which is the service's:
//
//	err := expression.CheckNames(names)        // nil if the request has none
//	err = expression.CheckValueKeys(values)
//	// … the values themselves, which are the engine's to parse …
//	binding := expression.NewBinding(names, values)
//	update, err := expression.ParseUpdate(text)       // then UpdateExpression,
//	u, err := update.Bind(binding)
//	// … then ConditionExpression; of a read KeyConditionExpression,
//	// FilterExpression, ProjectionExpression …
//	err = binding.Unused()                     // over all expressions
//
// and then, with the item at hand:
//
//	if !condition.Eval(old) { … }
//	item, err := u.Apply(old, exists)
//	updatedOld, updatedNew := u.Targets().Eval(old), u.Targets().Eval(item)
//
// A query's key condition is bound like any condition. What makes it a key
// condition is checked after Unused, before the table is looked for; then it
// is held against the key of the table or index:
//
//	k, err := keyCondition.Keys()
//	r, err := k.For(schema)                    // partition values and sort key bound
//	err = filter.CheckFilter(schema)
//
// Every fault of an expression is an [*Error] with the service's whole message,
// for a ValidationException. All types but [Binding] are immutable and safe for
// concurrent use.
//
// Other front ends (legacy parameters, PartiQL) build nodes themselves, with
// values in them as a [Literal], and hand them to [NewCondition], [NewUpdate]
// and [NewProjection].
package expression
