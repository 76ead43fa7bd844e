package stream_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/stream"
)

type Order struct {
	ID     string `dynamodbav:"id"`
	Status string `dynamodbav:"status"`
}

var (
	protoOrder = expr.Proto[Order]()
	byID       = dynox.Key[Order]{Partition: dynox.By(expr.At(protoOrder, &protoOrder.ID))}
)

// shop is an engine with a table of orders, whose stream is on, and the checkpoints
// of its consumers. In place of the engine's clients, a program of yours has
// dynamodb.NewFromConfig and dynamodbstreams.NewFromConfig.
func shop() (*memtable.Engine, *dynox.Repo[Order], *stream.Checkpoints) {
	ctx := context.Background()
	engine := memtable.Open()
	client := engine.Client()
	table := dynox.NewTable(client, "orders")
	orders, err := dynox.NewRepo(table, byID)
	if err != nil {
		panic(err)
	}
	other := dynox.NewTable(client, "checkpoints")
	checkpoints, err := stream.NewCheckpoints(other)
	if err != nil {
		panic(err)
	}
	if err := errors.Join(table.Ensure(ctx, orders), other.Ensure(ctx, checkpoints.Repo())); err != nil {
		panic(err)
	}
	if _, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: aws.String("orders"),
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		},
	}); err != nil {
		panic(err)
	}
	return engine, orders, checkpoints
}

// A consumer sees every change, old and new, and goes on where it was. Started several
// times, in one process or many, its workers share the work.
func ExampleStream_Changes() {
	ctx := context.Background()
	engine, orders, checkpoints := shop()
	for _, status := range []string{"placed", "paid", "shipped"} {
		if err := orders.Put(ctx, &Order{ID: "7", Status: status}); err != nil {
			panic(err)
		}
	}

	changes, err := stream.New(engine.StreamsClient(), orders, stream.As("mailer", checkpoints))
	if err != nil {
		panic(err)
	}
	mail := func(until string) {
		for c, err := range changes.Changes(ctx) {
			if err != nil {
				panic(err)
			}
			if c.New.Status == until {
				return // this one is not done, and comes again
			}
			if c.Event == stream.Insert {
				fmt.Println("order", c.Key.ID, c.New.Status)
			} else {
				fmt.Println("order", c.Key.ID, c.Old.Status, "->", c.New.Status)
			}
		}
	}
	mail("shipped")
	fmt.Println("a restart")
	if err := orders.Put(ctx, &Order{ID: "7", Status: "delivered"}); err != nil {
		panic(err)
	}
	mail("delivered")
	// Output:
	// order 7 placed
	// order 7 placed -> paid
	// a restart
	// order 7 paid -> shipped
}

// A Lambda function handles the changes of an event, and reports the first that fails,
// so that only that one and those after it come again.
func ExampleHandle() {
	_, orders, _ := shop()
	event := []byte(`{"Records": [
		{"eventName": "INSERT", "dynamodb": {"SequenceNumber": "101", "Keys": {"id": {"S": "7"}},
			"NewImage": {"id": {"S": "7"}, "status": {"S": "placed"}}}},
		{"eventName": "INSERT", "dynamodb": {"SequenceNumber": "102", "Keys": {"id": {"S": "8"}},
			"NewImage": {"id": {"S": "8"}, "status": {"S": "lost"}}}}
	]}`)
	done, err := stream.Handle(context.Background(), orders, event, func(_ context.Context, c stream.Change[Order]) error {
		if c.New.Status == "lost" {
			return errors.New("no such status")
		}
		fmt.Println(c.Event, c.New.ID)
		return nil
	})
	fmt.Println(done.BatchItemFailures, err)
	// Output:
	// INSERT 7
	// [{102}] dynox: stream event orders: Order: no such status
}
