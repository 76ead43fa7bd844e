package bulk_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	seq "github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
)

// memoryBucket is a bucket that an engine reads, with the reports that it writes.
type memoryBucket struct {
	files  fstest.MapFS
	engine *memtable.Engine
	fail   error // of the next upload
	most   int   // objects that there were
}

const bucketName = "loads"

func newBucket() *memoryBucket { return &memoryBucket{files: fstest.MapFS{}} }

func (b *memoryBucket) Name() string { return bucketName }

func (b *memoryBucket) Upload(_ context.Context, key string, data []byte) error {
	if b.fail != nil {
		return b.fail
	}
	b.files[key] = &fstest.MapFile{Data: bytes.Clone(data)}
	b.most = max(b.most, len(b.files))
	return nil
}

func (b *memoryBucket) all() map[string][]byte {
	all := b.engine.Objects(bucketName)
	for key, file := range b.files {
		all[key] = file.Data
	}
	return all
}

func (b *memoryBucket) List(_ context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, key := range slices.Sorted(maps.Keys(b.all())) {
			if strings.HasPrefix(key, prefix) && !yield(key, nil) {
				return
			}
		}
	}
}

func (b *memoryBucket) Open(_ context.Context, key string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b.all()[key])), nil
}

func (b *memoryBucket) Remove(_ context.Context, key string) error {
	delete(b.files, key)
	return nil
}

type Track struct {
	ID      string `dynamodbav:"id"`
	Name    string `dynamodbav:"name"`
	Version int    `dynamodbav:"version"`
}

var (
	track    = expr.Proto[Track]()
	trackID  = expr.At(track, &track.ID)
	trackVer = expr.At(track, &track.Version)
	TrackKey = dynox.Key[Track]{Partition: dynox.Composite("pk", "TRACK#{}", trackID)}
)

func newTracks(t *testing.T, b *memoryBucket, opts ...dynox.Option[Track]) (*dynox.Repo[Track], *memtable.Engine) {
	t.Helper()
	is := is.New(t)
	b.engine = memtable.New(t, memtable.WithBucket(bucketName, b.files))
	table := dynox.NewTable(b.engine.Client(testbed.Quick), "tracks")
	tracks, err := dynox.NewRepo(table, TrackKey, append(opts, dynox.Kind[Track]("track"))...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), tracks))
	b.engine.ForgetRequests()
	return tracks, b.engine
}

// someTracks are n tracks, from 0.
func someTracks(n int) iter.Seq2[Track, error] {
	return func(yield func(Track, error) bool) {
		for i := range n {
			if !yield(Track{ID: fmt.Sprint(i), Name: strings.Repeat("la", i%50)}, nil) {
				return
			}
		}
	}
}

func TestPutItems(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	b := newBucket()
	tracks, _ := newTracks(t, b, hooks.BeforePut(func(_ context.Context, t *Track) error { t.Name += "!"; return nil }))
	var states []bulk.PutState
	state, err := bulk.PutItems(t.Context(), tracks, someTracks(1000), b,
		bulk.ObjectSize(10_000), bulk.MaxWriteUnits(2000), bulk.Accelerated(), bulk.OnPutState(func(s bulk.PutState) { states = append(states, s) }))
	is.NoErr(err)
	is.Equal(state.Taken, int64(1000))
	is.Equal(state.Processed, int64(1000))
	is.Equal(state.Failed, int64(0))
	is.Equal(state.Status, "COMPLETED")
	is.True(state.Bytes > 0)
	is.True(state.Objects > 5 && b.most == state.Objects)
	is.Equal(len(b.files), 0) // they are removed
	is.True(len(states) > state.Objects && states[0].Objects == 1)
	n := 0
	for got, err := range tracks.Scan(t.Context(), dynox.All[Track]()) {
		is.NoErr(err)
		n++
		is.True(strings.HasSuffix(got.Name, "!"))
	}
	is.Equal(n, 1000)

	none, err := bulk.PutItems(t.Context(), tracks, someTracks(0), b)
	is.NoErr(err)
	is.Equal(none, bulk.PutState{})
}

// Items that are there stay, and are reported.
func TestPutOnlyNew(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx := t.Context()
	b := newBucket()
	tracks, _ := newTracks(t, b)
	is.NoErr(tracks.Put(ctx, &Track{ID: "1", Name: "old"}))
	state, err := bulk.PutItems(ctx, tracks, someTracks(3), b, bulk.OnlyNew(), bulk.KeepObjects(), bulk.ObjectPrefix("/x/"))
	is.NoErr(err)
	is.Equal(len(b.files), 1)
	failures, err := seq.Collect(state.Failures(ctx, b))
	is.NoErr(err)
	is.Equal(len(failures), 1)
	is.True(strings.HasPrefix(failures[0].Object, "x/"))
	is.Equal(failures[0].Line, int64(2))
	is.True(bytes.Contains(failures[0].Item, []byte("TRACK#1")))
	is.True(bytes.Contains(failures[0].Existing, []byte("old")))
	is.True(len(failures[0].Raw) > len(failures[0].Existing))
	got, err := tracks.Get(ctx, Track{ID: "1"})
	is.NoErr(err)
	is.Equal(got.Name, "old")
}

// What the service refuses is told, item by item. The table of the service has another
// key than the repository's.
func TestPutFailed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx := t.Context()
	b := newBucket()
	tracks, engine := newTracks(t, b)
	_, err := engine.Client().CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("others"), BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("x"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("x"), AttributeType: types.ScalarAttributeTypeS}},
	})
	is.NoErr(err)
	others := tracks.On(dynox.NewTable(engine.Client(), "others"))
	state, err := bulk.PutItems(ctx, others, someTracks(3), b)
	is.True(errors.Is(err, bulk.ErrPutFailed))
	is.Equal(err.Error(), "dynox: bulk put others: track: not all items were put: 3 of 3 failed")
	is.Equal(state.Status, "COMPLETED_WITH_ERRORS")
	failures, err := seq.Collect(state.Failures(ctx, b))
	is.NoErr(err)
	is.Equal(len(failures), 3)
	for i, f := range failures {
		is.Equal(f.Code, "ValidationException")
		is.True(f.Message != "")
		is.True(bytes.Contains(f.Item, []byte(fmt.Sprint("TRACK#", i))))
	}
	again, err := bulk.WaitForPut(ctx, dynox.NewTable(engine.Client(), "others"), state.Operation)
	is.True(errors.Is(err, bulk.ErrPutFailed))
	is.Equal(again.Failed, int64(3))
	failures, err = seq.Collect(again.Failures(ctx, b)) // another process can read them
	is.NoErr(err)
	is.Equal(len(failures), 3)
}

// Nothing is started when an item is wrong, and nothing is left in the bucket.
func TestPutRefused(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx := t.Context()
	b := newBucket()
	tracks, engine := newTracks(t, b, dynox.Required(trackID))
	bad := errors.New("no more")
	hooked, _ := newTracks(t, newBucket(), hooks.AfterPut(func(context.Context, *Track) error { return nil }))
	versioned, _ := newTracks(t, newBucket(), lock.Version(trackVer))
	readOnly := tracks.On(dynox.NewTable(engine.Client(), "tracks", dynox.ReadOnly()))
	bare := tracks.On(dynox.NewTable(struct{ dynox.Client }{engine.Client()}, "tracks"))
	b.engine = engine
	for _, c := range []struct {
		repo  *dynox.Repo[Track]
		items iter.Seq2[Track, error]
		opts  []bulk.PutOption
		words string
	}{
		{tracks, seq.Concat(someTracks(5), seq.Of(Track{})), []bulk.PutOption{bulk.ObjectSize(1)}, "item 5: "},
		{tracks, seq.Concat(someTracks(5), func(yield func(Track, error) bool) { yield(Track{}, bad) }), nil, "no more"},
		{tracks, nil, nil, "nil sequence"},
		{nil, someTracks(1), nil, "nil repository"},
		{tracks, someTracks(1), []bulk.PutOption{bulk.ObjectSize(0)}, "objects of 0 bytes"},
		{tracks, someTracks(1), []bulk.PutOption{bulk.MaxWriteUnits(5)}, "5 write units"},
		{tracks, someTracks(1), []bulk.PutOption{bulk.ObjectPrefix(strings.Repeat("x", 1000))}, "a prefix of 1000 bytes"},
		{hooked, someTracks(1), nil, "hooks after puts"},
		{versioned, someTracks(1), nil, "it has a version"},
		{readOnly, someTracks(1), nil, "read-only"},
		{bare, someTracks(1), nil, "has no StartBulkPutItems"},
	} {
		state, err := bulk.PutItems(ctx, c.repo, c.items, b, c.opts...)
		if err == nil || !strings.Contains(err.Error(), c.words) || !strings.HasPrefix(err.Error(), "dynox: bulk put") {
			t.Errorf("%s: %v", c.words, err)
		}
		is.Equal(state.Operation, "")
		is.Equal(len(b.files), 0)
	}
	is.Equal(len(engine.Requests()), 0)
	_, err := bulk.PutItems(ctx, tracks, someTracks(1), nil)
	is.Equal(err.Error(), "dynox: bulk put tracks: track: no bucket")
	b.fail = bad
	_, err = bulk.PutItems(ctx, tracks, someTracks(1), b)
	is.True(errors.Is(err, bad))
	is.Equal(len(engine.Requests()), 0)
	b.fail = nil
	_, err = bulk.PutItems(ctx, versioned, someTracks(1), newBucket(), bulk.Unchecked())
	is.True(err != nil) // another bucket than the engine's
	_, err = bulk.WaitForPut(ctx, dynox.NewTable(engine.Client(), "tracks"), "")
	is.Equal(err.Error(), "dynox: bulk put tracks: no operation")
	_, err = bulk.WaitForPut(ctx, dynox.NewTable(engine.Client(), "tracks"), "arn:aws:dynamodb:us-east-1:1:table/tracks/bulk-operation/none-at-all-01")
	is.True(err != nil)
}

// A lost answer starts no second operation.
func TestPutStartsOnce(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx := t.Context()
	b := newBucket()
	tracks, engine := newTracks(t, b)
	engine.Fail("StartBulkPutItems", memtable.ResetAfter(), memtable.Times(2))
	state, err := bulk.PutItems(ctx, tracks, someTracks(10), b)
	is.NoErr(err)
	is.Equal(state.Processed, int64(10))
	out, err := engine.Client().ListBulkOperations(ctx, &dynamodb.ListBulkOperationsInput{})
	is.NoErr(err)
	is.Equal(len(out.BulkOperationsSummaryList), 1)
	engine.Fail("StartBulkPutItems", memtable.ResetAfter(), memtable.Always())
	_, err = bulk.PutItems(ctx, tracks, someTracks(10), b)
	is.True(errors.Is(err, dynox.ErrUnknownOutcome))
	is.Equal(len(b.files), 1) // which the operation may be reading
}

// The end of the context leaves the operation and its objects; it can be waited for again.
func TestPutWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		b := newBucket()
		b.engine = memtable.Open(memtable.WithBucket(bucketName, b.files), memtable.WithBulkDelay(time.Hour))
		defer b.engine.Close()
		client := b.engine.Client()
		table := dynox.NewTable(client, "tracks")
		tracks, err := dynox.NewRepo(table, TrackKey)
		is.NoErr(err)
		is.NoErr(table.Ensure(t.Context(), tracks))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		state, err := bulk.PutItems(ctx, tracks, someTracks(10), b)
		is.True(errors.Is(err, context.DeadlineExceeded))
		is.Equal(state.Status, "IN_PROGRESS")
		is.True(state.Operation != "")
		is.Equal(len(b.files), 1)
		began := time.Now()
		state, err = bulk.WaitForPut(t.Context(), table, state.Operation)
		is.NoErr(err)
		is.Equal(state.Processed, int64(10))
		waited := time.Since(began)
		is.True(waited > 49*time.Minute && waited < 51*time.Minute)
	})
}

// Reports of other forms lose nothing.
func TestPutReports(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx := t.Context()
	b := newBucket()
	tracks, _ := newTracks(t, b)
	state, err := bulk.PutItems(ctx, tracks, someTracks(1), b)
	is.NoErr(err)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = io.WriteString(z, `{"errorCode":"E","lineNumber":7,"s3ObjectKey":"o","novel":1}`+"\n\n"+`{"novel":[2]}`+"\n"+`{"record":{"Item":{"a":{"S":"b"}}}}`)
	is.NoErr(err)
	is.NoErr(z.Close())
	at := state.Report()
	is.NoErr(b.Upload(ctx, at+"manifest-summary.json", []byte(`{`)))
	is.NoErr(b.Upload(ctx, at+"data/a.json.gz", packed.Bytes()))
	failures, err := seq.Collect(state.Failures(ctx, b))
	is.NoErr(err)
	is.Equal(len(failures), 3)
	is.Equal(string(failures[2].Item), `{"a":{"S":"b"}}`)
	is.Equal(failures[0].Code, "E")
	is.Equal(failures[0].Line, int64(7))
	is.Equal(failures[0].Object, "o")
	is.Equal(string(failures[1].Raw), `{"novel":[2]}`)
	is.NoErr(b.Upload(ctx, at+"data/b.json", []byte("s3cr3t")))
	_, err = seq.Collect(state.Failures(ctx, b))
	is.True(err != nil && !strings.Contains(err.Error(), "s3cr3t"))
	for f, err := range state.Failures(ctx, b) { // one is enough
		is.NoErr(err)
		is.Equal(f.Line, int64(7))
		break
	}
}
