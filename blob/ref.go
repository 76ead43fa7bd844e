package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/core"
)

// Ref is the attribute that refers to a blob: bytes in a [Store], or in the item
// itself if they are few, see [Auto]. The zero Ref refers to none; that is not the
// same as an empty blob.
//
// One made by [From], [FromReader] or [FromFile] holds bytes to be stored, once,
// by the next write that it is in. Then it says what it refers to. A Ref that
// was read, or written, can be copied, and used by several goroutines; to store the
// same bytes in another item, or in another attribute, read them and store them anew:
// a write of one that belongs there is [ErrForeign].
//
// It is stored as a map, whose members docs/blobs.md lists; as NULL if it is zero
// and the field's tag does not leave it out: `dynamodbav:"invoice,omitzero"`.
type Ref struct {
	name   string
	size   int64
	sum    []byte // SHA-256, nil if unknown
	typ    string
	meta   map[string]string
	inline []byte // the bytes themselves, not nil if they are in the item

	source  *source // to be stored
	store   *Store
	foreign bool // the object does not belong to the item that was read
}

// IsZero reports whether r refers to nothing.
func (r Ref) IsZero() bool { return r.name == "" && r.inline == nil && r.source == nil }

// Name is the name of the object in its bucket, "" if the bytes are in the item or
// were not stored yet.
func (r Ref) Name() string { return r.name }

// Size is the number of bytes, 0 of a Ref whose bytes were not stored yet.
func (r Ref) Size() int64 {
	if r.inline != nil {
		return int64(len(r.inline))
	}
	return r.size
}

// SHA256 is the hash of the bytes: nil if it is not known, of bytes that were not
// stored yet or came through an [UploadLink].
func (r Ref) SHA256() []byte {
	if r.inline != nil {
		sum := sha256.Sum256(r.inline)
		return sum[:]
	}
	return bytes.Clone(r.sum)
}

// Type is the content type, "" if none was given.
func (r Ref) Type() string { return r.typ }

// Meta are the names and values that were given with the bytes. It is a copy.
func (r Ref) Meta() map[string]string { return maps.Clone(r.meta) }

// Equal reports whether r and other refer to the same blob, or hold the same bytes
// in their items. A Ref whose bytes were not stored equals none.
func (r Ref) Equal(other Ref) bool {
	if r.source != nil || other.source != nil {
		return false
	}
	return r.name == other.name && r.size == other.size && bytes.Equal(r.sum, other.sum) && r.typ == other.typ && maps.Equal(r.meta, other.meta) &&
		bytes.Equal(r.inline, other.inline) && (r.inline == nil) == (other.inline == nil)
}

// String says nothing about what r refers to.
func (r Ref) String() string {
	switch {
	case r.IsZero():
		return "no blob"
	case r.source != nil:
		return "blob to be stored"
	}
	return fmt.Sprintf("blob of %d bytes", r.Size())
}

// GoString is String.
func (r Ref) GoString() string { return r.String() }

// Format writes String, whatever the verb: a Ref prints neither names nor bytes.
func (r Ref) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, r.String()) }

// The members of a stored Ref.
const (
	memberName   = "n"
	memberSize   = "s"
	memberSum    = "h"
	memberType   = "t"
	memberMeta   = "m"
	memberInline = "b"
)

// MarshalDynamoDBAttributeValue is how r is stored. It is [ErrNoField] of
// a Ref whose bytes were not stored.
func (r Ref) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	switch {
	case r.source != nil:
		return nil, ErrNoField
	case r.IsZero():
		return &types.AttributeValueMemberNULL{Value: true}, nil
	}
	m := map[string]types.AttributeValue{}
	if r.inline != nil {
		m[memberInline] = &types.AttributeValueMemberB{Value: r.inline}
	} else {
		m[memberName] = &types.AttributeValueMemberS{Value: r.name}
		m[memberSize] = &types.AttributeValueMemberN{Value: fmt.Sprint(r.size)}
		if r.sum != nil {
			m[memberSum] = &types.AttributeValueMemberB{Value: r.sum}
		}
	}
	if r.typ != "" {
		m[memberType] = &types.AttributeValueMemberS{Value: r.typ}
	}
	if len(r.meta) > 0 {
		meta := map[string]types.AttributeValue{}
		for k, v := range r.meta {
			meta[k] = &types.AttributeValueMemberS{Value: v}
		}
		m[memberMeta] = &types.AttributeValueMemberM{Value: meta}
	}
	return &types.AttributeValueMemberM{Value: m}, nil
}

var errStored = errors.New("no blob reference")

// UnmarshalDynamoDBAttributeValue reads what MarshalDynamoDBAttributeValue made.
func (r *Ref) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	*r = Ref{}
	if _, null := av.(*types.AttributeValueMemberNULL); null {
		return nil
	}
	m, ok := av.(*types.AttributeValueMemberM)
	if !ok {
		return errStored
	}
	for name, v := range m.Value {
		ok := true
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			switch name {
			case memberName:
				r.name = v.Value
			case memberType:
				r.typ = v.Value
			}
		case *types.AttributeValueMemberN:
			if name == memberSize {
				var err error
				r.size, err = strconv.ParseInt(v.Value, 10, 64)
				ok = err == nil && r.size >= 0
			}
		case *types.AttributeValueMemberB:
			switch name {
			case memberSum:
				r.sum = v.Value
				ok = len(v.Value) == sha256.Size
			case memberInline:
				r.inline = v.Value
				if r.inline == nil {
					r.inline = []byte{}
				}
			}
		case *types.AttributeValueMemberM:
			if name == memberMeta {
				r.meta = make(map[string]string, len(v.Value))
				for k, v := range v.Value {
					s, isText := v.(*types.AttributeValueMemberS)
					if !isText {
						return errStored
					}
					r.meta[k] = s.Value
				}
			}
		}
		if !ok {
			return errStored
		}
	}
	if (r.name == "") == (r.inline == nil) {
		return errStored
	}
	return nil
}

// bound is the store that r's object is in.
func (r Ref) bound() (*Store, error) {
	switch {
	case r.source != nil:
		return nil, errors.New("dynox: blob: the bytes were not stored yet")
	case r.IsZero():
		return nil, ErrNone
	case r.store == nil:
		return nil, errors.New("dynox: blob: the reference was not read by a repository with blob.Field")
	}
	return r.store, nil
}

// Open reads the blob from the start. The reader must be closed; it belongs to one
// goroutine. An object of another size is [ErrChanged], and so is the end of one with
// other bytes. It is [ErrNone] of a zero Ref.
func (r Ref) Open(ctx context.Context) (io.ReadCloser, error) {
	if r.inline != nil {
		return io.NopCloser(bytes.NewReader(r.inline)), nil
	}
	store, err := r.bound()
	if err != nil {
		return nil, err
	}
	body, err := store.get(ctx, r.name, "", r.size)
	if err != nil {
		return nil, err
	}
	return &checked{body: body, left: r.size, want: r.sum, sum: sha256.New()}, nil
}

// WriteTo writes the blob to w, as [Ref.Open] reads it, and returns how many bytes
// it wrote.
func (r Ref) WriteTo(ctx context.Context, w io.Writer) (int64, error) {
	body, err := r.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	return io.Copy(w, body)
}

// Bytes is the whole blob, which has at most limit bytes; otherwise it fails, and
// nothing is read.
func (r Ref) Bytes(ctx context.Context, limit int64) ([]byte, error) {
	if r.Size() > limit {
		return nil, fmt.Errorf("dynox: blob: it has %d bytes, more than %d", r.Size(), limit)
	}
	body, err := r.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	b := bytes.NewBuffer(make([]byte, 0, r.Size()+bytes.MinRead)) // which the end takes
	_, err = b.ReadFrom(body)
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// ReadAt reads len(p) bytes from offset off on, as an [io.ReaderAt] does: fewer
// only with an error, which is [io.EOF] at the end. A part of a blob cannot be
// checked against its hash.
func (r Ref) ReadAt(ctx context.Context, p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, errors.New("dynox: blob: negative offset")
	case r.inline != nil:
		return bytes.NewReader(r.inline).ReadAt(p, off)
	}
	store, err := r.bound()
	switch {
	case err != nil:
		return 0, err
	case off >= r.size && len(p) > 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	n := min(int64(len(p)), r.size-off)
	body, err := store.get(ctx, r.name, fmt.Sprintf("bytes=%d-%d", off, off+n-1), n)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	read, err := io.ReadFull(body, p[:n])
	switch {
	case err != nil:
		return read, &Error{"GetObject", err}
	case n < int64(len(p)):
		return read, io.EOF
	}
	return read, nil
}

// checked is a body whose bytes are counted and hashed.
type checked struct {
	body io.ReadCloser
	left int64
	want []byte
	sum  interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.body.Read(p)
	_, _ = c.sum.Write(p[:n])
	c.left -= int64(n)
	switch {
	case c.left < 0 || err == io.EOF && c.left > 0:
		return n, &Error{"GetObject", ErrChanged}
	case err == io.EOF && c.want != nil && !bytes.Equal(c.sum.Sum(nil), c.want):
		return n, &Error{"GetObject", ErrChanged}
	case err != nil && err != io.EOF:
		return n, &Error{"GetObject", err}
	}
	return n, err
}

func (c *checked) Close() error { return c.body.Close() }

// item is what core calls the item of a blob.
type item = core.BlobItem
