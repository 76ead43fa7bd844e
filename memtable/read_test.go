package memtable_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
)

func put(t *testing.T, client *dynamodb.Client, items ...item) {
	t.Helper()
	for _, it := range items {
		if _, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("things"), Item: it}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLegacyQueryPages(t *testing.T) {
	is := is.New(t)
	ctx := context.Background()
	client, _ := newClient(t)
	for i := range 10 {
		put(t, client, item{"pk": s("a"), "sk": s(fmt.Sprint(i))}, item{"pk": s("b"), "sk": s(fmt.Sprint(i))})
	}
	query := &dynamodb.QueryInput{
		TableName: aws.String("things"),
		Limit:     aws.Int32(3),
		KeyConditions: map[string]types.Condition{
			"pk": {ComparisonOperator: "EQ", AttributeValueList: []types.AttributeValue{s("a")}},
			"sk": {ComparisonOperator: "GE", AttributeValueList: []types.AttributeValue{s("2")}},
		},
	}
	var got []string
	pages := 0
	for {
		out, err := client.Query(ctx, query)
		is.NoErr(err)
		pages++
		for _, it := range out.Items {
			got = append(got, it["sk"].(*types.AttributeValueMemberS).Value)
		}
		if out.LastEvaluatedKey == nil {
			break
		}
		query.ExclusiveStartKey = out.LastEvaluatedKey
	}
	is.Equal(got, []string{"2", "3", "4", "5", "6", "7", "8", "9"})
	is.Equal(pages, 3)
}
