package expr

import (
	"reflect"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/internal/codec"
)

// allocate gives every pointer to a struct in v something to point to,
// except where a type would contain itself.
func allocate(v reflect.Value, outer []reflect.Type) {
	if v.Kind() != reflect.Struct || slices.Contains(outer, v.Type()) {
		return
	}
	outer = append(outer[:len(outer):len(outer)], v.Type())
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Pointer && f.Type().Elem().Kind() == reflect.Struct && f.CanSet() &&
			!slices.Contains(outer, f.Type().Elem()) {
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		}
		allocate(f, outer)
	}
}

// maxDepth is more than any item nests.
const maxDepth = 64

// place is where a field was found.
type place struct {
	path  codec.Path
	index []int
}

// find looks for the field that target points to in the struct v: by address
// and type, since a struct and its first field share an address.
func find(v reflect.Value, target any, path codec.Path, index []int, depth int) (*place, error) {
	fields, err := codec.Fields(v.Type())
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		fv, ok := fieldAt(v, f.Index)
		if !ok || !fv.CanInterface() {
			continue
		}
		at := &place{join(path, codec.Step{Name: f.Name}), append(index[:len(index):len(index)], f.Index...)}
		if fv.CanAddr() && fv.Addr().Interface() == target {
			return at, nil
		}
		if fv.Kind() == reflect.Pointer && !fv.IsNil() {
			fv = fv.Elem()
		}
		if fv.Kind() != reflect.Struct || depth > maxDepth {
			continue
		}
		if inner, err := find(fv, target, at.path, at.index, depth+1); err == nil && inner != nil {
			return inner, nil
		}
	}
	if depth == 0 {
		return findUnstored(v, target, nil, false), nil
	}
	return nil, nil
}

// findUnstored looks among the fields tagged "-", and what is in them, which
// feed only keys.
func findUnstored(v reflect.Value, target any, index []int, hidden bool) *place {
	for i := range v.NumField() {
		f, sf := v.Field(i), v.Type().Field(i)
		if !sf.IsExported() && !sf.Anonymous {
			continue
		}
		at := append(index[:len(index):len(index)], i)
		name, _, _ := strings.Cut(sf.Tag.Get("dynamodbav"), ",")
		unstored := hidden || name == "-"
		if unstored && f.CanInterface() && f.CanAddr() && f.Addr().Interface() == target {
			return &place{index: at}
		}
		if f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		if f.Kind() != reflect.Struct || len(at) > maxDepth {
			continue
		}
		if p := findUnstored(f, target, at, unstored); p != nil {
			return p
		}
	}
	return nil
}

// unexported reports whether target is the address of an unexported field of the
// struct v.
func unexported[V any](v reflect.Value, target *V) bool {
	for i := range v.NumField() {
		f, sf := v.Field(i), v.Type().Field(i)
		if !sf.IsExported() && !sf.Anonymous && f.Type() == reflect.TypeFor[V]() && f.Addr().Pointer() == reflect.ValueOf(target).Pointer() {
			return true
		}
	}
	return false
}

// fieldAt is FieldByIndex that reports a nil pointer on the way.
func fieldAt(v reflect.Value, index []int) (reflect.Value, bool) {
	for _, i := range index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}
