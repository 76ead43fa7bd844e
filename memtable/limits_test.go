package memtable_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/matryer/is"
)

// big returns an item of "things" of exactly so many bytes.
func big(sk string, bytes int) item {
	it := item{"pk": s("p"), "sk": s(sk), "v": s("")}
	it["v"] = s(strings.Repeat("x", bytes-len("pk")-1-len("sk")-len(sk)-len("v")))
	return it
}

// refused returns the message of a ValidationException.
func refused(t *testing.T, err error) string {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "ValidationException" {
		t.Fatalf("no ValidationException: %v", err)
	}
	return api.ErrorMessage()
}

func TestItemSizeToTheByte(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	put := func(bytes int) error {
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("things"), Item: big("1", bytes)})
		return err
	}
	is.NoErr(put(400 << 10))
	is.Equal(refused(t, put(400<<10+1)), "Item size has exceeded the maximum allowed size")
	_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("things"), Key: item{"pk": s("p"), "sk": s("1")},
		UpdateExpression: aws.String("SET a = :a"), ExpressionAttributeValues: item{":a": s("")}})
	is.Equal(refused(t, err), "Item size to update has exceeded the maximum allowed size")
	_, err = client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
		"things": {{PutRequest: &types.PutRequest{Item: big("1", 400<<10+1)}}},
	}})
	is.Equal(refused(t, err), "Item size has exceeded the maximum allowed size")
}

func TestUpdatesCountWhatTheyWrite(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	const most = 400<<10 - 3 - 19 - len("v") // the bytes of a value that a single SET may write
	key := item{"pk": s("p"), "sk": s("1")}
	fill := func(bytes int) item { return item{":v": s(strings.Repeat("x", bytes))} }
	update := func(bytes int) error {
		_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("things"), Key: key,
			UpdateExpression: aws.String("SET v = :v"), ConditionExpression: aws.String("attribute_not_exists(nope)"), ExpressionAttributeValues: fill(bytes)})
		return err
	}
	is.NoErr(update(most)) // the key is no part of it
	is.Equal(refused(t, update(most+1)), "Item size to update has exceeded the maximum allowed size")

	_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Update: &types.Update{TableName: aws.String("things"), Key: key, UpdateExpression: aws.String("SET v = :v"), ExpressionAttributeValues: fill(most + 1)}}}})
	is.NoErr(err)
	_, err = client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("things"), Key: key,
		AttributeUpdates: map[string]types.AttributeValueUpdate{"v": {Action: types.AttributeActionPut, Value: fill(most + 2)[":v"]}}})
	is.NoErr(err)
	_, err = client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("things"), Key: key,
		UpdateExpression: aws.String("SET v = :v"), ConditionExpression: aws.String("attribute_exists(nope)"), ExpressionAttributeValues: fill(most + 1)})
	is.Equal(refused(t, err), "Item size to update has exceeded the maximum allowed size") // before the condition
}

func TestKeySizes(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	put := func(pk, sk int) error {
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("things"),
			Item: item{"pk": s(strings.Repeat("p", pk)), "sk": s(strings.Repeat("s", sk))}})
		return err
	}
	is.NoErr(put(2048, 1024))
	is.Equal(refused(t, put(2049, 1)), "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
	is.Equal(refused(t, put(1, 1025)), "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
}

func TestNestingDepth(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t)
	nested := func(levels int) string {
		return `{"pk":{"S":"p"},"sk":{"S":"s"},"v":` + strings.Repeat(`{"L":[`, levels) + `{"S":"x"}` + strings.Repeat(`]}`, levels) + `}`
	}
	is.NoErr(engine.Seed("things", nested(31)))
	err := engine.Seed("things", nested(32))
	is.True(err != nil && strings.Contains(err.Error(), "Nesting Levels have exceeded supported limits"))
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("things"), Key: item{"pk": s("p"), "sk": s("s")}})
	is.NoErr(err)
	is.Equal(len(out.Item), 3)
}

// A page ends behind the item that reaches 1 MB, and leaves a key to go on from.
func TestPagesOfOneMegabyte(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	for i := range 8 {
		put(t, client, big(fmt.Sprint(i), 1<<18)) // four of them are 1 MB
	}
	query := &dynamodb.QueryInput{TableName: aws.String("things"), KeyConditionExpression: aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": s("p")}, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
	var counts []int32
	for {
		out, err := client.Query(t.Context(), query)
		is.NoErr(err)
		counts = append(counts, out.Count)
		if out.LastEvaluatedKey == nil {
			break
		}
		is.Equal(*out.ConsumedCapacity.CapacityUnits, 128.0) // 1 MB, eventually consistent
		query.ExclusiveStartKey = out.LastEvaluatedKey
	}
	is.Equal(counts, []int32{4, 4, 0})
}

func TestBatchGetLeavesWhatIsOver16MB(t *testing.T) {
	is := is.New(t)
	client, _ := newClient(t)
	var keys []map[string]types.AttributeValue
	for i := range 50 {
		it := big(fmt.Sprintf("%02d", i), 400<<10)
		put(t, client, it)
		keys = append(keys, item{"pk": it["pk"], "sk": it["sk"]})
	}
	request := map[string]types.KeysAndAttributes{"things": {Keys: keys, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("#k"),
		ExpressionAttributeNames: map[string]string{"#k": "sk"}}}
	out, err := client.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: request})
	is.NoErr(err)
	is.Equal(len(out.Responses["things"]), 40) // 16 MB of 400 KB each
	left := out.UnprocessedKeys["things"]
	is.Equal(len(left.Keys), 10)
	is.Equal(*left.ProjectionExpression, "#k")
	is.Equal(left.ExpressionAttributeNames, map[string]string{"#k": "sk"})
	is.True(*left.ConsistentRead)

	out, err = client.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: out.UnprocessedKeys})
	is.NoErr(err)
	is.Equal(len(out.Responses["things"]), 10)
	is.Equal(len(out.UnprocessedKeys), 0)
}

func TestTransactionLimits(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t)
	write := func(n, bytes int) error {
		var items []types.TransactWriteItem
		for i := range n {
			items = append(items, types.TransactWriteItem{Put: &types.Put{TableName: aws.String("things"), Item: big(fmt.Sprintf("%03d", i), bytes)}})
		}
		_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: items})
		return err
	}
	is.True(strings.HasSuffix(refused(t, write(101, 100)), "at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100"))
	_ = refused(t, write(11, 400<<10)) // more than 4 MB
	is.Equal(stored(t, engine), 0)
	is.NoErr(write(100, 100))
	is.NoErr(write(10, 400<<10))
}
