package core

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
)

// ErrBudget is what calls fail with when the budget of their context is spent.
var ErrBudget = errors.New("the budget of capacity units is spent")

// account is what the calls with a context add up in: a budget or a meter,
// beside those of the context that it was made from.
type account struct {
	parent *account
	budget *budget
	meter  Meter
}

// Meter adds calls up. It must be safe for concurrent use.
type Meter interface {
	Add(c *Call)
}

type accountKey struct{}

func accountsOf(ctx context.Context) *account {
	a, _ := ctx.Value(accountKey{}).(*account)
	return a
}

// WithMeter is ctx with calls that m adds up.
func WithMeter(ctx context.Context, m Meter) context.Context {
	return context.WithValue(ctx, accountKey{}, &account{parent: accountsOf(ctx), meter: m})
}

// WithBudget is ctx with calls that consume so many units together, and no more
// are made then.
func WithBudget(ctx context.Context, units float64) context.Context {
	return context.WithValue(ctx, accountKey{}, &account{parent: accountsOf(ctx), budget: &budget{units: units}})
}

// budget is how many units there are, and how many are spent.
type budget struct {
	units float64
	spent atomic.Uint64 // the bits of a float64
}

func (b *budget) left() float64 { return b.units - math.Float64frombits(b.spent.Load()) }

func (b *budget) spend(units float64) {
	for {
		old := b.spent.Load()
		if b.spent.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+units)) {
			return
		}
	}
}

// check refuses a call that there is no budget for.
func (a *account) check() error {
	for ; a != nil; a = a.parent {
		if a.budget != nil && !(a.budget.left() > 0) {
			return &unsentError{&Failure{Kinds: []error{ErrBudget}}}
		}
	}
	return nil
}

// add adds a call that has ended.
func (a *account) add(c *Call) {
	for ; a != nil; a = a.parent {
		if a.budget != nil {
			a.budget.spend(c.ReadUnits + c.WriteUnits)
		}
		if a.meter != nil {
			a.meter.Add(c)
		}
	}
}

// unsentError is why a call was not made.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// isUnsent reports whether nothing was sent.
func isUnsent(err error) bool {
	if err == nil {
		return false
	}
	var unsent *unsentError
	return errors.As(err, &unsent)
}
