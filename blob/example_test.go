package blob_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/blob/internal/s3test"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Order struct {
	ID      string   `dynamodbav:"id"`
	Invoice blob.Ref `dynamodbav:"invoice,omitzero"`
	Log     string   `dynamodbav:"log"`
}

var (
	order   = expr.Proto[Order]()
	orderID = expr.At(order, &order.ID)
	invoice = expr.At(order, &order.Invoice)
	log     = expr.At(order, &order.Log)
	byID    = dynox.Key[Order]{Partition: dynox.By(orderID)}
)

// openOrders is a repository of orders, with opts.
func openOrders(ctx context.Context, opts ...dynox.Option[Order]) *dynox.Repo[Order] {
	table := dynox.NewTable(memtable.Open().Client(), "orders")
	orders, err := dynox.NewRepo(table, byID, opts...)
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, orders); err != nil {
		panic(err)
	}
	return orders
}

// The bytes are in S3, and what is known about them in the item.
func Example() {
	ctx := context.Background()
	bucket, stop := s3test.Start() // in a program: s3.NewFromConfig(cfg)
	defer stop()
	store, err := blob.NewStore(bucket.Client(), "invoices", blob.Prefix("prod"))
	fmt.Println(err)
	orders := openOrders(ctx, blob.Field(invoice, store))

	o := Order{ID: "7", Invoice: blob.FromReader(strings.NewReader("one tea, 3.50"), blob.Type("text/plain"))}
	fmt.Println(orders.Put(ctx, &o)) // uploads, then writes the item
	fmt.Println(o.Invoice.Size(), o.Invoice.Type())
	folder, _, _ := strings.Cut(o.Invoice.Name(), "S=7/")
	fmt.Println(folder)

	o, err = orders.Get(ctx, Order{ID: "7"})
	fmt.Println(err)
	body, err := o.Invoice.Open(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body) // an error, if these are not the bytes that were stored
	fmt.Println(string(text), err)

	fmt.Println(orders.Delete(ctx, o), len(bucket.Objects())) // the object goes, too
	// Output:
	// <nil>
	// <nil>
	// 13 text/plain
	// prod/orders/-/invoice/
	// <nil>
	// one tea, 3.50 <nil>
	// <nil> 0
}

// An update leaves what it replaces, and Sweep finds it.
func ExampleSweep() {
	ctx := context.Background()
	bucket, stop := s3test.Start()
	defer stop()
	store, err := blob.NewStore(bucket.Client(), "invoices")
	fmt.Println(err)
	orders := openOrders(ctx, blob.Field(invoice, store))
	for _, text := range []string{"draft", "second draft", "final"} {
		_, err := orders.Upsert(ctx, Order{ID: "7"}, invoice.Set(blob.From([]byte(text))))
		fmt.Println(err)
	}
	bucket.Age(25 * time.Hour) // time passes

	done, err := blob.Sweep(ctx, orders, invoice, blob.DryRun())
	fmt.Println(done.Orphans, "of", done.Objects, "are orphans, of", done.Bytes, "bytes", err)
	done, err = blob.Sweep(ctx, orders, invoice)
	fmt.Println(done.Removed, "removed", err)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil>
	// 2 of 3 are orphans, of 17 bytes <nil>
	// 2 removed <nil>
}

// A browser stores the bytes itself.
func ExampleNewUploadLink() {
	ctx := context.Background()
	bucket, stop := s3test.Start()
	defer stop()
	store, err := blob.NewStore(bucket.Client(), "invoices")
	fmt.Println(err)
	orders := openOrders(ctx, blob.Field(invoice, store))
	fmt.Println(orders.Create(ctx, &Order{ID: "7"}))

	link, err := blob.NewUploadLink(ctx, orders, invoice, Order{ID: "7"}, time.Minute, blob.Type("image/png"))
	fmt.Println(link.Method, err)

	// The browser gets URL, Method and Header, and says when it is done:
	req, _ := http.NewRequestWithContext(ctx, link.Method, link.URL, strings.NewReader("pixels"))
	req.Header = link.Header
	resp, err := http.DefaultClient.Do(req)
	fmt.Println(err)
	_ = resp.Body.Close()

	ref, err := store.Adopt(ctx, link.Name)
	fmt.Println(err)
	o, err := orders.Update(ctx, Order{ID: "7"}, invoice.Set(ref))
	fmt.Println(o.Invoice.Size(), o.Invoice.Type(), err)
	// Output:
	// <nil>
	// <nil>
	// PUT <nil>
	// <nil>
	// <nil>
	// 6 image/png <nil>
}

// A long text is kept in the item, in fewer bytes.
func ExampleCompressed() {
	ctx := context.Background()
	orders := openOrders(ctx, blob.Compressed(log))
	long := strings.Repeat("packed, weighed, sent; ", 30_000) // more than an item can have
	fmt.Println(orders.Put(ctx, &Order{ID: "7", Log: long}))
	o, err := orders.Get(ctx, Order{ID: "7"})
	fmt.Println(len(o.Log), o.Log == long, err)
	// Output:
	// <nil>
	// 690000 true <nil>
}
