package codec

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// makeMap is for maps as M.
func (c *compiler) makeMap(s spec) twin {
	elem := c.codec(s.elem(s.typ.Elem()))
	key := makeKey(s.typ.Key())
	if key.encode == nil {
		c.refuseOnce(s.typ, refuse(s.typ, "", "keys of type %s cannot be written as text", s.typ.Key()))
		return twin{}
	}
	return twin{
		func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if depth > maxDepth {
				return nil, failDepth()
			}
			m := make(map[string]types.AttributeValue, v.Len())
			for it := v.MapRange(); it.Next(); {
				name, err := key.text(it.Key())
				if err != nil {
					return nil, under(err, anyEntry)
				}
				av, err := elem.encode(it.Value(), depth+1)
				if err != nil {
					return nil, under(err, anyEntry)
				}
				if av == nil {
					continue
				}
				if _, twice := m[name]; twice {
					return nil, under(fail("two keys of %s have one text", s.typ), anyEntry)
				}
				m[name] = av
			}
			return &types.AttributeValueMemberM{Value: m}, nil
		},
		func(av types.AttributeValue, v reflect.Value, depth int) error {
			if depth > maxDepth {
				return failDepth()
			}
			m, ok := av.(*types.AttributeValueMemberM)
			if !ok {
				return failRead(av, s.typ)
			}
			v.Set(reflect.MakeMapWithSize(s.typ, len(m.Value)))
			for name, av := range m.Value {
				k := reflect.New(s.typ.Key()).Elem()
				if err := key.decode(name, k); err != nil {
					return under(failWith(err, "cannot read the key into %s", s.typ.Key()), anyEntry)
				}
				if !k.Comparable() {
					return under(fail("%s is no key of a map", s.typ.Key()), anyEntry)
				}
				e := reflect.New(s.typ.Elem()).Elem()
				if err := elem.decode(av, e, depth+1); err != nil {
					return under(err, anyEntry)
				}
				n := v.Len()
				if v.SetMapIndex(k, e); v.Len() == n {
					return under(fail("two entries are one key of %s", s.typ), anyEntry)
				}
			}
			return nil
		},
	}
}

// key is the way of a map's keys to text and back. Both functions return plain
// errors, which may quote values.
type key struct {
	encode func(reflect.Value) (string, error) // nil: the type has no text
	decode func(string, reflect.Value) error
}

// text is the name of the entry with key k.
func (k key) text(v reflect.Value) (string, error) {
	name, err := k.encode(v)
	if err != nil {
		return "", failWith(err, "cannot write the key of type %s as text", v.Type())
	}
	if name == "" {
		return "", failEmptyKey()
	}
	return name, nil
}

func makeKey(t reflect.Type) key {
	k := makeKindKey(t)
	if t.Implements(textMarshalerType) {
		k.encode = func(v reflect.Value) (string, error) {
			switch v.Kind() {
			case reflect.Pointer, reflect.Interface:
				if v.IsNil() {
					return "", errors.New("nil")
				}
			}
			b, err := v.Interface().(encoding.TextMarshaler).MarshalText()
			return string(b), err
		}
	}
	switch {
	case reflect.PointerTo(t).Implements(textUnmarshalerType) && t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface:
		k.decode = func(s string, v reflect.Value) error {
			return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
		}
	case t.Kind() == reflect.Pointer && t.Implements(textUnmarshalerType):
		k.decode = func(s string, v reflect.Value) error {
			v.Set(reflect.New(t.Elem()))
			return v.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
		}
	}
	return k
}

func makeKindKey(t reflect.Type) key {
	switch t.Kind() {
	case reflect.String:
		return key{
			func(v reflect.Value) (string, error) { return v.String(), nil },
			func(s string, v reflect.Value) error { v.SetString(s); return nil },
		}
	case reflect.Bool:
		return key{
			func(v reflect.Value) (string, error) { return strconv.FormatBool(v.Bool()), nil },
			func(s string, v reflect.Value) error {
				b, err := strconv.ParseBool(s)
				v.SetBool(b)
				return err
			},
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return key{
			func(v reflect.Value) (string, error) { return strconv.FormatInt(v.Int(), 10), nil },
			func(s string, v reflect.Value) error {
				n, err := strconv.ParseInt(s, 10, t.Bits())
				v.SetInt(n)
				return err
			},
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return key{
			func(v reflect.Value) (string, error) { return strconv.FormatUint(v.Uint(), 10), nil },
			func(s string, v reflect.Value) error {
				n, err := strconv.ParseUint(s, 10, t.Bits())
				v.SetUint(n)
				return err
			},
		}
	case reflect.Float32, reflect.Float64:
		return key{
			func(v reflect.Value) (string, error) {
				if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
					return "", errors.New("NaN and Inf are no numbers of DynamoDB")
				}
				if t.Bits() == 32 {
					return fmt.Sprint(float32(v.Float())), nil
				}
				return fmt.Sprint(v.Float()), nil
			},
			func(s string, v reflect.Value) error {
				f, err := parseFloat(s, t.Bits())
				v.SetFloat(f)
				return err
			},
		}
	}
	return key{nil, func(string, reflect.Value) error { return fmt.Errorf("%s has no text", t) }}
}
