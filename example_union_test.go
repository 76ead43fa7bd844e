package dynox_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Buyer struct {
	ID   string `dynamodbav:"id"`
	Name string `dynamodbav:"name"`
}

type Purchase struct {
	Buyer string `dynamodbav:"buyer"`
	N     int    `dynamodbav:"n"`
	Total int    `dynamodbav:"total"`
}

var (
	buyerProto    = expr.Proto[Buyer]()
	purchaseProto = expr.Proto[Purchase]()

	BuyerKey = dynox.Key[Buyer]{
		Partition: dynox.Composite("pk", "BUYER#{}", expr.At(buyerProto, &buyerProto.ID)), Sort: dynox.Const[Buyer]("sk", "BUYER"),
	}
	PurchaseKey = dynox.Key[Purchase]{
		Partition: dynox.Composite("pk", "BUYER#{}", expr.At(purchaseProto, &purchaseProto.Buyer)),
		Sort:      dynox.Composite("sk", "PURCHASE#{}", expr.At(purchaseProto, &purchaseProto.N)),
	}
)

func market() *dynox.UnionOf[any] {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "market")
	buyers, err := dynox.NewRepo(table, BuyerKey, dynox.Kind[Buyer]("buyer"))
	if err != nil {
		panic(err)
	}
	purchases, err := dynox.NewRepo(table, PurchaseKey, dynox.Kind[Purchase]("purchase"))
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, buyers, purchases); err != nil {
		panic(err)
	}
	if err := buyers.Put(ctx, &Buyer{ID: "42", Name: "Ann"}); err != nil {
		panic(err)
	}
	for n := range 2 {
		if err := purchases.Put(ctx, &Purchase{Buyer: "42", N: n, Total: 10 * n}); err != nil {
			panic(err)
		}
	}
	return dynox.Union[any](buyers, purchases)
}

// One query reads a buyer and what she has bought.
func ExampleUnion() {
	all := market()
	for item, err := range all.Query(context.Background(), BuyerKey.Collection(Buyer{ID: "42"})) {
		if err != nil {
			panic(err)
		}
		switch item := item.(type) {
		case Buyer:
			fmt.Println(item.Name)
		case Purchase:
			fmt.Println(item.N, item.Total)
		}
	}
	// Output:
	// Ann
	// 0 0
	// 1 10
}

func ExampleGather() {
	all := market()
	var account struct {
		Buyer     Buyer
		Purchases []Purchase
	}
	err := dynox.Gather(context.Background(), all, BuyerKey.Collection(Buyer{ID: "42"}), &account)
	fmt.Println(account.Buyer.Name, len(account.Purchases), err)
	// Output:
	// Ann 2 <nil>
}

// Nothing in the collection is no error: a pointer tells.
func ExampleGather_none() {
	var account struct {
		Buyer     *Buyer
		Purchases []Purchase
	}
	err := dynox.Gather(context.Background(), market(), BuyerKey.Collection(Buyer{ID: "nobody"}), &account)
	fmt.Println(account.Buyer == nil, len(account.Purchases), err)
	// Output:
	// true 0 <nil>
}
