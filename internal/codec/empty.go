package codec

import (
	"math/big"
	"reflect"
	"time"
)

// emptyFunc says which values of type t omitempty and nullempty mean: false, 0,
// "", nil, an array of length 0, the zero time. Slices and maps that are not nil
// count as present.
func emptyFunc(t reflect.Type) func(reflect.Value) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return reflect.Value.IsZero
	case reflect.Float32, reflect.Float64:
		return func(v reflect.Value) bool { return v.Float() == 0 }
	case reflect.Map, reflect.Slice, reflect.Interface, reflect.Pointer:
		return reflect.Value.IsNil
	case reflect.Array:
		return func(reflect.Value) bool { return t.Len() == 0 }
	case reflect.Struct:
		switch {
		case isTime(t):
			return func(v reflect.Value) bool { return timeOf(v).IsZero() }
		case t == bigIntType:
			return func(v reflect.Value) bool { n := v.Interface().(big.Int); return n.Sign() == 0 }
		}
	}
	return func(reflect.Value) bool { return false }
}

// isNullable reports whether an empty value of type t is NULL without nullempty.
func isNullable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Interface, reflect.Pointer:
		return true
	}
	return false
}

type isZeroer interface{ IsZero() bool }

var isZeroerType = reflect.TypeFor[isZeroer]()

// zeroFunc says which values of type t omitzero means, by the rules of encoding/json.
func zeroFunc(t reflect.Type) func(reflect.Value) bool {
	switch {
	case t.Kind() == reflect.Pointer && t.Implements(isZeroerType):
		return func(v reflect.Value) bool { return v.IsNil() || v.Interface().(isZeroer).IsZero() }
	case t.Kind() == reflect.Interface && t.Implements(isZeroerType):
		return func(v reflect.Value) bool {
			return v.IsNil() || v.Elem().Kind() == reflect.Pointer && v.Elem().IsNil() || v.Interface().(isZeroer).IsZero()
		}
	case t.Implements(isZeroerType):
		return func(v reflect.Value) bool { return v.Interface().(isZeroer).IsZero() }
	case reflect.PointerTo(t).Implements(isZeroerType):
		return func(v reflect.Value) bool { return addressable(v).Addr().Interface().(isZeroer).IsZero() }
	case isTime(t):
		return func(v reflect.Value) bool { return timeOf(v).IsZero() }
	}
	return reflect.Value.IsZero
}

// addressable returns v, or a copy that methods on its pointer can be called on.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

func timeOf(v reflect.Value) time.Time { return v.Convert(timeType).Interface().(time.Time) }
