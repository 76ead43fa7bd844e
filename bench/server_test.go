package bench

import (
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bench/internal/work"
	"github.com/dynox-go/dynox/memtable"
)

// Over a real connection, and within one process, the engine's work is in the
// figures too.

func BenchmarkLoopback(b *testing.B) {
	engine := memtable.New(b)
	server := httptest.NewServer(engine)
	defer server.Close()
	benchmarkEngine(b, dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
	}))
}

func BenchmarkInProcess(b *testing.B) { benchmarkEngine(b, memtable.New(b).Client()) }

func benchmarkEngine(b *testing.B, client *dynamodb.Client) {
	table := dynox.NewTable(client, "shop")
	repo, err := dynox.NewRepo(table, work.OrderKey)
	check(b, err)
	check(b, table.Ensure(background, repo))
	const n = 100
	for i := range n {
		o := work.NewOrder(i)
		check(b, repo.Put(background, &o))
	}
	o := work.NewOrder(7)
	q := work.OrderKey.In(work.Order{Customer: o.Customer})
	key := map[string]types.AttributeValue{
		"customer": &types.AttributeValueMemberS{Value: o.Customer}, "id": &types.AttributeValueMemberS{Value: o.ID},
	}
	for _, t := range []struct {
		name string
		f    func() error
	}{
		{"GetItem/impl=dynox", func() error { _, err := repo.Get(background, o); return err }},
		{"GetItem/impl=sdk", func() error {
			out, err := client.GetItem(background, &dynamodb.GetItemInput{TableName: aws.String("shop"), Key: key})
			if err != nil {
				return err
			}
			var o work.Order
			return attributevalue.UnmarshalMap(out.Item, &o)
		}},
		{"PutItem/impl=dynox", func() error { return repo.Put(background, &o) }},
		{"PutItem/impl=sdk", func() error {
			item, err := attributevalue.MarshalMap(o)
			if err != nil {
				return err
			}
			_, err = client.PutItem(background, &dynamodb.PutItemInput{TableName: aws.String("shop"), Item: item})
			return err
		}},
		{"Query100/impl=dynox", func() error {
			items := make([]work.Order, 0, n)
			for o, err := range repo.Query(background, q) {
				if err != nil {
					return err
				}
				items = append(items, o)
			}
			return nil
		}},
		{"Query100/impl=sdk", func() error {
			out, err := client.Query(background, &dynamodb.QueryInput{
				TableName: aws.String("shop"), KeyConditionExpression: aws.String("customer = :c"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":c": key["customer"]},
			})
			if err != nil {
				return err
			}
			items := make([]work.Order, 0, n)
			return attributevalue.UnmarshalListOfMaps(out.Items, &items)
		}},
	} {
		b.Run(t.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				check(b, t.f())
			}
		})
	}
}
