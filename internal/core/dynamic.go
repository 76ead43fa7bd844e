package core

import (
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// Dynamic is implemented by pointers to items whose attributes are not fields of a
// struct, but are known by name only.
type Dynamic interface {
	Attribute(d Door, name string) types.AttributeValue // nil: none
	SetAttribute(d Door, name string, av types.AttributeValue)
	// Own makes the item share no memory that SetAttribute changes.
	Own(d Door)
}

var dynamicType = reflect.TypeFor[Dynamic]()

func isDynamic(t reflect.Type) bool { return reflect.PointerTo(t).Implements(dynamicType) }

// asDynamic is item, if its attributes are known by name only, or nil.
func asDynamic(item reflect.Value) Dynamic {
	if !item.CanAddr() {
		own := reflect.New(item.Type()).Elem()
		own.Set(item)
		item = own
	}
	d, _ := item.Addr().Interface().(Dynamic)
	return d
}

// setItem sets a copy that stages work on to the caller's item.
func (s *Schema) setItem(own, item reflect.Value) {
	own.Set(item)
	if s.dynamic {
		asDynamic(own).Own(Door{})
	}
}

// byName reports whether a is an attribute of dynamic items, at their top.
func byName(a *ast.Attr) bool {
	return a.Index == nil && len(a.Path) == 1 && a.Item != nil && isDynamic(a.Item)
}

// checkInput is what is wrong with a as an input of a key.
func checkInput(a *ast.Attr) error {
	if a == nil || a.Err != nil || a.Index == nil && !byName(a) {
		return inputError(a)
	}
	return nil
}

// input is the value of an input of a key in item: false if item does not have it, or as
// something else.
func input(item reflect.Value, a *ast.Attr) (reflect.Value, bool) {
	if a.Index != nil {
		return at(item, a.Index)
	}
	av := asDynamic(item).Attribute(Door{}, a.Path[0].Name)
	plan, err := codec.Compile(a.Item, codec.Options{})
	if _, null := av.(*types.AttributeValueMemberNULL); av == nil || null || err != nil {
		return reflect.Value{}, false
	}
	if kind, err := keyType(a); err == nil && kindOf(av) != string(kind) {
		return reflect.Value{}, false
	}
	v := reflect.New(a.Type)
	if plan.DecodeValue(a.Path, av, v.Interface()) != nil {
		return reflect.Value{}, false
	}
	return v.Elem(), true
}

// setInput sets an input of a key that item lacks.
func setInput(item reflect.Value, a *ast.Attr, v reflect.Value) {
	if a.Index != nil {
		reach(item, a.Index).Set(v)
		return
	}
	plan, err := codec.Compile(a.Item, codec.Options{})
	if err != nil {
		return
	}
	if av, _, err := plan.Value(a.Path, v.Interface()); err == nil {
		asDynamic(item).SetAttribute(Door{}, a.Path[0].Name, av)
	}
}

// keyType is the type of key attribute that values of t are.
func keyType(a *ast.Attr) (types.ScalarAttributeType, error) {
	switch t := a.Type; {
	case reflect.PointerTo(t).NumMethod() > 0:
	case t.Kind() == reflect.String:
		return types.ScalarAttributeTypeS, nil
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64 && t.Kind() != reflect.Uintptr:
		return types.ScalarAttributeTypeN, nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return types.ScalarAttributeTypeB, nil
	}
	return "", fmt.Errorf("%v: a key attribute that is known by name is a string, a number or bytes, not a %v", a, a.Type)
}
