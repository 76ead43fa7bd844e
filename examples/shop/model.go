package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks/gen"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/tx"
)

// Customer is one of the shop's. No two have the same email.
type Customer struct {
	ID      string    `dynamodbav:"id" json:"id"`
	Email   string    `dynamodbav:"email" json:"email"`
	Name    string    `dynamodbav:"name" json:"name"`
	Joined  time.Time `dynamodbav:"joined" json:"joined"`
	Version int64     `dynamodbav:"version" json:"version"`
}

// Validate is found by the repository, and asked before a customer is stored.
func (c *Customer) Validate() error {
	switch {
	case c.Name == "":
		return errors.New("a customer has a name")
	case !strings.Contains(c.Email, "@"):
		return errors.New("a customer has an email address")
	}
	return nil
}

// Product is what the shop sells.
type Product struct {
	SKU   string `dynamodbav:"sku" json:"sku"`
	Name  string `dynamodbav:"name" json:"name"`
	Cents int64  `dynamodbav:"cents" json:"cents"`
	Stock int    `dynamodbav:"stock" json:"stock"`
}

// Validate is asked before a product is stored.
func (p *Product) Validate() error {
	if p.Cents < 0 || p.Stock < 0 {
		return errors.New("price and stock are not negative")
	}
	return nil
}

// Order is what a customer has bought. IDs are ULIDs, which sort by time.
type Order struct {
	Customer string    `dynamodbav:"customer" json:"customer"`
	ID       string    `dynamodbav:"id" json:"id"`
	Placed   time.Time `dynamodbav:"placed" json:"placed"`
	Lines    []Line    `dynamodbav:"lines" json:"lines"`
	Cents    int64     `dynamodbav:"cents" json:"cents"`
}

// Line is a part of an order.
type Line struct {
	SKU   string `dynamodbav:"sku" json:"sku"`
	Count int    `dynamodbav:"count" json:"count"`
	Cents int64  `dynamodbav:"cents" json:"cents"` // of one
}

// Validate is asked before an order is stored.
func (o *Order) Validate() error {
	if len(o.Lines) == 0 || len(o.Lines) > maxLines {
		return fmt.Errorf("an order has 1 to %d lines", maxLines)
	}
	for _, l := range o.Lines {
		if l.Count < 1 {
			return errors.New("a line has a count")
		}
	}
	return nil
}

// maxLines leaves room for the order and its customer in a transaction of 100.
const maxLines = 98

var (
	customer        = expr.Proto[Customer]()
	customerID      = expr.At(customer, &customer.ID)
	customerEmail   = expr.At(customer, &customer.Email)
	customerJoined  = expr.At(customer, &customer.Joined)
	customerVersion = expr.At(customer, &customer.Version)

	product      = expr.Proto[Product]()
	productSKU   = expr.At(product, &product.SKU)
	productCents = expr.At(product, &product.Cents)
	productStock = expr.At(product, &product.Stock)

	order         = expr.Proto[Order]()
	orderCustomer = expr.At(order, &order.Customer)
	orderID       = expr.At(order, &order.ID)
	orderPlaced   = expr.At(order, &order.Placed)
)

// A customer and their orders are one item collection; each product is one of its own.
var (
	customerKey = dynox.Key[Customer]{Partition: dynox.Composite("pk", "CUSTOMER#{}", customerID), Sort: dynox.Const[Customer]("sk", "CUSTOMER")}
	orderKey    = dynox.Key[Order]{Partition: dynox.Composite("pk", "CUSTOMER#{}", orderCustomer), Sort: dynox.Composite("sk", "ORDER#{}", orderID)}
	productKey  = dynox.Key[Product]{Partition: dynox.Composite("pk", "PRODUCT#{}", productSKU), Sort: dynox.Const[Product]("sk", "PRODUCT")}
)

// Shop is the table, by kinds.
type Shop struct {
	table     *dynox.Table
	customers *dynox.Repo[Customer]
	products  *dynox.Repo[Product]
	orders    *dynox.Repo[Order]
}

// NewShop is the shop in a table. It does no I/O.
func NewShop(table *dynox.Table) (*Shop, error) {
	customers, err := dynox.NewRepo(table, customerKey, dynox.Kind[Customer]("customer"),
		dynox.Generate(customerID, gen.ULID), dynox.Created(customerJoined), lock.Version(customerVersion), tx.Unique(customerEmail))
	products, err2 := dynox.NewRepo(table, productKey, dynox.Kind[Product]("product"))
	orders, err3 := dynox.NewRepo(table, orderKey, dynox.Kind[Order]("order"),
		dynox.Generate(orderID, gen.ULID), dynox.Created(orderPlaced))
	return &Shop{table, customers, products, orders}, errors.Join(err, err2, err3)
}
