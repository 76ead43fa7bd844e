package blob_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/blob"
	"github.com/dynox-go/dynox/blob/internal/s3test"
	"github.com/dynox-go/dynox/bulk"
)

var _ bulk.Bucket = (*blob.Bucket)(nil)

func TestBucket(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) { testBucket(t, s3test.New(t).Client(), "things") })
	t.Run("live", func(t *testing.T) {
		client, name := liveS3(t)
		testBucket(t, client, name)
	})
}

func testBucket(t *testing.T, client *s3.Client, name string) {
	t.Helper()
	is, ctx := is.New(t), t.Context()
	b, err := blob.NewBucket(client, name)
	is.NoErr(err)
	is.Equal(b.Name(), name)
	for i := range 3 {
		is.NoErr(b.Upload(ctx, fmt.Sprint("a/", i), []byte(fmt.Sprint("n", i))))
	}
	is.NoErr(b.Upload(ctx, "b/1", nil))
	is.NoErr(b.Upload(ctx, "a/1", []byte("again")))
	body, err := b.Open(ctx, "a/1")
	is.NoErr(err)
	data, err := io.ReadAll(body)
	is.NoErr(err)
	is.NoErr(body.Close())
	is.Equal(string(data), "again")
	is.NoErr(b.Remove(ctx, "a/2"))
	is.NoErr(b.Remove(ctx, "a/2"))
	var keys []string
	for key, err := range b.List(ctx, "a/") {
		is.NoErr(err)
		keys = append(keys, key)
	}
	is.Equal(keys, []string{"a/0", "a/1"})
	_, err = b.Open(ctx, "a/secret")
	is.True(errors.Is(err, blob.ErrGone))
	is.True(!strings.Contains(err.Error(), "secret"))
}

func TestNewBucket(t *testing.T) {
	is := is.New(t)
	_, err := blob.NewBucket(nil, "b")
	is.Equal(err.Error(), "dynox: blob.NewBucket: nil client")
	_, err = blob.NewBucket((*s3.Client)(nil), "b")
	is.Equal(err.Error(), "dynox: blob.NewBucket: nil client")
	_, err = blob.NewBucket(s3test.New(t).Client(), "")
	is.Equal(err.Error(), "dynox: blob.NewBucket: no bucket")
}
