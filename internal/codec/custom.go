package codec

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// makeCustom is for types with a Marshaler or an Unmarshaler, on the value or on
// the pointer. What they lack is done by their kind, and so is a value whose
// Marshaler returns nil.
func (c *compiler) makeCustom(s spec) twin {
	kind := s
	kind.plain = true
	var out twin
	if isMarshaler(s.typ) {
		local := c.local
		out.encode = func(v reflect.Value, depth int) (types.AttributeValue, error) {
			av, err := addressable(v).Addr().Interface().(marshaler).MarshalDynamoDBAttributeValue()
			switch {
			case err != nil:
				return nil, failWith(err, "the Marshaler of %s failed", s.typ)
			case av != nil:
				return av, checkRaw(av, depth)
			}
			byKind, errs := codecFor(kind, local)
			if len(errs) > 0 {
				return nil, heldErrors(errs)
			}
			return byKind.encode(v, depth)
		}
	} else {
		out.encode = c.codec(kind).encodeLater()
	}
	if isUnmarshaler(s.typ) {
		out.decode = func(av types.AttributeValue, v reflect.Value, _ int) error {
			if av == nil {
				av = newNull()
			}
			if memberName(av) == "" {
				return failMember(av)
			}
			if err := v.Addr().Interface().(unmarshaler).UnmarshalDynamoDBAttributeValue(av); err != nil {
				return failWith(err, "the Unmarshaler of %s refused %s", s.typ, memberName(av))
			}
			return nil
		}
	} else {
		out.decode = c.codec(kind).decodeLater()
	}
	return out
}

// encodeLater calls the codec's encode, which may not be made yet.
func (c *codec) encodeLater() func(reflect.Value, int) (types.AttributeValue, error) {
	return func(v reflect.Value, depth int) (types.AttributeValue, error) { return c.encode(v, depth) }
}

// decodeLater calls the codec's decode, which may not be made yet.
func (c *codec) decodeLater() func(types.AttributeValue, reflect.Value, int) error {
	return func(av types.AttributeValue, v reflect.Value, depth int) error { return c.decode(av, v, depth) }
}
