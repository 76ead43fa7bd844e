package dynox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// A table without kinds: what an item is, its key tells. The key of one kind goes on where
// another's ends, and two share the first text of theirs.
type patron struct {
	Shop string `dynamodbav:"shop"`
	ID   string `dynamodbav:"id"`
	City string `dynamodbav:"city,omitempty"`
}

type rental struct {
	Shop   string `dynamodbav:"shop"`
	Patron string `dynamodbav:"patron"`
	ID     string `dynamodbav:"-"` // in the key only
	City   string `dynamodbav:"city,omitempty"`
}

type position struct {
	Shop   string `dynamodbav:"shop"`
	Patron string `dynamodbav:"patron"`
	Rental string `dynamodbav:"rental"`
	N      int    `dynamodbav:"n,omitempty"`
	City   string `dynamodbav:"city,omitempty"`
}

var (
	patronProto, rentalProto, positionProto = expr.Proto[patron](), expr.Proto[rental](), expr.Proto[position]()

	patronID    = expr.At(patronProto, &patronProto.ID)
	patronCity  = expr.At(patronProto, &patronProto.City)
	positionN   = expr.At(positionProto, &positionProto.N)
	patronKey   = dynox.Key[patron]{Partition: dynox.Composite("pk", "SHOP#{}", expr.At(patronProto, &patronProto.Shop)), Sort: dynox.Composite("sk", "PATRON#{}", patronID)}
	patronTowns = dynox.GSI("towns", dynox.Key[patron]{Partition: dynox.By(patronCity), Sort: dynox.By(patronID)})

	rentalKey = dynox.Key[rental]{
		Partition: dynox.Composite("pk", "SHOP#{}", expr.At(rentalProto, &rentalProto.Shop)),
		Sort:      dynox.Composite("sk", "PATRON#{}#P#{}", expr.At(rentalProto, &rentalProto.Patron), expr.At(rentalProto, &rentalProto.ID)),
	}
	positionKey = dynox.Key[position]{
		Partition: dynox.Composite("pk", "SHOP#{}", expr.At(positionProto, &positionProto.Shop)),
		Sort: dynox.Composite("sk", "PATRON#{}#P#{}#N#{}", expr.At(positionProto, &positionProto.Patron),
			expr.At(positionProto, &positionProto.Rental), positionN),
	}
)

func TestKindByKey(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := newTable(t, client)
		patrons, err := dynox.NewRepo(table, patronKey, patronTowns, dynox.KindByKey[patron]("patron"))
		is.NoErr(err)
		rentals, err := dynox.NewRepo(table, rentalKey, dynox.KindByKey[rental]("rental"))
		is.NoErr(err)
		positions, err := dynox.NewRepo(table, positionKey, dynox.KindByKey[position]("position"))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, patrons, rentals, positions))
		for i := range 3 {
			who := fmt.Sprint("b", i)
			is.NoErr(patrons.Put(ctx, &patron{"1", who, "Oslo"}))
			is.NoErr(rentals.Put(ctx, &rental{"1", who, "x", "Oslo"}))
			is.NoErr(positions.Put(ctx, &position{"1", who, "x", i, "Oslo"}))
		}
		seed(t, client, table.Name(),
			map[string]any{"pk": "SHOP#1", "sk": "PATRON#", "id": "?"},
			map[string]any{"pk": "SHOP#1", "sk": "PATRON#b7", "id": "b7", "shop": 7},   // of another type
			map[string]any{"pk": "SHOP#1", "sk": "PATRON#b8", "id": "b9", "shop": "1"}, // not the key of its fields
			map[string]any{"pk": "SHOP#1", "sk": "PATRON#b1#X", "shop": "1"},           // of nobody
			map[string]any{"pk": "SHOP#2", "sk": "PATRON#b1#P#x#N#first", "shop": "2", "city": "Oslo", "id": "b1#P#x#N#first", "patron": "b1"})

		// The last one is what a patron's key would be, by all that can be seen.
		want := []patron{{"1", "b0", "Oslo"}, {"1", "b1", "Oslo"}, {"1", "b2", "Oslo"}}
		q := patronKey.In(patron{Shop: "1"})
		same(t, all(t, patrons.Query(ctx, q)), want)
		same(t, all(t, patrons.Query(ctx, q.Only(patronCity))), []patron{{City: "Oslo"}, {City: "Oslo"}, {City: "Oslo"}})
		same(t, pages(t, patrons, q.Limit(1)), want)
		n, err := patrons.Count(ctx, q)
		is.NoErr(err)
		is.Equal(n, int64(3))
		same(t, len(all(t, patrons.Scan(ctx, dynox.All[patron]()))), 4)
		n, err = patrons.Count(ctx, dynox.All[patron]().Filter(patronCity.Eq("Oslo")))
		is.NoErr(err)
		is.Equal(n, int64(4))
		same(t, all(t, patrons.Query(ctx, patronTowns.In(patron{City: "Oslo"}))), append(want[:2:2], patron{"2", "b1#P#x#N#first", "Oslo"}, want[2]))

		// rentals live in their key: what a position's key goes on with could be theirs
		got := all(t, rentals.Query(ctx, rentalKey.In(rental{Shop: "1", Patron: "b1"})))
		same(t, got, []rental{{"1", "b1", "x", "Oslo"}, {"1", "b1", "x#N#00000000000000000001", "Oslo"}})
		same(t, all(t, positions.Query(ctx, positionKey.In(position{Shop: "1", Patron: "b0"}))), []position{{"1", "b0", "x", 0, "Oslo"}})

		// so the longer format stands first
		mixed := dynox.Union[any](patrons, positions, rentals)
		var names []string
		for item, err := range mixed.Skip().Query(ctx, patronKey.Collection(patron{Shop: "1"})) {
			is.NoErr(err)
			names = append(names, strings.TrimPrefix(fmt.Sprintf("%T", item), "dynox_test."))
		}
		is.Equal(names, strings.Fields(strings.Repeat("patron rental position ", 3)))
		_, err = mixed.Page(ctx, patronKey.Collection(patron{Shop: "1"}))
		is.True(errors.Is(err, dynox.ErrKind))

		// verbs
		_, err = patrons.Get(ctx, patron{Shop: "1", ID: "b8"})
		is.True(errors.Is(err, dynox.ErrNotFound))
		_, err = patrons.Update(ctx, patron{Shop: "1", ID: "b8"}, patronCity.Set("Rome"), expr.If(patronCity.Eq("Oslo")))
		is.True(errors.Is(err, dynox.ErrNotFound))
		moved, err := patrons.Update(ctx, patron{Shop: "1", ID: "b0"}, patronCity.Set("Rome"))
		is.NoErr(err)
		is.Equal(moved, patron{"1", "b0", "Rome"})
		err = patrons.Create(ctx, &patron{Shop: "1", ID: "b0"})
		is.True(errors.Is(err, dynox.ErrExists))
		is.True(strings.Contains(err.Error(), "patron: "))
		is.Equal(len(raw(t, client, table.Name(), map[string]string{"pk": "SHOP#1", "sk": "PATRON#b0"})), 5) // no kind is stored
	})
}

func TestKindByKeyNeedsTexts(t *testing.T) {
	is := is.New(t)
	table := dynox.NewTable(memtable.New(t).Client(), "shop")
	bare := dynox.Key[patron]{Partition: dynox.By(expr.At(patronProto, &patronProto.Shop)), Sort: dynox.Composite("sk", "{}", patronID)}
	_, err := dynox.NewRepo(table, bare, dynox.KindByKey[patron]("patron"))
	is.True(err != nil && strings.Contains(err.Error(), "tells it from other keys"))
	_, err = dynox.NewRepo(table, patronKey, dynox.KindByKey[patron](""))
	is.True(err != nil && strings.Contains(err.Error(), "name"))
	_, err = dynox.NewRepo(table, patronKey, dynox.KindByKey[patron]("patron"), dynox.Kind[patron]("patron"))
	is.True(err != nil && strings.Contains(err.Error(), "twice"))
	constant := dynox.Key[patron]{Partition: dynox.By(expr.At(patronProto, &patronProto.Shop)), Sort: dynox.Const[patron]("sk", "PROFILE")}
	_, err = dynox.NewRepo(table, constant, dynox.KindByKey[patron]("patron"))
	is.NoErr(err)
}
