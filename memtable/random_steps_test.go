package memtable_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

var theTable = aws.String("table")

// settle holds the error of a single write to the model's, and keeps its effect if there is none.
func (w *walk) settle(out write, err error, shown func() item, want plainItem) error {
	switch {
	case out.bad && out.fails: // either may come first
		if expect(err, validationCode) == nil {
			return nil
		}
		return expect(err, conditionCode)
	case out.bad:
		return expect(err, validationCode)
	case out.fails:
		return expect(err, conditionCode)
	case err != nil:
		return err
	}
	w.keep(out)
	return same(shown(), want)
}

func (w *walk) put(ctx context.Context) error {
	out := w.drawWrite("put")
	old := w.rows[w.plainTable.key(out.key)]
	got, err := w.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: theTable, Item: out.item.item(), ConditionExpression: out.condition,
		ExpressionAttributeValues: out.values, ReturnValues: types.ReturnValueAllOld})
	return w.settle(out, err, func() item { return got.Attributes }, old)
}

func (w *walk) update(ctx context.Context) error {
	out := w.drawWrite("update")
	old := w.rows[w.plainTable.key(out.key)]
	returns, want := types.ReturnValueAllNew, out.next
	if w.r.IntN(2) == 0 {
		returns, want = types.ReturnValueAllOld, old
	}
	got, err := w.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: theTable, Key: out.key.item(), UpdateExpression: &out.update,
		ConditionExpression: out.condition, ExpressionAttributeValues: out.values, ReturnValues: returns})
	return w.settle(out, err, func() item { return got.Attributes }, want)
}

func (w *walk) remove(ctx context.Context) error {
	out := w.drawWrite("delete")
	old := w.rows[w.plainTable.key(out.key)]
	got, err := w.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: theTable, Key: out.key.item(), ConditionExpression: out.condition,
		ExpressionAttributeValues: out.values, ReturnValues: types.ReturnValueAllOld})
	return w.settle(out, err, func() item { return got.Attributes }, old)
}

func (w *walk) get(ctx context.Context) error {
	key := w.drawKey(w.r)
	got, err := w.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: theTable, Key: key.item(), ConsistentRead: aws.Bool(w.r.IntN(2) == 0)})
	if err != nil {
		return err
	}
	return same(got.Item, w.rows[w.plainTable.key(key)])
}

// drawWrites draws writes to different items.
func (w *walk) drawWrites(kinds ...string) (out []write) {
	seen := map[[2]plain]bool{}
	for range 1 + w.r.IntN(6) {
		one := w.drawWrite(kinds[w.r.IntN(len(kinds))])
		if key := w.plainTable.key(one.key); !seen[key] {
			seen[key] = true
			out = append(out, one)
		}
	}
	return out
}

// drawKeys draws different keys.
func (w *walk) drawKeys() (out []plainItem) {
	for range 1 + w.r.IntN(8) {
		key := w.drawKey(w.r)
		if !slices.ContainsFunc(out, func(k plainItem) bool { return maps.Equal(k, key) }) {
			out = append(out, key)
		}
	}
	return out
}

func (w *walk) batchWrite(ctx context.Context) error {
	var requests []types.WriteRequest
	bad, writes := false, w.drawWrites("put", "delete")
	for _, out := range writes {
		bad = bad || out.bad
		if out.kind == "put" {
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: out.item.item()}})
		} else {
			requests = append(requests, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: out.key.item()}})
		}
	}
	_, err := w.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*theTable: requests}})
	if bad {
		return expect(err, validationCode)
	}
	for _, out := range writes {
		w.keep(out)
	}
	return err
}

func (w *walk) batchGet(ctx context.Context) error {
	in := types.KeysAndAttributes{}
	var want []plainItem
	for _, key := range w.drawKeys() {
		in.Keys = append(in.Keys, key.item())
		if it := w.rows[w.plainTable.key(key)]; it != nil {
			want = append(want, it)
		}
	}
	got, err := w.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*theTable: in}})
	if err != nil {
		return err
	}
	return sameItems(got.Responses[*theTable], want)
}

// sameItems holds items in any order to the model's.
func sameItems(got []item, want []plainItem) error {
	var have []plainItem
	for _, it := range got {
		have = append(have, plainItemOf(it))
	}
	slices.SortFunc(have, total)
	slices.SortFunc(want, total)
	if !slices.EqualFunc(have, want, func(a, b plainItem) bool { return maps.Equal(a, b) }) {
		return fmt.Errorf("got %v, want %v", have, want)
	}
	return nil
}

func (w *walk) transactWrite(ctx context.Context) error {
	var items []types.TransactWriteItem
	bad, fails, writes := false, false, w.drawWrites("put", "delete", "update", "check")
	for _, out := range writes {
		bad, fails = bad || out.bad, fails || out.fails
		var op types.TransactWriteItem
		switch out.kind {
		case "put":
			op.Put = &types.Put{TableName: theTable, Item: out.item.item(), ConditionExpression: out.condition, ExpressionAttributeValues: out.values}
		case "delete":
			op.Delete = &types.Delete{TableName: theTable, Key: out.key.item(), ConditionExpression: out.condition, ExpressionAttributeValues: out.values}
		case "update":
			op.Update = &types.Update{TableName: theTable, Key: out.key.item(), UpdateExpression: &out.update,
				ConditionExpression: out.condition, ExpressionAttributeValues: out.values}
		case "check":
			op.ConditionCheck = &types.ConditionCheck{TableName: theTable, Key: out.key.item(), ConditionExpression: out.condition, ExpressionAttributeValues: out.values}
		}
		items = append(items, op)
	}
	_, err := w.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	switch {
	case bad && expect(err, validationCode) == nil: // an empty key is no reason of one write, but fails the request
		return nil
	case bad || fails:
		return expect(err, cancelledCode)
	}
	for _, out := range writes {
		w.keep(out)
	}
	return err
}

func (w *walk) transactGet(ctx context.Context) error {
	var items []types.TransactGetItem
	keys := w.drawKeys()
	for _, key := range keys {
		items = append(items, types.TransactGetItem{Get: &types.Get{TableName: theTable, Key: key.item()}})
	}
	got, err := w.client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: items})
	if err != nil {
		return err
	}
	for i, key := range keys {
		if err := same(got.Responses[i].Item, w.rows[w.plainTable.key(key)]); err != nil {
			return err
		}
	}
	return nil
}

// changeIndexes deletes a global index, or adds one to the items that are there.
func (w *walk) changeIndexes(ctx context.Context) error {
	at := slices.IndexFunc(w.indexes, func(x *plainIndex) bool { return !x.local })
	if at >= 0 && w.r.IntN(2) == 0 {
		gone := w.indexes[at].name
		w.note("without %s", gone)
		w.indexes = slices.Delete(w.indexes, at, at+1)
		_, err := w.client.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: theTable, GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{
			{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: &gone}}}})
		return err
	}
	if len(w.indexes) > 4 {
		return nil
	}
	x := w.drawIndex(w.r, "more"+strconv.Itoa(len(w.steps)))
	w.note("with %+v", *x)
	_, err := w.client.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: theTable, AttributeDefinitions: w.definitions(x),
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: &x.name, KeySchema: x.schema(), Projection: x.projected()}}}})
	w.indexes = append(w.indexes, x)
	return err
}
