package memtable_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

func TestMalformedSignatures(t *testing.T) {
	for _, c := range []struct {
		name, target  string
		header        []string
		code, message string
	}{
		{"none", "/", []string{"Authorization", ""}, "MissingAuthenticationTokenException", "Request is missing Authentication Token"},
		{"of another kind", "/", []string{"Authorization", "AWS4"}, "MissingAuthenticationTokenException", "Request is missing Authentication Token"},
		{"parameters without an algorithm", "/?X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-SignedHeaders=c&X-Amz-Date=d", []string{"Authorization", ""},
			"MissingAuthenticationTokenException", "Request is missing Authentication Token"},
		{"two", "/?X-Amz-Algorithm", nil, "InvalidSignatureException",
			"Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."},
		{"nothing in it", "/", []string{"Authorization", "AWS4-", "X-Amz-Date", ""}, "IncompleteSignatureException",
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. " +
				"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-"},
		{"no headers", "/", []string{"Authorization", "AWS4- Signature=b,Credential=a", "X-Amz-Date", "", "Date", "a"}, "IncompleteSignatureException",
			"Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4- Signature=b,Credential=a"},
		{"nothing in the query", "/?X-Amz-Algorithm", []string{"Authorization", ""}, "IncompleteSignatureException",
			"AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. " +
				"AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. " +
				"AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		{"no headers in the query", "/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d", []string{"Authorization", ""}, "IncompleteSignatureException",
			"AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			req := httptest.NewRequest(http.MethodPost, c.target, strings.NewReader(`{}`))
			sign(req.Header)
			req.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
			for i := 0; i < len(c.header); i += 2 {
				req.Header.Set(c.header[i], c.header[i+1])
			}
			rec := httptest.NewRecorder()
			memtable.New(t).ServeHTTP(rec, req)
			is.Equal(rec.Code, http.StatusBadRequest)
			is.Equal(exception(t, rec.Body.String()), c.code+": "+c.message)
		})
	}
}

func TestPresignedRequests(t *testing.T) {
	is := is.New(t)
	ask := func(opts ...memtable.Option) string {
		req := httptest.NewRequest(http.MethodPost, "/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host", strings.NewReader(`{}`))
		sign(req.Header)
		req.Header.Del("Authorization")
		req.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
		rec := httptest.NewRecorder()
		memtable.New(t, opts...).ServeHTTP(rec, req)
		return rec.Body.String()
	}
	is.Equal(ask(), `{"TableNames":[]}`)
	is.Equal(exception(t, ask(memtable.AcceptKey("one", "secret"))), "UnrecognizedClientException: The security token included in the request is invalid.")
}

// signedBy sets the key that a client signs with.
func signedBy(id, secret string) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		})
		o.RetryMaxAttempts = 1
	}
}

func TestAcceptedKeys(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.AcceptKey("one", "first secret"), memtable.AcceptKey("two", "second/secret"))
	list := func(optFns ...func(*dynamodb.Options)) string {
		_, err := engine.Client(optFns...).ListTables(t.Context(), &dynamodb.ListTablesInput{Limit: aws.Int32(3)})
		var api smithy.APIError
		if errors.As(err, &api) {
			return api.ErrorCode()
		}
		is.NoErr(err)
		return ""
	}
	is.Equal(list(), "") // the engine's own client has the first key
	is.Equal(list(signedBy("two", "second/secret")), "")
	is.Equal(list(signedBy("two", "first secret")), "InvalidSignatureException")
	is.Equal(list(signedBy("three", "first secret")), "UnrecognizedClientException")

	server := httptest.NewServer(engine)
	defer server.Close()
	overHTTP := func(o *dynamodb.Options) { o.BaseEndpoint, o.HTTPClient = aws.String(server.URL), server.Client() }
	is.Equal(list(overHTTP), "")
	is.Equal(list(overHTTP, signedBy("two", "first secret")), "InvalidSignatureException")
}

func TestSignaturesOfAnotherTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.AcceptKey("one", "secret"))
		ask := func(date time.Time) string {
			_, text := post(t, engine, "ListTables", `{}`, "X-Amz-Date", date.UTC().Format("20060102T150405Z"),
				"Authorization", "AWS4-HMAC-SHA256 Credential=one/20000101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=c")
			return exception(t, text)
		}
		now := time.Now() // 2000-01-01 at midnight
		is.Equal(ask(now.Add(-6*time.Minute)),
			"InvalidSignatureException: Signature expired: 19991231T235400Z is now earlier than 19991231T235500Z (20000101T000000Z - 5 min.)")
		is.Equal(ask(now.Add(6*time.Minute)),
			"InvalidSignatureException: Signature not yet current: 20000101T000600Z is still later than 20000101T000500Z (20000101T000000Z + 5 min.)")
		is.True(strings.HasPrefix(ask(now), "InvalidSignatureException: The request signature we calculated does not match"))
	})
}
