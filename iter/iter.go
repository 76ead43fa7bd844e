package iter

import "iter"

// Seq is the standard library's iter.Seq.
type Seq[V any] = iter.Seq[V]

// Seq2 is the standard library's iter.Seq2. In this module the second type is nearly always error.
type Seq2[K, V any] = iter.Seq2[K, V]

// Pull is the standard library's iter.Pull. The caller must call stop unless next has returned false.
func Pull[V any](seq Seq[V]) (next func() (V, bool), stop func()) { return iter.Pull(seq) }

// Pull2 is the standard library's iter.Pull2. The caller must call stop unless next has returned false.
func Pull2[K, V any](seq Seq2[K, V]) (next func() (K, V, bool), stop func()) { return iter.Pull2(seq) }

// Of returns a sequence of the given items, without an error. The slice is not copied: a range sees what it then
// holds.
func Of[T any](items ...T) Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// Lift gives each value of seq a nil error, so that any sequence can go where items and errors are wanted.
func Lift[T any](seq Seq[T]) Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item := range seq {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// Values returns the items of seq alone, for functions that take a Seq: slices.SortedFunc, maps.Insert, a batch.
// Each range over the result sets *err when it ends: to the error of seq, or to nil if there was none or the loop
// was left early. Read *err after the range, and don't range from two goroutines at once.
func Values[T any](seq Seq2[T, error], err *error) Seq[T] {
	return func(yield func(T) bool) {
		*err = nil
		for item, failed := range seq {
			if failed != nil {
				*err = failed
				return
			}
			if !yield(item) {
				return
			}
		}
	}
}
