package codec

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// makeInterface is for interfaces. What they hold is encoded by its own type,
// whose codec is compiled at the first use; only an interface without methods
// can be decoded into, as [decodeAny] says.
func makeInterface(s spec) twin {
	return twin{
		func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if depth > maxDepth {
				return nil, failDepth()
			}
			if v.IsNil() {
				return newNull(), nil
			}
			v = v.Elem()
			held, errs := codecFor(spec{typ: v.Type(), tag: s.tag, bare: true}, nil)
			if len(errs) > 0 {
				return nil, heldErrors(errs)
			}
			return held.encode(v, depth+1)
		},
		func(av types.AttributeValue, v reflect.Value, depth int) error {
			if s.typ.NumMethod() > 0 {
				return failRead(av, s.typ)
			}
			if m, ok := av.(*types.AttributeValueMemberS); ok && s.tag.String {
				av = &types.AttributeValueMemberN{Value: m.Value}
			}
			held, err := decodeAny(av, depth)
			if err != nil {
				return err
			}
			if held == nil {
				v.SetZero()
				return nil
			}
			v.Set(reflect.ValueOf(held))
			return nil
		},
	}
}

// decodeAny returns av as string, float64, bool, []byte, []any, map[string]any,
// []string, []float64, [][]byte or nil.
func decodeAny(av types.AttributeValue, depth int) (any, error) {
	if depth > maxDepth {
		return nil, failDepth()
	}
	if isNull(av) {
		return nil, nil
	}
	if memberName(av) == "" {
		return nil, failMember(av)
	}
	switch m := av.(type) {
	case *types.AttributeValueMemberS:
		return m.Value, nil
	case *types.AttributeValueMemberN:
		return anyNumber(m.Value)
	case *types.AttributeValueMemberB:
		return append([]byte{}, m.Value...), nil
	case *types.AttributeValueMemberBOOL:
		return m.Value, nil
	case *types.AttributeValueMemberL:
		out := make([]any, len(m.Value))
		for i, e := range m.Value {
			var err error
			if out[i], err = decodeAny(e, depth+1); err != nil {
				return nil, under(err, Index(i))
			}
		}
		return out, nil
	case *types.AttributeValueMemberM:
		out := make(map[string]any, len(m.Value))
		for k, e := range m.Value {
			held, err := decodeAny(e, depth+1)
			if err != nil {
				return nil, under(err, anyEntry)
			}
			out[k] = held
		}
		return out, nil
	case *types.AttributeValueMemberSS:
		return append([]string{}, m.Value...), nil
	case *types.AttributeValueMemberNS:
		out := make([]float64, len(m.Value))
		for i, text := range m.Value {
			var err error
			if out[i], err = anyNumber(text); err != nil {
				return nil, under(err, Index(i))
			}
		}
		return out, nil
	case *types.AttributeValueMemberBS:
		out := make([][]byte, len(m.Value))
		for i, b := range m.Value {
			out[i] = append([]byte{}, b...)
		}
		return out, nil
	}
	return nil, failMember(av)
}

func anyNumber(text string) (float64, error) {
	f, err := parseFloat(text, 64)
	if err != nil {
		return 0, failNumber(err, reflect.TypeFor[float64]())
	}
	return f, nil
}
