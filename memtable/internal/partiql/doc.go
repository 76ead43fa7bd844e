// Package partiql is the service's dialect of PartiQL: SELECT, INSERT, UPDATE and DELETE of items, and EXISTS
// in transactions, with the service's checks and messages.
//
// A statement goes through three hands, each in its own files:
//
//   - the lexer and parser make nodes of the text: [Parse]. The grammar is wider than what the service runs,
//     so that it can say what it does not support. The result depends on the text alone and may be kept;
//   - the binder gives the parameters their values, checks everything that needs no table, and plans the
//     statement: [Statement.Bind]. Conditions, updates and projections become those of package expression,
//     and are evaluated there;
//   - the plan is held against a key: [Plan.ItemKey] finds the one item that a write or a transaction's read
//     is about, [Plan.Reads] the parts of a table or index that a SELECT has to read.
//
// Every fault is an [expression.Error] with the service's whole message, for a ValidationException. Nodes and
// plans are immutable and safe for concurrent use.
//
// The language: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
package partiql
