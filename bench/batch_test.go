package bench

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/bench/internal/work"
)

// batches are the verbs on many items. The SDK's side looks whether anything
// was left unprocessed, and does nothing about it, as nothing was.
func batches(tb testing.TB) []task {
	const reads, writes = 100, 25
	c, repo := stored(tb, work.OrderKey, work.NewOrder, reads)
	orders, keys := make([]work.Order, reads), make([]work.Order, reads)
	for i := range orders {
		orders[i] = work.NewOrder(i)
		keys[i] = work.Order{Customer: orders[i].Customer, ID: orders[i].ID}
	}
	puts := func(yield func(batch.Op) bool) {
		for i := range orders[:writes] {
			if !yield(batch.Put(repo, &orders[i])) {
				return
			}
		}
	}
	get := func() error {
		items := make([]work.Order, 0, reads)
		for o, err := range batch.Get(background, repo, slices.Values(keys)) {
			if err != nil {
				return err
			}
			items = append(items, o)
		}
		return errorIf(len(items) != reads)
	}
	check(tb, get())
	check(tb, batch.Write(background, puts))
	repo, client := replayed(tb, c, work.OrderKey)
	return []task{{
		name:  "BatchGetItem/shape=order",
		dynox: get,
		sdk: func() error {
			wanted := make([]map[string]types.AttributeValue, len(keys))
			for i, k := range keys {
				wanted[i] = map[string]types.AttributeValue{
					"customer": &types.AttributeValueMemberS{Value: k.Customer}, "id": &types.AttributeValueMemberS{Value: k.ID},
				}
			}
			out, err := client.BatchGetItem(background, &dynamodb.BatchGetItemInput{
				RequestItems: map[string]types.KeysAndAttributes{"shop": {Keys: wanted}},
			})
			if err != nil {
				return err
			}
			items := make([]work.Order, 0, reads)
			if err := attributevalue.UnmarshalListOfMaps(out.Responses["shop"], &items); err != nil {
				return err
			}
			return errorIf(len(items) != reads || len(out.UnprocessedKeys) > 0)
		},
	}, {
		name:  "BatchWriteItem/shape=order",
		dynox: func() error { return batch.Write(background, puts) },
		sdk: func() error {
			requests := make([]types.WriteRequest, writes)
			for i := range requests {
				item, err := attributevalue.MarshalMap(orders[i])
				if err != nil {
					return err
				}
				requests[i].PutRequest = &types.PutRequest{Item: item}
			}
			out, err := client.BatchWriteItem(background, &dynamodb.BatchWriteItemInput{
				RequestItems: map[string][]types.WriteRequest{"shop": requests},
			})
			if err != nil {
				return err
			}
			return errorIf(len(out.UnprocessedItems) > 0)
		},
	}}
}

var errWrong = errors.New("not what was asked for")

func errorIf(wrong bool) error {
	if wrong {
		return errWrong
	}
	return nil
}
