package blob_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/blob/internal/s3test"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// TestForeign: a reference cannot come to an item, or an attribute, that its object
// does not belong to: it would dangle when the object's own item goes.
func TestForeign(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		bucket := s3test.New(t)
		r, store := papers(t, client, bucket.Client())
		p := paper{Owner: "a", N: 1, Scan: blob.From([]byte("mine"))}
		is.NoErr(r.Put(ctx, &p))
		p, err := r.Get(ctx, p, dynox.Consistent)
		is.NoErr(err)

		bucket.Calls()
		other := paper{Owner: "a", N: 2, Scan: p.Scan}
		for _, write := range map[string]func() error{
			"put":         func() error { return r.Put(ctx, &other) },
			"create":      func() error { return r.Create(ctx, &other) },
			"upsert":      func() error { _, err := r.Upsert(ctx, other, scan.Set(p.Scan)); return err },
			"attribute":   func() error { return r.Put(ctx, &paper{Owner: "a", N: 1, More: &more{Note: p.Scan}}) },
			"update":      func() error { _, err := r.Update(ctx, p, moreAttr.Set(&more{Note: p.Scan})); return err },
			"transaction": func() error { return tx.Write(ctx, tx.Put(r, &other)) },
			"batch": func() error {
				return batch.Write(ctx, func(yield func(batch.Op) bool) { yield(batch.Put(r, &other)) })
			},
		} {
			is.True(errors.Is(write(), blob.ErrForeign))
		}
		is.Equal(len(bucket.Calls()), 0)

		// To the same item it can, by any way, and the bytes can be stored anew.
		is.NoErr(r.Put(ctx, &p))
		p, err = r.Update(ctx, p, scan.Set(p.Scan), title.Set("t"))
		is.NoErr(err)
		body, err := p.Scan.Open(ctx)
		is.NoErr(err)
		other.Scan = blob.FromReader(body)
		is.NoErr(r.Put(ctx, &other))
		is.NoErr(body.Close())
		is.NoErr(r.Delete(ctx, p))
		is.Equal(read(t, other.Scan), "mine")

		// Another table, such as a restored one, shares objects and removes none.
		table := testbed.Table(t, client)
		restored := r.On(table)
		is.NoErr(table.Ensure(ctx, restored))
		twin := other
		is.NoErr(restored.Put(ctx, &twin))
		twin, err = restored.Get(ctx, twin, dynox.Consistent)
		is.NoErr(err)
		is.Equal(read(t, twin.Scan), "mine")
		twin.Scan = blob.From([]byte("its own"))
		is.NoErr(restored.Put(ctx, &twin))
		is.NoErr(restored.Delete(ctx, twin))
		is.Equal(bucket.Objects(), []string{other.Scan.Name()})
		is.Equal(read(t, other.Scan), "mine")

		// What a link for one item has brought is not for another, and is brought
		// once.
		link, err := blob.NewUploadLink(ctx, r, scan, paper{Owner: "b", N: 1}, time.Minute)
		is.NoErr(err)
		put := func() int {
			req, err := http.NewRequestWithContext(ctx, link.Method, link.URL, strings.NewReader("pixels"))
			is.NoErr(err)
			req.Header = link.Header.Clone()
			resp, err := http.DefaultClient.Do(req)
			is.NoErr(err)
			is.NoErr(resp.Body.Close())
			return resp.StatusCode
		}
		is.Equal(put(), http.StatusOK)
		is.Equal(put(), http.StatusPreconditionFailed)
		ref, err := store.Adopt(ctx, link.Name)
		is.NoErr(err)
		_, err = r.Update(ctx, other, scan.Set(ref))
		is.True(errors.Is(err, blob.ErrForeign))
		_, err = r.Upsert(ctx, paper{Owner: "b", N: 1}, scan.Set(ref))
		is.NoErr(err)
	})
}

type sized struct {
	Size float64  `dynamodbav:"size"`
	Scan blob.Ref `dynamodbav:"scan,omitzero"`
}

// TestOwned: an item owns its objects however its key is written, and whatever its
// kind was called.
func TestOwned(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	bucket := s3test.New(t)
	store, err := blob.NewStore(bucket.Client(), "b")
	is.NoErr(err)
	proto := expr.Proto[sized]()
	scan := expr.At(proto, &proto.Scan)
	table := testbed.Table(t, memtable.New(t).Client())
	repo := func(opts ...dynox.Option[sized]) *dynox.Repo[sized] {
		r, err := dynox.NewRepo(table, dynox.Key[sized]{Partition: dynox.By(expr.At(proto, &proto.Size))}, append(opts, blob.Field(scan, store))...)
		is.NoErr(err)
		return r
	}
	before := repo(dynox.Kind[sized]("old"))
	is.NoErr(table.Ensure(ctx, before))
	for _, size := range []float64{1e21, -1e-7, 0, 100} {
		is.NoErr(before.Put(ctx, &sized{Size: size, Scan: blob.From([]byte("1"))}))
		got, err := before.Get(ctx, sized{Size: size})
		is.NoErr(err)
		is.NoErr(before.Put(ctx, &got))
		is.NoErr(before.Put(ctx, &sized{Size: size, Scan: blob.From([]byte("2"))})) // removes the first
	}
	is.Equal(len(bucket.Objects()), 4)
	_, err = before.Update(ctx, sized{Size: 100}, scan.Remove())
	is.NoErr(err)

	after := repo(dynox.Kind[sized]("new").Also("old"))
	got, err := after.Get(ctx, sized{Size: 1e21})
	is.NoErr(err)
	is.NoErr(after.Put(ctx, &got))
	is.NoErr(after.Put(ctx, &sized{Size: 0, Scan: blob.From([]byte("3"))}))
	is.Equal(len(bucket.Objects()), 4)
	bucket.Age(25 * time.Hour)
	done, err := blob.Sweep(ctx, after, scan)
	is.NoErr(err)
	is.Equal(done.Removed, 1)
	is.Equal(done.Objects, 4)
	for got, err := range after.Scan(ctx, dynox.All[sized]()) {
		is.NoErr(err)
		if !got.Scan.IsZero() {
			b, err := got.Scan.Bytes(ctx, 10)
			is.NoErr(err)
			is.Equal(len(b), 1)
		}
	}
	// It goes on behind the last one.
	again, err := blob.Sweep(ctx, after, scan, blob.After(bucket.Objects()[1]))
	is.NoErr(err)
	is.Equal(again.Objects, 1)
	again, err = blob.Sweep(ctx, after, scan, blob.After(done.Last))
	is.NoErr(err)
	is.Equal(again.Objects, 0)
}
