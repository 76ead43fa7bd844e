package dynox_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

func TestAttributesThatAnIndexLacks(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	engine := memtable.New(t)
	keys := dynox.GSI("keys", dynox.Key[Order]{Partition: dynox.By(status)}).KeysOnly()
	some := dynox.GSI("some", dynox.Key[Order]{Partition: dynox.By(status), Sort: dynox.By(placed)}).Include(total)
	orders := newRepo(t, engine.Client(), OrderKey, keys, some, dynox.Kind[Order]("order"))
	o := anOrder("42", 1)
	is.NoErr(orders.Put(ctx, &o))
	type slim struct {
		Total int64 `dynamodbav:"total"`
	}
	engine.ForgetRequests()
	for name, read := range map[string]func() error{
		"filter": func() error { _, err := first(orders.Query(ctx, keys.In(o).Filter(total.Eq(1)))); return err },
		"scan filter": func() error {
			_, err := orders.Count(ctx, dynox.All[Order]().Index(keys).Filter(total.Eq(1)))
			return err
		},
		"only": func() error { _, err := first(orders.Query(ctx, keys.In(o).Only(total))); return err },
		"into": func() error { _, err := first(dynox.Into[slim](ctx, orders, keys.In(o))); return err },
	} {
		t.Run(name, func(t *testing.T) { refused(t, read(), "keys", "total") })
	}
	_, err := first(orders.Query(ctx, some.In(o).Only(city)))
	refused(t, err, "some", "ship.city")
	is.Equal(len(engine.Requests()), 0)
	got, err := first(orders.Query(ctx, some.In(o).Filter(total.Eq(o.Total)).Only(total, status)))
	is.NoErr(err)
	same(t, got, Order{Total: o.Total, Status: o.Status})
	into, err := first(dynox.Into[slim](ctx, orders, some.In(o)))
	is.NoErr(err)
	is.Equal(into.Total, o.Total)
}

func TestAnIndexDescribedOtherwise(t *testing.T) {
	is := is.New(t)
	_, orders := faulty(t)
	other := dynox.GSI("by-status", dynox.Key[Order]{Partition: dynox.By(status)})
	_, err := first(orders.Query(t.Context(), other.In(Order{Status: New})))
	refused(t, err, "by-status", "otherwise")
	_, err = first(orders.Scan(t.Context(), dynox.All[Order]().Index(other)))
	refused(t, err, "by-status", "otherwise")
	is.True(err != nil)
}

// Visit keeps its region in the key of an index alone.
type Visit struct {
	ID     string    `dynamodbav:"id"`
	Region string    `dynamodbav:"-"`
	At     Moments   `dynamodbav:"at"`
	Raw    []int     `dynamodbav:"raw"`
	First  time.Time `dynamodbav:"first"`
}

type Moments struct {
	In   time.Time `dynamodbav:"in"`
	Tags []string  `dynamodbav:"tags"`
}

func TestFormsOfNestedAttributes(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		p := expr.Proto[Visit]()
		visitID, region := expr.At(p, &p.ID), expr.At(p, &p.Region)
		key := dynox.Key[Visit]{Partition: dynox.By(visitID)}
		ix := dynox.GSI("by-region", dynox.Key[Visit]{Partition: dynox.Composite("ipk", "R#{}", region)})
		visits := newRepo(t, client, key, ix,
			dynox.UnixMilli(expr.At(p, &p.At.In)), dynox.JSON(expr.At(p, &p.At.Tags)), dynox.JSON(expr.At(p, &p.Raw)))
		v := Visit{ID: "1", Region: "eu", At: Moments{time.UnixMilli(1_700_000_000_123).UTC(), []string{"a"}}, Raw: []int{1}, First: day(1)}
		is.NoErr(visits.Put(ctx, &v))

		type narrow struct {
			At struct {
				In   time.Time `dynamodbav:"in"`
				Tags []string  `dynamodbav:"tags"`
			} `dynamodbav:"at"`
		}
		n, err := first(dynox.Into[narrow](ctx, visits, key.In(Visit{ID: "1"})))
		is.NoErr(err)
		is.True(n.At.In.Equal(v.At.In))
		is.Equal(n.At.Tags, v.At.Tags)

		// A field that only an index's key holds.
		got, err := visits.Get(ctx, Visit{ID: "1"}, dynox.Only(region))
		is.NoErr(err)
		same(t, got, Visit{Region: "eu"})
		got, err = first(visits.Query(ctx, key.In(Visit{ID: "1"}).Only(region, visitID)))
		is.NoErr(err)
		same(t, got, Visit{ID: "1", Region: "eu"})
		got, err = first(visits.Query(ctx, ix.In(Visit{Region: "eu"}).Only(region)))
		is.NoErr(err)
		same(t, got, Visit{Region: "eu"})
	})
}

// Deep has a field for keys only, inside another struct.
type Deep struct {
	ID   string `dynamodbav:"id"`
	Meta struct {
		Shard int    `dynamodbav:"-"`
		Note  string `dynamodbav:"note"`
	} `dynamodbav:"meta"`
	Hidden struct{ Zone string } `dynamodbav:"-"`
}

func TestKeyFieldsInsideStructs(t *testing.T) {
	is := is.New(t)
	p := expr.Proto[Deep]()
	key := dynox.Key[Deep]{Partition: dynox.Composite("pk", "{}#{}#{}", expr.At(p, &p.Meta.Shard), expr.At(p, &p.Hidden.Zone), expr.At(p, &p.ID))}
	items := newRepo(t, memtable.New(t).Client(), key)
	d := Deep{ID: "1"}
	d.Meta.Shard, d.Meta.Note, d.Hidden.Zone = 7, "n", "z"
	is.NoErr(items.Put(t.Context(), &d))
	got, err := items.Get(t.Context(), d)
	is.NoErr(err)
	same(t, got, d)
}
