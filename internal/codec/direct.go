package codec

import (
	"reflect"

	"github.com/dynox-go/dynox/internal/wire"
)

// direct is the way of a type between Go memory and DynamoDB JSON. What it has
// no way of its own for, it does through its twin.
type direct struct {
	// append appends the attribute value at p to dst, and nothing if it is left
	// out. After an error what is behind dst's length is undefined.
	append func(dst []byte, p slot, depth int) ([]byte, error)
	// read reads what an attribute value of type t holds, which the scanner of d is
	// at, into the value at p, which is zero.
	read func(d *Decoder, t wire.Type, p slot, depth int) error
	// record is set for structs as M.
	record *record
}

// direct makes the direct way of s, whose twin is made.
func (c *compiler) direct(s spec, cd *codec) direct {
	if len(c.errs) > 0 {
		return direct{}
	}
	way := c.directBare
	if !s.bare {
		way = c.directFull
	}
	d := way(s)
	if d.append == nil {
		d.append = appendByTwin(s.typ, &cd.twin)
	}
	if d.read == nil {
		d.read = readByTwin(s.typ, &cd.twin)
	}
	return d
}

// directFull puts the rules for empty values before the way of present ones.
func (c *compiler) directFull(s spec) direct {
	b := s
	b.bare, b.tag.OmitZero = true, false
	var inner direct
	if s.typ.Kind() == reflect.Pointer && s.format != JSON && !isRaw(s.typ) {
		target := b
		target.typ = s.typ.Elem()
		inner = directPointer(b, c.codec(target))
	} else {
		inner = c.codec(b).late()
	}
	return direct{append: appendFull(s, inner), read: inner.read, record: inner.record}
}

// late is the direct way of c, which may not be made yet.
func (c *codec) late() direct {
	if c.append != nil {
		return c.direct
	}
	return direct{
		append: func(dst []byte, p slot, depth int) ([]byte, error) { return c.append(dst, p, depth) },
		read:   func(d *Decoder, t wire.Type, p slot, depth int) error { return c.read(d, t, p, depth) },
	}
}

// directBare makes the way of a value that counts as present.
func (c *compiler) directBare(s spec) direct {
	switch {
	case s.format == JSON:
		return directJSON(s)
	case isRaw(s.typ):
		return directRaw(s)
	case s.plain || s.format != Default || s.typ.Kind() == reflect.Interface || s.typ.Kind() == reflect.Pointer:
	case isMarshaler(s.typ) || isUnmarshaler(s.typ):
		return c.directCustom(s)
	}
	return c.directPlain(s)
}

// directCustom leaves to the twin what the type does itself.
func (c *compiler) directCustom(s spec) (d direct) {
	kind := s
	kind.plain = true
	if !isMarshaler(s.typ) {
		d.append = c.codec(kind).late().append
	}
	if !isUnmarshaler(s.typ) {
		d.read = c.codec(kind).late().read
	}
	return d
}

func (c *compiler) directPlain(s spec) direct {
	t := s.typ
	switch t.Kind() {
	case reflect.Bool:
		return directBool(s)
	case reflect.String:
		return directString(s)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return directInt(s)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return directUint(s)
	case reflect.Float32, reflect.Float64:
		return directFloat(s)
	case reflect.Struct:
		switch {
		case isTime(t):
			return directTime(s)
		case t == bigIntType:
			return directBigInt(s)
		}
		return c.directStruct(s)
	case reflect.Map:
		if _, ok := setElem(t); ok && s.tag.set() != "" {
			return c.directMapSet(s)
		}
		return c.directMap(s)
	case reflect.Slice, reflect.Array:
		switch {
		case t.Elem().Kind() == reflect.Uint8:
			return c.directBytes(s)
		case s.tag.set() != "" || t == byteSlices:
			return c.directSet(s)
		}
		return c.directList(s)
	case reflect.Pointer:
		next := s
		next.typ, next.bare = t.Elem(), isMarshaler(t)
		return directPointer(s, c.codec(next))
	case reflect.Interface:
		return directInterface(s)
	}
	return directUnsupported(s)
}
