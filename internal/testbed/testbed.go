// Package testbed is where the suites of this module run: every way to the
// engine, and a live endpoint if there is one.
package testbed

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/memtable"
)

// Endpoint is the environment's variable for where suites run once more, on a
// real server.
const Endpoint = "DYNOX_TEST_ENDPOINT"

// Each runs f with clients that reach an engine by each way through the SDK, and
// with one of the endpoint of the environment.
func Each(t *testing.T, f func(t *testing.T, client *dynamodb.Client)) {
	t.Helper()
	t.Run("memtable", func(t *testing.T) {
		t.Parallel()
		f(t, memtable.New(t).Client())
	})
	t.Run("middleware", func(t *testing.T) { // the stack is made for each call
		t.Parallel()
		f(t, memtable.New(t).Client(OwnMiddleware))
	})
	t.Run("attribute values", func(t *testing.T) {
		t.Parallel()
		f(t, memtable.New(t).Client(OtherProtocol))
	})
	t.Run("endpoint", func(t *testing.T) {
		url := os.Getenv(Endpoint) //nolint:forbidigo // only tests import this package
		if url == "" {
			t.Skip(Endpoint + " is not set")
		}
		transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
		transport.IdleConnTimeout = 100 * time.Millisecond           // what is dialed late stays in nobody's way
		t.Cleanup(transport.CloseIdleConnections)
		f(t, dynamodb.New(dynamodb.Options{
			HTTPClient:   &http.Client{Transport: transport},
			BaseEndpoint: &url,
			Region:       "us-east-1",
			Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		}))
	})
}

// OwnMiddleware is an option of a client that adds a middleware, which does
// nothing.
func OwnMiddleware(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(*middleware.Stack) error { return nil })
}

// OtherProtocol makes a client one that the direct path does not know.
func OtherProtocol(o *dynamodb.Options) { o.Protocol = otherProtocol{o.Protocol} }

type otherProtocol struct {
	smithyhttp.ClientProtocol
}

// ID is that of no protocol.
func (otherProtocol) ID() smithy.ShapeID { return smithy.ShapeID{Namespace: "test", Name: "other"} }

// Quick is an option of a client that waits for nothing between its attempts.
func Quick(o *dynamodb.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

// Table is a table with a name of its own, deleted after the test.
func Table(t testing.TB, client *dynamodb.Client, opts ...dynox.TableOption) *dynox.Table {
	t.Helper()
	name := "test-" + rand.Text()
	t.Cleanup(func() {
		_, _ = client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
	})
	return dynox.NewTable(client, name, opts...)
}
