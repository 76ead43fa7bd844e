package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
)

// Repo is a schema on a table.
type Repo struct {
	*Schema
	Table *Table
}

// Op is a verb of the repository.
type Op uint8

// The verbs that write.
const (
	Create Op = iota
	Put       // also Swap
	Update
	Upsert
	Delete // also Take
)

// write is one write on its way: what it does, and the request's parts that
// single writes and transactions have in common.
type write struct {
	op      Op
	user    *ast.Cond  // the caller's condition
	item    stored     // of a put
	key     attributes // of the others
	actions []*ast.Action
	once    bool
	take    bool // a delete that returns the item

	condition, update string
	names             map[string]string
	values            []byte // JSON
}

// elem is the struct that a *T points to.
func elem(item any) (reflect.Value, error) {
	v := reflect.ValueOf(item)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return v, errors.New("nil item")
	}
	return v.Elem(), nil
}

// PutItem stores item, a *T, and decodes what it replaced into old, a *T,
// when that is not nil.
func (r *Repo) PutItem(ctx context.Context, op Op, item any, with ast.Write, old any) (existed bool, err error) {
	v, err := r.begin(ctx, item)
	if err != nil {
		return false, err
	}
	if with.Once && old != nil {
		return false, errOnceOld
	}
	w := &write{op: op, user: with.Cond, once: with.Once}
	if w.item, err = r.encode(v, r.Table.direct(ctx)); err != nil {
		return false, err
	}
	if n := w.item.size(); n > maxItem {
		return false, &Failure{Kinds: []error{ErrTooLarge}, Why: fmt.Sprintf("the item has %d bytes, more than the %d that one can have", n, maxItem)}
	}
	if err := r.build(w); err != nil {
		return false, err
	}
	p := r.outcome(old)
	defer p.release()
	if err := r.send(ctx, w, p, old != nil); err != nil {
		return false, err
	}
	if old == nil || len(p.entries) == 0 {
		return false, nil
	}
	return true, p.outcome()
}

// UpdateItem changes the item that key, a *T, names, and decodes the result
// into out, a *T.
func (r *Repo) UpdateItem(ctx context.Context, op Op, key any, with ast.Write, out any) error {
	v, err := r.begin(ctx, key)
	if err != nil {
		return err
	}
	w := &write{op: op, user: with.Cond, once: with.Once}
	v = r.withKind(v)
	if w.key, err = r.key(v, form{}); err != nil {
		return err
	}
	if w.actions, err = r.complete(op, v, with.Actions); err != nil {
		return err
	}
	if err := r.build(w); err != nil {
		return err
	}
	p := r.outcome(out)
	defer p.release()
	if err := r.send(ctx, w, p, true); err != nil {
		return err
	}
	return p.outcome()
}

// DeleteItem deletes the item that key, a *T, names, and decodes it into
// old, a *T, when that is not nil.
func (r *Repo) DeleteItem(ctx context.Context, key any, with ast.Write, old any) error {
	v, err := r.begin(ctx, key)
	if err != nil {
		return err
	}
	if with.Once && old != nil {
		return errOnceOld
	}
	w := &write{op: Delete, user: with.Cond, once: with.Once, take: old != nil}
	if w.key, err = r.key(v, form{}); err != nil {
		return err
	}
	if err := r.build(w); err != nil {
		return err
	}
	p := r.outcome(old)
	defer p.release()
	err = r.send(ctx, w, p, old != nil)
	switch {
	case w.user == nil && errors.Is(err, errForeign): // of this kind, nothing is there
		if old == nil {
			return nil
		}
		return ErrNotFound
	case err != nil || old == nil:
		return err
	case len(p.entries) == 0:
		return ErrNotFound
	}
	return p.outcome()
}

var errOnceOld = errors.New("a write sent exactly once cannot return what it replaced")

// begin is the start of every write of an item, a *T: the struct it points
// to, if the table can be written.
func (r *Repo) begin(ctx context.Context, item any) (reflect.Value, error) {
	switch {
	case r.Table.Err != nil:
		return reflect.Value{}, r.Table.Err
	case r.Table.ReadOnly:
		return reflect.Value{}, ErrReadOnly
	case ctx.Err() != nil:
		return reflect.Value{}, ctx.Err()
	}
	return elem(item)
}

// outcome is where an item that a write returns goes: to item, a *T, unless
// that is nil.
func (r *Repo) outcome(item any) *page {
	p := r.table.whole.newPage()
	p.any = true
	if v := reflect.ValueOf(item); v.IsValid() {
		p.single = v.Elem()
	}
	return p
}

// outcome reports what is wrong with the item that a write returned.
func (p *page) outcome() error {
	if len(p.entries) == 0 || p.entries[0].err == nil {
		return nil
	}
	return fmt.Errorf("the write took effect, but the item it returned is bad: %w", p.entries[0].err)
}

// guard is what dynox itself requires of the stored item.
func (r *Repo) guard(op Op) *ast.Cond {
	kind := r.kindCond() // whatever the key: other repositories' literals are not known here
	switch op {
	case Create:
		return r.exists(ast.Missing)
	case Update:
		return ast.All(r.exists(ast.Exists), kind)
	}
	return kind
}

// build writes the expressions of w.
func (r *Repo) build(w *write) error {
	cond := ast.All(r.guard(w.op), r.exact(w.user))
	if cond.IsFalse() {
		return &Failure{Kinds: []error{ErrConditionFailed}, Why: "it can never hold, nothing was sent"}
	}
	b := ast.NewWriter(r.plan)
	w.condition = b.Condition(cond)
	w.update = b.Update(w.actions)
	w.names, w.values = b.Names(), b.Values()
	return b.Err()
}

// errForeign marks a condition that failed because an item of another kind
// is stored.
var errForeign = errors.New("an item of another kind is stored there")

// send sends w and settles its outcome. What goes to p is the item before a
// put or a delete, when wanted, or after an update.
func (r *Repo) send(ctx context.Context, w *write, p *page, wanted bool) error {
	watch := &attempts{once: !w.once && !repeatable(w.actions)}
	var err error
	if w.once {
		err = r.sendOnce(ctx, w, p, watch, wanted)
	} else {
		err = r.sendSingle(ctx, w, p, watch, wanted)
	}
	lost := watch.mayHaveTakenEffect(err)
	switch {
	case errors.Is(err, errReadBack):
		return err
	case err == nil && lost && wanted && !w.once && r.unsure(w, p):
		return &Failure{Kinds: []error{ErrUnknownOutcome}, Why: "an answer was lost, and with it what was stored before"}
	case err == nil:
		return nil
	}
	return r.settle(w, p, err, lost)
}

// unsure reports whether what came back after a lost answer may be what the
// lost attempt left behind instead of what was there before the call.
func (r *Repo) unsure(w *write, p *page) bool {
	switch w.op {
	case Delete:
		return len(p.entries) == 0
	case Create, Put:
		return len(p.entries) > 0 && equalItems(p.entries[0].values(), w.item.values())
	}
	return false
}

// settle turns the error of a write into what it means for the item.
func (r *Repo) settle(w *write, p *page, err error, lost bool) error {
	have, failed := p.conditionFailed(err)
	if !failed {
		if lost {
			return &Failure{Kinds: []error{ErrUnknownOutcome}, Cause: serviceError(err)}
		}
		return updateError(err, w.actions)
	}
	if lost && !w.once { // a token tells repetitions apart
		if w.op == Create && equalItems(have.values(), w.item.values()) {
			return nil
		}
		f := r.failure(p, err, have, ErrUnknownOutcome)
		f.Why = "an answer was lost, then the condition failed"
		return f
	}
	there := have.raw != nil || have.attrs != nil
	foreign := there && p.foreign(have)
	switch {
	case w.op == Create && (there || w.user == nil):
		return r.failure(p, err, have, ErrExists, ErrConditionFailed)
	case (w.op == Update || w.take) && (!there || foreign):
		return &Failure{Kinds: []error{ErrNotFound}, Cause: err}
	case foreign:
		return &Failure{Kinds: []error{ErrConditionFailed, errForeign}, Why: errForeign.Error(), Cause: err}
	}
	return r.failure(p, err, have, ErrConditionFailed)
}

// failure is an error that carries the stored item, if it can be decoded.
func (r *Repo) failure(p *page, cause error, have stored, kinds ...error) *Failure {
	f := &Failure{Kinds: kinds, Cause: cause}
	if (have.raw != nil || have.attrs != nil) && !p.foreign(have) {
		old := reflect.New(r.Type)
		if p.load(have, old.Elem()) == nil {
			f.Old = old.Interface()
		}
	}
	return f
}

// conditionFailed reports whether err is the service's refusal, and the item
// that it came with: to p, or in the SDK's error.
func (p *page) conditionFailed(err error) (have stored, failed bool) {
	var single *types.ConditionalCheckFailedException
	var canceled *types.TransactionCanceledException
	switch {
	case errors.As(err, &single):
		have.attrs, failed = nonEmpty(single.Item), true
	case errors.As(err, &canceled) && len(canceled.CancellationReasons) == 1:
		reason := canceled.CancellationReasons[0]
		have.attrs, failed = nonEmpty(reason.Item), aws.ToString(reason.Code) == "ConditionalCheckFailed"
	}
	if failed && len(p.refused) == 1 {
		have = p.refused[0]
	}
	return have, failed
}

func repeatable(actions []*ast.Action) bool {
	for _, a := range actions {
		if !a.Repeatable() {
			return false
		}
	}
	return true
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// sendSingle sends w as the operation of its own.
func (r *Repo) sendSingle(ctx context.Context, w *write, p *page, watch *attempts, wanted bool) error {
	onFailure := types.ReturnValuesOnConditionCheckFailureAllOld
	if w.condition == "" {
		onFailure = ""
	}
	old := pick(wanted, types.ReturnValueAllOld, "")
	table := aws.String(r.Table.Name)
	switch w.op {
	case Create, Put:
		return r.Table.putItem(ctx, &dynamodb.PutItemInput{
			TableName: table, ConditionExpression: optional(w.condition), ExpressionAttributeNames: w.names,
			ReturnValues: old, ReturnValuesOnConditionCheckFailure: onFailure,
		}, w.item, w.values, p, watch)
	case Delete:
		return r.Table.deleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: table, ConditionExpression: optional(w.condition), ExpressionAttributeNames: w.names,
			ReturnValues: old, ReturnValuesOnConditionCheckFailure: onFailure,
		}, w.key, w.values, p, watch)
	}
	return r.Table.updateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: table, ConditionExpression: optional(w.condition), UpdateExpression: optional(w.update), ExpressionAttributeNames: w.names,
		ReturnValues: types.ReturnValueAllNew, ReturnValuesOnConditionCheckFailure: onFailure,
	}, w.key, w.values, p, watch)
}
