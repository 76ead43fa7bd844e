package memtable_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

func TestTablesAndIndexesTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		client, _ := newClient(t, memtable.WithTableDelay(5*time.Second))
		things := aws.String("things")
		describe := func() *types.TableDescription {
			out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: things})
			is.NoErr(err)
			return out.Table
		}
		var missing *types.ResourceNotFoundException
		var busy *types.ResourceInUseException
		remove := func() error {
			_, err := client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: things})
			return err
		}

		is.Equal(describe().TableStatus, types.TableStatusCreating)
		is.True(errors.As(putOne(client), &missing)) // no items before the table is active
		is.True(errors.As(remove(), &busy))
		is.NoErr(dynamodb.NewTableExistsWaiter(client).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: things}, time.Minute))
		is.Equal(describe().TableStatus, types.TableStatusActive)
		is.NoErr(putOne(client))

		_, err := client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: things,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("v"), AttributeType: "S"}},
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: aws.String("byV"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("v"), KeyType: "HASH"}},
				Projection: &types.Projection{ProjectionType: "ALL"}}}}})
		is.NoErr(err)
		is.Equal(describe().TableStatus, types.TableStatusUpdating)
		is.Equal(describe().GlobalSecondaryIndexes[0].IndexStatus, types.IndexStatusCreating)
		is.NoErr(putOne(client)) // a table that is updated serves its items
		scan := &dynamodb.ScanInput{TableName: things, IndexName: aws.String("byV")}
		_, err = client.Scan(t.Context(), scan)
		is.Equal(refused(t, err), "Cannot read from backfilling global secondary index: byV")
		is.True(errors.As(remove(), &busy))
		time.Sleep(5 * time.Second)
		_, err = client.Scan(t.Context(), scan)
		is.NoErr(err)

		is.NoErr(remove())
		is.Equal(describe().TableStatus, types.TableStatusDeleting)
		is.True(errors.As(putOne(client), &missing))
		time.Sleep(5 * time.Second)
		_, err = client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: things})
		is.True(errors.As(err, &missing))
	})
}
