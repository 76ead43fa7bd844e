package core

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

type thing struct {
	ID   string            `dynamodbav:"id"`
	N    int               `dynamodbav:"n"`
	Tags []string          `dynamodbav:"tags,stringset"`
	More map[string]*thing `dynamodbav:"more"`
	Any  any               `dynamodbav:"any"`
}

func thingSchema(t testing.TB) *Schema {
	t.Helper()
	id := &ast.Attr{Item: reflect.TypeFor[thing](), Path: codec.Path{{Name: "id"}}, Index: []int{0}, Type: reflect.TypeFor[string]()}
	s, err := Compile(&Config{
		Type:  reflect.TypeFor[thing](),
		Key:   Key{Partition: Part{Kind: PartComposite, Attr: "pk", Formats: []string{"T#{}"}, Fields: []*ast.Attr{id}}},
		Kinds: []Kind{{Attr: "kind", Name: "thing"}},
	})
	is.New(t).NoErr(err)
	return s
}

// FuzzAnswer reads bodies of responses on the direct path. Its twin takes them
// apart with encoding/json, and goes through attribute values.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"Count":1,"Items":[{"pk":{"S":"T#1"},"id":{"S":"1"},"n":{"N":"5"},"kind":{"S":"thing"}}],"ScannedCount":1}`,
		`{"Items":[{"pk":{"S":"T#1"}},{"pk":{"S":"T#2"},"id":{"S":"1"}},{"pk":{"S":"X"},"kind":{"S":"other"}},{}]}`,
		`{"Item":{"pk":{"S":"T#1"},"n":{"S":"x"},"tags":{"SS":["a","b"]},"more":{"M":{"k":{"M":{"id":{"S":"2"}}}}}}}`,
		`{"Attributes":{"pk":{"S":"T#é"},"any":{"L":[{"NULL":true},{"B":"AA=="}]}},"ConsumedCapacity":{"CapacityUnits":1.5}}`,
		`{"Items":null}`, `{}`, ``, `[`, `{"Item":7}`, `{"Items":[[]]}`, `{"Item":{"pk":{"S":"T#1"},"pk":{"S":"T#2"}}}`,
	} {
		f.Add([]byte(seed))
	}
	s := thingSchema(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		p := s.table.whole.newPage(new(Table))
		defer p.release()
		rest, err := (&exchange{page: p}).take(body)
		if err != nil {
			return
		}
		if !json.Valid(rest) {
			t.Fatalf("what is left for the SDK is no JSON: %s", rest)
		}
		for i, e := range p.entries {
			attrs, err := codec.AttributeValues(e.raw)
			if err != nil {
				continue // a fault in what no field is read from
			}
			twin := s.table.whole.newPage(new(Table))
			twin.readMap(attrs)
			other := twin.entries[0]
			if e.own != other.own || (e.err == nil) != (other.err == nil) {
				t.Fatalf("%s\ndirect %v %v\ntwin   %v %v", e.raw, e.own, e.err, other.own, other.err)
			}
			if e.own && e.err == nil {
				if diff := cmp.Diff(twin.items.Index(0).Interface(), p.items.Index(i).Interface()); diff != "" {
					t.Fatal(diff)
				}
			}
			if diff := cmp.Diff(keyTexts(s, other.stored), keyTexts(s, e.stored)); diff != "" {
				t.Fatal(diff)
			}
			twin.release()
		}
	})
}

// keyTexts is what a cursor takes from an item.
func keyTexts(s *Schema, item stored) map[string]string {
	texts := map[string]string{}
	for name, av := range s.raw(s.table, item) {
		texts[name] = describe(av)
	}
	return texts
}

// FuzzRefusal takes items out of the bodies of errors. Its twin does so with
// encoding/json.
func FuzzRefusal(f *testing.F) {
	for _, seed := range []string{
		`{"__type":"x#ConditionalCheckFailedException","Message":"no","Item":{"pk":{"S":"T#1"}}}`,
		`{"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":{"pk":{"S":"T#2"}},"Message":"x"}],"Message":"no"}`,
		`{"CancellationReasons":7,"Item":[]}`, `{"Item":{}}`, `{"Item":{ }}`, `{"CancellationReasons":[{"Item":{}}]}`,
		`{"Item":{"pk":{"S":"a"}},"Item":{}}`, `{"Item":{"pk":{"S":"a"}},"Item":7}`,
		`{"CancellationReasons":[{"Item":{"pk":{"S":"a"}}}],"CancellationReasons":[]}`, `{"CancellationReasons":[{"Item":{"pk":{"S":"a"}}}],"CancellationReasons":7}`,
		`{"\u0049tem":{"pk":{"S":"a"}}}`, `{"CancellationReasons":[{}]}`, `{}`, ``, `<html>`, `{"CancellationReasons":[7]}`,
	} {
		f.Add([]byte(seed))
	}
	s := thingSchema(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		p := s.table.whole.newPage(new(Table))
		defer p.release()
		rest, err := (&exchange{page: p}).takeRefused(body)
		var want map[string]any
		if err != nil || json.Unmarshal(body, &want) != nil {
			return
		}
		var got map[string]any
		if err := json.Unmarshal(rest, &got); err != nil {
			t.Fatalf("what is left for the SDK is no JSON: %s", rest)
		}
		n := 0
		strip := func(m map[string]any) {
			if item, ok := m["Item"].(map[string]any); ok {
				delete(m, "Item")
				if len(item) > 0 {
					n++
				}
			}
		}
		reasons, _ := want["CancellationReasons"].([]any)
		for _, r := range reasons {
			if m, ok := r.(map[string]any); ok {
				strip(m)
			}
		}
		strip(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		items := 0
		for _, item := range p.perOp {
			if item.raw != nil {
				items++
			}
		}
		if items != n {
			t.Fatalf("%d items, not %d", items, n)
		}
	})
}
