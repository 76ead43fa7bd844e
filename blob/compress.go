package blob

import (
	"compress/gzip"
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/core"
)

// CompressOption is an option of [Compressed].
type CompressOption func(*compressor)

// Zstd compresses with Zstandard, from level 1, the fastest, to 22, the smallest;
// levels in between share the four that the encoder has. Level 3 is the default.
func Zstd(level int) CompressOption {
	return func(c *compressor) { c.form, c.level, c.least, c.most = formZstd, level, 1, 22 }
}

// Gzip compresses with gzip, from level 1 to 9, for others who read the table.
func Gzip(level int) CompressOption {
	return func(c *compressor) {
		c.form, c.level, c.least, c.most = formGzip, level, gzip.BestSpeed, gzip.BestCompression
	}
}

// MinSize is the number of bytes from which on a value is compressed. The default
// is 256.
func MinSize(bytes int) CompressOption { return func(c *compressor) { c.min = bytes } }

// MaxSize is the most bytes that a value may have when it is not compressed: a
// larger one is not written, and reading what would become one fails, both with
// [ErrTooLarge]. The bytes of a value that is neither text nor binary are those of
// its JSON. The default is 4 MiB; there can be up to 1 GiB.
func MaxSize(bytes int) CompressOption { return func(c *compressor) { c.max = bytes } }

// ReadPydynox reads the compressed texts of pydynox, too, which begin with ZSTD:,
// LZ4: or GZIP:. What begins so and has not their form is read as the text that it
// is; one that has it and cannot be expanded is an error.
func ReadPydynox() CompressOption { return func(c *compressor) { c.pydynox = true } }

// Compressed stores an attribute in fewer bytes: a text, bytes, or what is stored as a
// list, a map or a set. A value of fewer bytes than [MinSize], or that would not
// lose a tenth of them, is stored as it is; and values that were stored before are
// read as they are. Others are binary, in a form that docs/blobs.md describes.
//
// The attribute may be encrypted, too: it is compressed first, so that its length
// tells something about what it says. Conditions can only ask whether it
// exists, and updates set the whole of it, or remove it.
func Compressed[T, V any](attr expr.Attr[T, V], opts ...CompressOption) dynox.Option[T] {
	c := newCompressor(opts)
	a := attr.Ref(ast.Door{})
	if err := c.check(reflect.TypeFor[V]()); err != nil && a.Check() == nil {
		bad := *a
		bad.Err = fmt.Errorf("blob.Compressed(%v): %w", a, err)
		a = &bad
	}
	coded := core.Coded{Attr: a, Coder: c, Blind: true}
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) { s.Coded = append(s.Coded, coded) })
}

// compressor is the [core.Coder] of one attribute.
type compressor struct {
	form               form
	level, least, most int
	min, max           int
	pydynox            bool

	encoders         sync.Pool // of the form
	unzstds, gunzips sync.Pool
}

func newCompressor(opts []CompressOption) *compressor {
	c := &compressor{min: 256, max: 4 << 20}
	Zstd(3)(c)
	for _, opt := range opts {
		if opt != nil {
			opt(c)
		}
	}
	return c
}

func (c *compressor) check(value reflect.Type) error {
	for value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	switch kind := value.Kind(); {
	case kind >= reflect.Bool && kind <= reflect.Complex128:
		return fmt.Errorf("a %v does not shrink", value)
	case c.level < c.least || c.level > c.most:
		return fmt.Errorf("level %d: there are %d to %d", c.level, c.least, c.most)
	case c.min < 0:
		return fmt.Errorf("MinSize of %d bytes", c.min)
	case c.max < 1 || c.max > 1<<30:
		return fmt.Errorf("MaxSize of %d bytes", c.max)
	}
	return nil
}

// scratch is memory for one value: what it says, and what is stored of it.
type scratch struct{ content, packed []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (s *scratch) release() {
	if cap(s.content)+cap(s.packed) <= 1<<20 {
		scratches.Put(s)
	}
}

// Encode compresses values.
func (c *compressor) Encode(_ context.Context, values []core.Value) error {
	s := scratches.Get().(*scratch) //nolint:forcetypeassert // only these are in it
	defer s.release()
	for i := range values {
		json, err := c.shrink(s, values[i].JSON)
		if err != nil {
			return err
		}
		values[i].JSON = json
	}
	return nil
}

// shrink is the JSON to be stored of a value.
func (c *compressor) shrink(s *scratch, json []byte) ([]byte, error) {
	kind, content, err := codec.Scalar(s.content[:0], json)
	if err != nil {
		return nil, err
	}
	h, size := header{c.form, kindJSON}, len(content)
	switch kind {
	case "N":
		return json, nil
	case "":
		content = append(content, json...)
		if size, err = plainSize(json); err != nil {
			return nil, err
		}
	default:
		h.kind = kind[0]
	}
	s.content = content
	if len(content) > c.max {
		return nil, ErrTooLarge
	}
	if size >= c.min {
		if s.packed, err = c.compress(h.append(s.packed[:0]), content); err != nil {
			return nil, err
		}
		if len(s.packed) <= size-size/10 {
			return appendBinary(s.packed), nil
		}
	}
	if h.form = formPlain; !h.mistaken(content) {
		return json, nil
	}
	return appendBinary(append(h.append(s.packed[:0]), content...)), nil
}

// Decode expands what Encode has stored, now or ever.
func (c *compressor) Decode(_ context.Context, values []core.Value) {
	s := scratches.Get().(*scratch) //nolint:forcetypeassert // only these are in it
	defer s.release()
	for i := range values {
		v := &values[i]
		if json, err := c.grow(s, v.JSON); err != nil {
			v.Err = err
		} else {
			v.JSON = json
		}
	}
}

// grow is the JSON of a stored value.
func (c *compressor) grow(s *scratch, json []byte) ([]byte, error) {
	kind, stored, err := codec.Scalar(s.packed[:0], json)
	s.packed = stored
	switch {
	case err != nil:
		return nil, err
	case kind == "S" && c.pydynox:
		text, ok, err := c.pydynoxText(s, stored)
		if !ok || err != nil {
			return json, err
		}
		return appendContent(kindText, text)
	case kind != "B":
		return json, nil
	}
	h, data, err := parseHeader(stored)
	switch {
	case err != nil:
		return nil, err
	case h.form == 0:
		return json, nil
	case h.form == formPlain && len(data) > c.max:
		return nil, ErrTooLarge
	case h.form == formPlain:
		return appendContent(h.kind, data)
	}
	if s.content, err = c.expand(h.form, s.content[:0], data); err != nil {
		return nil, err
	}
	return appendContent(h.kind, s.content)
}
