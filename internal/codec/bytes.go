package codec

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// makeBytes is for slices and arrays of bytes. The bytes are copied both ways.
// A list of numbers is read too.
func (c *compiler) makeBytes(s spec) twin {
	list := c.makeList(s)
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			if v.Kind() == reflect.Array {
				v = addressable(v)
			}
			return &types.AttributeValueMemberB{Value: append([]byte{}, v.Bytes()...)}, nil
		},
		func(av types.AttributeValue, v reflect.Value, depth int) error {
			m, ok := av.(*types.AttributeValueMemberB)
			if !ok {
				return list.decode(av, v, depth)
			}
			if v.Kind() == reflect.Slice {
				v.Set(reflect.MakeSlice(s.typ, len(m.Value), len(m.Value)))
			} else if v.Len() != len(m.Value) {
				return fail("cannot read B of another length into %s", s.typ)
			}
			copy(v.Bytes(), m.Value)
			return nil
		},
	}
}
