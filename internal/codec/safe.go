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
