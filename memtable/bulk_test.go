package memtable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// bulkTable makes the table docs, with an index of each sort and a stream.
func bulkTable(t testing.TB, engine *memtable.Engine) {
	t.Helper()
	ok(t, engine, "CreateTable", `{"TableName":"docs","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],
		"KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],
		"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
		"GlobalSecondaryIndexes":[{"IndexName":"byN","KeySchema":[{"AttributeName":"n","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],
		"VectorIndexes":[{"IndexName":"near","VectorAttribute":{"AttributeName":"v"},"Dimensions":2,"DistanceFunction":"EUCLIDEAN","Projection":{"ProjectionType":"ALL"}}],
		"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`)
}

// bulkDescription is what the tests look at of a description.
type bulkDescription struct {
	Arn                 string `json:"BulkOperationArn"`
	Status              string `json:"BulkOperationStatus"`
	FailureCode         string
	FailureMessage      string
	StartTime, EndTime  float64
	TotalInputBytes     *int64
	ProcessedInputBytes int64
	ProcessedItemCount  int64
	FailedItemCount     int64
	BulkOperationUsage  []json.RawMessage
}

func describedBulk(t testing.TB, text string) bulkDescription {
	t.Helper()
	var out struct{ BulkOperationDescription bulkDescription }
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out.BulkOperationDescription
}

// startBulk puts the objects of the bucket in with a prefix into the table docs.
func startBulk(t testing.TB, engine *memtable.Engine, prefix string) bulkDescription {
	t.Helper()
	return startBulkOf(t, engine, prefix, "DYNAMODB_JSON", "NONE")
}

func startBulkOf(t testing.TB, engine *memtable.Engine, prefix, format, compression string) bulkDescription {
	t.Helper()
	return describedBulk(t, ok(t, engine, "StartBulkPutItems", fmt.Sprintf(`{"TableName":"docs",
		"InputS3Configuration":{"S3Bucket":"in","S3KeyPrefix":%q,"InputFormat":%q,"InputCompressionType":%q},
		"OutputS3Configuration":{"S3Bucket":"out","S3KeyPrefix":"reports","OutputType":["ERROR","CONDITION_CHECK_FAILURE"]}}`, prefix, format, compression)))
}

func describeBulk(t testing.TB, engine *memtable.Engine, arn string) bulkDescription {
	t.Helper()
	return describedBulk(t, ok(t, engine, "DescribeBulkOperation", `{"BulkOperationArn":"`+arn+`"}`))
}

// report returns the lines of an operation's report.
func report(engine *memtable.Engine, arn, kind string) []string {
	text := engine.Objects("out")["reports/"+path.Base(arn)+"/"+kind+".json"]
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func TestBulkPutWritesItemsToAllIndexes(t *testing.T) {
	is := is.New(t)
	objects := fstest.MapFS{
		"day/1.json": {Data: []byte(`{"Item":{"id":{"S":"a"},"n":{"N":"1"}}}` + "\n\n" + `{"Item":{"id":{"S":"b"},"n":{"N":"2"},"v":{"L":[{"N":"1"},{"N":"2"}]}}}`)},
		"day/2.json": {Data: []byte(`{"Item":{"id":{"S":"a"},"n":{"N":"1"},"again":{"BOOL":true}}}` + "\n")},
		"other.json": {Data: []byte(`no JSON`)},
	}
	engine := memtable.New(t, memtable.WithBucket("in", objects), memtable.WithBucket("out", nil))
	bulkTable(t, engine)
	started := startBulk(t, engine, "day/")
	is.Equal(started.Status, "IN_PROGRESS")
	is.Equal(started.TotalInputBytes, nil) // not known yet
	is.Equal(started.EndTime, 0.0)

	done := describeBulk(t, engine, started.Arn)
	is.Equal(done.Status, "COMPLETED")
	is.Equal(done.EndTime, done.StartTime)
	is.Equal(*done.TotalInputBytes, int64(len(objects["day/1.json"].Data)+len(objects["day/2.json"].Data)))
	is.Equal(done.ProcessedInputBytes, *done.TotalInputBytes)
	is.Equal(done.ProcessedItemCount, int64(3))
	is.Equal(done.FailedItemCount, int64(0))
	is.Equal(string(done.BulkOperationUsage[0]), `{"TableName":"docs","BulkPutBytes":85,"Table":{"BulkPutBytes":33},`+
		`"LocalSecondaryIndexes":{"local":{"BulkPutBytes":18}},"GlobalSecondaryIndexes":{"byN":{"BulkPutBytes":34}},`+
		`"VectorIndexes":{"near":{"BulkPutVectorBytes":15}}}`)

	items, err := engine.Dump("docs")
	is.NoErr(err)
	is.Equal(items, []string{
		`{"again":{"BOOL":true},"id":{"S":"a"},"n":{"N":"1"}}`,
		`{"id":{"S":"b"},"n":{"N":"2"},"v":{"L":[{"N":"1"},{"N":"2"}]}}`,
	})
	found := ok(t, engine, "SearchVectors", `{"TableName":"docs","IndexName":"near","SearchVector":[{"N":"1"},{"N":"1"}],"TopK":9}`)
	is.True(strings.Contains(found, `"b"`))
	is.Equal(len(engine.Objects("out")), 0)
	is.Equal(len(engine.Objects("none")), 0)
	is.NoErr(engine.Check())
}

func TestBulkPutReportsWhatIsNotPut(t *testing.T) {
	is := is.New(t)
	fresh := `,"ConditionExpression":"attribute_not_exists(#i)","ExpressionAttributeNames":{"#i":"id"}}`
	lines := []string{
		`{"Item":{"id":{"S":"a"},"n":{"N":"1"}}` + fresh,
		`{"Item":{"id":{"S":"b"},"n":{"N":"1"}}` + fresh,
		`{"Item":{"id":{"S":"c"},"n":{"N":"1"}},"ConditionExpression":"n > :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`,
		`{"Item":{"id":{"S":"d"}}}`,
		`{"Item":{"id":{"S":""},"n":{"N":"1"}}}`,
		`{"Item":{"id":{"S":"d"},"n":{"N":"1"},"v":{"L":[{"N":"1"}]}}}`,
		`{"Item":{"id":{"S":"d"},"n":{"N":"1"},"big":{"S":"` + strings.Repeat("x", 400<<10) + `"}}}`,
		`{"Item":{"id":{"S":"d"},"n":{"N":"many"}}}`,
		`{"Item":{"id":{"S":"d"},"n":{"N":"1"}},"ConditionExpression":"n >"}`,
		`{"Item":{"id":{"S":"d"},"n":{"N":"1"}},"ExpressionAttributeNames":{"#i":"id"}}`,
		`{"Key":{"id":{"S":"d"},"n":{"N":"1"}}}`,
		`{"Item":{"id":{"S":"d"},"n":{"N":"1"}`,
		`{"Item":{"id":{"S":"e"},"n":{"N":"1"}}}`, // too late: what can't be parsed ends its object
	}
	engine := memtable.New(t, memtable.WithBucket("out", nil), memtable.WithBucket("in", fstest.MapFS{
		"1": {Data: []byte(strings.Join(lines, "\n"))},
		"2": {Data: []byte(`{"Item":{"id":{"S":"f"},"n":{"N":"1"}}}`)},
	}))
	bulkTable(t, engine)
	is.NoErr(engine.Seed("docs", `{"id":{"S":"a"},"n":{"N":"1"},"old":{"BOOL":true}}`))
	op := describeBulk(t, engine, startBulk(t, engine, "").Arn)
	is.Equal(op.Status, "COMPLETED_WITH_ERRORS")
	is.Equal(op.ProcessedItemCount, int64(13))
	is.Equal(op.FailedItemCount, int64(9))
	is.Equal(op.ProcessedInputBytes, *op.TotalInputBytes)
	is.Equal(report(engine, op.Arn, "CONDITION_CHECK_FAILURE"), []string{
		`{"S3Key":"1","Line":1,"Item":{"id":{"S":"a"},"n":{"N":"1"}},"ExistingItem":{"id":{"S":"a"},"n":{"N":"1"},"old":{"BOOL":true}}}`,
		`{"S3Key":"1","Line":3,"Item":{"id":{"S":"c"},"n":{"N":"1"}}}`,
	})
	want := []string{
		"ValidationException: One or more parameter values were invalid: Missing the key n in the item",
		"ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id",
		"",
		"ValidationException: Item size has exceeded the maximum allowed size",
		"ValidationException: The parameter cannot be converted to a numeric value: many",
		"ValidationException: Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \">\"",
		"ValidationException: ExpressionAttributeNames can only be specified when using expressions",
		"ValidationException: The record has no Item",
		"SerializationException: ",
	}
	for i, line := range report(engine, op.Arn, "ERROR") {
		var got struct {
			S3Key                           string
			Line                            int
			ErrorCode, ErrorMessage, Record string
		}
		is.NoErr(json.Unmarshal([]byte(line), &got))
		is.Equal(got.S3Key, "1")
		is.Equal(got.Line, i+4)
		is.Equal(got.Record, lines[i+3])
		if want[i] != "" {
			is.Equal(got.ErrorCode+": "+got.ErrorMessage, want[i])
		}
	}
	items, err := engine.Dump("docs")
	is.NoErr(err)
	is.Equal(len(items), 3) // a, b and f
	is.NoErr(engine.Check())
}

func TestBulkPutReadsGzip(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.WithBucket("out", nil), memtable.WithBucket("in", fstest.MapFS{
		"1.gz": {Data: []byte(gzipped(`{"Item":{"id":{"S":"a"},"n":{"N":"1"}}}` + "\n" + `{"Item":{"id":{"S":"b"},"n":{"N":"1"}}}`))},
		"2.gz": {Data: []byte(`{"Item":{"id":{"S":"c"},"n":{"N":"1"}}}`)},
	}))
	bulkTable(t, engine)
	op := describeBulk(t, engine, startBulkOf(t, engine, "", "DYNAMODB_JSON", "GZIP").Arn)
	is.Equal(op.Status, "COMPLETED_WITH_ERRORS") // because of an object, not of an item
	is.Equal(op.ProcessedItemCount, int64(2))
	is.Equal(op.FailedItemCount, int64(0))
	is.Equal(report(engine, op.Arn, "ERROR"),
		[]string{`{"S3Key":"2.gz","ErrorCode":"ObjectUnreadable","ErrorMessage":"the object is no valid GZIP: gzip: invalid header"}`})
}

func TestBulkPutTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var lines strings.Builder
		for i := range 4 {
			fmt.Fprintf(&lines, `{"Item":{"id":{"S":"a"},"n":{"N":"%d"}}}`+"\n", i)
		}
		engine := memtable.New(t, memtable.WithBulkDelay(time.Minute), memtable.Lag(10*time.Second),
			memtable.WithBucket("out", nil), memtable.WithBucket("in", fstest.MapFS{"1": {Data: []byte(lines.String())}}))
		bulkTable(t, engine)
		arn := startBulk(t, engine, "").Arn
		op := describeBulk(t, engine, arn)
		is.Equal(op.Status, "IN_PROGRESS")
		is.Equal(*op.TotalInputBytes, int64(lines.Len()))
		is.Equal(op.ProcessedItemCount, int64(0))

		time.Sleep(34 * time.Second)
		count := func(consistent bool) string {
			return ok(t, engine, "Scan", fmt.Sprintf(`{"TableName":"docs","Select":"COUNT","ConsistentRead":%t}`, consistent))
		}
		is.Equal(count(true), `{"Count":2,"ScannedCount":2}`)
		is.Equal(count(false), `{"Count":1,"ScannedCount":1}`) // they were written when it was their time
		op = describeBulk(t, engine, arn)
		is.Equal(op.Status, "IN_PROGRESS")
		is.Equal(op.ProcessedItemCount, int64(2))
		is.Equal(op.ProcessedInputBytes, *op.TotalInputBytes/2)

		other := startBulk(t, engine, "").Arn
		is.Equal(ok(t, engine, "CancelBulkOperation", `{"BulkOperationArn":"`+arn+`"}`), `{"BulkOperationArn":"`+arn+`","BulkOperationStatus":"CANCELLING"}`)
		time.Sleep(time.Hour)
		op = describeBulk(t, engine, arn)
		is.Equal(op.Status, "CANCELLED")
		is.Equal(op.EndTime-op.StartTime, 34.0)
		is.Equal(op.ProcessedItemCount, int64(2))
		is.Equal(op.FailureCode, "Cancelled")
		op = describeBulk(t, engine, other)
		is.Equal(op.Status, "COMPLETED")
		is.Equal(op.EndTime-op.StartTime, 60.0)
		is.Equal(count(true), `{"Count":4,"ScannedCount":4}`)
		is.NoErr(engine.Check())
	})
}

// steps puts an object in four steps of a second, and returns how much was read after each.
func steps(t *testing.T, data []byte, format, compression string) (read []int64, last bulkDescription) {
	t.Helper()
	objects := fstest.MapFS{"1": {Data: data}}
	engine := memtable.New(t, memtable.WithBulkDelay(4*time.Second), memtable.WithBucket("out", nil), memtable.WithBucket("in", objects))
	bulkTable(t, engine)
	arn := startBulkOf(t, engine, "", format, compression).Arn
	delete(objects, "1") // it has been read
	for range 4 {
		engine.Advance(time.Second)
		last = describeBulk(t, engine, arn)
		read = append(read, last.ProcessedInputBytes)
	}
	return read, last
}

func TestBulkPutTellsHowFarItHasRead(t *testing.T) {
	const json = `{"Item":{"id":{"S":"a"},"n":{"N":"1"}}}` + "\n"
	const text = `{Item:{id:"a",n:1}}`
	size := int64(len(gzipped(strings.Repeat(json, 4))))
	for _, c := range []struct {
		name                string
		data                string
		format, compression string
		want                []int64
	}{
		{"JSON", strings.Repeat(json, 4), "DYNAMODB_JSON", "NONE", []int64{40, 80, 120, 160}},
		{"Ion", strings.Repeat(text, 4), "ION", "NONE", []int64{19, 38, 57, 76}},
		{"GZIP", gzipped(strings.Repeat(json, 4)), "DYNAMODB_JSON", "GZIP", []int64{size / 4, size * 2 / 4, size * 3 / 4, size}},
		{"a broken record", json + "{\n" + json + json, "DYNAMODB_JSON", "NONE", []int64{40, 122, 122, 122}},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			read, last := steps(t, []byte(c.data), c.format, c.compression)
			is.Equal(read, c.want)
			is.True(strings.HasPrefix(last.Status, "COMPLETED"))
		})
	}
}

func TestBulkPutsAreNotThrottled(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.WithThrottling(), memtable.WithBucket("out", nil),
		memtable.WithBucket("in", fstest.MapFS{"1": {Data: []byte(strings.Repeat(`{"Item":{"id":{"S":"a"}}}`+"\n", 1000))}}))
	ok(t, engine, "CreateTable", `{"TableName":"docs","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}`)
	op := describeBulk(t, engine, startBulk(t, engine, "").Arn)
	is.Equal(op.Status, "COMPLETED")
	is.Equal(op.ProcessedItemCount, int64(1000))
}

func TestBulkOperationsEndWithTheirTime(t *testing.T) {
	for name, look := range map[string]func(t *testing.T, engine *memtable.Engine) bool{
		"ListBulkOperations": func(t *testing.T, engine *memtable.Engine) bool {
			return strings.Contains(ok(t, engine, "ListBulkOperations", `{}`), "COMPLETED_WITH_ERRORS")
		},
		"Objects": func(t *testing.T, engine *memtable.Engine) bool { return len(engine.Objects("out")) == 1 },
		"Dump": func(t *testing.T, engine *memtable.Engine) bool {
			items, _ := engine.Dump("docs")
			return len(items) == 1
		},
		"Snapshot": func(t *testing.T, engine *memtable.Engine) bool {
			return strings.Contains(snapshot(t, engine), `"Item"`)
		},
		"GetRecords": func(t *testing.T, engine *memtable.Engine) bool {
			arn := ask(t, engine, "DescribeTable", `{"TableName":"docs"}`).Table.LatestStreamArn
			shard := ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards[0].ShardID
			it := ask(t, engine, "GetShardIterator", `{"StreamArn":%q,"ShardId":%q,"ShardIteratorType":"TRIM_HORIZON"}`, arn, shard).ShardIterator
			return len(ask(t, engine, "GetRecords", `{"ShardIterator":%q}`, it).Records) == 1
		},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			engine := memtable.New(t, memtable.WithBulkDelay(time.Minute), memtable.WithBucket("out", nil),
				memtable.WithBucket("in", fstest.MapFS{"1": {Data: []byte(`{"Item":{"id":{"S":"a"},"n":{"N":"1"}}}` + "\nno JSON")}}))
			bulkTable(t, engine)
			startBulk(t, engine, "")
			is.True(!look(t, engine))
			engine.Advance(time.Minute)
			is.True(look(t, engine))
		})
	}
}

func TestBulkPutFailsWithoutItsTable(t *testing.T) {
	for name, drop := range map[string]func(t *testing.T, engine *memtable.Engine){
		"deleted": func(t *testing.T, engine *memtable.Engine) { ok(t, engine, "DeleteTable", `{"TableName":"docs"}`) },
		"restored": func(t *testing.T, engine *memtable.Engine) {
			var state bytes.Buffer
			if err := engine.Snapshot(&state); err != nil {
				t.Fatal(err)
			}
			if err := engine.Restore(&state); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			engine := memtable.New(t, memtable.WithBulkDelay(time.Minute),
				memtable.WithBucket("out", nil), memtable.WithBucket("in", fstest.MapFS{"1": {Data: []byte(`{"Item":{"id":{"S":"a"},"n":{"N":"1"}}}`)}}))
			bulkTable(t, engine)
			arn := startBulk(t, engine, "").Arn
			drop(t, engine)
			engine.Advance(time.Minute)
			op := describeBulk(t, engine, arn)
			is.Equal(op.Status, "FAILED")
			is.Equal(op.FailureCode+": "+op.FailureMessage, "ResourceNotFoundException: Requested resource not found: Table: docs not found")
			is.NoErr(engine.Check())
		})
	}
}

func TestBulkPutsGoByTheTimeOfTheirItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		until := time.Now().Add(45 * time.Second).Unix()
		lines := fmt.Sprintf(`{"Item":{"id":{"S":"a"},"n":{"N":"1"},"until":{"N":"%d"}}}`, until) + strings.Repeat("\n"+
			`{"Item":{"id":{"S":"a"},"n":{"N":"1"}},"ConditionExpression":"attribute_not_exists(id)"}`, 5)
		engine := memtable.New(t, memtable.WithBulkDelay(time.Minute), memtable.WithBucket("out", nil), memtable.WithBucket("in", fstest.MapFS{"1": {Data: []byte(lines)}}))
		bulkTable(t, engine)
		ok(t, engine, "UpdateTimeToLive", `{"TableName":"docs","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"until"}}`)
		arn := startBulk(t, engine, "").Arn
		time.Sleep(time.Minute)
		op := describeBulk(t, engine, arn)
		is.Equal(op.Status, "COMPLETED")
		is.Equal(len(report(engine, arn, "CONDITION_CHECK_FAILURE")), 4) // after 20, 30 and 40 seconds; and after 60
		is.NoErr(engine.Check())
	})
}

func TestBulkReportsCanBeRead(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.WithBucket("in", nil), memtable.WithBucket("out", fstest.MapFS{"1": {Data: []byte(`{"Item":{}}`)}}))
	bulkTable(t, engine)
	start := func(prefix, kinds string) bulkDescription {
		return describeBulk(t, engine, describedBulk(t, ok(t, engine, "StartBulkPutItems", `{"TableName":"docs",
			"InputS3Configuration":{"S3Bucket":"out","S3KeyPrefix":"`+prefix+`","InputFormat":"DYNAMODB_JSON"},
			"OutputS3Configuration":{"S3Bucket":"out","S3KeyPrefix":"of/","OutputType":[`+kinds+`]}}`)).Arn)
	}
	first := start("", `"CONDITION_CHECK_FAILURE"`)
	is.Equal(first.FailedItemCount, int64(1))
	is.Equal(len(engine.Objects("out")), 0) // nobody wants to know of errors
	start("", `"ERROR"`)
	second := start("of/", `"ERROR"`)
	is.Equal(second.FailedItemCount, int64(1))
	var keys []string
	for key := range engine.Objects("out") {
		keys = append(keys, strings.Split(key, "/")[0])
	}
	is.Equal(keys, []string{"of", "of"})
}

// brokenFS has files that can't be read.
type brokenFS struct {
	fstest.MapFS
	err error
}

func (b brokenFS) ReadFile(string) ([]byte, error) { return nil, b.err }

func TestBulkPutFailsWithoutItsObjects(t *testing.T) {
	one := fstest.MapFS{"1": {Data: []byte(`{}`)}}
	for _, c := range []struct {
		name string
		in   fs.FS
		want string
	}{
		{"none", fstest.MapFS{}, "S3NoSuchKey: There are no objects under the prefix 'day/' in the bucket in"},
		{"no files", nil, "S3NoSuchKey: There are no objects under the prefix 'day/' in the bucket in"},
		{"others", one, "S3NoSuchKey: There are no objects under the prefix 'day/' in the bucket in"},
		{"unlisted", os.DirFS("testdata/none"), "S3ReadFailed: stat .: no such file or directory"},
		{"denied", brokenFS{fstest.MapFS{"day/1": {}}, fs.ErrPermission}, "S3AccessDenied: permission denied"},
		{"broken", brokenFS{fstest.MapFS{"day/1": {}}, fs.ErrInvalid}, "S3ReadFailed: invalid argument"},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			engine := memtable.New(t, memtable.WithBucket("out", nil), memtable.WithBucket("in", c.in))
			bulkTable(t, engine)
			op := describeBulk(t, engine, startBulk(t, engine, "day/").Arn)
			is.Equal(op.Status, "FAILED")
			is.Equal(op.FailureCode+": "+op.FailureMessage, c.want)
		})
	}
}

func TestBulkOperationsWithTheSDK(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.WithBucket("bucket", fstest.MapFS{"in/1": {Data: []byte(`{"Item":{"id":{"S":"a"},"n":{"N":"1"}}}`)}}))
	bulkTable(t, engine)
	client := engine.Client()
	var last string
	for range 12 {
		started, err := client.StartBulkPutItems(t.Context(), &dynamodb.StartBulkPutItemsInput{TableName: aws.String("docs"),
			InputS3Configuration:  &types.InputS3Configuration{S3Bucket: aws.String("bucket"), S3KeyPrefix: aws.String("in/"), InputFormat: types.BulkOperationInputFormatDynamodbJson},
			OutputS3Configuration: &types.OutputS3Configuration{S3Bucket: aws.String("bucket"), OutputType: []types.OutputTypeEnum{types.OutputTypeEnumError}}})
		is.NoErr(err)
		is.True(started.BulkOperationDescription.ClientToken != nil) // the SDK makes one
		last = *started.BulkOperationDescription.BulkOperationArn
	}
	waiter := dynamodb.NewBulkOperationCompletedWaiter(client)
	is.NoErr(waiter.Wait(t.Context(), &dynamodb.DescribeBulkOperationInput{BulkOperationArn: &last}, time.Minute))
	pages := dynamodb.NewListBulkOperationsPaginator(client, &dynamodb.ListBulkOperationsInput{})
	var sizes []int
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		is.NoErr(err)
		sizes = append(sizes, len(page.BulkOperationsSummaryList))
	}
	is.Equal(sizes, []int{10, 2})
	_, err := client.CancelBulkOperation(t.Context(), &dynamodb.CancelBulkOperationInput{BulkOperationArn: &last})
	is.True(err != nil && strings.Contains(err.Error(), "its status is COMPLETED"))
}

func TestBulkPutReadsIon(t *testing.T) {
	is := is.New(t)
	const text = `$ion_1_0 {Item:{id:"a",n:103.,s:sym,b:{{aGk=}},t:true,z:null,price:2d-1,hex:0x1F,
  tags:$dynamodb_SS::["x","y"],ns:$dynamodb_NS::[1,2.50],bs:$dynamodb_BS::[{{aGk=}},{{}}],v:[1,2e0],m:{inner:["z",{}]}}, Later:1}
{Item:{id:"a",n:103},ConditionExpression:"attribute_not_exists(#i)",ExpressionAttributeNames:{'#i':id},ExpressionAttributeValues:null}
{Item:{id:"b",n:1},ConditionExpression:"n < :n",ExpressionAttributeValues:{':n':1}}
{Item:{id:"b",n:2020T}}
{Item:{id:"b",n:1,l:[{m:[nan]}]}}
{Item:{id:"b",n:1,ns:$dynamodb_NS::["1"]}}
{Item:["b"]}
{Item:{id:"b"},ExpressionAttributeNames:1}
{Item:{id:"b"},ExpressionAttributeNames:{a:1}}
{Item:{id:"b"},ConditionExpression:1}
"no struct"
{Item:{id:"b"}}
{Item:{id:"b",n:1}`
	engine := memtable.New(t, memtable.WithBucket("out", nil), memtable.WithBucket("in", fstest.MapFS{"1.ion": {Data: []byte(text)}}))
	bulkTable(t, engine)
	op := describeBulk(t, engine, startBulkOf(t, engine, "", "ION", "NONE").Arn)
	is.Equal(op.Status, "COMPLETED_WITH_ERRORS")
	is.Equal(op.ProcessedItemCount, int64(13))
	is.Equal(op.FailedItemCount, int64(10))
	items, err := engine.Dump("docs")
	is.NoErr(err)
	is.Equal(items, []string{`{"b":{"B":"aGk="},"bs":{"BS":["","aGk="]},"hex":{"N":"31"},"id":{"S":"a"},"m":{"M":{"inner":{"L":[{"S":"z"},{"M":{}}]}}},"n":{"N":"103"},"ns":{"NS":["1","2.5"]},` +
		`"price":{"N":"0.2"},"s":{"S":"sym"},"t":{"BOOL":true},"tags":{"SS":["x","y"]},"v":{"L":[{"N":"1"},{"N":"2"}]},"z":{"NULL":true}}`})
	is.Equal(len(report(engine, op.Arn, "CONDITION_CHECK_FAILURE")), 2)
	want := []string{
		`{"S3Key":"1.ion","Line":5,"ErrorCode":"ValidationException","ErrorMessage":"A value of the record has no type of DynamoDB","Record":"{Item:{id:\"b\",n:2020T}}"}`,
		`{"S3Key":"1.ion","Line":6,"ErrorCode":"ValidationException","ErrorMessage":"A value of the record has no type of DynamoDB","Record":"{Item:{id:\"b\",n:1,l:[{m:[nan]}]}}"}`,
		`{"S3Key":"1.ion","Line":7,"ErrorCode":"ValidationException","ErrorMessage":"A set of the record has an element of another type than N","Record":"{Item:{id:\"b\",n:1,ns:$dynamodb_NS::[\"1\"]}}"}`,
		`{"S3Key":"1.ion","Line":8,"ErrorCode":"ValidationException","ErrorMessage":"Item is no struct","Record":"{Item:[\"b\"]}"}`,
		`{"S3Key":"1.ion","Line":9,"ErrorCode":"ValidationException","ErrorMessage":"ExpressionAttributeNames is no struct","Record":"{Item:{id:\"b\"},ExpressionAttributeNames:1}"}`,
		`{"S3Key":"1.ion","Line":10,"ErrorCode":"ValidationException","ErrorMessage":"ExpressionAttributeNames has a name that is no string","Record":"{Item:{id:\"b\"},ExpressionAttributeNames:{a:1}}"}`,
		`{"S3Key":"1.ion","Line":11,"ErrorCode":"ValidationException","ErrorMessage":"ConditionExpression is no string","Record":"{Item:{id:\"b\"},ConditionExpression:1}"}`,
		`{"S3Key":"1.ion","Line":12,"ErrorCode":"ValidationException","ErrorMessage":"The record is no struct","Record":"\"no struct\""}`,
		`{"S3Key":"1.ion","Line":13,"ErrorCode":"ValidationException","ErrorMessage":"One or more parameter values were invalid: Missing the key n in the item","Record":"{Item:{id:\"b\"}}"}`,
		`{"S3Key":"1.ion","Line":14,"ErrorCode":"SerializationException","ErrorMessage":"Ion: line 14: neither a comma nor }","Record":"{Item:{id:\"b\",n:1}"}`,
	}
	is.Equal(report(engine, op.Arn, "ERROR"), want)
	is.NoErr(engine.Check())
}

// FuzzBulkObject puts an object of any content, in any format: the operation ends, and the engine stays whole.
func FuzzBulkObject(f *testing.F) {
	const json, text = "DYNAMODB_JSON", "ION"
	f.Add([]byte(`{"Item":{"id":{"S":"a"},"n":{"N":"1"}},"ConditionExpression":"attribute_exists(id)"}`+"\n"+`{"Item":{}}`), false, false)
	f.Add([]byte(gzipped(`{"Item":{"id":{"S":"a"},"n":{"N":"1"},"v":{"L":[{"N":"1"},{"N":"2"}]}}}`)), false, true)
	f.Add([]byte(`{Item:{id:"a",n:1d2,s:$dynamodb_NS::[1]},ConditionExpression:"#a = :a",ExpressionAttributeNames:{'#a':a},ExpressionAttributeValues:{':a':{{}}}}`), true, false)
	f.Fuzz(func(t *testing.T, data []byte, isIon, compressed bool) {
		engine := memtable.Open(memtable.WithBucket("out", nil), memtable.WithBucket("in", fstest.MapFS{"1": {Data: data}}))
		bulkTable(t, engine)
		format, compression := json, "NONE"
		if isIon {
			format = text
		}
		if compressed {
			compression = "GZIP"
		}
		op := describeBulk(t, engine, startBulkOf(t, engine, "", format, compression).Arn)
		if !strings.HasPrefix(op.Status, "COMPLETED") || op.ProcessedInputBytes != int64(len(data)) {
			t.Fatalf("%+v", op)
		}
		if err := engine.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
