package memtable_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/memtable"
)

// Nearest neighbours are exact: a search finds the items whose vectors are nearest, the nearest first.
func ExampleEngine_Client_searchVectors() {
	engine := memtable.Open()
	client := engine.Client()
	newTable(client)
	_, err := client.UpdateTable(context.Background(), &dynamodb.UpdateTableInput{
		TableName: aws.String("users"),
		VectorIndexUpdates: []types.VectorIndexUpdate{{Create: &types.CreateVectorIndexAction{
			IndexName:        aws.String("byTaste"),
			VectorAttribute:  &types.VectorAttributeDefinition{AttributeName: aws.String("taste")},
			Dimensions:       aws.Int64(2),
			DistanceFunction: types.VectorDistanceFunctionEuclidean,
			Projection:       &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}}},
	})
	fmt.Println(err)
	fmt.Println(engine.Seed("users",
		`{"id": {"S": "ann"}, "taste": {"L": [{"N": "0"}, {"N": "1"}]}}`,
		`{"id": {"S": "bob"}, "taste": {"L": [{"N": "5"}, {"N": "5"}]}}`,
		`{"id": {"S": "cid"}}`, // has no vector, and is not in the index
	))
	out, err := client.SearchVectors(context.Background(), &dynamodb.SearchVectorsInput{
		TableName: aws.String("users"),
		IndexName: aws.String("byTaste"),
		SearchVector: []types.AttributeValue{
			&types.AttributeValueMemberN{Value: "2"},
			&types.AttributeValueMemberN{Value: "1"},
		},
		TopK: aws.Int32(2),
	})
	if err != nil {
		panic(err)
	}
	for _, found := range out.SearchResults {
		fmt.Println(found.Item["id"].(*types.AttributeValueMemberS).Value, found.Score)
	}
	// Output:
	// <nil>
	// <nil>
	// ann 2
	// bob 5
}
