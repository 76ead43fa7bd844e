package blob

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// SweepOption is an option of [Sweep].
type SweepOption func(*sweep)

// Older sets the age from which on an object that nothing refers to is an orphan.
// It must be longer than any write takes, from the start of its upload to its answer,
// and than an [UploadLink] waits to be adopted. The default is 24 hours.
func Older(age time.Duration) SweepOption { return func(s *sweep) { s.age = age } }

// DryRun counts orphans, and removes none.
func DryRun() SweepOption { return func(s *sweep) { s.dry = true } }

// Progress calls f after every 100 objects or so, in the goroutine of the call. What
// f gets can be given to [After], to go on there.
func Progress(f func(Swept)) SweepOption { return func(s *sweep) { s.progress = f } }

// After goes on behind an object: [Swept.Last] of a sweep before.
func After(name string) SweepOption { return func(s *sweep) { s.after = name } }

// Swept is how far a sweep has come.
type Swept struct {
	Objects int    // looked at
	Orphans int    // of those
	Bytes   int64  // of the orphans
	Removed int    // of them: none in a dry run
	Uploads int    // that were begun and never ended, and were ended
	Unread  int    // items that cannot be read: their objects stay
	Last    string // object, in the order of names
	Done    bool   // everything was seen
}

type sweep struct {
	age      time.Duration
	dry      bool
	progress func(Swept)
	after    string

	repo    *core.Repo
	field   *field
	folders []string // in their order
	value   func() (item any, ref func() *Ref)
	done    Swept
}

// sweepSize is how many items are read at once.
const sweepSize = 100

// Sweep removes the objects of one attribute that no item refers to: what updates,
// transactions, batches and crashes leave behind. It lists them, reads the items
// that their names tell, consistently, 100 at a time, and removes those that are old
// enough and that their item, or none, does not refer to. It ends uploads, too, that
// were begun as long ago and never ended. It can be repeated, and run beside writes.
//
// An object belongs to a table, kind and attribute, by its name: those of a table
// that has another name since, such as a restored one, are not found, and those of
// former names of the kind are.
func Sweep[T any](ctx context.Context, r *dynox.Repo[T], attr expr.Attr[T, Ref], opts ...SweepOption) (Swept, error) {
	s := &sweep{age: 24 * time.Hour, repo: r.Core(core.Door{})}
	for _, opt := range opts {
		if opt != nil {
			opt(s)
		}
	}
	switch {
	case s.repo == nil:
		return s.done, errors.New("dynox: blob.Sweep: nil repository")
	case s.age < 0:
		return s.done, errors.New("dynox: blob.Sweep: negative age")
	case s.repo.Table.ReadOnly && !s.dry:
		return s.done, fmt.Errorf("dynox: blob.Sweep: %w", dynox.ErrReadOnly)
	}
	a := attr.Ref(ast.Door{})
	f, item, err := fieldOf(ctx, s.repo, a, nil)
	if err != nil {
		return s.done, fmt.Errorf("dynox: blob.Sweep: %w", err)
	}
	s.field = f
	for _, kind := range append([]string{item.Kind}, s.repo.Kind.Also...) {
		item.Kind = kind
		s.folders = append(s.folders, f.store.folder(item))
	}
	slices.Sort(s.folders)
	s.value = func() (any, func() *Ref) {
		v := new(T)
		return v, func() *Ref { ref, _ := s.repo.FieldAt(a, v).(*Ref); return ref }
	}
	s.done.Last = s.after
	err = s.run(ctx)
	return s.done, err
}

func (s *sweep) run(ctx context.Context) error {
	before := time.Now().Add(-s.age)
	for _, folder := range s.folders {
		if s.after > folder && !strings.HasPrefix(s.after, folder) {
			continue // it was seen
		}
		if err := s.sweepFolder(ctx, folder, before); err != nil {
			return err
		}
	}
	for _, folder := range s.folders {
		if err := s.endUploads(ctx, folder, before); err != nil {
			return err
		}
	}
	s.done.Done = true
	if s.progress != nil {
		s.progress(s.done)
	}
	return nil
}

func (s *sweep) sweepFolder(ctx context.Context, folder string, before time.Time) error {
	in := &s3.ListObjectsV2Input{Bucket: &s.field.store.bucket, Prefix: &folder, MaxKeys: aws.Int32(sweepSize)}
	if strings.HasPrefix(s.after, folder) {
		in.StartAfter = &s.after
	}
	for {
		out, err := s.field.store.client.ListObjectsV2(ctx, in)
		if err != nil {
			return &Error{"ListObjectsV2", err}
		}
		var old []object
		for _, o := range out.Contents {
			s.done.Objects++
			if o.LastModified != nil && o.LastModified.Before(before) {
				old = append(old, object{aws.ToString(o.Key), aws.ToInt64(o.Size)})
			}
		}
		if err := s.look(ctx, folder, old); err != nil {
			return err
		}
		if n := len(out.Contents); n > 0 {
			s.done.Last = aws.ToString(out.Contents[n-1].Key)
		}
		if s.progress != nil {
			s.progress(s.done)
		}
		if !aws.ToBool(out.IsTruncated) {
			return nil
		}
		in.ContinuationToken, in.StartAfter = out.NextContinuationToken, nil
	}
}

// object is one in the bucket.
type object struct {
	name string
	size int64
}

// look removes those of objects that their items do not refer to.
func (s *sweep) look(ctx context.Context, folder string, objects []object) error {
	var refs []*core.Ref
	var found []func() *Ref
	var asked []object
	for _, o := range objects {
		key, ok := keyOf(folder, o.name)
		if !ok {
			continue // not one of ours
		}
		item, ref := s.value()
		at, err := s.repo.RefAt(key, item)
		if err != nil {
			continue // not of this table
		}
		refs, found, asked = append(refs, at), append(found, ref), append(asked, o)
	}
	if len(refs) == 0 {
		return nil
	}
	core.BatchRead(ctx, refs, core.BatchGetting{Batching: core.Batching{Concurrency: core.BatchConcurrency, Retries: core.BatchRetries}, Consistent: true, Hidden: true}, nil)
	for i, ref := range refs {
		var unreadable *core.BadItem
		switch err := ref.Err(); {
		case errors.As(err, &unreadable):
			s.done.Unread++
			continue
		case err != nil:
			return fmt.Errorf("dynox: blob.Sweep: %w", dynox.PublicError(core.Door{}, err))
		}
		if r := found[i](); ref.Found() && r != nil && r.name == asked[i].name {
			continue
		}
		s.done.Orphans++
		s.done.Bytes += asked[i].size
		if s.dry {
			continue
		}
		if err := s.field.store.remove(ctx, asked[i].name); err != nil {
			return err
		}
		s.done.Removed++
	}
	return nil
}

// endUploads ends uploads in parts that were begun before.
func (s *sweep) endUploads(ctx context.Context, folder string, before time.Time) error {
	store := s.field.store
	in := &s3.ListMultipartUploadsInput{Bucket: &store.bucket, Prefix: &folder}
	for {
		out, err := store.client.ListMultipartUploads(ctx, in)
		if err != nil {
			return &Error{"ListMultipartUploads", err}
		}
		for _, u := range out.Uploads {
			if u.Initiated == nil || !u.Initiated.Before(before) {
				continue
			}
			s.done.Uploads++
			if s.dry {
				continue
			}
			_, err := store.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &store.bucket, Key: u.Key, UploadId: u.UploadId})
			if err != nil && !missing(err) {
				return &Error{"AbortMultipartUpload", err}
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return nil
		}
		in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker
	}
}
