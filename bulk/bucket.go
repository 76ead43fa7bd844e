package bulk

import (
	"context"
	"io"
	"iter"
)

// Bucket is what [PutItems] needs of a bucket of S3: blob.NewBucket makes one of an
// *s3.Client. This package links no S3. Its methods are called one at a time.
type Bucket interface {
	// Name is the bucket's name.
	Name() string
	// Upload stores an object, in place of one with its key. It does not keep data.
	Upload(ctx context.Context, key string, data []byte) error
	// List yields the keys that begin with prefix. An error is yielded last.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
	// Open reads an object, from its beginning. The caller closes it.
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// Remove removes an object; that there is none is no error.
	Remove(ctx context.Context, key string) error
}
