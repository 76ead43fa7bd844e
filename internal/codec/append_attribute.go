package codec

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/wire"
)

// AppendAttributeValue appends av as DynamoDB JSON, such as {"S":"text"}. A nil
// value, a nil pointer of a member type, an unknown member type and nesting of
// more than 128 levels are errors.
func AppendAttributeValue(dst []byte, av types.AttributeValue) ([]byte, error) {
	out, err := appendAttribute(dst, av, 0)
	if err != nil {
		return dst, finish(err, "encode", nil, nil)
	}
	return out, nil
}

// appendAttribute is AppendAttributeValue at a depth. It checks what checkRaw checks.
func appendAttribute(dst []byte, av types.AttributeValue, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, failDepth()
	}
	if memberName(av) == "" {
		return dst, failMember(av)
	}
	switch m := av.(type) {
	case *types.AttributeValueMemberS:
		dst = wire.AppendString(append(dst, `{"S":`...), m.Value)
	case *types.AttributeValueMemberN:
		dst = wire.AppendString(append(dst, `{"N":`...), m.Value)
	case *types.AttributeValueMemberB:
		dst = wire.AppendBytes(append(dst, `{"B":`...), m.Value)
	case *types.AttributeValueMemberBOOL:
		dst = wire.AppendBool(append(dst, `{"BOOL":`...), m.Value)
	case *types.AttributeValueMemberNULL:
		dst = wire.AppendBool(append(dst, `{"NULL":`...), m.Value)
	case *types.AttributeValueMemberSS:
		dst = appendStrings(append(dst, `{"SS":`...), m.Value)
	case *types.AttributeValueMemberNS:
		dst = appendStrings(append(dst, `{"NS":`...), m.Value)
	case *types.AttributeValueMemberBS:
		dst = append(dst, `{"BS":[`...)
		for i, e := range m.Value {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = wire.AppendBytes(dst, e)
		}
		dst = append(dst, ']')
	case *types.AttributeValueMemberL:
		dst = append(dst, `{"L":[`...)
		var err error
		for i, e := range m.Value {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendAttribute(dst, e, depth+1); err != nil {
				return dst, under(err, Index(i))
			}
		}
		dst = append(dst, ']')
	case *types.AttributeValueMemberM:
		var err error
		if dst, err = appendAttributes(append(dst, `{"M":`...), m.Value, depth); err != nil {
			return dst, under(err, anyEntry)
		}
	}
	return append(dst, '}'), nil
}

// appendAttributes appends m as an object, its members in any order.
func appendAttributes(dst []byte, m map[string]types.AttributeValue, depth int) ([]byte, error) {
	dst = append(dst, '{')
	first := true
	for name, e := range m {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(wire.AppendString(dst, name), ':')
		var err error
		if dst, err = appendAttribute(dst, e, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func appendStrings(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, text := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = wire.AppendString(dst, text)
	}
	return append(dst, ']')
}
