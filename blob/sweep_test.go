package blob_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/blob/internal/s3test"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// TestSweepExpired: an item past its time, which reads hide, still has its blob: it
// may come back.
func TestSweepExpired(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	type draft struct {
		ID   string    `dynamodbav:"id"`
		Ends time.Time `dynamodbav:"ends,unixtime"`
		Text blob.Ref  `dynamodbav:"text,omitzero"`
	}
	proto := expr.Proto[draft]()
	text := expr.At(proto, &proto.Text)
	key := dynox.Key[draft]{Partition: dynox.By(expr.At(proto, &proto.ID))}
	bucket := s3test.New(t)
	store, err := blob.NewStore(bucket.Client(), "drafts")
	is.NoErr(err)
	table := dynox.NewTable(memtable.New(t).Client(), "drafts")
	lasting, err := dynox.NewRepo(table, key)
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, lasting)) // so that the service deletes nothing
	r, err := dynox.NewRepo(table, key, blob.Field(text, store), dynox.TTL(expr.At(proto, &proto.Ends)), dynox.HideExpired[draft]())
	is.NoErr(err)
	d := draft{ID: "1", Ends: time.Now().Add(-time.Hour), Text: blob.From([]byte("a draft"))}
	is.NoErr(r.Put(ctx, &d))
	done, err := blob.Sweep(ctx, r, text, blob.Older(0))
	is.NoErr(err)
	is.Equal([]int{done.Objects, done.Orphans}, []int{1, 0})
	d, err = r.Touch(ctx, d, time.Now().Add(time.Hour))
	is.NoErr(err)
	is.Equal(read(t, d.Text), "a draft")
}
