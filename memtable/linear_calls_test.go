package memtable_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// expression is a write's condition, with its values; nil for none.
func (f effect) expression() (*string, item) {
	switch f.condition {
	case ifAbsent:
		return aws.String("attribute_not_exists(id)"), nil
	case ifPresent:
		return aws.String("attribute_exists(id)"), nil
	case ifEquals:
		return aws.String("n = :old"), item{":old": cellItem(0, 0, f.old)["n"]}
	}
	return nil, nil
}

// addition is an update's expression, with the values of its condition added.
func (f effect) addition(values item) (*string, item) {
	all := item{":by": cellItem(0, 0, f.value)["n"]}
	for name, v := range values {
		all[name] = v
	}
	return aws.String("ADD n :by"), all
}

const showOld = types.ReturnValuesOnConditionCheckFailureAllOld

// write makes a write by itself, and returns the item that its reply shows.
func (c *linearClient) write(ctx context.Context, group int, f effect) (item, error) {
	table, key := cellTable(f.cell), cellKey(group, f.cell)
	condition, values := f.expression()
	switch f.kind {
	case doPut:
		out, err := c.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: cellItem(group, f.cell, f.value),
			ConditionExpression: condition, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: showOld,
			ReturnValues: types.ReturnValueAllOld})
		if err != nil {
			return nil, err
		}
		return out.Attributes, nil
	case doAdd:
		update, values := f.addition(values)
		out, err := c.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: table, Key: key, UpdateExpression: update,
			ConditionExpression: condition, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: showOld,
			ReturnValues: types.ReturnValueAllNew})
		if err != nil {
			return nil, err
		}
		return out.Attributes, nil
	default:
		out, err := c.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table, Key: key,
			ConditionExpression: condition, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: showOld,
			ReturnValues: types.ReturnValueAllOld})
		if err != nil {
			return nil, err
		}
		return out.Attributes, nil
	}
}

// writeAll makes the writes of a call in a transaction.
func (c *linearClient) writeAll(ctx context.Context, in call) error {
	var items []types.TransactWriteItem
	for _, f := range in.effects {
		table, key := cellTable(f.cell), cellKey(in.group, f.cell)
		condition, values := f.expression()
		var op types.TransactWriteItem
		switch f.kind {
		case doPut:
			op.Put = &types.Put{TableName: table, Item: cellItem(in.group, f.cell, f.value), ConditionExpression: condition,
				ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: showOld}
		case doAdd:
			update, values := f.addition(values)
			op.Update = &types.Update{TableName: table, Key: key, UpdateExpression: update, ConditionExpression: condition,
				ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: showOld}
		case doRemove:
			op.Delete = &types.Delete{TableName: table, Key: key, ConditionExpression: condition,
				ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: showOld}
		case doCheck:
			op.ConditionCheck = &types.ConditionCheck{TableName: table, Key: key, ConditionExpression: condition,
				ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: showOld}
		}
		items = append(items, op)
	}
	_, err := c.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
}

// readAll reads the cells of a call in a transaction, and shows each.
func (c *linearClient) readAll(ctx context.Context, in call, show func(i int, it item, err error) error) error {
	var items []types.TransactGetItem
	for _, cell := range in.reads {
		items = append(items, types.TransactGetItem{Get: &types.Get{TableName: cellTable(cell), Key: cellKey(in.group, cell)}})
	}
	out, err := c.client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: items})
	if err != nil {
		return err
	}
	for i, r := range out.Responses {
		if err := show(i, r.Item, nil); err != nil {
			return err
		}
	}
	return nil
}
