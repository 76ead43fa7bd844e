package core

import (
	"context"
	"errors"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// unsure reports whether what came back after a lost answer may be what the
// lost attempt left behind instead of what was there before the call.
func (r *Repo) unsure(w *Write, p *page) bool {
	switch w.op {
	case Delete:
		return len(p.entries) == 0
	case Create, Put:
		return len(p.entries) > 0 && equalItems(p.entries[0].values(), w.stored.values())
	}
	return false
}

// settle turns the error of a write into what it means for the item.
func (r *Repo) settle(ctx context.Context, w *Write, p *page, err error, lost bool) error {
	have, failed := p.conditionFailed(err)
	if !failed {
		if lost {
			return &Failure{Kinds: []error{ErrUnknownOutcome}, Cause: serviceError(err)}
		}
		return updateError(err, w.actions)
	}
	if lost && !w.once { // a token of the service tells repetitions apart
		if w.settled(ctx, p, have) {
			return nil
		}
		if w.refuted(have) {
			return r.refused(ctx, w, p, err, have)
		}
		w.versioned = versioned{} // another version may be one's own write
		f := r.failure(ctx, w, p, err, have, ErrUnknownOutcome)
		f.Why = "an answer was lost, then the condition failed"
		return f
	}
	return r.refused(ctx, w, p, err, have)
}

// settled reports whether w has taken effect although its condition failed
// after a lost answer: what is stored is what w sent, or has its token.
func (w *Write) settled(ctx context.Context, p *page, have stored) bool {
	switch {
	case w.take || w.swap: // what was there before is lost
		return false
	case w.soft && w.user == nil && !w.checked && have.there() && !p.foreign(have) && w.repo.deleted(&p.record):
		return true // whoever did it
	case w.wrote(p, have):
		if p.single.IsValid() && w.op != Put {
			p.entries = append(p.entries, entry{stored: have, own: true, err: p.load(ctx, have, p.single)})
		}
		return true
	}
	return w.op == Create && equalItems(have.values(), w.stored.values())
}

// refused is the error of w whose condition failed: have is stored.
func (r *Repo) refused(ctx context.Context, w *Write, p *page, err error, have stored) error {
	switch {
	case w.op >= claims:
		return w.unclaimable(ctx, err, have)
	case w.moved(have):
		w.stale = true
		return &Failure{Kinds: []error{ErrConditionFailed, errMoved}, Why: errMoved.Error(), Cause: err}
	}
	there := have.there()
	foreign := there && p.foreign(have)
	deleted := there && !foreign && r.deleted(&p.record)
	gone := !there || foreign || deleted != w.deleted && (deleted || w.op == Update)
	failed := func(why error) error {
		return &Failure{Kinds: []error{ErrConditionFailed, why}, Why: why.Error(), Cause: err}
	}
	switch {
	case w.op == Create && (there || w.user == nil):
		return r.failure(ctx, w, p, err, have, ErrExists, ErrConditionFailed)
	case (w.op == Update && !w.soft || w.take) && gone:
		return &Failure{Kinds: []error{ErrNotFound}, Cause: err}
	case foreign:
		return failed(errForeign)
	case (w.soft || w.deleted) && gone:
		return failed(errNothing)
	case w.op == Upsert && deleted:
		return failed(errDeleted)
	case w.deleted && !deleted:
		return failed(errAlive)
	}
	f := r.failure(ctx, w, p, err, have, ErrConditionFailed)
	if (w.op == Update || w.op == Upsert) && r.isOld(have.values()) {
		f.Why = "the stored item is of an older schema: put it first"
	}
	return f
}

// failure is an error that carries the stored item, if it can be decoded.
func (r *Repo) failure(ctx context.Context, w *Write, p *page, cause error, have stored, kinds ...error) *Failure {
	f := &Failure{Kinds: kinds, Cause: cause}
	var item reflect.Value
	if have.there() && !p.foreign(have) {
		old := reflect.New(r.Type)
		if p.load(ctx, have, old.Elem()) == nil {
			item = old.Elem()
			if r.stages.run(ctx, AfterLoad, item) == nil {
				f.Old = old.Interface()
			}
		}
	}
	if stale := r.stages.stale(w, item); stale != nil && (item.IsValid() || !have.there()) {
		f.Kinds = append([]error{stale}, f.Kinds...)
	}
	return f
}

// there reports whether there is an item.
func (i stored) there() bool { return i.raw != nil || i.attrs != nil }

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
	if failed && len(p.perOp) == 1 {
		have = p.perOp[0]
	}
	return have, failed
}
