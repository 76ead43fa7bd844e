package memtable_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// A scan goes by a hash of the partition key, as observed of the service.
func TestScanOrder(t *testing.T) {
	for typ, want := range map[string][]string{
		"S": {"2", "8", "9", "1", "6", "hello", "0", "5", "4", "äáöü", "aardman", "7", "3", "zapf"},
		"N": {"7", "999.9", "8", "3", "2", "-999.9", "9", "4", "-0.09", "6", "1", "0", "0.012345", "5"},
	} {
		t.Run(typ, func(t *testing.T) {
			is := is.New(t)
			engine := memtable.New(t)
			client := engine.Client()
			table := "ordered"
			id := "id"
			_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
				TableName: &table, BillingMode: types.BillingModePayPerRequest,
				AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &id, AttributeType: types.ScalarAttributeType(typ)}},
				KeySchema:            []types.KeySchemaElement{{AttributeName: &id, KeyType: types.KeyTypeHash}},
			})
			is.NoErr(err)
			for _, key := range want {
				is.NoErr(engine.Seed(table, fmt.Sprintf(`{"id":{%q:%q}}`, typ, key)))
			}
			out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &table})
			is.NoErr(err)
			var got []string
			for _, it := range out.Items {
				switch v := it[id].(type) {
				case *types.AttributeValueMemberS:
					got = append(got, v.Value)
				case *types.AttributeValueMemberN:
					got = append(got, v.Value)
				}
			}
			is.Equal(got, want)
		})
	}
}
