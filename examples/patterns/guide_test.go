package patterns_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type Customer struct {
	ID     string `dynamodbav:"id"`
	Name   string `dynamodbav:"name"`
	Orders int    `dynamodbav:"orders"`
}

type Order struct {
	Customer string    `dynamodbav:"customer"`
	ID       string    `dynamodbav:"id"`
	Placed   time.Time `dynamodbav:"placed"`
	Status   string    `dynamodbav:"status"`
	Deleted  time.Time `dynamodbav:"deleted,omitempty"`
}

var (
	customer, order = expr.Proto[Customer](), expr.Proto[Order]()

	orderCount = expr.At(customer, &customer.Orders)
	status     = expr.At(order, &order.Status)
	placed     = expr.At(order, &order.Placed)

	CustomerKey = dynox.Key[Customer]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", expr.At(customer, &customer.ID)),
		Sort:      dynox.Const[Customer]("sk", "CUSTOMER"),
	}
	OrderKey = dynox.Key[Order]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", expr.At(order, &order.Customer)),
		Sort:      dynox.Composite("sk", "ORDER#{}#{}", placed, expr.At(order, &order.ID)),
	}
	ByStatus = dynox.GSI("by-status", dynox.Key[Order]{
		Partition: dynox.Composite("status-pk", "STATUS#{}", status), Sort: dynox.By(placed),
	}).KeysOnly()
)

// The program of docs/single-table.md.
func Example_guide() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "shop")

	customers, err := dynox.NewRepo(table, CustomerKey, dynox.Kind[Customer]("customer"))
	check(err)
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus, dynox.Kind[Order]("order"),
		dynox.SoftDelete(expr.At(order, &order.Deleted)))
	check(err)
	check(table.Ensure(ctx, customers, orders))

	check(customers.Put(ctx, &Customer{ID: "42", Name: "Ann"}))
	for i, id := range []string{"a", "b", "c"} {
		o := Order{Customer: "42", ID: id, Placed: time.Date(2026, 1, i+1, 0, 0, 0, 0, time.UTC), Status: "open"}
		check(tx.Write(ctx,
			tx.Create(orders, &o),
			tx.Update(customers, Customer{ID: "42"}, expr.Add(orderCount, 1)),
		))
	}

	all := dynox.Union[any](customers, orders)
	for item, err := range all.Query(ctx, CustomerKey.Collection(Customer{ID: "42"})) {
		check(err)
		switch item := item.(type) {
		case Customer:
			fmt.Println(item.Name, "has", item.Orders)
		case Order:
			fmt.Println("order", item.ID)
		}
	}

	var account struct {
		Customer Customer
		Orders   []Order
	}
	check(dynox.Gather(ctx, all, CustomerKey.Collection(Customer{ID: "42"}), &account))
	fmt.Println(account.Customer.Name, len(account.Orders))

	open := orders.Query(ctx, ByStatus.In(Order{Status: "open"}).Desc().Limit(2))
	for o, err := range batch.Hydrate(ctx, orders, open) {
		fmt.Println(o.ID, o.Status, err)
	}

	check(orders.Delete(ctx, account.Orders[0])) // hidden from now on
	_, err = orders.Restore(ctx, account.Orders[0])
	check(err)
	n, err := batch.DeletePartition(ctx, customers, Customer{ID: "42"}, batch.AllKinds())
	fmt.Println(n, err)

	tenants, err := dynox.NewTenants(table, "TENANT#{}#", OrderKey, ByStatus, dynox.Kind[Order]("order"))
	check(err)
	acme := tenants.Of("acme")
	check(acme.Create(ctx, &Order{Customer: "42", ID: "a", Placed: time.Now()}))
	fmt.Println(tenants.Of("globex").Count(ctx, OrderKey.In(Order{Customer: "42"})))
	// Output:
	// Ann has 3
	// order a
	// order b
	// order c
	// Ann 3
	// c open <nil>
	// b open <nil>
	// 4 <nil>
	// 0 <nil>
}
