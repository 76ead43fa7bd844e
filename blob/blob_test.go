package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/blob/internal/s3test"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type paper struct {
	Owner string   `dynamodbav:"owner"`
	N     int      `dynamodbav:"n"`
	Scan  blob.Ref `dynamodbav:"scan,omitzero"`
	More  *more    `dynamodbav:"more,omitempty"`
	Title string   `dynamodbav:"title,omitempty"`
}

type more struct {
	Note blob.Ref `dynamodbav:"note,omitzero"`
	Page int      `dynamodbav:"page"`
}

var (
	proto    = expr.Proto[paper]()
	owner    = expr.At(proto, &proto.Owner)
	number   = expr.At(proto, &proto.N)
	scan     = expr.At(proto, &proto.Scan)
	moreAttr = expr.At(proto, &proto.More)
	note     = expr.At(proto, &proto.More.Note)
	title    = expr.At(proto, &proto.Title)
	key      = dynox.Key[paper]{Partition: dynox.By(owner), Sort: dynox.By(number)}
)

func papers(t testing.TB, client *dynamodb.Client, s3client blob.Client, opts ...dynox.Option[paper]) (*dynox.Repo[paper], *blob.Store) {
	t.Helper()
	is := is.New(t)
	store, err := blob.NewStore(s3client, "papers", blob.Prefix("test"))
	is.NoErr(err)
	table := testbed.Table(t, client)
	r, err := dynox.NewRepo(table, key, append(opts, blob.Field(scan, store), blob.Field(note, store, blob.Auto(10)))...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), r))
	return r, store
}

func read(t testing.TB, r blob.Ref) string {
	t.Helper()
	body, err := r.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBlobs(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		bucket := s3test.New(t)
		r, store := papers(t, client, bucket.Client())
		table := r.Core(core.Door{}).Table.Name
		long := strings.Repeat("long ", 10)

		p := paper{Owner: "a/ä", N: -1, Scan: blob.From([]byte("one"), blob.Type("text/plain"), blob.Meta(map[string]string{"by": "me"})), More: &more{Note: blob.From([]byte("short"))}}
		is.NoErr(r.Create(ctx, &p))
		names := bucket.Objects()
		is.Equal(len(names), 1)
		is.True(strings.HasPrefix(names[0], "test/"+table+"/-/scan/S=a%2F%C3%A4/N=-1/"))
		is.Equal(p.Scan.Name(), names[0])
		is.Equal(bucket.Object(names[0]).Type, "text/plain")
		is.Equal(bucket.Object(names[0]).Meta, map[string]string{"by": "me"})
		is.Equal(read(t, p.Scan), "one")
		is.Equal(read(t, p.More.Note), "short")

		got, err := r.Get(ctx, p)
		is.NoErr(err)
		is.Equal(got.Scan.Size(), int64(3))
		is.Equal(got.Scan.Type(), "text/plain")
		is.Equal(got.Scan.Meta(), map[string]string{"by": "me"})
		is.Equal(len(got.Scan.SHA256()), 32)
		is.True(got.Scan.Equal(p.Scan))
		is.Equal(read(t, got.Scan), "one")
		is.Equal(read(t, got.More.Note), "short")
		is.Equal(got.More.Note.Name(), "")

		// A put that keeps the reference keeps the object; one that replaces it
		// removes it.
		got.Title = "same"
		is.NoErr(r.Put(ctx, &got))
		is.Equal(bucket.Objects(), names)
		got.Scan, got.More.Note = blob.FromReader(strings.NewReader("two")), blob.From([]byte(long))
		is.NoErr(r.Put(ctx, &got))
		is.Equal(len(bucket.Objects()), 2)
		is.True(bucket.Object(names[0]) == nil)
		is.Equal(read(t, got.Scan)+read(t, got.More.Note), "two"+long)
		old, existed, err := r.Swap(ctx, &paper{Owner: "a/ä", N: -1, Scan: blob.From(nil)}) // empty is not none
		is.NoErr(err)
		is.True(existed)
		is.True(old.Scan.Equal(got.Scan))
		is.Equal(len(bucket.Objects()), 0)
		got, err = r.Get(ctx, p)
		is.NoErr(err)
		is.True(!got.Scan.IsZero())
		is.Equal(read(t, got.Scan), "")
		is.True(got.More == nil)

		// Updates leave what they replace.
		got, err = r.Update(ctx, p, scan.Set(blob.From([]byte("three"))))
		is.NoErr(err)
		is.Equal(read(t, got.Scan), "three")
		got, err = r.Update(ctx, p, moreAttr.Set(&more{Note: blob.From([]byte(long)), Page: 7}), title.Set("x"))
		is.NoErr(err)
		is.Equal(read(t, got.More.Note), long)
		got, err = r.Update(ctx, p, note.Set(blob.From([]byte("few"))))
		is.NoErr(err)
		is.Equal(read(t, got.More.Note), "few")
		is.Equal(got.More.Page, 7)
		is.Equal(len(bucket.Objects()), 2)
		got, err = r.Upsert(ctx, paper{Owner: "b", N: 2}, scan.Set(blob.From([]byte("up"))))
		is.NoErr(err)
		is.Equal(read(t, got.Scan), "up")
		_, err = r.Update(ctx, p, scan.SetOnce(blob.From(nil)))
		is.True(err != nil)

		tracked, err := r.Load(ctx, p)
		is.NoErr(err)
		is.Equal(len(tracked.Changed()), 0)
		tracked.V.Scan = blob.From([]byte("four"))
		is.Equal(fmt.Sprint(tracked.Changed()), "[scan]")
		is.NoErr(tracked.Save(ctx))
		is.Equal(read(t, tracked.V.Scan), "four")

		// In company.
		one, two := paper{Owner: "c", N: 1, Scan: blob.From([]byte("c1"))}, paper{Owner: "c", N: 2, Scan: blob.From([]byte("c2"))}
		is.NoErr(tx.Write(ctx, tx.Put(r, &one), tx.Update(r, paper{Owner: "b", N: 2}, scan.Set(blob.From([]byte("up2"))))))
		is.NoErr(batch.Write(ctx, slices.Values([]batch.Op{batch.Put(r, &two)})))
		is.Equal(read(t, one.Scan)+read(t, two.Scan), "c1c2")
		for p, err := range r.Query(ctx, key.In(paper{Owner: "c"})) {
			is.NoErr(err)
			is.Equal(read(t, p.Scan), fmt.Sprint("c", p.N))
		}
		type slim struct {
			Scan blob.Ref `dynamodbav:"scan"`
		}
		few, err := iter.Collect(dynox.Into[slim](ctx, r, key.In(paper{Owner: "c"})))
		is.NoErr(err)
		is.Equal(read(t, few[0].Scan), "c1")
		ref := tx.Get(r, one)
		is.NoErr(tx.Read(ctx, ref))
		is.Equal(read(t, ref.V.Scan), "c1")
		taken, err := r.Take(ctx, one)
		is.NoErr(err)
		is.True(bucket.Object(taken.Scan.Name()) == nil)
		_, err = taken.Scan.Open(ctx)
		is.True(errors.Is(err, blob.ErrGone))
		is.NoErr(r.Delete(ctx, two))
		is.True(bucket.Object(two.Scan.Name()) == nil)

		// What is left is found.
		live := objects(t, r)
		is.True(len(bucket.Objects()) > len(live))
		done, err := blob.Sweep(ctx, r, scan)
		is.NoErr(err)
		is.Equal(done.Orphans, 0) // they are too young
		bucket.Age(25 * time.Hour)
		done, err = blob.Sweep(ctx, r, scan, blob.DryRun())
		is.NoErr(err)
		is.True(done.Orphans > 0 && done.Removed == 0 && done.Done)
		sweep(t, r)
		is.Equal(bucket.Objects(), live)
		_ = store
	})
}

// objects are the names that items refer to.
func objects(t testing.TB, r *dynox.Repo[paper]) []string {
	t.Helper()
	names := []string{}
	for p, err := range r.Scan(t.Context(), dynox.All[paper]().Consistent()) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Scan.Name() != "" {
			names = append(names, p.Scan.Name())
		}
		if p.More != nil && p.More.Note.Name() != "" {
			names = append(names, p.More.Note.Name())
		}
	}
	slices.Sort(names)
	return names
}

func sweep(t testing.TB, r *dynox.Repo[paper]) {
	t.Helper()
	for _, attr := range []expr.Attr[paper, blob.Ref]{scan, note} {
		if _, err := blob.Sweep(t.Context(), r, attr); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFaults: whatever call of S3 fails, in whatever way, the item is as it was or
// as it was to be, and Sweep finds what nothing refers to.
func TestFaults(t *testing.T) {
	long := strings.Repeat("long ", 10)
	big := bytes.Repeat([]byte("0123456789abcdef"), 700_000) // three parts
	writes := map[string]func(ctx context.Context, r *dynox.Repo[paper]) error{
		"put": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return r.Put(ctx, &paper{Owner: "a", N: 1, Title: "new", Scan: blob.From([]byte("new")), More: &more{Note: blob.From([]byte(long))}})
		},
		"big put": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return r.Put(ctx, &paper{Owner: "a", N: 1, Title: "new", Scan: blob.FromReader(io.MultiReader(bytes.NewReader(big)))})
		},
		"update": func(ctx context.Context, r *dynox.Repo[paper]) error {
			_, err := r.Update(ctx, paper{Owner: "a", N: 1}, title.Set("new"), scan.Set(blob.From([]byte("new"))), moreAttr.Set(&more{Note: blob.From([]byte(long))}))
			return err
		},
		"delete": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return r.Delete(ctx, paper{Owner: "a", N: 1})
		},
		"transaction": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return tx.Write(ctx, tx.Put(r, &paper{Owner: "a", N: 1, Title: "new", Scan: blob.From([]byte("new"))}),
				tx.Put(r, &paper{Owner: "a", N: 2, Title: "new", Scan: blob.From([]byte("new"))}))
		},
		"batch": func(ctx context.Context, r *dynox.Repo[paper]) error {
			return batch.Write(ctx, slices.Values([]batch.Op{
				batch.Put(r, &paper{Owner: "a", N: 1, Title: "new", Scan: blob.From([]byte("new"))}),
				batch.Put(r, &paper{Owner: "a", N: 2, Title: "new", Scan: blob.From([]byte("new"))}),
			}))
		},
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			for _, fault := range []s3test.Fault{s3test.Refuse, s3test.Fail, s3test.Slow, s3test.Cut, s3test.CutLate} {
				for n := 0; ; n++ {
					is, ctx := is.New(t), t.Context()
					bucket := s3test.New(t)
					r, _ := papers(t, memtable.New(t).Client(), bucket.Client(func(o *s3.Options) { o.RetryMaxAttempts = 1 }))
					before := paper{Owner: "a", N: 1, Title: "old", Scan: blob.From([]byte("old"))}
					is.NoErr(r.Put(ctx, &before))
					hit := false
					bucket.Faults(func(i int, _ string) s3test.Fault {
						if i == n {
							hit = true
							return fault
						}
						return s3test.None
					})
					err := write(ctx, r)
					bucket.Faults(func(int, string) s3test.Fault { return s3test.None })
					if !hit {
						is.NoErr(err)
						break
					}
					is.True(err != nil)
					is.True(strings.Contains(err.Error(), "S3 "))
					is.True(!strings.Contains(err.Error(), "old") && !strings.Contains(err.Error(), "new"))
					got, getErr := r.Get(ctx, before)
					switch {
					case name == "delete":
						is.True(errors.Is(getErr, dynox.ErrNotFound) && errors.Is(err, dynox.ErrAfterWrite))
					case got.Title == "new":
						is.NoErr(getErr)
						is.True(errors.Is(err, dynox.ErrAfterWrite) || name == "batch")
					default:
						is.NoErr(getErr)
						is.Equal(got.Title, "old")
						is.Equal(read(t, got.Scan), "old")
					}
					for p, err := range r.Scan(ctx, dynox.All[paper]()) {
						is.NoErr(err)
						if p.Title == "new" && name != "big put" {
							is.Equal(read(t, p.Scan), "new")
						}
					}
					bucket.Age(25 * time.Hour)
					sweep(t, r)
					is.Equal(append([]string{}, bucket.Objects()...), objects(t, r))
					is.Equal(bucket.Uploads(), 0)
				}
			}
		})
	}
}

// TestOutcomes: what was uploaded goes when the item was certainly not written, and
// stays when nobody knows.
func TestOutcomes(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	bucket := s3test.New(t)
	r, _ := papers(t, engine.Client(testbed.Quick), bucket.Client())
	p := paper{Owner: "a", N: 1, Scan: blob.From([]byte("x"))}
	err := r.Put(ctx, &p, expr.If(title.Eq("y")))
	is.True(errors.Is(err, dynox.ErrConditionFailed))
	is.Equal(len(bucket.Objects()), 0)
	is.True(p.Scan.Name() == "" && !p.Scan.IsZero()) // to be tried again
	is.NoErr(r.Create(ctx, &p))
	is.True(errors.Is(r.Create(ctx, &paper{Owner: "a", N: 1, Scan: blob.From([]byte("z"))}), dynox.ErrExists))
	is.Equal(bucket.Objects(), []string{p.Scan.Name()})

	err = tx.Write(ctx, tx.Create(r, &paper{Owner: "a", N: 2, Scan: blob.From([]byte("z"))}), tx.Check(r, p, title.Eq("y")))
	is.True(errors.Is(err, dynox.ErrConditionFailed))
	err = tx.Write(ctx, tx.Create(r, &paper{Owner: "a", N: 2, Scan: blob.From([]byte("z"))}), tx.Create(r, &paper{Owner: "a"}), tx.Put(r, &paper{Scan: blob.From(nil)}))
	is.True(errors.Is(err, dynox.ErrKey))
	is.Equal(bucket.Objects(), []string{p.Scan.Name()})
	big := strings.Repeat("x", 400<<10)
	bucket.Calls()
	is.True(errors.Is(r.Put(ctx, &paper{Owner: "a", N: 3, Title: big, Scan: blob.From([]byte("z"))}), dynox.ErrTooLarge))
	is.Equal(len(bucket.Calls()), 0) // the size comes first

	engine.Fail("UpdateItem", memtable.ResetAfter(), memtable.Always())
	_, err = r.Update(ctx, p, scan.Set(blob.From([]byte("lost"))), expr.If(title.Missing()), title.Set("t"))
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	is.Equal(len(bucket.Objects()), 2) // both, because nobody knows
	engine.Heal()
	got, err := r.Get(ctx, p)
	is.NoErr(err)
	is.Equal(read(t, got.Scan), "lost")

	spent := blob.FromReader(io.MultiReader(strings.NewReader("once")))
	bucket.Faults(func(int, string) s3test.Fault { return s3test.Refuse })
	again := paper{Owner: "s", N: 1, Scan: spent}
	is.True(r.Put(ctx, &again) != nil)
	bucket.Faults(func(int, string) s3test.Fault { return s3test.None })
	err = r.Put(ctx, &again)
	is.True(err != nil && strings.Contains(err.Error(), "read by a write before"))
	seekable := strings.NewReader("..twice")
	_, _ = seekable.Seek(2, io.SeekStart)
	again.Scan = blob.FromReader(seekable)
	bucket.Faults(func(int, string) s3test.Fault { return s3test.Refuse })
	is.True(r.Put(ctx, &again) != nil)
	bucket.Faults(func(int, string) s3test.Fault { return s3test.None })
	is.NoErr(r.Put(ctx, &again))
	is.Equal(read(t, again.Scan), "twice")
	broken := paper{Owner: "s", N: 2, Scan: blob.FromReader(io.MultiReader(strings.NewReader("x"), failing{}))}
	err = r.Put(ctx, &broken)
	is.True(errors.Is(err, errFailing))
	_, err = r.Get(ctx, broken)
	is.True(errors.Is(err, dynox.ErrNotFound))
}

type failing struct{}

var errFailing = errors.New("broken")

func (failing) Read([]byte) (int, error) { return 0, errFailing }

// TestSizeInItem: whatever the item says, no more is read than there is, and it is
// seen.
func TestSizeInItem(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	client := memtable.New(t).Client()
	r, _ := papers(t, client, s3test.New(t).Client())
	p := paper{Owner: "a", N: 1, Scan: blob.From([]byte("0123456789"))}
	is.NoErr(r.Put(ctx, &p))
	for size, want := range map[string]string{"10": "read", "9": "changed", "4611686018427387904": "changed", "10.5": "unreadable", "-1": "unreadable"} {
		av, err := p.Scan.MarshalDynamoDBAttributeValue()
		is.NoErr(err)
		av.(*types.AttributeValueMemberM).Value["s"] = &types.AttributeValueMemberN{Value: size}
		_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &r.Core(core.Door{}).Table.Name, Item: map[string]types.AttributeValue{
			"owner": &types.AttributeValueMemberS{Value: "a"}, "n": &types.AttributeValueMemberN{Value: "1"}, "scan": av,
		}})
		is.NoErr(err)
		got, err := r.Get(ctx, p)
		if err == nil {
			_, err = got.Scan.Bytes(ctx, math.MaxInt64)
		}
		switch {
		case errors.As(err, new(*dynox.ItemError)):
			is.Equal("unreadable", want)
		case errors.Is(err, blob.ErrChanged):
			is.Equal("changed", want)
		default:
			is.NoErr(err)
			is.Equal("read", want)
		}
	}
}

func TestReading(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	bucket := s3test.New(t)
	r, store := papers(t, memtable.New(t).Client(), bucket.Client())
	file := filepath.Join(t.TempDir(), "f")
	is.NoErr(os.WriteFile(file, []byte("0123456789"), 0o600))
	p := paper{Owner: "a", N: 1, Scan: blob.FromFile(file, blob.Type("text/plain")), More: &more{Note: blob.From([]byte("inline"))}}
	is.NoErr(r.Put(ctx, &p))
	for _, ref := range []blob.Ref{p.Scan, p.More.Note} {
		text := read(t, ref)
		for _, c := range []struct {
			n   int
			off int64
		}{{3, 0}, {3, 2}, {3, int64(len(text)) - 3}, {4, int64(len(text)) - 2}, {1, int64(len(text))}, {0, 0}} {
			b := make([]byte, c.n)
			n, err := ref.ReadAt(ctx, b, c.off)
			want := text[c.off:min(int(c.off)+c.n, len(text))]
			is.Equal(string(b[:n]), want)
			is.True((err == nil) == (n == c.n))
			is.True(err == nil || err == io.EOF)
		}
		_, err := ref.ReadAt(ctx, nil, -1)
		is.True(err != nil)
		var b bytes.Buffer
		n, err := ref.WriteTo(ctx, &b)
		is.NoErr(err)
		is.Equal(n, ref.Size())
		_, err = ref.Bytes(ctx, ref.Size()-1)
		is.True(err != nil)
		all, err := ref.Bytes(ctx, ref.Size())
		is.NoErr(err)
		is.Equal(string(all), text)
	}
	_, err := blob.Ref{}.Open(ctx)
	is.True(errors.Is(err, blob.ErrNone))
	_, err = blob.From(nil).Open(ctx)
	is.True(err != nil)

	// Whatever happened to the object is seen.
	for _, body := range []string{"0123456780", "012345678", "01234567899", ""} {
		bucket.Object(p.Scan.Name()).Body = []byte(body)
		_, err := p.Scan.Bytes(ctx, 100)
		is.True(errors.Is(err, blob.ErrChanged))
	}
	bucket.Object(p.Scan.Name()).Body = []byte("01")
	for _, off := range []int64{1, 5} {
		_, err = p.Scan.ReadAt(ctx, make([]byte, 4), off)
		is.True(errors.Is(err, blob.ErrChanged))
	}
	bucket.Object(p.Scan.Name()).Body = []byte("0123456789")

	url, err := p.Scan.Link(ctx, time.Minute)
	is.NoErr(err)
	resp, err := http.Get(url) //nolint:gosec,noctx // of this test's own server
	is.NoErr(err)
	b, err := io.ReadAll(resp.Body)
	is.NoErr(errors.Join(err, resp.Body.Close()))
	is.Equal(string(b), "0123456789")
	_, err = p.More.Note.Link(ctx, time.Minute)
	is.True(err != nil)

	// A browser stores the bytes.
	link, err := blob.NewUploadLink(ctx, r, scan, p, time.Minute, blob.Type("image/png"))
	is.NoErr(err)
	_, err = store.Adopt(ctx, link.Name)
	is.True(errors.Is(err, blob.ErrGone))
	req, err := http.NewRequestWithContext(ctx, link.Method, link.URL, strings.NewReader("pixels"))
	is.NoErr(err)
	req.Header = link.Header
	resp, err = http.DefaultClient.Do(req)
	is.NoErr(err)
	is.NoErr(resp.Body.Close())
	is.Equal(resp.StatusCode, http.StatusOK)
	ref, err := store.Adopt(ctx, link.Name)
	is.NoErr(err)
	is.Equal(ref.Type(), "image/png")
	got, err := r.Update(ctx, p, scan.Set(ref))
	is.NoErr(err)
	is.Equal(read(t, got.Scan), "pixels")
	_, err = blob.NewUploadLink(ctx, r, scan, paper{}, time.Minute)
	is.True(errors.Is(err, dynox.ErrKey))

	for _, ttl := range []time.Duration{-1, 0, time.Second - 1, 7*24*time.Hour + 1} {
		_, err = p.Scan.Link(ctx, ttl)
		is.True(err != nil && strings.Contains(err.Error(), "7 days"))
		_, err = blob.NewUploadLink(ctx, r, scan, p, ttl)
		is.True(err != nil && strings.Contains(err.Error(), "7 days"))
	}

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{p.Scan, p.More.Note, blob.From([]byte("inline")), &p.Scan, paper{Scan: p.More.Note}} {
			text := fmt.Sprintf(verb, v)
			is.True(!strings.Contains(text, "inline") && !strings.Contains(text, "696e6c") && !strings.Contains(text, "N=1"))
		}
	}
}

func TestRefused(t *testing.T) {
	is := is.New(t)
	client := s3test.New(t).Client()
	for _, opts := range [][]blob.StoreOption{{blob.PartSize(1)}, {blob.Concurrency(0)}} {
		_, err := blob.NewStore(client, "b", opts...)
		is.True(err != nil)
	}
	_, err := blob.NewStore(nil, "b")
	is.True(err != nil)
	_, err = blob.NewStore(client, "")
	is.True(err != nil)
	store, err := blob.NewStore(client, "b")
	is.NoErr(err)
	table := testbed.Table(t, memtable.New(t).Client())
	for name, opts := range map[string][]dynox.Option[paper]{
		"no store": {blob.Field(scan, nil)}, "twice": {blob.Field(scan, store), blob.Field(scan, store)}, "negative": {blob.Field(scan, store, blob.Auto(-1))},
	} {
		if _, err := dynox.NewRepo(table, key, opts...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	bare, err := dynox.NewRepo(table, key)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), bare))
	err = bare.Put(t.Context(), &paper{Owner: "a", Scan: blob.From([]byte("x"))})
	is.True(errors.Is(err, blob.ErrNoField))
	_, err = blob.Sweep(t.Context(), bare, scan)
	is.True(err != nil)
	r, err := dynox.NewRepo(table, key, blob.Field(scan, store))
	is.NoErr(err)
	err = r.Put(t.Context(), &paper{Owner: strings.Repeat("x", 1500), Scan: blob.From([]byte("x"))})
	is.True(err != nil && strings.Contains(err.Error(), "too long"))
}
