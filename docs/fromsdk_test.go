package docs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

type Bill struct {
	PK     string `dynamodbav:"PK"` // GUEST#ann
	SK     string `dynamodbav:"SK"` // BILL#7
	Guest  string `dynamodbav:"guest"`
	Number string `dynamodbav:"number"`
	Cents  int64  `dynamodbav:"cents"`
	State  string `dynamodbav:"state"`
}

var (
	bill       = expr.Proto[Bill]()
	billGuest  = expr.At(bill, &bill.Guest)
	billNumber = expr.At(bill, &bill.Number)
	billState  = expr.At(bill, &bill.State)

	BillKey = dynox.Key[Bill]{
		Partition: dynox.Composite("PK", "GUEST#{}", billGuest),
		Sort:      dynox.Composite("SK", "BILL#{}", billNumber),
	}
)

// sdkCreateBill and what follows are over the bare SDK.
func sdkCreateBill(ctx context.Context, client *dynamodb.Client, b Bill) error {
	b.PK, b.SK = "GUEST#"+b.Guest, "BILL#"+b.Number
	item, err := attributevalue.MarshalMap(b)
	if err != nil {
		return err
	}
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                aws.String("bills"),
		Item:                     item,
		ConditionExpression:      aws.String("attribute_not_exists(#pk)"),
		ExpressionAttributeNames: map[string]string{"#pk": "PK"},
	})
	return err
}

func createBill(ctx context.Context, bills *dynox.Repo[Bill], b Bill) error {
	return bills.Create(ctx, &b)
}

func sdkPayBill(ctx context.Context, client *dynamodb.Client, guest, number string) (b Bill, err error) {
	out, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String("bills"),
		Key: map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: "GUEST#" + guest},
			"SK": &types.AttributeValueMemberS{Value: "BILL#" + number},
		},
		UpdateExpression:         aws.String("SET #s = :paid"),
		ConditionExpression:      aws.String("#s = :open"),
		ExpressionAttributeNames: map[string]string{"#s": "state"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":paid": &types.AttributeValueMemberS{Value: "paid"},
			":open": &types.AttributeValueMemberS{Value: "open"},
		},
		ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return b, err
	}
	err = attributevalue.UnmarshalMap(out.Attributes, &b)
	return b, err
}

func payBill(ctx context.Context, bills *dynox.Repo[Bill], guest, number string) (Bill, error) {
	return bills.Update(ctx, Bill{Guest: guest, Number: number}, billState.Set("paid"), expr.If(billState.Eq("open")))
}

func sdkOpenBills(ctx context.Context, client *dynamodb.Client, guest string) (all []Bill, err error) {
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName:                aws.String("bills"),
		KeyConditionExpression:   aws.String("#pk = :pk AND begins_with(#sk, :bill)"),
		FilterExpression:         aws.String("#s = :open"),
		ExpressionAttributeNames: map[string]string{"#pk": "PK", "#sk": "SK", "#s": "state"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk":   &types.AttributeValueMemberS{Value: "GUEST#" + guest},
			":bill": &types.AttributeValueMemberS{Value: "BILL#"},
			":open": &types.AttributeValueMemberS{Value: "open"},
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		var bills []Bill
		if err := attributevalue.UnmarshalListOfMaps(page.Items, &bills); err != nil {
			return nil, err
		}
		all = append(all, bills...)
	}
	return all, nil
}

func openBills(ctx context.Context, bills *dynox.Repo[Bill], guest string) ([]Bill, error) {
	return iter.Collect(bills.Query(ctx, BillKey.In(Bill{Guest: guest}).Filter(billState.Eq("open"))))
}

// sdkStoredBill is the bill that a condition did not hold for, if err says so.
func sdkStoredBill(err error) (b Bill, ok bool) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || failed.Item == nil { // if ReturnValuesOnConditionCheckFailure asked for it
		return b, false
	}
	return b, attributevalue.UnmarshalMap(failed.Item, &b) == nil
}

func Example_fromSDK() {
	ctx := context.Background()
	client := memtable.Open().Client()
	table := dynox.NewTable(client, "bills")
	bills := mustRepo(dynox.NewRepo(table, BillKey))
	succeed(table.Ensure(ctx, bills))

	fmt.Println(sdkCreateBill(ctx, client, Bill{Guest: "ann", Number: "1", Cents: 9000, State: "open"}))
	fmt.Println(createBill(ctx, bills, Bill{Guest: "ann", Number: "2", Cents: 4000, State: "open"}))
	fmt.Println(createBill(ctx, bills, Bill{Guest: "ann", Number: "1"}))

	one, err := openBills(ctx, bills, "ann")
	succeed(err)
	other, err := sdkOpenBills(ctx, client, "ann")
	succeed(err)
	fmt.Println(len(one), fmt.Sprint(one) == fmt.Sprint(other))

	b, err := payBill(ctx, bills, "ann", "1")
	fmt.Println(b.SK, b.State, err)
	b, err = sdkPayBill(ctx, client, "ann", "2")
	fmt.Println(b.SK, b.State, err)

	_, err = payBill(ctx, bills, "ann", "1")
	stored, ok := dynox.OldItem[Bill](err)
	fmt.Println(dynox.ConditionFailed(err), stored.State, ok)
	_, err = sdkPayBill(ctx, client, "ann", "1")
	_, ok = sdkStoredBill(err)
	fmt.Println(dynox.ConditionFailed(err), ok)
	// Output:
	// <nil>
	// <nil>
	// dynox: create bills: Bill: already exists
	// 2 true
	// BILL#1 paid <nil>
	// BILL#2 paid <nil>
	// true paid true
	// true false
}
