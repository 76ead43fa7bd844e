// Package store is the ordered store of the engine: trees from encoded keys to values, with snapshots that
// later writes don't change, and the encoding of keys, in which the order of bytes is the order of keys.
package store

import (
	"iter"

	"github.com/tidwall/btree"
)

// Tree maps keys to values in the order of the keys' bytes. Its zero value is empty. It does no locking:
// reads may run beside each other; a write, and a [Tree.Snapshot] that isn't [Tree.Snapped], run alone.
type Tree[V any] struct {
	m    btree.Map[string, V]
	snap *btree.Map[string, V] // what m was at the latest snapshot; nil once m has changed
}

// Get returns the value of a key.
func (t *Tree[V]) Get(key string) (V, bool) { return t.m.Get(key) }

// Len returns the number of keys.
func (t *Tree[V]) Len() int { return t.m.Len() }

// Min returns the smallest key and its value; it is not ok for an empty tree.
func (t *Tree[V]) Min() (key string, value V, ok bool) { return t.m.Min() }

// Set sets the value of a key.
func (t *Tree[V]) Set(key string, value V) {
	t.snap = nil
	t.m.Set(key, value)
}

// Delete removes a key, if it is there.
func (t *Tree[V]) Delete(key string) {
	t.snap = nil
	t.m.Delete(key)
}

// Snapped reports whether nothing was written since the latest snapshot. Then Snapshot only reads.
func (t *Tree[V]) Snapped() bool { return t.snap != nil }

// Snapshot returns the tree as it is now. It costs the same for any size: later writes copy what they change.
func (t *Tree[V]) Snapshot() Snapshot[V] {
	if t.snap == nil {
		t.snap = t.m.Copy()
	}
	return Snapshot[V]{t.snap}
}

// Snapshot is a tree at one moment. It may be read by many goroutines, without locks.
type Snapshot[V any] struct{ m *btree.Map[string, V] }

// Get returns the value of a key.
func (s Snapshot[V]) Get(key string) (value V, ok bool) {
	if s.m == nil {
		return value, false
	}
	return s.m.Get(key)
}

// Range is the keys from From, included, up to Until, excluded; an empty Until is the end of all keys.
type Range struct{ From, Until string }

// Ascend yields the keys of a range and their values in order. A key that equals after is not in it:
// after is the key to continue behind, or empty.
func (s Snapshot[V]) Ascend(r Range, after string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		from := max(r.From, after)
		s.m.Ascend(from, func(key string, value V) bool {
			if r.Until != "" && key >= r.Until {
				return false
			}
			return (after != "" && key == after) || yield(key, value)
		})
	}
}

// Descend is Ascend in the reverse order: after is the key to continue before, or empty.
func (s Snapshot[V]) Descend(r Range, after string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		visit := func(key string, value V) bool {
			if key < r.From {
				return false
			}
			if (r.Until != "" && key >= r.Until) || (after != "" && key >= after) {
				return true // at most one key: where the walk starts
			}
			return yield(key, value)
		}
		from := r.Until
		if after != "" && (from == "" || after < from) {
			from = after
		}
		if from == "" {
			s.m.Reverse(visit)
			return
		}
		s.m.Descend(from, visit)
	}
}
