package memtable_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// furnished returns an engine with a table of every kind.
func furnished(t *testing.T, opts ...memtable.Option) *memtable.Engine {
	t.Helper()
	engine := memtable.New(t, opts...)
	ok(t, engine, "CreateTable", lagged)
	ok(t, engine, "CreateTable", strings.Replace(lagged, "lagged", "empty", 1))
	ok(t, engine, "CreateTable", `{"TableName":"plain","AttributeDefinitions":[{"AttributeName":"n","AttributeType":"N"},{"AttributeName":"b","AttributeType":"B"}],
		"KeySchema":[{"AttributeName":"n","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":4},"TableClass":"STANDARD_INFREQUENT_ACCESS",
		"Tags":[{"Key":"team","Value":"\"a\""}],"DeletionProtectionEnabled":true,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},
		"GlobalSecondaryIndexes":[{"IndexName":"byB","KeySchema":[{"AttributeName":"b","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]},
			"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}}]}`)
	ok(t, engine, "UpdateTimeToLive", `{"TableName":"plain","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"until"}}`)
	for i := range 20 {
		ok(t, engine, "PutItem", fmt.Sprintf(`{"TableName":"lagged","Item":{"p":{"S":"p%d"},"s":{"N":"%d"},"g":{"S":"\n\u2028%d"},"m":{"M":{"l":{"L":[{"NULL":true},{"BOOL":false}]}}}}}`, i%3, i, i))
		ok(t, engine, "PutItem", fmt.Sprintf(`{"TableName":"plain","Item":{"n":{"N":"1E-%d"},"b":{"B":"AAE="},"ns":{"NS":["1","-2.5"]},"until":{"N":"4102444800"}}}`, i))
	}
	ok(t, engine, "UpdateTable", `{"TableName":"lagged","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"global"}}]}`)
	return engine
}

func snapshot(t *testing.T, engine *memtable.Engine) string {
	t.Helper()
	var b bytes.Buffer
	if err := engine.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSnapshotsBringBackEverything(t *testing.T) {
	is := is.New(t)
	engine := furnished(t)
	want := snapshot(t, engine)

	other := memtable.New(t, memtable.Lag(time.Hour))
	ok(t, other, "CreateTable", strings.Replace(lagged, "lagged", "gone", 1))
	is.NoErr(other.Restore(strings.NewReader(want)))
	is.NoErr(other.Check())
	is.Equal(snapshot(t, other), want)
	is.Equal(ok(t, other, "ListTables", `{}`), `{"TableNames":["empty","lagged","plain"]}`)
	for operation, body := range map[string]string{
		"DescribeTable":      `{"TableName":"plain"}`,
		"DescribeTimeToLive": `{"TableName":"plain"}`,
		"ListTagsOfResource": `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/plain"}`,
		"Scan":               `{"TableName":"lagged"}`, // though reads lag
	} {
		is.Equal(ok(t, other, operation, body), ok(t, engine, operation, body))
	}
	ok(t, other, "UpdateTable", `{"TableName":"plain","DeletionProtectionEnabled":false}`) // it is active
	other.Advance(100 * 365 * 24 * time.Hour)
	items, err := other.Dump("plain")
	is.NoErr(err)
	is.Equal(len(items), 0) // they still expire
}

func TestSnapshotsLeaveOutWhatIsBeingDeleted(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t, memtable.WithTableDelay(time.Minute))
	for _, name := range []string{"aaa", "bbb"} {
		ok(t, engine, "CreateTable", strings.NewReplacer("lagged", name, `"GlobalSecondaryIndexes":[`,
			`"GlobalSecondaryIndexes":[{"IndexName":"first","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}},`).Replace(lagged))
	}
	engine.Advance(time.Minute)
	ok(t, engine, "DeleteTable", `{"TableName":"aaa"}`)
	ok(t, engine, "UpdateTable", `{"TableName":"bbb","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"first"}}]}`)
	text := snapshot(t, engine)
	is.True(!strings.Contains(text, `"aaa"`))
	is.True(!strings.Contains(text, `"first"`))
	is.True(strings.Contains(text, `"bbb"`))
	is.True(strings.Contains(text, `"global"`))
	is.NoErr(memtable.Open().Restore(strings.NewReader(text)))
}

func TestRestoreRefusesWhatIsNoSnapshot(t *testing.T) {
	const table = `{"Table":{"TableName":"abc","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}}`
	for text, want := range map[string]string{
		"":                                       "not a snapshot",
		"[]":                                     "line 1: no JSON object",
		`{"Memtable":2}`:                         "line 1: not a snapshot of form 1",
		table:                                    "line 1: not a snapshot of form 1",
		`{"Memtable":1}` + "\n" + `{"Table":`:    "line 2: not the JSON of a snapshot",
		`{"Memtable":1}` + "\n" + `{"Table":{}}`: "line 2: The parameter 'TableName' is required but was not present in the request",
		`{"Memtable":1}` + "\n" + `{}`:           "line 2: neither a table nor an item",
		`{"Memtable":1}` + "\n" + `{"Item":{}}`:  "line 2: an item without a table",
		`{"Memtable":1}` + "\n\n" + table + "\n" + `{"Item":{"b":{"S":"x"}}}`: "line 4: One or more parameter values were invalid: Missing the key a in the item",
		`{"Memtable":1}` + "\n" + table + "\n" + table:                        "line 3: table abc is there twice",
	} {
		t.Run(text, func(t *testing.T) {
			is := is.New(t)
			_, engine := newClient(t)
			err := engine.Restore(strings.NewReader(text))
			is.True(err != nil)
			is.Equal(err.Error(), "memtable: restore: "+want)
			is.Equal(stored(t, engine), 0) // its table is there still
		})
	}
}

func TestSnapshotsTellOfBrokenWritersAndReaders(t *testing.T) {
	is := is.New(t)
	broken := errors.New("broken")
	engine := furnished(t)
	is.True(errors.Is(engine.Restore(iotest.ErrReader(broken)), broken))
	is.True(errors.Is(engine.Snapshot(failing{broken}), broken))
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// FuzzRestore reads anything: what it takes is whole, and its own snapshot brings it back.
func FuzzRestore(f *testing.F) {
	f.Add(`{"Memtable":1}` + "\n" + `{"Table":{"TableName":"abc","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],` +
		`"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"TimeToLive":"t","Stream":"x","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"},` +
		`"CreationDateTime":1.5,"TableId":"i"}}` + "\n" + `{"Item":{"a":{"S":"x"},"t":{"N":"1"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		engine := memtable.Open()
		if engine.Restore(strings.NewReader(text)) != nil {
			return
		}
		if err := engine.Check(); err != nil {
			t.Fatal(err)
		}
		var b, again bytes.Buffer
		other := memtable.Open()
		err := errors.Join(engine.Snapshot(&b), other.Restore(bytes.NewReader(b.Bytes())), other.Snapshot(&again))
		if err != nil || b.String() != again.String() {
			t.Fatalf("%v\n%s\n%s", err, b.String(), again.String())
		}
	})
}
