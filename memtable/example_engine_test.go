package memtable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/memtable"
)

// newTable makes a table of users with an engine's real client.
func newTable(client *dynamodb.Client) {
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName:            aws.String("users"),
		BillingMode:          types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
	})
	if err != nil {
		panic(err)
	}
}

func user(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}
}

// In a test, memtable.New(t) takes the place of Open: the engine then ends
// with the test.
func ExampleEngine_Client() {
	engine := memtable.Open()
	client := engine.Client()
	newTable(client)
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{
		TableName: aws.String("users"), Item: user("1"), ConditionExpression: aws.String("attribute_not_exists(id)"),
	})
	fmt.Println(err)
	_, err = client.PutItem(context.Background(), &dynamodb.PutItemInput{
		TableName: aws.String("users"), Item: user("1"), ConditionExpression: aws.String("attribute_not_exists(id)"),
	})
	var failed *types.ConditionalCheckFailedException
	fmt.Println(errors.As(err, &failed))
	// Output:
	// <nil>
	// true
}

// A put whose answer is lost after it took effect: the SDK, which cannot
// know, sends it again.
func ExampleEngine_Fail() {
	engine := memtable.Open(memtable.WithRequestLog(10))
	client := engine.Client()
	newTable(client)
	engine.ForgetRequests()
	engine.Fail("PutItem", memtable.ResetAfter())
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("users"), Item: user("1")})
	fmt.Println(err, len(engine.Requests()))
	// Output: <nil> 2
}

func ExampleEngine_Seed() {
	engine := memtable.Open()
	newTable(engine.Client())
	fmt.Println(engine.Seed("users", `{"id": {"S": "1"}, "age": {"N": "036"}}`))
	items, err := engine.Dump("users")
	fmt.Println(items, err)
	// Output:
	// <nil>
	// [{"age":{"N":"36"},"id":{"S":"1"}}] <nil>
}

// The engine behind a port, for programs in any language.
func ExampleEngine_ServeHTTP() {
	server := httptest.NewServer(memtable.Open())
	defer server.Close()
	client := dynamodb.New(dynamodb.Options{
		BaseEndpoint: &server.URL,
		Region:       "us-east-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "any", SecretAccessKey: "any"}, nil
		}),
	})
	newTable(client)
	out, err := client.ListTables(context.Background(), &dynamodb.ListTablesInput{})
	fmt.Println(out.TableNames, err)
	// Output: [users] <nil>
}
