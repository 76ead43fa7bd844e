package docs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/memtable"
)

// inAWS is the client of a program that runs in AWS.
func inAWS(ctx context.Context) (*dynamodb.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRetryer(func() aws.Retryer { return dynox.Retryer(0) }))
	if err != nil {
		return nil, err
	}
	return dynamodb.NewFromConfig(cfg), nil
}

// onThisMachine is one of DynamoDB Local, or of memtable's server.
func onThisMachine(ctx context.Context) (*dynamodb.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion("us-east-1"))
	if err != nil {
		return nil, err
	}
	return dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://127.0.0.1:8000") }), nil
}

// counting is a client that counts the items that are read one by one.
type counting struct {
	*dynamodb.Client
	gets int
}

func (c *counting) GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	c.gets++
	return c.Client.GetItem(ctx, in, opts...)
}

func Example_client() {
	ctx := context.Background()
	client := &counting{Client: memtable.Open().Client()}
	notes, err := openNotes(ctx, client)
	succeed(err)
	first := Note{Owner: "ann", Written: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	_, err = notes.Get(ctx, first)
	fmt.Println(err)

	// One call, with options of the SDK's.
	once := dynox.WithSDKOptions(ctx, func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	_, err = notes.Get(once, first)
	fmt.Println(err, client.gets)

	_, _ = inAWS, onThisMachine
	// Output:
	// dynox: get notes: Note: not found
	// dynox: get notes: Note: not found 2
}
