package codec

import (
	"math/big"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/wire"
)

type readFunc = func(d *Decoder, w wire.Type, p slot, depth int) error

// readByTwin is for what has no direct way.
func readByTwin(t reflect.Type, tw *twin) readFunc {
	return func(d *Decoder, w wire.Type, p slot, depth int) error {
		av, err := d.attribute(w, 0)
		if err != nil {
			return err
		}
		return tw.decode(av, valueAt(p, t), depth)
	}
}

func readBool(s spec) readFunc {
	return func(d *Decoder, w wire.Type, p slot, _ int) (err error) {
		if w != wire.BOOL {
			return d.otherwise(w, s.typ)
		}
		*at[bool](p), err = d.s.Bool()
		return err
	}
}

func readString(s spec) readFunc {
	return func(d *Decoder, w wire.Type, p slot, _ int) (err error) {
		if w != wire.S && w != wire.N {
			return d.otherwise(w, s.typ)
		}
		*at[string](p), err = d.string()
		return err
	}
}

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
		text, ok, err := d.number(&s, w)
		if !ok {
			return err
		}
		n, err := parseInt(text, bits)
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

// parseInt is strconv.ParseInt for decimals, without a detour for short ones.
func parseInt(text []byte, bits int) (int64, error) {
	digits, negative := text, false
	if len(digits) > 0 && digits[0] == '-' {
		digits, negative = digits[1:], true
	}
	if len(digits) == 0 || len(digits) > 18 || bits != 64 {
		return strconv.ParseInt(string(text), 10, bits)
	}
	var n int64
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return strconv.ParseInt(string(text), 10, bits)
		}
		n = n*10 + int64(c)
	}
	if negative {
		n = -n
	}
	return n, nil
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

func readTime(s spec) readFunc {
	return func(d *Decoder, w wire.Type, p slot, _ int) error {
		switch w {
		case wire.S:
			text, err := d.scratch()
			if err != nil {
				return err
			}
			t, err := parseTime(text)
			if err != nil {
				return failWith(err, "cannot read the text into %s: not RFC 3339", s.typ)
			}
			*at[time.Time](p) = t
		case wire.N:
			text, err := d.scratch()
			if err != nil {
				return err
			}
			n, err := parseInt(text, 64)
			if err != nil {
				return failNumber(err, s.typ)
			}
			if s.format == UnixMilli {
				*at[time.Time](p) = time.UnixMilli(n).UTC()
			} else {
				*at[time.Time](p) = time.Unix(n, 0)
			}
		default:
			return d.otherwise(w, s.typ)
		}
		return nil
	}
}

func readPointer(s spec, next *codec) readFunc {
	return func(d *Decoder, w wire.Type, p slot, depth int) error {
		if w == wire.NULL {
			return d.otherwise(w, s.typ)
		}
		if depth > maxDepth {
			return failDepth()
		}
		v := reflect.New(s.typ.Elem())
		valueAt(p, s.typ).Set(v)
		return next.read(d, w, slotOf(v.Elem()), depth+1)
	}
}

func readUnsupported(s spec) readFunc {
	return func(d *Decoder, w wire.Type, _ slot, _ int) error { return d.otherwise(w, s.typ) }
}

// attributeValue reads an attribute value.
func (d *Decoder) attributeValue(depth int) (types.AttributeValue, error) {
	w, err := d.s.Attribute()
	if err != nil {
		return nil, err
	}
	av, err := d.attribute(w, depth)
	if err != nil {
		return nil, err
	}
	return av, d.s.EndAttribute()
}

// attribute reads what an attribute value of type w holds.
func (d *Decoder) attribute(w wire.Type, depth int) (types.AttributeValue, error) {
	if depth > maxDepth {
		return nil, failDepth()
	}
	switch w {
	case wire.S:
		text, err := d.string()
		return &types.AttributeValueMemberS{Value: text}, err
	case wire.N:
		text, err := d.string()
		return &types.AttributeValueMemberN{Value: text}, err
	case wire.B:
		data, err := d.bytes()
		return &types.AttributeValueMemberB{Value: data}, err
	case wire.BOOL:
		b, err := d.s.Bool()
		return &types.AttributeValueMemberBOOL{Value: b}, err
	case wire.NULL:
		b, err := d.s.Bool()
		return &types.AttributeValueMemberNULL{Value: b}, err
	case wire.SS:
		texts, err := readArray(d, (*Decoder).string)
		return &types.AttributeValueMemberSS{Value: texts}, err
	case wire.NS:
		texts, err := readArray(d, (*Decoder).string)
		return &types.AttributeValueMemberNS{Value: texts}, err
	case wire.BS:
		data, err := readArray(d, (*Decoder).bytes)
		return &types.AttributeValueMemberBS{Value: data}, err
	case wire.L:
		list, err := readArray(d, func(d *Decoder) (types.AttributeValue, error) { return d.attributeValue(depth + 1) })
		return &types.AttributeValueMemberL{Value: list}, err
	}
	m, err := d.attributes(depth)
	return &types.AttributeValueMemberM{Value: m}, err
}

// attributes reads an object of attributes.
func (d *Decoder) attributes(depth int) (map[string]types.AttributeValue, error) {
	return readObject(d, func(d *Decoder) (types.AttributeValue, error) { return d.attributeValue(depth + 1) })
}

// bytes reads base64. The bytes are new, and not nil.
func (d *Decoder) bytes() ([]byte, error) {
	data, err := d.s.AppendBytes(nil)
	if data == nil {
		data = []byte{}
	}
	return data, err
}

// readArray reads an array, and each element by read.
func readArray[E any](d *Decoder, read func(*Decoder) (E, error)) ([]E, error) {
	out := make([]E, 0, d.s.Count())
	if err := d.s.Array(); err != nil {
		return nil, err
	}
	for i := 0; ; i++ {
		if more, err := d.s.Element(); err != nil || !more {
			return out, err
		}
		e, err := read(d)
		if err != nil {
			return nil, under(err, Index(i))
		}
		out = append(out, e)
	}
}

// readObject reads an object, and each member by read.
func readObject[E any](d *Decoder, read func(*Decoder) (E, error)) (map[string]E, error) {
	out := map[string]E{}
	if err := d.s.Object(); err != nil {
		return nil, err
	}
	for {
		if more, err := d.s.NextMember(); err != nil || !more {
			return out, err
		}
		text, err := d.name()
		if err != nil {
			return nil, under(err, anyEntry)
		}
		name := d.arena.string(text)
		e, err := read(d)
		if err != nil {
			return nil, under(err, anyEntry)
		}
		n := len(out)
		if out[name] = e; len(out) == n {
			return nil, under(failTwice(), anyEntry)
		}
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
