package core

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/sethvargo/go-retry"
)

// transactItem is w as an operation of a transaction.
func (r *Repo) transactItem(w *write) types.TransactWriteItem {
	table, onFailure := aws.String(r.Table.Name), types.ReturnValuesOnConditionCheckFailureAllOld
	switch w.op {
	case Create, Put:
		return types.TransactWriteItem{Put: &types.Put{
			TableName: table, Item: w.attrs, ConditionExpression: optional(w.condition),
			ExpressionAttributeNames: w.names, ExpressionAttributeValues: w.values,
			ReturnValuesOnConditionCheckFailure: onFailure,
		}}
	case Delete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: table, Key: w.key, ConditionExpression: optional(w.condition),
			ExpressionAttributeNames: w.names, ExpressionAttributeValues: w.values,
			ReturnValuesOnConditionCheckFailure: onFailure,
		}}
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: table, Key: w.key, ConditionExpression: optional(w.condition), UpdateExpression: optional(w.update),
		ExpressionAttributeNames: w.names, ExpressionAttributeValues: w.values,
		ReturnValuesOnConditionCheckFailure: onFailure,
	}}
}

// Conflicts with other transactions are tried again this often, starting
// after this long.
const (
	conflictRetries = 5
	conflictDelay   = 20 * time.Millisecond
)

// sendOnce sends w as a transaction of one with a token, so that repeating
// it has no second effect. Items before the write cannot be had that way; an
// updated item is read afterwards.
func (r *Repo) sendOnce(ctx context.Context, w *write, watch *attempts, wanted bool) (map[string]types.AttributeValue, error) {
	in := &dynamodb.TransactWriteItemsInput{
		TransactItems:      []types.TransactWriteItem{r.transactItem(w)},
		ClientRequestToken: aws.String(rand.Text()),
	}
	backoff := retry.WithMaxRetries(conflictRetries, retry.WithJitterPercent(50, retry.NewExponential(conflictDelay)))
	err := retry.Do(ctx, backoff, func(ctx context.Context) error {
		_, err := r.Table.Client.TransactWriteItems(ctx, in, watch.options(ctx)...)
		if conflict(err) {
			return retry.RetryableError(err)
		}
		return err
	})
	if err != nil || !wanted {
		return nil, err
	}
	out, err := r.Table.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(r.Table.Name), Key: w.key, ConsistentRead: aws.Bool(true),
	}, options(ctx)...)
	switch {
	case err != nil:
		return nil, &Failure{Kinds: []error{errReadBack}, Cause: err}
	case len(out.Item) == 0:
		return nil, &Failure{Kinds: []error{errReadBack}, Why: "the item was deleted since"}
	}
	return out.Item, nil
}

var errReadBack = errors.New("the write took effect, but its result could not be read")

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
