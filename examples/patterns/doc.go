// Package patterns shows ways to lay out items in one table, each in an example that
// runs, to be pasted: docs/single-table.md says when to use which.
package patterns
