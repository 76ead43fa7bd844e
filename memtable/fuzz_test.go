package memtable_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/dynox-go/dynox/memtable"
)

// fuzzed are the operations of FuzzRequest, by number.
var fuzzed = []string{
	"PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
	"TransactGetItems", "TransactWriteItems", "CreateTable", "UpdateTable", "UpdateTimeToLive", "TagResource", "ListTables",
	"ListStreams", "DescribeStream", "GetShardIterator", "GetRecords",
	"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction",
	"SearchVectors",
	"StartBulkPutItems", "DescribeBulkOperation", "ListBulkOperations", "CancelBulkOperation",
}

// FuzzRequest sends any body to any operation: the engine answers a request with JSON, never with a failure of
// its own, and stays whole. Its seeds are the requests of the cases; $arn, $shard and $at are those of a stream.
func FuzzRequest(f *testing.F) {
	const table = `{"TableName":"posts","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"forum","AttributeType":"S"},{"AttributeName":"id","AttributeType":"N"},{"AttributeName":"author","AttributeType":"S"},{"AttributeName":"votes","AttributeType":"N"}],
		"KeySchema":[{"AttributeName":"forum","KeyType":"HASH"},{"AttributeName":"id","KeyType":"RANGE"}],
		"LocalSecondaryIndexes":[{"IndexName":"byVotes","KeySchema":[{"AttributeName":"forum","KeyType":"HASH"},{"AttributeName":"votes","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
		"GlobalSecondaryIndexes":[{"IndexName":"byAuthor","KeySchema":[{"AttributeName":"author","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["title"]}}],
		"VectorIndexes":[{"IndexName":"near","VectorAttribute":{"AttributeName":"v"},"Dimensions":2,"DistanceFunction":"COSINE","Projection":{"ProjectionType":"ALL"},"SearchSchema":[{"AttributeName":"author","SearchSchemaElementType":"HASH"}]}],
		"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`
	const most = 64 << 10 // larger requests find nothing that smaller ones don't
	for _, file := range caseFiles(f, "*.txt") {
		for _, c := range file.cases {
			for i, operation := range fuzzed {
				if operation == c.operation && len(c.body) <= most {
					f.Add(i, c.body)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, operation int, body string) {
		engine := memtable.Open()
		arn := ask(t, engine, "CreateTable", "%s", table).TableDescription.LatestStreamArn
		if err := engine.Seed("posts", `{"forum":{"S":"go"},"id":{"N":"1"},"author":{"S":"ann"},"votes":{"N":"7"},"v":{"L":[{"N":"1"},{"N":"0"}]}}`); err != nil {
			t.Fatal(err)
		}
		shard := ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards[0].ShardID
		body = strings.NewReplacer("$arn", arn, "$shard", shard, "$at", oldest(t, engine, arn, shard)).Replace(body)
		code, text := post(t, engine, fuzzed[uint(operation)%uint(len(fuzzed))], body)
		if code != http.StatusOK && code != http.StatusBadRequest {
			t.Fatalf("status %d: %s", code, text)
		}
		if text != "" && !json.Valid([]byte(text)) {
			t.Fatalf("no JSON: %s", text)
		}
		if err := engine.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
