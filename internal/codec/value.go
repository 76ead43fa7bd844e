package codec

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// place is what a plan knows of one place in an item. Its type is nil where
// only values know, such as inside an any.
type place = spec

// at follows path as far as types tell. A place whose type they don't tell has
// the tag of the nearest container.
func (p *Plan) at(path Path) place {
	s := place{typ: p.typ, below: p.formats}
	for _, step := range path {
		s = into(s, step)
	}
	return s
}

func into(s place, step Step) place {
	if s.typ == nil || s.format != Default {
		return place{tag: s.tag.elem()}
	}
	t := deref(s.typ)
	switch {
	case isPlainStruct(t) && !step.IsIndex:
		fields, _ := Fields(t)
		for _, f := range fields {
			if f.Name == step.Name {
				format, below := s.below.at(f.Name)
				return place{typ: f.Type, tag: f.Tag, format: format, below: below}
			}
		}
		return place{}
	case kindOf(s) == "M" && t.Kind() == reflect.Map && !step.IsIndex, kindOf(s) == "L" && step.IsIndex:
		return s.elem(t.Elem())
	}
	return place{tag: s.tag.elem()}
}

// TypeOf is the DynamoDB type that the attribute at path is written as (S N B
// BOOL M L SS NS BS), or "" where only the value decides. NULL, which nil
// values are written as, does not count.
func (p *Plan) TypeOf(path Path) string {
	s := p.at(path)
	if s.typ == nil {
		return ""
	}
	return kindOf(s)
}

// Value encodes v as [Plan.Encode] would encode the attribute at path. The type
// of v is the field's, with or without pointers, or another that is written as
// the same DynamoDB type; where the field's type does not decide, as inside maps
// of any and at unknown names, it is any type, encoded under the nearest tag.
//
// omitted reports that Encode would leave the attribute out; av is then the
// encoding without omitempty and omitzero.
func (p *Plan) Value(path Path, v any) (av types.AttributeValue, omitted bool, err error) {
	av, omitted, err = p.encodeAt(p.at(path), v)
	if err != nil {
		return nil, false, finish(err, "encode", p.typ, path)
	}
	return av, omitted, nil
}

// Element encodes v as one element of the list, set or map at path: S for a
// string set. At an S or B attribute it encodes a part of it, as contains takes it.
func (p *Plan) Element(path Path, v any) (types.AttributeValue, error) {
	s, err := elementOf(p.at(path))
	if err != nil {
		return nil, finish(err, "encode", p.typ, path)
	}
	av, _, err := p.encodeAt(s, v)
	if err != nil {
		return nil, finish(err, "encode", p.typ, path)
	}
	return av, nil
}

func elementOf(s place) (place, error) {
	if s.typ == nil {
		return s, nil
	}
	t := deref(s.typ)
	switch kind := kindOf(s); kind {
	case "SS", "NS", "BS":
		elem, _ := setElem(t)
		return s.elem(elem), nil
	case "L", "M":
		if t.Kind() != reflect.Struct {
			return s.elem(t.Elem()), nil
		}
	case "S", "B":
		return s, nil
	case "":
		return place{tag: s.tag.elem()}, nil
	}
	return s, fail("%s has no elements", s.typ)
}

// Set encodes the elements of slice or array vs as a set, for adding to or
// deleting from the set at path, whatever Go type holds it. Equal members are
// sent once. Where the field's type does not decide, the first element does. An
// empty vs is an error, since the service has no empty sets.
func (p *Plan) Set(path Path, vs any) (types.AttributeValue, error) {
	av, err := p.encodeSet(p.at(path), reflect.ValueOf(vs))
	if err != nil {
		return nil, finish(err, "encode", p.typ, path)
	}
	return av, nil
}

func (p *Plan) encodeSet(s place, v reflect.Value) (types.AttributeValue, error) {
	if !v.IsValid() || v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return nil, fail("a set takes a slice of its elements")
	}
	set := setBuilder{}
	if s.typ != nil {
		set.kind = kindOf(s)
	}
	switch set.kind {
	case "SS", "NS", "BS", "":
	default:
		return nil, fail("%s is no set", s.typ)
	}
	elem, err := elementOf(s)
	if err != nil {
		return nil, err
	}
	for i := range v.Len() {
		av, _, err := p.encodeAt(elem, v.Index(i).Interface())
		if err != nil {
			return nil, under(err, Index(i))
		}
		if set.kind == "" {
			set.kind = setOf(av)
		}
		if err := set.add(av); err != nil {
			return nil, under(err, Index(i))
		}
	}
	if set.len() == 0 {
		return nil, fail("a set cannot be empty")
	}
	set.unique()
	return set.value(false), nil
}

// DecodeValue reads av, as it is stored at path, into what dst points to, which
// is set to its zero value first. The type of dst's target is as for [Plan.Value].
func (p *Plan) DecodeValue(path Path, av types.AttributeValue, dst any) error {
	if err := p.decodeAt(p.at(path), av, reflect.ValueOf(dst)); err != nil {
		return finish(err, "decode", p.typ, path)
	}
	return nil
}

func (p *Plan) decodeAt(s place, av types.AttributeValue, dst reflect.Value) error {
	if !dst.IsValid() || dst.Kind() != reflect.Pointer || dst.IsNil() {
		return fail("nothing to decode into: it takes a pointer that is not nil")
	}
	dst = dst.Elem()
	cd, _, err := p.codecAt(s, dst.Type())
	if err != nil {
		return err
	}
	dst.SetZero()
	return cd.decode(av, dst, 0)
}

// encodeAt encodes v as the value at s.
func (p *Plan) encodeAt(s place, v any) (av types.AttributeValue, omitted bool, err error) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		return newNull(), s.tag.OmitEmpty || s.tag.OmitZero, nil
	}
	cd, as, err := p.codecAt(s, rv.Type())
	if err != nil {
		return nil, false, err
	}
	if err := sameKind(s, as); err != nil {
		return nil, false, err
	}
	if av, err = cd.encode(rv, 0); av != nil || err != nil {
		return av, false, err
	}
	s.tag = s.tag.keep()
	if cd, as, err = p.codecAt(s, rv.Type()); err != nil {
		return nil, false, err
	}
	if av, err = cd.encode(rv, 0); err == nil && av == nil {
		err = fail("%s cannot be stored", as.typ)
	}
	return av, true, err
}

// sameKind refuses as where s is written as another DynamoDB type.
func sameKind(s place, as spec) error {
	if s.typ == nil || s.typ == as.typ {
		return nil
	}
	if want, got := kindOf(s), kindOf(as); want != "" && got != "" && want != got {
		return fail("%s is written as %s, not as %s as %s is", as.typ, got, want, s.typ)
	}
	return nil
}

// codecAt is the codec for a value of type t at s.
func (p *Plan) codecAt(s place, t reflect.Type) (*codec, spec, error) {
	as := s
	as.typ = t
	if s.typ == nil || deref(t) != deref(s.typ) {
		as.below = nil
		if s.typ != nil && deref(s.typ).Kind() == reflect.Interface && t.Kind() != reflect.Interface {
			as.bare, as.tag.OmitZero = true, false // as the interface's content
		}
		if reasons := as.tag.check(t); len(reasons) > 0 {
			return nil, as, fail("%s", reasons[0])
		}
		if reason := as.format.check(Field{Type: t, Tag: as.tag}); reason != "" {
			return nil, as, fail("%s", reason)
		}
	}
	cd, errs := codecFor(as, &p.local)
	if len(errs) > 0 {
		return nil, as, heldErrors(errs)
	}
	return cd, as, nil
}
