package memtable_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

func putOne(client *dynamodb.Client, optFns ...func(*dynamodb.Options)) error {
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{
		TableName: aws.String("things"), Item: item{"pk": s("a"), "sk": s("b")},
	}, optFns...)
	return err
}

func once(o *dynamodb.Options) { o.RetryMaxAttempts = 1 }

func stored(t *testing.T, engine *memtable.Engine) int {
	t.Helper()
	items, err := engine.Dump("things")
	if err != nil {
		t.Fatal(err)
	}
	return len(items)
}

func TestThrottlingIsRetriedByTheSDK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		client, engine := newClient(t)
		engine.ForgetRequests()
		engine.Fail("PutItem", memtable.Throttle(), memtable.Times(2))
		is.NoErr(putOne(client))
		is.Equal(len(engine.Requests()), 3) // two throttled attempts and one that went through

		engine.Fail("PutItem", memtable.Throttle(), memtable.Always())
		err := putOne(client)
		var throttled *types.ProvisionedThroughputExceededException
		is.True(errors.As(err, &throttled))
		engine.Heal()
		is.NoErr(putOne(client))
	})
}

func TestInternalErrorHasNoEffect(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t)
	engine.Fail("", memtable.InternalError())
	err := putOne(client, once)
	var internal *types.InternalServerError
	is.True(errors.As(err, &internal))
	is.Equal(stored(t, engine), 0)
}

func TestResets(t *testing.T) {
	for name, c := range map[string]struct {
		fault memtable.Fault
		want  int
	}{
		"before the effect": {memtable.ResetBefore(), 0},
		"after the effect":  {memtable.ResetAfter(), 1},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			client, engine := newClient(t)
			engine.Fail("PutItem", c.fault)
			is.True(errors.Is(putOne(client, once), syscall.ECONNRESET))
			is.Equal(stored(t, engine), c.want)
			is.NoErr(putOne(client, once)) // once by default
		})
	}
}

func TestFaultsPickRequests(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t)
	engine.Fail("PutItem", memtable.InternalError(), memtable.OnTable("others"))
	engine.Fail("DeleteItem", memtable.InternalError())
	is.NoErr(putOne(client, once)) // neither is about this request

	engine.Heal()
	engine.Fail("PutItem", memtable.InternalError(), memtable.After(1))
	is.NoErr(putOne(client, once))
	is.True(putOne(client, once) != nil) // the second one
	is.NoErr(putOne(client, once))
}

func TestLatencyEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		client, engine := newClient(t)
		engine.Fail("PutItem", memtable.Latency(3*time.Second), memtable.Times(2))
		start := time.Now()
		is.NoErr(putOne(client))
		is.Equal(time.Since(start), 3*time.Second)

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start = time.Now()
		_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("things"), Item: item{"pk": s("x"), "sk": s("y")}})
		is.True(errors.Is(err, context.DeadlineExceeded))
		is.Equal(time.Since(start), time.Second)
		is.Equal(stored(t, engine), 1) // the request that was given up had no effect
	})
}

func TestPartialBatches(t *testing.T) {
	is := is.New(t)
	_, engine := newClient(t)
	is.NoErr(engine.Seed("things", `{"pk":{"S":"a"},"sk":{"S":"0"}}`))
	engine.Fail("", memtable.Partial(1), memtable.Times(2))
	_, text := post(t, engine, "BatchWriteItem", `{"RequestItems":{"things":[
		{"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}}}},
		{"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"S":"2"}}}},
		{"DeleteRequest":{"Key":{"pk":{"S":"a"},"sk":{"S":"0"}}}}]}}`)
	is.Equal(text, `{"UnprocessedItems":{"things":[{"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"S":"2"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"a"},"sk":{"S":"0"}}}}]}}`)
	is.Equal(stored(t, engine), 2)
	_, text = post(t, engine, "BatchGetItem", `{"RequestItems":{"things":{"ConsistentRead":true,"Keys":[{"pk":{"S":"a"},"sk":{"S":"0"}},{"pk":{"S":"a"},"sk":{"S":"1"}}]}}}`)
	is.Equal(text, `{"Responses":{"things":[{"pk":{"S":"a"},"sk":{"S":"0"}}]},"UnprocessedKeys":{"things":{"Keys":[{"pk":{"S":"a"},"sk":{"S":"1"}}],"ConsistentRead":true}}}`)

	engine.Fail("", memtable.Partial(0), memtable.Times(2))
	_, text = post(t, engine, "BatchWriteItem", `{"RequestItems":{"things":[{"DeleteRequest":{"Key":{"pk":{"S":"a"},"sk":{"S":"0"}}}}]},"ReturnConsumedCapacity":"TOTAL"}`)
	is.Equal(text, `{"UnprocessedItems":{"things":[{"DeleteRequest":{"Key":{"pk":{"S":"a"},"sk":{"S":"0"}}}}]},"ConsumedCapacity":[]}`)
	_, text = post(t, engine, "BatchWriteItem", `{"RequestItems":{"things":[{"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}]}}`)
	is.Equal(exception(t, text), "ValidationException: The provided key element does not match the schema") // as without the fault
}

func TestConflicts(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t)
	put := types.TransactWriteItem{Put: &types.Put{TableName: aws.String("things"), Item: item{"pk": s("a"), "sk": s("b")}}}
	other := types.TransactWriteItem{Put: &types.Put{TableName: aws.String("things"), Item: item{"pk": s("a"), "sk": s("c")}}}
	input := &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put, other}}
	engine.Fail("TransactWriteItems", memtable.Conflict(1))
	_, err := client.TransactWriteItems(t.Context(), input, once)
	var cancelled *types.TransactionCanceledException
	is.True(errors.As(err, &cancelled))
	is.Equal(*cancelled.Message, "Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]")
	is.Equal(*cancelled.CancellationReasons[1].Message, "Transaction is ongoing for the item")
	is.Equal(stored(t, engine), 0)
	_, err = client.TransactWriteItems(t.Context(), input, once)
	is.NoErr(err)

	engine.Fail("TransactGetItems", memtable.Conflict())
	_, err = client.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: aws.String("things"), Key: item{"pk": s("a"), "sk": s("b")}}}}}, once)
	is.True(errors.As(err, &cancelled))

	engine.Fail("PutItem", memtable.Conflict())
	var conflict *types.TransactionConflictException
	is.True(errors.As(putOne(client, once), &conflict))
	engine.Fail("GetItem", memtable.Conflict())
	_, err = client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("things"), Key: item{"pk": s("a"), "sk": s("b")}}, once)
	is.NoErr(err) // reads don't conflict
}

func TestCancelledContextReachesNothing(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t)
	engine.ForgetRequests()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := client.ListTables(ctx, nil)
	is.True(errors.Is(err, context.Canceled))
	is.Equal(len(engine.Requests()), 0)
}

func TestClosedEngineRefusesConnections(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t)
	engine.Close()
	is.True(errors.Is(putOne(client, once), syscall.ECONNREFUSED))
}

func TestRequestLog(t *testing.T) {
	is := is.New(t)
	client, engine := newClient(t, memtable.WithRequestLog(3))
	for range 4 {
		is.NoErr(putOne(client))
	}
	_, err := client.TransactGetItems(context.Background(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: aws.String("things"), Key: item{"pk": s("a"), "sk": s("b")}}},
	}})
	is.NoErr(err)
	log := engine.Requests()
	is.Equal(len(log), 3) // the latest ones
	is.Equal(log[0].Operation, "PutItem")
	is.Equal(log[2].Operation, "TransactGetItems")
	is.Equal(log[2].Table, "things")
	is.True(strings.Contains(string(log[0].Body), `"TableName":"things"`))
}

type recorder struct{ texts []string }

func (r *recorder) Errorf(format string, args ...any) {
	r.texts = append(r.texts, fmt.Sprintf(format, args...))
}

func TestNoScans(t *testing.T) {
	is := is.New(t)
	rec := &recorder{}
	client, _ := newClient(t, memtable.NoScans(rec))
	is.NoErr(putOne(client))
	is.Equal(len(rec.texts), 0)
	_, err := client.Scan(context.Background(), &dynamodb.ScanInput{TableName: aws.String("things")})
	is.NoErr(err)
	is.Equal(rec.texts, []string{"memtable: a scan of table things"})
}

// countingBody notices whether it was read to its end and closed.
type countingBody struct {
	io.Reader
	closed bool
}

func (b *countingBody) Close() error {
	b.closed = true
	return nil
}

func TestRoundTripClosesTheBody(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	body := &countingBody{Reader: strings.NewReader(`{}`)}
	req := httptest.NewRequest(http.MethodPost, "http://localhost/", nil)
	req.Body, req.ContentLength = body, 2
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	sign(req.Header)
	resp, err := engine.RoundTrip(req)
	is.NoErr(err)
	is.True(body.closed)
	text, err := io.ReadAll(resp.Body)
	is.NoErr(err)
	is.Equal(string(text), `{"TableNames":[]}`)
	is.Equal(resp.ContentLength, int64(len(text)))
	is.Equal(resp.Header.Get("X-Amz-Crc32"), "1315925753")
	is.Equal(len(resp.Header.Get("X-Amzn-RequestId")), 52)
	is.Equal(resp.Header.Get("Content-Type"), "application/x-amz-json-1.0")
}

// A misspelt operation would be a fault that never strikes, in a test that passes.
func TestFailOfNoOperation(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	for _, name := range []string{"", "PutItem", "GetRecords"} {
		engine.Fail(name, memtable.Throttle())
	}
	for _, name := range []string{"UpdatItem", "putItem", "DynamoDB_20120810.PutItem"} {
		func() {
			defer func() { is.Equal(recover(), fmt.Sprintf("memtable: Fail: no operation %q", name)) }()
			engine.Fail(name, memtable.Throttle())
		}()
	}
}
