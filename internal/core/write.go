package core

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	Check  // of a transaction: it changes nothing

	// The writes beside one that changes a unique attribute.
	claims
	unclaims
	checks
)

// Write is one write on its way: what it does, and the request's parts that
// single writes and transactions have in common. It is used once.
type Write struct {
	repo    *Repo
	op      Op
	caller  reflect.Value // what the caller's *T points to
	item    reflect.Value // a copy of it, which the stages work on
	user    *ast.Cond     // the caller's condition
	unmoved *ast.Cond     // that the item is what it was read as, nil: it does not matter
	room    []byte        // for the JSON of stored, behind its end
	keyRoom attributes    // for the key of a put
	stored  stored        // of a put
	key     attributes
	actions []*ast.Action
	once    bool                            // sent exactly once
	single  bool                            // taking effect twice does harm
	take    bool                            // a delete that returns the item
	swap    bool                            // a put that returns what it replaced
	soft    bool                            // a delete that is an update
	deleted bool                            // about an item that was deleted softly
	unseen  bool                            // nobody knows a Go value of the item: a delete of what is of another kind, or a raw put
	rest    map[string]types.AttributeValue // of a put: what is stored beside item
	renewed []*Write                        // of a delete: what is put in place of the item, under another key, and its claims
	versioned
	uploading
	keeping

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

// begin is the start of every write of item, a *T: a copy of it.
func (r *Repo) begin(ctx context.Context, op Op, item any, with ast.Write) (w *Write, err error) {
	switch {
	case r.Table.Err != nil:
		return nil, r.Table.Err
	case r.Table.ReadOnly && op != Check:
		return nil, ErrReadOnly
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	w = &Write{repo: r, op: op, user: with.Cond, once: with.Once, deleted: with.Deleted}
	if err := r.stages.checkBlind(with.Cond); err != nil {
		return nil, err
	}
	if w.caller, err = elem(item); err != nil {
		return nil, err
	}
	w.item = reflect.New(r.Type).Elem()
	r.setItem(w.item, w.caller)
	return w, nil
}

// Prepare checks a write of item, a *T, and makes its request; of op other
// than Create and Put, item is its key. Nothing is sent.
func (r *Repo) Prepare(ctx context.Context, op Op, item any, with ast.Write) (*Write, error) {
	return r.prepareIf(ctx, op, item, with, nil)
}

// prepareIf is Prepare on another condition, that dynox itself has.
func (r *Repo) prepareIf(ctx context.Context, op Op, item any, with ast.Write, same *ast.Cond) (*Write, error) {
	w, err := r.begin(ctx, op, item, with)
	if err != nil {
		return nil, err
	}
	w.unmoved = same
	if err := w.prepare(ctx, with.Actions); err != nil {
		return nil, err
	}
	return w, nil
}

// prepare makes the request of w, which has begun.
func (w *Write) prepare(ctx context.Context, actions []*ast.Action) (err error) {
	r := w.repo
	switch w.op {
	case Create, Put:
		err = w.preparePut(ctx)
	case Update, Upsert:
		err = w.prepareUpdate(ctx, actions)
	case Delete:
		if r.stages.soft != nil && !w.deleted {
			err = w.prepareSoftDelete(ctx)
		} else {
			err = w.prepareDelete(ctx)
		}
	case Check:
		w.key, err = r.keyOfItem(ctx, w.item)
	}
	if err == nil {
		err = w.build()
	}
	if err != nil {
		return w.undo(ctx, err)
	}
	return nil
}

func (w *Write) preparePut(ctx context.Context) error {
	r := w.repo
	if err := r.stages.run(ctx, BeforePut, w.item); err != nil {
		return err
	}
	r.stages.fill(w)
	if err := r.stages.follow(ctx, w.item); err != nil {
		return err
	}
	keys, err := r.deriveKeys(w.keyRoom, w.item)
	if err != nil {
		return err
	}
	if err := r.stages.check(w.item); err != nil {
		return err
	}
	if err := r.checkVectors(w.item, func(*ast.Attr) bool { return true }); err != nil {
		return err
	}
	if err := r.stages.checkReadOnly(); err != nil {
		return err
	}
	if err := r.stages.bump(w); err != nil {
		return err
	}
	w.key = keys.key
	if err := w.beginItem(); err != nil {
		return err
	}
	if err := w.encode(ctx, keys); err != nil {
		return err
	}
	if len(w.uploads) > 0 {
		w.rebuild = func(ctx context.Context) error { return w.encode(ctx, keys) }
	}
	return w.stored.checkSize()
}

// encode makes the item that w puts what is stored of it.
func (w *Write) encode(ctx context.Context, keys derivedKeys) (err error) {
	direct := w.repo.Table.direct(ctx)
	if w.stored, err = w.repo.encode(w.room, w.item, keys, direct); err != nil {
		return err
	}
	if len(w.rest) > 0 {
		attrs := w.stored.values()
		maps.Copy(attrs, w.rest)
		if w.stored = (stored{attrs: attrs}); direct {
			w.stored = stored{raw: w.stored.json()}
		}
	}
	return w.seal(ctx)
}

// keyOfItem is the table's key of item, in the first of its forms.
func (r *Repo) keyOfItem(ctx context.Context, item reflect.Value) (attributes, error) {
	item, err := r.stages.sought(ctx, item)
	if err != nil {
		return nil, err
	}
	key, err := r.key(item, form{})
	if err != nil {
		return nil, err
	}
	return key, r.checkReserved(key)
}

func (w *Write) prepareUpdate(ctx context.Context, actions []*ast.Action) (err error) {
	r := w.repo
	if err := r.stages.run(ctx, BeforeUpdate, w.item); err != nil {
		return err
	}
	r.setKind(w.item)
	if w.key, err = r.keyOfItem(ctx, w.item); err != nil {
		return err
	}
	if err := r.stages.checkActions(actions); err != nil {
		return err
	}
	if err := r.checkVectorActions(actions); err != nil {
		return err
	}
	if len(actions) > 0 {
		actions = r.stages.everywhere(actions)
	}
	if actions, err = r.stages.followed(ctx, actions); err != nil {
		return err
	}
	if w.actions, err = r.complete(w.op, w.item, actions); err != nil {
		return err
	}
	w.single = !repeatable(w.actions)
	r.stages.count(w) // counting twice does none
	plain := w.actions
	blobs, err := w.beginActions(plain)
	if err != nil {
		return err
	}
	encode := func(ctx context.Context) (err error) {
		w.actions, err = w.sealActions(ctx, current(plain, blobs))
		return err
	}
	if len(w.uploads) > 0 {
		w.rebuild = func(ctx context.Context) error { return errors.Join(encode(ctx), w.build()) }
	}
	if err := encode(ctx); err != nil {
		return err
	}
	return w.checkUnique()
}

func (w *Write) prepareDelete(ctx context.Context) (err error) {
	r := w.repo
	if err := r.stages.run(ctx, BeforeDelete, w.item); err != nil {
		return err
	}
	if w.key, err = r.keyOfItem(ctx, w.item); err != nil {
		return err
	}
	return r.stages.checkDelete(w)
}

// done is what follows when w has taken effect; result is the item that it
// returned, invalid if none.
func (w *Write) done(ctx context.Context, result reflect.Value) error {
	when := AfterPut
	switch w.op {
	case Create, Put:
		w.caller.Set(w.item)
		result = w.caller
	case Update, Upsert:
		when = AfterUpdate
		if w.soft {
			when = AfterDelete
		}
	case Delete:
		when = AfterDelete
	case Check, claims, unclaims, checks:
		return nil
	}
	if !result.IsValid() {
		result = w.item // the key
	}
	if err := w.repo.stages.run(ctx, when, result); err != nil {
		return fmt.Errorf("%w: %w", ErrAfterWrite, err)
	}
	return nil
}

// PutItem stores item, a *T, and decodes what it replaced into old, a *T,
// when that is not nil.
func (r *Repo) PutItem(ctx context.Context, op Op, item any, with ast.Write, old any) (existed bool, err error) {
	if with.Once && old != nil {
		return false, errOnceOld
	}
	w, err := r.Prepare(ctx, op, item, with)
	if err != nil {
		return false, err
	}
	return w.put(ctx, old)
}

// putOver is PutItem over the item that was read, if same holds for it, with attributes
// that the type does not know.
func (r *Repo) putOver(ctx context.Context, item any, same *ast.Cond, rest map[string]types.AttributeValue) error {
	w, err := r.begin(ctx, Put, item, ast.Write{})
	if err != nil {
		return err
	}
	w.unmoved, w.rest = same, rest
	if err := w.prepare(ctx, nil); err != nil {
		return err
	}
	_, err = w.put(ctx, nil)
	return err
}

// put sends w, a put, and decodes what it replaced into old, a *T, when that is not nil.
func (w *Write) put(ctx context.Context, old any) (existed bool, err error) {
	r := w.repo
	if err := w.upload(ctx); err != nil {
		return false, err
	}
	w.swap = old != nil
	p := r.replacedBy(w, old)
	defer p.release()
	if err := r.send(ctx, w, p, w.swap); err != nil {
		return false, w.failed(ctx, err)
	}
	existed = len(p.entries) > 0
	var unread error
	if old != nil {
		unread = p.outcome(ctx)
	}
	removed := w.removeReplaced(ctx, p)
	return existed, errors.Join(unread, removed, w.done(ctx, reflect.Value{}))
}

// UpdateItem changes the item that key, a *T, names, and decodes the result
// into out, a *T.
func (r *Repo) UpdateItem(ctx context.Context, op Op, key any, with ast.Write, out any) error {
	w, err := r.Prepare(ctx, op, key, with)
	if err != nil {
		return err
	}
	if err := w.upload(ctx); err != nil {
		return err
	}
	p := r.outcome(out)
	defer p.release()
	if err := r.send(ctx, w, p, true); err != nil {
		return w.failed(ctx, err)
	}
	if err := p.outcome(ctx); err != nil {
		return err
	}
	return w.done(ctx, p.single)
}

// DeleteItem deletes the item that key, a *T, names, and decodes it into
// old, a *T, when that is not nil.
func (r *Repo) DeleteItem(ctx context.Context, key any, with ast.Write, old any) error {
	return r.deleteItem(ctx, key, with, nil, old)
}

// deleteItem is DeleteItem on another condition, that dynox itself has.
func (r *Repo) deleteItem(ctx context.Context, key any, with ast.Write, same *ast.Cond, old any) error {
	if with.Once && old != nil {
		return errOnceOld
	}
	w, err := r.prepareIf(ctx, Delete, key, with, same)
	if err != nil {
		return err
	}
	w.take = old != nil
	p := r.replacedBy(w, old)
	defer p.release()
	err = r.send(ctx, w, p, old != nil)
	switch {
	case w.user == nil && w.unmoved == nil && !w.checked && (errors.Is(err, errForeign) || errors.Is(err, errNothing)): // of this kind, nothing is there
		if old == nil {
			return nil
		}
		return ErrNotFound
	case err != nil:
		return err
	case old != nil && len(p.entries) == 0:
		return ErrNotFound
	}
	removed := w.removeReplaced(ctx, p)
	result := reflect.Value{}
	if old != nil {
		if err := p.outcome(ctx); err != nil {
			return errors.Join(err, removed)
		}
		result = p.single
	}
	return errors.Join(removed, w.done(ctx, result))
}

// replacedBy is where the item that w replaces goes: to old, a *T, or if that
// is nil to a place of its own, if it matters.
func (r *Repo) replacedBy(w *Write, old any) *page {
	w.wantReplaced()
	if old == nil && w.replaces {
		old = reflect.New(r.Type).Interface()
	}
	return r.outcome(old)
}

var errOnceOld = errors.New("a write sent exactly once cannot return what it replaced")

// outcome is where an item that a write returns goes: to item, a *T, unless
// that is nil.
func (r *Repo) outcome(item any) *page {
	p := r.table.whole.newPage(r.Table)
	p.any, p.returned = true, true
	if v := reflect.ValueOf(item); v.IsValid() {
		p.single = v.Elem()
	}
	return p
}

// outcome reports what is wrong with the item that a write returned.
func (p *page) outcome(ctx context.Context) error {
	p.loaded(ctx)
	if len(p.entries) == 0 || p.entries[0].err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrAfterWrite, p.entries[0].err)
}

// guard is what dynox itself requires of the stored item.
func (w *Write) guard() *ast.Cond {
	r := w.repo
	kind := r.kindCond() // whatever the key: other repositories' literals are not known here
	alive := r.softly(ast.Missing)
	if w.deleted {
		alive = r.softly(ast.Exists)
	}
	switch w.op {
	case Create:
		return r.exists(ast.Missing)
	case Put:
		alive = nil // one that was deleted is replaced
	case Update:
		if w.soft {
			return ast.All(r.exists(ast.Exists), kind, alive, r.stages.cond(w))
		}
		return ast.All(r.exists(ast.Exists), kind, alive, r.upgraded())
	case Upsert:
		if old := r.upgraded(); old != nil {
			return ast.All(kind, alive, ast.Any(r.exists(ast.Missing), old))
		}
	}
	return ast.All(kind, alive, r.stages.cond(w))
}

// build writes the expressions of w.
func (w *Write) build() error {
	r := w.repo
	cond := ast.All(w.guard(), r.exact(w.user), w.unmoved, w.same)
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
func (r *Repo) send(ctx context.Context, w *Write, p *page, wanted bool) error {
	if w.mayChange() {
		return r.sendUnique(ctx, w, p, wanted)
	}
	return r.sendPlain(ctx, w, p, wanted)
}

func (r *Repo) sendPlain(ctx context.Context, w *Write, p *page, wanted bool) error {
	// Of a write that checks the version, a second attempt after one that took
	// effect fails.
	watch := &attempts{once: w.single && !w.once && !w.checked}
	var err error
	switch {
	case w.once:
		err = r.sendOnce(ctx, w, p, watch, wanted)
	case w.token != "" && w.checked: // a second effect is impossible, and the first is known
		err = resend(ctx, watch, func() error { return r.sendSingle(ctx, w, p, watch, wanted) })
	default:
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
	return r.settle(ctx, w, p, err, lost)
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
func (r *Repo) sendSingle(ctx context.Context, w *Write, p *page, watch *attempts, wanted bool) error {
	onFailure := types.ReturnValuesOnConditionCheckFailureAllOld
	if w.condition == "" {
		onFailure = ""
	}
	old := pick(wanted || w.replaces, types.ReturnValueAllOld, "")
	table := aws.String(r.Table.Name)
	p.in(r.Table, w.key[:1])
	switch w.op {
	case Create, Put:
		return r.Table.putItem(ctx, &dynamodb.PutItemInput{
			TableName: table, ConditionExpression: optional(w.condition), ExpressionAttributeNames: w.names,
			ReturnValues: old, ReturnValuesOnConditionCheckFailure: onFailure,
		}, w.stored, w.values, p, watch)
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
