package blob

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/oklog/ulid/v2"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Link is an address at which whoever has it can read the blob, until ttl has
// passed, from a second to seven days. It is made without I/O, other than for credentials. A
// blob in the item itself has none.
func (r Ref) Link(ctx context.Context, ttl time.Duration) (string, error) {
	if r.inline != nil {
		return "", errors.New("dynox: blob: the bytes are in the item: there is nothing to link to")
	}
	store, err := r.bound()
	if err != nil {
		return "", err
	}
	p, err := store.presign(ttl)
	if err != nil {
		return "", err
	}
	req, err := p.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &store.bucket, Key: &r.name}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", &Error{"presign GetObject", err}
	}
	return req.URL, nil
}

// maxLink is for how long S3 takes a link.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
const maxLink = 7 * 24 * time.Hour

// presign signs links for ttl. The SDK would take 0 for 15 minutes.
func (s *Store) presign(ttl time.Duration) (*s3.PresignClient, error) {
	if ttl < time.Second || ttl > maxLink {
		return nil, fmt.Errorf("dynox: blob: a link for %v: S3 takes it for 1 second to 7 days", ttl)
	}
	c, ok := s.client.(*s3.Client)
	if !ok {
		return nil, fmt.Errorf("dynox: blob: a %T signs no links: it takes an *s3.Client", s.client)
	}
	return s3.NewPresignClient(c), nil
}

// UploadLink is where somebody else, such as a browser, puts the bytes of a blob.
type UploadLink struct {
	URL    string
	Method string      // PUT
	Header http.Header // to be sent as they are
	Name   string      // of the object: for [Store.Adopt]
}

// NewUploadLink is a link by which the bytes for the item that key names can be
// stored, once, until ttl has passed, from a second to seven days. It changes nothing: when the
// bytes are there, [Store.Adopt] makes a Ref of them, for an update of the item. Bytes that are
// not adopted are found by [Sweep].
func NewUploadLink[T any](ctx context.Context, r *dynox.Repo[T], attr expr.Attr[T, Ref], key T, ttl time.Duration, opts ...Option) (*UploadLink, error) {
	c := r.Core(core.Door{})
	if c == nil {
		return nil, errors.New("dynox: blob.NewUploadLink: nil repository")
	}
	f, item, err := fieldOf(ctx, c, attr.Ref(ast.Door{}), &key)
	if err != nil {
		return nil, fmt.Errorf("dynox: blob.NewUploadLink: %w", err)
	}
	id, err := ulid.New(ulid.Timestamp(time.Now()), ulid.DefaultEntropy())
	if err != nil {
		return nil, err
	}
	name, err := f.store.nameOf(item, id.String())
	if err != nil {
		return nil, fmt.Errorf("dynox: blob.NewUploadLink: %w", err)
	}
	p, err := f.store.presign(ttl)
	if err != nil {
		return nil, err
	}
	ref := newRef(nil, opts)
	in := &s3.PutObjectInput{Bucket: &f.store.bucket, Key: &name, Metadata: ref.meta, IfNoneMatch: aws.String("*")}
	if ref.typ != "" {
		in.ContentType = &ref.typ
	}
	req, err := p.PresignPutObject(ctx, in, s3.WithPresignExpires(ttl))
	if err != nil {
		return nil, &Error{"presign PutObject", err}
	}
	return &UploadLink{URL: req.URL, Method: req.Method, Header: req.SignedHeader, Name: name}, nil
}

// fieldOf is what keeps the blobs of an attribute, and what they are called
// after.
func fieldOf(ctx context.Context, c *core.Repo, attr *ast.Attr, key any) (*field, item, error) {
	store, i, err := c.BlobAt(ctx, attr, key)
	if err != nil {
		return nil, i, err
	}
	f, ok := store.(*field)
	if !ok {
		return nil, i, errors.New("the attribute is no blob: see blob.Field")
	}
	return f, i, nil
}

// Adopt is a Ref of an object that came by an [UploadLink], for the attribute and the
// item that the link was for: it is [ErrForeign] in others. It asks S3 for its size,
// content type and metadata, and for its SHA-256, which it has if the upload said so;
// otherwise reads of the blob check the number of bytes alone. It is [ErrGone] if
// nothing has come yet.
func (s *Store) Adopt(ctx context.Context, name string) (Ref, error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &name, ChecksumMode: s3types.ChecksumModeEnabled})
	switch {
	case err != nil && missing(err):
		return Ref{}, &Error{"HeadObject", errors.Join(ErrGone, err)}
	case err != nil:
		return Ref{}, &Error{"HeadObject", err}
	}
	r := Ref{name: name, size: aws.ToInt64(out.ContentLength), typ: aws.ToString(out.ContentType), store: s}
	if len(out.Metadata) > 0 {
		r.meta = out.Metadata
	}
	if sum, err := base64.StdEncoding.DecodeString(aws.ToString(out.ChecksumSHA256)); err == nil && len(sum) == 32 {
		r.sum = sum
	}
	return r, nil
}
