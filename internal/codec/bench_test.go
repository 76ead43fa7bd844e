package codec

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

var benchItem = order{
	ID: "7", Status: "paid", Total: 1 << 40, Tags: []string{"a", "b"}, Ship: address{City: "Oslo", Zip: 150},
	Stops: []*address{{City: "Rome", Zip: 5}}, Placed: time.Unix(1700000000, 5).UTC(), Version: 3,
}

func BenchmarkEncode(b *testing.B) {
	p, err := Compile(reflect.TypeFor[order](), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = p.Encode(&benchItem)
		}
	})
	b.Run("attributevalue", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = attributevalue.MarshalMap(&benchItem)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	p, err := Compile(reflect.TypeFor[order](), Options{})
	if err != nil {
		b.Fatal(err)
	}
	av, err := p.Encode(&benchItem)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var out order
			_ = p.Decode(av, &out)
		}
	})
	b.Run("attributevalue", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var out order
			_ = attributevalue.UnmarshalMap(av, &out)
		}
	})
}

// BenchmarkCompile is what the first repository of a type costs.
func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		for _, cache := range []*sync.Map{&codecCache, &fieldCache, &planCache, &traitCache} {
			cache.Clear()
		}
		if _, err := Compile(reflect.TypeFor[order](), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppendValue is what one value of an expression costs.
func BenchmarkAppendValue(b *testing.B) {
	p, err := Compile(reflect.TypeFor[order](), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for name, v := range map[string]any{"status": status("paid"), "total": int64(5), "placed": time.Now(), "ship": address{}} {
		b.Run(name, func(b *testing.B) {
			path := Path{Name(name)}
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst, _, _ = p.AppendValue(dst[:0], path, v)
			}
		})
	}
}
