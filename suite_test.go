package dynox_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
)

// each runs f with every way to the engine, and on the endpoint of the
// environment if there is one.
func each(t *testing.T, f func(t *testing.T, client *dynamodb.Client)) {
	t.Helper()
	testbed.Each(t, f)
}

// newTable is a table with a name of its own, deleted after the test.
func newTable(t *testing.T, client *dynamodb.Client, opts ...dynox.TableOption) *dynox.Table {
	t.Helper()
	return testbed.Table(t, client, opts...)
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
