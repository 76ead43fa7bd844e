package bulk

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/number"
	"github.com/dynox-go/dynox/internal/wire"
)

// appendPlain appends the attributes that s is at as plain JSON.
func appendPlain(b []byte, s *wire.Scanner) ([]byte, error) {
	b = append(b, '{')
	err := members(s, func(name []byte) (err error) {
		b = append(wire.AppendString(comma(b), name), ':')
		b, err = appendPlainValue(b, s)
		return err
	})
	return append(b, '}'), err
}

// comma appends one, unless b is at a start.
func comma(b []byte) []byte {
	if c := b[len(b)-1]; c == '{' || c == '[' {
		return b
	}
	return append(b, ',')
}

func appendPlainValue(b []byte, s *wire.Scanner) ([]byte, error) {
	t, err := s.Attribute()
	if err != nil {
		return b, err
	}
	switch t {
	case wire.N:
		b, err = appendPlainNumber(b, s)
	case wire.NULL:
		if _, err = s.Bool(); err == nil {
			b = append(b, "null"...)
		}
	case wire.M:
		b, err = appendPlain(b, s)
	case wire.L, wire.NS:
		b = append(b, '[')
		err = elements(s, func() (err error) {
			b = comma(b)
			if t == wire.NS {
				b, err = appendPlainNumber(b, s)
			} else {
				b, err = appendPlainValue(b, s)
			}
			return err
		})
		b = append(b, ']')
	default: // as they are
		var raw []byte
		raw, err = s.Raw()
		b = append(b, raw...)
	}
	if err != nil {
		return b, err
	}
	return b, s.EndAttribute()
}

// appendPlainNumber appends a number as JSON has it: the service's own text may begin with
// a point or a plus.
func appendPlainNumber(b []byte, s *wire.Scanner) ([]byte, error) {
	text, err := s.String()
	if err != nil {
		return b, err
	}
	n, err := number.Parse(text)
	if err != nil {
		return b, fmt.Errorf("number: %w", err)
	}
	return n.Append(b), nil
}

// appendTyped appends the plain JSON object that s is at as an item in DynamoDB JSON, whose
// key attributes are of the table's types.
func appendTyped(b []byte, s *wire.Scanner, ks keys) ([]byte, error) {
	b = append(b, '{')
	err := members(s, func(name []byte) (err error) {
		b = append(wire.AppendString(comma(b), name), ':')
		if k := ks.of(name); k != nil && k.kind == types.ScalarAttributeTypeB && s.Kind() == wire.String {
			raw, err := s.Raw()
			b = append(append(append(b, `{"B":`...), raw...), '}')
			return err
		}
		b, err = appendTypedValue(b, s, 0)
		return err
	})
	return append(b, '}'), err
}

func appendTypedValue(b []byte, s *wire.Scanner, depth int) ([]byte, error) {
	switch s.Kind() {
	case wire.String:
		raw, err := s.Raw()
		return append(append(append(b, `{"S":`...), raw...), '}'), err
	case wire.Number:
		text, err := s.Number()
		return append(append(append(b, `{"N":"`...), text...), `"}`...), err
	case wire.Bool:
		raw, err := s.Raw()
		return append(append(append(b, `{"BOOL":`...), raw...), '}'), err
	case wire.Null:
		return append(b, `{"NULL":true}`...), s.Null()
	case wire.Array:
		if depth >= maxNesting {
			return b, errors.New("too deep")
		}
		b = append(b, `{"L":[`...)
		err := elements(s, func() (err error) {
			b, err = appendTypedValue(comma(b), s, depth+1)
			return err
		})
		return append(b, "]}"...), err
	case wire.Object:
		if depth >= maxNesting {
			return b, errors.New("too deep")
		}
		b = append(b, `{"M":{`...)
		err := members(s, func(name []byte) (err error) {
			b = append(wire.AppendString(comma(b), name), ':')
			b, err = appendTypedValue(b, s, depth+1)
			return err
		})
		return append(b, "}}"...), err
	default:
		_, err := s.Raw()
		return b, err
	}
}
