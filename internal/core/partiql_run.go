package core

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// maxBatchStatements is how many statements a batch takes.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
const maxBatchStatements = 25

// Statement is a PartiQL statement to be run with others, and what became of it.
type Statement struct {
	Found bool  // it read or returned an item of the repository
	Err   error // why it failed

	repo       *Repo
	how        Selecting
	view       *view
	text       string
	verb       string
	parameters []types.AttributeValue
	item       reflect.Value
	again      bool // it failed, and may be sent again
}

// NewStatement is text with args for its question marks, about items of the
// repository; item, a *T, is where one that it reads goes.
func (r *Repo) NewStatement(text string, args []any, how Selecting, item any) (*Statement, error) {
	if r.Table.Err != nil {
		return nil, r.Table.Err
	}
	s, err := r.statement(text, len(args))
	switch {
	case err != nil:
		return nil, err
	case how.Limit != 0 || how.PageSize != 0 || how.OnItem != nil:
		return nil, errors.New("a statement of several is about one item: it takes no limit, page size or OnItemError")
	}
	st := &Statement{repo: r, how: how, view: r.table.whole, text: text, verb: s.verb, item: reflect.ValueOf(item).Elem()}
	switch {
	case st.reads():
		if _, st.view, err = r.selected(s, how); err != nil {
			return nil, err
		}
	case how.Consistent || how.Deleted:
		return nil, errors.New("options of a SELECT")
	case r.Table.ReadOnly && s.verb != "EXISTS":
		return nil, ErrReadOnly
	}
	values, err := r.parameters(args)
	if err != nil || len(values) == 0 {
		return st, err
	}
	st.parameters, err = attributeList(joined(values))
	return st, err
}

func (s *Statement) reads() bool { return s.verb == "SELECT" }

// StatementsError is what failed of several statements.
type StatementsError struct {
	Canceled bool       // nothing of them took effect
	Failed   []*OpError // by their numbers
	Cause    error      // the SDK's error, nil: none
}

func (e *StatementsError) Error() string {
	var texts []string
	if e.Canceled {
		texts = append(texts, "canceled")
	}
	for _, f := range e.Failed {
		texts = append(texts, fmt.Sprintf("statement %d: %v", f.Index, f.Err))
	}
	return strings.Join(texts, "; ")
}

// Unwrap is why each failed, and the SDK's error.
func (e *StatementsError) Unwrap() (errs []error) {
	for _, f := range e.Failed {
		errs = append(errs, f.Err)
	}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	return errs
}

// failures is the error of statements, nil if none failed.
func failures(all []*Statement, canceled bool, cause error) error {
	e := &StatementsError{Canceled: canceled, Cause: cause}
	for i, s := range all {
		if s.Err != nil {
			e.Failed = append(e.Failed, &OpError{i, s.Err})
		}
	}
	if e.Failed == nil && !canceled {
		return nil
	}
	return e
}

// checkStatements refuses what the service would.
func checkStatements(all []*Statement, most int, what string) error {
	switch {
	case len(all) == 0:
		return fmt.Errorf("a %s of no statements", what)
	case len(all) > most:
		return fmt.Errorf("%d statements, more than the %d of a %s", len(all), most, what)
	}
	for i, s := range all {
		switch {
		case !sameClient(s.repo.Table, all[0].repo.Table):
			return fmt.Errorf("statement %d: its table has another client than that of the first", i)
		case s.reads() != all[0].reads():
			return fmt.Errorf("statement %d: a %s takes SELECTs, or statements that write", i, what)
		}
	}
	return nil
}

// ExecuteBatch runs statements, each by itself. What the service has no capacity
// for is sent again, as often as in a batch of writes.
func ExecuteBatch(ctx context.Context, all []*Statement) error {
	if err := checkStatements(all, maxBatchStatements, "batch"); err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(s *Statement) bool { return s.verb == "EXISTS" }); i >= 0 {
		return fmt.Errorf("statement %d: EXISTS is for transactions", i)
	}
	if err := can[batchExecutor](all[0].repo.Table, "BatchExecuteStatement"); err != nil {
		return err
	}
	backoff := Batching{Retries: BatchRetries}.backoff()
	for left := all; ; {
		if err := sendBatch(ctx, left); err != nil {
			for _, s := range left {
				s.Err = err
			}
			return failedCall(all, left, err)
		}
		left = slices.DeleteFunc(slices.Clone(left), func(s *Statement) bool { return !s.again })
		delay, stop := backoff.Next()
		if len(left) == 0 || stop || ctx.Err() != nil {
			return failures(all, false, nil)
		}
		sleep(ctx, delay)
	}
}

// failedCall is err of the call of left, with what failed of the others before it.
func failedCall(all, left []*Statement, err error) error {
	if len(left) == len(all) {
		return err
	}
	return failures(all, false, nil)
}

// sendBatch sends statements, and notes what became of each.
func sendBatch(ctx context.Context, all []*Statement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	in := &dynamodb.BatchExecuteStatementInput{Statements: make([]types.BatchStatementRequest, len(all))}
	for i, s := range all {
		in.Statements[i] = types.BatchStatementRequest{Statement: &s.text, Parameters: s.parameters}
		if s.how.Consistent {
			in.Statements[i].ConsistentRead = aws.Bool(true)
		}
		if !s.reads() {
			in.Statements[i].ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
		}
	}
	watch, op := &attempts{once: true}, &opBatchExecute
	if all[0].reads() {
		watch, op = nil, &opBatchSelect
	}
	c, p := newStatementCall(ctx, all, watch, 1)
	defer p.release()
	out, err := invoke(c, op, in)
	switch {
	case err != nil && watch != nil && watch.mayHaveTakenEffect(err):
		return &Failure{Kinds: []error{ErrUnknownOutcome}, Cause: serviceError(err)}
	case err != nil:
		return serviceError(err)
	case len(out.Responses) != len(all):
		return fmt.Errorf("the service answered %d statements, not %d", len(out.Responses), len(all))
	}
	for i, s := range all {
		s.Found, s.Err, s.again = false, nil, false
		if fault := out.Responses[i].Error; fault != nil {
			s.refused(ctx, string(fault.Code), aws.ToString(fault.Message), fault.Item)
		} else {
			s.read(ctx, out.Responses[i].Item)
		}
	}
	return nil
}

// newStatementCall is a call of statements, which crosses the SDK as attribute
// values; its items weigh so much more than single ones.
func newStatementCall(ctx context.Context, all []*Statement, watch *attempts, weight float64) (*call, *page) {
	r := all[0].repo
	p := r.outcome(nil)
	c := r.Table.newCall(ctx, p, watch)
	c.direct = false
	for _, s := range all {
		c.among(s.repo.Table)
	}
	for _, s := range all {
		if c.seen != nil {
			units := writeUnits(0)
			if s.reads() {
				units = readUnits(0, s.how.Consistent || weight > 1)
			}
			c.seen.about(s.repo.Table, weight*units)
		}
	}
	return c, p
}

// ExecuteTransaction runs statements as one transaction, all or nothing. Every
// attempt has the same token, which is made if it is empty.
func ExecuteTransaction(ctx context.Context, all []*Statement, token string) error {
	if err := checkStatements(all, maxTransaction, "transaction"); err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(s *Statement) bool { return s.how.Consistent }); i >= 0 {
		return fmt.Errorf("statement %d: what a transaction reads is always consistent", i)
	}
	switch err := can[transactionExecutor](all[0].repo.Table, "ExecuteTransaction"); {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if token == "" {
		token = rand.Text()
	}
	in := &dynamodb.ExecuteTransactionInput{ClientRequestToken: &token, TransactStatements: make([]types.ParameterizedStatement, len(all))}
	watch, op := new(attempts), &opTransactExecute
	if all[0].reads() {
		watch, op = nil, &opTransactSelect
	}
	for i, s := range all {
		s.Found, s.Err = false, nil
		in.TransactStatements[i] = types.ParameterizedStatement{Statement: &s.text, Parameters: s.parameters}
		if !s.reads() {
			in.TransactStatements[i].ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
		}
	}
	c, p := newStatementCall(ctx, all, watch, transactional)
	defer p.release()
	var out *dynamodb.ExecuteTransactionOutput
	err := resend(ctx, watch, func() (err error) { //nolint:contextcheck // a kept stack outlives the call that it is made in
		out, err = invoke(c, op, in)
		return err
	})
	var canceled *types.TransactionCanceledException
	switch {
	case errors.As(err, &canceled) && len(canceled.CancellationReasons) == len(all):
		for i, reason := range canceled.CancellationReasons {
			if code := aws.ToString(reason.Code); code != "None" && code != "" {
				all[i].refused(ctx, code, aws.ToString(reason.Message), reason.Item)
			}
		}
		return failures(all, true, err)
	case err != nil && watch != nil && watch.mayHaveTakenEffect(err):
		return &Failure{Kinds: []error{ErrUnknownOutcome}, Cause: serviceError(err)}
	case err != nil:
		return serviceError(err)
	case !all[0].reads():
		return nil
	case len(out.Responses) != len(all):
		return fmt.Errorf("the service answered %d statements, not %d", len(out.Responses), len(all))
	}
	for i, s := range all {
		s.read(ctx, out.Responses[i].Item)
	}
	return failures(all, false, nil)
}

// read reads the item that the statement found or returned, unless it is none of
// the repository's.
func (s *Statement) read(ctx context.Context, attrs map[string]types.AttributeValue) {
	s.item.SetZero()
	if len(attrs) == 0 {
		return
	}
	p := s.view.newPage(s.repo.Table)
	defer p.release()
	p.single, p.deleted = reflect.New(s.repo.Type).Elem(), s.how.Deleted
	p.hidden, p.returned = !s.reads(), !s.reads()
	p.readMap(attrs)
	p.loaded(ctx)
	if !p.found() {
		return
	}
	if err := p.entries[0].err; err != nil {
		if s.Err = fmt.Errorf("%w: %w", ErrAfterWrite, err); s.reads() {
			s.Err = &BadItem{Path: pathOf(err), Err: err}
		}
		return
	}
	s.Found = true
	s.item.Set(p.single)
}

// refused notes why the service refused the statement, for which it had item.
func (s *Statement) refused(ctx context.Context, code, message string, item map[string]types.AttributeValue) {
	cause := statementError(code, message, item)
	s.again = throttled(cause) || Conflict(cause) || s.reads() && ambiguous(cause)
	var missing *types.ResourceNotFoundException
	f := &Failure{Cause: cause}
	switch {
	case code == "ConditionalCheckFailed":
		f.Kinds = []error{ErrConditionFailed}
	case code == "DuplicateItem":
		f.Kinds = []error{ErrExists, ErrConditionFailed}
	case errors.As(cause, &missing):
		f.Kinds = []error{ErrTableNotFound}
	case !s.reads() && ambiguous(cause):
		f.Kinds = []error{ErrUnknownOutcome}
	default:
		s.Err = &ServiceError{cause}
		return
	}
	s.Err = f
	if len(item) == 0 {
		return
	}
	p := s.repo.outcome(nil)
	defer p.release()
	if have := (stored{attrs: item}); !p.foreign(have) {
		old := reflect.New(s.repo.Type)
		if p.load(ctx, have, old.Elem()) == nil && s.repo.stages.run(ctx, AfterLoad, old.Elem()) == nil {
			f.Old = old.Interface()
		}
	}
}

// statementError is the error that a statement would fail with on its own.
func statementError(code, message string, item map[string]types.AttributeValue) error {
	switch types.BatchStatementErrorCodeEnum(code) {
	case types.BatchStatementErrorCodeEnumConditionalCheckFailed:
		return &types.ConditionalCheckFailedException{Message: &message, Item: item}
	case types.BatchStatementErrorCodeEnumDuplicateItem:
		return &types.DuplicateItemException{Message: &message}
	case types.BatchStatementErrorCodeEnumProvisionedThroughputExceeded:
		return &types.ProvisionedThroughputExceededException{Message: &message}
	case types.BatchStatementErrorCodeEnumRequestLimitExceeded:
		return &types.RequestLimitExceeded{Message: &message}
	case types.BatchStatementErrorCodeEnumTransactionConflict:
		return &types.TransactionConflictException{Message: &message}
	case types.BatchStatementErrorCodeEnumInternalServerError:
		return &types.InternalServerError{Message: &message}
	case types.BatchStatementErrorCodeEnumResourceNotFound:
		return &types.ResourceNotFoundException{Message: &message}
	case types.BatchStatementErrorCodeEnumItemCollectionSizeLimitExceeded:
		return &types.ItemCollectionSizeLimitExceededException{Message: &message}
	case types.BatchStatementErrorCodeEnumThrottlingError:
		code = "ThrottlingException"
	case types.BatchStatementErrorCodeEnumValidationError:
		code = "ValidationException"
	case types.BatchStatementErrorCodeEnumAccessDenied:
		code = "AccessDeniedException"
	}
	return &smithy.GenericAPIError{Code: code, Message: message}
}
