package codec

import (
	"bytes"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// shapes are items unlike the one that the other benchmarks have.
func shapes() map[string]any {
	wide := make([]reflect.StructField, 100)
	for i := range wide {
		wide[i] = reflect.StructField{Name: "Field" + strconv.Itoa(i), Type: []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[int]()}[i%2]}
	}
	var deep any = map[string]any{"leaf": "x", "n": 1.5}
	for range 10 {
		deep = map[string]any{"a": deep, "list": []any{"x", true, nil}}
	}
	type chain struct {
		Name string
		Next *chain `dynamodbav:",omitempty"`
	}
	var links *chain
	for range 12 {
		links = &chain{"link", links}
	}
	return map[string]any{
		"tiny": &struct {
			PK, SK string
			N      int
		}{"a", "b", 1},
		"wide":   reflect.New(reflect.StructOf(wide)).Interface(),
		"deep":   &struct{ Any any }{deep},
		"chain":  links,
		"binary": &struct{ B []byte }{bytes.Repeat([]byte("0123456789"), 30<<10)},
		"text":   &struct{ S string }{strings.Repeat("some text, ", 30<<10)},
		"quotes": &struct{ S string }{strings.Repeat("\"ü\"\n", 20<<10)},
		"map":    &struct{ M map[string]string }{map[string]string{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"}},
		"ints":   &struct{ L []int64 }{make([]int64, 1000)},
	}
}

func BenchmarkShapes(b *testing.B) {
	for name, item := range shapes() {
		typ := reflect.TypeOf(item).Elem()
		p, err := Compile(typ, Options{})
		if err != nil {
			b.Fatal(err)
		}
		raw, err := p.AppendItem(nil, item)
		if err != nil {
			b.Fatal(err)
		}
		out := reflect.New(typ).Interface()
		b.Run(name+"/encode/direct", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				raw, _ = p.AppendItem(raw[:0], item)
			}
		})
		b.Run(name+"/encode/SDK", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m, _ := attributevalue.MarshalMap(item)
				req := smithyhttp.NewStackRequest().(*smithyhttp.Request)
				_ = sdkProtocol.SerializeRequest(b.Context(), sdkPutItem, &dynamodb.PutItemInput{Item: m}, req)
			}
		})
		b.Run(name+"/decode/direct", func(b *testing.B) {
			d := p.Watch().NewDecoder()
			b.ReportAllocs()
			for b.Loop() {
				_ = d.DecodeItem(raw, out)
				d.Release()
			}
		})
		b.Run(name+"/decode/SDK", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m, _ := sdkItem(b.Context(), raw)
				_ = attributevalue.UnmarshalMap(m, out)
			}
		})
	}
}
