package codec

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Plan is the compiled way of one struct type to items and back. It is
// immutable and safe for concurrent use.
type Plan struct {
	typ     reflect.Type
	pointer reflect.Type // to typ
	fields  []Field
	formats *formats
	local   sync.Map // spec with formats below -> *codec
	root    *codec
	top     location     // the item
	size    atomic.Int64 // what items took lately, roughly
}

var planCache sync.Map // reflect.Type -> *Plan, of zero options

// Compile returns the plan of struct type t under options o. Plans without
// options are cached for the life of the program; failures are not.
//
// All errors are joined, each an [*Error]: those of [Fields] for t and for every
// struct type that it reaches, maps whose keys have no text, formats for
// attributes that do not exist or cannot take them. Types that only values of
// interfaces hold are compiled when they are met.
func Compile(t reflect.Type, o Options) (*Plan, error) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, refuse(t, "", "not a struct")
	}
	if isTime(t) || t == bigIntType {
		return nil, refuse(t, "", "a single value, not an item")
	}
	if len(o.Formats) == 0 {
		if p, ok := planCache.Load(t); ok {
			return p.(*Plan), nil
		}
	}
	formats, ferr := makeFormats(t, t, "", o.Formats)
	p := &Plan{typ: t, pointer: reflect.PointerTo(t), formats: formats}
	root, errs := codecFor(spec{typ: t, below: formats, bare: true}, &p.local)
	var err error
	if p.fields, err = Fields(t); err != nil && isCustom(t) {
		errs = append(errs, err)
	}
	if err := errors.Join(append(errs, ferr)...); err != nil {
		return nil, err
	}
	p.root, p.top.place = root, p.at(nil)
	if len(o.Formats) == 0 {
		known, _ := planCache.LoadOrStore(t, p)
		return known.(*Plan), nil
	}
	return p, nil
}

// Type is the struct type that the plan is for.
func (p *Plan) Type() reflect.Type { return p.typ }

// Fields returns the attributes of the plan's type; see [Fields].
func (p *Plan) Fields() []Field { return slices.Clone(p.fields) }

// Encode returns item, which is a *T, as attributes. The map is the caller's;
// attribute values that item holds as such are shared with it.
func (p *Plan) Encode(item any) (map[string]types.AttributeValue, error) {
	v, err := p.item(item)
	if err != nil {
		return nil, finish(err, "encode", p.typ, nil)
	}
	m, err := p.encode(v)
	if err != nil {
		return nil, finish(err, "encode", p.typ, nil)
	}
	return m, nil
}

func (p *Plan) encode(v reflect.Value) (map[string]types.AttributeValue, error) {
	av, err := p.root.encode(v, 0)
	if err != nil {
		return nil, err
	}
	m, ok := av.(*types.AttributeValueMemberM)
	if !ok || m.Value == nil {
		return nil, fail("its Marshaler returns no map")
	}
	return m.Value, nil
}

// Decode sets item, which is a *T, to its zero value and then to what attrs
// hold. Attributes without a field are ignored. After an error item holds what
// was read until then. Apart from fields of type [types.AttributeValue], item
// shares nothing with attrs but the texts.
func (p *Plan) Decode(attrs map[string]types.AttributeValue, item any) error {
	v, err := p.item(item)
	if err != nil {
		return finish(err, "decode", p.typ, nil)
	}
	v.SetZero()
	if err := p.root.decode(&types.AttributeValueMemberM{Value: attrs}, v, 0); err != nil {
		return finish(err, "decode", p.typ, nil)
	}
	return nil
}

func (p *Plan) item(item any) (reflect.Value, error) {
	v := reflect.ValueOf(item)
	switch {
	case !v.IsValid():
		return v, fail("nil is not a pointer to %s", p.typ)
	case v.Type() != p.pointer:
		return v, fail("%s is not a pointer to %s", v.Type(), p.typ)
	case v.IsNil():
		return v, fail("nil pointer to %s", p.typ)
	}
	return v.Elem(), nil
}
