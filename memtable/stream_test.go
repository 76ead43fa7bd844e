package memtable_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// streamAnswer is what the tests read of the answers of the streams API.
type streamAnswer struct {
	StreamDescription struct {
		StreamStatus string
		Shards       []struct {
			ShardID       string `json:"ShardId"`
			ParentShardID string `json:"ParentShardId"`
		}
	}
	ShardIterator     string
	NextShardIterator string
	Records           []struct {
		EventName string `json:"eventName"`
		Dynamodb  struct {
			Keys           map[string]map[string]string
			SequenceNumber string
			SizeBytes      int
		} `json:"dynamodb"`
	}
	TableDescription, Table struct{ LatestStreamArn string }
}

// ask sends a request and reads its answer.
func ask(t *testing.T, engine *memtable.Engine, operation, body string, args ...any) (out streamAnswer) {
	t.Helper()
	if err := json.Unmarshal([]byte(ok(t, engine, operation, fmt.Sprintf(body, args...))), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// streaming creates table "streamed", and returns the ARN of its stream.
func streaming(t *testing.T, engine *memtable.Engine, view string) string {
	t.Helper()
	return ask(t, engine, "CreateTable", `{"TableName":"streamed","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
		"StreamSpecification":{"StreamEnabled":true,"StreamViewType":%q}}`, view).TableDescription.LatestStreamArn
}

func putStreamed(t *testing.T, engine *memtable.Engine, pk string, sk int, more string) {
	t.Helper()
	ask(t, engine, "PutItem", `{"TableName":"streamed","Item":{"pk":{"S":%q},"sk":{"N":"%d"}%s}}`, pk, sk, more)
}

// oldest returns an iterator at the oldest record of a shard.
func oldest(t *testing.T, engine *memtable.Engine, arn, shard string) string {
	t.Helper()
	return ask(t, engine, "GetShardIterator", `{"StreamArn":%q,"ShardId":%q,"ShardIteratorType":"TRIM_HORIZON"}`, arn, shard).ShardIterator
}

func TestPartitionsStayInTheirShards(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.WithShards(3))
	arn := streaming(t, engine, "KEYS_ONLY")
	for sk := range 4 {
		for pk := range 30 {
			putStreamed(t, engine, fmt.Sprint("p", pk), sk, "")
		}
	}
	is.NoErr(engine.Check())
	shards := ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards
	is.Equal(len(shards), 3)
	next, of, total := map[string]int{}, map[string]string{}, 0
	for _, shard := range shards {
		records := ask(t, engine, "GetRecords", `{"ShardIterator":%q}`, oldest(t, engine, arn, shard.ShardID)).Records
		is.True(len(records) > 0)
		total += len(records)
		for _, r := range records {
			pk := r.Dynamodb.Keys["pk"]["S"]
			is.Equal(r.Dynamodb.Keys["sk"]["N"], fmt.Sprint(next[pk])) // in the order of their writes
			next[pk]++
			if of[pk] == "" {
				of[pk] = shard.ShardID
			}
			is.Equal(of[pk], shard.ShardID)
		}
	}
	is.Equal(total, 120)
}

func TestRecordsCanBeFollowedThroughShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		arn := streaming(t, engine, "NEW_IMAGE")
		for sk := range 30 { // more than a day, of which the beginning is trimmed
			putStreamed(t, engine, "p", sk, "")
			time.Sleep(time.Hour)
		}
		is.NoErr(engine.Check())
		shards := ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards
		want := 7 // what was written 23 hours ago and later is there
		for i, shard := range shards {
			if i > 0 {
				is.Equal(shard.ParentShardID, shards[i-1].ShardID)
			}
			for at := oldest(t, engine, arn, shard.ShardID); at != ""; {
				out := ask(t, engine, "GetRecords", `{"ShardIterator":%q,"Limit":3}`, at)
				for _, r := range out.Records {
					is.Equal(r.Dynamodb.Keys["sk"]["N"], fmt.Sprint(want))
					want++
				}
				if at = out.NextShardIterator; len(out.Records) == 0 {
					break // the open shard has an iterator for what is to come
				}
			}
		}
		is.Equal(want, 30)
	})
}

func TestTheOldestRecordIsNotTrimmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		arn := streaming(t, engine, "KEYS_ONLY")
		putStreamed(t, engine, "p", 1, "")
		time.Sleep(time.Hour)
		putStreamed(t, engine, "p", 2, "")
		time.Sleep(23 * time.Hour)
		shard := ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards[0].ShardID
		at := ask(t, engine, "GetShardIterator", `{"StreamArn":%q,"ShardId":%q,"ShardIteratorType":"AT_SEQUENCE_NUMBER","SequenceNumber":"100000000000000000002"}`, arn, shard).ShardIterator
		records := ask(t, engine, "GetRecords", `{"ShardIterator":%q}`, at).Records
		is.Equal(len(records), 1)
		is.Equal(records[0].Dynamodb.Keys["sk"]["N"], "2")
		_, text := post(t, engine, "GetShardIterator",
			fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,"ShardIteratorType":"AT_SEQUENCE_NUMBER","SequenceNumber":"100000000000000000001"}`, arn, shard))
		is.Equal(exception(t, text), "TrimmedDataAccessException: The data you are trying to access has been trimmed")
	})
}

func TestALongPauseLeavesNoChainOfShards(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	arn := streaming(t, engine, "KEYS_ONLY")
	putStreamed(t, engine, "p", 1, "")
	engine.Advance(100 * 365 * 24 * time.Hour)
	shards := ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards
	is.True(len(shards) > 0 && len(shards) < 9)
	putStreamed(t, engine, "p", 2, "")
	is.NoErr(engine.Check())
	out := ask(t, engine, "GetRecords", `{"ShardIterator":%q}`, oldest(t, engine, arn, shards[len(shards)-1].ShardID))
	is.Equal(len(out.Records), 1)
}

func TestRecordsComeInPagesOfAMegabyte(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	arn := streaming(t, engine, "NEW_AND_OLD_IMAGES")
	for sk := range 7 {
		putStreamed(t, engine, "p", sk, `,"a":{"S":"`+strings.Repeat("x", 300<<10)+`"}`)
	}
	shard := ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards[0].ShardID
	var counts []int
	for at := oldest(t, engine, arn, shard); ; {
		out := ask(t, engine, "GetRecords", `{"ShardIterator":%q}`, at)
		counts = append(counts, len(out.Records))
		if at = out.NextShardIterator; len(out.Records) == 0 {
			break
		}
	}
	is.Equal(counts, []int{3, 3, 1, 0})
}

func TestStreamsTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.WithTableDelay(time.Second))
		arn := streaming(t, engine, "KEYS_ONLY")
		status := func() string {
			return ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.StreamStatus
		}
		is.Equal(status(), "ENABLING")
		time.Sleep(time.Second)
		is.Equal(status(), "ENABLED")
		ask(t, engine, "UpdateTable", `{"TableName":"streamed","StreamSpecification":{"StreamEnabled":false}}`)
		is.Equal(status(), "DISABLING")
		time.Sleep(time.Second)
		is.Equal(status(), "DISABLED")
		is.Equal(ask(t, engine, "DescribeTable", `{"TableName":"streamed"}`).Table.LatestStreamArn, arn)
	})
}

func TestConcurrentWritesAreAllRecorded(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.WithShards(2))
	arn := streaming(t, engine, "NEW_AND_OLD_IMAGES")
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				putStreamed(t, engine, fmt.Sprint("p", i%5), i%3, fmt.Sprintf(`,"w":{"N":"%d"}`, w*1000+i))
				if i%10 == 0 {
					ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn)
				}
			}
		})
	}
	wg.Wait()
	is.NoErr(engine.Check())
	total := 0
	for _, shard := range ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards {
		total += len(ask(t, engine, "GetRecords", `{"ShardIterator":%q}`, oldest(t, engine, arn, shard.ShardID)).Records)
	}
	is.Equal(total, 400)
}

func TestStreamsAPIHasItsOwnTarget(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	for _, target := range []string{"DynamoDB_20120810.ListStreams", "DynamoDBStreams_20120810.ListTables", "ListStreams"} {
		_, text := post(t, engine, "", `{}`, "X-Amz-Target", target)
		is.Equal(text, `{"__type":"com.amazon.coral.service#UnknownOperationException"}`)
	}
}

func TestFaultsReachStreams(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	arn := streaming(t, engine, "KEYS_ONLY")
	engine.ForgetRequests()
	engine.Fail("DescribeStream", memtable.InternalError(), memtable.OnTable("others"))
	engine.Fail("GetRecords", memtable.InternalError(), memtable.OnTable("streamed"))
	shard := ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards[0].ShardID
	code, _ := post(t, engine, "GetRecords", fmt.Sprintf(`{"ShardIterator":%q}`, oldest(t, engine, arn, shard)))
	is.Equal(code, http.StatusInternalServerError)
	for i, operation := range []string{"DescribeStream", "GetShardIterator", "GetRecords"} {
		is.Equal(engine.Requests()[i].Operation, operation)
		is.Equal(engine.Requests()[i].Table, "streamed")
	}
}

func TestASplitShardHasTwoChildren(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	is.True(engine.SplitShard("streamed") != nil) // no table
	arn := streaming(t, engine, "KEYS_ONLY")
	for sk := range 4 {
		for pk := range 30 {
			putStreamed(t, engine, fmt.Sprint("p", pk), sk, "")
		}
		is.NoErr(engine.SplitShard("streamed"))
		is.NoErr(engine.Check())
	}
	shards := ask(t, engine, "DescribeStream", `{"StreamArn":%q}`, arn).StreamDescription.Shards
	is.Equal(len(shards), 1+4*2)
	children, next, total := map[string]int{}, map[string]int{}, 0
	for _, shard := range shards { // parents come before their children
		children[shard.ParentShardID]++
		for _, r := range ask(t, engine, "GetRecords", `{"ShardIterator":%q}`, oldest(t, engine, arn, shard.ShardID)).Records {
			pk := r.Dynamodb.Keys["pk"]["S"]
			is.Equal(r.Dynamodb.Keys["sk"]["N"], fmt.Sprint(next[pk]))
			next[pk]++
			total++
		}
	}
	is.Equal(total, 120)
	is.Equal(children[""], 1)
	delete(children, "")
	is.Equal(len(children), 4)
	for _, n := range children {
		is.Equal(n, 2)
	}
	ask(t, engine, "UpdateTable", `{"TableName":"streamed","StreamSpecification":{"StreamEnabled":false}}`)
	is.True(engine.SplitShard("streamed") != nil)
}
