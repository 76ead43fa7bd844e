package codec

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// memberName is the DynamoDB type of av; "" for a nil pointer and for anything
// that is no attribute value.
func memberName(av types.AttributeValue) string {
	switch m := av.(type) {
	case *types.AttributeValueMemberS:
		return nameUnless(m == nil, "S")
	case *types.AttributeValueMemberN:
		return nameUnless(m == nil, "N")
	case *types.AttributeValueMemberB:
		return nameUnless(m == nil, "B")
	case *types.AttributeValueMemberBOOL:
		return nameUnless(m == nil, "BOOL")
	case *types.AttributeValueMemberNULL:
		return nameUnless(m == nil, "NULL")
	case *types.AttributeValueMemberM:
		return nameUnless(m == nil, "M")
	case *types.AttributeValueMemberL:
		return nameUnless(m == nil, "L")
	case *types.AttributeValueMemberSS:
		return nameUnless(m == nil, "SS")
	case *types.AttributeValueMemberNS:
		return nameUnless(m == nil, "NS")
	case *types.AttributeValueMemberBS:
		return nameUnless(m == nil, "BS")
	}
	return ""
}

func nameUnless(isNil bool, name string) string {
	if isNil {
		return ""
	}
	return name
}

func failMember(av types.AttributeValue) error {
	if av != nil && reflect.ValueOf(av).Kind() == reflect.Pointer && reflect.ValueOf(av).IsNil() {
		return fail("nil pointer %T", av)
	}
	return fail("%T is no attribute value", av)
}

// isNull reports whether av is NULL, as nil counts too.
func isNull(av types.AttributeValue) bool {
	_, ok := av.(*types.AttributeValueMemberNULL)
	return ok || av == nil
}

func newNull() types.AttributeValue { return &types.AttributeValueMemberNULL{Value: true} }

// elements returns the elements of a list or of a set, the latter as S, N or B.
func elements(av types.AttributeValue) (n int, at func(int) types.AttributeValue, ok bool) {
	switch m := av.(type) {
	case *types.AttributeValueMemberL:
		return len(m.Value), func(i int) types.AttributeValue { return m.Value[i] }, true
	case *types.AttributeValueMemberSS:
		return len(m.Value), func(i int) types.AttributeValue {
			return &types.AttributeValueMemberS{Value: m.Value[i]}
		}, true
	case *types.AttributeValueMemberNS:
		return len(m.Value), func(i int) types.AttributeValue {
			return &types.AttributeValueMemberN{Value: m.Value[i]}
		}, true
	case *types.AttributeValueMemberBS:
		return len(m.Value), func(i int) types.AttributeValue {
			return &types.AttributeValueMemberB{Value: m.Value[i]}
		}, true
	}
	return 0, nil, false
}
