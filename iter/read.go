package iter

import "errors"

var (
	// ErrNone is returned by First and One when the sequence has no item.
	ErrNone = errors.New("iter: no item")

	// ErrMany is returned by One when the sequence has more than one item.
	ErrMany = errors.New("iter: more than one item")
)

// Collect reads the whole sequence. After an error it returns that error and the items that came before it, which
// are good as far as they go. A sequence without items gives a nil slice.
func Collect[T any](seq Seq2[T, error]) ([]T, error) {
	var items []T
	for item, err := range seq {
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

// First returns the first item and reads no further, or ErrNone if there is none.
func First[T any](seq Seq2[T, error]) (T, error) {
	items, err := Collect(Take(seq, 1))
	if err == nil && len(items) == 0 {
		err = ErrNone
	}
	if err != nil {
		var none T
		return none, err
	}
	return items[0], nil
}

// One returns the only item: ErrNone if there is none, ErrMany with a zero item if there are more. It reads two
// items at most.
func One[T any](seq Seq2[T, error]) (T, error) {
	items, err := Collect(Take(seq, 2))
	var none T
	switch {
	case err != nil:
		return none, err
	case len(items) == 0:
		return none, ErrNone
	case len(items) > 1:
		return none, ErrMany
	}
	return items[0], nil
}

// Count reads the whole sequence and returns how many items it had; after an error, how many came before it.
// To count what a table holds without reading the items, use the repository's own Count.
func Count[T any](seq Seq2[T, error]) (int, error) {
	n := 0
	for _, err := range seq {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// GroupBy reads the whole sequence into groups of equal key, each in the order of the sequence. After an error it
// returns that error and the groups of the items that came before it. The map is never nil.
func GroupBy[T any, K comparable](seq Seq2[T, error], key func(T) K) (map[K][]T, error) {
	groups := make(map[K][]T)
	for item, err := range seq {
		if err != nil {
			return groups, err
		}
		k := key(item)
		groups[k] = append(groups[k], item)
	}
	return groups, nil
}

// ToMap reads the whole sequence into a map by key; of items with equal keys the last stays. After an error it
// returns that error and a map of the items that came before it. The map is never nil.
func ToMap[T any, K comparable](seq Seq2[T, error], key func(T) K) (map[K]T, error) {
	items := make(map[K]T)
	for item, err := range seq {
		if err != nil {
			return items, err
		}
		items[key(item)] = item
	}
	return items, nil
}
