package blob

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dynox-go/dynox/internal/number"
)

// Client is what a [Store] uses of S3: an [*s3.Client] has it.
type Client interface {
	transfermanager.S3APIClient
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error)
}

// Store is a bucket, or a part of one. It is safe for concurrent use.
//
// An object is called after what it belongs to,
//
//	prefix/table/kind/attribute/key/ULID
//
// so whoever may list the bucket sees the items' keys; [Prefix] can keep stores of
// several environments apart.
type Store struct {
	client   Client
	bucket   string
	prefix   string
	transfer *transfermanager.Client
	put      func(*transfermanager.UploadObjectInput)
}

// StoreOption is an option of [NewStore].
type StoreOption func(*storeOptions)

type storeOptions struct {
	prefix      string
	part        int64
	concurrency int
	put         func(*transfermanager.UploadObjectInput)
}

// Prefix begins the names of all objects, before a slash. The default is none.
func Prefix(prefix string) StoreOption {
	return func(o *storeOptions) { o.prefix = strings.Trim(prefix, "/") }
}

// PartSize is how many bytes an upload sends at once, from 5 MiB, the default, on. S3
// takes 10,000 parts of an object: bytes of unknown number can be 48 GiB with the
// default. An upload holds this much for each part on its way, and for one more: 10
// MiB with the defaults, and as much again for a moment when it begins.
func PartSize(bytes int64) StoreOption { return func(o *storeOptions) { o.part = bytes } }

// Concurrency is how many parts an upload sends at the same time, while it reads the
// next. The default is 1, which takes the least memory.
func Concurrency(n int) StoreOption { return func(o *storeOptions) { o.concurrency = n } }

// Uploads has f set what else uploads are to have, such as a storage class or
// server-side encryption. Bucket, key, body, content type and metadata are the
// store's.
func Uploads(f func(*transfermanager.UploadObjectInput)) StoreOption {
	return func(o *storeOptions) { o.put = f }
}

const minPart = 5 << 20

// NewStore is a store in a bucket, which exists. It does no I/O.
func NewStore(client Client, bucket string, opts ...StoreOption) (*Store, error) {
	o := storeOptions{part: minPart, concurrency: 1}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	var errs []error
	if c, ok := client.(*s3.Client); client == nil || ok && c == nil {
		errs = append(errs, errors.New("nil client"))
	}
	if bucket == "" {
		errs = append(errs, errors.New("no bucket"))
	}
	if o.part < minPart {
		errs = append(errs, fmt.Errorf("parts of %d bytes: S3 takes no less than %d", o.part, minPart))
	}
	if o.concurrency < 1 {
		errs = append(errs, fmt.Errorf("%d parts at the same time", o.concurrency))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("dynox: blob.NewStore: %w", err)
	}
	s := &Store{client: client, bucket: bucket, put: o.put}
	if o.prefix != "" {
		s.prefix = o.prefix + "/"
	}
	s.transfer = transfermanager.New(quiet{client}, func(t *transfermanager.Options) {
		t.PartSizeBytes, t.MultipartUploadThreshold, t.Concurrency = o.part, o.part, o.concurrency
		t.FailTimeout = cleanup
	})
	return s, nil
}

// quiet is a client whose failure to complete an upload says nothing of its own: the
// transfer manager logs it, and the SDK's text has the object's name.
type quiet struct{ Client }

func (q quiet) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, opts ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	out, err := q.Client.CompleteMultipartUpload(ctx, in, opts...)
	if err != nil {
		err = &Error{"CompleteMultipartUpload", err}
	}
	return out, err
}

// get reads an object, or a range of it, which has size bytes.
func (s *Store) get(ctx context.Context, name, bytes string, size int64) (io.ReadCloser, error) {
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &name}
	if bytes != "" {
		in.Range = &bytes
	}
	out, err := s.client.GetObject(ctx, in)
	switch {
	case err != nil && missing(err):
		return nil, &Error{"GetObject", errors.Join(ErrGone, err)}
	case err != nil && outside(err):
		return nil, &Error{"GetObject", errors.Join(ErrChanged, err)}
	case err != nil:
		return nil, &Error{"GetObject", err}
	case out.ContentLength != nil && *out.ContentLength != size:
		return nil, &Error{"GetObject", errors.Join(ErrChanged, out.Body.Close())}
	}
	return out.Body, nil
}

// remove removes an object, whether it is there or not.
func (s *Store) remove(ctx context.Context, name string) error {
	if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &name}); err != nil && !missing(err) {
		return &Error{"DeleteObject", err}
	}
	return nil
}

// maxName is how many bytes S3 takes as the name of an object.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxName = 1024

// table is the name of all blobs of an item's table, up to its slash.
func (s *Store) table(i item) string { return s.prefix + url.PathEscape(i.Table) + "/" }

// folder is the name of all blobs of an attribute, up to its slash.
func (s *Store) folder(i item) string {
	kind := noKind
	if i.Kind != "" {
		kind = url.PathEscape(i.Kind)
	}
	return s.table(i) + kind + "/" + url.PathEscape(i.Path) + "/"
}

// noKind stands for the kind of items that have none.
const noKind = "-"

// nameOf is a name for a blob of an item, ending in id.
func (s *Store) nameOf(i item, id string) (string, error) {
	key, err := keyText(i)
	if err != nil {
		return "", err
	}
	name := s.folder(i) + key + id
	if len(name) > maxName {
		return "", fmt.Errorf("the item's key is too long: the name of its blob would have %d bytes, more than the %d of S3", len(name), maxName)
	}
	return name, nil
}

// ofTable reports whether an object belongs to an item of the table.
func (s *Store) ofTable(i item, name string) bool { return strings.HasPrefix(name, s.table(i)) }

// owns reports whether an object belongs to an item and attribute. Its kind may
// have had another name.
func (s *Store) owns(i item, name string) bool {
	key, err := keyText(i)
	rest, ok := strings.CutPrefix(name, s.table(i))
	_, rest, _ = strings.Cut(rest, "/")
	id, own := strings.CutPrefix(rest, url.PathEscape(i.Path)+"/"+key)
	return err == nil && ok && own && !strings.Contains(id, "/")
}

// keyText is an item's key in the names of its blobs.
func keyText(i item) (string, error) {
	text := ""
	for _, v := range i.Key {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			text += "S=" + url.PathEscape(v.Value) + "/"
		case *types.AttributeValueMemberN: // which the service writes in its own way
			n, err := number.Parse(v.Value)
			if err != nil {
				return "", errors.New("the item's key is no number")
			}
			text += "N=" + n.String() + "/"
		case *types.AttributeValueMemberB:
			text += "B=" + base64.RawURLEncoding.EncodeToString(v.Value) + "/"
		default:
			return "", errors.New("the item's key is not known")
		}
	}
	return text, nil
}

// keyOf is the key of the item that an object in folder belongs to.
func keyOf(folder, name string) ([]types.AttributeValue, bool) {
	parts := strings.Split(strings.TrimPrefix(name, folder), "/")
	var key []types.AttributeValue
	for _, part := range parts[:len(parts)-1] {
		text, kind := part, ""
		if len(part) >= 2 {
			kind, text = part[:2], part[2:]
		}
		switch kind {
		case "S=":
			s, err := url.PathUnescape(text)
			if err != nil {
				return nil, false
			}
			key = append(key, &types.AttributeValueMemberS{Value: s})
		case "N=":
			key = append(key, &types.AttributeValueMemberN{Value: text})
		case "B=":
			b, err := base64.RawURLEncoding.DecodeString(text)
			if err != nil {
				return nil, false
			}
			key = append(key, &types.AttributeValueMemberB{Value: b})
		default:
			return nil, false
		}
	}
	return key, len(key) > 0
}
