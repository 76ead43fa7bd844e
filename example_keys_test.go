package dynox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Two kinds share a table, and an item collection: each repository sees its
// own.
func ExampleKind() {
	users, invoices := shop()
	ctx := context.Background()
	u, err := users.Get(ctx, User{ID: "1"})
	fmt.Println(u.Name, err)
	n, err := invoices.Count(ctx, InvoiceKey.In(Invoice{User: "1"}))
	fmt.Println(n, err)
	// Output:
	// Ada <nil>
	// 5 <nil>
}

// A table that other programs write: fields that live in the key alone, other
// separators, numbers without padding, an older format.
func ExampleComposite_existing() {
	type Device struct {
		Site   string `dynamodbav:"-"`
		Serial int    `dynamodbav:"-"`
		Model  string `dynamodbav:"model"`
	}
	device := expr.Proto[Device]()
	site, serial := expr.At(device, &device.Site), expr.At(device, &device.Serial)
	key := dynox.Key[Device]{
		Partition: dynox.Composite("PK", "site|{}", dynox.Lower(site)),
		Sort:      dynox.Composite("SK", "device:{}", dynox.Unpadded(serial)).Also("DEV_{}"),
	}
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "devices")
	devices, err := dynox.NewRepo(table, key)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, devices))
	check(engine.Seed("devices", `{"PK":{"S":"site|oslo"},"SK":{"S":"DEV_7"},"model":{"S":"old"}}`))
	check(devices.Put(ctx, &Device{Site: "Oslo", Serial: 12, Model: "new"}))
	for d, err := range devices.Query(ctx, key.In(Device{Site: "OSLO"})) {
		fmt.Println(d.Site, d.Serial, d.Model, err)
	}
	// Output:
	// oslo 7 old <nil>
	// oslo 12 new <nil>
}

// A value that contains the literal after its placeholder is refused, unless
// it is escaped.
func ExampleEscaped() {
	type File struct {
		Dir  string `dynamodbav:"dir"`
		Name string `dynamodbav:"name"`
	}
	file := expr.Proto[File]()
	dir, name := expr.At(file, &file.Dir), expr.At(file, &file.Name)
	ctx := context.Background()
	for _, field := range []expr.Field[File]{dir, dynox.Escaped[File](dir)} {
		table := dynox.NewTable(memtable.Open().Client(), "files")
		files, err := dynox.NewRepo(table, dynox.Key[File]{Partition: dynox.Composite("pk", "{}/{}", field, name)})
		check(err)
		check(table.Ensure(ctx, files))
		fmt.Println(files.Put(ctx, &File{Dir: "a/b", Name: "c"}))
	}
	// Output:
	// dynox: put files: File: key: dir: its value contains the literal "/" that follows it in the key; dynox.Escaped allows that
	// <nil>
}

// Times as milliseconds, and a structure as JSON text.
func ExampleUnixMilli() {
	type Visit struct {
		Page string            `dynamodbav:"page"`
		At   time.Time         `dynamodbav:"at"`
		Tags map[string]string `dynamodbav:"tags"`
	}
	visit := expr.Proto[Visit]()
	page, at, tags := expr.At(visit, &visit.Page), expr.At(visit, &visit.At), expr.At(visit, &visit.Tags)
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "visits")
	visits, err := dynox.NewRepo(table, dynox.Key[Visit]{Partition: dynox.By(page), Sort: dynox.By(at)},
		dynox.UnixMilli(at), dynox.JSON(tags))
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, visits))
	check(visits.Put(ctx, &Visit{Page: "/", At: time.UnixMilli(1_700_000_000_123), Tags: map[string]string{"a": "b"}}))
	v, err := visits.Get(ctx, Visit{Page: "/", At: time.UnixMilli(1_700_000_000_123)})
	fmt.Println(v.At.UnixMilli(), v.Tags, err)
	// Output: 1700000000123 map[a:b] <nil>
}

// The same repository on another table: a tenant's, or a restored one.
func ExampleRepo_On() {
	users, invoices := shop()
	client := memtable.Open().Client()
	tenant := dynox.NewTable(client, "tenant-7")
	ctx := context.Background()
	check(tenant.Ensure(ctx, users, invoices))
	n, err := users.On(tenant).Count(ctx, dynox.All[User]())
	fmt.Println(n, err)
	// Output: 0 <nil>
}

// What the SDK can do per call, it can do here.
func ExampleWithSDKOptions() {
	users, _ := shop()
	ctx := dynox.WithSDKOptions(context.Background(), func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	_, err := users.Get(ctx, User{ID: "1"})
	fmt.Println(err)
	// Output: <nil>
}
