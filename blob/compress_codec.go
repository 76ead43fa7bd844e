package blob

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/bits"

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
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
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
	if len(data) == 0 {
		return nil, errDamage // which the decoder takes for nothing, compressed
	}
	dec, ok := c.unzstds.Get().(*zstd.Decoder)
	if !ok {
		var err error
		if dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(1<<c.maxLog())); err != nil {
			return nil, err
		}
	}
	defer c.unzstds.Put(dec)
	b, err := dec.DecodeAll(c.narrow(data), b)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return nil, ErrTooLarge
	}
	return b, err
}

// maxLog is that of the least power of two that [MaxSize] is in, and that can be a
// window.
func (c *compressor) maxLog() int { return max(10, bits.Len(uint(c.max-1))) } //nolint:gosec // max is positive

// narrow is a frame whose window is no larger than what may come out. The window
// is how far back the frame may refer; encoders that do not know how much comes
// say many megabytes, and the decoder's limit would refuse them.
// https://www.rfc-editor.org/rfc/rfc8878#name-frame-header
func (c *compressor) narrow(frame []byte) []byte {
	const descriptor, window, single = 4, 5, 1 << 5
	most := byte(c.maxLog()-10) << 3 //nolint:gosec // less than 64
	if len(frame) <= window || frame[descriptor]&single != 0 || frame[window] <= most {
		return frame
	}
	frame = bytes.Clone(frame)
	frame[window] = most
	return frame
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
