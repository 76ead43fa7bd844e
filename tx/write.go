package tx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Op is one operation of a [Write], or an option of it. It is used once.
type Op interface {
	add(context.Context, *plan) error
}

// plan is a transaction that is being made.
type plan struct {
	token  string
	writes []*core.Write
	names  []string // what each operation does to what
	tables []string
}

// op is an operation on an item of a repository.
type op struct {
	repo  *core.Repo
	verb  string
	op    core.Op
	item  any // *T
	write ast.Write
}

func (o *op) add(ctx context.Context, p *plan) error {
	if o.repo == nil {
		return errors.New("nil repository")
	}
	name := o.verb + " of " + o.repo.Name()
	if table := o.repo.Table.Name; !slices.Contains(p.tables, table) {
		p.tables = append(p.tables, table)
	}
	w, err := o.repo.Prepare(ctx, o.op, o.item, o.write)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.writes, p.names = append(p.writes, w), append(p.names, name)
	return nil
}

// options are what opts say together.
func options[O interface{ Write(*ast.Write) }](opts []O) ast.Write {
	var w ast.Write
	for _, opt := range opts {
		if any(opt) != nil {
			opt.Write(&w)
		}
	}
	return w
}

// Create stores an item that must not be there yet, as Repo.Create does. The
// item gets what was stored, such as its version, when the transaction has
// taken effect.
func Create[T any](r *dynox.Repo[T], item *T, opts ...expr.WriteOption[T]) Op {
	return &op{r.Core(core.Door{}), "create", core.Create, item, options(opts)}
}

// Put stores an item, as Repo.Put does.
func Put[T any](r *dynox.Repo[T], item *T, opts ...expr.WriteOption[T]) Op {
	return &op{r.Core(core.Door{}), "put", core.Put, item, options(opts)}
}

// Update changes an item that must be there, as Repo.Update does.
func Update[T any](r *dynox.Repo[T], key T, actions ...expr.Action[T]) Op {
	return &op{r.Core(core.Door{}), "update", core.Update, &key, options(actions)}
}

// Upsert changes an item, or makes it, as Repo.Upsert does.
func Upsert[T any](r *dynox.Repo[T], key T, actions ...expr.Action[T]) Op {
	return &op{r.Core(core.Door{}), "upsert", core.Upsert, &key, options(actions)}
}

// Delete deletes an item, as Repo.Delete does. An item of another kind is a
// failed condition here.
func Delete[T any](r *dynox.Repo[T], key T, opts ...expr.WriteOption[T]) Op {
	return &op{r.Core(core.Door{}), "delete", core.Delete, &key, options(opts)}
}

// Check requires conds of a stored item, of which there is at least one, and
// changes nothing.
func Check[T any](r *dynox.Repo[T], key T, conds ...expr.Cond[T]) Op {
	return &check{op{r.Core(core.Door{}), "check", core.Check, &key, options([]expr.Option[T]{expr.If(conds...)})}}
}

type check struct{ op }

func (c *check) add(ctx context.Context, p *plan) error {
	if c.write.Cond.Neutral() {
		return errors.New("a check without a condition")
	}
	return c.op.add(ctx, p)
}

// Token is an option: the service takes transactions with the same token, of
// 1 to 36 characters, for one, for ten minutes after the first has taken effect,
// if they say the same: with values that are made anew for each write, such as
// [dynox.Updated], lock.Token, encrypted attributes and new blobs, they do not; a
// Write that may change [Unique] attributes refuses it. Without it, each Write has
// a token of its own, so that its own retries are one.
func Token(token string) Op { return tokenOption(token) }

type tokenOption string

func (t tokenOption) add(_ context.Context, p *plan) error {
	if len(t) == 0 || len(t) > 36 {
		return fmt.Errorf("a token of %d characters, not 1 to 36", len(t))
	}
	p.token = string(t)
	return nil
}

// Write sends ops as one transaction: all of them take effect, or none. Each
// acts as its verb does alone: hooks, generated values, versions, derived keys;
// the values that were given change only after success. It is safe to send: a
// retry after a lost answer neither fails nor applies twice, for every attempt
// has the same bytes and the same token. Conflicts with other transactions are
// tried again a few times, as long as ctx lets it.
//
// A transaction that the service refuses is a [*CanceledError]. What is wrong
// before anything is sent names the operation. [dynox.ErrUnknownOutcome] is a
// transaction whose last answer was lost, and [dynox.ErrAfterWrite] one that took
// effect, after which a hook failed.
func Write(ctx context.Context, ops ...Op) error {
	p := new(plan)
	n := 0
	for _, o := range ops {
		if o == nil {
			return p.fail(core.Abandon(ctx, p.writes, errors.New("nil operation")))
		}
		if err := o.add(ctx, p); err != nil {
			return p.fail(core.Abandon(ctx, p.writes, fmt.Errorf("operation %d: %w", n, err)))
		}
		n = len(p.writes)
	}
	return p.fail(core.Transact(ctx, p.writes, p.token))
}

// fail makes the public error.
func (p *plan) fail(err error) error {
	if err == nil {
		return nil
	}
	var canceled *core.Canceled
	if errors.As(err, &canceled) {
		public := &CanceledError{Cause: canceled.Cause}
		for i, r := range canceled.Reasons {
			if r.Err != nil {
				public.Reasons = append(public.Reasons, Reason{Index: i, Op: p.names[i], Code: r.Code, Err: r.Err})
			}
		}
		err = public
	}
	return &dynox.Error{Op: "transaction", Table: strings.Join(p.tables, ", "), Err: err}
}

// CanceledError is a transaction that the service refused: nothing of it took
// effect. errors.Is finds the kinds of its reasons, such as
// [dynox.ErrConditionFailed], and errors.As the SDK's error.
type CanceledError struct {
	Reasons []Reason // those operations that were refused, in their order
	Cause   error    // the SDK's error
}

// Reason is why an operation was refused.
type Reason struct {
	Index int    // among the operations of the Write, options not counted
	Op    string // "update of order"
	Code  string // the service's: ConditionalCheckFailed, TransactionConflict, …
	// Err is what the operation would fail with on its own; [dynox.OldItem]
	// has the stored item that a condition did not hold for.
	Err error
}

func (e *CanceledError) Error() string {
	var b strings.Builder
	b.WriteString("canceled")
	for i, r := range e.Reasons {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		fmt.Fprintf(&b, "operation %d, %s: %v", r.Index, r.Op, r.Err)
	}
	return b.String()
}

// Unwrap is all reasons, and the SDK's error.
func (e *CanceledError) Unwrap() []error {
	var errs []error
	for _, r := range e.Reasons {
		errs = append(errs, r.Err)
	}
	return append(errs, e.Cause)
}
