// Package dynox is a typed repository library for Amazon DynamoDB.
//
// A [Repo] of a struct type T reads and writes items of T. Keys, conditions,
// updates and queries are values, typed by the item they are for: a wrong
// name, a wrong type or a condition of another item does not compile. The
// values describe; the repository, given a context, executes:
//
//	orders, err := dynox.NewRepo(table, OrderKey, ByStatus)
//	err = orders.Put(ctx, &order, expr.If(status.Ne(Shipped)))
//	for o, err := range orders.Query(ctx, OrderKey.In(Order{Customer: "42"}).Desc()) {
//
// Read it in this order: package expr names the attributes of a type;
// [Key], [By] and [Composite] say how an item is found; [NewTable] and
// [NewRepo] bind them to a client; then the verbs of [Repo], and [Query] and
// [Scan] for reading many. Package memtable is an engine for tests, behind the
// SDK's own client.
//
// # Tags
//
// There is one tag, dynamodbav, with the meaning that the SDK's attributevalue
// gives it: a name, and omitempty, omitemptyelem, omitzero, string, unixtime,
// stringset, numberset, binaryset, nullempty, nullemptyelem; "-" for a field
// that is stored in keys only, or nowhere. docs/codec.md lists what is stored
// for each Go type, and the few differences.
//
// # Concurrency and ownership
//
// Tables, repositories, keys, queries and all expressions are immutable and
// safe for concurrent use. A repository keeps nothing that it is given: items
// are encoded before a call returns, and what it returns belongs to the
// caller. It changes an item given by pointer only after a write took effect.
//
// # Errors
//
// Every error is an [*Error] that says what failed, on which table, for which
// items and why, without any value. The kinds to tell apart are variables for
// errors.Is, such as [ErrNotFound]; the SDK's error is in the chain.
package dynox
