// Package bulk moves whole tables: to files and back, to other tables, and to another
// form of their items.
//
//	f, err := os.Create("orders.json.gz")
//	p, err := bulk.Export(ctx, table, f, bulk.Gzip(), bulk.Segments(8))
//	…
//	p, err = bulk.Import(ctx, other, f)
//
// [Export] and [Import] write and read lines, in the form of DynamoDB's own exports to
// S3 ({"Item":{"id":{"S":"o-1"}}}), or as plain JSON. [Copy] goes from table to table, of
// any account and region that the tables' clients reach. All of these know items as the
// service stores them, whatever their kind, and need no Go type. [Migrate] calls a
// function with each item of a repository, and stores what that made of it.
//
// Everything streams, in memory that does not grow with the table. What is broken off,
// by an error, the end of a context or of the process, goes on from a [Checkpoint]:
// each call returns the last one, with an error too, and [OnProgress] sees those on
// the way, to be kept somewhere.
//
// A table's dynox.RateLimit bounds the capacity units that all this takes, and
// dynox.Budget those of one context.
package bulk
