package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/oklog/ulid/v2"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// FieldOption is an option of [Field].
type FieldOption func(*field)

// Auto keeps blobs of at most threshold bytes in the item itself, and only larger
// ones in the store. An item has at most 400 KB altogether. To find out, up to
// threshold bytes of a reader are held in memory. The default is 0: all blobs, other
// than empty ones, are in the store.
func Auto(threshold int) FieldOption { return func(f *field) { f.threshold = threshold } }

// Field keeps the bytes of a [Ref] in store, as the package says. The attribute may
// be nested, and may be encrypted too, then with what it refers to: the object is
// not.
func Field[T any](attr expr.Attr[T, Ref], store *Store, opts ...FieldOption) dynox.Option[T] {
	f := &field{store: store}
	for _, opt := range opts {
		if opt != nil {
			opt(f)
		}
	}
	b := core.Blob{Attr: attr.Ref(ast.Door{}), Store: f}
	if store == nil || f.threshold < 0 {
		b.Store = nil // which is told
	}
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) { s.Blobs = append(s.Blobs, b) })
}

// field is the blobs of one attribute.
type field struct {
	store     *Store
	threshold int
}

// Begin prepares to store what a Ref holds.
func (f *field) Begin(i item, at any) (core.Upload, error) {
	r := at.(*Ref) //nolint:forcetypeassert // Field takes no other attributes
	if r.source == nil {
		if f.Bind(i, at); r.foreign && f.store.ofTable(i, r.name) {
			return nil, ErrForeign
		}
		return nil, nil //nolint:nilnil // nothing is to be stored
	}
	body, size, err := r.source.open()
	if err != nil {
		return nil, err
	}
	if size <= int64(f.threshold) {
		head, err := io.ReadAll(io.LimitReader(body, int64(f.threshold)+1))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("reading the bytes of a blob: %w", err), body.Close())
		}
		if len(head) <= f.threshold {
			*r = Ref{inline: head, typ: r.typ, meta: r.meta, store: f.store}
			return nil, body.Close()
		}
		if body = (rest{io.MultiReader(bytes.NewReader(head), body), body}); size < int64(len(head)) {
			size = -1 // it is not what it said
		}
	}
	id, err := ulid.New(ulid.Timestamp(time.Now()), ulid.DefaultEntropy())
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	name, err := f.store.nameOf(i, id.String())
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	u := &upload{store: f.store, ref: r, name: name, body: body, size: size}
	// The final size of the reference, for the size of the item.
	*r = Ref{name: name, size: 1 << 50, sum: make([]byte, sha256.Size), typ: r.typ, meta: r.meta, store: f.store}
	return u, nil
}

// rest is a reader that goes on where a head of it was read.
type rest struct {
	io.Reader
	io.Closer
}

// Pending reports whether a Ref holds bytes to be stored.
func (f *field) Pending(at any) bool { return at.(*Ref).source != nil } //nolint:forcetypeassert // Field takes no other attributes

// Bind tells a Ref of its store, and whether its object belongs to its item.
func (f *field) Bind(i item, at any) {
	r := at.(*Ref) //nolint:forcetypeassert // Field takes no other attributes
	r.store, r.foreign = f.store, r.name != "" && !f.store.owns(i, r.name)
}

// Remove removes the object of a Ref, if it belongs to the item, and unless one of
// kept is of it, too.
func (f *field) Remove(ctx context.Context, at any, kept []any) error {
	r := at.(*Ref) //nolint:forcetypeassert // Field takes no other attributes
	for _, k := range kept {
		if k, ok := k.(*Ref); ok && k.name == r.name {
			return nil
		}
	}
	if r.name == "" || r.foreign {
		return nil
	}
	return f.store.remove(ctx, r.name)
}

// upload is the bytes of one blob on their way.
type upload struct {
	store *Store
	ref   *Ref
	name  string
	body  io.ReadCloser
	size  int64 // -1: not known
	begun bool
}

// cleanup is how long removing what a failed upload has left may take.
const cleanup = 15 * time.Second

// hashed counts and hashes what is read.
type hashed struct {
	r    io.Reader
	n    int64
	hash hash.Hash
	err  error // of the reader
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.n += int64(n)
	_, _ = h.hash.Write(p[:n])
	if err != nil && err != io.EOF {
		h.err = err
	}
	return n, err
}

// Run stores the bytes.
func (u *upload) Run(ctx context.Context) error {
	u.begun = true
	h := &hashed{r: u.body, hash: sha256.New()}
	in := &transfermanager.UploadObjectInput{}
	if u.store.put != nil {
		u.store.put(in)
	}
	in.Bucket, in.Key, in.Body, in.Metadata = &u.store.bucket, &u.name, h, maps.Clone(u.ref.meta)
	if u.ref.typ != "" {
		in.ContentType = &u.ref.typ
	}
	if u.size >= 0 {
		in.ContentLength = aws.Int64(u.size)
	}
	_, err := u.store.transfer.UploadObject(ctx, in)
	closed := u.body.Close()
	switch {
	case h.err != nil:
		return fmt.Errorf("reading the bytes of a blob: %w", h.err)
	case err != nil:
		return &Error{"Upload", err}
	case closed != nil:
		return fmt.Errorf("closing the bytes of a blob: %w", closed)
	}
	u.ref.size, u.ref.sum = h.n, h.hash.Sum(nil)
	return nil
}

// Undo removes what Run has stored, or may have.
func (u *upload) Undo(ctx context.Context) error {
	if !u.begun {
		return u.body.Close()
	}
	return u.store.remove(ctx, u.name)
}
