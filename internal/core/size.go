package core

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/number"
)

// maxItem is the most bytes that an item can have.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const maxItem = 400 << 10

// itemSize is the size of an item in bytes as the service counts it.
func itemSize(attrs map[string]types.AttributeValue) int {
	n := 0
	for name, av := range attrs {
		n += len(name) + valueSize(av)
	}
	return n
}

// size is at least the size of the item if that is at most maxItem, and
// otherwise the size. JSON is never shorter than what it says.
func (i stored) size() int {
	if i.raw != nil && len(i.raw) <= maxItem {
		return len(i.raw)
	}
	return itemSize(i.values())
}

// checkSize refuses an item that is larger than one can be.
func (i stored) checkSize() error {
	if n := i.size(); n > maxItem {
		return &Failure{Kinds: []error{ErrTooLarge}, Why: fmt.Sprintf("the item has %d bytes, more than the %d that one can have", n, maxItem)}
	}
	return nil
}

// values are the item's attributes as the SDK has them, nil for JSON of none.
func (i stored) values() map[string]types.AttributeValue {
	if i.raw == nil {
		return i.attrs
	}
	attrs, err := codec.AttributeValues(i.raw)
	if err != nil {
		return nil
	}
	return attrs
}

// valueSize is the size of a value in bytes as the service counts it.
func valueSize(av types.AttributeValue) int {
	switch v := av.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return numberSize(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberBOOL, *types.AttributeValueMemberNULL:
		return 1
	case *types.AttributeValueMemberM:
		return 3 + len(v.Value) + itemSize(v.Value)
	case *types.AttributeValueMemberL:
		n := 3 + len(v.Value)
		for _, e := range v.Value {
			n += valueSize(e)
		}
		return n
	case *types.AttributeValueMemberSS:
		n := 0
		for _, e := range v.Value {
			n += len(e)
		}
		return n
	case *types.AttributeValueMemberNS:
		n := 0
		for _, e := range v.Value {
			n += numberSize(e)
		}
		return n
	case *types.AttributeValueMemberBS:
		n := 0
		for _, e := range v.Value {
			n += len(e)
		}
		return n
	}
	return 0
}

// numberSize is the size of a number, 0 for what is none.
func numberSize(s string) int {
	n, err := number.Parse(s)
	if err != nil {
		return 0
	}
	return n.Size()
}
