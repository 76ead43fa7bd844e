package dynox_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// What a table is to be is said once, beside what its items need. Plan shows what
// that would change, Apply changes it.
func ExampleTable_Plan() {
	client := memtable.Open().Client()
	ctx := context.Background()
	table := dynox.NewTable(client, "app")
	users, err := dynox.NewRepo(table, UserKey)
	check(err)
	check(table.Ensure(ctx, users))

	// The next version of the program has an index, a stream, and a tag.
	table = dynox.NewTable(client, "app",
		dynox.Stream(types.StreamViewTypeNewAndOldImages),
		dynox.Tags(map[string]string{"team": "billing"}),
		dynox.DeletionProtection(true))
	users, err = dynox.NewRepo(table, UserKey, ByUserEmail)
	check(err)
	plan, err := table.Plan(ctx, users)
	check(err)
	fmt.Println(plan)
	check(plan.Apply(ctx, dynox.OnStep(func(done dynox.Step) { fmt.Println("done:", done.What) })))

	// And the one after that no longer has the index: it is not removed unless
	// that is allowed.
	users, err = dynox.NewRepo(table, UserKey)
	check(err)
	plan, err = table.Plan(ctx, users)
	check(err)
	fmt.Println(plan.Apply(ctx))
	check(plan.Apply(ctx, dynox.DropIndexes()))
	plan, err = table.Plan(ctx, users)
	check(err)
	fmt.Println(plan)
	// Output:
	// create stream: view NEW_AND_OLD_IMAGES
	// create index by-email: key email
	// create tags: team
	// create deletion protection: on
	// done: stream
	// done: index by-email
	// done: tags
	// done: deletion protection
	// dynox: apply app: not without being told to: remove index by-email
	// nothing to do
}

// For those who make tables in other ways: the same table as a template.
func ExampleDefinition_CloudFormation() {
	table := dynox.NewTable(memtable.Open().Client(), "app", dynox.Stream(types.StreamViewTypeKeysOnly))
	users, err := dynox.NewRepo(table, UserKey, ByUserEmail)
	check(err)
	d, err := table.Definition(users)
	check(err)
	template, err := d.CloudFormation()
	check(err)
	fmt.Printf("%s", template)
	// Output:
	// {
	//   "Properties": {
	//     "AttributeDefinitions": [
	//       {
	//         "AttributeName": "email",
	//         "AttributeType": "S"
	//       },
	//       {
	//         "AttributeName": "pk",
	//         "AttributeType": "S"
	//       },
	//       {
	//         "AttributeName": "sk",
	//         "AttributeType": "S"
	//       }
	//     ],
	//     "BillingMode": "PAY_PER_REQUEST",
	//     "GlobalSecondaryIndexes": [
	//       {
	//         "IndexName": "by-email",
	//         "KeySchema": [
	//           {
	//             "AttributeName": "email",
	//             "KeyType": "HASH"
	//           }
	//         ],
	//         "Projection": {
	//           "ProjectionType": "ALL"
	//         }
	//       }
	//     ],
	//     "KeySchema": [
	//       {
	//         "AttributeName": "pk",
	//         "KeyType": "HASH"
	//       },
	//       {
	//         "AttributeName": "sk",
	//         "KeyType": "RANGE"
	//       }
	//     ],
	//     "StreamSpecification": {
	//       "StreamViewType": "KEYS_ONLY"
	//     },
	//     "TableName": "app"
	//   },
	//   "Type": "AWS::DynamoDB::Table"
	// }
}

func ExampleDefinition_Terraform() {
	table := dynox.NewTable(memtable.Open().Client(), "app", dynox.Provisioned(5, 2))
	users, err := dynox.NewRepo(table, UserKey, ByUserEmail.KeysOnly().Provisioned(1, 1))
	check(err)
	d, err := table.Definition(users)
	check(err)
	resource, err := d.Terraform("app")
	check(err)
	fmt.Printf("%s", resource)
	// Output:
	// resource "aws_dynamodb_table" "app" {
	//   name = "app"
	//   billing_mode = "PROVISIONED"
	//   hash_key = "pk"
	//   range_key = "sk"
	//   read_capacity = 5
	//   write_capacity = 2
	//   attribute {
	//     name = "email"
	//     type = "S"
	//   }
	//   attribute {
	//     name = "pk"
	//     type = "S"
	//   }
	//   attribute {
	//     name = "sk"
	//     type = "S"
	//   }
	//   global_secondary_index {
	//     name = "by-email"
	//     hash_key = "email"
	//     projection_type = "KEYS_ONLY"
	//     read_capacity = 1
	//     write_capacity = 1
	//   }
	// }
}

// What a program may do is what its policy says, and no more.
func ExampleDefinition_Policy() {
	table := dynox.NewTable(memtable.Open().Client(), "app")
	users, err := dynox.NewRepo(table, UserKey, ByUserEmail)
	check(err)
	d, err := table.Definition(users)
	check(err)
	policy, err := d.Policy("arn:aws:dynamodb:eu-central-1:123456789012:table/app", dynox.AccessRead)
	check(err)
	fmt.Printf("%s", policy)
	// Output:
	// {
	//   "Statement": [
	//     {
	//       "Action": [
	//         "dynamodb:BatchGetItem",
	//         "dynamodb:ConditionCheckItem",
	//         "dynamodb:GetItem",
	//         "dynamodb:Query"
	//       ],
	//       "Effect": "Allow",
	//       "Resource": "arn:aws:dynamodb:eu-central-1:123456789012:table/app"
	//     },
	//     {
	//       "Action": [
	//         "dynamodb:Query"
	//       ],
	//       "Effect": "Allow",
	//       "Resource": "arn:aws:dynamodb:eu-central-1:123456789012:table/app/index/*"
	//     }
	//   ],
	//   "Version": "2012-10-17"
	// }
}

// A table that is not there, one that is, and its end.
func ExampleTable_Delete() {
	table := dynox.NewTable(memtable.Open().Client(), "app")
	users, err := dynox.NewRepo(table, UserKey)
	check(err)
	ctx := context.Background()
	fmt.Println(table.Exists(ctx))
	check(table.Ensure(ctx, users))
	fmt.Println(table.Ping(ctx))
	have, err := table.Describe(ctx)
	check(err)
	fmt.Println(have.TableStatus, *have.ItemCount)
	check(table.Delete(ctx))
	fmt.Println(table.Ping(ctx))
	// Output:
	// false <nil>
	// <nil>
	// ACTIVE 0
	// dynox: ping app: table not found
}

// A vector index finds what is near: the table gets it with the others.
func ExampleVectors() {
	type Note struct {
		ID      string    `dynamodbav:"id"`
		Lang    string    `dynamodbav:"lang"`
		Meaning []float32 `dynamodbav:"meaning"`
	}
	n := &Note{}
	id, lang, meaning := expr.At(n, &n.ID), expr.At(n, &n.Lang), expr.At(n, &n.Meaning)
	near := dynox.Vectors("near", meaning, 3, types.VectorDistanceFunctionCosine).Partition(lang)

	table := dynox.NewTable(memtable.Open().Client(), "notes")
	notes, err := dynox.NewRepo(table, dynox.Key[Note]{Partition: dynox.By(id)}, near)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, notes))
	have, err := table.Describe(ctx)
	check(err)
	fmt.Println(*have.VectorIndexes[0].IndexName, have.VectorIndexes[0].IndexStatus)
	// Output: near ACTIVE
}
