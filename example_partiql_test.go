package dynox_test

import (
	"context"
	"fmt"

	"github.com/dynox-go/dynox"
)

// A SELECT yields items as any read does. Values go through parameters; Param writes
// one as its attribute is.
func ExampleRepo_Select() {
	_, invoices := shop()
	ctx := context.Background()
	for i, err := range invoices.Select(ctx, `SELECT * FROM shop WHERE pk = ? AND amount > ?`, "USER#1", invAmount.Param(200), dynox.SelectPageSize(2)) {
		check(err)
		fmt.Println("invoice", i.Number, i.Amount)
	}
	for _, err := range invoices.Select(ctx, `DELETE FROM shop WHERE pk = ?`, "USER#1") {
		fmt.Println(err)
	}
	// Output:
	// invoice 3 300
	// invoice 4 400
	// invoice 5 500
	// dynox: select shop: invoice: the statement is no SELECT, but DELETE
}
