package iter

import "fmt"

// Take returns the first n items. It stops the sequence below with the last of them, so that no request is made for
// what follows, and an error behind it is never met. With n of zero or less nothing is read at all.
func Take[T any](seq Seq2[T, error], n int) Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if n <= 0 {
			return
		}
		left := n
		for item, err := range seq {
			if err != nil {
				fail(yield, err)
				return
			}
			if left--; !yield(item, nil) || left == 0 {
				return
			}
		}
	}
}

// TakeWhile returns the items before the first one that keep refuses. That one is read and dropped.
func TakeWhile[T any](seq Seq2[T, error], keep func(T) bool) Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range seq {
			if err != nil {
				fail(yield, err)
				return
			}
			if !keep(item) || !yield(item, nil) {
				return
			}
		}
	}
}

// Map returns f of each item.
func Map[T, U any](seq Seq2[T, error], f func(T) U) Seq2[U, error] {
	return TryMap(seq, func(item T) (U, error) { return f(item), nil })
}

// TryMap returns f of each item and ends with the first error, be it of the sequence or of f. What f returns beside
// an error is dropped.
func TryMap[T, U any](seq Seq2[T, error], f func(T) (U, error)) Seq2[U, error] {
	return func(yield func(U, error) bool) {
		for item, err := range seq {
			var mapped U
			if err == nil {
				mapped, err = f(item)
			}
			if err != nil {
				fail(yield, err)
				return
			}
			if !yield(mapped, nil) {
				return
			}
		}
	}
}

// Filter returns the items that keep accepts. It runs in this process, after the read: what it drops has been paid
// for.
func Filter[T any](seq Seq2[T, error], keep func(T) bool) Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range seq {
			if err != nil {
				fail(yield, err)
				return
			}
			if keep(item) && !yield(item, nil) {
				return
			}
		}
	}
}

// Distinct returns the first item of each key, for instance of several queries joined by Concat. It remembers every
// key that it has seen.
func Distinct[T any, K comparable](seq Seq2[T, error], key func(T) K) Seq2[T, error] {
	return func(yield func(T, error) bool) {
		seen := make(map[K]struct{})
		Filter(seq, func(item T) bool {
			k := key(item)
			_, known := seen[k]
			seen[k] = struct{}{}
			return !known
		})(yield)
	}
}

// Chunk returns the items in slices of n, the last one shorter if need be. Each slice is fresh and the receiver's to
// keep. The items read before an error come as a last, shorter slice before the error, so none is lost. An n below 1
// is an error of the sequence.
func Chunk[T any](seq Seq2[T, error], n int) Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		if n < 1 {
			fail(yield, fmt.Errorf("iter: chunks of %d items: the size must be 1 or more", n))
			return
		}
		var chunk []T
		var failed error
		for item, err := range seq {
			if failed = err; failed != nil {
				break
			}
			chunk = append(chunk, item)
			if len(chunk) == n {
				if !yield(chunk, nil) {
					return
				}
				chunk = nil
			}
		}
		if len(chunk) > 0 && !yield(chunk, nil) {
			return
		}
		if failed != nil {
			fail(yield, failed)
		}
	}
}

// fail yields the one error that ends a sequence.
func fail[T any](yield func(T, error) bool, err error) {
	var none T
	yield(none, err)
}
