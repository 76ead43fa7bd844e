package codec

import (
	"reflect"
	"strconv"
	"time"

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
			n, err := strconv.ParseInt(string(text), 10, 64)
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
