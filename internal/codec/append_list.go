package codec

import (
	"reflect"
	"strings"

	"github.com/dynox-go/dynox/internal/wire"
)

// elementsAt is how to reach the elements of a slice or array of type t.
func elementsAt(t reflect.Type) (length func(slot) int, element func(slot, int) slot) {
	size := t.Elem().Size()
	if t.Kind() == reflect.Array {
		n := t.Len()
		return func(slot) int { return n }, func(p slot, i int) slot { return memberAt(p, i, size) }
	}
	return lenAt, func(p slot, i int) slot { return elementAt(p, i, size) }
}

func appendList(s spec, elem *codec) appendFunc {
	length, element := elementsAt(s.typ)
	return func(dst []byte, p slot, depth int) ([]byte, error) {
		if depth > maxDepth {
			return dst, failDepth()
		}
		dst = append(dst, `{"L":[`...)
		start := len(dst)
		for i := range length(p) {
			before := len(dst)
			if before > start {
				dst = append(dst, ',')
			}
			begin := len(dst)
			var err error
			if dst, err = elem.append(dst, element(p, i), depth+1); err != nil {
				return dst, under(err, Index(i))
			}
			if len(dst) == begin {
				dst = dst[:before]
			}
		}
		return append(dst, `]}`...), nil
	}
}

func appendBytes(s spec) appendFunc {
	return func(dst []byte, p slot, _ int) ([]byte, error) {
		dst = wire.AppendBytes(append(dst, `{"B":`...), valueAt(p, s.typ).Bytes())
		return append(dst, '}'), nil
	}
}

// appendSet has no own way for members that encode themselves, which can be
// anything: it is nil then.
func appendSet(s spec, elem *codec) appendFunc {
	if t := deref(s.typ.Elem()); isCustom(t) || t.Kind() == reflect.Interface {
		return nil
	}
	length, element := elementsAt(s.typ)
	kind, omit := kindOf(s), s.tag.OmitEmpty
	member := `{"` + strings.TrimSuffix(kind, "S") + `":`
	return func(dst []byte, p slot, depth int) ([]byte, error) {
		begin := len(dst)
		dst = append(dst, `{"`...)
		dst = append(dst, kind...)
		dst = append(dst, `":[`...)
		start := len(dst)
		for i := range length(p) {
			before := len(dst)
			if before > start {
				dst = append(dst, ',')
			}
			first := len(dst)
			var err error
			if dst, err = appendMember(dst, elem, element(p, i), depth+1, member); err != nil {
				return dst, under(err, Index(i))
			}
			if len(dst) == first {
				dst = dst[:before]
			}
		}
		switch {
		case len(dst) > start:
			return append(dst, `]}`...), nil
		case omit:
			return dst[:begin], nil
		}
		return appendNull(dst[:begin]), nil
	}
}

// appendMember appends what the attribute value at p holds, without its type,
// which open names. Nothing is appended for one that is left out.
func appendMember(dst []byte, elem *codec, p slot, depth int, open string) ([]byte, error) {
	begin := len(dst)
	dst, err := elem.append(dst, p, depth)
	if err != nil || len(dst) == begin {
		return dst, err
	}
	av := dst[begin:]
	if len(av) < len(open) || string(av[:len(open)]) != open {
		return dst, fail("%s cannot be in %sS", typeIn(av), strings.Trim(open, `{":`))
	}
	n := copy(av, av[len(open):len(av)-1])
	return dst[:begin+n], nil
}

// typeIn is the type of an attribute value in JSON without white space.
func typeIn(av []byte) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(string(av), `{"`), `"`)
	return name
}
