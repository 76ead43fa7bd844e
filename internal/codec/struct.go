package codec

import (
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// structField is a field of a struct's plan.
type structField struct {
	Field
	codec *codec
}

// structPlan is how a struct becomes an M.
type structPlan struct {
	typ    reflect.Type
	fields []structField
	byName map[string]int
}

// makeStruct is for structs as M.
func (c *compiler) makeStruct(s spec) twin {
	fields, err := Fields(s.typ)
	if err != nil {
		c.refuseOnce(s.typ, err)
		return twin{}
	}
	p := &structPlan{typ: s.typ, byName: make(map[string]int, len(fields))}
	for i, f := range fields {
		format, below := s.below.at(f.Name)
		found := len(c.errs)
		fc := c.codec(spec{typ: f.Type, tag: f.Tag, format: format, below: below})
		locate(c.errs[found:], s.typ, f)
		p.fields = append(p.fields, structField{f, fc})
		p.byName[f.Name] = i
	}
	return twin{
		func(v reflect.Value, depth int) (types.AttributeValue, error) {
			m, err := p.encode(v, depth)
			if err != nil {
				return nil, err
			}
			return &types.AttributeValueMemberM{Value: m}, nil
		},
		func(av types.AttributeValue, v reflect.Value, depth int) error {
			m, ok := av.(*types.AttributeValueMemberM)
			if !ok {
				return failRead(av, s.typ)
			}
			return p.decode(m.Value, v, depth)
		},
	}
}

func (p *structPlan) encode(v reflect.Value, depth int) (map[string]types.AttributeValue, error) {
	if depth > maxDepth {
		return nil, failDepth()
	}
	m := make(map[string]types.AttributeValue, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		fv, ok := fieldOf(v, f.Index)
		if !ok {
			continue
		}
		av, err := f.codec.encode(fv, depth+1)
		if err != nil {
			return nil, under(err, Name(f.Name))
		}
		if av != nil {
			m[f.Name] = av
		}
	}
	return m, nil
}

// decode reads the attributes that have a field and ignores the others. An
// attribute without a field of its name is read into the first field whose name
// differs by case only, unless another attribute has that field's name; of
// several such attributes it is the first by name.
func (p *structPlan) decode(m map[string]types.AttributeValue, v reflect.Value, depth int) error {
	if depth > maxDepth {
		return failDepth()
	}
	var folded map[int]string // field -> attribute
	for name, av := range m {
		if i, ok := p.byName[name]; ok {
			if err := p.decodeField(i, av, v, depth); err != nil {
				return err
			}
			continue
		}
		i := p.fold(name)
		if i < 0 {
			continue
		}
		if _, exact := m[p.fields[i].Name]; exact {
			continue
		}
		if other, ok := folded[i]; !ok || name < other {
			if folded == nil {
				folded = map[int]string{}
			}
			folded[i] = name
		}
	}
	for i, name := range folded {
		if err := p.decodeField(i, m[name], v, depth); err != nil {
			return err
		}
	}
	return nil
}

func (p *structPlan) decodeField(i int, av types.AttributeValue, v reflect.Value, depth int) error {
	f := &p.fields[i]
	if err := f.codec.decode(av, allocField(v, f.Index), depth+1); err != nil {
		return under(err, Name(f.Name))
	}
	return nil
}

func (p *structPlan) fold(name string) int {
	for i := range p.fields {
		if strings.EqualFold(p.fields[i].Name, name) {
			return i
		}
	}
	return -1
}

// fieldOf is the field of v at index; there is none behind a nil embedded pointer.
func fieldOf(v reflect.Value, index []int) (reflect.Value, bool) {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

// allocField is the field of v at index, behind embedded pointers that are
// allocated where they are nil.
func allocField(v reflect.Value, index []int) reflect.Value {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}
