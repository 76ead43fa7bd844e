// Package expr describes attributes, conditions, updates and projections of
// an item type T as small immutable values that the compiler checks.
//
// Read it in this order: [Proto] and [At] name the attributes of a struct;
// the methods of [Attr] and the functions beside them make conditions
// ([Cond]) and updates ([Update]); [If] turns a condition into an option of
// a write. A repository executes them: nothing here talks to the service.
//
//	var (
//		order  = expr.Proto[Order]()
//		status = expr.At(order, &order.Status)
//		total  = expr.At(order, &order.Total)
//	)
//
//	orders.Update(ctx, key, status.Set(Paid), expr.Add(total, 5), expr.If(total.Lt(1000)))
//
// Values are encoded when a request is built, by the repository's plan, as
// the field they belong to is stored. Errors of attributes (a pointer that
// is no field, a tag that cannot work) surface in NewRepo or in the call that
// uses them; nothing here panics.
//
// All values are safe for concurrent use, and deriving one from another
// never changes either.
package expr
