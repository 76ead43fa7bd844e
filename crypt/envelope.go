package crypt

import (
	"encoding/binary"
	"slices"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/wire"
)

// The format, which docs/encryption.md describes byte by byte.
const (
	version   = 1
	nonceSize = 12
	tagSize   = 16
	domain    = "dynox envelope"
)

// envelope is one, taken apart: it aliases what it was made of.
type envelope struct {
	head    []byte // version, key id and wrapped key
	keyID   []byte
	wrapped []byte
	sealed  []byte // nonce, ciphertext, tag
}

// parseEnvelope takes b apart. It reports false if b has not the form of an
// envelope of a known version.
func parseEnvelope(b []byte) (e envelope, ok bool) {
	e, ok = parseHead(b)
	return e, ok && len(e.sealed) > nonceSize+tagSize
}

// parseHead takes the head from b, and leaves the rest in sealed.
func parseHead(b []byte) (e envelope, ok bool) {
	if len(b) < 2 || b[0] != version || b[1] == 0 {
		return e, false
	}
	id := 2 + int(b[1])
	if len(b) < id+2 {
		return e, false
	}
	key := id + 2 + int(binary.BigEndian.Uint16(b[id:]))
	if key == id+2 || len(b) < key {
		return e, false
	}
	return envelope{head: b[:key], keyID: b[2:id], wrapped: b[id+2 : key], sealed: b[key:]}, true
}

// appendHead appends how the envelopes of a data key begin.
func appendHead(b []byte, k WrappedKey) []byte {
	b = append(b, version, byte(len(k.KeyID)))
	b = append(b, k.KeyID...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(k.Bytes)))
	return append(b, k.Bytes...)
}

// appendBound appends what an envelope is bound to, the additional authenticated
// data.
func appendBound(b []byte, head []byte, scope string, key []byte, path, context string) []byte {
	b = appendField(b, domain)
	b = appendField(b, head)
	b = appendField(b, scope)
	b = appendField(b, key)
	b = appendField(b, path)
	return appendField(b, context)
}

// appendContent appends the plaintext of a value in DynamoDB JSON: its type and
// what it holds, if it is a text, a number or binary; the JSON of every other.
func appendContent(b, json []byte) ([]byte, error) {
	start := len(b)
	kind, b, err := codec.Scalar(append(b, 'J'), json)
	switch {
	case err != nil:
		return b, err
	case kind == "":
		return append(b, json...), nil
	}
	b[start] = kind[0]
	return b, nil
}

// appendValue appends the DynamoDB JSON of a plaintext.
func appendValue(b, content []byte) ([]byte, error) {
	if len(content) == 0 {
		return b, errContent
	}
	held := content[1:]
	switch content[0] {
	case 'S', 'N':
		b = append(b, '{', '"', content[0], '"', ':')
		return append(wire.AppendString(b, held), '}'), nil
	case 'B':
		return appendBinary(b, held), nil
	case 'J':
		s := wire.NewScanner(held)
		if err := s.Skip(); err != nil || s.End() != nil {
			return b, errContent
		}
		return append(b, held...), nil
	}
	return b, errContent
}

// appendBinary appends a binary value in DynamoDB JSON.
func appendBinary(b, data []byte) []byte {
	b = slices.Grow(b, len(data)/3*4+16)
	return append(wire.AppendBytes(append(b, `{"B":`...), data), '}')
}
