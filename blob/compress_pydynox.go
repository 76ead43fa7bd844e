package blob

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
)

// The prefixes of pydynox's compressed texts, before standard base64.
const (
	pydynoxZstd = "ZSTD:"
	pydynoxLZ4  = "LZ4:"
	pydynoxGzip = "GZIP:"
)

// pydynoxForm is the prefix that text begins with, "" if it has none.
func pydynoxForm(text []byte) string {
	for _, prefix := range []string{pydynoxZstd, pydynoxLZ4, pydynoxGzip} {
		if bytes.HasPrefix(text, []byte(prefix)) {
			return prefix
		}
	}
	return ""
}

// pydynoxText is what a stored text says, if pydynox has compressed it.
func (c *compressor) pydynoxText(s *scratch, stored []byte) (text []byte, ok bool, err error) {
	prefix := pydynoxForm(stored)
	if prefix == "" {
		return nil, false, nil
	}
	data, err := base64.StdEncoding.Strict().AppendDecode(nil, stored[len(prefix):])
	if err != nil {
		return nil, false, nil //nolint:nilerr // a text that only begins so
	}
	switch {
	case prefix == pydynoxZstd && bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd")):
		text, err = c.expand(formZstd, s.content[:0], data)
	case prefix == pydynoxGzip && bytes.HasPrefix(data, []byte("\x1f\x8b")):
		text, err = c.expand(formGzip, s.content[:0], data)
	case prefix == pydynoxLZ4 && len(data) > 4:
		text, err = expandLZ4(s.content[:0], data[4:], uint64(binary.LittleEndian.Uint32(data)), c.max)
	default:
		return nil, false, nil
	}
	if err == nil {
		s.content = text
	}
	return text, true, err
}

// expandLZ4 appends to b, which is empty, the size bytes that an LZ4 block
// expands to.
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
func expandLZ4(b, block []byte, size uint64, most int) ([]byte, error) {
	if size > uint64(most) { //nolint:gosec // most is positive
		return nil, ErrTooLarge
	}
	for len(block) > 0 {
		token := block[0]
		block = block[1:]
		literals, rest, ok := lengthLZ4(block, int(token>>4))
		if !ok || literals > len(rest) || literals > most-len(b) {
			return nil, errDamage
		}
		b, block = append(b, rest[:literals]...), rest[literals:]
		if len(block) == 0 {
			break // the last sequence is literals only
		}
		if len(block) < 2 {
			return nil, errDamage
		}
		back := int(binary.LittleEndian.Uint16(block))
		match, rest, ok := lengthLZ4(block[2:], int(token&15))
		match += 4
		if !ok || back == 0 || back > len(b) || match > most-len(b) {
			return nil, errDamage
		}
		for block = rest; match > 0; { // what is copied may begin in itself
			n := min(match, back)
			b = append(b, b[len(b)-back:len(b)-back+n]...)
			match -= n
		}
	}
	if uint64(len(b)) != size {
		return nil, errDamage
	}
	return b, nil
}

// lengthLZ4 is a length that a token begins, and what follows it.
func lengthLZ4(block []byte, n int) (length int, rest []byte, ok bool) {
	if n < 15 {
		return n, block, true
	}
	for i, more := range block {
		if n += int(more); more < 255 {
			return n, block[i+1:], true
		}
	}
	return 0, nil, false
}
