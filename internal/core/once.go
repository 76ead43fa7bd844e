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
	if wanted && w.op != Update && w.op != Upsert {
		return nil, errors.New("a write sent exactly once cannot return what it replaced")
	}
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

// equalItems reports whether two items are the same to the service: numbers
// by value, sets in any order.
func equalItems(a, b map[string]types.AttributeValue) bool {
	if len(a) != len(b) {
		return false
	}
	for name, v := range a {
		if w, ok := b[name]; !ok || !equalValues(v, w) {
			return false
		}
	}
	return true
}

func equalValues(a, b types.AttributeValue) bool {
	switch a := a.(type) {
	case *types.AttributeValueMemberS, *types.AttributeValueMemberN, *types.AttributeValueMemberB:
		return kindOf(a) == kindOf(b) && compare(a, b) == 0
	case *types.AttributeValueMemberBOOL:
		b, ok := b.(*types.AttributeValueMemberBOOL)
		return ok && a.Value == b.Value
	case *types.AttributeValueMemberNULL:
		_, ok := b.(*types.AttributeValueMemberNULL)
		return ok
	case *types.AttributeValueMemberM:
		b, ok := b.(*types.AttributeValueMemberM)
		return ok && equalItems(a.Value, b.Value)
	case *types.AttributeValueMemberL:
		b, ok := b.(*types.AttributeValueMemberL)
		if !ok || len(a.Value) != len(b.Value) {
			return false
		}
		for i := range a.Value {
			if !equalValues(a.Value[i], b.Value[i]) {
				return false
			}
		}
		return true
	}
	as, bs := members(a), members(b)
	if kindOf(a) != kindOf(b) || len(as) != len(bs) {
		return false
	}
	for _, x := range as {
		found := false
		for _, y := range bs {
			found = found || compare(x, y) == 0
		}
		if !found {
			return false
		}
	}
	return true
}

// members are the elements of a set.
func members(av types.AttributeValue) []types.AttributeValue {
	var vs []types.AttributeValue
	switch s := av.(type) {
	case *types.AttributeValueMemberSS:
		for _, v := range s.Value {
			vs = append(vs, text(v))
		}
	case *types.AttributeValueMemberNS:
		for _, v := range s.Value {
			vs = append(vs, &types.AttributeValueMemberN{Value: v})
		}
	case *types.AttributeValueMemberBS:
		for _, v := range s.Value {
			vs = append(vs, &types.AttributeValueMemberB{Value: v})
		}
	}
	return vs
}

// kindOf is the name of av's attribute type, "" for a nil one.
func kindOf(av types.AttributeValue) string {
	switch av.(type) {
	case *types.AttributeValueMemberS:
		return "S"
	case *types.AttributeValueMemberN:
		return "N"
	case *types.AttributeValueMemberB:
		return "B"
	case *types.AttributeValueMemberBOOL:
		return "BOOL"
	case *types.AttributeValueMemberNULL:
		return "NULL"
	case *types.AttributeValueMemberM:
		return "M"
	case *types.AttributeValueMemberL:
		return "L"
	case *types.AttributeValueMemberSS:
		return "SS"
	case *types.AttributeValueMemberNS:
		return "NS"
	case *types.AttributeValueMemberBS:
		return "BS"
	}
	return ""
}
