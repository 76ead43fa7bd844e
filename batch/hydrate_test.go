package batch_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	seq "github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// Parcel has an index of keys alone, and one that includes an attribute.
type Parcel struct {
	ID     string `dynamodbav:"id"`
	Depot  string `dynamodbav:"depot"`
	Weight int    `dynamodbav:"weight"`
	Note   string `dynamodbav:"note"`
}

var (
	parcel    = expr.Proto[Parcel]()
	parcelID  = expr.At(parcel, &parcel.ID)
	depot     = expr.At(parcel, &parcel.Depot)
	weight    = expr.At(parcel, &parcel.Weight)
	ParcelKey = dynox.Key[Parcel]{Partition: dynox.Composite("pk", "PARCEL#{}", parcelID)}
	ByDepot   = dynox.GSI("by-depot", dynox.Key[Parcel]{Partition: dynox.By(depot), Sort: dynox.By(weight)}).KeysOnly()
	ByWeight  = dynox.GSI("by-weight", dynox.Key[Parcel]{Partition: dynox.By(weight), Sort: dynox.By(parcelID)}).
			Include(expr.At(parcel, &parcel.Depot))
)

// depots is a repository with n parcels: half of them in Oslo, heavier ones first
// written.
func depots(t *testing.T, client *dynamodb.Client, n int) *dynox.Repo[Parcel] {
	t.Helper()
	is := is.NewRelaxed(t)
	table := testbed.Table(t, client)
	parcels, err := dynox.NewRepo(table, ParcelKey, ByDepot, ByWeight, dynox.Kind[Parcel]("parcel"))
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), parcels))
	is.NoErr(batch.Write(t.Context(), func(yield func(batch.Op) bool) {
		for i := range n {
			p := aParcel(n - i - 1)
			if !yield(batch.Put(parcels, &p)) {
				return
			}
		}
	}))
	return parcels
}

func aParcel(i int) Parcel {
	return Parcel{ID: string(rune('a'+i%26)) + time.Duration(i).String(), Depot: pick(i%2 == 0, "Oslo", "Bergen"), Weight: i, Note: "handle with care"}
}

func TestHydrate(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		parcels := depots(t, client, 500)
		var want []Parcel
		for i := 0; i < 500; i += 2 {
			want = append(want, aParcel(i))
		}

		entries, err := seq.Collect(parcels.Query(ctx, ByDepot.In(Parcel{Depot: "Oslo"})))
		is.NoErr(err)
		is.Equal(entries[1], Parcel{ID: want[1].ID, Depot: "Oslo", Weight: 2}) // as much as the index holds
		got, err := seq.Collect(batch.Hydrate(ctx, parcels, parcels.Query(ctx, ByDepot.In(Parcel{Depot: "Oslo"}))))
		is.NoErr(err)
		is.Equal(cmp.Diff(want, got), "")

		slices.Reverse(want)
		got, err = seq.Collect(batch.Hydrate(ctx, parcels, parcels.Query(ctx, ByDepot.In(Parcel{Depot: "Oslo"}).Desc().Limit(130)), batch.Concurrency(1)))
		is.NoErr(err)
		is.Equal(cmp.Diff(want[:130], got), "")

		got, err = seq.Collect(batch.Hydrate(ctx, parcels, parcels.Query(ctx, ByWeight.In(Parcel{Weight: 7})), batch.Consistent()))
		is.NoErr(err)
		is.Equal(got, []Parcel{aParcel(7)})

		got, err = seq.Collect(batch.Hydrate(ctx, parcels, parcels.Query(ctx, ByDepot.In(Parcel{Depot: "Rome"}))))
		is.NoErr(err)
		is.Equal(len(got), 0)
	})
}

// What the index still shows after its item has gone is missing; what has changed
// is as it is.
func TestHydrateBehindTheTable(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	parcels := depots(t, memtable.New(t).Client(), 6)
	stale, err := seq.Collect(parcels.Query(ctx, ByDepot.In(Parcel{Depot: "Oslo"})))
	is.NoErr(err)
	is.NoErr(parcels.Delete(ctx, stale[0]))
	_, err = parcels.Update(ctx, stale[1], depot.Set("Bergen"))
	is.NoErr(err)

	var missing []Parcel
	found := seq.Concat(seq.Of(stale...), seq.Of(stale[2], stale[1]))
	got, err := seq.Collect(batch.Hydrate(ctx, parcels, found, batch.Missing(func(p Parcel) { missing = append(missing, p) })))
	is.NoErr(err)
	moved := aParcel(2)
	moved.Depot = "Bergen"
	is.Equal(got, []Parcel{moved, aParcel(4)})
	is.Equal(missing, stale[:1])
}

func TestHydrateErrors(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	parcels := depots(t, engine.Client(testbed.Quick), 300)
	broken := errors.New("broken")
	found := func(n int, err error) iter.Seq2[Parcel, error] {
		return func(yield func(Parcel, error) bool) {
			for i := range n {
				if !yield(aParcel(i), nil) {
					return
				}
			}
			yield(Parcel{}, err)
		}
	}
	// that of the sequence comes after the items before it
	n := 0
	var last error
	for p, err := range batch.Hydrate(ctx, parcels, found(130, broken)) {
		if last = err; err == nil {
			is.Equal(p, aParcel(n))
			n++
		}
	}
	is.Equal(n, 130)
	is.Equal(last, broken)

	// that of a request ends everything, and is told once
	engine.Fail("BatchGetItem", memtable.ErrorResponse(400, "ValidationException", "no"))
	got, err := seq.Collect(batch.Hydrate(ctx, parcels, found(130, broken)))
	is.True(err != nil && !errors.Is(err, broken))
	is.True(len(got) < 130)

	// breaking out asks for nothing more
	engine.ForgetRequests()
	for _, err := range batch.Hydrate(ctx, parcels, parcels.Query(ctx, ByDepot.In(Parcel{Depot: "Oslo"}).PageSize(100)), batch.Concurrency(1)) {
		is.NoErr(err)
		break
	}
	is.True(len(engine.Requests()) <= 3)

	var none *dynox.Repo[Parcel]
	_, err = seq.Collect(batch.Hydrate(ctx, none, found(1, nil)))
	is.True(err != nil)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = seq.Collect(batch.Hydrate(ended, parcels, parcels.Query(ended, ByDepot.In(Parcel{Depot: "Oslo"}))))
	is.True(errors.Is(err, context.Canceled))
}
