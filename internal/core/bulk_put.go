package core

import (
	"context"
	"errors"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// bulkPutter is what a client has for bulk operations.
type bulkPutter interface {
	StartBulkPutItems(context.Context, *dynamodb.StartBulkPutItemsInput, ...func(*dynamodb.Options)) (*dynamodb.StartBulkPutItemsOutput, error)
	DescribeBulkOperation(context.Context, *dynamodb.DescribeBulkOperationInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeBulkOperationOutput, error)
}

// CheckBulk is what is wrong with putting items of the repository in bulk.
func (r *Repo) CheckBulk(unchecked bool) error {
	if err := r.CheckUnguarded(false, unchecked); err != nil {
		return err
	}
	if len(r.stages.hooks[AfterPut]) > 0 && !unchecked {
		return errors.New("it has hooks after puts, which a bulk put does not run; Unchecked goes without")
	}
	return r.Table.CheckBulk()
}

// CheckBulk is what is wrong with bulk operations on the table.
func (t *Table) CheckBulk() error {
	if t.Err != nil {
		return t.Err
	}
	return can[bulkPutter](t, "StartBulkPutItems")
}

// StoredPut is the JSON of item, a *T, as a put would store it. Its stages have run,
// and its blobs are stored; the caller's value stays as it is.
func (r *Repo) StoredPut(ctx context.Context, item any) ([]byte, error) {
	caller, err := elem(item)
	if err != nil {
		return nil, err
	}
	own := reflect.New(r.Type).Elem() // what generated values would be kept in
	own.Set(caller)
	w := &Write{repo: r, op: Put, caller: own, item: reflect.New(r.Type).Elem()}
	r.setItem(w.item, caller)
	if err := w.preparePut(ctx); err != nil {
		return nil, w.undo(ctx, err)
	}
	if err := w.upload(ctx); err != nil {
		return nil, err
	}
	return w.stored.json(), nil
}

// PartitionAttr is the first attribute of the table's partition key.
func (r *Repo) PartitionAttr() string { return r.table.attrs()[0].name }

// StartBulkPut starts a bulk operation, once for the token that it has.
func (t *Table) StartBulkPut(ctx context.Context, in *dynamodb.StartBulkPutItemsInput) (d *types.BulkOperationDescription, err error) {
	err = resend(ctx, nil, func() error {
		out, err := t.Client.(bulkPutter).StartBulkPutItems(ctx, in, options(ctx)...) //nolint:forcetypeassert // CheckBulk has looked
		if err == nil {
			d = out.BulkOperationDescription
		}
		return err
	})
	switch {
	case ambiguous(err):
		return nil, &Failure{Kinds: []error{ErrUnknownOutcome}, Why: "the operation may have been started", Cause: serviceError(err)}
	case err != nil:
		return nil, serviceError(err)
	}
	return d, nil
}

// DescribeBulk is what a bulk operation has come to.
func (t *Table) DescribeBulk(ctx context.Context, operation string) (*types.BulkOperationDescription, error) {
	out, err := t.Client.(bulkPutter).DescribeBulkOperation(ctx, &dynamodb.DescribeBulkOperationInput{BulkOperationArn: &operation}, options(ctx)...) //nolint:forcetypeassert // CheckBulk has looked
	if err != nil {
		return nil, serviceError(err)
	}
	return out.BulkOperationDescription, nil
}
