package stream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/stream"
)

type order struct {
	Customer string `dynamodbav:"customer"`
	ID       string `dynamodbav:"id"`
	Total    int    `dynamodbav:"total"`
}

type customer struct {
	ID   string `dynamodbav:"id"`
	Name string `dynamodbav:"name"`
}

var (
	o        = expr.Proto[order]()
	orderKey = dynox.Key[order]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", expr.At(o, &o.Customer)),
		Sort:      dynox.Composite("sk", "ORDER#{}", expr.At(o, &o.ID)),
	}
	c           = expr.Proto[customer]()
	customerKey = dynox.Key[customer]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", expr.At(c, &c.ID)),
		Sort:      dynox.Const[customer]("sk", "CUSTOMER"),
	}
)

// streamsOf is a client of the streams that client's tables have.
func streamsOf(client *dynamodb.Client) *dynamodbstreams.Client {
	from := client.Options()
	return dynamodbstreams.New(dynamodbstreams.Options{
		Region: from.Region, Credentials: from.Credentials, HTTPClient: from.HTTPClient, BaseEndpoint: from.BaseEndpoint,
	})
}

// switchOn switches a table's stream on, and switchOff off.
func switchOn(t testing.TB, client *dynamodb.Client, table *dynox.Table, view types.StreamViewType) {
	t.Helper()
	spec := &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view}
	update(t, client, table, spec)
}

func switchOff(t testing.TB, client *dynamodb.Client, table *dynox.Table) {
	t.Helper()
	update(t, client, table, &types.StreamSpecification{StreamEnabled: aws.Bool(false)})
}

func update(t testing.TB, client *dynamodb.Client, table *dynox.Table, spec *types.StreamSpecification) {
	t.Helper()
	in := &dynamodb.UpdateTableInput{TableName: aws.String(table.Name()), StreamSpecification: spec}
	if _, err := client.UpdateTable(context.Background(), in); err != nil {
		t.Fatal(err)
	}
}

// repos are repositories of a table with a stream.
func repos(t testing.TB, client *dynamodb.Client, table *dynox.Table, view types.StreamViewType) (*dynox.Repo[order], *dynox.Repo[customer]) {
	t.Helper()
	is := is.NewRelaxed(t)
	orders, err := dynox.NewRepo(table, orderKey, dynox.Kind[order]("order"))
	is.NoErr(err)
	customers, err := dynox.NewRepo(table, customerKey, dynox.Kind[customer]("customer"))
	is.NoErr(err)
	is.NoErr(table.Ensure(context.Background(), orders, customers))
	switchOn(t, client, table, view)
	return orders, customers
}

func checkpointsOf(t testing.TB, table *dynox.Table) *stream.Checkpoints {
	t.Helper()
	checkpoints, err := stream.NewCheckpoints(table)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Ensure(context.Background(), checkpoints.Repo()); err != nil {
		t.Fatal(err)
	}
	return checkpoints
}

// collect is the next n changes of s.
func collect[T any](t testing.TB, s *stream.Stream[T], n int) []stream.Change[T] {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all []stream.Change[T]
	for c, err := range s.Changes(ctx) {
		if err != nil {
			t.Fatalf("after %d of %d changes: %v", len(all), n, err)
		}
		if all = append(all, c); len(all) == n {
			break
		}
	}
	return all
}

func errorsIs(err, target error) bool { return errors.Is(err, target) }
