package memtable_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// Each test has an engine of its own, which ends with it: tests run beside
// each other and find nothing that another left.
func TestNewForEachTest(t *testing.T) {
	for _, name := range []string{"one", "other"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			engine := memtable.New(t, memtable.NoScans(t))
			client := engine.Client()
			newTable(client)
			_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("users"), Item: user(name)})
			is.NoErr(err)

			items, err := engine.Dump("users")
			is.NoErr(err)
			is.Equal(items, []string{`{"id":{"S":"` + name + `"}}`})
			is.NoErr(engine.Check())
		})
	}
}
