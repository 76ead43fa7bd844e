package core

import (
	"encoding/binary"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/number"
)

// The identity of an item is what tells it from all others of its table: the
// values of its key attributes, numbers by value, because the service writes
// them in its own way.

// beginIdentity begins a value of type kind, and endIdentity ends the one
// that began at start.
func beginIdentity(b []byte, kind byte) []byte { return append(b, kind, 0, 0, 0, 0) }

func endIdentity(b []byte, start int) []byte {
	text := start + len("S....")
	if b[start] == 'N' {
		if n, err := number.Parse(b[text:]); err == nil {
			b = n.AppendKey(b[:text])
		}
	}
	binary.BigEndian.PutUint32(b[start+1:], uint32(len(b)-text))
	return b
}

// appendIdentity appends the identity of the item with the key as, in the
// order of its table's attributes.
func (as attributes) appendIdentity(b []byte) []byte {
	for _, a := range as {
		b = appendValueIdentity(b, a.value)
	}
	return b
}

func appendValueIdentity(b []byte, av types.AttributeValue) []byte {
	start := len(b)
	switch v := av.(type) {
	case *types.AttributeValueMemberS:
		b = append(beginIdentity(b, 'S'), v.Value...)
	case *types.AttributeValueMemberN:
		b = append(beginIdentity(b, 'N'), v.Value...)
	case *types.AttributeValueMemberB:
		b = append(beginIdentity(b, 'B'), v.Value...)
	default:
		b = beginIdentity(b, '?')
	}
	return endIdentity(b, start)
}

// appendIdentity appends the identity of the item in r, whose key attributes,
// attrs, are watched.
func (r *record) appendIdentity(b []byte, attrs []keyAttr) []byte {
	for _, a := range attrs {
		if r.raw == nil {
			b = appendValueIdentity(b, r.attrs[a.name])
		} else {
			b = appendRawIdentity(b, r.value(a.name))
		}
	}
	return b
}

// appendIdentity appends the identity of an item, or of a key.
func (i stored) appendIdentity(b []byte, attrs []keyAttr) []byte {
	r := record{stored: i, names: make([]string, len(attrs))}
	for n, a := range attrs {
		r.names[n] = a.name
	}
	r.of(i, false)
	return r.appendIdentity(b, attrs)
}

func appendRawIdentity(b, raw []byte) []byte {
	start := len(b)
	kind, b, err := codec.Scalar(beginIdentity(b, '?'), raw)
	if err == nil && kind != "" {
		b[start] = kind[0]
	}
	return endIdentity(b, start)
}
