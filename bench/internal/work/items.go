// Package work is what the benchmarks work on: items of several shapes, and a
// client whose answers are canned.
package work

import (
	"fmt"
	"strings"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

// Order is the ordinary item: 12 attributes, about 700 bytes as JSON.
type Order struct {
	Customer string            `dynamodbav:"customer"`
	ID       string            `dynamodbav:"id"`
	Status   string            `dynamodbav:"status"`
	Total    int64             `dynamodbav:"total"`
	Weight   float64           `dynamodbav:"weight"`
	Paid     bool              `dynamodbav:"paid"`
	Placed   time.Time         `dynamodbav:"placed"`
	Tags     []string          `dynamodbav:"tags,stringset,omitempty"`
	Ship     Address           `dynamodbav:"ship"`
	Lines    []Line            `dynamodbav:"lines,omitempty"`
	Labels   map[string]string `dynamodbav:"labels,omitempty"`
	Note     string            `dynamodbav:"note,omitempty"`
}

// Line is a line of an order.
type Line struct {
	SKU string `dynamodbav:"sku"`
	Qty int    `dynamodbav:"qty"`
}

// Address is a part of an order.
type Address struct {
	Street string `dynamodbav:"street"`
	City   string `dynamodbav:"city"`
	Zip    string `dynamodbav:"zip"`
}

// The attributes of an Order, and its key.
var (
	order    = expr.Proto[Order]()
	Customer = expr.At(order, &order.Customer)
	ID       = expr.At(order, &order.ID)
	Status   = expr.At(order, &order.Status)
	Total    = expr.At(order, &order.Total)
	Placed   = expr.At(order, &order.Placed)
	City     = expr.At(order, &order.Ship.City)

	OrderKey = dynox.Key[Order]{Partition: dynox.By(Customer), Sort: dynox.By(ID)}
)

// NewOrder is the i-th Order.
func NewOrder(i int) Order {
	return Order{
		Customer: "customer-42", ID: fmt.Sprintf("order-%06d", i), Status: "shipped", Total: int64(i) * 7, Weight: 1.25 * float64(i%97),
		Paid: i%3 == 0, Placed: time.Date(2026, 3, 1, 9, 30, i%60, 123456789, time.UTC), Tags: []string{"gift", "express"},
		Ship:  Address{Street: fmt.Sprintf("%d Long Harbour Street", i%1000), City: "Trondheim", Zip: "7011"},
		Lines: []Line{{"sku-1001", 1}, {"sku-2002", 12}, {"sku-3003", 3}}, Labels: map[string]string{"channel": "web", "campaign": "spring"},
		Note: "leave it with the neighbours if nobody answers, and ring twice; the gate is open until eight in the evening, and the code is on the paper",
	}
}

// Sparse has many attributes, of which an item has few.
type Sparse struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
	A  string `dynamodbav:"a,omitempty"`
	B  int    `dynamodbav:"b,omitempty"`
	C  string `dynamodbav:"c,omitempty"`
	D  int    `dynamodbav:"d,omitempty"`
	E  string `dynamodbav:"e,omitempty"`
	F  int    `dynamodbav:"f,omitempty"`
	G  string `dynamodbav:"g,omitempty"`
	H  int    `dynamodbav:"h,omitempty"`
	I  string `dynamodbav:"i,omitempty"`
	J  int    `dynamodbav:"j,omitempty"`
}

// NewSparse is the i-th Sparse.
func NewSparse(i int) Sparse {
	s := Sparse{PK: "p", SK: fmt.Sprintf("%06d", i)}
	for bit, set := range []func(){
		func() { s.A = "a value of the attribute a" }, func() { s.B = i }, func() { s.C = "a value of c" }, func() { s.D = i },
		func() { s.E = "e" }, func() { s.F = -i }, func() { s.G = "a longer value of the attribute g" }, func() { s.H = i * i },
		func() { s.I = "i" }, func() { s.J = 1 },
	} {
		if i*2654435761>>(bit+7)&3 == 0 {
			set()
		}
	}
	return s
}

// Tiny has three attributes.
type Tiny struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
	N  int    `dynamodbav:"n"`
}

// NewTiny is the i-th Tiny.
func NewTiny(i int) Tiny { return Tiny{"p", fmt.Sprintf("%06d", i), i} }

// Deep is maps within maps within lists.
type Deep struct {
	PK   string           `dynamodbav:"pk"`
	SK   string           `dynamodbav:"sk"`
	Tree map[string]*Node `dynamodbav:"tree"`
}

// Node is a part of a Deep.
type Node struct {
	Name string           `dynamodbav:"name"`
	N    int              `dynamodbav:"n"`
	Kids []Node           `dynamodbav:"kids,omitempty"`
	More map[string]*Node `dynamodbav:"more,omitempty"`
}

// NewDeep is the i-th Deep.
func NewDeep(i int) Deep {
	var node func(depth int) Node
	node = func(depth int) Node {
		n := Node{Name: fmt.Sprint("node ", depth, i), N: depth}
		if depth > 0 {
			n.Kids = []Node{node(depth - 1), node(depth - 1)}
			more := node(depth - 1)
			n.More = map[string]*Node{"x": &more}
		}
		return n
	}
	left, right := node(2), node(1)
	return Deep{"p", fmt.Sprintf("%06d", i), map[string]*Node{"left": &left, "right": &right}}
}

// Large is mostly one binary of 300 KB.
type Large struct {
	PK   string `dynamodbav:"pk"`
	SK   string `dynamodbav:"sk"`
	Data []byte `dynamodbav:"data"`
}

// NewLarge is the i-th Large.
func NewLarge(i int) Large {
	return Large{"p", fmt.Sprintf("%06d", i), []byte(strings.Repeat("0123456789abcdef", 300<<10/16))}
}
