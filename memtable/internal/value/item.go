package value

import (
	"cmp"
	"iter"
	"slices"
)

// Attribute is a named value.
type Attribute struct {
	Name  string
	Value Value
}

// Item is the attributes of an item or of a map, each name once, in the byte
// order of the names. The zero Item has none. Items are immutable; With and
// Without return new ones.
type Item struct{ attributes []Attribute }

// NewItem returns an item of attributes; of several with one name the last is
// taken. It takes ownership of the slice.
func NewItem(attributes []Attribute) Item {
	byName := func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortStableFunc(attributes, byName)
	kept := attributes[:0]
	for _, a := range attributes {
		if n := len(kept); n > 0 && kept[n-1].Name == a.Name {
			kept[n-1] = a
			continue
		}
		kept = append(kept, a)
	}
	clear(attributes[len(kept):])
	return Item{kept}
}

func (it Item) find(name string) (int, bool) {
	return slices.BinarySearchFunc(it.attributes, name, func(a Attribute, name string) int { return cmp.Compare(a.Name, name) })
}

// Get returns the value of an attribute and whether it is there.
func (it Item) Get(name string) (Value, bool) {
	i, ok := it.find(name)
	if !ok {
		return Value{}, false
	}
	return it.attributes[i].Value, true
}

// Has reports whether the attribute is there.
func (it Item) Has(name string) bool {
	_, ok := it.find(name)
	return ok
}

// Len returns the count of attributes.
func (it Item) Len() int { return len(it.attributes) }

// All yields the attributes in the order of their names.
func (it Item) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, a := range it.attributes {
			if !yield(a.Name, a.Value) {
				return
			}
		}
	}
}

// With returns the item with an attribute set.
func (it Item) With(name string, v Value) Item {
	i, ok := it.find(name)
	if ok {
		attributes := slices.Clone(it.attributes)
		attributes[i].Value = v
		return Item{attributes}
	}
	attributes := make([]Attribute, 0, len(it.attributes)+1)
	attributes = append(attributes, it.attributes[:i]...)
	attributes = append(attributes, Attribute{name, v})
	return Item{append(attributes, it.attributes[i:]...)}
}

// Without returns the item without an attribute.
func (it Item) Without(name string) Item {
	i, ok := it.find(name)
	if !ok {
		return it
	}
	return Item{slices.Concat(it.attributes[:i], it.attributes[i+1:])}
}

// Only returns the attributes that keep accepts.
func (it Item) Only(keep func(name string) bool) Item {
	attributes := make([]Attribute, 0, len(it.attributes))
	for _, a := range it.attributes {
		if keep(a.Name) {
			attributes = append(attributes, a)
		}
	}
	return Item{attributes}
}

// Equal reports whether the items have the same attributes with equal values.
func (it Item) Equal(other Item) bool {
	return slices.EqualFunc(it.attributes, other.attributes, func(a, b Attribute) bool {
		return a.Name == b.Name && a.Value.Equal(b.Value)
	})
}

// Size returns the bytes that the service counts for the item: the attributes'
// names in UTF-8 and their values.
func (it Item) Size() int {
	size := 0
	for _, a := range it.attributes {
		size += len(a.Name) + a.Value.Size()
	}
	return size
}
