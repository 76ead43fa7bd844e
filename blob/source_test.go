package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
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

// TestSharedSource: bytes that are stored several times at once are whole each time,
// or it is an error.
func TestSharedSource(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	bucket := s3test.New(t)
	r, _ := papers(t, memtable.New(t).Client(), bucket.Client())
	text := strings.Repeat("several ", 10)
	file := filepath.Join(t.TempDir(), "f")
	is.NoErr(os.WriteFile(file, []byte(text), 0o600))

	for _, ref := range []blob.Ref{blob.From([]byte(text)), blob.FromFile(file)} {
		one, two := paper{Owner: "a", N: 1, Scan: ref, More: &more{Note: ref}}, paper{Owner: "a", N: 2, Scan: ref}
		is.NoErr(tx.Write(ctx, tx.Put(r, &one), tx.Put(r, &two)))
		is.Equal(read(t, one.Scan), text)
		is.Equal(read(t, one.More.Note), text)
		is.Equal(read(t, two.Scan), text)
	}
	var wg sync.WaitGroup
	ref := blob.FromFile(file)
	for n := range 8 {
		wg.Go(func() {
			if err := r.Put(ctx, &paper{Owner: "b", N: n, Scan: ref}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()

	// One reader cannot be read twice at once.
	before := len(bucket.Objects())
	ref = blob.FromReader(strings.NewReader(text))
	err := r.Put(ctx, &paper{Owner: "c", N: 1, Scan: ref, More: &more{Note: ref}})
	is.True(err != nil && strings.Contains(err.Error(), "another blob"))
	is.Equal(len(bucket.Objects()), before)
	// But it can afterwards, whatever ended the first time.
	is.True(errors.Is(r.Put(ctx, &paper{Owner: "c", N: 1, Title: strings.Repeat("x", 400<<10), Scan: ref}), dynox.ErrTooLarge))
	one, two := paper{Owner: "c", N: 1, Scan: ref}, paper{Owner: "c", N: 2, Scan: ref}
	is.True(errors.Is(tx.Write(ctx, tx.Put(r, &one), tx.Check(r, paper{Owner: "x"}, title.Eq("y"))), dynox.ErrConditionFailed))
	is.True(errors.Is(tx.Write(ctx, tx.Put(r, &one), tx.Put(r, &paper{})), dynox.ErrKey))
	is.True(r.Put(ctx, &paper{Owner: "c", N: 1, Scan: ref, More: &more{Note: blob.FromFile("/none")}}) != nil)
	is.True(tx.Write(ctx, tx.Put(r, &one), tx.Put(r, &two)) != nil)
	is.True(batch.Write(ctx, func(yield func(batch.Op) bool) { _ = yield(batch.Put(r, &one)) && yield(batch.Put(r, &paper{})) }) != nil)
	one.Scan = ref
	is.NoErr(r.Put(ctx, &one))
	is.NoErr(r.Put(ctx, &two))
	is.Equal(read(t, one.Scan), text)
	is.Equal(read(t, two.Scan), text)
}

// liar says that it has other bytes than it has.
type liar struct {
	io.Reader
	says int64
}

func (l liar) Seek(_ int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		return l.says, nil
	}
	return 0, nil
}

// TestUnsureSource: the bytes that are stored are those that were read.
func TestUnsureSource(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	bucket := s3test.New(t)
	r, _ := papers(t, memtable.New(t).Client(), bucket.Client())
	for _, size := range []int{0, 1, 11 << 20} {
		for _, says := range []int{0, 1, 5 << 20, 6 << 20, 12 << 20} {
			b := bytes.Repeat([]byte("x"), size)
			p := paper{Owner: "a", N: 1, Scan: blob.FromReader(liar{bytes.NewReader(b), int64(says)})}
			if err := r.Put(ctx, &p); err != nil {
				is.Equal(p.Scan.Name(), "")
				continue
			}
			is.Equal(p.Scan.Size(), int64(size))
			is.Equal(read(t, p.Scan), string(b))
		}
	}
	is.True(r.Put(ctx, &paper{Owner: "a", N: 2, Scan: blob.FromReader(nil)}) != nil)
	is.True(r.Put(ctx, &paper{Owner: "a", N: 2, Scan: blob.FromFile("")}) != nil)
	is.True(errors.Is(r.Put(ctx, &paper{Owner: "a", N: 2, Scan: blob.FromFile(filepath.Join(t.TempDir(), "none"))}), os.ErrNotExist))
	is.True(r.Put(ctx, &paper{Owner: "a", N: 2, Scan: blob.FromFile(t.TempDir())}) != nil)
	_, err := r.Get(ctx, paper{Owner: "a", N: 2})
	is.True(errors.Is(err, dynox.ErrNotFound))
}

// TestSlow: a call that never answers ends with the caller's deadline, the item is
// whole, and what stays is found.
func TestSlow(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 700_000)
	for n := 0; ; n++ {
		is := is.New(t)
		bucket := s3test.New(t)
		r, _ := papers(t, memtable.New(t).Client(), bucket.Client(func(o *s3.Options) { o.RetryMaxAttempts = 1 }))
		before := paper{Owner: "a", N: 1, Title: "old", Scan: blob.From([]byte("old"))}
		is.NoErr(r.Put(t.Context(), &before))
		hit := false
		ctx, cancel := context.WithCancel(t.Context())
		bucket.Faults(func(i int, _ string) s3test.Fault {
			if i != n {
				return s3test.None
			}
			hit = true
			time.AfterFunc(10*time.Millisecond, cancel)
			return s3test.Hang
		})
		err := r.Put(ctx, &paper{Owner: "a", N: 1, Title: "new", Scan: blob.FromReader(io.MultiReader(bytes.NewReader(big)))})
		cancel()
		bucket.Faults(func(int, string) s3test.Fault { return s3test.None })
		if !hit {
			is.NoErr(err)
			break
		}
		is.True(errors.Is(err, context.Canceled))
		is.True(strings.Contains(err.Error(), "S3 "))
		got, err := r.Get(t.Context(), before)
		is.NoErr(err)
		if got.Title == "old" {
			is.Equal(read(t, got.Scan), "old")
			is.Equal(len(bucket.Objects()), 1)
			is.Equal(bucket.Uploads(), 0)
		} else {
			is.Equal(got.Scan.Size(), int64(len(big)))
		}
		bucket.Age(25 * time.Hour)
		sweep(t, r)
		is.Equal(bucket.Objects(), objects(t, r))
		is.Equal(bucket.Uploads(), 0)
	}
}

// TestUnanswered: whatever call of DynamoDB fails, in whatever way, no item refers
// to what is not there, and Sweep finds what nothing refers to.
func TestUnanswered(t *testing.T) {
	type act func(ctx context.Context, r *dynox.Repo[paper]) error
	ref := func() blob.Ref { return blob.From([]byte("new")) }
	for name, write := range map[string]act{
		"create": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return r.Create(ctx, &paper{Owner: "a", N: 2, Scan: ref()})
		},
		"put": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return r.Put(ctx, &paper{Owner: "a", N: 1, Title: "t", Scan: ref()})
		},
		"put if": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return r.Put(ctx, &paper{Owner: "a", N: 1, Scan: ref()}, expr.If(title.Eq("old")))
		},
		"update": func(ctx context.Context, r *dynox.Repo[paper]) error {
			_, err := r.Update(ctx, paper{Owner: "a", N: 1}, scan.Set(ref()), title.Set("new"), expr.If(title.Eq("old")))
			return err
		},
		"delete": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return r.Delete(ctx, paper{Owner: "a", N: 1})
		},
		"transaction": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return tx.Write(ctx, tx.Put(r, &paper{Owner: "a", N: 1, Scan: ref()}), tx.Create(r, &paper{Owner: "a", N: 2, Scan: ref()}))
		},
	} {
		for fault, effect := range map[string]memtable.Fault{
			"none": {}, "before": memtable.ResetBefore(), "after": memtable.ResetAfter(), "500": memtable.InternalError(), "throttled": memtable.Throttle(),
		} {
			for _, times := range []int{1, 100} {
				t.Run(name+"/"+fault, func(t *testing.T) {
					is, ctx := is.New(t), t.Context()
					engine, bucket := memtable.New(t), s3test.New(t)
					r, _ := papers(t, engine.Client(testbed.Quick), bucket.Client())
					is.NoErr(r.Put(ctx, &paper{Owner: "a", N: 1, Title: "old", Scan: blob.From([]byte("old"))}))
					if fault != "none" {
						for _, op := range []string{"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"} {
							engine.Fail(op, effect, memtable.Times(times))
						}
					}
					err := write(ctx, r)
					engine.Heal()
					is.True(err == nil || fault != "none")
					for p, err := range r.Scan(ctx, dynox.All[paper]().Consistent()) {
						is.NoErr(err)
						if !p.Scan.IsZero() {
							text := read(t, p.Scan)
							is.True(text == "old" || text == "new")
						}
					}
					if !errors.Is(err, dynox.ErrUnknownOutcome) && fault != "after" && name != "update" && name != "transaction" {
						is.Equal(append([]string{}, bucket.Objects()...), objects(t, r)) // nothing is left
					}
					bucket.Age(25 * time.Hour)
					sweep(t, r)
					is.Equal(append([]string{}, bucket.Objects()...), objects(t, r))
				})
			}
		}
	}
}

// TestFieldCompressed: what a reference says can go through coders.
func TestFieldCompressed(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	bucket := s3test.New(t)
	r, _ := papers(t, memtable.New(t).Client(), bucket.Client(), blob.Compressed(scan, blob.MinSize(0)), blob.Compressed(moreAttr, blob.MinSize(0)))
	meta := blob.Meta(map[string]string{"why": strings.Repeat("because ", 100)})
	p := paper{Owner: "a", N: 1, Scan: blob.From([]byte("text"), meta), More: &more{Note: blob.From([]byte("a longer note"), meta)}}
	is.NoErr(r.Put(ctx, &p))
	got, err := r.Get(ctx, p)
	is.NoErr(err)
	is.Equal(read(t, got.Scan)+read(t, got.More.Note), "texta longer note")
	got, err = r.Update(ctx, p, scan.Set(blob.From([]byte("other"), meta)))
	is.NoErr(err)
	is.Equal(read(t, got.Scan), "other")
	bucket.Age(25 * time.Hour)
	sweep(t, r)
	is.Equal(len(bucket.Objects()), 2)
	is.NoErr(r.Delete(ctx, p))
	is.Equal(len(bucket.Objects()), 0)
}

// TestFieldUnique: an item whose writes are transactions keeps its blobs as others
// do.
func TestFieldUnique(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	bucket := s3test.New(t)
	store, err := blob.NewStore(bucket.Client(), "invoices")
	is.NoErr(err)
	orders := openOrders(ctx, blob.Field(invoice, store), tx.Unique(log))
	one := Order{ID: "1", Log: "x", Invoice: blob.From([]byte("one"))}
	is.NoErr(orders.Create(ctx, &one))
	err = orders.Create(ctx, &Order{ID: "2", Log: "x", Invoice: blob.From([]byte("two"))})
	is.True(errors.Is(err, dynox.ErrNotUnique))
	is.Equal(bucket.Objects(), []string{one.Invoice.Name()})
	_, err = orders.Upsert(ctx, Order{ID: "2"}, log.Set("x"), invoice.Set(blob.From([]byte("two"))))
	is.True(errors.Is(err, dynox.ErrNotUnique))
	is.Equal(bucket.Objects(), []string{one.Invoice.Name()})

	next := Order{ID: "1", Log: "y", Invoice: blob.FromReader(io.MultiReader(strings.NewReader("next")))}
	is.NoErr(orders.Put(ctx, &next))
	is.Equal(read(t, next.Invoice), "next")
	is.Equal(bucket.Objects(), []string{next.Invoice.Name()}) // the replaced one is removed
	_, err = orders.Update(ctx, next, log.Set("z"))
	is.NoErr(err)
	old, _, err := orders.Swap(ctx, &Order{ID: "1", Log: "z"})
	is.NoErr(err)
	is.True(old.Invoice.Equal(next.Invoice))
	is.Equal(len(bucket.Objects()), 0)
	is.NoErr(orders.Put(ctx, &Order{ID: "1", Log: "w", Invoice: blob.From([]byte("last"))}))
	is.NoErr(orders.Delete(ctx, Order{ID: "1"}))
	is.Equal(len(bucket.Objects()), 0)

	// Many want one value, and replace each other's blobs.
	var wg sync.WaitGroup
	for n := range 6 {
		wg.Go(func() {
			for range 10 {
				id := string(rune('0' + n%2))
				err := orders.Put(ctx, &Order{ID: id, Log: "v" + string(rune('0'+n%3)), Invoice: blob.FromReader(io.MultiReader(strings.NewReader("many")))})
				if err != nil && !errors.Is(err, dynox.ErrNotUnique) && !errors.Is(err, dynox.ErrConditionFailed) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	live := map[string]bool{}
	for o, err := range orders.Scan(ctx, dynox.All[Order]()) {
		is.NoErr(err)
		is.Equal(read(t, o.Invoice), "many")
		live[o.Invoice.Name()] = true
	}
	is.Equal(len(bucket.Objects()), len(live))
}
