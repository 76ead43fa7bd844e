package codec

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// makePointer is for pointers whose target has the codec next. By the rules of
// attributevalue the target of a field's pointer counts as present, even if it
// is empty; behind a second pointer emptiness counts again.
func makePointer(s spec, next *codec) twin {
	omitNil := s.tag.OmitEmpty && s.tag.OmitEmptyElem
	return twin{
		func(v reflect.Value, depth int) (types.AttributeValue, error) {
			switch {
			case depth > maxDepth:
				return nil, failDepth()
			case !v.IsNil():
				return next.encode(v.Elem(), depth+1)
			case omitNil:
				return nil, nil
			}
			return newNull(), nil
		},
		func(av types.AttributeValue, v reflect.Value, depth int) error {
			if depth > maxDepth {
				return failDepth()
			}
			v.Set(reflect.New(s.typ.Elem()))
			return next.decode(av, v.Elem(), depth+1)
		},
	}
}
