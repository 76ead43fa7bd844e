package bulk_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/matryer/is"
	"go.uber.org/goleak"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

// The client of a live endpoint keeps its connections.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// newTable is a table whose key is a string, and a number.
func newTable(t testing.TB, client *dynamodb.Client, opts ...dynox.TableOption) *dynox.Table {
	t.Helper()
	table := testbed.Table(t, client, opts...)
	create(t, client, table.Name())
	return table
}

func create(t testing.TB, client *dynamodb.Client, name string) {
	t.Helper()
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("p.k"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("n"), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("p.k"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("n"), AttributeType: types.ScalarAttributeTypeN},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

type item = map[string]types.AttributeValue

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func n(v any) types.AttributeValue    { return &types.AttributeValueMemberN{Value: fmt.Sprint(v)} }

// every is an item with a value of each type.
func every(i int) item {
	return item{
		"p.k": s(fmt.Sprintf("p\"%d\n", i%17)), "n": n(i),
		"number": n("12345678901234567890.123456789012345678"),
		"bytes":  &types.AttributeValueMemberB{Value: []byte{0, 1, 255}},
		"true":   &types.AttributeValueMemberBOOL{Value: true},
		"null":   &types.AttributeValueMemberNULL{Value: true},
		"list":   &types.AttributeValueMemberL{Value: []types.AttributeValue{s(""), n(1), &types.AttributeValueMemberL{}}},
		"map":    &types.AttributeValueMemberM{Value: item{"é<\u2028": s("täg"), "m": &types.AttributeValueMemberM{}}},
		"ss":     &types.AttributeValueMemberSS{Value: []string{"a", "b"}},
		"ns":     &types.AttributeValueMemberNS{Value: []string{"1", "2"}},
		"bs":     &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}},
	}
}

// fill puts n items.
func fill(t testing.TB, client *dynamodb.Client, table string, n int, makes func(int) item) {
	t.Helper()
	for i := 0; i < n; {
		var writes []types.WriteRequest
		for ; i < n && len(writes) < 25; i++ {
			writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: makes(i)}})
		}
		out, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: writes}})
		if err != nil || len(out.UnprocessedItems) > 0 {
			t.Fatal(err, len(out.UnprocessedItems))
		}
	}
}

// all are the items of a table, by key.
func all(t testing.TB, client *dynamodb.Client, table string) map[string]item {
	t.Helper()
	items := map[string]item{}
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		p, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range p.Items {
			items[i["p.k"].(*types.AttributeValueMemberS).Value+"|"+i["n"].(*types.AttributeValueMemberN).Value] = i
		}
	}
	return items
}

func equal(t testing.TB, got, want map[string]item) {
	t.Helper()
	ignore := cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{},
		types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberM{}, types.AttributeValueMemberL{},
		types.AttributeValueMemberSS{}, types.AttributeValueMemberNS{}, types.AttributeValueMemberBS{})
	sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	bytesSorted := cmpopts.SortSlices(func(a, b []byte) bool { return bytes.Compare(a, b) < 0 })
	if len(got) != len(want) {
		t.Fatalf("%d items, not %d", len(got), len(want))
	}
	for key, w := range want {
		if diff := cmp.Diff(w, got[key], ignore, sorted, bytesSorted, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestExportAndImport(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		for _, form := range []struct {
			name string
			opts []bulk.ExportOption
		}{
			{"lines", nil}, {"gzip", []bulk.ExportOption{bulk.Gzip()}}, {"zstd", []bulk.ExportOption{bulk.Zstd(), bulk.Consistent()}},
		} {
			t.Run(form.name, func(t *testing.T) {
				is := is.New(t)
				from, to := newTable(t, client), newTable(t, client)
				fill(t, client, from.Name(), 300, every)
				var file bytes.Buffer
				p, err := bulk.Export(t.Context(), from, &file, append(form.opts, bulk.PageSize(13), bulk.Segments(3))...)
				is.NoErr(err)
				is.Equal(p.Items, int64(300))
				is.Equal(p.Bytes, int64(file.Len()))
				is.Equal(p.Checkpoint, bulk.Checkpoint("")) // nothing is left
				is.True(p.ReadUnits > 0)
				p, err = bulk.Import(t.Context(), to, &file)
				is.NoErr(err)
				is.Equal(p.Items, int64(300))
				is.True(p.WriteUnits >= 300)
				is.Equal(p.Checkpoint, bulk.Checkpoint(""))
				equal(t, all(t, client, to.Name()), all(t, client, from.Name()))
			})
		}
	})
}

func TestCopy(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		from, to := newTable(t, client), newTable(t, client)
		fill(t, client, from.Name(), 300, every)
		p, err := bulk.Copy(t.Context(), from, to, bulk.PageSize(20), bulk.Concurrency(3))
		is.NoErr(err)
		is.Equal(p.Items, int64(300))
		is.True(p.ReadUnits > 0 && p.WriteUnits >= 300)
		is.Equal(p.Checkpoint, bulk.Checkpoint(""))
		equal(t, all(t, client, to.Name()), all(t, client, from.Name()))
	})
}

// A plain file keeps what JSON can say.
func TestPlain(t *testing.T) {
	t.Parallel()
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		from, to := newTable(t, client), newTable(t, client)
		fill(t, client, from.Name(), 1, every)
		var file bytes.Buffer
		_, err := bulk.Export(t.Context(), from, &file, bulk.Plain())
		is.NoErr(err)
		_, err = bulk.Import(t.Context(), to, &file, bulk.Plain())
		is.NoErr(err)
		want := every(0)
		want["bytes"] = s("AAH/")
		want["ss"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{s("a"), s("b")}}
		want["ns"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{n(1), n(2)}}
		want["bs"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{s("AQ=="), s("Ag==")}}
		got := slices.Collect(maps.Values(all(t, client, to.Name())))
		equal(t, map[string]item{"": got[0]}, map[string]item{"": want})
	})
}

// Bad lines are told with their numbers, whether they are found here or by the service.
func TestBadLines(t *testing.T) {
	t.Parallel()
	const good = `{"Item":{"p.k":{"S":"a"},"n":{"N":"%d"}}}`
	bad := []string{
		`{"Item":`, `[]`, `{}`, `{"Item":{"p.k":{"S":"a"}}}`, `{"Item":{"p.k":{"N":"1"},"n":{"N":"1"}}}`,
		`{"Item":{"p.k":{"S":""},"n":{"N":"1"}}}`, `{"Item":{"p.k":{"S":"a"},"n":{"N":"1x"}}}`,
		`{"Item":{"p.k":{"S":"a"},"n":{"N":"1"},"v":{"X":"1"}}}`, `{"Item":{"p.k":{"S":"a"},"n":{"N":"1"},"v":{"SS":[]}}}`,
		`{"Item":{"p.k":{"S":"a"},"n":{"N":"1"},"v":{"S":"` + strings.Repeat("x", 400<<10) + `"}}}`,
		`{"Item":{"p.k":{"S":"a"},"n":{"N":"1"},"v":{"SS":["x","x"]}}}`, // only the service looks
		`{"Item":{"p.k":{"S":"` + strings.Repeat("k", 2049) + `"},"n":{"N":"1"}}}`,
		`{"Item":{"p.k":{"S":"a"},"n":{"N":"1"},"v":{"S":"` + strings.Repeat("x", 4<<20) + `"}}}`,
	}
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		table := newTable(t, client)
		var file strings.Builder
		var want []int64
		items := 0
		for i := range 100 {
			if i%3 == 1 && len(want) < len(bad) {
				want = append(want, int64(i+1))
				file.WriteString(bad[len(want)-1])
			} else if i == 50 {
				file.WriteString("  ") // nothing
			} else {
				fmt.Fprintf(&file, good, i)
				items++
			}
			file.WriteByte('\n')
		}
		var got []int64
		p, err := bulk.Import(t.Context(), table, strings.NewReader(file.String()), bulk.OnBadLine(func(bad *bulk.LineError) error {
			got = append(got, bad.Line)
			is.True(!strings.Contains(bad.Error(), "xxx"))
			is.Equal(file.String()[bad.Offset-1], byte('\n'))
			return nil
		}))
		is.NoErr(err)
		slices.Sort(got)
		is.Equal(got, want)
		is.Equal(p.Items, int64(items))
		is.Equal(p.Skipped, int64(len(bad)))
		is.Equal(len(all(t, client, table.Name())), items)

		for _, line := range bad {
			text := fmt.Sprintf(good, 1) + "\n" + line + "\n" + fmt.Sprintf(good, 2) + "\n"
			p, err := bulk.Import(t.Context(), newTable(t, client), strings.NewReader(text))
			var at *bulk.LineError
			is.True(errors.As(err, &at))
			is.Equal(at.Line, int64(2))
			is.Equal(p.Items, int64(1)) // what is before it was written
		}
	})
}

// Of lines with one key the last wins.
func TestRepeatedKeys(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := memtable.New(t).Client()
	table := newTable(t, client)
	var file strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&file, `{"Item":{"p.k":{"S":"a"},"n":{"N":"%d.0"},"v":{"N":"%d"}}}`+"\n", i%7, i)
	}
	_, err := bulk.Import(t.Context(), table, strings.NewReader(file.String()), bulk.Concurrency(8))
	is.NoErr(err)
	got := all(t, client, table.Name())
	is.Equal(len(got), 7)
	for i := 2993; i < 3000; i++ {
		is.Equal(got[fmt.Sprintf("a|%d", i%7)]["v"], n(i))
	}
}
