// Package memtable is an in-memory DynamoDB: an engine that answers the service's HTTP API inside the
// process, for tests and for local runs.
//
//	func TestCheckout(t *testing.T) {
//		client := memtable.New(t).Client() // a real *dynamodb.Client, without a socket
//		…
//	}
//
// [New] and [Open] make an engine. [Engine.Client] gives a *dynamodb.Client whose HTTP transport is the
// engine, so that signing, retries, middleware and errors are the SDK's own. The engine is also an
// [net/http.RoundTripper], for any other SDK configuration, and an [net/http.Handler], to listen on a port;
// the command in memtable/cmd/memtable does that.
//
// The engine aims to answer what the service answers, error messages included. Where the service is
// eventually consistent the engine is consistent at once, unless the test says so with [Lag], and where it
// throttles or fails the engine doesn't, unless the test says so with [Engine.Fail].
//
// The streams API answers at the same place; a client of it is made as any other:
//
//	dynamodbstreams.New(dynamodbstreams.Options{Region: "us-east-1", Credentials: …, HTTPClient: &http.Client{Transport: engine}})
//
// SearchVectors finds exact nearest neighbours, where the service's are approximate. Bulk operations read and
// write the buckets of [WithBucket].
//
// An engine is safe for concurrent use. It owns no goroutine, and shares nothing with other engines but a
// cache of parsed expressions. Time is [time.Now], so that testing/synctest holds, or the clock of [WithClock];
// [Engine.Advance] moves it on. What time brings, such as expired items, is computed when somebody asks.
package memtable
