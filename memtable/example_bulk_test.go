package memtable_test

import (
	"context"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/memtable"
)

// A bulk operation reads items from a bucket, which is any fs.FS, and reports what it couldn't put to another.
func ExampleWithBucket() {
	objects := fstest.MapFS{"users/1.json": {Data: []byte(`
		{"Item": {"id": {"S": "1"}}}
		{"Item": {"name": {"S": "nobody"}}}
		{"Item": {"id": {"S": "2"}}}`)}}
	engine := memtable.Open(memtable.WithBucket("exports", objects), memtable.WithBucket("reports", nil))
	client := engine.Client()
	newTable(client)
	arn := startExample(client)

	out, err := client.DescribeBulkOperation(context.Background(), &dynamodb.DescribeBulkOperationInput{BulkOperationArn: arn})
	if err != nil {
		panic(err)
	}
	done := out.BulkOperationDescription
	fmt.Println(done.BulkOperationStatus, done.ProcessedItemCount, done.FailedItemCount)
	fmt.Println(engine.Dump("users"))
	for _, report := range engine.Objects("reports") {
		fmt.Printf("%s", report)
	}
	// Output:
	// COMPLETED_WITH_ERRORS 3 1
	// [{"id":{"S":"1"}} {"id":{"S":"2"}}] <nil>
	// {"S3Key":"users/1.json","Line":3,"ErrorCode":"ValidationException","ErrorMessage":"One or more parameter values were invalid: Missing the key id in the item","Record":"{\"Item\": {\"name\": {\"S\": \"nobody\"}}}"}
}

// An operation that takes its time, as those of the service do.
func ExampleWithBulkDelay() {
	objects := fstest.MapFS{"1.json": {Data: []byte("{\"Item\": {\"id\": {\"S\": \"1\"}}}\n{\"Item\": {\"id\": {\"S\": \"2\"}}}")}}
	engine := memtable.Open(memtable.WithBulkDelay(time.Hour), memtable.WithBucket("exports", objects), memtable.WithBucket("reports", nil))
	client := engine.Client()
	newTable(client)
	startExample(client)
	fmt.Println(engine.Dump("users"))
	engine.Advance(30 * time.Minute)
	fmt.Println(engine.Dump("users"))
	engine.Advance(30 * time.Minute)
	fmt.Println(engine.Dump("users"))
	// Output:
	// [] <nil>
	// [{"id":{"S":"1"}}] <nil>
	// [{"id":{"S":"1"}} {"id":{"S":"2"}}] <nil>
}

// startExample puts what is in the bucket exports into the table users.
func startExample(client *dynamodb.Client) (arn *string) {
	out, err := client.StartBulkPutItems(context.Background(), &dynamodb.StartBulkPutItemsInput{
		TableName: aws.String("users"),
		InputS3Configuration: &types.InputS3Configuration{
			S3Bucket: aws.String("exports"), InputFormat: types.BulkOperationInputFormatDynamodbJson,
		},
		OutputS3Configuration: &types.OutputS3Configuration{
			S3Bucket: aws.String("reports"), OutputType: []types.OutputTypeEnum{types.OutputTypeEnumError},
		},
	})
	if err != nil {
		panic(err)
	}
	return out.BulkOperationDescription.BulkOperationArn
}
