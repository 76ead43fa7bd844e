package dynox_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

type dish struct {
	Kitchen string    `dynamodbav:"kitchen"`
	ID      string    `dynamodbav:"id"`
	Kind    string    `dynamodbav:"kind"`
	Course  string    `dynamodbav:"course,omitempty"`
	Price   int       `dynamodbav:"price,omitempty"`
	Taste   []float32 `dynamodbav:"taste,omitempty"`
	Deleted time.Time `dynamodbav:"deleted,omitzero"`
	Expires time.Time `dynamodbav:"expires,unixtime,omitzero"`
}

var (
	dishP       = expr.Proto[dish]()
	dishKitchen = expr.At(dishP, &dishP.Kitchen)
	dishID      = expr.At(dishP, &dishP.ID)
	dishKind    = expr.At(dishP, &dishP.Kind)
	dishCourse  = expr.At(dishP, &dishP.Course)
	dishPrice   = expr.At(dishP, &dishP.Price)
	dishTaste   = expr.At(dishP, &dishP.Taste)
	dishDeleted = expr.At(dishP, &dishP.Deleted)
	dishExpires = expr.At(dishP, &dishP.Expires)
	dishKey     = dynox.Key[dish]{Partition: dynox.Composite("pk", "KITCHEN#{}", dishKitchen), Sort: dynox.Composite("sk", "DISH#{}", dishID)}
)

const (
	cosine    = types.VectorDistanceFunctionCosine
	euclidean = types.VectorDistanceFunctionEuclidean
	dot       = types.VectorDistanceFunctionDotProduct
)

// eachWay runs f with clients of engines by each way through the SDK: DynamoDB Local knows no
// vectors.
func eachWay(t *testing.T, f func(t *testing.T, client *dynamodb.Client)) {
	for name, opts := range map[string][]func(*dynamodb.Options){
		"kept": nil, "middleware": {testbed.OwnMiddleware}, "attribute values": {testbed.OtherProtocol},
	} {
		t.Run(name, func(t *testing.T) { f(t, memtable.New(t, memtable.WithTTLDelay(48*time.Hour)).Client(opts...)) })
	}
}

func dishes(t *testing.T, client dynox.Client, opts ...dynox.Option[dish]) *dynox.Repo[dish] {
	t.Helper()
	is := is.New(t)
	table := dynox.NewTable(client, "dishes")
	r, err := dynox.NewRepo(table, dishKey, opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), r))
	return r
}

// found are the IDs that a search yields, or its error.
func found(t *testing.T, seq func(func(dynox.Match[dish], error) bool)) (ids string, err error) {
	t.Helper()
	var all []string
	for m, e := range seq {
		if err != nil {
			t.Fatal("an error was not the last")
		}
		if err = e; err == nil {
			all = append(all, m.Item.ID)
		}
	}
	return strings.Join(all, " "), err
}

func TestNear(t *testing.T) {
	eachWay(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		near := dynox.Vectors("near", dishTaste, 2, euclidean).Partition(dishKitchen).Filters(dishCourse, dishPrice)
		r := dishes(t, client, near, dynox.Kind[dish]("dish"))
		for _, d := range []dish{
			{ID: "a", Course: "soup", Price: 5, Taste: []float32{0, 0}},
			{ID: "b", Course: "soup", Price: 7, Taste: []float32{3, 4}},
			{ID: "c", Course: "cake", Price: 5, Taste: []float32{1, 0}},
			{ID: "d", Course: "cake", Price: 7},
			{ID: "e", Kitchen: "other", Course: "cake", Price: 5, Taste: []float32{0, 0}},
		} {
			if d.Kitchen == "" {
				d.Kitchen = "k"
			}
			is.NoErr(r.Put(ctx, &d))
		}
		here := dynox.Where(dishKitchen.Eq("k"))
		var got []dynox.Match[dish]
		for m, err := range r.Near(ctx, near, []float32{0, 0}, 100, here) {
			is.NoErr(err)
			got = append(got, m)
		}
		is.Equal(len(got), 3)
		is.Equal(got[0], dynox.Match[dish]{Item: dish{Kitchen: "k", ID: "a", Kind: "dish", Course: "soup", Price: 5}})
		is.Equal(got[1].Score, 1.0)
		is.Equal(got[2].Score, 5.0)
		for _, c := range []struct {
			k    int
			opts []dynox.SearchOption[dish]
			want string
		}{
			{2, []dynox.SearchOption[dish]{here}, "a c"},
			{2, []dynox.SearchOption[dish]{nil, here, dynox.Where(dishCourse.Eq("soup"))}, "a b"},
			{2, []dynox.SearchOption[dish]{dynox.Where(dishKitchen.Eq("k"), dishCourse.Eq("soup"), dishPrice.Eq(7))}, "b"},
			{2, []dynox.SearchOption[dish]{dynox.Where(dishKitchen.Eq("k").And(dishCourse.Eq("soup")).And(dishPrice.Eq(8)))}, ""},
			{9, []dynox.SearchOption[dish]{dynox.Where(dishKitchen.Eq("none"))}, ""},
			{9, []dynox.SearchOption[dish]{here, dynox.Where(dishCourse.In())}, ""}, // which is false
		} {
			ids, err := found(t, r.Near(ctx, near, []float32{0, 0}, c.k, c.opts...))
			is.NoErr(err)
			is.Equal(ids, c.want)
		}
		for m, err := range r.Near(ctx, near, []float32{3, 4}, 1, here, dynox.Only(dishPrice, dishTaste)) {
			is.NoErr(err)
			is.Equal(m, dynox.Match[dish]{Item: dish{Price: 7, Taste: []float32{3, 4}}})
		}
		n := 0
		for _, err := range r.Near(ctx, near, []float32{0, 0}, 100, here) {
			is.NoErr(err)
			n++
			break
		}
		is.Equal(n, 1)
	})
}

func TestNearRefuses(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	near := dynox.Vectors("near", dishTaste, 2, cosine).Partition(dishKitchen).Filters(dishCourse)
	r := dishes(t, engine.Client(), near)
	here := dynox.Where(dishKitchen.Eq("k"))
	before := len(engine.Requests())
	for _, c := range []struct {
		ix     dynox.VectorIndex[dish]
		vector []float32
		k      int
		opt    dynox.SearchOption[dish]
		want   string
	}{
		{near, []float32{1, 2}, 0, here, "1 to 100 items, not 0"},
		{near, []float32{1, 2}, 101, here, "1 to 100 items, not 101"},
		{near, []float32{1}, 1, here, "1 dimensions, those of index near have 2"},
		{near, nil, 1, here, "0 dimensions"},
		{near, []float32{1, float32(math.NaN())}, 1, here, "finite"},
		{near, []float32{1, float32(math.Inf(-1))}, 1, here, "finite"},
		{near, []float32{1, 2}, 1, nil, "in one partition: kitchen is not given"},
		{near, []float32{1, 2}, 1, dynox.Where(dishCourse.Eq("soup")), "in one partition: kitchen is not given"},
		{near, []float32{1, 2}, 1, dynox.Where(dishKitchen.Eq("")), "kitchen not set"},
		{near, []float32{1, 2}, 1, dynox.Where(dishKitchen.Eq("k"), dishPrice.Eq(5)), "not searched by price"},
		{near, []float32{1, 2}, 1, dynox.Where(dishKitchen.Eq("k"), dishKitchen.Eq("l")), "kitchen is given twice"},
		{near, []float32{1, 2}, 1, dynox.Where(dishKitchen.Ge("k")), "takes equality"},
		{near, []float32{1, 2}, 1, dynox.Where(dishKitchen.Eq("k").Or(dishCourse.Eq("soup"))), "takes equality"},
		{near, []float32{1, 2}, 1, dynox.Where(dishKitchen.Eq("k"), dishCourse.Exists()), "takes equality"},
		{near, []float32{1, 2}, 1, dynox.Where(dishKitchen.Eq("k"), expr.Raw[dish]("course = ?", "soup")), "takes equality"},
		{near, []float32{1, 2}, 1, dynox.ReadOption[dish](dynox.Consistent[dish]), "not consistent"},
		{near, []float32{1, 2}, 1, dynox.ReadOption[dish](dynox.WithDeleted[dish]), "SoftDelete"},
		{dynox.Vectors("other", dishTaste, 2, cosine), []float32{1, 2}, 1, here, "no vector index other"},
		{dynox.Vectors("near", dishTaste, 3, cosine), []float32{1, 2}, 1, here, "described otherwise"},
		{dynox.VectorIndex[dish]{}, []float32{1, 2}, 1, here, "no vector index"},
	} {
		ids, err := found(t, r.Near(t.Context(), c.ix, c.vector, c.k, c.opt))
		is.Equal(ids, "")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, not %s", err, c.want)
		}
	}
	is.Equal(len(engine.Requests()), before) // nothing was sent

	_, err := found(t, r.Near(t.Context(), near, []float32{1, 2}, 1))
	is.True(errors.Is(err, dynox.ErrKey))

	bare, err := dynox.NewRepo(dynox.NewTable(onlyItems{engine.Client()}, "dishes"), dishKey, near)
	is.NoErr(err)
	_, err = found(t, bare.Near(t.Context(), near, []float32{1, 2}, 1, here))
	is.True(err != nil && strings.Contains(err.Error(), "has no SearchVectors"))
}

// onlyItems is a client with the operations of items alone.
type onlyItems struct{ dynox.Client }

// Items of other kinds take no places of the repository's where the index is searched by the
// kind, and are left out of what is found where it is not. Hidden ones are left out, too.
func TestNearOwn(t *testing.T) {
	eachWay(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		byKind := dynox.Vectors("kinds", dishTaste, 1, euclidean).Partition(dishKind)
		filtered := dynox.Vectors("filtered", dishTaste, 1, euclidean).Partition(dishKitchen).Filters(dishKind)
		mixed := dynox.Vectors("mixed", dishTaste, 1, euclidean)
		keys := dynox.Vectors("keys", dishTaste, 1, euclidean).KeysOnly()
		indexes := []dynox.Option[dish]{byKind, filtered, mixed, keys}
		r := dishes(t, client, append(indexes, dynox.Kind[dish]("dish"), dynox.SoftDelete(dishDeleted), dynox.TTL(dishExpires), dynox.HideExpired[dish]())...)
		menu := dishKey
		menu.Sort = dynox.Composite("sk", "MENU#{}", dishID)
		menus, err := dynox.NewRepo(dynox.NewTable(client, "dishes"), menu, append(indexes, dynox.Kind[dish]("menu"))...)
		is.NoErr(err)
		put := func(repo *dynox.Repo[dish], id string, taste float32, expires time.Time) {
			is.NoErr(repo.Put(ctx, &dish{Kitchen: "k", ID: id, Taste: []float32{taste}, Expires: expires}))
		}
		put(menus, "m1", 1, time.Time{})
		put(menus, "m2", 2, time.Time{})
		put(r, "a", 3, time.Time{})
		put(r, "b", 4, time.Time{})
		put(r, "gone", 2, time.Time{})
		put(r, "late", 2, time.Now().Add(-time.Hour))
		is.NoErr(r.Delete(ctx, dish{Kitchen: "k", ID: "gone"}))

		origin := []float32{0}
		here := dynox.Where(dishKitchen.Eq("k"))
		withDeleted := dynox.ReadOption[dish](dynox.WithDeleted[dish])
		for _, c := range []struct {
			got  func(func(dynox.Match[dish], error) bool)
			want string
		}{
			{r.Near(ctx, byKind, origin, 2, withDeleted), "gone"},
			{r.Near(ctx, byKind, origin, 4, withDeleted), "gone a b"},
			{r.Near(ctx, byKind, origin, 4), "a b"},
			{r.Near(ctx, filtered, origin, 4, here), "a b"},
			{r.Near(ctx, filtered, origin, 4, here, dynox.Where(dishKind.Eq("menu"))), ""}, // not the repository's
			{r.Near(ctx, mixed, origin, 5), "a"},
			{r.Near(ctx, mixed, origin, 6), "a b"},
			{menus.Near(ctx, mixed, origin, 1), "m1"},
			{menus.Near(ctx, byKind, origin, 9), "m1 m2"},
			{menus.Near(ctx, keys, origin, 9), "m1 m2"},     // by the texts of their keys
			{r.Near(ctx, keys, origin, 9), "gone late a b"}, // which show no more
		} {
			ids, err := found(t, c.got)
			is.NoErr(err)
			is.Equal(ids, c.want)
		}
		_, err = found(t, r.Near(ctx, keys, origin, 9, dynox.Only(dishPrice)))
		is.True(err != nil && strings.Contains(err.Error(), "does not hold price"))
	})
}

// Items stored before the kind was are the repository's own, and not of its kind in the index.
func TestNearOfOlderItems(t *testing.T) {
	eachWay(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		filtered := dynox.Vectors("filtered", dishTaste, 1, euclidean).Partition(dishKitchen).Filters(dishKind)
		all := dynox.Vectors("all", dishTaste, 1, euclidean).Partition(dishKitchen)
		r := dishes(t, client, filtered, all, dynox.Kind[dish]("dish"))
		is.NoErr(r.Put(t.Context(), &dish{Kitchen: "k", ID: "new", Taste: []float32{1}}))
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("dishes"), Item: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "KITCHEN#k"}, "sk": &types.AttributeValueMemberS{Value: "DISH#old"},
			"kitchen": &types.AttributeValueMemberS{Value: "k"}, "id": &types.AttributeValueMemberS{Value: "old"},
			"taste": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberN{Value: "0.5"}}},
		}})
		is.NoErr(err)
		here := dynox.Where(dishKitchen.Eq("k"))
		ids, err := found(t, r.Near(t.Context(), all, []float32{0}, 9, here))
		is.NoErr(err)
		is.Equal(ids, "old new")
		ids, err = found(t, r.Near(t.Context(), filtered, []float32{0}, 9, here))
		is.NoErr(err)
		is.Equal(ids, "new")
	})
}

// A tenant finds its own items, whoever else is in the partition.
func TestNearOfTenants(t *testing.T) {
	eachWay(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		near := dynox.Vectors("near", dishTaste, 1, euclidean).Partition(dishCourse)
		keys := dynox.Vectors("keys", dishTaste, 1, euclidean).KeysOnly()
		table := dynox.NewTable(client, "dishes")
		tenants, err := dynox.NewTenants(table, "T#{}#", dishKey, near, keys)
		is.NoErr(err)
		is.NoErr(table.Ensure(t.Context(), tenants))
		for i, tenant := range []string{"a", "b", "a", "b"} {
			is.NoErr(tenants.Of(tenant).Put(t.Context(), &dish{Kitchen: "k", ID: tenant + strconv.Itoa(i), Course: "soup", Taste: []float32{float32(i)}}))
		}
		for tenant, want := range map[string]string{"a": "a0 a2", "b": "b1 b3"} {
			ids, err := found(t, tenants.Of(tenant).Near(t.Context(), near, []float32{0}, 4, dynox.Where(dishCourse.Eq("soup"))))
			is.NoErr(err)
			is.Equal(ids, want)
			ids, err = found(t, tenants.Of(tenant).Near(t.Context(), keys, []float32{0}, 4))
			is.NoErr(err)
			is.Equal(ids, want)
		}
		_, err = found(t, tenants.Of("").Near(t.Context(), keys, []float32{0}, 4))
		is.True(errors.Is(err, dynox.ErrKey))
	})
}

// A vector comes back as it was, and a search sends what it is given.
func TestVectorsWithoutLoss(t *testing.T) {
	eachWay(t, func(t *testing.T, client *dynamodb.Client) {
		near := dynox.Vectors("near", dishTaste, 3, dot)
		r := dishes(t, client, near)
		rapid.Check(t, func(t *rapid.T) {
			is := is.New(t)
			v := rapid.SliceOfN(rapid.Float32Range(-1e18, 1e18), 3, 3).Draw(t, "vector")
			is.NoErr(r.Put(context.Background(), &dish{Kitchen: "k", ID: "1", Taste: v}))
			got, err := r.Get(context.Background(), dish{Kitchen: "k", ID: "1"})
			is.NoErr(err)
			is.True(slices.Equal(got.Taste, v))
			for m, err := range r.Near(context.Background(), near, v, 1, dynox.Only(dishTaste)) {
				is.NoErr(err)
				is.True(slices.Equal(m.Item.Taste, v))
				var want float64
				for _, f := range v {
					want += float64(f) * float64(f)
				}
				is.True(math.Abs(m.Score-want) <= 1e-5*want+1e-30)
			}
		})
	})
}

// Every float32 that a vector can have is written so that it is read again.
func TestFloat32(t *testing.T) {
	some := []float32{0, 0.1, 1.0 / 3, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 16777217, 1e-38}
	floats := rapid.OneOf(rapid.SampledFrom(some), rapid.Map(rapid.Uint32(), math.Float32frombits)).
		Filter(func(f float32) bool { return !math.IsNaN(float64(f)) && !math.IsInf(float64(f), 0) })
	eachWay(t, func(t *testing.T, client *dynamodb.Client) {
		near := dynox.Vectors("near", dishTaste, 2, euclidean)
		r := dishes(t, client, near)
		rapid.Check(t, func(rt *rapid.T) {
			is := is.New(rt)
			v := rapid.SliceOfN(floats, 2, 2).Draw(rt, "vector")
			is.NoErr(r.Put(t.Context(), &dish{Kitchen: "k", ID: "1", Taste: v}))
			got, err := r.Get(t.Context(), dish{Kitchen: "k", ID: "1"})
			is.NoErr(err)
			is.True(slices.Equal(got.Taste, v))
			n := 0
			for m, err := range r.Near(t.Context(), near, v, 1, dynox.Only(dishTaste)) {
				is.NoErr(err)
				is.True(slices.Equal(m.Item.Taste, v))
				is.Equal(m.Score, 0.0) // the search was sent the same numbers
				n++
			}
			is.Equal(n, 1)
		})
	})
}

// Hooks, meters and budgets see a search; an item that cannot be read ends it.
func TestNearIsARead(t *testing.T) {
	eachWay(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		near := dynox.Vectors("near", dishTaste, 1, euclidean)
		r := dishes(t, client, near)
		for i, id := range []string{"a", "b"} {
			is.NoErr(r.Put(t.Context(), &dish{Kitchen: "k", ID: id, Taste: []float32{float32(i)}}))
		}
		var m dynox.Meter
		ids, err := found(t, r.Near(dynox.WithMeter(t.Context(), &m), near, []float32{0}, 5))
		is.NoErr(err)
		is.Equal(ids, "a b")
		u := m.Usage()
		is.Equal(u.Calls, 1)
		is.Equal(u.Items, 2)
		is.Equal(u.ReadUnits, 0.0)
		is.True(u.SearchBytes > 0)

		_, err = client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: aws.String("dishes"), Key: map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "KITCHEN#k"}, "sk": &types.AttributeValueMemberS{Value: "DISH#b"}},
			UpdateExpression: aws.String("SET price = :p"), ExpressionAttributeValues: map[string]types.AttributeValue{":p": &types.AttributeValueMemberS{Value: "secret"}},
		})
		is.NoErr(err)
		ids, err = found(t, r.Near(t.Context(), near, []float32{0}, 5))
		is.Equal(ids, "a")
		var bad *dynox.ItemError
		is.True(errors.As(err, &bad))
		is.Equal(bad.N, 1)
		is.Equal(bad.Path, "price")
		is.Equal(bad.Index, "near")
		is.True(!strings.Contains(err.Error(), "secret"))
		is.NoErr(r.Put(t.Context(), &dish{Kitchen: "k", ID: "c", Taste: []float32{9}}))
		var passed []string
		pass := dynox.SearchOnItemError[dish](func(bad *dynox.ItemError) error { passed = append(passed, bad.Path); return nil })
		ids, err = found(t, r.Near(t.Context(), near, []float32{0}, 5, pass))
		is.NoErr(err)
		is.Equal(ids, "a c")
		is.Equal(passed, []string{"price"})
		enough := errors.New("enough")
		_, err = found(t, r.Near(t.Context(), near, []float32{0}, 5, dynox.SearchOnItemError[dish](func(*dynox.ItemError) error { return enough })))
		is.True(errors.Is(err, enough))

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = found(t, r.Near(ctx, near, []float32{0}, 5))
		is.True(errors.Is(err, context.Canceled))
	})
	t.Run("a server's error", func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		near := dynox.Vectors("near", dishTaste, 1, euclidean)
		r := dishes(t, engine.Client(), near)
		is.NoErr(r.Put(t.Context(), &dish{Kitchen: "k", ID: "a", Taste: []float32{1}}))
		engine.Fail("SearchVectors", memtable.InternalError())
		ids, err := found(t, r.Near(t.Context(), near, []float32{0}, 5))
		is.NoErr(err)
		is.Equal(ids, "a")
	})
}
