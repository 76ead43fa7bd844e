package memtable_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/memtable"
)

// A batch of which only the first write is processed.
func ExamplePartial() {
	engine := memtable.Open()
	client := engine.Client()
	newTable(client)
	engine.Fail("BatchWriteItem", memtable.Partial(1))
	out, err := client.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
		"users": {{PutRequest: &types.PutRequest{Item: user("1")}}, {PutRequest: &types.PutRequest{Item: user("2")}}},
	}})
	fmt.Println(len(out.UnprocessedItems["users"]), err)
	// Output: 1 <nil>
}

// A transaction that meets another one on its second item.
func ExampleConflict() {
	engine := memtable.Open()
	client := engine.Client()
	newTable(client)
	engine.Fail("TransactWriteItems", memtable.Conflict(1))
	_, err := client.TransactWriteItems(context.Background(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("users"), Item: user("1")}}, {Put: &types.Put{TableName: aws.String("users"), Item: user("2")}},
	}})
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		for _, reason := range cancelled.CancellationReasons {
			fmt.Println(*reason.Code)
		}
	}
	// Output:
	// None
	// TransactionConflict
}
