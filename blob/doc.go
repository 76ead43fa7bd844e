// Package blob keeps large values in Amazon S3, with a reference in the item.
//
//	store, err := blob.NewStore(s3.NewFromConfig(cfg), "invoices")
//	orders, err := dynox.NewRepo(table, OrderKey, blob.Field(invoice, store))
//
//	o.Invoice = blob.FromFile("7.pdf", blob.Type("application/pdf"))
//	err = orders.Put(ctx, &o)            // uploads, then writes the item
//	r, err := o.Invoice.Open(ctx)        // a stream
//
// A write uploads first and then writes the item, so that an item never refers to
// what is not there. Every upload has a name of its own that is never used again.
// When the write is refused for certain, what was uploaded is removed; when its
// outcome is unknown, nothing is. After a put or a delete of a single item the
// object that it replaced is removed; after updates, transactions and batches it
// stays, as does what a crash leaves behind, until [Sweep] finds it.
//
// [Compressed] keeps values in the item itself, in fewer bytes.
package blob
