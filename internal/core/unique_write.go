package core

import (
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
	old     map[string]types.AttributeValue // the stored item, as it was read; nil: none
	was     []wasUnique                     // the attributes that it may change
	same    *ast.Cond                       // they are still what was read
	stale   bool                            // they are known not to be
	claimed types.AttributeValue            // of a claim: the value
	of      unique                          // of a claim
	whose   *Write                          // of a claim: the write it belongs to
	// Claims of owners that do not have the value any more, by the sentinel's
	// partition key; and claims of others that are left alone.
	outdated map[string]types.AttributeValue
	foreign  map[string]bool
}

// wasUnique is a unique attribute as it was read.
type wasUnique struct {
	unique
	value types.AttributeValue
}

// remake makes the writes of a transaction, with the claims that they need
// beside them, after reading what is stored.
func remake(ctx context.Context, writes []*Write) ([]*Write, error) {
	all := slices.Clone(writes)
	for i, w := range writes {
		if !w.mayChange() {
			continue
		}
		more, err := w.keep(ctx)
		if err != nil {
			return nil, &OpError{i, err}
		}
		for _, m := range more {
			if all, err = mergeClaim(all, m); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// mergeClaim adds a claim, or the end of one, to all: what one item gives up may go
// to another in the same transaction.
func mergeClaim(all []*Write, m *Write) ([]*Write, error) {
	i := slices.IndexFunc(all, func(w *Write) bool {
		return (w.op == claims || w.op == unclaims) && w.repo.Table.Name == m.repo.Table.Name && equalItems(w.key.values(), m.key.values())
	})
	if i < 0 {
		return append(all, m), nil
	}
	claim, unclaim := all[i], m
	if m.op == claims {
		claim, unclaim = m, all[i]
	}
	if claim.op != claims || unclaim.op != unclaims {
		return append(all, m), nil // which is refused: two want it
	}
	from := types.AttributeValue(&types.AttributeValueMemberM{Value: unclaim.whose.key.values()})
	merged, err := claim.repo.claim(claim.key, claim.whose.key, from)
	if err != nil {
		return nil, err
	}
	merged.keeping = claim.keeping
	all[i] = merged
	return all, nil
}

// keep reads the item of w, has w require that its unique attributes are still
// those, and makes the claims that go with it.
func (w *Write) keep(ctx context.Context) ([]*Write, error) {
	r := w.repo
	w.old, w.was, w.same, w.stale = nil, nil, nil, false
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
	var conds []*ast.Cond
	if w.old == nil && w.op != Create {
		conds = append(conds, r.exists(ast.Missing))
	}
	var more []*Write
	for _, u := range r.stages.uniques {
		if (w.op == Update || w.op == Upsert) && touching(u.attr, w.actions) == nil {
			continue
		}
		stored := u.in(w.old)
		w.was = append(w.was, wasUnique{u, stored})
		if w.old != nil {
			conds = append(conds, u.is(stored))
		}
		before := claimed(stored)
		after, changed, err := w.uniqueAfter(u, before)
		if err != nil {
			return nil, err
		}
		if !changed {
			continue
		}
		claims, err := w.claimsOf(u, before, after)
		if err != nil {
			return nil, err
		}
		more = append(more, claims...)
	}
	w.same = ast.All(conds...)
	return more, w.build()
}

// claimsOf are the writes that claim one value in place of another.
func (w *Write) claimsOf(u unique, before, after types.AttributeValue) ([]*Write, error) {
	r := w.repo
	var more []*Write
	if after != nil {
		key := r.sentinel(u, after)
		from := w.outdated[partitionOf(key)]
		claim, err := r.claim(key, w.key, from)
		if err != nil {
			return nil, err
		}
		claim.keeping = keeping{of: u, claimed: after, whose: w}
		more = append(more, claim)
		if owner, ok := from.(*types.AttributeValueMemberM); ok {
			check, err := r.lacks(owner.Value, u, after)
			if err != nil {
				return nil, err
			}
			check.whose = w
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
		unclaim.keeping = keeping{of: u, claimed: before, whose: w}
		more = append(more, unclaim)
	}
	return more, nil
}

// lacks is a check that the item of key is not there, or does not have value.
func (r *Repo) lacks(key map[string]types.AttributeValue, u unique, value types.AttributeValue) (*Write, error) {
	w := &Write{repo: r, op: checks}
	for _, a := range r.table.attrs() {
		w.key = append(w.key, attribute{a.name, key[a.name]})
	}
	return w, w.express(ast.Any(
		ast.Compare(ast.Missing, ast.AttrOperand(u.attr)),
		ast.Binary(ast.Ne, ast.AttrOperand(u.attr), ast.Operand{Kind: ast.OpPlain, Value: value}),
	))
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
	if have.there() != (w.old != nil) {
		return true
	}
	attrs := have.values()
	return slices.ContainsFunc(w.was, func(was wasUnique) bool {
		now := was.in(attrs)
		return (now == nil) != (was.value == nil) || now != nil && !equalValues(now, was.value)
	})
}

// unclaimable is what the failure of a claim, of the end of one, or of the
// check of another's, means: have is stored in its place.
func (w *Write) unclaimable(ctx context.Context, err error, have stored) error {
	moved := &Failure{Kinds: []error{ErrConditionFailed, errMoved}, Why: errMoved.Error(), Cause: err}
	whose := w.whose
	owner, _ := have.values()[sentinelOwner].(*types.AttributeValueMemberM)
	switch {
	case w.op == checks || owner == nil:
		return moved
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
		return &Failure{Kinds: []error{ErrNotUnique, ErrConditionFailed}, Why: w.of.text, Cause: err}
	}
	if whose.outdated == nil {
		whose.outdated = map[string]types.AttributeValue{}
	}
	whose.outdated[partitionOf(w.key)] = owner
	return moved
}

// hasValue reports whether the item of key has value.
func (r *Repo) hasValue(ctx context.Context, key map[string]types.AttributeValue, u unique, value types.AttributeValue) (bool, error) {
	var at attributes
	for _, a := range r.table.attrs() {
		if key[a.name] == nil {
			return false, nil
		}
		at = append(at, attribute{a.name, key[a.name]})
	}
	item, foreign, err := r.readStored(ctx, at)
	if err != nil || foreign {
		return false, err
	}
	now := u.in(item)
	return now != nil && equalValues(now, value), nil
}

// again calls do, which makes and sends writes, until they do not fail because
// others have changed what was read for them, a few times.
func again(ctx context.Context, do func() error) error {
	backoff := retry.WithMaxRetries(remakes, retry.WithCappedDuration(time.Second, retry.WithJitterPercent(50, retry.NewExponential(remakeDelay))))
	var last error
	err := retry.Do(ctx, backoff, func(context.Context) error {
		if last = do(); errors.Is(last, errMoved) {
			return retry.RetryableError(last)
		}
		return last
	})
	if err != nil && last != nil {
		return last
	}
	return err
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
		for _, reason := range canceled.Reasons { // w's own comes first
			if reason.Err != nil {
				return &quietError{reason.Err.Error(), errors.Join(reason.Err, canceled.Cause)}
			}
		}
		return err
	case err != nil || !wanted && !w.replaces:
		return err
	case w.op == Update || w.op == Upsert:
		return r.readBack(ctx, w, p)
	case w.old != nil:
		p.readMap(w.old)
	}
	return nil
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
		if err == nil {
			w.key, err = r.keyOfItem(ctx, w.item)
		}
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
	old, foreign, err := w.repo.readStored(ctx, w.key)
	value := u.in(old)
	switch {
	case err != nil:
		return err
	case foreign || old == nil:
		return ErrNotFound
	case claimed(value) == nil:
		return nil
	}
	w.old, w.was, w.same = old, []wasUnique{{u, value}}, u.is(value)
	claims, err := w.claimsOf(u, nil, value)
	if err == nil {
		err = w.build()
	}
	if err != nil {
		return err
	}
	return w.repo.sendClaims(ctx, append([]*Write{w}, claims...), nil, false)
}
