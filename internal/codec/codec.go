package codec

import (
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxDepth bounds how deep values are followed, pointers counted. The service
// stops at 32 levels; each may be a pointer and an interface here.
const maxDepth = 128

// codec is the compiled way of one type under one tag: to attribute values and
// back, and directly to DynamoDB JSON and back. The first is slow and plain, and
// judges the second: both give the same, or both give an error.
type codec struct {
	twin
	direct
	addressed bool      // see isAddressed
	held      sync.Pool // of *held
}

// twin is the way through attribute values. What it is asked to decode into is
// settable and zero.
type twin struct {
	// encode returns nil for a value that is left out.
	encode func(v reflect.Value, depth int) (types.AttributeValue, error)
	decode func(av types.AttributeValue, v reflect.Value, depth int) error
}

// spec is everything that a codec depends on.
type spec struct {
	typ    reflect.Type
	tag    Tag
	format Format
	below  *formats // formats of the attributes inside
	bare   bool     // behind a pointer or interface: the value counts as present
	plain  bool     // ignoring the type's own Marshaler and Unmarshaler
}

// elem is the spec of the elements of a list, set or map.
func (s spec) elem(t reflect.Type) spec { return spec{typ: t, tag: s.tag.elem()} }

var codecCache sync.Map // spec without formats below -> *codec

// compiler makes the codec of one spec and of all that it reaches. Codecs refer
// to each other by pointers that are filled by the end, so recursive types work.
type compiler struct {
	local *sync.Map // of the plan: codecs with formats below
	made  map[spec]*codec
	seen  map[reflect.Type]bool // types whose errors are in errs
	errs  []error
}

// codecFor returns the codec of s, compiled once. Failures are not cached.
func codecFor(s spec, local *sync.Map) (*codec, []error) {
	cache := &codecCache
	if s.below != nil {
		cache = local
	}
	if known, ok := cache.Load(s); ok {
		return known.(*codec), nil
	}
	c := &compiler{local: local, made: map[spec]*codec{}, seen: map[reflect.Type]bool{}}
	made := c.codec(s)
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	for s, cd := range c.made {
		c.cache(s).LoadOrStore(s, cd)
	}
	return made, nil
}

func (c *compiler) cache(s spec) *sync.Map {
	if s.below != nil {
		return c.local
	}
	return &codecCache
}

func (c *compiler) load(s spec) *codec {
	if cd, ok := c.cache(s).Load(s); ok {
		return cd.(*codec)
	}
	return nil
}

// codec returns the codec of s, which may be complete only when the compiler is done.
func (c *compiler) codec(s spec) *codec {
	if cd := c.load(s); cd != nil {
		return cd
	}
	if cd := c.made[s]; cd != nil {
		return cd
	}
	cd := &codec{addressed: isAddressed(s.typ)}
	c.made[s] = cd
	if s.bare {
		cd.twin = c.makeBare(s)
	} else {
		cd.twin = c.makeFull(s)
	}
	cd.direct = c.direct(s, cd)
	return cd
}

// refuseOnce adds what is wrong with type t, which may be met under several tags.
func (c *compiler) refuseOnce(t reflect.Type, err error) {
	if c.seen[t] {
		return
	}
	c.seen[t] = true
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		c.errs = append(c.errs, joined.Unwrap()...)
		return
	}
	c.errs = append(c.errs, err)
}

// locate makes errors about a type as a whole name the field of struct t that has the type.
func locate(errs []error, t reflect.Type, f Field) {
	for i, err := range errs {
		if e, ok := err.(*Error); ok && e.Path == "" { //nolint:errorlint // made here, not wrapped
			errs[i] = refuse(t, f.goName, "%s: %s", e.Type, e.Reason)
		}
	}
}

// makeFull puts the rules for empty values before the codec of present ones.
func (c *compiler) makeFull(s spec) twin {
	b := s
	b.bare, b.tag.OmitZero = true, false
	var inner *twin
	if s.typ.Kind() == reflect.Pointer && s.format != JSON && !isRaw(s.typ) {
		target := b
		target.typ = s.typ.Elem()
		pointer := guarded(makePointer(b, c.codec(target)))
		inner = &pointer
	} else {
		inner = &c.codec(b).twin
	}
	empty, nullable := emptyFunc(s.typ), isNullable(s.typ)
	omit, null := s.tag.OmitEmpty, s.tag.NullEmpty
	zero := func(reflect.Value) bool { return false }
	if s.tag.OmitZero {
		zero = zeroFunc(s.typ)
	}
	return twin{
		func(v reflect.Value, depth int) (types.AttributeValue, error) {
			switch {
			case zero(v):
				return nil, nil
			case !empty(v):
				return inner.encode(v, depth)
			case omit:
				return nil, nil
			case nullable || null:
				return newNull(), nil
			}
			return inner.encode(v, depth)
		},
		func(av types.AttributeValue, v reflect.Value, depth int) error {
			return inner.decode(av, v, depth)
		},
	}
}

// makeBare makes the codec of a value that counts as present.
func (c *compiler) makeBare(s spec) twin {
	switch {
	case s.format == JSON:
		return guarded(makeJSON(s))
	case isRaw(s.typ):
		return makeRaw(s)
	case s.plain || s.format != Default || s.typ.Kind() == reflect.Interface || s.typ.Kind() == reflect.Pointer:
	case isMarshaler(s.typ) || isUnmarshaler(s.typ):
		return c.makeCustom(s)
	}
	return guarded(c.makePlain(s))
}

func (c *compiler) makePlain(s spec) twin {
	t := s.typ
	switch t.Kind() {
	case reflect.Bool:
		return makeBool(s)
	case reflect.String:
		if isNumberText(t) {
			return makeNumberText(s)
		}
		return makeString(s)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return makeInt(s)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return makeUint(s)
	case reflect.Float32, reflect.Float64:
		return makeFloat(s)
	case reflect.Struct:
		switch {
		case isTime(t):
			return makeTime(s)
		case t == bigIntType:
			return makeBigInt(s)
		}
		return c.makeStruct(s)
	case reflect.Map:
		if elem, ok := setElem(t); ok && s.tag.set() != "" {
			return c.makeMapSet(s, elem)
		}
		return c.makeMap(s)
	case reflect.Slice, reflect.Array:
		switch {
		case t.Elem().Kind() == reflect.Uint8:
			return c.makeBytes(s)
		case s.tag.set() != "" || t == byteSlices:
			return c.makeSet(s)
		}
		return c.makeList(s)
	case reflect.Pointer:
		next := s
		next.typ, next.bare = t.Elem(), isMarshaler(t)
		return makePointer(s, c.codec(next))
	case reflect.Interface:
		return makeInterface(s)
	}
	return makeUnsupported(s)
}

// guarded decodes NULL as the zero value and refuses members that are nil pointers.
func guarded(c twin) twin {
	inner := c.decode
	c.decode = func(av types.AttributeValue, v reflect.Value, depth int) error {
		if isNull(av) {
			v.SetZero()
			return nil
		}
		if memberName(av) == "" {
			return failMember(av)
		}
		return inner(av, v, depth)
	}
	return c
}

// makeUnsupported is for types that hold no data, such as channels: left out
// when encoded, as attributevalue does.
func makeUnsupported(s spec) twin {
	return twin{
		func(reflect.Value, int) (types.AttributeValue, error) { return nil, nil },
		func(av types.AttributeValue, v reflect.Value, _ int) error { return failRead(av, s.typ) },
	}
}
