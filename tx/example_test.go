package tx_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// read is all of r.
func read(r io.Reader) string {
	b, err := io.ReadAll(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func open(ctx context.Context) (*dynox.Repo[user], *dynox.Repo[order]) {
	table := dynox.NewTable(memtable.Open().Client(), "shop")
	users, err := dynox.NewRepo(table, userKey, dynox.Kind[user]("user"))
	if err != nil {
		panic(err)
	}
	orders, err := dynox.NewRepo(table, orderKey, dynox.Kind[order]("order"))
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, users, orders); err != nil {
		panic(err)
	}
	return users, orders
}

// All of it takes effect, or nothing does.
func ExampleWrite() {
	ctx := context.Background()
	users, orders := open(ctx)
	fmt.Println(users.Put(ctx, &user{ID: "42", Balance: 100}))
	buy := func(o order) error {
		return tx.Write(ctx,
			tx.Create(orders, &o),
			tx.Update(users, user{ID: "42"}, expr.Add(balance, -o.Total), expr.If(balance.Ge(o.Total))),
		)
	}
	fmt.Println(buy(order{Customer: "42", ID: "1", Total: 70}))
	err := buy(order{Customer: "42", ID: "2", Total: 70})
	fmt.Println(err)
	var canceled *tx.CanceledError
	if errors.As(err, &canceled) {
		stored, _ := dynox.OldItem[user](canceled.Reasons[0].Err)
		fmt.Println(canceled.Reasons[0].Op, stored.Balance)
	}
	// Output:
	// <nil>
	// <nil>
	// dynox: transaction shop: canceled: operation 1, update of user: condition failed
	// update of user 30
}

// Both are read as they are at one moment.
func ExampleRead() {
	ctx := context.Background()
	users, orders := open(ctx)
	fmt.Println(tx.Write(ctx, tx.Put(users, &user{ID: "42", Balance: 100}), tx.Put(orders, &order{Customer: "42", ID: "1", Total: 7})))
	u, o, missing := tx.Get(users, user{ID: "42"}), tx.Get(orders, order{Customer: "42", ID: "1"}), tx.Get(users, user{ID: "43"})
	fmt.Println(tx.Read(ctx, u, o, missing))
	fmt.Println(u.V.Balance, o.V.Total, missing.Found)
	// Output:
	// <nil>
	// <nil>
	// 100 7 false
}

// No two users have one email.
func ExampleUnique() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "club")
	members, err := dynox.NewRepo(table, memberKey, tx.Unique(email))
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, members); err != nil {
		panic(err)
	}
	fmt.Println(members.Create(ctx, &member{ID: "1", Email: "ann@example.com"}))
	err = members.Create(ctx, &member{ID: "2", Email: "ann@example.com"})
	fmt.Println(errors.Is(err, dynox.ErrNotUnique))
	_, err = members.Update(ctx, member{ID: "1"}, email.Set("ann@example.org"))
	fmt.Println(err)
	fmt.Println(members.Create(ctx, &member{ID: "2", Email: "ann@example.com"}))
	// Output:
	// <nil>
	// true
	// <nil>
	// <nil>
}

// Items that were there before are claimed; those whose value is another's are
// told.
func ExampleClaim() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "club")
	before, err := dynox.NewRepo(table, memberKey)
	if err != nil {
		panic(err)
	}
	if err := table.Ensure(ctx, before); err != nil {
		panic(err)
	}
	for _, m := range []member{{ID: "1", Email: "ann@example.com"}, {ID: "2", Email: "ann@example.com"}} {
		if err := before.Put(ctx, &m); err != nil {
			panic(err)
		}
	}
	members, err := dynox.NewRepo(table, memberKey, tx.Unique(email))
	if err != nil {
		panic(err)
	}
	for m, err := range tx.Claim(ctx, members, dynox.All[member]()) {
		fmt.Println(m.Email, err)
	}
	// Output:
	// ann@example.com <nil>
}
