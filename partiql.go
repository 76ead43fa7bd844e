package dynox

import (
	"context"
	"iter"

	"github.com/dynox-go/dynox/internal/core"
)

// Select yields the items that a SELECT of PartiQL finds, in the manner of
// [Repo.Query]: it asks for pages while the result is ranged over, and an error is
// yielded last, once, with a zero item.
//
//	orders.Select(ctx, `SELECT * FROM shop."by-status" WHERE status = ? AND created > ?`, "open", created.Param(monday))
//
// The statement names the repository's table, and may name one of its indexes. There
// are as many args as question marks. They are Go values, encoded as their types are,
// attribute values of the SDK, or what an attribute's Param makes: then they are
// written in the format of that attribute. A [SelectOption] among them is none of them.
//
// Items are those of the repository: of its kind and tenant, not hidden, opened and
// upgraded, with the hooks after loading. Others are read and left out. Key attributes
// that are composed are compared as they are stored, as in pk = 'USER#42'. Columns
// instead of * are attributes of the item itself, those that the repository knows
// its items by (their key and kind) among them; the other fields are zero.
//
// A SELECT without a condition on the partition key scans. On a table with [NoScans] it
// is [ErrScan], unless the key is compared by = or IN with values, and other conditions
// are joined to that by AND. There is no cursor; a budget that is spent is
// [ErrBudget]. Anything but a SELECT is refused. The client needs ExecuteStatement.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html
func (r *Repo[T]) Select(ctx context.Context, statement string, args ...any) iter.Seq2[T, error] {
	values, how := selecting(args)
	return func(yield func(T, error) bool) {
		var item T
		if err := r.core.Select(ctx, statement, values, how, &item, func() bool { return yield(item, nil) }); err != nil {
			var zero T
			yield(zero, r.fail("select", err))
		}
	}
}

// SelectOption is an option of [Repo.Select], given among its arguments.
type SelectOption struct {
	set func(*core.Selecting)
}

// SelectLimit ends a SELECT after n items; 0, the default, is no limit. A page is
// read as a whole all the same: see [SelectPageSize].
func SelectLimit(n int) SelectOption {
	return SelectOption{func(s *core.Selecting) { s.Limit = n }}
}

// SelectPageSize has each request of a SELECT read at most n items, before they are
// filtered. The default is as many as fit a page of the service, 1 MB.
func SelectPageSize(n int) SelectOption {
	return SelectOption{func(s *core.Selecting) { s.PageSize = n }}
}

// SelectConsistent makes a SELECT see every write that succeeded before it, for twice
// the capacity. A global index has no consistent reads.
func SelectConsistent() SelectOption {
	return SelectOption{func(s *core.Selecting) { s.Consistent = true }}
}

// SelectDeleted yields items that a [SoftDelete] deleted, too.
func SelectDeleted() SelectOption {
	return SelectOption{func(s *core.Selecting) { s.Deleted = true }}
}

// SelectOnItemError lets f decide about an item that cannot be read: nil goes on with
// the next one, an error ends the SELECT.
func SelectOnItemError(f func(*ItemError) error) SelectOption {
	return SelectOption{func(s *core.Selecting) { s.OnItem = onItem(f) }}
}

// selecting are args without the options among them, and what those say.
func selecting(args []any) (values []any, how core.Selecting) {
	for _, arg := range args {
		if o, ok := arg.(SelectOption); !ok {
			values = append(values, arg)
		} else if o.set != nil {
			o.set(&how)
		}
	}
	return values, how
}
