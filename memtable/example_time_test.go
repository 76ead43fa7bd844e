package memtable_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/memtable"
)

// Items expire when the engine's time comes to theirs: on the clock of the test, of a testing/synctest bubble,
// or by moving the engine's time on.
func ExampleEngine_Advance() {
	engine := memtable.Open()
	client := engine.Client()
	newTable(client)
	_, err := client.UpdateTimeToLive(context.Background(), &dynamodb.UpdateTimeToLiveInput{TableName: aws.String("users"),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{Enabled: aws.Bool(true), AttributeName: aws.String("until")}})
	fmt.Println(err)
	until := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	fmt.Println(engine.Seed("users", `{"id": {"S": "1"}, "until": {"N": "`+until+`"}}`))

	count := func() int {
		items, _ := engine.Dump("users")
		return len(items)
	}
	fmt.Println(count())
	engine.Advance(time.Hour)
	fmt.Println(count())
	// Output:
	// <nil>
	// <nil>
	// 1
	// 0
}

// Reads that may be eventually consistent are it, and show what was there an hour ago: longer than any test takes
// by itself, so that only the test's own steps make time pass.
func ExampleLag() {
	engine := memtable.Open(memtable.Lag(time.Hour))
	client := engine.Client()
	newTable(client)
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("users"), Item: user("1")})
	fmt.Println(err)
	found := func(consistent bool) bool {
		out, err := client.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("users"), Key: user("1"), ConsistentRead: &consistent})
		return err == nil && out.Item != nil
	}
	fmt.Println(found(false), found(true))
	engine.Advance(time.Hour)
	fmt.Println(found(false))
	// Output:
	// <nil>
	// false true
	// true
}
