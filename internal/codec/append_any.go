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
			if out, ok := appendScalar(dst, *at[any](p)); ok {
				return out, nil
			}
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

// appendScalar appends what v holds, if that is of a common type without elements.
func appendScalar(dst []byte, v any) (_ []byte, ok bool) {
	switch v := v.(type) {
	case string:
		dst = wire.AppendString(append(dst, `{"S":`...), v)
		return append(dst, '}'), true
	case bool:
		dst = wire.AppendBool(append(dst, `{"BOOL":`...), v)
		return append(dst, '}'), true
	case int:
		return appendInteger(dst, int64(v)), true
	case int64:
		return appendInteger(dst, v), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, false
		}
		dst = strconv.AppendFloat(append(dst, `{"N":"`...), v, 'f', -1, 64)
		return append(dst, numberClose...), true
	}
	return dst, false
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
