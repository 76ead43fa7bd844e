//go:build dynox_safe

package codec

import "reflect"

// slot, and the functions on it, are the twin of those in unsafe.go: the same
// meaning, through reflect alone.
type slot = reflect.Value

const isUnsafe = false

func slotOf(v reflect.Value) slot { return v }

func valueAt(p slot, _ reflect.Type) reflect.Value { return p }

func at[E any](p slot) *E {
	return p.Addr().Convert(reflect.TypeFor[*E]()).Interface().(*E)
}

func isNil(p slot) bool { return p.IsNil() }

func target(p slot) slot { return p.Elem() }

func fieldAt(p slot, pl *fieldPlace) slot { return p.FieldByIndex(pl.index) }

func lenAt(p slot) int { return p.Len() }

func elementAt(p slot, i int, _ uintptr) slot { return p.Index(i) }

func memberAt(p slot, i int, _ uintptr) slot { return p.Index(i) }

func textOf(b []byte) string { return string(b) }

type memory struct {
	slice reflect.Value
}

func newMemory(nilSlice reflect.Value, n int) (memory, int) {
	return memory{reflect.MakeSlice(nilSlice.Type(), n, n)}, n
}

func sameMemory(a, b memory) bool {
	return a.slice.IsValid() && b.slice.IsValid() && a.slice.Pointer() == b.slice.Pointer()
}

func inMemory(m memory, i int, _ uintptr) slot { return m.slice.Index(i) }

func copyMemory(_ reflect.Type, to memory, at int, from memory, first, n int) {
	reflect.Copy(to.slice.Slice(at, at+n), from.slice.Slice(first, first+n))
}

func setSlice(p slot, m memory, from, n int, _ uintptr) { p.Set(m.slice.Slice3(from, from+n, from+n)) }
