package memtable_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox/memtable"
)

// row is an item of the model: a partition and sort key, and three attributes that indexes use, which may
// be missing (empty text, negative number).
type row struct {
	pk   string
	sk   int
	a, b string
	n    int
}

func (r row) item() item {
	it := item{"pk": s(r.pk), "sk": n(strconv.Itoa(r.sk))}
	if r.a != "" {
		it["a"] = s(r.a)
	}
	if r.b != "" {
		it["b"] = s(r.b)
	}
	if r.n >= 0 {
		it["n"] = n(strconv.Itoa(r.n))
	}
	return it
}

func rowOf(it item) row {
	text := func(name string) string {
		if v, ok := it[name].(*types.AttributeValueMemberS); ok {
			return v.Value
		}
		return ""
	}
	number := func(name string) int {
		if v, ok := it[name].(*types.AttributeValueMemberN); ok {
			i, _ := strconv.Atoi(v.Value)
			return i
		}
		return -1
	}
	return row{pk: text("pk"), sk: number("sk"), a: text("a"), b: text("b"), n: number("n")}
}

func byKey(a, b row) int { return cmp.Or(cmp.Compare(a.pk, b.pk), cmp.Compare(a.sk, b.sk)) }

func rows() *rapid.Generator[row] {
	return rapid.Custom(func(t *rapid.T) row {
		return row{
			pk: rapid.SampledFrom([]string{"p", "q", "p\x00"}).Draw(t, "pk"),
			sk: rapid.IntRange(0, 6).Draw(t, "sk"),
			a:  rapid.SampledFrom([]string{"", "x", "xy", "y"}).Draw(t, "a"),
			b:  rapid.SampledFrom([]string{"", "u", "v"}).Draw(t, "b"),
			n:  rapid.IntRange(-1, 3).Draw(t, "n"),
		}
	})
}

// newModelled returns an engine with table t: an index on several attributes, a local and a plain global one.
func newModelled(t *rapid.T) (*memtable.Engine, *dynamodb.Client) {
	engine := memtable.Open()
	client := engine.Client()
	key := func(names ...string) (out []types.KeySchemaElement) {
		for _, name := range names {
			role := types.KeyTypeHash
			if name[0] == '>' {
				role, name = types.KeyTypeRange, name[1:]
			}
			out = append(out, types.KeySchemaElement{AttributeName: aws.String(name), KeyType: role})
		}
		return out
	}
	all := &types.Projection{ProjectionType: types.ProjectionTypeAll}
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String("ttt"), BillingMode: types.BillingModePayPerRequest, KeySchema: key("pk", ">sk"),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: "S"}, {AttributeName: aws.String("sk"), AttributeType: "N"},
			{AttributeName: aws.String("a"), AttributeType: "S"}, {AttributeName: aws.String("b"), AttributeType: "S"},
			{AttributeName: aws.String("n"), AttributeType: "N"},
		},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{IndexName: aws.String("local"), KeySchema: key("pk", ">n"), Projection: all}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			{IndexName: aws.String("plain"), KeySchema: key("a"), Projection: all},
			{IndexName: aws.String("multi"), KeySchema: key("a", "b", ">n", ">sk"), Projection: all},
		},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine, client
}

// TestAgainstAModel holds random writes and reads to a map and filters over it.
func TestAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		engine, client := newModelled(t)
		model := map[row]row{} // by key
		keyOf := func(r row) row { return row{pk: r.pk, sk: r.sk} }
		for range rapid.IntRange(1, 40).Draw(t, "writes") {
			r := rows().Draw(t, "row")
			key := item{"pk": s(r.pk), "sk": n(strconv.Itoa(r.sk))}
			var err error
			switch rapid.SampledFrom([]string{"put", "put", "put", "delete", "update"}).Draw(t, "write") {
			case "put":
				_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("ttt"), Item: r.item()})
				model[keyOf(r)] = r
			case "delete":
				_, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String("ttt"), Key: key})
				delete(model, keyOf(r))
			case "update":
				_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: aws.String("ttt"), Key: key,
					UpdateExpression: aws.String("SET n = :n REMOVE b"), ExpressionAttributeValues: item{":n": n("2")}})
				old, ok := model[keyOf(r)]
				if !ok {
					old = row{pk: r.pk, sk: r.sk}
				}
				old.n, old.b = 2, ""
				model[keyOf(r)] = old
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := engine.Check(); err != nil {
				t.Fatal(err)
			}
		}
		checkReads(t, client, model)
	})
}

// reading is a query or, without a condition, a scan, and the rows that it has to find.
type reading struct {
	index, condition string
	values           item
	wants            func(row) bool
	order            func(a, b row) int // of a query
}

var readings = []reading{
	{condition: "pk = :p", values: item{":p": s("p")}, wants: func(r row) bool { return r.pk == "p" }, order: byKey},
	{condition: "pk = :p AND sk > :n", values: item{":p": s("p"), ":n": n("2")}, wants: func(r row) bool { return r.pk == "p" && r.sk > 2 }, order: byKey},
	{condition: "pk = :p AND sk BETWEEN :l AND :h", values: item{":p": s("q"), ":l": n("1"), ":h": n("4")},
		wants: func(r row) bool { return r.pk == "q" && r.sk >= 1 && r.sk <= 4 }, order: byKey},
	{index: "local", condition: "pk = :p AND n <= :n", values: item{":p": s("p"), ":n": n("2")},
		wants: func(r row) bool { return r.pk == "p" && r.n >= 0 && r.n <= 2 },
		order: func(a, b row) int { return cmp.Compare(a.n, b.n) }},
	{index: "plain", condition: "a = :a", values: item{":a": s("x")}, wants: func(r row) bool { return r.a == "x" }},
	{index: "multi", condition: "a = :a AND b = :b AND n >= :n", values: item{":a": s("x"), ":b": s("u"), ":n": n("1")},
		wants: func(r row) bool { return r.a == "x" && r.b == "u" && r.n >= 1 },
		order: func(a, b row) int { return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.sk, b.sk)) }},
	{wants: func(row) bool { return true }},
	{index: "plain", wants: func(r row) bool { return r.a != "" }},
	{index: "multi", wants: func(r row) bool { return r.a != "" && r.b != "" && r.n >= 0 }},
	{index: "local", wants: func(r row) bool { return r.n >= 0 }},
}

func checkReads(t *rapid.T, client *dynamodb.Client, model map[row]row) {
	for _, reading := range readings {
		var want []row
		for _, r := range model {
			if reading.wants(r) {
				want = append(want, r)
			}
		}
		limit := rapid.Int32Range(1, 7).Draw(t, "limit")
		forward := rapid.Bool().Draw(t, "forward")
		got := readAll(t, client, reading, limit, forward)
		if reading.order != nil {
			order := reading.order
			if !forward {
				order = func(a, b row) int { return reading.order(b, a) }
			}
			if !slices.IsSortedFunc(got, order) {
				t.Fatalf("%+v: out of order: %v", reading, got)
			}
		}
		slices.SortFunc(got, byKey)
		slices.SortFunc(want, byKey)
		if !slices.Equal(got, want) {
			t.Fatalf("%s %s: got %v, want %v", reading.index, reading.condition, got, want)
		}
	}
}

// readAll reads all pages of a query, or all pages of all segments of a scan.
func readAll(t *rapid.T, client *dynamodb.Client, r reading, limit int32, forward bool) (out []row) {
	index := aws.String(r.index)
	if r.index == "" {
		index = nil
	}
	collect := func(items []map[string]types.AttributeValue, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			out = append(out, rowOf(it))
		}
	}
	if r.condition != "" {
		pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{TableName: aws.String("ttt"), IndexName: index, Limit: &limit,
			ScanIndexForward: &forward, KeyConditionExpression: &r.condition, ExpressionAttributeValues: r.values})
		for pages.HasMorePages() {
			page, err := pages.NextPage(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			collect(page.Items, err)
		}
		return out
	}
	total := rapid.Int32Range(1, 4).Draw(t, "segments")
	for segment := range total {
		pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: aws.String("ttt"), IndexName: index, Limit: &limit,
			Segment: &segment, TotalSegments: &total})
		for pages.HasMorePages() {
			page, err := pages.NextPage(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			collect(page.Items, err)
		}
	}
	return out
}
