package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bench/internal/work"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// task is one thing to measure, done by dynox and by hand over the SDK.
type task struct {
	name       string // as benchstat reads it: Query/shape=order
	dynox, sdk func() error
}

// tasks is everything that is measured, each over bytes of its own.
func tasks(tb testing.TB) []task {
	var all []task
	all = append(all, pages(tb, "order", work.OrderKey, work.NewOrder, 1400, false)...)
	all = append(all, pages(tb, "shuffled", work.OrderKey, work.NewOrder, 1400, true)...)
	all = append(all, pages(tb, "sparse", keyOf(func(s *work.Sparse) (*string, *string) { return &s.PK, &s.SK }), work.NewSparse, 4000, false)...)
	all = append(all, pages(tb, "tiny", keyOf(func(s *work.Tiny) (*string, *string) { return &s.PK, &s.SK }), work.NewTiny, 9000, false)...)
	all = append(all, pages(tb, "wide", keyOf(func(s *work.Wide) (*string, *string) { return &s.PK, &s.SK }), work.NewWide, 400, false)...)
	all = append(all, pages(tb, "deep", keyOf(func(s *work.Deep) (*string, *string) { return &s.PK, &s.SK }), work.NewDeep, 400, false)...)
	all = append(all, pages(tb, "large", keyOf(func(s *work.Large) (*string, *string) { return &s.PK, &s.SK }), work.NewLarge, 3, false)...)
	return slices.Concat(all, single(tb), batches(tb))
}

func keyOf[T any](keys func(*T) (pk, sk *string)) dynox.Key[T] {
	proto := expr.Proto[T]()
	pk, sk := keys(proto)
	return dynox.Key[T]{Partition: dynox.By(expr.At(proto, pk)), Sort: dynox.By(expr.At(proto, sk))}
}

// stored is a repository on an engine with n items, whose answers are kept.
func stored[T any](tb testing.TB, key dynox.Key[T], item func(int) T, n int) (*work.Canned, *dynox.Repo[T]) {
	engine := memtable.New(tb)
	c := work.Recorder(engine)
	table := dynox.NewTable(c.Client(), "shop")
	repo, err := dynox.NewRepo(table, key)
	check(tb, err)
	check(tb, table.Ensure(background, repo))
	for i := range n {
		v := item(i)
		check(tb, repo.Put(background, &v))
	}
	return c, repo
}

// replayed is the repository, and a plain client, over the kept answers.
func replayed[T any](tb testing.TB, c *work.Canned, key dynox.Key[T]) (*dynox.Repo[T], *dynamodb.Client) {
	client := c.Replay().Client()
	repo, err := dynox.NewRepo(dynox.NewTable(client, "shop"), key)
	check(tb, err)
	return repo, client
}

var background = context.Background()

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func pages[T any](tb testing.TB, shape string, key dynox.Key[T], item func(int) T, n int, shuffled bool) []task {
	c, repo := stored(tb, key, item, n)
	q := key.In(partitionOnly(item(0)))
	got := 0
	for _, err := range repo.Query(background, q) {
		check(tb, err)
		got++
	}
	if got != n {
		tb.Fatalf("%s: %d items, not %d", shape, got, n)
	}
	if shuffled {
		shuffle(tb, c.Answers["Query"])
	}
	repo, client := replayed(tb, c, key)
	name, value := partitionOf(item(0))
	return []task{{
		name: "Query/shape=" + shape,
		dynox: func() error {
			items := make([]T, 0, n)
			for v, err := range repo.Query(background, q) {
				if err != nil {
					return err
				}
				items = append(items, v)
			}
			return nil
		},
		sdk: func() error {
			out, err := client.Query(background, &dynamodb.QueryInput{
				TableName: aws.String("shop"), KeyConditionExpression: aws.String("#p = :p"),
				ExpressionAttributeNames:  map[string]string{"#p": name},
				ExpressionAttributeValues: map[string]types.AttributeValue{":p": &types.AttributeValueMemberS{Value: value}},
			})
			if err != nil {
				return err
			}
			items := make([]T, 0, n)
			return attributevalue.UnmarshalListOfMaps(out.Items, &items)
		},
	}}
}

// partitionOnly is an item with nothing but its partition key, and
// partitionOf says which that is.
func partitionOnly[T any](item T) T {
	var only T
	switch v := any(&only).(type) {
	case *work.Order:
		v.Customer = any(item).(work.Order).Customer
	case *work.Sparse:
		v.PK = any(item).(work.Sparse).PK
	case *work.Tiny:
		v.PK = any(item).(work.Tiny).PK
	case *work.Wide:
		v.PK = any(item).(work.Wide).PK
	case *work.Deep:
		v.PK = any(item).(work.Deep).PK
	case *work.Large:
		v.PK = any(item).(work.Large).PK
	}
	return only
}

func partitionOf(item any) (name, value string) {
	if o, ok := item.(work.Order); ok {
		return "customer", o.Customer
	}
	return "pk", "p"
}

// shuffle gives every item of an answer another order of its attributes.
func shuffle(tb testing.TB, a *work.Answer) {
	var body map[string]json.RawMessage
	check(tb, json.Unmarshal(a.Body, &body))
	var items []map[string]json.RawMessage
	check(tb, json.Unmarshal(body["Items"], &items))
	random := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString("[")
	for i, item := range items {
		var members []string
		for name, value := range item {
			quoted, err := json.Marshal(name)
			check(tb, err)
			members = append(members, string(quoted)+":"+string(value))
		}
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("{" + strings.Join(members, ",") + "}")
	}
	b.WriteString("]")
	body["Items"] = b.Bytes()
	text, err := json.Marshal(body)
	check(tb, err)
	a.Body = text
	a.Header = a.Header.Clone()
	a.Header.Del("X-Amz-Crc32")
	a.Header.Del("Content-Length")
}

// single are the verbs on one item.
func single(tb testing.TB) []task {
	c, repo := stored(tb, work.OrderKey, work.NewOrder, 1)
	o := work.NewOrder(0)
	_, err := repo.Get(background, o)
	check(tb, err)
	_, err = repo.Update(background, o, work.Status.Set("paid"), expr.Add(work.Total, 5), expr.If(work.Total.Lt(1000)))
	check(tb, err)
	check(tb, repo.Delete(background, o))
	repo, client := replayed(tb, c, work.OrderKey)
	key := func() map[string]types.AttributeValue {
		return map[string]types.AttributeValue{
			"customer": &types.AttributeValueMemberS{Value: o.Customer}, "id": &types.AttributeValueMemberS{Value: o.ID},
		}
	}
	return []task{{
		name:  "GetItem/shape=order",
		dynox: func() error { _, err := repo.Get(background, o); return err },
		sdk: func() error {
			out, err := client.GetItem(background, &dynamodb.GetItemInput{TableName: aws.String("shop"), Key: key()})
			if err != nil {
				return err
			}
			var o work.Order
			return attributevalue.UnmarshalMap(out.Item, &o)
		},
	}, {
		name:  "PutItem/shape=order",
		dynox: func() error { return repo.Put(background, &o) },
		sdk: func() error {
			item, err := attributevalue.MarshalMap(o)
			if err != nil {
				return err
			}
			_, err = client.PutItem(background, &dynamodb.PutItemInput{TableName: aws.String("shop"), Item: item})
			return err
		},
	}, {
		name: "UpdateItem/shape=order",
		dynox: func() error {
			_, err := repo.Update(background, o, work.Status.Set("paid"), expr.Add(work.Total, 5), expr.If(work.Total.Lt(1000)))
			return err
		},
		sdk: func() error {
			out, err := client.UpdateItem(background, &dynamodb.UpdateItemInput{
				TableName: aws.String("shop"), Key: key(), ReturnValues: types.ReturnValueAllNew,
				UpdateExpression:         aws.String("SET #s = :s ADD #t :n"),
				ConditionExpression:      aws.String("attribute_exists(#c) AND #t < :max"),
				ExpressionAttributeNames: map[string]string{"#s": "status", "#t": "total", "#c": "customer"},
				ExpressionAttributeValues: map[string]types.AttributeValue{
					":s": &types.AttributeValueMemberS{Value: "paid"}, ":n": &types.AttributeValueMemberN{Value: "5"},
					":max": &types.AttributeValueMemberN{Value: "1000"},
				},
			})
			if err != nil {
				return err
			}
			var o work.Order
			return attributevalue.UnmarshalMap(out.Attributes, &o)
		},
	}, {
		name:  "DeleteItem/shape=order",
		dynox: func() error { return repo.Delete(background, o) },
		sdk: func() error {
			_, err := client.DeleteItem(background, &dynamodb.DeleteItemInput{TableName: aws.String("shop"), Key: key()})
			return err
		},
	}}
}

func BenchmarkRepository(b *testing.B) {
	for _, w := range tasks(b) {
		for _, impl := range []struct {
			name string
			f    func() error
		}{{"dynox", w.dynox}, {"sdk", w.sdk}} {
			b.Run(w.name+"/impl="+impl.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := impl.f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
