package blob

import (
	"bytes"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/dynox-go/dynox/internal/wire"
)

// form is how the data of a stored value is compressed.
type form byte

const (
	formPlain form = 'p'
	formZstd  form = 'z'
	formGzip  form = 'g'
)

// The kinds of what was compressed.
const (
	kindText  = 'S' // UTF-8
	kindBytes = 'B'
	kindJSON  = 'J' // an attribute value in DynamoDB JSON
)

// header is how a compressed value begins: a mark, the version of what follows,
// form and kind.
type header struct {
	form form
	kind byte
}

const (
	mark          = "\xd7dz"
	headerVersion = 1
	headerSize    = len(mark) + 3
)

var (
	errHeader = errors.New("compressed in a way that this version does not know, or damaged")
	errDamage = errors.New("a compressed value is damaged")
)

func (h header) append(b []byte) []byte {
	return append(append(b, mark...), headerVersion, byte(h.form), h.kind)
}

// parseHeader takes the header from stored bytes. The form is 0 if they have none:
// then they are what they are.
func parseHeader(b []byte) (h header, data []byte, err error) {
	if !bytes.HasPrefix(b, []byte(mark)) {
		return h, b, nil
	}
	if len(b) < headerSize || b[len(mark)] != headerVersion {
		return h, nil, errHeader
	}
	h = header{form(b[len(mark)+1]), b[len(mark)+2]}
	switch h.form {
	case formPlain, formZstd, formGzip:
		return h, b[headerSize:], nil
	}
	return h, nil, errHeader
}

// mistaken reports whether content, stored as it is, would be read as something
// else.
func (h header) mistaken(content []byte) bool {
	switch h.kind {
	case kindBytes:
		return bytes.HasPrefix(content, []byte(mark))
	case kindText:
		return pydynoxForm(content) != ""
	}
	return false
}

// appendBinary is a binary value in DynamoDB JSON.
func appendBinary(data []byte) []byte {
	b := make([]byte, 0, len(data)/3*4+16)
	return append(wire.AppendBytes(append(b, `{"B":`...), data), '}')
}

// appendContent is the DynamoDB JSON of what was compressed.
func appendContent(kind byte, content []byte) ([]byte, error) {
	switch kind {
	case kindText:
		if !utf8.Valid(content) {
			return nil, errDamage
		}
		b := make([]byte, 0, len(content)+len(content)/8+16)
		return append(wire.AppendString(append(b, `{"S":`...), content), '}'), nil
	case kindBytes:
		return appendBinary(content), nil
	case kindJSON:
		if _, err := plainSize(content); err != nil {
			return nil, errDamage
		}
		return slices.Clone(content), nil
	}
	return nil, errHeader
}

// plainSize is about how many bytes the service counts for a value in DynamoDB
// JSON.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func plainSize(json []byte) (int, error) {
	s := wire.NewScanner(json)
	n, err := sizeAt(&s)
	if err != nil {
		return 0, err
	}
	return n, s.End()
}

func sizeAt(s *wire.Scanner) (n int, err error) {
	t, err := s.Attribute()
	if err != nil {
		return 0, err
	}
	switch t {
	case wire.M:
		n, err = sizeOfMap(s)
	case wire.L:
		n, err = sizeOfList(s)
	case wire.BOOL, wire.NULL:
		n, err = 1, s.Skip()
	default:
		var raw []byte
		raw, err = s.Raw()
		switch n = len(raw) - 2; t {
		case wire.N, wire.NS:
			n = n/2 + 1
		case wire.B, wire.BS:
			n = n / 4 * 3
		}
	}
	if err != nil {
		return 0, err
	}
	return n, s.EndAttribute()
}

func sizeOfMap(s *wire.Scanner) (int, error) {
	n := 3
	if err := s.Object(); err != nil {
		return 0, err
	}
	for {
		name, ok, err := s.Member()
		if err != nil || !ok {
			return n, err
		}
		m, err := sizeAt(s)
		if err != nil {
			return 0, err
		}
		n += 1 + len(name) + m
	}
}

func sizeOfList(s *wire.Scanner) (int, error) {
	n := 3
	if err := s.Array(); err != nil {
		return 0, err
	}
	for {
		if ok, err := s.Element(); err != nil || !ok {
			return n, err
		}
		m, err := sizeAt(s)
		if err != nil {
			return 0, err
		}
		n += 1 + m
	}
}
