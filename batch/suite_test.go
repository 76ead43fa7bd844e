package batch_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
	"go.uber.org/goleak"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

// The client of a live endpoint keeps its connections.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// Order and User share a table; an Order has composed keys, and a number in
// its sort key as text, a User has the key's attributes as fields.
type Order struct {
	Customer string    `dynamodbav:"customer"`
	ID       int       `dynamodbav:"id"`
	Total    int64     `dynamodbav:"total"`
	Tags     []string  `dynamodbav:"tags,omitempty"`
	Placed   time.Time `dynamodbav:"placed"`
}

var (
	order    = expr.Proto[Order]()
	customer = expr.At(order, &order.Customer)
	id       = expr.At(order, &order.ID)
	total    = expr.At(order, &order.Total)
	OrderKey = dynox.Key[Order]{
		Partition: dynox.Composite("pk", "CUSTOMER#{}", customer),
		Sort:      dynox.Composite("sk", "ORDER#{}", id),
	}
)

type User struct {
	PK   string `dynamodbav:"pk"`
	SK   string `dynamodbav:"sk"`
	Name string `dynamodbav:"name"`
	Kind string `dynamodbav:"kind"`
}

var (
	user    = expr.Proto[User]()
	UserKey = dynox.Key[User]{
		Partition: dynox.By(expr.At(user, &user.PK)),
		Sort:      dynox.By(expr.At(user, &user.SK)),
	}
)

// Reading is keyed by a number, which the service writes in its own way.
type Reading struct {
	Sensor float64 `dynamodbav:"sensor"`
	Value  string  `dynamodbav:"value"`
}

var (
	reading    = expr.Proto[Reading]()
	ReadingKey = dynox.Key[Reading]{Partition: dynox.By(expr.At(reading, &reading.Sensor))}
)

// shop is a table of orders and users, and another of readings.
type shop struct {
	client   *dynamodb.Client
	table    *dynox.Table // of orders and users
	sensors  *dynox.Table
	orders   *dynox.Repo[Order]
	users    *dynox.Repo[User]
	readings *dynox.Repo[Reading]
}

func newShop(t testing.TB, client *dynamodb.Client, opts ...dynox.TableOption) shop {
	t.Helper()
	is := is.NewRelaxed(t.(is.T))
	table, sensors := testbed.Table(t, client, opts...), testbed.Table(t, client, opts...)
	s := shop{client: client, table: table, sensors: sensors}
	var err error
	s.orders, err = dynox.NewRepo(table, OrderKey, dynox.Kind[Order]("order"))
	is.NoErr(err)
	s.users, err = dynox.NewRepo(table, UserKey, dynox.Kind[User]("user"))
	is.NoErr(err)
	s.readings, err = dynox.NewRepo(sensors, ReadingKey)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), s.orders))
	is.NoErr(sensors.Ensure(t.Context(), s.readings))
	return s
}

// engineShop is a shop on an engine of its own, whose client waits for
// nothing.
func engineShop(t testing.TB, opts ...func(*dynamodb.Options)) (*memtable.Engine, shop) {
	t.Helper()
	engine := memtable.New(t)
	s := newShop(t, engine.Client(append([]func(*dynamodb.Options){testbed.Quick}, opts...)...))
	engine.ForgetRequests()
	return engine, s
}

func anOrder(n int) Order {
	return Order{
		Customer: fmt.Sprint(n % 7), ID: n, Total: int64(n) * 10, Tags: []string{"a", fmt.Sprint(n)},
		Placed: time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC),
	}
}

// keyOf is the order with nothing but its key.
func keyOf(o Order) Order { return Order{Customer: o.Customer, ID: o.ID} }

// upTo are the numbers below n.
func upTo(n int) []int {
	ns := make([]int, n)
	for i := range ns {
		ns[i] = i
	}
	return ns
}

// ids are the IDs of orders, sorted.
func ids(orders []Order) []int {
	all := make([]int, len(orders))
	for i, o := range orders {
		all[i] = o.ID
	}
	slices.Sort(all)
	return all
}

func exprName() expr.Field[User] { return expr.At(user, &user.Name) }

func ptr[T any](v T) *T { return &v }

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
