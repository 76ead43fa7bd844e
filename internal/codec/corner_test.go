package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"
)

// TestCornersOfAttributeValue encodes what random values seldom hit, and what
// surprises, with both codecs.
func TestCornersOfAttributeValue(t *testing.T) {
	var (
		empty    = ""
		ptrEmpty = &empty
		nilText  *string
		nilList  []string
		full     = "x"
		ptrFull  = &full
		ptrPtr   = &ptrEmpty
	)
	items := []any{
		&struct {
			A **string `dynamodbav:",omitempty"`
			B **string `dynamodbav:",omitempty"`
			C **string `dynamodbav:",omitempty,omitemptyelem"`
			D **string `dynamodbav:",omitempty"`
			E **string `dynamodbav:",nullempty"`
			F **string
		}{A: &ptrEmpty, B: &nilText, C: &nilText, D: &ptrFull, E: &ptrEmpty, F: &nilText},
		&struct {
			A *string   `dynamodbav:",omitempty"`
			B *[]string `dynamodbav:",omitempty"`
			C *string   `dynamodbav:",nullempty"`
			D *[]string
			E ***string `dynamodbav:",omitempty"`
		}{A: &empty, B: &nilList, C: &empty, D: &nilList, E: &ptrPtr},
		&struct {
			A any `dynamodbav:",omitempty"`
			B any `dynamodbav:",omitempty"`
			C any `dynamodbav:",omitempty"`
			D any `dynamodbav:",nullempty"`
			E any `dynamodbav:",string"`
			F any `dynamodbav:",unixtime"`
			G any `dynamodbav:",stringset"`
			H any `dynamodbav:",omitempty"`
		}{"", &empty, nilText, 0, 5, time.Unix(5, 0), []string{"a"}, nilList},
		&struct {
			A []string       `dynamodbav:",omitempty"`
			B []string       `dynamodbav:",omitempty"`
			C []string       `dynamodbav:",nullempty"`
			D map[string]int `dynamodbav:",omitempty"`
			E []byte         `dynamodbav:",omitempty"`
			F [0]byte        `dynamodbav:",omitempty"`
			G [0]int         `dynamodbav:",nullempty"`
			H [2]int         `dynamodbav:",omitempty"`
			I struct{}       `dynamodbav:",omitempty"`
			J address        `dynamodbav:",omitempty"`
		}{B: []string{}, C: []string{}, D: map[string]int{}, E: []byte{}},
		&struct {
			A []string           `dynamodbav:",omitemptyelem"`
			B [][]string         `dynamodbav:",omitemptyelem"`
			C map[string][]int   `dynamodbav:",nullemptyelem"`
			D []map[string]int   `dynamodbav:",omitemptyelem"`
			E []any              `dynamodbav:",omitemptyelem"`
			F []*string          `dynamodbav:",nullemptyelem"`
			G map[string]address `dynamodbav:",omitemptyelem"`
			H [][][]byte
		}{
			A: []string{"", "a"}, B: [][]string{nil, {}, {""}}, C: map[string][]int{"a": nil, "b": {0}},
			D: []map[string]int{nil, {}, {"a": 0}}, E: []any{nil, "", ptrEmpty, nilText, []string{""}},
			F: []*string{nil, &empty}, G: map[string]address{"a": {}}, H: [][][]byte{nil, {}, {{}}},
		},
		&struct {
			A [][]byte
			B []string       `dynamodbav:",stringset"`
			C []string       `dynamodbav:",stringset"`
			D []any          `dynamodbav:",numberset"`
			E *[]string      `dynamodbav:",stringset"`
			F []*int         `dynamodbav:",numberset"`
			G []json.Number  `dynamodbav:",numberset,omitempty"`
			H map[string]any `dynamodbav:",omitempty"`
		}{A: [][]byte{}, B: []string{}, D: []any{1, json.Number("2")}, E: &nilList, F: []*int{}, H: map[string]any{"x": nil}},
		&struct {
			A chan int
			B func()
			C complex64
			D []chan int
			E map[string]func()
			F uintptr
			G *chan int
		}{D: make([]chan int, 2), E: map[string]func(){"x": nil}, F: 5, G: new(chan int)},
		&struct{ A map[*textKey]int }{map[*textKey]int{{1, 2}: 3}},
		&struct {
			A attributevalue.UnixTime
			B *attributevalue.UnixTime
			C **coin
			D *coin
			E any
			F any
		}{E: coin{1}, F: &purse{}},
		&struct{ A [][]byte }{[][]byte{nil}}, // an error
		&struct {
			A []any `dynamodbav:",stringset"`
		}{[]any{1}}, // an error
		&struct{ A map[string]int }{map[string]int{"": 1}},      // an error
		&struct{ A map[*textKey]int }{map[*textKey]int{nil: 1}}, // an error
	}
	for i, item := range items {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			is := is.New(t)
			p, err := Compile(reflect.TypeOf(item).Elem(), Options{})
			is.NoErr(err)
			want, werr := theirs(item)
			got, gerr := p.Encode(item)
			is.Equal(werr != nil, gerr != nil) // both or none
			if werr == nil {
				is.Equal(cmp.Diff(want, types.AttributeValue(&types.AttributeValueMemberM{Value: got}), ignoreSerde), "")
			}
		})
	}
}
