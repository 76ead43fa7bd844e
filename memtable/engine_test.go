package memtable_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// exported compares the SDK's types without their unexported markers.
var exported = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{},
	types.AttributeValueMemberB{}, types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNULL{},
	types.AttributeValueMemberL{}, types.AttributeValueMemberM{}, types.AttributeValueMemberSS{},
	types.AttributeValueMemberNS{}, types.AttributeValueMemberBS{})

type item = map[string]types.AttributeValue

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func n(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }

// newClient returns a client of an engine with a table "things" of partition key pk and sort key sk.
func newClient(t *testing.T, opts ...memtable.Option) (*dynamodb.Client, *memtable.Engine) {
	t.Helper()
	engine := memtable.New(t, opts...)
	client := engine.Client()
	createThings(t, client)
	return client, engine
}

func createThings(t testing.TB, client *dynamodb.Client) {
	t.Helper()
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName:   aws.String("things"),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPutAndGetEveryType(t *testing.T) {
	is := is.New(t)
	ctx := context.Background()
	client, _ := newClient(t)
	in := item{
		"pk": s("a"), "sk": s("\x00é😀\"\\"),
		"n": n("-12.50"), "b": &types.AttributeValueMemberB{Value: []byte{0, 255}}, "e": s(""),
		"t": &types.AttributeValueMemberBOOL{Value: true}, "null": &types.AttributeValueMemberNULL{Value: true},
		"l":  &types.AttributeValueMemberL{Value: []types.AttributeValue{s("x"), n("1E3")}},
		"m":  &types.AttributeValueMemberM{Value: item{"k": &types.AttributeValueMemberL{}}},
		"ss": &types.AttributeValueMemberSS{Value: []string{"b", "a"}},
		"ns": &types.AttributeValueMemberNS{Value: []string{"2", "1.0"}},
		"bs": &types.AttributeValueMemberBS{Value: [][]byte{{2}, {1}}},
	}
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("things"), Item: in})
	is.NoErr(err)
	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("things"), Key: item{"pk": in["pk"], "sk": in["sk"]}})
	is.NoErr(err)
	want := item{}
	for k, v := range in {
		want[k] = v
	}
	want["n"] = n("-12.5")
	want["l"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{s("x"), n("1000")}}
	want["m"] = &types.AttributeValueMemberM{Value: item{"k": &types.AttributeValueMemberL{Value: []types.AttributeValue{}}}}
	want["ss"] = &types.AttributeValueMemberSS{Value: []string{"a", "b"}}
	want["ns"] = &types.AttributeValueMemberNS{Value: []string{"1", "2"}}
	want["bs"] = &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}}
	if diff := cmp.Diff(want, got.Item, exported); diff != "" {
		t.Error(diff)
	}
}
