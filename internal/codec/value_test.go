package codec

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
)

func path(names ...string) Path {
	var p Path
	for _, n := range names {
		p = append(p, Name(n))
	}
	return p
}

func null() types.AttributeValue { return newNull() }

type holder struct {
	Text    string              `dynamodbav:"text,omitempty"`
	Num     int64               `dynamodbav:"num"`
	NumText int                 `dynamodbav:"numtext,string"`
	Ptr     *int                `dynamodbav:"ptr,omitempty"`
	When    time.Time           `dynamodbav:"when"`
	Until   *time.Time          `dynamodbav:"until,unixtime,omitempty"`
	Tags    []myText            `dynamodbav:"tags,stringset"`
	Ids     map[int]struct{}    `dynamodbav:"ids,numberset"`
	Sums    [][2]byte           `dynamodbav:"sums,binaryset"`
	Lines   []address           `dynamodbav:"lines"`
	By      map[string]*address `dynamodbav:"by"`
	Meta    map[string]any      `dynamodbav:"meta"`
	Any     any                 `dynamodbav:"any,omitempty"`
	Raw     types.AttributeValue
	Coin    coin
	Bytes   []byte
	Doc     map[string]any
	Purse   purse
}

func holderPlan(t *testing.T) *Plan {
	return compile[holder](t, Options{Formats: map[string]Format{"when": FixedTime, "Doc": JSON}})
}

func TestValue(t *testing.T) {
	p := holderPlan(t)
	five := 5
	when := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	tests := []struct {
		name    string
		path    Path
		v       any
		want    types.AttributeValue
		omitted bool
	}{
		{"text", path("text"), "a", s("a"), false},
		{"empty", path("text"), "", s(""), true},
		{"of a named type", path("text"), status("a"), s("a"), false},
		{"number", path("num"), int64(5), n("5"), false},
		{"number of another type", path("num"), uint8(5), n("5"), false},
		{"number as text", path("numtext"), 5, s("5"), false},
		{"value for a pointer", path("ptr"), 5, n("5"), false},
		{"pointer", path("ptr"), &five, n("5"), false},
		{"nil pointer", path("ptr"), (*int)(nil), null(), true},
		{"nil", path("ptr"), nil, null(), true},
		{"pointer for a value", path("num"), &five, n("5"), false},
		{"fixed time", path("when"), when, s("2024-05-06T07:08:09.000000000Z"), false},
		{"fixed time by pointer", path("when"), &when, s("2024-05-06T07:08:09.000000000Z"), false},
		{"unix time", path("until"), when, n("1714979289"), false},
		{"zero time", path("until"), time.Time{}, n("-62135596800"), true},
		{"whole set", path("tags"), []myText{"a"}, &types.AttributeValueMemberSS{Value: []string{"a"}}, false},
		{"in a list", append(path("lines"), Index(1), Name("zip")), int64(3), n("3"), false},
		{"element of a list", append(path("lines"), Index(1)), address{}, &types.AttributeValueMemberM{
			Value: map[string]types.AttributeValue{"city": s(""), "zip": n("0")}}, false},
		{"in a map", path("by", "home", "city"), "Oslo", s("Oslo"), false},
		{"in any", path("meta", "x", "y"), []int{1}, &types.AttributeValueMemberL{Value: []types.AttributeValue{n("1")}}, false},
		{"any", path("any"), "", s(""), false},
		{"unknown name", path("nowhere"), true, &types.AttributeValueMemberBOOL{Value: true}, false},
		{"raw", path("Raw"), s("x"), s("x"), false},
		{"raw at a typed path", path("num"), s("x"), s("x"), false},
		{"marshaler", path("Coin"), coin{7}, n("7"), false},
		{"marshaler by pointer", path("Coin"), &coin{7}, n("7"), false},
		{"marshaler of the pointer", path("Purse"), purse{[]int{1, 2}}, s("1 2"), false},
		{"json", path("Doc"), map[string]any{"a": 1}, s(`{"a":1}`), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			av, omitted, err := p.Value(tt.path, tt.v)
			is.NoErr(err)
			is.Equal(av, tt.want)
			is.Equal(omitted, tt.omitted)
		})
	}
}

func TestValueOfAnotherType(t *testing.T) {
	p := holderPlan(t)
	tests := []struct {
		path Path
		v    any
		want string
	}{
		{path("num"), "5", "encode holder: num: string is written as S, not as N as int64 is"},
		{path("text"), 5, "encode holder: text: int is written as N, not as S as string is"},
		{path("tags"), "a", "encode holder: tags: stringset on string"},
		{path("when"), "a", "encode holder: when: format FixedTime on string, which is no time"},
		{path("until"), 5, "encode holder: until: unixtime on int, which is no time"},
		{path("nowhere"), make(chan int), "encode holder: nowhere: chan int cannot be stored"},
	}
	for _, tt := range tests {
		t.Run(tt.path.String(), func(t *testing.T) {
			is := is.New(t)
			_, _, err := p.Value(tt.path, tt.v)
			is.True(err != nil)
			is.Equal(err.Error(), tt.want)
		})
	}
}

func TestElement(t *testing.T) {
	p := holderPlan(t)
	tests := []struct {
		path Path
		v    any
		want types.AttributeValue
		err  string
	}{
		{path("tags"), myText("a"), s("a"), ""},
		{path("tags"), "a", s("a"), ""},
		{path("tags"), 5, nil, "int is written as N, not as S"},
		{path("ids"), 5, n("5"), ""},
		{path("sums"), [2]byte{1, 2}, &types.AttributeValueMemberB{Value: []byte{1, 2}}, ""},
		{path("lines"), address{Zip: 1}, &types.AttributeValueMemberM{
			Value: map[string]types.AttributeValue{"city": s(""), "zip": n("1")}}, ""},
		{path("text"), "a", s("a"), ""},
		{path("meta", "x"), 5, n("5"), ""},
		{path("any"), 5, n("5"), ""},
		{path("num"), 5, nil, "encode holder: num: int64 has no elements"},
	}
	for _, tt := range tests {
		t.Run(tt.path.String(), func(t *testing.T) {
			is := is.New(t)
			av, err := p.Element(tt.path, tt.v)
			if tt.err != "" {
				is.True(err != nil)
				is.True(strings.Contains(err.Error(), tt.err)) // err.Error()
				return
			}
			is.NoErr(err)
			is.Equal(av, tt.want)
		})
	}
}

func TestSet(t *testing.T) {
	p := holderPlan(t)
	tests := []struct {
		name string
		path Path
		vs   any
		want types.AttributeValue
		err  string
	}{
		{"strings", path("tags"), []myText{"b", "a", "b"}, &types.AttributeValueMemberSS{Value: []string{"a", "b"}}, ""},
		{"numbers of a map", path("ids"), []int{3}, &types.AttributeValueMemberNS{Value: []string{"3"}}, ""},
		{"binary", path("sums"), [][2]byte{{1, 2}}, &types.AttributeValueMemberBS{Value: [][]byte{{1, 2}}}, ""},
		{"unknown", path("nowhere"), []int{3}, &types.AttributeValueMemberNS{Value: []string{"3"}}, ""},
		{"in any", path("meta", "x"), []string{"3"}, &types.AttributeValueMemberSS{Value: []string{"3"}}, ""},
		{"empty", path("tags"), []myText{}, nil, "encode holder: tags: a set cannot be empty"},
		{"nil", path("tags"), nil, nil, "a set takes a slice"},
		{"nil element", path("tags"), []*myText{nil}, nil, "encode holder: tags[0]: NULL cannot be in SS"},
		{"mixed", path("nowhere"), []any{1, "a"}, nil, "encode holder: nowhere[1]: S cannot be in NS"},
		{"of bools", path("nowhere"), []bool{true}, nil, "BOOL cannot be in a set"},
		{"no set", path("num"), []int{1}, nil, "encode holder: num: int64 is no set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			av, err := p.Set(tt.path, tt.vs)
			if tt.err != "" {
				is.True(err != nil)
				is.True(strings.Contains(err.Error(), tt.err)) // err.Error()
				return
			}
			is.NoErr(err)
			is.Equal(av, tt.want)
		})
	}
}

func TestDecodeValue(t *testing.T) {
	is := is.New(t)
	p := holderPlan(t)
	until := time.Now()
	is.NoErr(p.DecodeValue(path("until"), n("1714979289"), &until))
	is.Equal(until.Unix(), int64(1714979289))
	ptr := new(int)
	stale := ptr
	is.NoErr(p.DecodeValue(path("numtext"), s("5"), &ptr))
	is.Equal(*ptr, 5)
	is.Equal(*stale, 0)
	doc := map[string]int{"stale": 1}
	is.NoErr(p.DecodeValue(path("Doc"), s(`{"a":1}`), &doc))
	is.Equal(doc, map[string]int{"a": 1})
	var ids []int
	is.NoErr(p.DecodeValue(path("ids"), &types.AttributeValueMemberNS{Value: []string{"1"}}, &ids))
	is.Equal(ids, []int{1})
	var zip int64
	err := p.DecodeValue(append(path("lines"), Index(0), Name("zip")), s("x"), &zip)
	is.Equal(err.Error(), "decode holder: lines[0].zip: cannot read S into int64")
	is.True(p.DecodeValue(path("num"), n("1"), zip) != nil)
	is.True(p.DecodeValue(path("num"), n("1"), nil) != nil)
	is.True(p.DecodeValue(path("num"), n("1"), (*int)(nil)) != nil)
}

func TestTypeOf(t *testing.T) {
	is := is.New(t)
	p := holderPlan(t)
	for want, paths := range map[string][]Path{
		"S":    {path("text"), path("numtext"), path("when"), path("Doc"), append(path("lines"), Index(0), Name("city"))},
		"N":    {path("num"), path("ptr"), path("until")},
		"SS":   {path("tags")},
		"NS":   {path("ids")},
		"BS":   {path("sums")},
		"B":    {path("Bytes")},
		"L":    {path("lines")},
		"M":    {path("by"), path("by", "x"), path("meta"), append(path("lines"), Index(0))},
		"":     {path("any"), path("Raw"), path("Coin"), path("meta", "x"), path("nowhere"), path("Doc", "x"), path("text", "x")},
		"BOOL": {},
	} {
		for _, path := range paths {
			is.Equal(p.TypeOf(path), want) // path.String()
		}
	}
}
