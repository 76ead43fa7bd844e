package memtable

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// WithBucket adds a bucket for bulk operations, with the files of objects as its objects; their paths are
// the keys. It may be nil, for a bucket that is empty. They are read when an operation starts. What operations
// report is not written to the files: [Engine.Objects] has it.
//
// Objects are plain or compressed with GZIP. In DYNAMODB_JSON each line is an object with the members Item,
// and ConditionExpression, ExpressionAttributeNames and ExpressionAttributeValues if the item has a condition:
//
//	{"Item": {"id": {"S": "1"}}, "ConditionExpression": "attribute_not_exists(id)"}
//
// In ION, of which the engine reads the text, they are fields of a struct; annotations tell sets from lists:
//
//	{Item: {id: "1", total: 12.50, tags: $dynamodb_SS::["a", "b"]}}
//
// A report is JSON Lines too, in <S3KeyPrefix>/<operation>/ERROR.json or CONDITION_CHECK_FAILURE.json, where
// the operation is the last part of its ARN: the S3Key and Line of the record, then its ErrorCode,
// ErrorMessage and Record, or the Item and the ExistingItem. The service lays its reports out otherwise.
func WithBucket(name string, objects fs.FS) Option {
	return func(e *Engine) {
		if e.bulk.buckets == nil {
			e.bulk.buckets = map[string]*bucket{}
		}
		e.bulk.buckets[name] = &bucket{objects: objects, written: map[string][]byte{}}
	}
}

// Objects returns the objects that bulk operations have written to a bucket, by their keys. It is empty for
// a bucket that isn't there.
func (e *Engine) Objects(bucket string) map[string][]byte {
	now := e.now()
	e.bulk.mu.Lock()
	defer e.bulk.mu.Unlock()
	e.bulk.run(e, now)
	out := map[string][]byte{}
	if b := e.bulk.buckets[bucket]; b != nil {
		for key, data := range b.written {
			out[key] = bytes.Clone(data)
		}
	}
	return out
}

// bucket is a bucket's objects. The lock of bulkOperations guards it.
type bucket struct {
	objects fs.FS
	written map[string][]byte
}

func (b *bucket) write(key string, data []byte) { b.written[key] = data }

// keys returns the keys with a prefix, in their order.
func (b *bucket) keys(prefix string) ([]string, error) {
	keys := map[string]bool{}
	for key := range b.written {
		keys[key] = true
	}
	if b.objects != nil {
		err := fs.WalkDir(b.objects, ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				keys[path] = true
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	maps.DeleteFunc(keys, func(key string, _ bool) bool { return !strings.HasPrefix(key, prefix) })
	return slices.Sorted(maps.Keys(keys)), nil
}

func (b *bucket) read(key string) ([]byte, error) {
	if data, ok := b.written[key]; ok {
		return data, nil
	}
	return fs.ReadFile(b.objects, key)
}

// open reads the operation's objects, or fails because they aren't there.
func (op *bulkOperation) open(s *bulkOperations, at time.Time) {
	source, target := op.in.input.v.place, op.in.output.v.place
	from := s.buckets[source.bucket.v]
	for _, name := range []string{source.bucket.v, target.bucket.v} {
		if s.buckets[name] == nil {
			op.fail(s, at, "S3NoSuchBucket", "The specified bucket does not exist: "+name)
			return
		}
	}
	keys, err := from.keys(source.prefix.v)
	if err == nil && len(keys) == 0 {
		op.fail(s, at, "S3NoSuchKey", "There are no objects under the prefix "+quote(source.prefix.v)+" in the bucket "+source.bucket.v)
		return
	}
	for _, key := range keys {
		var data []byte
		if data, err = from.read(key); err != nil {
			break
		}
		op.addObject(key, data)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		op.fail(s, at, "S3AccessDenied", err.Error())
	case err != nil:
		op.fail(s, at, "S3ReadFailed", err.Error())
	default:
		op.opened = true
	}
}

// addObject adds the records of an object.
func (op *bulkOperation) addObject(key string, data []byte) {
	start, size := op.size, len(data)
	op.size += int64(size)
	text := data
	if op.in.input.v.compression.v == "GZIP" {
		var err error
		if text, err = gunzip(data); err != nil {
			op.records = append(op.records, bulkRecord{object: key, fault: fmt.Sprintf("the object is no valid GZIP: %v", err), read: op.size})
			return
		}
	}
	for rec := range op.in.input.v.records(text) {
		rec.object = key
		rec.read = start + int64(float64(size)*float64(rec.read)/float64(len(text)))
		op.records = append(op.records, rec)
	}
}

// records returns the records of an object; what is read after them is that of its text.
func (s *bulkSource) records(text []byte) iter.Seq[bulkRecord] {
	if s.format.v == "ION" {
		return ionRecords(text)
	}
	return func(yield func(bulkRecord) bool) {
		read, line := 0, 0
		for part := range bytes.Lines(text) {
			line++
			read += len(part)
			if part = bytes.TrimSpace(part); len(part) > 0 && !yield(bulkRecord{line: line, text: part, body: part, read: int64(read)}) {
				return
			}
		}
	}
}

func gunzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
