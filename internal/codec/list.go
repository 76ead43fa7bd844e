package codec

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// makeList is for slices and arrays as L. Sets are read too. What an array has
// no room for is dropped.
func (c *compiler) makeList(s spec) twin {
	elem := c.codec(s.elem(s.typ.Elem()))
	return twin{
		func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if depth > maxDepth {
				return nil, failDepth()
			}
			list := make([]types.AttributeValue, 0, v.Len())
			for i := range v.Len() {
				av, err := elem.encode(v.Index(i), depth+1)
				if err != nil {
					return nil, under(err, Index(i))
				}
				if av != nil {
					list = append(list, av)
				}
			}
			return &types.AttributeValueMemberL{Value: list}, nil
		},
		func(av types.AttributeValue, v reflect.Value, depth int) error {
			if depth > maxDepth {
				return failDepth()
			}
			n, at, ok := elements(av)
			if !ok {
				return failRead(av, s.typ)
			}
			if v.Kind() == reflect.Slice {
				v.Set(reflect.MakeSlice(s.typ, n, n))
			}
			for i := range min(n, v.Len()) {
				if err := elem.decode(at(i), v.Index(i), depth+1); err != nil {
					return under(err, Index(i))
				}
			}
			return nil
		},
	}
}
