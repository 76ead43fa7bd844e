// Package value holds attribute values and items as the engine keeps them:
// parsed once, compact, compared without further parsing.
//
// Values are immutable. A constructor takes ownership of what it is given;
// updates make new lists, maps and items and share the rest, so any value may
// be read by any number of goroutines and kept as long as wanted.
//
//	item := value.NewItem([]value.Attribute{
//		{Name: "pk", Value: value.String("a")},
//		{Name: "n", Value: value.Number(number.FromInt64(3))},
//	})
//	v, ok := item.Get("n")
//
// A [Value] of type S, N or B has a Key: a string whose byte order is the
// order of the values, so a store compares keys of all three types as strings.
package value

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/internal/number"
)

// Kind is the type of an attribute value.
type Kind uint8

// The kinds. Invalid is the kind of the zero Value, which stands for an
// attribute that is not there.
const (
	Invalid Kind = iota
	KindS
	KindN
	KindB
	KindBOOL
	KindNULL
	KindM
	KindL
	KindSS
	KindNS
	KindBS
)

var kindNames = [...]string{"", "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}

// String returns the type's descriptor: S, N, B, BOOL, NULL, M, L, SS, NS or BS.
func (k Kind) String() string { return kindNames[k] }

// KindOf returns the kind with a descriptor, or Invalid.
func KindOf(descriptor string) Kind {
	return Kind(max(0, slices.Index(kindNames[:], descriptor)))
}

// IsKey reports whether a key attribute may have the kind: S, N or B.
func (k Kind) IsKey() bool { return k == KindS || k == KindN || k == KindB }

// IsSet reports whether the kind is SS, NS or BS.
func (k Kind) IsSet() bool { return k == KindSS || k == KindNS || k == KindBS }

// Elem returns the kind of a set kind's elements, or Invalid.
func (k Kind) Elem() Kind {
	if k.IsSet() {
		return k - KindSS + KindS
	}
	return Invalid
}

// Set returns the set kind whose elements are of kind k, or Invalid.
func (k Kind) Set() Kind {
	if k.IsKey() {
		return k - KindS + KindSS
	}
	return Invalid
}

// Value is one attribute value. The zero Value is no value: its kind is
// Invalid. Values are compared by Equal, not by ==.
type Value struct {
	text  string // S and B: the bytes; N: the number's key form; BOOL: "1" when true
	inner *inner // L, M and sets
	kind  Kind
}

type inner struct {
	item Item
	list []Value
	set  []string // sorted Keys of the elements, without duplicates
}

// String returns an S value.
func String(s string) Value { return Value{kind: KindS, text: s} }

// Number returns an N value.
func Number(n number.Number) Value {
	var buf [number.MaxKey]byte
	return Value{kind: KindN, text: string(n.AppendKey(buf[:0]))}
}

// Binary returns a B value of the bytes in b.
func Binary(b string) Value { return Value{kind: KindB, text: b} }

// Bool returns a BOOL value.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBOOL, text: "1"}
	}
	return Value{kind: KindBOOL}
}

// Null returns the NULL value.
func Null() Value { return Value{kind: KindNULL} }

// List returns an L value; it takes ownership of elems.
func List(elems []Value) Value { return Value{kind: KindL, inner: &inner{list: elems}} }

// Map returns an M value.
func Map(item Item) Value { return Value{kind: KindM, inner: &inner{item: item}} }

// StringSet returns an SS value, and whether elems had no duplicates (the
// service refuses them; the value has each once). It takes ownership of elems.
func StringSet(elems []string) (v Value, distinct bool) { return set(KindSS, elems) }

// BinarySet is StringSet for a BS value.
func BinarySet(elems []string) (v Value, distinct bool) { return set(KindBS, elems) }

// NumberSet is StringSet for an NS value; numbers are duplicates by value.
func NumberSet(elems []number.Number) (v Value, distinct bool) {
	keys := make([]string, len(elems))
	for i, n := range elems {
		keys[i] = Number(n).text
	}
	return set(KindNS, keys)
}

func set(kind Kind, keys []string) (Value, bool) {
	count := len(keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	return Value{kind: kind, inner: &inner{set: keys}}, len(keys) == count
}

// FromKey returns the value of kind S, N or B with a Key.
func FromKey(kind Kind, key string) Value { return Value{kind: kind, text: key} }

// Kind returns the value's type.
func (v Value) Kind() Kind { return v.kind }

// IsValid reports whether v is a value, and not the zero Value.
func (v Value) IsValid() bool { return v.kind != Invalid }

// Text returns the string of an S value or the bytes of a B value.
func (v Value) Text() string { return v.text }

// Number returns the number of an N value.
func (v Value) Number() number.Number { return number.FromKey(v.text) }

// Bool returns the truth of a BOOL value.
func (v Value) Bool() bool { return v.text != "" }

// Key returns, for an S, N or B value, bytes that order as the service orders
// values of that type: S by UTF-8 bytes, B by unsigned bytes, N by value.
func (v Value) Key() string { return v.text }

// List returns the elements of an L value, which must not be modified.
func (v Value) List() []Value {
	if v.kind != KindL {
		return nil
	}
	return v.inner.list
}

// Map returns the attributes of an M value.
func (v Value) Map() Item {
	if v.kind != KindM {
		return Item{}
	}
	return v.inner.item
}

// Set yields the elements of a set as S, N or B values, in ascending order.
func (v Value) Set() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		elem := v.kind.Elem()
		for _, key := range v.keys() {
			if !yield(Value{kind: elem, text: key}) {
				return
			}
		}
	}
}

// keys returns the sorted keys of a set's elements.
func (v Value) keys() []string {
	if !v.kind.IsSet() {
		return nil
	}
	return v.inner.set
}

// Len returns the count of elements of a list, map or set, or of bytes of an S
// or B value; 0 for the other types.
func (v Value) Len() int {
	switch v.kind {
	case KindS, KindB:
		return len(v.text)
	case KindL:
		return len(v.inner.list)
	case KindM:
		return v.inner.item.Len()
	case KindSS, KindNS, KindBS:
		return len(v.inner.set)
	}
	return 0
}

// Has reports whether a set holds elem; false when its elements are of another
// kind, or v is no set.
func (v Value) Has(elem Value) bool {
	if v.kind.Elem() != elem.kind || elem.kind == Invalid {
		return false
	}
	_, found := slices.BinarySearch(v.inner.set, elem.text)
	return found
}

// Union returns the set of the elements of v or w, sets of one kind.
func (v Value) Union(w Value) Value {
	u, _ := set(v.kind, slices.Concat(v.keys(), w.keys()))
	return u
}

// Minus returns the set of the elements of v that are not in w, a set of the
// same kind. The result may be empty.
func (v Value) Minus(w Value) Value {
	rest := make([]string, 0, len(v.keys()))
	for _, key := range v.keys() {
		if _, found := slices.BinarySearch(w.keys(), key); !found {
			rest = append(rest, key)
		}
	}
	return Value{kind: v.kind, inner: &inner{set: rest}}
}

// Equal reports whether the values have one type and content: numbers by
// value, sets without order, lists and maps element by element.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind || v.text != w.text {
		return false
	}
	if v.inner == w.inner {
		return true
	}
	return slices.Equal(v.inner.set, w.inner.set) &&
		slices.EqualFunc(v.inner.list, w.inner.list, Value.Equal) &&
		v.inner.item.Equal(w.inner.item)
}

// Compare orders two values of one kind S, N or B as the service does. Values
// of different kinds are ordered by kind, and of other kinds not at all.
func Compare(v, w Value) int {
	if v.kind != w.kind {
		return cmp.Compare(v.kind, w.kind)
	}
	return strings.Compare(v.text, w.text)
}

// Size returns the bytes that the service counts for the value, without the
// attribute's name: see
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (v Value) Size() int {
	switch v.kind {
	case KindS, KindB, KindN:
		return len(v.text) // an N's key form is as long as its size
	case KindBOOL, KindNULL:
		return 1
	case KindSS, KindNS, KindBS:
		size := 0
		for _, key := range v.inner.set {
			size += len(key)
		}
		return size
	case KindL:
		size := 3 + len(v.inner.list)
		for _, elem := range v.inner.list {
			size += elem.Size()
		}
		return size
	case KindM:
		return 3 + v.inner.item.Len() + v.inner.item.Size()
	}
	return 0
}

// Depth returns the levels of nesting below the value: 0 for a value that is
// neither a list nor a map, 1 for a list or map without such elements.
func (v Value) Depth() int {
	depth := 0
	switch v.kind {
	case KindL:
		for _, elem := range v.inner.list {
			depth = max(depth, elem.Depth())
		}
	case KindM:
		for _, a := range v.inner.item.attributes {
			depth = max(depth, a.Value.Depth())
		}
	default:
		return 0
	}
	return depth + 1
}
