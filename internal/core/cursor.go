package core

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A cursor is the base64 of: a version, the scope of the read it belongs to,
// the number of segments (0 when the read is not parallel), a position for
// each, and a checksum. A position is where it stands, in which leg, and the
// raw key of the last item.
const (
	cursorVersion = 1
	scopeSize     = 12
	checksumSize  = 4
)

// cursorText is how a cursor is written: one text for each.
var cursorText = base64.RawURLEncoding.Strict()

// maxLegs is more than any read has.
const maxLegs = 1 << 20

type scope [scopeSize]byte

// position is how far a read, or a segment of one, has come. At a start it is
// before its leg, and after the one before.
type position struct {
	state positionState
	leg   int
	key   map[string]types.AttributeValue
	item  stored // has the key, if key is nil
}

type positionState byte

const (
	atStart positionState = iota
	atKey
	atEnd
)

// newScope condenses what a cursor is bound to.
func newScope(parts ...string) scope {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.AppendUvarint(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return scope(h.Sum(nil)[:scopeSize])
}

// describe is av as text for a scope.
func describe(av types.AttributeValue) string {
	switch v := av.(type) {
	case *types.AttributeValueMemberS:
		return "S" + v.Value
	case *types.AttributeValueMemberN:
		return "N" + v.Value
	case *types.AttributeValueMemberB:
		return "B" + string(v.Value)
	}
	return ""
}

// cursor writes positions as text. Positions of a read that is at its end
// make the empty cursor.
func (t *Table) cursor(s scope, parallel bool, positions []position) (string, error) {
	if !slices.ContainsFunc(positions, func(p position) bool { return p.state != atEnd }) {
		return "", nil
	}
	segments := 0
	if parallel {
		segments = len(positions)
	}
	b := append([]byte{cursorVersion}, s[:]...)
	b = binary.AppendUvarint(b, uint64(segments))
	for _, p := range positions {
		b = append(b, byte(p.state))
		b = binary.AppendUvarint(b, uint64(p.leg))
		if p.state != atKey {
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(p.key)))
		for _, name := range sortedNames(p.key) {
			b = appendBytes(b, name)
			b = appendBytes(b, describe(p.key[name]))
		}
	}
	b = append(b, checksum(b)...)
	if t.CursorKey != nil {
		var err error
		if b, err = seal(t.CursorKey, b); err != nil {
			return "", err
		}
	}
	return cursorText.EncodeToString(b), nil
}

// checksum tells damage, not forgery: for that a cursor is sealed.
func checksum(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:checksumSize]
}

func sortedNames(key map[string]types.AttributeValue) []string {
	names := make([]string, 0, len(key))
	for name := range key {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func appendBytes(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func badCursor(why string) error { return &Failure{Kinds: []error{ErrCursor}, Why: why} }

// positions reads a cursor of the read with scope s, whose keys have the
// attributes attrs.
func (t *Table) positions(text string, s scope, attrs []keyAttr) (positions []position, parallel bool, err error) {
	b, err := cursorText.DecodeString(text)
	if err != nil {
		return nil, false, badCursor("it is no cursor of this library")
	}
	if t.CursorKey != nil {
		if b, err = unseal(t.CursorKey, b); err != nil {
			return nil, false, err
		}
	}
	if len(b) < 1+scopeSize+checksumSize || b[0] != cursorVersion {
		return nil, false, badCursor("it is no cursor of this library")
	}
	b, sum := b[:len(b)-checksumSize], b[len(b)-checksumSize:]
	if !bytes.Equal(sum, checksum(b)) {
		return nil, false, badCursor("damaged")
	}
	if !bytes.Equal(b[1:1+scopeSize], s[:]) {
		return nil, false, badCursor("it belongs to another table, index, partition or range")
	}
	r := &cursorReader{b: b[1+scopeSize:]}
	segments := r.number()
	if segments > MaxSegments {
		return nil, false, badCursor("damaged")
	}
	for i := uint64(0); i < max(segments, 1) && !r.bad; i++ {
		positions = append(positions, r.position(attrs))
	}
	if r.bad || len(r.b) > 0 {
		return nil, false, badCursor("damaged")
	}
	return positions, segments > 0, nil
}

// cursorReader reads what cursor wrote; after a fault it gives zeros.
type cursorReader struct {
	b   []byte
	bad bool
}

func (r *cursorReader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *cursorReader) bytes() string {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.bad = true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *cursorReader) position(attrs []keyAttr) position {
	if r.bad || len(r.b) == 0 || r.b[0] > byte(atEnd) {
		r.bad = true
		return position{}
	}
	p := position{state: positionState(r.b[0])}
	r.b = r.b[1:]
	leg := r.number()
	if leg > maxLegs {
		r.bad = true
		return p
	}
	p.leg = int(leg)
	if p.state != atKey {
		return p
	}
	if n := r.number(); n != uint64(len(attrs)) {
		r.bad = true
		return p
	}
	p.key = make(map[string]types.AttributeValue, len(attrs))
	for range attrs {
		name, value := r.bytes(), r.bytes()
		i := slices.IndexFunc(attrs, func(a keyAttr) bool { return a.name == name })
		if i < 0 || value == "" || value[:1] != string(attrs[i].kind) {
			r.bad = true
			return p
		}
		switch value[0] {
		case 'S':
			p.key[name] = &types.AttributeValueMemberS{Value: value[1:]}
		case 'N':
			p.key[name] = &types.AttributeValueMemberN{Value: value[1:]}
		case 'B':
			p.key[name] = &types.AttributeValueMemberB{Value: []byte(value[1:])}
		}
	}
	r.bad = r.bad || len(p.key) != len(attrs)
	return p
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	return cipher.NewGCM(block)
}

func seal(key, b []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, b, nil), nil
}

func unseal(key, b []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	if n := aead.NonceSize(); len(b) > n {
		if plain, err := aead.Open(nil, b[:n], b[n:], nil); err == nil {
			return plain, nil
		}
	}
	return nil, badCursor("it was not sealed by this table's key")
}
