package dynox_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// endpoint is where the suite runs a second time, on a real server.
const endpoint = "DYNOX_TEST_ENDPOINT"

// each runs f on the engine, and on the endpoint of the environment if there
// is one.
func each(t *testing.T, f func(t *testing.T, client *dynamodb.Client)) {
	t.Helper()
	t.Run("memtable", func(t *testing.T) {
		t.Parallel()
		f(t, memtable.New(t).Client())
	})
	t.Run("middleware", func(t *testing.T) { // the stack is made for each call
		t.Parallel()
		f(t, memtable.New(t).Client(ownMiddleware))
	})
	t.Run("attribute values", func(t *testing.T) {
		t.Parallel()
		f(t, memtable.New(t).Client(plainProtocol))
	})
	t.Run("endpoint", func(t *testing.T) {
		url := os.Getenv(endpoint)
		if url == "" {
			t.Skip(endpoint + " is not set")
		}
		f(t, dynamodb.New(dynamodb.Options{
			BaseEndpoint: &url,
			Region:       "us-east-1",
			Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		}))
	})
}

// newTable is a table with a name of its own, deleted after the test.
func newTable(t *testing.T, client *dynamodb.Client, opts ...dynox.TableOption) *dynox.Table {
	t.Helper()
	name := "test-" + rand.Text()
	t.Cleanup(func() {
		_, _ = client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
	})
	return dynox.NewTable(client, name, opts...)
}

// newRepo is a repository on a new table that exists.
func newRepo[T any](t *testing.T, client *dynamodb.Client, key dynox.Key[T], opts ...dynox.Option[T]) *dynox.Repo[T] {
	t.Helper()
	is := is.NewRelaxed(t)
	table := newTable(t, client)
	repo, err := dynox.NewRepo(table, key, opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), repo))
	return repo
}

// Order is the item that most tests use.
type Order struct {
	Customer string    `dynamodbav:"customer"`
	ID       string    `dynamodbav:"id"`
	Status   Status    `dynamodbav:"status"`
	Total    int64     `dynamodbav:"total"`
	Tags     []string  `dynamodbav:"tags,stringset,omitempty"`
	Notes    []string  `dynamodbav:"notes,omitempty"`
	Ship     Address   `dynamodbav:"ship"`
	Bill     *Address  `dynamodbav:"bill,omitempty"`
	Placed   time.Time `dynamodbav:"placed"`
	Expires  time.Time `dynamodbav:"expires,unixtime,omitempty"`
	Version  int64     `dynamodbav:"version"`

	Labels map[string]string `dynamodbav:"labels,omitempty"`
}

type Address struct {
	Street string `dynamodbav:"street"`
	City   string `dynamodbav:"city"`
}

type Status string

const (
	New     Status = "new"
	Paid    Status = "paid"
	Shipped Status = "shipped"
)

var (
	order    = expr.Proto[Order]()
	customer = expr.At(order, &order.Customer)
	id       = expr.At(order, &order.ID)
	status   = expr.At(order, &order.Status)
	total    = expr.At(order, &order.Total)
	tags     = expr.At(order, &order.Tags)
	notes    = expr.At(order, &order.Notes)
	ship     = expr.At(order, &order.Ship)
	city     = expr.At(order, &order.Ship.City)
	placed   = expr.At(order, &order.Placed)
	expires  = expr.At(order, &order.Expires)
	labels   = expr.At(order, &order.Labels)
)

var (
	OrderKey = dynox.Key[Order]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", customer),
		Sort:      dynox.Composite("sk", "ORDER#{}#{}", placed, id),
	}
	ByStatus = dynox.GSI("by-status", dynox.Key[Order]{Partition: dynox.By(status), Sort: dynox.By(placed)})
)

// day is the n-th day of 2026, with a fraction of a second.
func day(n int) time.Time {
	return time.Date(2026, 1, n, 12, 0, 0, 500_000_000, time.UTC)
}

func anOrder(customer string, n int) Order {
	return Order{
		Customer: customer, ID: string(rune('a' + n)), Status: New, Total: int64(n) * 10, Placed: day(n),
		Ship: Address{Street: "Main", City: "Oslo"},
	}
}

// raw is the stored item with the given key, as the SDK has it.
func raw(t *testing.T, client *dynamodb.Client, table string, key map[string]string) map[string]any {
	t.Helper()
	in := &dynamodb.GetItemInput{TableName: &table, Key: stringKey(key), ConsistentRead: aws.Bool(true)}
	out, err := client.GetItem(t.Context(), in)
	is.NewRelaxed(t).NoErr(err)
	return plain(t, out.Item)
}

// plainProtocol makes a client one that the direct path does not know.
func plainProtocol(o *dynamodb.Options) { o.Protocol = otherProtocol{o.Protocol} }

type otherProtocol struct {
	smithyhttp.ClientProtocol
}

// ID is that of no protocol.
func (otherProtocol) ID() smithy.ShapeID { return smithy.ShapeID{Namespace: "test", Name: "other"} }
