package blob

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// compress appends content to b, in the compressor's form.
func (c *compressor) compress(b, content []byte) ([]byte, error) {
	if c.form == formGzip {
		return c.gzip(b, content)
	}
	enc, ok := c.encoders.Get().(*zstd.Encoder)
	if !ok {
		var err error
		enc, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(c.level)),
			zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(maxWindow))
		if err != nil {
			return nil, err
		}
	}
	defer c.encoders.Put(enc)
	return enc.EncodeAll(content, b), nil
}

// maxWindow is how far back an encoder looks: at all of most values, in memory of
// this size.
const maxWindow = 512 << 10

func (c *compressor) gzip(b, content []byte) ([]byte, error) {
	out := bytes.NewBuffer(b)
	w, ok := c.encoders.Get().(*gzip.Writer)
	if ok {
		w.Reset(out)
	} else {
		var err error
		if w, err = gzip.NewWriterLevel(out, c.level); err != nil {
			return nil, err
		}
	}
	defer c.encoders.Put(w)
	_, err := w.Write(content)
	return out.Bytes(), errors.Join(err, w.Close())
}

// expand appends to b what data holds, at most [MaxSize] bytes.
func (c *compressor) expand(f form, b, data []byte) (_ []byte, err error) {
	if f == formGzip {
		b, err = c.gunzip(b, data)
	} else {
		b, err = c.unzstd(b, data)
	}
	switch {
	case errors.Is(err, ErrTooLarge), err == nil && len(b) > c.max:
		return nil, ErrTooLarge
	case err != nil:
		return nil, errDamage
	}
	return b, nil
}

func (c *compressor) unzstd(b, data []byte) ([]byte, error) {
	dec, ok := c.unzstds.Get().(*zstd.Decoder)
	if !ok {
		var err error
		// The window is what the data says, and takes no memory.
		dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(uint64(c.max)), zstd.WithDecoderMaxWindow(1<<30)) //nolint:gosec // max is positive
		if err != nil {
			return nil, err
		}
	}
	defer c.unzstds.Put(dec)
	b, err := dec.DecodeAll(data, b)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return nil, ErrTooLarge
	}
	return b, err
}

func (c *compressor) gunzip(b, data []byte) ([]byte, error) {
	r, ok := c.gunzips.Get().(*gzip.Reader)
	if !ok {
		r = new(gzip.Reader)
	}
	defer c.gunzips.Put(r)
	if err := r.Reset(bytes.NewReader(data)); err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(b)
	if _, err := io.Copy(out, io.LimitReader(r, int64(c.max)+1)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
