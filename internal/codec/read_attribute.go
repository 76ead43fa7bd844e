package codec

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/wire"
)

// attributeValue reads an attribute value.
func (d *Decoder) attributeValue(depth int) (types.AttributeValue, error) {
	w, err := d.s.Attribute()
	if err != nil {
		return nil, err
	}
	av, err := d.attribute(w, depth)
	if err != nil {
		return nil, err
	}
	return av, d.s.EndAttribute()
}

// attribute reads what an attribute value of type w holds.
func (d *Decoder) attribute(w wire.Type, depth int) (types.AttributeValue, error) {
	if depth > maxDepth {
		return nil, failDepth()
	}
	switch w {
	case wire.S:
		text, err := d.string()
		return &types.AttributeValueMemberS{Value: text}, err
	case wire.N:
		text, err := d.string()
		return &types.AttributeValueMemberN{Value: text}, err
	case wire.B:
		data, err := d.bytes()
		return &types.AttributeValueMemberB{Value: data}, err
	case wire.BOOL:
		b, err := d.s.Bool()
		return &types.AttributeValueMemberBOOL{Value: b}, err
	case wire.NULL:
		b, err := d.s.Bool()
		return &types.AttributeValueMemberNULL{Value: b}, err
	case wire.SS:
		texts, err := readArray(d, (*Decoder).string)
		return &types.AttributeValueMemberSS{Value: texts}, err
	case wire.NS:
		texts, err := readArray(d, (*Decoder).string)
		return &types.AttributeValueMemberNS{Value: texts}, err
	case wire.BS:
		data, err := readArray(d, (*Decoder).bytes)
		return &types.AttributeValueMemberBS{Value: data}, err
	case wire.L:
		list, err := readArray(d, func(d *Decoder) (types.AttributeValue, error) { return d.attributeValue(depth + 1) })
		return &types.AttributeValueMemberL{Value: list}, err
	}
	m, err := d.attributes(depth)
	return &types.AttributeValueMemberM{Value: m}, err
}

// attributes reads an object of attributes.
func (d *Decoder) attributes(depth int) (map[string]types.AttributeValue, error) {
	return readObject(d, func(d *Decoder) (types.AttributeValue, error) { return d.attributeValue(depth + 1) })
}

// bytes reads base64. The bytes are new, and not nil.
func (d *Decoder) bytes() ([]byte, error) {
	data, err := d.s.AppendBytes(nil)
	if data == nil {
		data = []byte{}
	}
	return data, err
}

// readArray reads an array, and each element by read.
func readArray[E any](d *Decoder, read func(*Decoder) (E, error)) ([]E, error) {
	out := make([]E, 0, d.s.Count())
	if err := d.s.Array(); err != nil {
		return nil, err
	}
	for i := 0; ; i++ {
		if more, err := d.s.Element(); err != nil || !more {
			return out, err
		}
		e, err := read(d)
		if err != nil {
			return nil, under(err, Index(i))
		}
		out = append(out, e)
	}
}

// readObject reads an object, and each member by read.
func readObject[E any](d *Decoder, read func(*Decoder) (E, error)) (map[string]E, error) {
	out := map[string]E{}
	if err := d.s.Object(); err != nil {
		return nil, err
	}
	for {
		if more, err := d.s.NextMember(); err != nil || !more {
			return out, err
		}
		text, err := d.name()
		if err != nil {
			return nil, under(err, anyEntry)
		}
		name := d.seen.string(&d.arena, text)
		e, err := read(d)
		if err != nil {
			return nil, under(err, anyEntry)
		}
		n := len(out)
		if out[name] = e; len(out) == n {
			return nil, under(failTwice(), anyEntry)
		}
	}
}
