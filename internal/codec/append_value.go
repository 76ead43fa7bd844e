package codec

import (
	"math"
	"math/big"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/wire"
)

type appendFunc = func(dst []byte, p slot, depth int) ([]byte, error)

// appendByTwin is for what has no direct way.
func appendByTwin(t reflect.Type, tw *twin) appendFunc {
	return func(dst []byte, p slot, depth int) ([]byte, error) {
		av, err := tw.encode(valueAt(p, t), depth)
		if err != nil || av == nil {
			return dst, err
		}
		return appendAttribute(dst, av, 0)
	}
}

func appendNull(dst []byte) []byte { return append(dst, `{"NULL":true}`...) }

// appendFull puts the rules for empty values before inner: those of makeFull.
func appendFull(s spec, inner direct) appendFunc {
	present := inner.append
	if s.tag.OmitZero {
		zero, next := zeroFunc(s.typ), appendEmpty(s, present)
		return func(dst []byte, p slot, depth int) ([]byte, error) {
			if zero(valueAt(p, s.typ)) {
				return dst, nil
			}
			return next(dst, p, depth)
		}
	}
	return appendEmpty(s, present)
}

func appendEmpty(s spec, present appendFunc) appendFunc {
	omit, null := s.tag.OmitEmpty, isNullable(s.typ) || s.tag.NullEmpty
	empty := emptyAt(s.typ)
	if empty == nil || !omit && !null {
		return present
	}
	return func(dst []byte, p slot, depth int) ([]byte, error) {
		switch {
		case !empty(p):
			return present(dst, p, depth)
		case omit:
			return dst, nil
		}
		return appendNull(dst), nil
	}
}

// emptyAt is emptyFunc for slots; nil if no value of type t is empty.
func emptyAt(t reflect.Type) func(slot) bool {
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Interface, reflect.Pointer:
		return isNil
	case reflect.Bool:
		return func(p slot) bool { return !*at[bool](p) }
	case reflect.String:
		return func(p slot) bool { return *at[string](p) == "" }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		load := intAt(t)
		return func(p slot) bool { return load(p) == 0 }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		load := uintAt(t)
		return func(p slot) bool { return load(p) == 0 }
	case reflect.Struct:
		if !isTime(t) && t != bigIntType {
			return nil
		}
		if isTime(t) {
			return func(p slot) bool { return at[time.Time](p).IsZero() }
		}
	case reflect.Array:
		if t.Len() > 0 {
			return nil
		}
	}
	empty := emptyFunc(t)
	return func(p slot) bool { return empty(valueAt(p, t)) }
}

func appendBool(dst []byte, p slot, _ int) ([]byte, error) {
	if *at[bool](p) {
		return append(dst, `{"BOOL":true}`...), nil
	}
	return append(dst, `{"BOOL":false}`...), nil
}

func appendText(dst []byte, p slot, _ int) ([]byte, error) {
	dst = append(dst, `{"S":`...)
	dst = wire.AppendString(dst, *at[string](p))
	return append(dst, '}'), nil
}

// numberOpen is what stands before the digits of a number under s.
func numberOpen(s spec) string {
	if s.tag.String {
		return `{"S":"`
	}
	return `{"N":"`
}

const numberClose = `"}`

func appendNumberText(s spec) appendFunc {
	open := numberOpen(s)
	return func(dst []byte, p slot, _ int) ([]byte, error) {
		text := *at[string](p)
		if !isDecimal(text) {
			return dst, fail("the text of %s is no number", s.typ)
		}
		dst = append(dst, open...)
		dst = append(dst, text...)
		return append(dst, numberClose...), nil
	}
}

func appendInt(s spec) appendFunc {
	open, load := numberOpen(s), intAt(s.typ)
	return func(dst []byte, p slot, _ int) ([]byte, error) {
		dst = append(dst, open...)
		dst = strconv.AppendInt(dst, load(p), 10)
		return append(dst, numberClose...), nil
	}
}

func appendUint(s spec) appendFunc {
	open, load := numberOpen(s), uintAt(s.typ)
	return func(dst []byte, p slot, _ int) ([]byte, error) {
		dst = append(dst, open...)
		dst = strconv.AppendUint(dst, load(p), 10)
		return append(dst, numberClose...), nil
	}
}

func appendFloat(s spec) appendFunc {
	open, bits := numberOpen(s), s.typ.Bits()
	return func(dst []byte, p slot, _ int) ([]byte, error) {
		var f float64
		if bits == 32 {
			f = float64(*at[float32](p))
		} else {
			f = *at[float64](p)
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return dst, failNaN()
		}
		dst = append(dst, open...)
		dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
		return append(dst, numberClose...), nil
	}
}

func appendBigInt(s spec) appendFunc {
	open := numberOpen(s)
	return func(dst []byte, p slot, _ int) ([]byte, error) {
		dst = append(dst, open...)
		dst = at[big.Int](p).Append(dst, 10)
		return append(dst, numberClose...), nil
	}
}

func appendTime(s spec) appendFunc {
	omit := s.tag.OmitEmpty
	return func(dst []byte, p slot, _ int) ([]byte, error) {
		t := *at[time.Time](p)
		switch {
		case omit && t.IsZero():
			return dst, nil
		case s.format == UnixMilli:
			return appendInteger(dst, t.UnixMilli()), nil
		case s.tag.UnixTime:
			return appendInteger(dst, t.Unix()), nil
		case s.format == FixedTime:
			t = t.UTC()
		}
		if y := t.Year(); y < 0 || y > 9999 {
			return dst, fail("year outside 0 to 9999")
		}
		dst = append(dst, `{"S":"`...)
		if s.format == FixedTime {
			dst = appendFixed(dst, t)
		} else {
			dst = t.AppendFormat(dst, time.RFC3339Nano)
		}
		return append(dst, `"}`...), nil
	}
}

// appendFixed appends t, in UTC, in fixedLayout.
func appendFixed(dst []byte, t time.Time) []byte {
	dst = t.AppendFormat(dst, time.RFC3339) // which time has a faster way for
	dst = append(dst[:len(dst)-1], ".000000000Z"...)
	digits := dst[len(dst)-10 : len(dst)-1]
	for n, i := t.Nanosecond(), len(digits)-1; n > 0; n, i = n/10, i-1 {
		digits[i] = byte('0' + n%10)
	}
	return dst
}

func appendInteger(dst []byte, n int64) []byte {
	dst = append(dst, `{"N":"`...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, numberClose...)
}

func appendPointer(s spec, next *codec) appendFunc {
	omitNil := s.tag.OmitEmpty && s.tag.OmitEmptyElem
	return func(dst []byte, p slot, depth int) ([]byte, error) {
		switch {
		case depth > maxDepth:
			return dst, failDepth()
		case !isNil(p):
			return next.append(dst, target(p), depth+1)
		case omitNil:
			return dst, nil
		}
		return appendNull(dst), nil
	}
}

func appendRaw(s spec) appendFunc {
	return func(dst []byte, p slot, depth int) ([]byte, error) {
		if isNil(p) {
			return appendNull(dst), nil
		}
		return appendAttribute(dst, valueAt(p, s.typ).Interface().(types.AttributeValue), depth)
	}
}

// intAt is how to load a signed integer of type t.
func intAt(t reflect.Type) func(slot) int64 {
	switch t.Kind() {
	case reflect.Int:
		return func(p slot) int64 { return int64(*at[int](p)) }
	case reflect.Int8:
		return func(p slot) int64 { return int64(*at[int8](p)) }
	case reflect.Int16:
		return func(p slot) int64 { return int64(*at[int16](p)) }
	case reflect.Int32:
		return func(p slot) int64 { return int64(*at[int32](p)) }
	}
	return func(p slot) int64 { return *at[int64](p) }
}

// uintAt is how to load an unsigned integer of type t.
func uintAt(t reflect.Type) func(slot) uint64 {
	switch t.Kind() {
	case reflect.Uint:
		return func(p slot) uint64 { return uint64(*at[uint](p)) }
	case reflect.Uint8:
		return func(p slot) uint64 { return uint64(*at[uint8](p)) }
	case reflect.Uint16:
		return func(p slot) uint64 { return uint64(*at[uint16](p)) }
	case reflect.Uint32:
		return func(p slot) uint64 { return uint64(*at[uint32](p)) }
	}
	return func(p slot) uint64 { return *at[uint64](p) }
}
