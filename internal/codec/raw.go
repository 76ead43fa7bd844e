package codec

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// makeRaw is for types.AttributeValue and its members, which are passed on as
// they are and not copied; NULL too.
func makeRaw(s spec) twin {
	return twin{
		func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if v.IsNil() {
				return newNull(), nil
			}
			av := v.Interface().(types.AttributeValue)
			return av, checkRaw(av, depth)
		},
		func(av types.AttributeValue, v reflect.Value, depth int) error {
			if av == nil {
				av = newNull()
			}
			if err := checkRaw(av, depth); err != nil {
				return err
			}
			rv := reflect.ValueOf(av)
			switch {
			case rv.Type().AssignableTo(s.typ):
				v.Set(rv)
			case isNull(av):
				v.SetZero()
			default:
				return failRead(av, s.typ)
			}
			return nil
		},
	}
}

// checkRaw refuses attribute values that the SDK could not send: nil inside, or nested too deep.
func checkRaw(av types.AttributeValue, depth int) error {
	if depth > maxDepth {
		return failDepth()
	}
	if memberName(av) == "" {
		return failMember(av)
	}
	switch m := av.(type) {
	case *types.AttributeValueMemberL:
		for i, e := range m.Value {
			if err := checkRaw(e, depth+1); err != nil {
				return under(err, Index(i))
			}
		}
	case *types.AttributeValueMemberM:
		for _, e := range m.Value {
			if err := checkRaw(e, depth+1); err != nil {
				return under(err, anyEntry)
			}
		}
	}
	return nil
}
