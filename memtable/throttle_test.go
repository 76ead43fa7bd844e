package memtable_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

const provisioned = `{"TableName":"metered","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2},
	"GlobalSecondaryIndexes":[{"IndexName":"byG","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},
		"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}]}`

const (
	tableExceeded = "ProvisionedThroughputExceededException: The level of configured provisioned throughput for the table was exceeded. " +
		"Consider increasing your provisioning level with the UpdateTable API."
	indexExceeded = "ProvisionedThroughputExceededException: The level of configured provisioned throughput for one or more global secondary indexes " +
		"of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API"
)

// outcome is what a request ends with: nothing, or its error.
func outcome(t *testing.T, engine *memtable.Engine, operation, body string) string {
	t.Helper()
	code, text := post(t, engine, operation, body)
	if code == http.StatusOK {
		return ""
	}
	return exception(t, text)
}

func TestProvisionedCapacityIsUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.WithThrottling())
		ok(t, engine, "CreateTable", provisioned)
		put := func(more string) string {
			return outcome(t, engine, "PutItem", `{"TableName":"metered","Item":{"id":{"S":"a"}`+more+`}}`)
		}
		is.Equal(put(""), "")
		is.Equal(put(""), "")
		is.Equal(put(""), tableExceeded)
		time.Sleep(500 * time.Millisecond) // one unit's time
		is.Equal(put(""), "")
		is.Equal(put(""), tableExceeded)

		time.Sleep(time.Hour) // five minutes' worth is kept
		for range 600 {
			is.Equal(put(""), "")
		}
		is.Equal(put(""), tableExceeded)

		// What a request takes too much, later ones lack.
		time.Sleep(time.Second)
		is.Equal(put(`,"v":{"S":"`+strings.Repeat("x", 4000)+`"}`), "")
		time.Sleep(time.Second)
		is.Equal(put(""), tableExceeded)
		time.Sleep(time.Second)
		is.Equal(put(""), "")

		// Reads are metered by themselves: two consistent ones, or four that aren't. Seeds are free.
		is.NoErr(engine.Seed("metered", `{"id":{"S":"b"},"g":{"S":"x"}}`))
		get := func(consistent bool) string {
			return outcome(t, engine, "GetItem", fmt.Sprintf(`{"TableName":"metered","Key":{"id":{"S":"b"}},"ConsistentRead":%v}`, consistent))
		}
		is.Equal(get(true), "")
		is.Equal(get(false), "")
		is.Equal(get(false), "")
		is.Equal(get(false), tableExceeded)
		is.Equal(outcome(t, engine, "Scan", `{"TableName":"metered"}`), tableExceeded)
		is.Equal(outcome(t, engine, "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"metered","Key":{"id":{"S":"b"}}}}]}`),
			"TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ProvisionedThroughputExceeded]")
		query := `{"TableName":"metered","IndexName":"byG","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"x"}}}`
		is.Equal(outcome(t, engine, "Query", query), "") // an index has its own
		is.Equal(outcome(t, engine, "Query", query), "")
		is.Equal(outcome(t, engine, "Query", query), indexExceeded)
		is.NoErr(engine.Check())
	})
}

func TestIndexesThrottleWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.WithThrottling())
		ok(t, engine, "CreateTable", provisioned)
		is.Equal(outcome(t, engine, "PutItem", `{"TableName":"metered","Item":{"id":{"S":"a"},"g":{"S":"x"}}}`), "")
		is.Equal(outcome(t, engine, "PutItem", `{"TableName":"metered","Item":{"id":{"S":"b"},"g":{"S":"x"}}}`), indexExceeded)
	})
}

func TestBatchesAndTransactionsWithoutCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.WithThrottling())
		ok(t, engine, "CreateTable", provisioned)
		const three = `{"RequestItems":{"metered":[{"PutRequest":{"Item":{"id":{"S":"a"}}}},{"PutRequest":{"Item":{"id":{"S":"b"}}}},{"PutRequest":{"Item":{"id":{"S":"c"}}}}]}}`
		is.Equal(ok(t, engine, "BatchWriteItem", three), `{"UnprocessedItems":{"metered":[{"PutRequest":{"Item":{"id":{"S":"c"}}}}]}}`)
		is.Equal(outcome(t, engine, "BatchWriteItem", three), tableExceeded) // nothing at all was done
		const keys = `{"RequestItems":{"metered":{"ConsistentRead":true,"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}},{"id":{"S":"c"}}]}}}`
		is.Equal(ok(t, engine, "BatchGetItem", keys),
			`{"Responses":{"metered":[{"id":{"S":"a"}},{"id":{"S":"b"}}]},"UnprocessedKeys":{"metered":{"Keys":[{"id":{"S":"c"}}],"ConsistentRead":true}}}`)
		is.Equal(outcome(t, engine, "BatchGetItem", keys), tableExceeded)
		const write = `{"TransactItems":[{"Put":{"TableName":"metered","Item":{"id":{"S":"d"}}}}]}`
		is.Equal(outcome(t, engine, "TransactWriteItems", write),
			"TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ProvisionedThroughputExceeded]")
		time.Sleep(time.Second)
		is.Equal(outcome(t, engine, "TransactWriteItems", write), "") // it takes both units
		is.Equal(outcome(t, engine, "TransactWriteItems", write),
			"TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ProvisionedThroughputExceeded]")
	})
}

func TestNothingIsThrottledUnasked(t *testing.T) {
	is := is.New(t)
	for _, opts := range [][]memtable.Option{nil, {memtable.WithThrottling()}} {
		engine := memtable.New(t, opts...)
		body := provisioned
		if opts != nil { // on demand there is always more
			body = strings.ReplaceAll(strings.ReplaceAll(body, `"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2}`, `"BillingMode":"PAY_PER_REQUEST"`),
				`,
		"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`, "")
		}
		ok(t, engine, "CreateTable", body)
		for range 20 {
			is.Equal(outcome(t, engine, "PutItem", `{"TableName":"metered","Item":{"id":{"S":"a"},"g":{"S":"x"}}}`), "")
			is.Equal(outcome(t, engine, "Scan", `{"TableName":"metered"}`), "")
		}
	}
}
