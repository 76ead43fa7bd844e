package stream_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/stream"
)

// BenchmarkChanges reads 1000 changes with both images of an engine.
func BenchmarkChanges(b *testing.B) {
	engine := memtable.New(b)
	orders, _ := repos(b, engine.Client(), dynox.NewTable(engine.Client(), "orders"), types.StreamViewTypeNewAndOldImages)
	fill(b, orders, 0, 1000)
	changes, err := stream.New(engine.StreamsClient(), orders)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range changes.Changes(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n == 1000 {
				break
			}
		}
	}
}

// BenchmarkDecode reads an event of four records.
func BenchmarkDecode(b *testing.B) {
	parcels := parcelsRepo(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := stream.Decode(b.Context(), parcels, []byte(event)); err != nil {
			b.Fatal(err)
		}
	}
}
