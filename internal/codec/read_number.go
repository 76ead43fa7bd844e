package codec

import (
	"math/big"
	"reflect"
	"strconv"

	"github.com/dynox-go/dynox/internal/wire"
)

// number reads the text of a number; ok is false if w holds none, or NULL.
func (d *Decoder) number(s *spec, w wire.Type) (text []byte, ok bool, err error) {
	if w != wire.N && (w != wire.S || !s.tag.String) {
		return nil, false, d.otherwise(w, s.typ)
	}
	text, err = d.scratch()
	return text, err == nil, err
}

func readInt(s spec) readFunc {
	store, bits := storeInt(s.typ), s.typ.Bits()
	return func(d *Decoder, w wire.Type, p slot, _ int) error {
		if w == wire.N {
			if n, ok := d.s.Integer(); ok {
				if n<<(64-bits)>>(64-bits) == n {
					store(p, n)
					return nil
				}
				return failNumber(strconv.ErrRange, s.typ)
			}
		}
		text, ok, err := d.number(&s, w)
		if !ok {
			return err
		}
		n, err := strconv.ParseInt(string(text), 10, bits)
		if err != nil {
			return failNumber(err, s.typ)
		}
		store(p, n)
		return nil
	}
}

func readUint(s spec) readFunc {
	store, bits := storeUint(s.typ), s.typ.Bits()
	return func(d *Decoder, w wire.Type, p slot, _ int) error {
		text, ok, err := d.number(&s, w)
		if !ok {
			return err
		}
		n, err := strconv.ParseUint(string(text), 10, bits)
		if err != nil {
			return failNumber(err, s.typ)
		}
		store(p, n)
		return nil
	}
}

func readFloat(s spec) readFunc {
	bits := s.typ.Bits()
	return func(d *Decoder, w wire.Type, p slot, _ int) error {
		text, ok, err := d.number(&s, w)
		if !ok {
			return err
		}
		f, ok := parseShortFloat(text)
		if !ok || bits != 64 {
			if f, err = parseFloat(string(text), bits); err != nil {
				return failNumber(err, s.typ)
			}
		}
		if bits == 32 {
			*at[float32](p) = float32(f)
		} else {
			*at[float64](p) = f
		}
		return nil
	}
}

// parseShortFloat is parseFloat for decimals of up to 15 digits, whose float64 is
// one division of two exact ones.
func parseShortFloat(text []byte) (f float64, ok bool) {
	digits := text
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	var n int64
	point := -1
	for i, c := range digits {
		if c == '.' && point < 0 {
			point = i
			continue
		}
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	count := len(digits)
	f = float64(n)
	if point >= 0 {
		count--
		f /= powersOfTen[min(count-point, len(powersOfTen)-1)]
	}
	if len(digits) < len(text) {
		f = -f
	}
	return f, count > 0 && count < len(powersOfTen)
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

func readBigInt(s spec) readFunc {
	return func(d *Decoder, w wire.Type, p slot, _ int) error {
		text, ok, err := d.number(&s, w)
		if !ok {
			return err
		}
		if _, ok := at[big.Int](p).SetString(string(text), 10); !ok {
			return failNumber(strconv.ErrSyntax, s.typ)
		}
		return nil
	}
}

// storeInt is how to store a signed integer of type t, which holds it.
func storeInt(t reflect.Type) func(slot, int64) {
	switch t.Kind() {
	case reflect.Int:
		return func(p slot, n int64) { *at[int](p) = int(n) }
	case reflect.Int8:
		return func(p slot, n int64) { *at[int8](p) = int8(n) }
	case reflect.Int16:
		return func(p slot, n int64) { *at[int16](p) = int16(n) }
	case reflect.Int32:
		return func(p slot, n int64) { *at[int32](p) = int32(n) }
	}
	return func(p slot, n int64) { *at[int64](p) = n }
}

// storeUint is how to store an unsigned integer of type t, which holds it.
func storeUint(t reflect.Type) func(slot, uint64) {
	switch t.Kind() {
	case reflect.Uint:
		return func(p slot, n uint64) { *at[uint](p) = uint(n) }
	case reflect.Uint8:
		return func(p slot, n uint64) { *at[uint8](p) = uint8(n) }
	case reflect.Uint16:
		return func(p slot, n uint64) { *at[uint16](p) = uint16(n) }
	case reflect.Uint32:
		return func(p slot, n uint64) { *at[uint32](p) = uint32(n) }
	}
	return func(p slot, n uint64) { *at[uint64](p) = n }
}
