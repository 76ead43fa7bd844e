package codec

import (
	"encoding/json"
	"reflect"

	"github.com/dynox-go/dynox/internal/wire"
)

// readInterface is for interfaces, of which only those without methods can hold
// what is read; see decodeAny.
func readInterface(s spec) readFunc {
	return func(d *Decoder, w wire.Type, p slot, depth int) error {
		if w == wire.NULL || s.typ.NumMethod() > 0 {
			return d.otherwise(w, s.typ)
		}
		if w == wire.S && s.tag.String {
			w = wire.N
		}
		held, err := d.any(w, depth)
		if err != nil {
			return err
		}
		*at[any](p) = held
		return nil
	}
}

// any reads what an attribute value of type w holds as decodeAny does.
func (d *Decoder) any(w wire.Type, depth int) (any, error) {
	if depth > maxDepth {
		return nil, failDepth()
	}
	switch w {
	case wire.S:
		return d.string()
	case wire.N:
		return d.float()
	case wire.B:
		return d.bytes()
	case wire.BOOL:
		return d.s.Bool()
	case wire.NULL:
		_, err := d.s.Bool()
		return nil, err
	case wire.L:
		return readArray(d, func(d *Decoder) (any, error) { return d.anyValue(depth + 1) })
	case wire.M:
		return readObject(d, func(d *Decoder) (any, error) { return d.anyValue(depth + 1) })
	case wire.SS:
		return readArray(d, (*Decoder).string)
	case wire.NS:
		return readArray(d, (*Decoder).float)
	}
	return readArray(d, (*Decoder).bytes)
}

func (d *Decoder) anyValue(depth int) (any, error) {
	w, err := d.s.Attribute()
	if err != nil {
		return nil, err
	}
	held, err := d.any(w, depth)
	if err != nil {
		return nil, err
	}
	return held, d.s.EndAttribute()
}

func (d *Decoder) float() (float64, error) {
	text, err := d.scratch()
	if err != nil {
		return 0, err
	}
	f, err := parseFloat(string(text), 64)
	if err != nil {
		return 0, failNumber(err, reflect.TypeFor[float64]())
	}
	return f, nil
}

func readJSON(s spec) readFunc {
	return func(d *Decoder, w wire.Type, p slot, _ int) error {
		if w != wire.S {
			return d.otherwise(w, s.typ)
		}
		text, err := d.scratch()
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, valueAt(p, s.typ).Addr().Interface()); err != nil {
			return failWith(err, "cannot read the JSON text into %s", s.typ)
		}
		return nil
	}
}
