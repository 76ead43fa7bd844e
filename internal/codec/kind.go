package codec

import (
	"encoding"
	"math/big"
	"reflect"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// marshaler and unmarshaler are attributevalue's interfaces.
type marshaler interface {
	MarshalDynamoDBAttributeValue() (types.AttributeValue, error)
}

type unmarshaler interface {
	UnmarshalDynamoDBAttributeValue(types.AttributeValue) error
}

// numberText is what json.Number and attributevalue.Number have in common.
type numberText interface {
	Float64() (float64, error)
	Int64() (int64, error)
	String() string
}

var (
	marshalerType       = reflect.TypeFor[marshaler]()
	unmarshalerType     = reflect.TypeFor[unmarshaler]()
	numberTextType      = reflect.TypeFor[numberText]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
	rawType             = reflect.TypeFor[types.AttributeValue]()
	timeType            = reflect.TypeFor[time.Time]()
	bigIntType          = reflect.TypeFor[big.Int]()
	byteSlices          = reflect.TypeFor[[][]byte]()
)

// traits are what the methods of a type and of pointers to it say.
type traits struct {
	marshaler, unmarshaler bool
	raw                    bool // types.AttributeValue, or one of its members
	addressed              bool
}

var traitCache sync.Map // reflect.Type -> traits

// traitsOf are those of t: asking reflect takes far longer.
func traitsOf(t reflect.Type) traits {
	if t.PkgPath() == "" && t.Name() != "" && t.Kind() != reflect.Interface {
		return traits{} // predeclared
	}
	if known, ok := traitCache.Load(t); ok {
		return known.(traits)
	}
	pointer := reflect.PointerTo(t)
	found := traits{
		marshaler:   t.Implements(marshalerType) || pointer.Implements(marshalerType),
		unmarshaler: t.Implements(unmarshalerType) || pointer.Implements(unmarshalerType),
		raw:         t.Implements(rawType),
	}
	found.addressed = found.marshaler || found.unmarshaler || holdsAddressed(t)
	traitCache.Store(t, found)
	return found
}

func holdsAddressed(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return isAddressed(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if isAddressed(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

func isMarshaler(t reflect.Type) bool { return traitsOf(t).marshaler }

func isUnmarshaler(t reflect.Type) bool { return traitsOf(t).unmarshaler }

// isRaw reports whether t is types.AttributeValue or one of its members.
func isRaw(t reflect.Type) bool { return traitsOf(t).raw }

// isCustom reports whether the way of t's values is not for its kind to say.
func isCustom(t reflect.Type) bool {
	is := traitsOf(t)
	return is.raw || is.marshaler || is.unmarshaler
}

// isAddressed reports whether a Marshaler or Unmarshaler gets an address inside a
// value of type t, which it might keep: that memory is not to be used again.
func isAddressed(t reflect.Type) bool { return traitsOf(t).addressed }

func isTime(t reflect.Type) bool { return t.Kind() == reflect.Struct && t.ConvertibleTo(timeType) }

func isNumberText(t reflect.Type) bool {
	return t.Kind() == reflect.String && t.Implements(numberTextType)
}

func isNumber(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return true
	}
	return t == bigIntType || isNumberText(t)
}

func isContainer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return t.Elem().Kind() != reflect.Uint8
	case reflect.Map:
		return true
	}
	return false
}

// isDoublePointer is for omitemptyelem, under which attributevalue leaves out
// what a second pointer that is nil should point to.
func isDoublePointer(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Pointer
}

func isUnsupported(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128, reflect.Uintptr:
		return !isCustom(t)
	}
	return false
}

func isPlainStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !isCustom(t) && !isTime(t) && t != bigIntType
}

// deref is t behind its pointers. It gives up on a pointer type that points to itself.
func deref(t reflect.Type) reflect.Type {
	for range maxDepth {
		if t.Kind() != reflect.Pointer || isRaw(t) {
			break
		}
		t = t.Elem()
	}
	return t
}

// setElem is the type of the members of a set held in a t: a slice or array that
// is not binary, or a map[V]struct{}.
func setElem(t reflect.Type) (reflect.Type, bool) {
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return t.Elem(), t.Elem().Kind() != reflect.Uint8
	case reflect.Map:
		e := t.Elem()
		return t.Key(), e.Kind() == reflect.Struct && e.NumField() == 0
	}
	return nil, false
}

// kindOf is the DynamoDB type of what s writes, when it is known without a
// value and not NULL; "" if it is not.
func kindOf(s spec) string {
	t := deref(s.typ)
	switch {
	case s.format == UnixMilli:
		return "N"
	case s.format != Default:
		return "S"
	case isCustom(t) || isUnsupported(t):
		return ""
	case isNumber(t):
		if s.tag.String {
			return "S"
		}
		return "N"
	case isTime(t):
		if s.tag.UnixTime {
			return "N"
		}
		return "S"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "BOOL"
	case reflect.String:
		return "S"
	case reflect.Struct:
		return "M"
	case reflect.Map:
		if _, ok := setElem(t); ok && s.tag.set() != "" {
			return s.tag.set()
		}
		return "M"
	case reflect.Slice, reflect.Array:
		switch {
		case t.Elem().Kind() == reflect.Uint8:
			return "B"
		case t == byteSlices:
			return "BS"
		case s.tag.set() != "":
			return s.tag.set()
		}
		return "L"
	}
	return ""
}
