package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Bucket is a bucket for bulk.PutItems, which links no S3. It is safe for concurrent
// use.
type Bucket struct {
	client Client
	name   string
}

// NewBucket is a bucket, which exists. It does no I/O.
func NewBucket(client Client, name string) (*Bucket, error) {
	if c, ok := client.(*s3.Client); client == nil || ok && c == nil {
		return nil, fmt.Errorf("dynox: blob.NewBucket: %w", errors.New("nil client"))
	}
	if name == "" {
		return nil, fmt.Errorf("dynox: blob.NewBucket: %w", errors.New("no bucket"))
	}
	return &Bucket{client, name}, nil
}

// Name is the bucket's name.
func (b *Bucket) Name() string { return b.name }

// Upload stores an object, in place of one with its key.
func (b *Bucket) Upload(ctx context.Context, key string, data []byte) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data)))})
	if err != nil {
		return &Error{"PutObject", err}
	}
	return nil
}

// List yields the keys that begin with prefix, in S3's order. An error is yielded last.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix}
		for {
			out, err := b.client.ListObjectsV2(ctx, in)
			if err != nil {
				yield("", &Error{"ListObjectsV2", err})
				return
			}
			for _, object := range out.Contents {
				if !yield(aws.ToString(object.Key), nil) {
					return
				}
			}
			if in.ContinuationToken = out.NextContinuationToken; in.ContinuationToken == nil {
				return
			}
		}
	}
}

// Open reads an object, from its beginning. The caller closes it.
func (b *Bucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	switch {
	case err != nil && missing(err):
		return nil, &Error{"GetObject", errors.Join(ErrGone, err)}
	case err != nil:
		return nil, &Error{"GetObject", err}
	}
	return out.Body, nil
}

// Remove removes an object; that there is none is no error.
func (b *Bucket) Remove(ctx context.Context, key string) error {
	if _, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key}); err != nil && !missing(err) {
		return &Error{"DeleteObject", err}
	}
	return nil
}
