package dynox

import (
	"context"
	"errors"

	"github.com/dynox-go/dynox/internal/core"
)

// Budget is ctx whose calls may consume so many capacity units together, read and
// write, of whatever tables: a bound for what one request of one's own users may
// cost. The service says what each call has consumed; when the budget is spent, no
// further call is made, and reads and writes fail with [ErrBudget]. The call that
// spends it is finished, and so are those that run beside it: a page may cost 128
// units more than was left, or 256 if it is consistent.
//
// A query or scan that it ends fails with a [StoppedError], which has a cursor to
// go on from, with another budget. A budget within a budget bounds both.
func Budget(ctx context.Context, units float64) context.Context {
	return core.WithBudget(ctx, units)
}

// ReadBudget gives each query, scan and count through the table a [Budget] of its own.
func ReadBudget(units float64) TableOption {
	return func(t *Table) {
		if !(units > 0) {
			t.err = errors.Join(t.err, errors.New("ReadBudget: there must be some units"))
			return
		}
		t.core.ReadBudget = units
	}
}
