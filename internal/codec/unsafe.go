//go:build !dynox_safe

package codec

import (
	"reflect"
	"unsafe"
)

// A slot is where a Go value is: in an item, or in memory of its own. Whoever
// holds a slot knows the value's type, which is that of the codec at work. The
// build tag dynox_safe swaps this file for safe.go, where a slot is a
// reflect.Value; the rest of the package is the same in both builds.
type slot = unsafe.Pointer

// isUnsafe says which of the two builds this is.
const isUnsafe = true

// slotOf is the slot of v, which has an address.
func slotOf(v reflect.Value) slot {
	// SAFETY: the address of a live Go value; v keeps it alive until a slot does.
	return v.Addr().UnsafePointer()
}

// valueAt is the value of type t at p, settable.
func valueAt(p slot, t reflect.Type) reflect.Value {
	// SAFETY: p is the slot of a t, as every slot is one of its codec's type.
	return reflect.NewAt(t, p).Elem()
}

// at is the value at p as an E, to which the value's type is convertible behind
// a pointer: E is its underlying type, or its type.
func at[E any](p slot) *E {
	// SAFETY: p is the slot of a type with E's memory layout.
	return (*E)(p)
}

// isNil reports whether the pointer, map, slice or interface at p is nil.
func isNil(p slot) bool {
	// SAFETY: the first word of each of these is a pointer, which is nil when the
	// value is: the target, the map, the first element, the held type.
	return *(*unsafe.Pointer)(p) == nil
}

// target is the slot of what the pointer at p, which is not nil, points to.
func target(p slot) slot {
	// SAFETY: p is the slot of a pointer.
	return *(*unsafe.Pointer)(p)
}

// fieldAt is the slot of the field at pl in the struct at p.
func fieldAt(p slot, pl *fieldPlace) slot {
	// SAFETY: the offset is that of a field of the struct at p.
	return unsafe.Add(p, pl.offset)
}

// lenAt is the length of the slice at p.
func lenAt(p slot) int {
	// SAFETY: all slice headers have one layout; the elements are not touched.
	return len(*(*[]struct{})(p))
}

// elementAt is the slot of element i of the slice at p, whose elements have size
// bytes; i is less than its length.
func elementAt(p slot, i int, size uintptr) slot {
	// SAFETY: the first word of a slice points to its elements, of which i is one.
	return unsafe.Add(*(*unsafe.Pointer)(p), uintptr(i)*size)
}

// memberAt is the slot of element i of the array at p, whose elements have size
// bytes; i is less than its length.
func memberAt(p slot, i int, size uintptr) slot {
	// SAFETY: the elements of an array follow each other, and i is one of them.
	return unsafe.Add(p, uintptr(i)*size)
}

// textOf is b, which is not empty and never changes again, as a string.
func textOf(b []byte) string {
	// SAFETY: b is a part of an arena's chunk that is not written to again.
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// memory holds elements of slices of one type.
type memory struct {
	first unsafe.Pointer
}

// newMemory is memory for n elements, which are zero, and for as many more as fit;
// nilSlice is a nil slice, settable, and so again afterwards.
func newMemory(nilSlice reflect.Value, n int) (m memory, size int) {
	nilSlice.Grow(n)
	// SAFETY: the address of a live Go value.
	m, size = memory{nilSlice.UnsafePointer()}, nilSlice.Cap()
	nilSlice.SetZero()
	return m, size
}

// sameMemory reports whether a and b are the same.
func sameMemory(a, b memory) bool {
	// SAFETY: the addresses are compared, and nothing is read.
	return a.first == b.first
}

// inMemory is the slot of element i, of size bytes, of m, which has more.
func inMemory(m memory, i int, size uintptr) slot {
	// SAFETY: the elements follow each other, and i is one of them.
	return unsafe.Add(m.first, uintptr(i)*size)
}

// copyMemory copies n elements of slices of type t from one memory to another.
func copyMemory(t reflect.Type, to memory, at int, from memory, first, n int) {
	size := t.Elem().Size()
	a, b := reflect.New(t), reflect.New(t)
	// SAFETY: both are slots of slices of type t.
	setSlice(a.UnsafePointer(), to, at, n, size)
	setSlice(b.UnsafePointer(), from, first, n, size)
	reflect.Copy(a.Elem(), b.Elem())
}

// header is what a slice is made of.
type header struct {
	first    unsafe.Pointer
	len, cap int
}

// setSlice sets the slice at p, whose elements have size bytes, to n of m's,
// which has them.
func setSlice(p slot, m memory, from, n int, size uintptr) {
	// SAFETY: all slice headers have one layout; m has n elements of the slice's
	// type at from.
	*(*header)(p) = header{inMemory(m, from, size), n, n}
}
