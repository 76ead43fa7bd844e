package codec

import (
	"fmt"
	"reflect"
	"strings"
)

// Tag is what a dynamodbav tag says besides the attribute's name. All but
// OmitZero mean what they mean to attributevalue.
type Tag struct {
	OmitEmpty     bool // omitempty: leave an empty value out (false, 0, "", nil, zero time, empty set)
	OmitZero      bool // omitzero: leave the zero value out, as its IsZero method says if it has one
	OmitEmptyElem bool // omitemptyelem: the same for elements, at every level below
	NullEmpty     bool // nullempty: write an empty value as NULL
	NullEmptyElem bool // nullemptyelem: the same for elements
	String        bool // string: write a number as S
	UnixTime      bool // unixtime: write a time as N, in seconds since 1970
	StringSet     bool // stringset: write a slice, an array or a map[V]struct{} as SS
	NumberSet     bool // numberset: as NS
	BinarySet     bool // binaryset: as BS
}

// elem is the tag that applies to the elements of a list, set or map.
func (t Tag) elem() Tag {
	return Tag{OmitEmpty: t.OmitEmptyElem, OmitEmptyElem: t.OmitEmptyElem, NullEmpty: t.NullEmptyElem}
}

// keep is the tag with nothing left out: what is omitted otherwise is written.
func (t Tag) keep() Tag {
	t.OmitEmpty, t.OmitZero = false, false
	return t
}

// set is the type of set that the tag asks for, or "".
func (t Tag) set() string {
	switch {
	case t.BinarySet:
		return "BS"
	case t.NumberSet:
		return "NS"
	case t.StringSet:
		return "SS"
	}
	return ""
}

// parseTag splits the text of a dynamodbav tag; unknown holds the options that
// mean nothing.
func parseTag(text string) (name string, tag Tag, ignore bool, unknown []string) {
	name, rest, _ := strings.Cut(text, ",")
	if name == "-" {
		return "", Tag{}, true, nil
	}
	for option := range strings.SplitSeq(rest, ",") {
		switch option {
		case "":
		case "omitempty":
			tag.OmitEmpty = true
		case "omitzero":
			tag.OmitZero = true
		case "omitemptyelem":
			tag.OmitEmptyElem = true
		case "nullempty":
			tag.NullEmpty = true
		case "nullemptyelem":
			tag.NullEmptyElem = true
		case "string":
			tag.String = true
		case "unixtime":
			tag.UnixTime = true
		case "stringset":
			tag.StringSet = true
		case "numberset":
			tag.NumberSet = true
		case "binaryset":
			tag.BinarySet = true
		default:
			unknown = append(unknown, option)
		}
	}
	return name, tag, false, unknown
}

// check says why the tag cannot work on a field of type t, nil if it can. The
// options of a type that encodes itself are its own affair.
func (t Tag) check(typ reflect.Type) (reasons []string) {
	no := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	if t.NullEmpty && (t.OmitEmpty || t.OmitZero) {
		no("nullempty contradicts omitempty and omitzero")
	}
	if t.NullEmptyElem && t.OmitEmptyElem {
		no("nullemptyelem contradicts omitemptyelem")
	}
	base := deref(typ)
	if isCustom(base) || base.Kind() == reflect.Interface {
		return reasons
	}
	if t.UnixTime && !isTime(base) {
		no("unixtime on %s, which is no time", typ)
	}
	if t.String && !isNumber(base) && base.Kind() != reflect.String {
		no("string on %s, which is no number", typ)
	}
	if (t.OmitEmptyElem || t.NullEmptyElem) && !isContainer(base) && !isDoublePointer(typ) {
		no("omitemptyelem or nullemptyelem on %s, which has no elements", typ)
	}
	return append(reasons, t.checkSet(typ, base)...)
}

func (t Tag) checkSet(typ, base reflect.Type) []string {
	n := 0
	for _, on := range []bool{t.StringSet, t.NumberSet, t.BinarySet} {
		if on {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	if n > 1 {
		return []string{"two kinds of set"}
	}
	set := t.set()
	elem, ok := setElem(base)
	if !ok || base == byteSlices && set != "BS" {
		return []string{fmt.Sprintf("%s on %s", setOption[set], typ)}
	}
	if k := kindOf(spec{typ: elem}); k+"S" != set && k != "" {
		return []string{fmt.Sprintf("%s on %s, whose elements are %s", setOption[set], typ, k)}
	}
	return nil
}

var setOption = map[string]string{"SS": "stringset", "NS": "numberset", "BS": "binaryset"}
