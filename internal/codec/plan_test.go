package codec

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
)

type address struct {
	City  string     `dynamodbav:"city"`
	Zip   int64      `dynamodbav:"zip"`
	Since *time.Time `dynamodbav:"since,omitempty"`
}

type order struct {
	ID      string              `dynamodbav:"id"`
	Status  status              `dynamodbav:"status"`
	Total   int64               `dynamodbav:"total"`
	Tags    []string            `dynamodbav:"tags,stringset,omitempty"`
	Seen    map[int]struct{}    `dynamodbav:"seen,numberset"`
	Ship    address             `dynamodbav:"ship"`
	Stops   []*address          `dynamodbav:"stops"`
	Placed  time.Time           `dynamodbav:"placed"`
	Expires time.Time           `dynamodbav:"expires,unixtime,omitempty"`
	Meta    map[string]any      `dynamodbav:"meta,omitemptyelem"`
	Next    *order              `dynamodbav:"next,omitempty"`
	Version int64               `dynamodbav:"version,omitempty"`
	Extra   *map[string]address `dynamodbav:"extra,omitempty"`
}

type status string

func compile[T any](t *testing.T, o Options) *Plan {
	t.Helper()
	p, err := Compile(reflect.TypeFor[T](), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func s(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
func n(text string) types.AttributeValue { return &types.AttributeValueMemberN{Value: text} }

func TestRoundTrip(t *testing.T) {
	is := is.New(t)
	p := compile[order](t, Options{})
	in := order{
		ID: "7", Status: "paid", Total: 1 << 60, Tags: []string{"a", "b"}, Seen: map[int]struct{}{3: {}, 1: {}},
		Ship: address{City: "Oslo"}, Stops: []*address{{Zip: 5}, nil},
		Placed: time.Date(2024, 5, 6, 7, 8, 9, 10, time.UTC), Expires: time.Unix(1700000000, 0),
		Meta: map[string]any{"k": "v", "l": []any{1.5, true}}, Next: &order{ID: "8", Seen: map[int]struct{}{}},
		Extra: &map[string]address{"x": {City: "Rome"}},
	}
	av, err := p.Encode(&in)
	is.NoErr(err)
	is.Equal(av["tags"], &types.AttributeValueMemberSS{Value: []string{"a", "b"}})
	is.Equal(av["seen"], &types.AttributeValueMemberNS{Value: []string{"1", "3"}})
	is.Equal(av["total"], n("1152921504606846976"))
	_, ok := av["version"]
	is.True(!ok)

	out := order{Version: 9, Tags: []string{"stale"}}
	is.NoErr(p.Decode(av, &out))
	in.Next.Seen = nil // an empty set is NULL
	is.Equal(out, in)
}

func TestFormats(t *testing.T) {
	is := is.New(t)
	p := compile[order](t, Options{Formats: map[string]Format{
		"placed": FixedTime, "ship.since": UnixMilli, "stops": JSON, "next.placed": UnixMilli,
	}})
	since := time.UnixMilli(1700000000123).UTC()
	in := order{
		Placed: time.Date(2024, 5, 6, 7, 8, 9, 500, time.FixedZone("", 3600)),
		Ship:   address{Since: &since}, Stops: []*address{{Zip: 5}},
		Next: &order{Placed: since},
	}
	av, err := p.Encode(&in)
	is.NoErr(err)
	is.Equal(av["placed"], s("2024-05-06T06:08:09.000000500Z"))
	is.Equal(av["ship"].(*types.AttributeValueMemberM).Value["since"], n("1700000000123"))
	is.Equal(av["next"].(*types.AttributeValueMemberM).Value["placed"], n("1700000000123"))
	is.Equal(av["stops"], s(`[{"City":"","Zip":5,"Since":null}]`))
	var out order
	is.NoErr(p.Decode(av, &out))
	is.True(out.Placed.Equal(in.Placed))
	is.Equal(out.Ship, in.Ship)
	is.Equal(out.Stops, in.Stops)
	is.Equal(out.Next.Placed, since)

	v, omitted, err := p.Value(Path{Name("placed")}, in.Placed)
	is.NoErr(err)
	is.True(!omitted)
	is.Equal(v, av["placed"])
	is.Equal(p.TypeOf(Path{Name("placed")}), "S")
	is.Equal(p.TypeOf(Path{Name("next"), Name("placed")}), "N")
	is.Equal(p.TypeOf(Path{Name("next"), Name("next"), Name("placed")}), "S")
}

func TestDecodeErrorNamesPlaceAndTypes(t *testing.T) {
	is := is.New(t)
	p := compile[order](t, Options{})
	var out order
	err := p.Decode(map[string]types.AttributeValue{"ship": &types.AttributeValueMemberM{
		Value: map[string]types.AttributeValue{"zip": s("secret")}}}, &out)
	is.Equal(err.Error(), "decode order: ship.zip: cannot read S into int64")
	err = p.Decode(map[string]types.AttributeValue{"meta": s("x")}, &out)
	is.Equal(err.Error(), "decode order: meta: cannot read S into map[string]interface {}")
}
