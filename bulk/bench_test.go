package bulk_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
)

// What an item costs without a target: a service that does nothing.
func BenchmarkItems(b *testing.B) {
	const items = 20_000
	table := dynox.NewTable(dynamodb.New(dynamodb.Options{
		Region: "us-east-1", HTTPClient: &endless{items}, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}), "endless")
	var file bytes.Buffer
	if _, err := bulk.Export(b.Context(), table, &file, bulk.Segments(1)); err != nil {
		b.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"export": func() error {
			_, err := bulk.Export(b.Context(), table, io.Discard, bulk.Segments(1))
			return err
		},
		"import": func() error {
			_, err := bulk.Import(b.Context(), table, bytes.NewReader(file.Bytes()))
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*items), "ns/item")
		})
	}
}
