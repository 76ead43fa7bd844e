package memtable_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox/memtable"
)

const lagged = `{"TableName":"lagged","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
	"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}`

// lagReads are reads of table "lagged", whose %s says whether they are consistent.
var lagReads = map[string]string{
	"GetItem":      `{"TableName":"lagged","Key":{"p":{"S":"a"},"s":{"N":"1"}}%s}`,
	"BatchGetItem": `{"RequestItems":{"lagged":{"Keys":[{"p":{"S":"a"},"s":{"N":"1"}}]%s}}}`,
	"Query":        `{"TableName":"lagged","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}}%s}`,
	"Query local":  `{"TableName":"lagged","IndexName":"local","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}}%s}`,
	"Scan":         `{"TableName":"lagged"%s}`,
	"Query global": `{"TableName":"lagged","IndexName":"global","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"x"}}%s}`,
}

func answerOf(t testing.TB, engine *memtable.Engine, operation, body string) string {
	t.Helper()
	operation, _, _ = strings.Cut(operation, " ")
	return ok(t, engine, operation, body)
}

func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t, memtable.Lag(time.Second))
		ok(t, engine, "CreateTable", lagged)
		ok(t, engine, "PutItem", `{"TableName":"lagged","Item":{"p":{"S":"a"},"s":{"N":"1"},"g":{"S":"x"}}}`)
		sees := func(want bool, consistent string) {
			t.Helper()
			for operation, body := range lagReads {
				if consistent != "" && operation == "Query global" {
					continue
				}
				if got := strings.Contains(answerOf(t, engine, operation, fmt.Sprintf(body, consistent)), `"g":{"S":"x"}`); got != want {
					t.Errorf("%s %s: sees the item: %v, want %v", operation, consistent, got, want)
				}
			}
		}
		sees(false, "")
		sees(true, `,"ConsistentRead":true`)
		time.Sleep(time.Second - time.Nanosecond)
		sees(false, "")
		time.Sleep(time.Nanosecond)
		sees(true, "")
		ok(t, engine, "DeleteItem", `{"TableName":"lagged","Key":{"p":{"S":"a"},"s":{"N":"1"}}}`)
		sees(true, "")
		sees(false, `,"ConsistentRead":true`)
		time.Sleep(time.Second)
		sees(false, "")
		is.NoErr(engine.Check())

		// An index is what it was filled with at first, however young it is.
		ok(t, engine, "PutItem", `{"TableName":"lagged","Item":{"p":{"S":"a"},"s":{"N":"1"},"h":{"S":"x"}}}`)
		ok(t, engine, "UpdateTable", `{"TableName":"lagged","AttributeDefinitions":[{"AttributeName":"h","AttributeType":"S"}],
			"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"young","KeySchema":[{"AttributeName":"h","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}}]}`)
		is.True(strings.Contains(ok(t, engine, "Scan", `{"TableName":"lagged","IndexName":"young"}`), `"Count":1`))
	})
}

// Reads with a lag see what reads without one have seen that long ago.
func TestLagAgainstTheTruth(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		clock := memtable.WithClock(func() time.Time { return now })
		truth, late := memtable.Open(clock), memtable.Open(clock, memtable.Lag(3*time.Second))
		var seen []map[string]string // by second
		for _, engine := range []*memtable.Engine{truth, late} {
			ok(t, engine, "CreateTable", lagged)
		}
		for second := range 12 {
			for range rapid.IntRange(0, 3).Draw(r, "writes") {
				body := fmt.Sprintf(`{"TableName":"lagged","Key":{"p":{"S":"a"},"s":{"N":%q}}`, strconv.Itoa(rapid.IntRange(1, 3).Draw(r, "s")))
				operation := "DeleteItem"
				if rapid.Bool().Draw(r, "update") {
					operation = "UpdateItem"
					body += fmt.Sprintf(`,"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":%q}}`, rapid.SampledFrom([]string{"x", "y"}).Draw(r, "g"))
				}
				for _, engine := range []*memtable.Engine{truth, late} {
					ok(t, engine, operation, body+"}")
				}
			}
			answers := map[string]string{}
			for operation, body := range lagReads {
				answers[operation] = answerOf(t, truth, operation, fmt.Sprintf(body, ""))
			}
			seen = append(seen, answers)
			if second >= 3 {
				for operation, body := range lagReads {
					if got, want := answerOf(t, late, operation, fmt.Sprintf(body, "")), seen[second-3][operation]; got != want {
						r.Fatalf("%s in second %d: got %s, want %s", operation, second, got, want)
					}
				}
			}
			now = now.Add(time.Second)
		}
	})
}
