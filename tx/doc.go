// Package tx reads and writes several items at once, all or nothing, over
// repositories of any types:
//
//	err := tx.Write(ctx,
//		tx.Create(orders, &order),
//		tx.Update(users, User{ID: "42"}, expr.Add(balance, -order.Total), expr.If(balance.Ge(order.Total))),
//		tx.Check(stock, Item{SKU: sku}, quantity.Ge(1)),
//	)
//
// A transaction has up to 100 operations and 4 MB, one operation for each item,
// and costs twice the capacity of its operations. Its tables are in one account
// and region, and have the same client.
package tx
