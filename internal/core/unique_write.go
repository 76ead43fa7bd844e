package core

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/sethvargo/go-retry"

	"github.com/dynox-go/dynox/internal/ast"
)

// A write that meets an item which has changed since it was read is made anew
// this often, starting after this long.
const (
	remakes     = 12
	remakeDelay = 5 * time.Millisecond
)

// errMoved marks a condition that failed because a unique attribute, or a
// claim, is not what was read before.
var errMoved = errors.New("its unique attributes were changed by others, again and again")

// keeping is what a write does about unique attributes.
type keeping struct {
	old   map[string]types.AttributeValue // the stored item, as it was read; nil: none
	was   []wasUnique                     // the attributes that it may change
	lacks []wasUnique                     // what the item is not to have
	same  *ast.Cond                       // was and lacks hold
	stale bool                            // they are known not to
	// Claims of owners that did not have the value when they were read, by the
	// sentinel's partition key; and claims of others that are left alone.
	outdated map[string]types.AttributeValue
	foreign  map[string]bool

	claimed types.AttributeValue   // of a claim: the value
	of      unique                 // of a claim
	whose   *Write                 // of a claim: the write that it belongs to
	others  []types.AttributeValue // of a claim: owners that it replaces
}

// wasUnique is a unique attribute as it was read.
type wasUnique struct {
	unique
	value types.AttributeValue
}

// in reports whether an item has the value.
func (was wasUnique) in(attrs map[string]types.AttributeValue) bool {
	now := was.unique.in(attrs)
	return now == nil && was.value == nil || now != nil && was.value != nil && equalValues(now, was.value)
}

// remake makes the writes of a transaction, with the claims that they need
// beside them, after reading what is stored.
func remake(ctx context.Context, writes []*Write) ([]*Write, error) {
	all := slices.Clone(writes)
	more := make([][]*Write, len(writes))
	for i, w := range writes {
		var err error
		if more[i], err = w.keep(ctx); err != nil {
			return nil, &OpError{i, err}
		}
	}
	for i := range writes {
		for _, m := range more[i] {
			var err error
			if all, err = mergeClaim(all, m); err != nil {
				return nil, &OpError{i, err}
			}
		}
	}
	return all, nil
}

// mergeClaim adds m, a claim, the end of one, or a check, to all: what one item
// gives up may go to another in the same transaction, and what is checked may be
// written in it.
func mergeClaim(all []*Write, m *Write) ([]*Write, error) {
	i := slices.IndexFunc(all, func(w *Write) bool {
		return w.repo.Table.Name == m.repo.Table.Name && equalItems(w.repo.keyOf(w), m.key.values())
	})
	switch {
	case i < 0:
		return append(all, m), nil
	case m.op == checks:
		return all, all[i].lack(m.of, m.claimed)
	}
	claim, unclaim := all[i], m
	if m.op == claims {
		claim, unclaim = m, all[i]
	}
	switch {
	case unclaim.op == claims: // two want it
		return nil, m.taken(nil)
	case claim.op == unclaims: // one of two does not have it
		return all, claim.share(unclaim)
	}
	gives := &types.AttributeValueMemberM{Value: unclaim.whose.key.values()}
	merged, err := claim.repo.claim(claim.key, claim.whose.key, append(claim.others[:len(claim.others):len(claim.others)], gives)...)
	if err != nil {
		return nil, err
	}
	merged.of, merged.claimed, merged.whose = claim.of, claim.claimed, claim.whose
	all[i] = merged
	return all, nil
}

// share has w, the end of a claim, be that of other's item as well.
func (w *Write) share(other *Write) error {
	w.others = append(w.others, &types.AttributeValueMemberM{Value: other.whose.key.values()})
	return w.express(w.repo.unclaimed(w.whose.key, w.others))
}

// lack has w require that its item does not have value before.
func (w *Write) lack(u unique, value types.AttributeValue) error {
	if !slices.ContainsFunc(w.lacks, func(l wasUnique) bool { return l.attr.Same(u.attr) && equalValues(l.value, value) }) {
		w.lacks = append(w.lacks, wasUnique{u, value})
		w.same = ast.All(w.same, u.isNot(value))
	}
	if w.op == checks {
		return w.express(w.same)
	}
	return w.build()
}

// keep reads the item of w, has w require that its unique attributes are still
// those, and makes the claims that go with it.
func (w *Write) keep(ctx context.Context) ([]*Write, error) {
	r := w.repo
	built := w.same != nil
	w.old, w.was, w.lacks, w.same, w.stale = nil, nil, nil, nil, false
	if !w.mayChange() {
		if built {
			return nil, w.build()
		}
		return nil, nil
	}
	if w.op != Create {
		old, foreign, err := r.readStored(ctx, w.key)
		if err != nil {
			return nil, err
		}
		if foreign {
			p := r.outcome(nil)
			defer p.release()
			return nil, r.refused(ctx, w, p, nil, stored{attrs: old})
		}
		w.old = old
	}
	var more []*Write
	for _, u := range r.stages.uniques {
		if (w.op == Update || w.op == Upsert) && touching(u.attr, w.actions) == nil {
			continue
		}
		stored := u.in(w.old)
		if w.op != Create { // which requires that there is no item
			w.was = append(w.was, wasUnique{u, stored})
		}
		after, changed, err := w.uniqueAfter(u, stored)
		if err != nil {
			return nil, err
		}
		if !changed {
			continue
		}
		claims, err := w.claimsOf(ctx, u, claimed(stored), after)
		if err != nil {
			return nil, err
		}
		more = append(more, claims...)
	}
	if len(more) > 0 && w.old != nil {
		for _, a := range w.replaced() {
			u := unique{attr: a}
			w.was = append(w.was, wasUnique{u, u.in(w.old)})
		}
	}
	var conds []*ast.Cond
	if w.old == nil && w.op != Create && len(more) > 0 {
		conds = append(conds, r.exists(ast.Missing)) // else it may be one that has nothing unique
	}
	for _, was := range w.was {
		conds = append(conds, was.is(was.value))
	}
	w.same = ast.All(conds...)
	return more, w.build()
}

// replaced are the attributes that must be as they were read for the item that was
// read to be what w, in a transaction, replaces: of all it says, as far as a version
// tells, and always of the blobs that are removed with it.
func (w *Write) replaced() []*ast.Attr {
	var attrs []*ast.Attr
	if v := w.repo.stages.version; v != nil && (w.take || w.swap || w.replaces) {
		attrs = append(attrs, v.Attr)
	}
	if w.replaces {
		for _, b := range w.repo.stages.blobs {
			attrs = append(attrs, b.Attr)
		}
	}
	return attrs
}

// claimsOf are the writes that claim one value in place of another.
func (w *Write) claimsOf(ctx context.Context, u unique, before, after types.AttributeValue) ([]*Write, error) {
	r := w.repo
	var more []*Write
	if after != nil {
		key := r.sentinel(u, after)
		others, err := w.olderKeys(ctx)
		if err != nil {
			return nil, err
		}
		from, outdated := w.outdated[partitionOf(key)].(*types.AttributeValueMemberM)
		if outdated {
			others = append(others, from)
			delete(w.outdated, partitionOf(key)) // to be read again if this fails
		}
		claim, err := r.claim(key, w.key, others...)
		if err != nil {
			return nil, err
		}
		claim.of, claim.claimed, claim.whose = u, after, w
		more = append(more, claim)
		if outdated {
			check := &Write{repo: r, op: checks, key: r.keyIn(from.Value)}
			check.of, check.claimed, check.whose = u, after, w
			if err := check.lack(u, after); err != nil {
				return nil, err
			}
			more = append(more, check)
		}
	}
	if before != nil {
		key := r.sentinel(u, before)
		if w.foreign[partitionOf(key)] {
			return more, nil
		}
		unclaim, err := r.unclaim(key, w.key)
		if err != nil {
			return nil, err
		}
		unclaim.of, unclaim.claimed, unclaim.whose = u, before, w
		more = append(more, unclaim)
	}
	return more, nil
}

// olderKeys are the keys of w's item in the older formats that are accepted: an
// item that has one of those is the same.
func (w *Write) olderKeys(ctx context.Context) ([]types.AttributeValue, error) {
	forms := w.repo.table.forms()[1:]
	if len(forms) == 0 {
		return nil, nil
	}
	item, err := w.repo.stages.sought(ctx, w.item)
	if err != nil {
		return nil, err
	}
	var keys []types.AttributeValue
	for _, f := range forms {
		key, err := w.repo.key(item, f)
		if err != nil {
			return nil, err
		}
		keys = append(keys, &types.AttributeValueMemberM{Value: key.values()})
	}
	return keys, nil
}

// keyIn is the key that an item has.
func (r *Repo) keyIn(attrs map[string]types.AttributeValue) attributes {
	var key attributes
	for _, a := range r.table.attrs() {
		key = append(key, attribute{a.name, attrs[a.name]})
	}
	return key
}

// partitionOf is the partition key of a sentinel.
func partitionOf(sentinel attributes) string {
	return sentinel[0].value.(*types.AttributeValueMemberS).Value
}

// readStored is the item of key, read consistently; foreign says that it is
// none of the repository's.
func (r *Repo) readStored(ctx context.Context, key attributes) (item map[string]types.AttributeValue, foreign bool, err error) {
	p := r.outcome(nil)
	defer p.release()
	in := &dynamodb.GetItemInput{TableName: aws.String(r.Table.Name), ConsistentRead: aws.Bool(true)}
	if err := r.Table.getItem(ctx, in, key, p); err != nil {
		return nil, false, serviceError(err)
	}
	if len(p.entries) == 0 {
		return nil, false, nil
	}
	have := p.entries[0].stored
	return have.values(), p.foreign(have), nil
}

// moved reports whether what is stored, which a condition of w's failed for,
// is other than what w has read.
func (w *Write) moved(have stored) bool {
	if w.same == nil {
		return false
	}
	if w.was != nil && have.there() != (w.old != nil) {
		return true
	}
	attrs := have.values()
	return slices.ContainsFunc(w.was, func(was wasUnique) bool { return !was.in(attrs) }) ||
		slices.ContainsFunc(w.lacks, func(lack wasUnique) bool { return lack.in(attrs) })
}

// unclaimable is what the failure of a claim, of the end of one, or of the
// check of another's, means: have is stored in its place.
func (w *Write) unclaimable(ctx context.Context, err error, have stored) error {
	moved := &Failure{Kinds: []error{ErrConditionFailed, errMoved}, Why: errMoved.Error(), Cause: err}
	whose := w.whose
	owner, _ := have.values()[sentinelOwner].(*types.AttributeValueMemberM)
	switch {
	case w.op == checks || !have.there():
		return moved
	case owner == nil:
		return &Failure{Kinds: []error{ErrConditionFailed}, Why: "what is stored in place of a claim names no owner: " + w.of.text, Cause: err}
	case w.op == unclaims && whose.stale:
		return moved
	case w.op == unclaims:
		if whose.foreign == nil {
			whose.foreign = map[string]bool{}
		}
		whose.foreign[partitionOf(w.key)] = true
		return moved
	}
	held, readErr := w.repo.hasValue(ctx, owner.Value, w.of, w.claimed)
	switch {
	case readErr != nil:
		return readErr
	case held:
		return w.taken(err)
	}
	if whose.outdated == nil {
		whose.outdated = map[string]types.AttributeValue{}
	}
	whose.outdated[partitionOf(w.key)] = owner
	return moved
}

// hasValue reports whether the item of key has value.
func (r *Repo) hasValue(ctx context.Context, key map[string]types.AttributeValue, u unique, value types.AttributeValue) (bool, error) {
	item, foreign, err := r.readStored(ctx, r.keyIn(key))
	if err != nil || foreign {
		return false, err
	}
	return wasUnique{u, value}.in(item), nil
}

// again calls do, which makes and sends writes, until they do not fail because
// others have changed what was read for them, a few times.
func again(ctx context.Context, do func() error) error {
	backoff := retry.WithMaxRetries(remakes, retry.WithCappedDuration(time.Second, retry.WithJitterPercent(50, retry.NewExponential(remakeDelay))))
	var last error
	err := retry.Do(ctx, backoff, func(context.Context) error {
		if last = do(); errors.Is(last, errMoved) || errors.Is(last, errRejudge) || contended(last) {
			return retry.RetryableError(last)
		}
		return last
	})
	switch {
	case (errors.Is(last, errMoved) || errors.Is(last, errRejudge)) && ctx.Err() != nil:
		return ctx.Err()
	case err != nil && last != nil:
		return last
	}
	return err
}

// contended reports whether a single write did not take effect because a transaction
// touched its item.
func contended(err error) bool {
	var conflict *types.TransactionConflictException
	return errors.As(err, &conflict) && !errors.Is(err, ErrUnknownOutcome)
}

// sendUnique is send of a write that may change unique attributes.
func (r *Repo) sendUnique(ctx context.Context, w *Write, p *page, wanted bool) error {
	return again(ctx, func() error {
		all, err := remake(ctx, []*Write{w})
		var op *OpError
		switch {
		case errors.As(err, &op):
			return op.Err
		case err != nil:
			return err
		case len(all) == 1:
			return r.sendPlain(ctx, w, p, wanted)
		}
		return r.sendClaims(ctx, all, p, wanted)
	})
}

// sendClaims sends a write, the first of all, with the claims beside it.
func (r *Repo) sendClaims(ctx context.Context, all []*Write, p *page, wanted bool) error {
	w := all[0]
	if err := checkTransaction(all); err != nil {
		return err
	}
	err := transactAll(ctx, all, "")
	var canceled *Canceled
	switch {
	case errors.As(err, &canceled):
		reason := canceled.first()
		return &quietError{reason.Error(), errors.Join(reason, canceled.Cause)}
	case err != nil || !wanted && !w.replaces:
		return err
	case w.op == Update || w.op == Upsert:
		return r.readBack(ctx, w, p)
	case w.old != nil:
		p.readMap(w.old)
	}
	return nil
}

// first is why the only write of a transaction was refused: it is to be made
// anew, or a condition, its own before those of its claims, or another reason.
func (c *Canceled) first() error {
	var condition, other error
	for _, reason := range c.Reasons {
		var service *reasonError
		switch {
		case errors.Is(reason.Err, errMoved):
			return reason.Err
		case errors.As(reason.Err, &service):
			other = cmp.Or(other, reason.Err)
		default:
			condition = cmp.Or(condition, reason.Err)
		}
	}
	return cmp.Or(condition, other, error(c))
}

// unfold gives the reasons of claims to the writes that they belong to.
func unfold(writes, all []*Write, c *Canceled) *Canceled {
	if len(all) == len(writes) {
		return c
	}
	reasons := slices.Clone(c.Reasons[:len(writes)])
	for i, w := range all[len(writes):] {
		reason := c.Reasons[len(writes)+i]
		of := slices.Index(writes, w.whose)
		if reason.Err != nil && of >= 0 && reasons[of].Err == nil {
			reasons[of] = reason
		}
	}
	return &Canceled{Reasons: reasons, Cause: c.Cause}
}

// ClaimAll claims the unique values of the stored item that item, a *T, names,
// as they are when it is called: each that it can.
func (r *Repo) ClaimAll(ctx context.Context, item any) error {
	switch {
	case len(r.stages.uniques) == 0:
		return errors.New("it has no unique attributes")
	case r.Table.ReadOnly:
		return ErrReadOnly
	}
	var errs []error
	for _, u := range r.stages.uniques {
		w, err := r.begin(ctx, Check, item, ast.Write{})
		if err != nil {
			return err
		}
		if err := again(ctx, func() error { return w.claimStored(ctx, u) }); err != nil && !errors.Is(err, ErrNotUnique) {
			return err
		} else if err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// claimStored claims what the item of w has of an attribute.
func (w *Write) claimStored(ctx context.Context, u unique) error {
	old, err := w.find(ctx)
	value := u.in(old)
	if err != nil || claimed(value) == nil {
		return err
	}
	sentinel, _, err := w.repo.readStored(ctx, w.repo.sentinel(u, value))
	if err != nil {
		return err
	}
	if owner, ok := sentinel[sentinelOwner].(*types.AttributeValueMemberM); ok && equalItems(owner.Value, w.key.values()) {
		return nil
	}
	w.old, w.was, w.same = old, []wasUnique{{u, value}}, u.is(value)
	claims, err := w.claimsOf(ctx, u, nil, value)
	if err == nil {
		err = w.build()
	}
	if err != nil {
		return err
	}
	return w.repo.sendClaims(ctx, append([]*Write{w}, claims...), nil, false)
}

// find reads the item of w, in the first of its key's forms that there is one in,
// which is then its key.
func (w *Write) find(ctx context.Context) (map[string]types.AttributeValue, error) {
	item, err := w.repo.stages.sought(ctx, w.item)
	if err != nil {
		return nil, err
	}
	for _, f := range w.repo.table.forms() {
		if w.key, err = w.repo.key(item, f); err != nil {
			return nil, err
		}
		old, foreign, err := w.repo.readStored(ctx, w.key)
		if err != nil || old != nil && !foreign {
			return old, err
		}
	}
	return nil, ErrNotFound
}
