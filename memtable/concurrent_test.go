package memtable_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// TestTransfersKeepTheSum moves money between accounts of two tables while others read it in transactions and
// scans, tables come and go, and indexes are added: the sum never changes, and nobody waits for ever.
func TestTransfersKeepTheSum(t *testing.T) {
	const accounts, start = 4, 100
	is := is.New(t)
	ctx := context.Background()
	engine := memtable.New(t)
	client := engine.Client()
	tables := []string{"alpha", "omega"}
	for _, table := range tables {
		createPlain(t, client, table)
		for i := range accounts {
			is.NoErr(engine.Seed(table, fmt.Sprintf(`{"id":{"S":"%d"},"n":{"N":"%d"}}`, i, start)))
		}
	}
	key := func(i int) item { return item{"id": s(strconv.Itoa(i % accounts))} }

	var work sync.WaitGroup
	stop := make(chan struct{})
	repeat := func(f func(i int) error) {
		work.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					if err := f(i); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	change := func(table string, i int, by string) types.TransactWriteItem {
		return types.TransactWriteItem{Update: &types.Update{TableName: &table, Key: key(i), UpdateExpression: aws.String("ADD n :n"),
			ConditionExpression: aws.String("attribute_exists(id)"), ExpressionAttributeValues: item{":n": n(by)}}}
	}
	for range 2 {
		repeat(func(i int) error {
			_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
				change(tables[i%2], i, "7"), change(tables[1-i%2], i+1, "-7"),
			}})
			return err
		})
	}
	repeat(func(int) error {
		var gets []types.TransactGetItem
		for _, table := range tables {
			for i := range accounts {
				gets = append(gets, types.TransactGetItem{Get: &types.Get{TableName: &table, Key: key(i)}})
			}
		}
		out, err := client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: gets})
		if err != nil {
			return err
		}
		sum := 0
		for _, r := range out.Responses {
			sum += amount(r.Item)
		}
		if sum != 2*accounts*start {
			return fmt.Errorf("the sum is %d", sum)
		}
		return nil
	})
	repeat(func(i int) error {
		_, err := client.Scan(ctx, &dynamodb.ScanInput{TableName: &tables[i%2]})
		return err
	})
	for i := range 30 {
		name := "passing" + strconv.Itoa(i%2)
		createPlain(t, client, name)
		if _, err := client.ListTables(ctx, nil); err != nil {
			t.Error(err)
		}
		if _, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	work.Wait()
	is.NoErr(engine.Check())
}

func amount(it item) int {
	v, err := strconv.Atoi(it["n"].(*types.AttributeValueMemberN).Value)
	if err != nil {
		panic(err)
	}
	return v
}

func createPlain(t *testing.T, client *dynamodb.Client, name string) {
	t.Helper()
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLostAnswerOfATransactionIsRepeatedOnce(t *testing.T) {
	is := is.New(t)
	ctx := context.Background()
	engine := memtable.New(t)
	client := engine.Client()
	createPlain(t, client, "accounts")
	add := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String("token"), TransactItems: []types.TransactWriteItem{
		{Update: &types.Update{TableName: aws.String("accounts"), Key: item{"id": s("a")}, UpdateExpression: aws.String("ADD n :n"),
			ExpressionAttributeValues: item{":n": n("1")}}},
	}}
	engine.Fail("TransactWriteItems", memtable.ResetAfter())
	_, err := client.TransactWriteItems(ctx, add, once)
	is.True(err != nil)
	_, err = client.TransactWriteItems(ctx, add, once)
	is.NoErr(err)
	items, err := engine.Dump("accounts")
	is.NoErr(err)
	is.Equal(items, []string{`{"id":{"S":"a"},"n":{"N":"1"}}`})

	add.TransactItems[0].Update.ExpressionAttributeValues = item{":n": n("2")}
	_, err = client.TransactWriteItems(ctx, add, once)
	var mismatch *types.IdempotentParameterMismatchException
	is.True(errors.As(err, &mismatch))
}
