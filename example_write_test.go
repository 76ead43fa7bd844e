package dynox_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

func ExampleRepo_Create() {
	users, _ := shop()
	err := users.Create(context.Background(), &User{ID: "1", Name: "Eve"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, dynox.ErrExists), errors.Is(err, dynox.ErrConditionFailed))
	// Output:
	// dynox: create shop: user: already exists
	// true true
}

func ExampleRepo_Put() {
	users, _ := shop()
	u := User{ID: "1", Name: "Ada Lovelace"}
	fmt.Println(users.Put(context.Background(), &u, expr.If(userName.Eq("Ada"))))
	fmt.Println(users.Put(context.Background(), &u, expr.If(userName.Eq("Ada"))))
	// Output:
	// <nil>
	// dynox: put shop: user: condition failed
}

func ExampleRepo_Swap() {
	users, _ := shop()
	old, existed, err := users.Swap(context.Background(), &User{ID: "1", Name: "Grace"})
	fmt.Println(old.Name, existed, err)
	// Output: Ada true <nil>
}

func ExampleRepo_Get() {
	users, _ := shop()
	ctx := context.Background()
	u, err := users.Get(ctx, User{ID: "1"})
	fmt.Println(u.Name, err)
	u, err = users.Get(ctx, User{ID: "1"}, dynox.Consistent, dynox.Only(userEmail))
	fmt.Printf("%q %q %v\n", u.Name, u.Email, err)
	_, err = users.Get(ctx, User{ID: "2"})
	fmt.Println(errors.Is(err, dynox.ErrNotFound))
	_, err = users.Get(ctx, User{})
	fmt.Println(err)
	// Output:
	// Ada <nil>
	// "" "ada@example.com" <nil>
	// true
	// dynox: get shop: user: invalid key: id not set
}

func ExampleRepo_Update() {
	_, invoices := shop()
	i, err := invoices.Update(context.Background(), Invoice{User: "1", Number: 2},
		expr.Add(invAmount, 50), expr.Append(invLines, "late fee"), invState.Set("reminded"),
		expr.If(invState.Eq("open"), invAmount.Lt(1000)))
	fmt.Println(i.Amount, i.Lines, i.State, err)
	// Output: 250 [late fee] reminded <nil>
}

func ExampleRepo_Upsert() {
	_, invoices := shop()
	for range 2 {
		i, err := invoices.Upsert(context.Background(), Invoice{User: "9", Number: 1}, expr.Add(invAmount, 10))
		fmt.Println(i.User, i.Number, i.Amount, err)
	}
	// Output:
	// 9 1 10 <nil>
	// 9 1 20 <nil>
}

func ExampleRepo_Delete() {
	users, _ := shop()
	ctx := context.Background()
	fmt.Println(users.Delete(ctx, User{ID: "1"}, expr.If(userName.Eq("Eve"))))
	fmt.Println(users.Delete(ctx, User{ID: "1"}))
	fmt.Println(users.Delete(ctx, User{ID: "1"})) // nothing there: no error
	// Output:
	// dynox: delete shop: user: condition failed
	// <nil>
	// <nil>
}

func ExampleRepo_Take() {
	users, _ := shop()
	u, err := users.Take(context.Background(), User{ID: "1"})
	fmt.Println(u.Name, err)
	_, err = users.Take(context.Background(), User{ID: "1"})
	fmt.Println(err)
	// Output:
	// Ada <nil>
	// dynox: take shop: user: not found
}
