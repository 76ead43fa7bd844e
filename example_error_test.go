package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// What failed, where and why, without any value; the SDK's error is in the
// chain.
func ExampleError() {
	users, _ := shop()
	elsewhere := users.On(dynox.NewTable(memtable.Open().Client(), "shop"))
	_, err := elsewhere.Get(context.Background(), User{ID: "1"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, dynox.ErrTableNotFound))

	var call *dynox.Error
	if errors.As(err, &call) {
		fmt.Println(call.Op, call.Table, call.Item)
	}
	var missing *types.ResourceNotFoundException
	fmt.Println(errors.As(err, &missing))
	// Output:
	// dynox: get shop: user: table not found
	// true
	// get shop user
	// true
}

// A condition that fails says what it failed for, with no read in between.
func ExampleOldItem() {
	users, _ := shop()
	err := users.Put(context.Background(), &User{ID: "1", Name: "Eve"}, expr.If(userName.Missing()))
	old, ok := dynox.OldItem[User](err)
	fmt.Println(errors.Is(err, dynox.ErrConditionFailed), old.Name, ok)
	// Output: true Ada true
}

// The answer to a write is lost, and the SDK sends it again. A condition that
// fails then may have been met the first time: the error says so. A write
// sent exactly once, as a transaction with a token, knows what became of it.
func ExampleErrUnknownOutcome() {
	engine := memtable.Open()
	_, invoices := shopOn(engine)
	ctx := dynox.WithSDKOptions(context.Background(), func(o *dynamodb.Options) {
		o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, time.Millisecond)
	})
	pay := func(number int, opts ...expr.Action[Invoice]) error {
		engine.Fail("", memtable.ResetAfter())
		_, err := invoices.Update(ctx, Invoice{User: "1", Number: number},
			append(opts, invState.Set("paid"), expr.If(invState.Eq("open")))...)
		return err
	}
	err := pay(2)
	fmt.Println(errors.Is(err, dynox.ErrUnknownOutcome), errors.Is(err, dynox.ErrConditionFailed))
	fmt.Println(err)
	fmt.Println(pay(4, expr.ExactlyOnce[Invoice]()))
	// Output:
	// true false
	// dynox: update shop: invoice: outcome unknown: the write may have taken effect: an answer was lost, then the condition failed
	// <nil>
}

// One item that cannot be decoded need not end the loop.
func ExampleQuery_OnItemError() {
	engine := memtable.Open()
	_, invoices := shopOn(engine)
	check(engine.Seed("shop", `{"pk": {"S": "USER#1"}, "sk": {"S": "INVOICE#00000000000000000006"}, "amount": {"S": "lots"}}`))
	mine := InvoiceKey.In(Invoice{User: "1"})
	read := func(q dynox.Query[Invoice]) (n int) {
		for _, err := range invoices.Query(context.Background(), q) {
			if err != nil {
				fmt.Println(err)
				break
			}
			n++
		}
		return n
	}
	fmt.Println("read", read(mine.Desc()))
	fmt.Println("read", read(mine.Desc().OnItemError(func(e *dynox.ItemError) error {
		fmt.Println("left out an item with a wrong", e.Path)
		return nil
	})))
	// Output:
	// dynox: query shop: invoice: item 0: decode Invoice: amount: cannot read S into int64
	// read 0
	// left out an item with a wrong amount
	// read 5
}
