package bulk

import (
	"bufio"
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// packing is how a file is compressed.
type packing uint8

const (
	unpacked packing = iota
	gzipped
	zstandard
)

var packings = [...]string{"lines", "gzip", "zstd"}

// packer compresses pages, each for itself. It is for one goroutine.
type packer struct {
	packing
	zip  *gzip.Writer
	zstd *zstd.Encoder
}

// pack is b compressed.
func (p *packer) pack(b []byte) (_ []byte, err error) {
	switch {
	case len(b) == 0 || p.packing == unpacked:
		return b, nil
	case p.packing == zstandard:
		if p.zstd == nil {
			if p.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err != nil {
				return nil, err
			}
		}
		return p.zstd.EncodeAll(b, make([]byte, 0, len(b)/4)), nil
	}
	out := bytes.NewBuffer(make([]byte, 0, len(b)/4))
	if p.zip == nil {
		p.zip = gzip.NewWriter(out)
	} else {
		p.zip.Reset(out)
	}
	if _, err := p.zip.Write(b); err != nil {
		return nil, err
	}
	if err := p.zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// unpack reads what r has, which says itself whether it is compressed; seeks reports whether it
// is not.
func unpack(r *bufio.Reader) (_ io.Reader, packed bool, done func(), err error) {
	magic, err := r.Peek(4)
	if err != nil && err != io.EOF {
		return nil, false, nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		return z, true, func() {}, err
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, false, nil, err
		}
		return z, true, z.Close, nil
	}
	return r, false, func() {}, nil
}
