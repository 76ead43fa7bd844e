package core

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/sethvargo/go-retry"

	"github.com/dynox-go/dynox/internal/ast"
)

// The limits of a transaction.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	maxTransaction      = 100
	maxTransactionBytes = 4 << 20
)

// Conflicts with other transactions, and lost answers to what takes effect once
// however often it is sent, are tried again this often, beyond what the SDK
// retries, starting after this long.
const (
	resends     = 5
	resendDelay = 20 * time.Millisecond
)

// Canceled is a transaction that the service refused: nothing of it took
// effect.
type Canceled struct {
	Reasons []Reason // one for each operation
	Cause   error    // the SDK's error
}

// Reason is why an operation was refused; the zero value: it was not.
type Reason struct {
	Code string // the service's
	Err  error  // what the operation would fail with on its own
}

func (c *Canceled) Error() string { return "transaction canceled" }

// Unwrap gives errors.Is and errors.As the reasons, and the SDK's error.
func (c *Canceled) Unwrap() []error {
	var errs []error
	for _, r := range c.Reasons {
		if r.Err != nil {
			errs = append(errs, r.Err)
		}
	}
	return append(errs, c.Cause)
}

// OpError is what is wrong with one operation of several.
type OpError struct {
	Index int
	Err   error
}

func (e *OpError) Error() string { return fmt.Sprintf("operation %d: %v", e.Index, e.Err) }

// Unwrap is what is wrong.
func (e *OpError) Unwrap() error { return e.Err }

// Transact sends writes as one transaction, all or nothing. Every attempt
// sends the same bytes and the same token, which is made if it is empty.
func Transact(ctx context.Context, writes []*Write, token string) error {
	if err := checkTransaction(writes); err != nil {
		return Abandon(ctx, writes, err)
	}
	if token != "" && slices.ContainsFunc(writes, (*Write).mayChange) {
		return Abandon(ctx, writes, errors.New("a token of the caller's: what is sent to change unique attributes depends on what is stored"))
	}
	for i, w := range writes {
		if err := w.upload(ctx); err != nil {
			return Abandon(ctx, writes, &OpError{i, err})
		}
	}
	err := again(ctx, func() error {
		all, err := remake(ctx, writes)
		switch {
		case err != nil:
			return err
		case len(all) == len(writes):
			return transactAll(ctx, writes, token)
		}
		if err := checkTransaction(all); err != nil {
			return fmt.Errorf("with what keeps its attributes unique: %w", err)
		}
		err = transactAll(ctx, all, "")
		if canceled, ok := err.(*Canceled); ok { //nolint:errorlint // it is not wrapped
			return unfold(writes, all, canceled)
		}
		return err
	})
	if err != nil {
		return Abandon(ctx, writes, err)
	}
	errs := make([]error, len(writes))
	for i, w := range writes {
		errs[i] = w.done(ctx, reflect.Value{})
	}
	return errors.Join(errs...)
}

// transactAll sends writes as they are, and settles the outcome.
func transactAll(ctx context.Context, writes []*Write, token string) error {
	p := writes[0].repo.outcome(nil)
	defer p.release()
	watch := new(attempts)
	err := transact(ctx, writes, token, p, watch)
	var canceled *types.TransactionCanceledException
	switch {
	case err == nil:
		return nil
	case errors.As(err, &canceled) && len(canceled.CancellationReasons) == len(writes) && !(watch.lost.Load() && passing(canceled)):
		return cancellation(ctx, writes, p, err, canceled.CancellationReasons)
	case watch.mayHaveTakenEffect(err):
		return &Failure{Kinds: []error{ErrUnknownOutcome}, Cause: serviceError(err)}
	}
	var actions []*ast.Action
	for _, w := range writes {
		actions = append(actions, w.actions...)
	}
	return updateError(err, actions)
}

// Abandon is what follows when writes, which were prepared, do not take effect
// because of err, which it returns.
func Abandon(ctx context.Context, writes []*Write, err error) error {
	for _, w := range writes {
		err = w.failed(ctx, err)
	}
	return err
}

// transact sends writes; items that come with an error go to p.
func transact(ctx context.Context, writes []*Write, token string, p *page, watch *attempts) error {
	c := writes[0].repo.Table.newCall(ctx, p, watch)
	for _, w := range writes {
		c.direct = c.direct && w.repo.Table.direct(ctx)
		c.among(w.repo.Table)
	}
	if token == "" {
		token = rand.Text()
	}
	in := &dynamodb.TransactWriteItemsInput{TransactItems: make([]types.TransactWriteItem, len(writes)), ClientRequestToken: &token}
	for i, w := range writes {
		in.TransactItems[i] = w.transactItem(c)
		if c.seen != nil {
			c.seen.about(w.repo.Table, transactional*writeUnits(w.stored.size()))
			if w.key != nil { // sentinels have a partition each
				c.seen.in(w.repo.Table, w.key.appendIdentity(nil))
			}
		}
	}
	return resend(ctx, watch, func() error { //nolint:contextcheck // a kept stack outlives the call that it is made in
		_, err := invoke(c, &opTransactWriteItems, in)
		return err
	})
}

// resend calls send, whose effect is the same however often, until its answer
// is not lost and it does not fail only because others touched its items, a few
// times. What is throttled is sent again only to find out what became of an
// answer that was lost; watch is nil for reads.
func resend(ctx context.Context, watch *attempts, send func() error) error {
	backoff := retry.WithMaxRetries(resends, retry.WithJitterPercent(50, retry.NewExponential(resendDelay)))
	var last error
	err := retry.Do(ctx, backoff, func(ctx context.Context) error {
		last = send()
		unknown := ambiguous(last) || watch != nil && watch.lost.Load() && throttled(last)
		if ctx.Err() == nil && (conflict(last) || unknown) {
			return retry.RetryableError(last)
		}
		return last
	})
	if err != nil && last != nil {
		return last // rather than that the context ended while it waited
	}
	return err
}

// conflict reports whether a transaction was canceled only because others
// touched its items.
func conflict(err error) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false
	}
	for _, reason := range canceled.CancellationReasons {
		if code := aws.ToString(reason.Code); code != "TransactionConflict" && code != "None" {
			return false
		}
	}
	return len(canceled.CancellationReasons) > 0
}

// passing reports whether a transaction was canceled only for reasons that pass, which say
// nothing of an earlier attempt whose answer was lost.
func passing(canceled *types.TransactionCanceledException) bool {
	for _, reason := range canceled.CancellationReasons {
		switch aws.ToString(reason.Code) {
		case "", "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
		default:
			return false
		}
	}
	return true
}

// transactItem is w as an operation of the transaction that c sends.
func (w *Write) transactItem(c *call) (item types.TransactWriteItem) {
	table, onFailure := aws.String(w.repo.Table.Name), types.ReturnValuesOnConditionCheckFailureAllOld
	switch w.op {
	case Create, Put, claims:
		item.Put = &types.Put{
			TableName: table, ConditionExpression: optional(w.condition), ExpressionAttributeNames: w.names,
			ReturnValuesOnConditionCheckFailure: onFailure,
		}
		c.item(&item.Put.Item, w.stored)
		c.values(&item.Put.ExpressionAttributeValues, w.values)
	case Delete, unclaims:
		item.Delete = &types.Delete{
			TableName: table, ConditionExpression: optional(w.condition), ExpressionAttributeNames: w.names,
			ReturnValuesOnConditionCheckFailure: onFailure,
		}
		c.key(&item.Delete.Key, w.key)
		c.values(&item.Delete.ExpressionAttributeValues, w.values)
	case Check, checks:
		item.ConditionCheck = &types.ConditionCheck{
			TableName: table, ConditionExpression: optional(w.condition), ExpressionAttributeNames: w.names,
			ReturnValuesOnConditionCheckFailure: onFailure,
		}
		c.key(&item.ConditionCheck.Key, w.key)
		c.values(&item.ConditionCheck.ExpressionAttributeValues, w.values)
	default:
		item.Update = &types.Update{
			TableName: table, ConditionExpression: optional(w.condition), UpdateExpression: optional(w.update), ExpressionAttributeNames: w.names,
			ReturnValuesOnConditionCheckFailure: onFailure,
		}
		c.key(&item.Update.Key, w.key)
		c.values(&item.Update.ExpressionAttributeValues, w.values)
	}
	c.next()
	return item
}

// checkTransaction refuses what the service would.
func checkTransaction(writes []*Write) error {
	if err := checkCount(len(writes)); err != nil {
		return err
	}
	total := 0
	keys, numbers := make([]target, len(writes)), make([]int, len(writes))
	for i, w := range writes {
		total += w.stored.size()
		keys[i], numbers[i] = target{w.repo.Table, w.repo.keyOf(w)}, i
	}
	if total > maxTransactionBytes {
		return &Failure{Kinds: []error{ErrTooLarge}, Why: fmt.Sprintf("the items have %d bytes together, more than the %d of a transaction", total, maxTransactionBytes)}
	}
	return checkTargets(keys, numbers)
}

func checkCount(n int) error {
	switch {
	case n == 0:
		return errors.New("a transaction of nothing")
	case n > maxTransaction:
		return fmt.Errorf("%d operations, more than the %d of a transaction", n, maxTransaction)
	}
	return nil
}

// target is an item that an operation is about.
type target struct {
	table *Table
	key   map[string]types.AttributeValue
}

// checkTargets refuses two operations on one item, and tables that one request
// does not reach; numbers are those of the targets' operations.
func checkTargets(targets []target, numbers []int) error {
	for i, t := range targets {
		if t.table.Client != targets[0].table.Client {
			return &OpError{numbers[i], errors.New("its table has another client than that of the first")}
		}
		for j, other := range targets[:i] {
			if t.table.Name == other.table.Name && equalItems(t.key, other.key) {
				return &OpError{numbers[i], fmt.Errorf("it is about the same item as operation %d: a transaction takes one for each", numbers[j])}
			}
		}
	}
	return nil
}

// keyOf is the key of the item that w is about.
func (r *Repo) keyOf(w *Write) map[string]types.AttributeValue {
	if w.key != nil {
		return w.key.values()
	}
	return r.raw(r.table, w.stored)
}

// cancellation maps the reasons of a canceled transaction to its writes.
func cancellation(ctx context.Context, writes []*Write, p *page, err error, reasons []types.CancellationReason) error {
	c := &Canceled{Reasons: make([]Reason, len(writes)), Cause: err}
	for i, reason := range reasons {
		code := aws.ToString(reason.Code)
		if code == "None" || code == "" {
			continue
		}
		w := writes[i]
		c.Reasons[i] = Reason{code, &reasonError{code}}
		switch code {
		case "ValidationError":
			if f := invalid(aws.ToString(reason.Message), w.actions); f != nil {
				c.Reasons[i].Err = f
			}
		case "ConditionalCheckFailed":
			have := stored{attrs: nonEmpty(reason.Item)}
			if len(p.perOp) == len(writes) {
				have = p.perOp[i]
			}
			own := w.repo.outcome(nil)
			c.Reasons[i].Err = w.repo.refused(ctx, w, own, nil, have)
			own.release()
		}
	}
	return c
}

// reasonError is a reason other than a condition's.
type reasonError struct{ code string }

func (e *reasonError) Error() string { return "the service answered " + e.code }
