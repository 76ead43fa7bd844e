package dynox_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// The table that repositories need together, with the indexes of all of them.
func ExampleTable_Ensure() {
	client := memtable.Open().Client()
	table := dynox.NewTable(client, "app")
	users, err := dynox.NewRepo(table, UserKey, ByUserEmail)
	check(err)
	invoices, err := dynox.NewRepo(table, InvoiceKey, ByState)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, users, invoices))
	check(table.Ensure(ctx, users, invoices)) // it is there: nothing to do
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(table.Name())})
	check(err)
	for _, ix := range out.Table.GlobalSecondaryIndexes {
		fmt.Println(*ix.IndexName, ix.IndexStatus)
	}
	// Output:
	// by-email ACTIVE
	// by-state ACTIVE
}

func ExampleReadOnly() {
	users, _ := shopWith(dynox.ReadOnly())
	ctx := context.Background()
	_, err := users.Get(ctx, User{ID: "1"})
	fmt.Println(err)
	err = users.Delete(ctx, User{ID: "1"})
	fmt.Println(errors.Is(err, dynox.ErrReadOnly), err)
	// Output:
	// <nil>
	// true dynox: delete shop: user: read-only
}

// The same repository on another table: a tenant's, or a restored one.
func ExampleRepo_On() {
	users, invoices := shop()
	tenant := dynox.NewTable(memtable.Open().Client(), "tenant-7")
	ctx := context.Background()
	check(tenant.Ensure(ctx, users, invoices))
	theirs := users.On(tenant)
	check(theirs.Create(ctx, &User{ID: "1", Name: "Grace"}))
	for _, r := range []*dynox.Repo[User]{users, theirs} {
		u, err := r.Get(ctx, User{ID: "1"})
		fmt.Println(u.Name, err)
	}
	// Output:
	// Ada <nil>
	// Grace <nil>
}

// Many tenants in one table: code that is given a tenant's repository reaches nothing else.
func ExampleTenants() {
	type Order struct {
		Customer, ID string
	}
	order := expr.Proto[Order]()
	key := dynox.Key[Order]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", expr.At(order, &order.Customer)),
		Sort:      dynox.Composite("sk", "ORDER#{}", expr.At(order, &order.ID)),
	}
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "shop")
	orders, err := dynox.NewTenants(table, "TENANT#{}#", key)
	check(err)
	check(table.Ensure(ctx, orders))

	acme, globex := orders.Of("acme"), orders.Of("globex")
	check(acme.Put(ctx, &Order{Customer: "42", ID: "a"}))
	fmt.Println(acme.Count(ctx, key.In(Order{Customer: "42"})))
	fmt.Println(globex.Count(ctx, key.In(Order{Customer: "42"})))
	fmt.Println(orders.Of("").Put(ctx, &Order{Customer: "42", ID: "b"}))
	// Output:
	// 1 <nil>
	// 0 <nil>
	// dynox: put shop: Order: invalid key: no tenant
}

// What the SDK can do for a call, it can do here: no retries, for one.
func ExampleWithSDKOptions() {
	engine := memtable.Open()
	users, _ := shopOn(engine)
	engine.Fail("GetItem", memtable.InternalError())
	ctx := dynox.WithSDKOptions(context.Background(), func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	_, err := users.Get(ctx, User{ID: "1"})
	fmt.Println(err)
	// Output: dynox: get shop: user: the service answered InternalServerError
}
