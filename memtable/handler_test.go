package memtable_test

import (
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// sign makes a header that of a request which is signed after a fashion.
func sign(header http.Header) {
	header.Set("Content-Type", "application/x-amz-json-1.0")
	header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c")
	header.Set("X-Amz-Date", "20260101T000000Z")
}

func checksum(body []byte) string { return strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10) }

// target is the header that names an operation.
func target(operation string) string {
	switch operation {
	case "ListStreams", "DescribeStream", "GetShardIterator", "GetRecords":
		return "DynamoDBStreams_20120810." + operation
	}
	return "DynamoDB_20120810." + operation
}

// post sends a raw request. Its header is that of a signed one, but for the names and values given; the name ?
// stands for the query of its address.
func post(t testing.TB, handler http.Handler, operation, body string, header ...string) (int, string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	sign(req.Header)
	req.Header.Set("X-Amz-Target", target(operation))
	for i := 0; i < len(header); i += 2 {
		if header[i] == "?" {
			req.URL.RawQuery = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, req)
	text := rec.Body.String()
	if got, want := rec.Header().Get("X-Amz-Crc32"), checksum([]byte(text)); got != want {
		t.Errorf("checksum %s, want %s", got, want)
	}
	return rec.Code, text
}

// ok sends a raw request and returns its answer, which has to be no error.
func ok(t testing.TB, handler http.Handler, operation, body string) string {
	t.Helper()
	code, text := post(t, handler, operation, body)
	if code != http.StatusOK {
		t.Fatalf("%s: %s", operation, text)
	}
	return text
}

func TestMalformedRequests(t *testing.T) {
	const serialization = "com.amazon.coral.service#SerializationException"
	serious := func(message string) string {
		return fmt.Sprintf(`{"__type":%q,"Message":%q}`, serialization, message)
	}
	engine := memtable.New(t)
	for _, c := range []struct{ name, target, body, want string }{
		{"no JSON", "PutItem", `{"TableName":`, `{"__type":"` + serialization + `"}`},
		{"two documents", "PutItem", `{}{}`, `{"__type":"` + serialization + `"}`},
		{"an array", "PutItem", `[]`, `{"__type":"` + serialization + `"}`},
		{"no body", "PutItem", ``, `{"__type":"` + serialization + `"}`},
		{"unknown operation", "Nope", `{}`, `{"__type":"com.amazon.coral.service#UnknownOperationException"}`},
		{"number for string", "PutItem", `{"TableName":23}`, serious("NUMBER_VALUE cannot be converted to String")},
		{"decimal for string", "PutItem", `{"TableName":2.5}`, serious("DECIMAL_VALUE cannot be converted to String")},
		{"boolean for string", "PutItem", `{"TableName":true}`, serious("TRUE_VALUE cannot be converted to String")},
		{"object for string", "PutItem", `{"TableName":{}}`, serious("Start of structure or map found where not expected")},
		{"array for string", "PutItem", `{"TableName":[]}`, serious("Unrecognized collection type class java.lang.String")},
		{"string for integer", "Query", `{"Limit":"1"}`, serious("STRING_VALUE cannot be converted to Integer")},
		{"number for boolean", "Query", `{"ConsistentRead":1}`, serious("NUMBER_VALUE cannot be converted to Boolean")},
		{"text for boolean", "Query", `{"ConsistentRead":"maybe"}`, serious("Unexpected token received from parser")},
		{"array for item", "PutItem", `{"Item":[]}`, serious("Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>")},
		{"string for value", "PutItem", `{"Item":{"a":"b"}}`, serious("Unexpected value type in payload")},
		{"number in N", "PutItem", `{"Item":{"a":{"N":1}}}`, serious("NUMBER_VALUE cannot be converted to String")},
		{"short base64", "PutItem", `{"Item":{"a":{"B":"AAA"}}}`, serious("Base64 encoded length is expected a multiple of 4 bytes but found: 3")},
		{"number in B", "PutItem", `{"Item":{"a":{"B":1}}}`, serious("only base-64-encoded strings are convertible to bytes")},
		{"map for list", "PutItem", `{"Item":{"a":{"L":{}}}}`, serious("Start of structure or map found where not expected")},
		{"null is absent", "PutItem", `{"TableName":"abc","Item":null}`,
			`{"__type":"com.amazon.coral.validate#ValidationException","message":"1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null"}`},
		{"several faults", "PutItem", `{"TableName":"abc","Item":{},"ReturnValues":"a","ReturnConsumedCapacity":"b"}`,
			`{"__type":"com.amazon.coral.validate#ValidationException","message":"2 validation errors detected: Value 'b' at 'returnConsumedCapacity' failed to satisfy constraint: ` +
				`Member must satisfy enum value set: [INDEXES, TOTAL, NONE]; Value 'a' at 'returnValues' failed to satisfy constraint: ` +
				`Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"}`},
		{"too deep", "PutItem", `{"Item":` + strings.Repeat(`{"a":`, 1<<16), `{"__type":"` + serialization + `"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			code, text := post(t, engine, c.target, c.body)
			is.Equal(code, http.StatusBadRequest)
			is.Equal(text, c.want)
		})
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	code, text := post(t, engine, "ListTables", `{}`, "Authorization", "")
	is.Equal(code, http.StatusBadRequest)
	is.Equal(text, `{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`)

	code, text = post(t, engine, "ListTables", `{}`, "Content-Type", "text/plain")
	is.Equal(code, http.StatusNotFound)
	is.Equal(text, "<UnknownOperationException/>\n")

	code, _ = post(t, engine, "ListTables", strings.Repeat(" ", 16<<20+1))
	is.Equal(code, http.StatusRequestEntityTooLarge)

	rec := httptest.NewRecorder()
	engine.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	is.Equal(rec.Code, http.StatusOK)
	is.Equal(rec.Body.String(), "healthy: dynamodb.us-east-1.amazonaws.com ")
}

func TestHandlerServesTheSDKAndBreaksConnections(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	server := httptest.NewServer(engine)
	defer server.Close()
	client := engine.Client(func(o *dynamodb.Options) {
		o.BaseEndpoint, o.HTTPClient, o.RetryMaxAttempts = aws.String(server.URL), server.Client(), 1
	})
	_, err := client.ListTables(t.Context(), nil)
	is.NoErr(err)
	engine.Fail("ListTables", memtable.ResetAfter())
	_, err = client.ListTables(t.Context(), nil)
	is.True(err != nil && strings.Contains(err.Error(), io.EOF.Error()))
}

func TestBrowsersMayAsk(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	req := httptest.NewRequest(http.MethodOptions, "/", nil)
	req.Header.Set("Origin", "http://localhost")
	req.Header.Set("Access-Control-Request-Headers", "a, b")
	req.Header.Set("Access-Control-Request-Method", "POST")
	rec := httptest.NewRecorder()
	engine.ServeHTTP(rec, req)
	is.Equal(rec.Code, http.StatusOK)
	is.Equal(rec.Header().Get("Access-Control-Allow-Origin"), "*")
	is.Equal(rec.Header().Get("Access-Control-Allow-Headers"), "a, b")
	is.Equal(rec.Header().Get("Access-Control-Allow-Methods"), "POST")
	is.Equal(rec.Header().Get("Access-Control-Max-Age"), "172800")

	rec = httptest.NewRecorder()
	engine.ServeHTTP(rec, httptest.NewRequest(http.MethodOptions, "/", nil))
	is.Equal(rec.Code, http.StatusNotFound)
}
