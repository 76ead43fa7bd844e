package codec

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func makeBool(s spec) twin {
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			return &types.AttributeValueMemberBOOL{Value: v.Bool()}, nil
		},
		func(av types.AttributeValue, v reflect.Value, _ int) error {
			m, ok := av.(*types.AttributeValueMemberBOOL)
			if !ok {
				return failRead(av, s.typ)
			}
			v.SetBool(m.Value)
			return nil
		},
	}
}

// makeString is for text; a number is read as its text.
func makeString(s spec) twin {
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			return &types.AttributeValueMemberS{Value: v.String()}, nil
		},
		func(av types.AttributeValue, v reflect.Value, _ int) error {
			switch m := av.(type) {
			case *types.AttributeValueMemberS:
				v.SetString(m.Value)
			case *types.AttributeValueMemberN:
				v.SetString(m.Value)
			default:
				return failRead(av, s.typ)
			}
			return nil
		},
	}
}

// makeNumberText is for json.Number and its like.
func makeNumberText(s spec) twin {
	text := makeString(s)
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			if !isDecimal(v.String()) {
				return nil, fail("the text of %s is no number", s.typ)
			}
			return numberMember(s, v.String()), nil
		},
		text.decode,
	}
}

func makeInt(s spec) twin {
	bits := s.typ.Bits()
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			return numberMember(s, strconv.FormatInt(v.Int(), 10)), nil
		},
		func(av types.AttributeValue, v reflect.Value, _ int) error {
			text, err := numberOf(s, av)
			if err != nil {
				return err
			}
			n, err := strconv.ParseInt(text, 10, bits)
			if err != nil {
				return failNumber(err, s.typ)
			}
			v.SetInt(n)
			return nil
		},
	}
}

func makeUint(s spec) twin {
	bits := s.typ.Bits()
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			return numberMember(s, strconv.FormatUint(v.Uint(), 10)), nil
		},
		func(av types.AttributeValue, v reflect.Value, _ int) error {
			text, err := numberOf(s, av)
			if err != nil {
				return err
			}
			n, err := strconv.ParseUint(text, 10, bits)
			if err != nil {
				return failNumber(err, s.typ)
			}
			v.SetUint(n)
			return nil
		},
	}
}

func makeFloat(s spec) twin {
	bits := s.typ.Bits()
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			f := v.Float()
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return nil, failNaN()
			}
			return numberMember(s, strconv.FormatFloat(f, 'f', -1, bits)), nil
		},
		func(av types.AttributeValue, v reflect.Value, _ int) error {
			text, err := numberOf(s, av)
			if err != nil {
				return err
			}
			f, err := parseFloat(text, bits)
			if err != nil {
				return failNumber(err, s.typ)
			}
			v.SetFloat(f)
			return nil
		},
	}
}

func makeBigInt(s spec) twin {
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			return numberMember(s, addressable(v).Addr().Interface().(*big.Int).String()), nil
		},
		func(av types.AttributeValue, v reflect.Value, _ int) error {
			text, err := numberOf(s, av)
			if err != nil {
				return err
			}
			n, ok := new(big.Int).SetString(text, 10)
			if !ok {
				return failNumber(strconv.ErrSyntax, s.typ)
			}
			v.Set(reflect.ValueOf(n).Elem())
			return nil
		},
	}
}

// numberMember is the number as N, or as S under the tag string.
func numberMember(s spec, text string) types.AttributeValue {
	if s.tag.String {
		return &types.AttributeValueMemberS{Value: text}
	}
	return &types.AttributeValueMemberN{Value: text}
}

// numberOf is the text of the number that av holds.
func numberOf(s spec, av types.AttributeValue) (string, error) {
	switch m := av.(type) {
	case *types.AttributeValueMemberN:
		return m.Value, nil
	case *types.AttributeValueMemberS:
		if s.tag.String {
			return m.Value, nil
		}
	}
	return "", failRead(av, s.typ)
}

func failNumber(err error, t reflect.Type) error {
	if errors.Is(err, strconv.ErrRange) {
		return failWith(err, "number out of range of %s", t)
	}
	return failWith(err, "cannot read the number into %s", t)
}

// parseFloat parses a decimal number; Inf, NaN and hexadecimal are refused.
func parseFloat(text string, bits int) (float64, error) {
	if !hasDecimalChars(text) {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(text, bits)
}

func isDecimal(text string) bool {
	_, err := parseFloat(text, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

func hasDecimalChars(text string) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return false
		}
	}
	return true
}
