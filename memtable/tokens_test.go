package memtable

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

// A request that repeats a transaction which has not ended is told so. Requests one after the other, as cases make
// them, never see that: here a transaction that has ended is made one that goes on.
func TestTransactionInProgress(t *testing.T) {
	is := is.New(t)
	engine := New(t)
	ask := func(operation, body string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/", strings.NewReader(body))
		is.NoErr(err)
		req.Header.Set("Content-Type", "application/x-amz-json-1.0")
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c")
		req.Header.Set("X-Amz-Date", "20260101T000000Z")
		req.Header.Set("X-Amz-Target", target+operation)
		resp, err := engine.RoundTrip(req)
		is.NoErr(err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		is.NoErr(err)
		return string(text)
	}
	ask("CreateTable", `{"TableName":"things","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`)
	const transaction = `{"ClientRequestToken":"same","TransactItems":[{"Delete":{"TableName":"things","Key":{"id":{"S":"a"}}}}]}`
	is.Equal(ask("TransactWriteItems", transaction), `{}`)
	begun := engine.tokens.seen["same"]
	begun.until = time.Time{}
	engine.tokens.seen["same"] = begun
	is.Equal(ask("TransactWriteItems", transaction), `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionInProgressException",`+
		`"message":"The transaction with the given request token is already in progress."}`)
}
