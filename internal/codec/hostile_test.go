package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
)

type (
	ring   []ring
	chain  struct{ Next *chain }
	loop   *loop
	knot   map[string]knot
	broken struct{}
)

func (broken) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return nil, errors.New("secret")
}

func (*broken) UnmarshalDynamoDBAttributeValue(types.AttributeValue) error {
	return errors.New("secret")
}

func TestCyclicValuesAreErrors(t *testing.T) {
	r := make(ring, 1)
	r[0] = r
	c := &chain{}
	c.Next = c
	var l loop
	l = &l
	k := knot{}
	k["k"] = k
	var a any
	a = &a
	anys, anyMap := make([]any, 1), map[string]any{}
	anys[0], anyMap["k"] = anys, anyMap
	av := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, 1)}
	av.Value[0] = av
	for _, item := range []any{
		&struct{ A ring }{r}, &struct{ A *chain }{c}, &struct{ A loop }{l}, &struct{ A knot }{k},
		&struct{ A any }{a}, &struct{ A types.AttributeValue }{av}, &struct{ A any }{r},
		&struct{ A any }{anys}, &struct{ A any }{anyMap}, &struct{ A map[string]any }{anyMap},
	} {
		t.Run(fmt.Sprintf("%T", item), func(t *testing.T) {
			is := is.New(t)
			p, err := Compile(reflect.TypeOf(item).Elem(), Options{})
			is.NoErr(err)
			_, err = p.Encode(item)
			is.True(err != nil)
			is.True(strings.Contains(err.Error(), "levels deep, or cyclic")) // err.Error()
			_, direct := p.AppendItem(nil, item)
			is.True(direct != nil)
			is.Equal(direct.Error(), err.Error())
		})
	}
}

func TestDeepAttributesAreErrors(t *testing.T) {
	var lists, maps types.AttributeValue = s("x"), s("x")
	for range 10_000 {
		lists, maps = list(lists), dict("Next", maps)
	}
	for _, dst := range []any{
		&struct{ A ring }{}, &struct{ A any }{}, &struct{ A types.AttributeValue }{}, &struct{ A []any }{}, &struct{ A *chain }{}, &struct{ A knot }{},
	} {
		t.Run(fmt.Sprintf("%T", dst), func(t *testing.T) {
			is := is.New(t)
			p, err := Compile(reflect.TypeOf(dst).Elem(), Options{})
			is.NoErr(err)
			for _, av := range []types.AttributeValue{lists, maps} {
				is.True(p.Decode(attrs{"A": av}, dst) != nil)
			}
		})
	}
}

// TestDepthOfTheService encodes and decodes as deep as the service stores.
func TestDepthOfTheService(t *testing.T) {
	is := is.New(t)
	type level struct {
		Inner map[string]*level `dynamodbav:",omitempty"`
		Held  any               `dynamodbav:",omitempty"`
	}
	p := compile[level](t, Options{})
	item := &level{}
	for range 16 {
		item = &level{Inner: map[string]*level{"k": item}}
	}
	av, err := p.Encode(item)
	is.NoErr(err)
	var out level
	is.NoErr(p.Decode(av, &out))
	is.Equal(&out, item)
	for range 16 {
		item = &level{Held: []any{item}}
	}
	_, err = p.Encode(item)
	is.NoErr(err)
}

func TestErrorsHoldNoValues(t *testing.T) {
	const secret = "secret"
	type item struct {
		Num   int
		Small int8
		Float float64
		When  time.Time
		Doc   map[string]int
		Ints  map[int]string
		Held  map[string]int
		Made  broken
		Seen  map[string]broken
	}
	p := compile[item](t, Options{Formats: map[string]Format{"Doc": JSON}})
	is := is.New(t)
	for name, av := range (attrs{
		"Num": s(secret), "Small": n("300"), "Float": n(secret), "When": s(secret), "Doc": s(secret),
		"Ints": dict(secret, s("x")), "Held": dict(secret, s(secret)), "Made": s("x"), "Seen": dict(secret, null()),
	}) {
		err := p.Decode(attrs{name: av}, &item{})
		is.True(err != nil) // name
		is.True(!strings.Contains(err.Error(), secret) && !strings.Contains(err.Error(), "300"))
		is.True(strings.HasPrefix(err.Error(), "decode item: "+name)) // err.Error()
	}
	_, err := p.Encode(&item{})
	is.Equal(err.Error(), "encode item: Made: the Marshaler of codec.broken failed")
	is.Equal(errors.Unwrap(err).Error(), secret)
	var e *Error
	is.True(errors.As(p.Decode(attrs{"Small": n("300")}, &item{}), &e))
	is.Equal(*e, Error{Op: "decode", Type: reflect.TypeFor[item](), Path: "Small", Reason: "number out of range of int8", Err: e.Err})
	is.True(errors.Is(e, strconv.ErrRange))
}

func TestIntegersKeepAllDigits(t *testing.T) {
	is := is.New(t)
	type item struct {
		I int64
		U uint64
		J json.Number
		T string
	}
	p := compile[item](t, Options{})
	in := item{I: -1<<63 + 1, U: 1<<64 - 1, J: "12345678901234567890123456789012345678", T: "1"}
	av, err := p.Encode(&in)
	is.NoErr(err)
	var out item
	is.NoErr(p.Decode(av, &out))
	is.Equal(out, in)
	for name, text := range map[string]string{"I": "9223372036854775808", "U": "-1"} {
		is.True(p.Decode(attrs{name: n(text)}, &item{}) != nil)
	}
}

func TestWrongItems(t *testing.T) {
	is := is.New(t)
	p := compile[order](t, Options{})
	for _, item := range []any{nil, order{}, (*order)(nil), &address{}, "x"} {
		_, err := p.Encode(item)
		is.True(err != nil)
		is.True(p.Decode(attrs{}, item) != nil)
	}
	is.NoErr(p.Decode(nil, &order{}))
}

// TestItemWithItsOwnMarshaler checks items that encode themselves.
func TestItemWithItsOwnMarshaler(t *testing.T) {
	is := is.New(t)
	av, err := compile[halfWritten](t, Options{}).Encode(&halfWritten{"x"})
	is.NoErr(err)
	is.Equal(av, attrs{"v": s("~x")})
	_, err = compile[coin](t, Options{}).Encode(&coin{5})
	is.Equal(err.Error(), "encode coin: its Marshaler returns no map")
	var h halfRead
	is.NoErr(compile[halfRead](t, Options{}).Decode(attrs{}, &h))
	is.Equal(h.V, "*types.AttributeValueMemberM")
}

// sometimes leaves its value to its kind.
type sometimes string

func (s sometimes) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	switch s {
	case "own":
		return n("1"), nil
	case "typed nil":
		return (*types.AttributeValueMemberS)(nil), nil
	}
	return nil, nil
}

func TestMarshalerThatReturnsNil(t *testing.T) {
	is := is.New(t)
	type item struct{ A, B sometimes }
	p := compile[item](t, Options{})
	av, err := p.Encode(&item{"own", "kind"})
	is.NoErr(err)
	is.Equal(av, attrs{"A": n("1"), "B": s("kind")})
	_, err = p.Encode(&item{A: "typed nil"})
	is.Equal(err.Error(), "encode item: A: nil pointer *types.AttributeValueMemberS")
}

func TestConcurrentFirstUse(t *testing.T) {
	type fresh struct {
		Name string
		Next *fresh `dynamodbav:",omitempty"`
		When time.Time
		Held any
	}
	is := is.New(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p, err := Compile(reflect.TypeFor[fresh](), Options{Formats: map[string]Format{"Next.When": UnixMilli}})
			if err != nil {
				t.Error(err)
				return
			}
			in := fresh{Name: "a", Next: &fresh{Name: strconv.Itoa(i)}, Held: map[int]fresh{i: {}}}
			av, err := p.Encode(&in)
			var out fresh
			if err == nil {
				err = p.Decode(av, &out)
			}
			if err != nil || out.Next.Name != in.Next.Name {
				t.Error(err, out)
			}
			if _, _, err = p.Value(path("Next", "When"), time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	is.True(!t.Failed())
}
