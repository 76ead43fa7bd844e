package memtable_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox/memtable"
)

// request is a request that a benchmark sends again and again, without the SDK.
func request(target, body string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "http://localhost/", nil)
	sign(req.Header)
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+target)
	req.ContentLength = int64(len(body))
	return req
}

func send(b *testing.B, engine *memtable.Engine, req *http.Request, body string) {
	req.Body = http.NoBody
	if body != "" {
		req.Body = readCloser{strings.NewReader(body)}
	}
	resp, err := engine.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatal(err, resp)
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

const benchItem = `"sk":{"S":"ORDER#2024-05-01"},"total":{"N":"12.5"},"status":{"S":"SHIPPED"},"note":{"S":"%s"},"tags":{"SS":["a","b"]},"ship":{"M":{"city":{"S":"Berlin"},"zip":{"S":"10115"}}}`

// filled returns an engine whose table "things" has so many items, a hundred in each partition.
func filled(b *testing.B, items int) *memtable.Engine {
	b.Helper()
	engine := memtable.Open()
	createThings(b, engine.Client())
	for i := range items {
		if err := engine.Seed("things", fmt.Sprintf(`{"pk":{"S":"p%d"},"sk":{"S":"%09d"},"n":{"N":"%d"},"note":{"S":"%s"}}`, i/100, i, i, strings.Repeat("x", 300))); err != nil {
			b.Fatal(err)
		}
	}
	return engine
}

func BenchmarkPutItem(b *testing.B) {
	engine := filled(b, 0)
	body := fmt.Sprintf(`{"TableName":"things","Item":{"pk":{"S":"a"},`+benchItem+`}}`, strings.Repeat("x", 300))
	req := request("PutItem", body)
	b.ReportAllocs()
	for b.Loop() {
		send(b, engine, req, body)
	}
}

// The cost of a get and of a query's page by the number of items.
func BenchmarkReads(b *testing.B) {
	for _, items := range []int{1_000, 100_000} {
		engine := filled(b, items)
		get := `{"TableName":"things","Key":{"pk":{"S":"p5"},"sk":{"S":"000000555"}}}`
		query := `{"TableName":"things","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p7"}}}`
		for name, c := range map[string]struct{ target, body string }{"GetItem": {"GetItem", get}, "Query100": {"Query", query}} {
			b.Run(fmt.Sprintf("%s/%d", name, items), func(b *testing.B) {
				req := request(c.target, c.body)
				b.ReportAllocs()
				for b.Loop() {
					send(b, engine, req, c.body)
				}
			})
		}
	}
}

func BenchmarkClientGetItem(b *testing.B) {
	client := filled(b, 1000).Client()
	in := &dynamodb.GetItemInput{TableName: aws.String("things"), Key: item{"pk": s("p5"), "sk": s("000000555")}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.GetItem(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		engine := memtable.New(b)
		engine.Client()
	}
}
