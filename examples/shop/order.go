package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/tx"
)

// RefusedError is an order that cannot be: of what is not sold, or not there any more.
type RefusedError struct {
	SKU string
	Why string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%s: %s", e.SKU, e.Why) }

// errPrice: somebody has changed a price between its look and the order.
var errPrice = errors.New("a price has changed")

// errOther: an ID that another order has.
var errOther = errors.New("another order has this ID")

// Place takes what an order is of out of the stock, and stores it: both or neither. It
// sets the prices, the ID unless there is one, and the time. An order that is there already
// is not placed again: what is stored takes its place, if it is of the same things.
func (s *Shop) Place(ctx context.Context, o *Order) error {
	if err := o.Validate(); err != nil {
		return errors.Join(dynox.ErrInvalid, err)
	}
	o.Lines = merged(o.Lines)
	for range 3 { // a price that changes meanwhile is looked at again
		err := s.place(ctx, o)
		switch {
		case errors.Is(err, dynox.ErrExists):
			return s.again(ctx, o)
		case !errors.Is(err, errPrice):
			return err
		}
	}
	return errPrice
}

// again is for an order whose ID is there.
func (s *Shop) again(ctx context.Context, o *Order) error {
	stored, err := s.orders.Get(ctx, *o, dynox.Consistent)
	if err != nil {
		return err
	}
	same := func(a, b Line) bool { return a.SKU == b.SKU && a.Count == b.Count } // prices change
	if !slices.EqualFunc(o.Lines, stored.Lines, same) {
		return errOther
	}
	*o = stored
	return nil
}

func (s *Shop) place(ctx context.Context, o *Order) error {
	if err := s.price(ctx, o); err != nil {
		return err
	}
	ops := []tx.Op{
		tx.Create(s.orders, o),
		tx.Check(s.customers, Customer{ID: o.Customer}, customerID.Exists()),
	}
	for _, l := range o.Lines {
		ops = append(ops, tx.Update(s.products, Product{SKU: l.SKU}, expr.Add(productStock, -l.Count),
			expr.If(productStock.Ge(l.Count), productCents.Eq(l.Cents))))
	}
	err := tx.Write(ctx, ops...)
	var canceled *tx.CanceledError
	if !errors.As(err, &canceled) || errors.Is(err, dynox.ErrExists) {
		return err
	}
	for _, r := range canceled.Reasons {
		if line := r.Index - 2; line >= 0 && errors.Is(r.Err, dynox.ErrConditionFailed) {
			l := o.Lines[line]
			if p, ok := dynox.OldItem[Product](r.Err); ok && p.Stock >= l.Count {
				return errPrice
			}
			return &RefusedError{l.SKU, "out of stock"}
		}
	}
	return err
}

// price looks up what the order's lines cost, all at one moment.
func (s *Shop) price(ctx context.Context, o *Order) error {
	found := make([]*tx.Item[Product], len(o.Lines))
	refs := make([]tx.Ref, len(o.Lines))
	for i, l := range o.Lines {
		found[i] = tx.Get(s.products, Product{SKU: l.SKU})
		refs[i] = found[i]
	}
	if err := tx.Read(ctx, refs...); err != nil {
		return err
	}
	o.Cents = 0
	for i := range o.Lines {
		l := &o.Lines[i]
		if !found[i].Found {
			return &RefusedError{l.SKU, "not sold here"}
		}
		l.Cents = found[i].V.Cents
		o.Cents += l.Cents * int64(l.Count)
	}
	return nil
}

// merged has each product once: a transaction writes no item twice.
func merged(lines []Line) []Line {
	var all []Line
	at := map[string]int{}
	for _, l := range lines {
		if i, ok := at[l.SKU]; ok {
			all[i].Count += l.Count
			continue
		}
		at[l.SKU] = len(all)
		all = append(all, l)
	}
	return all
}
