package codec

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// makeSet is for slices and arrays as SS, NS or BS. An empty set, which the
// service has not, is left out under omitempty and NULL otherwise.
func (c *compiler) makeSet(s spec) twin {
	elem := c.codec(s.elem(s.typ.Elem()))
	kind := kindOf(s)
	return twin{
		func(v reflect.Value, depth int) (types.AttributeValue, error) {
			set := setBuilder{kind: kind}
			for i := range v.Len() {
				av, err := elem.encode(v.Index(i), depth+1)
				if err == nil {
					err = set.add(av)
				}
				if err != nil {
					return nil, under(err, Index(i))
				}
			}
			return set.value(s.tag.OmitEmpty), nil
		},
		c.makeList(s).decode,
	}
}

// makeMapSet is for map[V]struct{} as a set, in the order of its texts or bytes.
// A map, which is what attributevalue writes, is read too.
func (c *compiler) makeMapSet(s spec, member reflect.Type) twin {
	elem := c.codec(s.elem(member))
	asMap := c.makeMap(s)
	kind := kindOf(s)
	return twin{
		func(v reflect.Value, depth int) (types.AttributeValue, error) {
			set := setBuilder{kind: kind}
			for it := v.MapRange(); it.Next(); {
				av, err := elem.encode(it.Key(), depth+1)
				if err == nil {
					err = set.add(av)
				}
				if err != nil {
					return nil, under(err, anyEntry)
				}
			}
			set.sort()
			return set.value(s.tag.OmitEmpty), nil
		},
		func(av types.AttributeValue, v reflect.Value, depth int) error {
			if _, ok := av.(*types.AttributeValueMemberM); ok {
				return asMap.decode(av, v, depth)
			}
			n, at, ok := elements(av)
			if !ok {
				return failRead(av, s.typ)
			}
			v.Set(reflect.MakeMapWithSize(s.typ, n))
			for i := range n {
				key := reflect.New(member).Elem()
				err := elem.decode(at(i), key, depth+1)
				if err == nil && !key.Comparable() {
					err = fail("%s is no key of a map", member)
				}
				if err != nil {
					return under(err, Index(i))
				}
				v.SetMapIndex(key, reflect.Zero(s.typ.Elem()))
			}
			return nil
		},
	}
}

// setBuilder gathers the members of a set; kind is SS, NS or BS.
type setBuilder struct {
	kind   string
	texts  []string
	binary [][]byte
}

// add adds one encoded member; nil is one that is left out.
func (b *setBuilder) add(av types.AttributeValue) error {
	if av == nil {
		return nil
	}
	switch m := av.(type) {
	case *types.AttributeValueMemberS:
		if b.kind == "SS" {
			b.texts = append(b.texts, m.Value)
			return nil
		}
	case *types.AttributeValueMemberN:
		if b.kind == "NS" {
			b.texts = append(b.texts, m.Value)
			return nil
		}
	case *types.AttributeValueMemberB:
		if b.kind == "BS" && m.Value != nil {
			b.binary = append(b.binary, m.Value)
			return nil
		}
	}
	return fail("%s cannot be in %s", memberName(av), cmp.Or(b.kind, "a set"))
}

// setOf is the type of the set that av can be in, or "".
func setOf(av types.AttributeValue) string {
	switch av.(type) {
	case *types.AttributeValueMemberS:
		return "SS"
	case *types.AttributeValueMemberN:
		return "NS"
	case *types.AttributeValueMemberB:
		return "BS"
	}
	return ""
}

func (b *setBuilder) len() int { return len(b.texts) + len(b.binary) }

func (b *setBuilder) sort() {
	slices.Sort(b.texts)
	slices.SortFunc(b.binary, bytes.Compare)
}

// value is the set; when it is empty, nil if omit, else NULL.
func (b *setBuilder) value(omit bool) types.AttributeValue {
	switch {
	case b.len() == 0 && omit:
		return nil
	case b.len() == 0:
		return newNull()
	case b.kind == "SS":
		return &types.AttributeValueMemberSS{Value: b.texts}
	case b.kind == "NS":
		return &types.AttributeValueMemberNS{Value: b.texts}
	}
	return &types.AttributeValueMemberBS{Value: b.binary}
}

// unique drops repeated members.
func (b *setBuilder) unique() {
	b.sort()
	b.texts = slices.Compact(b.texts)
	b.binary = slices.CompactFunc(b.binary, bytes.Equal)
}
