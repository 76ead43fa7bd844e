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

// transactItem is w as an operation of the transaction that c sends.
func (r *Repo) transactItem(c *call, w *Write) (item types.TransactWriteItem) {
	table, onFailure := aws.String(r.Table.Name), types.ReturnValuesOnConditionCheckFailureAllOld
	switch w.op {
	case Create, Put:
		item.Put = &types.Put{
			TableName: table, ConditionExpression: optional(w.condition), ExpressionAttributeNames: w.names,
			ReturnValuesOnConditionCheckFailure: onFailure,
		}
		c.item(&item.Put.Item, w.stored)
		c.values(&item.Put.ExpressionAttributeValues, w.values)
	case Delete:
		item.Delete = &types.Delete{
			TableName: table, ConditionExpression: optional(w.condition), ExpressionAttributeNames: w.names,
			ReturnValuesOnConditionCheckFailure: onFailure,
		}
		c.key(&item.Delete.Key, w.key)
		c.values(&item.Delete.ExpressionAttributeValues, w.values)
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

// Conflicts with other transactions are tried again this often, starting
// after this long.
const (
	conflictRetries = 5
	conflictDelay   = 20 * time.Millisecond
)

// sendOnce sends w as a transaction of one with a token, so that repeating
// it has no second effect. Items before the write cannot be had that way; an
// updated item is read afterwards.
func (r *Repo) sendOnce(ctx context.Context, w *Write, p *page, watch *attempts, wanted bool) error {
	c := r.Table.newCall(ctx, p, watch)
	in := &dynamodb.TransactWriteItemsInput{
		TransactItems:      []types.TransactWriteItem{r.transactItem(c, w)},
		ClientRequestToken: aws.String(rand.Text()),
	}
	backoff := retry.WithMaxRetries(conflictRetries, retry.WithJitterPercent(50, retry.NewExponential(conflictDelay)))
	err := retry.Do(ctx, backoff, func(ctx context.Context) error {
		_, err := invoke(c, &opTransactWriteItems, in)
		if conflict(err) {
			return retry.RetryableError(err)
		}
		return err
	})
	if err != nil || !wanted {
		return err
	}
	err = r.Table.getItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(r.Table.Name), ConsistentRead: aws.Bool(true)}, w.key, p)
	switch {
	case err != nil:
		return &Failure{Kinds: []error{errReadBack}, Cause: err}
	case len(p.entries) == 0:
		return &Failure{Kinds: []error{errReadBack}, Why: "the item was deleted since"}
	}
	return nil
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
