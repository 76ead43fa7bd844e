package codec

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"

	"github.com/dynox-go/dynox/internal/wire"
)

// appendInterface is for interfaces: what they hold, as its own type.
func appendInterface(s spec) appendFunc {
	plain := s.typ == reflect.TypeFor[any]() && s.tag == Tag{}
	return func(dst []byte, p slot, depth int) ([]byte, error) {
		if depth > maxDepth {
			return dst, failDepth()
		}
		if isNil(p) {
			return appendNull(dst), nil
		}
		if plain {
			return appendAny(dst, *at[any](p), depth)
		}
		return appendHeld(dst, valueAt(p, s.typ).Elem(), s.tag, depth)
	}
}

// appendHeld appends v, which an interface under tag holds.
func appendHeld(dst []byte, v reflect.Value, tag Tag, depth int) ([]byte, error) {
	held, errs := codecFor(spec{typ: v.Type(), tag: tag, bare: true}, nil)
	if len(errs) > 0 {
		return dst, heldErrors(errs)
	}
	return held.appendHeld(dst, v, depth+1)
}

// appendAny appends v, which an any without options holds.
func appendAny(dst []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, failDepth()
	}
	switch v := v.(type) {
	case nil:
		return appendNull(dst), nil
	case string:
		dst = wire.AppendString(append(dst, `{"S":`...), v)
		return append(dst, '}'), nil
	case bool:
		dst = wire.AppendBool(append(dst, `{"BOOL":`...), v)
		return append(dst, '}'), nil
	case int:
		return appendInteger(dst, int64(v)), nil
	case int64:
		return appendInteger(dst, v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, failNaN()
		}
		dst = strconv.AppendFloat(append(dst, `{"N":"`...), v, 'f', -1, 64)
		return append(dst, numberClose...), nil
	case []any:
		return appendAnys(dst, v, depth+1)
	case map[string]any:
		return appendAnyMap(dst, v, depth+1)
	}
	return appendHeld(dst, reflect.ValueOf(v), Tag{}, depth)
}

func appendAnys(dst []byte, list []any, depth int) (_ []byte, err error) {
	if depth > maxDepth {
		return dst, failDepth()
	}
	dst = append(dst, `{"L":[`...)
	start := len(dst)
	for i, v := range list {
		before := len(dst)
		if before > start {
			dst = append(dst, ',')
		}
		begin := len(dst)
		if dst, err = appendAny(dst, v, depth+1); err != nil {
			return dst, under(err, Index(i))
		}
		if len(dst) == begin {
			dst = dst[:before]
		}
	}
	return append(dst, `]}`...), nil
}

func appendAnyMap(dst []byte, m map[string]any, depth int) (_ []byte, err error) {
	if depth > maxDepth {
		return dst, failDepth()
	}
	dst = append(dst, `{"M":{`...)
	start := len(dst)
	for name, v := range m {
		if name == "" {
			return dst, under(failEmptyKey(), anyEntry)
		}
		before := len(dst)
		if before > start {
			dst = append(dst, ',')
		}
		dst = append(wire.AppendString(dst, name), ':')
		begin := len(dst)
		if dst, err = appendAny(dst, v, depth+1); err != nil {
			return dst, under(err, anyEntry)
		}
		if len(dst) == begin {
			dst = dst[:before]
		}
	}
	return append(dst, `}}`...), nil
}

func appendJSON(s spec) appendFunc {
	return func(dst []byte, p slot, _ int) ([]byte, error) {
		b, err := json.Marshal(valueAt(p, s.typ).Addr().Interface())
		if err != nil {
			return dst, failWith(err, "cannot write %s as JSON", s.typ)
		}
		dst = wire.AppendString(append(dst, `{"S":`...), b)
		return append(dst, '}'), nil
	}
}
