package core

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/number"
)

// equalItems reports whether two items are the same to the service: numbers
// by value, sets in any order.
func equalItems(a, b map[string]types.AttributeValue) bool {
	if len(a) != len(b) {
		return false
	}
	for name, v := range a {
		if w, ok := b[name]; !ok || !equalValues(v, w) {
			return false
		}
	}
	return true
}

func equalValues(a, b types.AttributeValue) bool {
	switch a := a.(type) {
	case *types.AttributeValueMemberS, *types.AttributeValueMemberN, *types.AttributeValueMemberB:
		return kindOf(a) == kindOf(b) && compare(a, b) == 0
	case *types.AttributeValueMemberBOOL:
		b, ok := b.(*types.AttributeValueMemberBOOL)
		return ok && a.Value == b.Value
	case *types.AttributeValueMemberNULL:
		_, ok := b.(*types.AttributeValueMemberNULL)
		return ok
	case *types.AttributeValueMemberM:
		b, ok := b.(*types.AttributeValueMemberM)
		return ok && equalItems(a.Value, b.Value)
	case *types.AttributeValueMemberL:
		b, ok := b.(*types.AttributeValueMemberL)
		if !ok || len(a.Value) != len(b.Value) {
			return false
		}
		for i := range a.Value {
			if !equalValues(a.Value[i], b.Value[i]) {
				return false
			}
		}
		return true
	}
	as, bs := members(a), members(b)
	if kindOf(a) != kindOf(b) || len(as) != len(bs) {
		return false
	}
	for _, x := range as {
		found := false
		for _, y := range bs {
			found = found || compare(x, y) == 0
		}
		if !found {
			return false
		}
	}
	return true
}

// members are the elements of a set.
func members(av types.AttributeValue) []types.AttributeValue {
	var vs []types.AttributeValue
	switch s := av.(type) {
	case *types.AttributeValueMemberSS:
		for _, v := range s.Value {
			vs = append(vs, text(v))
		}
	case *types.AttributeValueMemberNS:
		for _, v := range s.Value {
			vs = append(vs, &types.AttributeValueMemberN{Value: v})
		}
	case *types.AttributeValueMemberBS:
		for _, v := range s.Value {
			vs = append(vs, &types.AttributeValueMemberB{Value: v})
		}
	}
	return vs
}

// kindOf is the name of av's attribute type, "" for a nil one.
func kindOf(av types.AttributeValue) string {
	switch av.(type) {
	case *types.AttributeValueMemberS:
		return "S"
	case *types.AttributeValueMemberN:
		return "N"
	case *types.AttributeValueMemberB:
		return "B"
	case *types.AttributeValueMemberBOOL:
		return "BOOL"
	case *types.AttributeValueMemberNULL:
		return "NULL"
	case *types.AttributeValueMemberM:
		return "M"
	case *types.AttributeValueMemberL:
		return "L"
	case *types.AttributeValueMemberSS:
		return "SS"
	case *types.AttributeValueMemberNS:
		return "NS"
	case *types.AttributeValueMemberBS:
		return "BS"
	}
	return ""
}

// numberText is the text of a number, "" for anything else.
func numberText(av types.AttributeValue) string {
	if n, ok := av.(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return ""
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func validText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("a key holds valid UTF-8 only")
	}
	return nil
}

// compare orders two key values of one type as the service does.
func compare(a, b types.AttributeValue) int {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		if b, ok := b.(*types.AttributeValueMemberS); ok {
			return strings.Compare(a.Value, b.Value)
		}
	case *types.AttributeValueMemberB:
		if b, ok := b.(*types.AttributeValueMemberB); ok {
			return bytes.Compare(a.Value, b.Value)
		}
	case *types.AttributeValueMemberN:
		if b, ok := b.(*types.AttributeValueMemberN); ok {
			x, errX := number.Parse(a.Value)
			y, errY := number.Parse(b.Value)
			if errX == nil && errY == nil {
				return x.Compare(y)
			}
		}
	}
	return -1
}

// emptyKey reports whether av cannot stand in a key because it is empty.
func emptyKey(av types.AttributeValue) bool {
	switch v := av.(type) {
	case *types.AttributeValueMemberS:
		return v.Value == ""
	case *types.AttributeValueMemberB:
		return len(v.Value) == 0
	case *types.AttributeValueMemberNULL, nil:
		return true
	}
	return false
}
