package expression

import (
	"errors"
	"slices"

	"github.com/dynox-go/dynox/internal/number"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// Faults that an update meets when it runs.
var (
	errOperandType = &Error{"An operand in the update expression has an incorrect data type"}
	errMissing     = &Error{"The provided expression refers to an attribute that does not exist in the item"}
	errPath        = &Error{"The document path provided in the update expression is invalid for update"}
	errOverflow    = &Error{"Number overflow. Attempting to store a number with magnitude larger than supported range"}
	errUnderflow   = &Error{"Number underflow. Attempting to store a number with magnitude smaller than supported range"}
)

// Apply returns the item as the update makes it. Everything that the update
// reads, and every list index in it, is of the item as it was before. When
// there was no item, it is the item's key and exists is false.
//
// A fault is an *Error: the first that an action meets, at its path and then
// in its value, in the order of the text. An update that only removes and
// deletes finds no fault in paths of an item that does not exist.
func (u *Update) Apply(item value.Item, exists bool) (value.Item, error) {
	values := make([]value.Value, len(u.actions))
	for i, a := range u.actions {
		if !a.writable(item) && (exists || u.creates) {
			return value.Item{}, errPath
		}
		v, err := a.eval(item)
		if err != nil {
			return value.Item{}, err
		}
		values[i] = v
	}
	return u.targets.root.writeItem(item, values), nil
}

// writable reports whether what holds the end of the path is there, and is the
// map or list that the path takes it for.
func (a action) writable(item value.Item) bool {
	last := len(a.path) - 1
	if last == 0 {
		return true
	}
	kind := value.KindM
	if a.path[last].IsIndex {
		kind = value.KindL
	}
	return a.path[:last].lookup(item).Kind() == kind
}

// eval returns what the action writes at its path: no value to remove what is
// there.
func (a action) eval(item value.Item) (value.Value, *Error) {
	old := a.path.lookup(item)
	switch a.keyword {
	case "SET":
		return a.set.Eval(item)
	case "ADD":
		switch {
		case !old.IsValid():
			return a.operand, nil
		case old.Kind() != a.operand.Kind():
			return value.Value{}, errOperandType
		case old.Kind() == value.KindN:
			return add(old, a.operand, false)
		}
		return old.Union(a.operand), nil
	case "DELETE":
		switch {
		case !old.IsValid():
			return value.Value{}, nil
		case old.Kind() != a.operand.Kind():
			return value.Value{}, errOperandType
		}
		if rest := old.Minus(a.operand); rest.Len() > 0 {
			return rest, nil
		}
	}
	return value.Value{}, nil // a set is never empty
}

func add(l, r value.Value, subtract bool) (value.Value, *Error) {
	n := r.Number()
	if subtract {
		n = n.Neg()
	}
	n, err := l.Number().Add(n)
	switch {
	case err == nil:
		return value.Number(n), nil
	case errors.Is(err, number.ErrUnderflow):
		return value.Value{}, errUnderflow
	}
	return value.Value{}, errOverflow // too many digits are an overflow, too
}

// setter is the planned value of a SET.
type setter interface {
	Eval(item value.Item) (value.Value, *Error)
	charge() int
}

type (
	plain struct{ operand operand }
	sum   struct {
		subtract bool
		l, r     setter
	}
	listAppend struct{ l, r setter }
	// ifNotExists is the value of a path, or another where it has none.
	ifNotExists struct {
		path      operand
		otherwise setter
	}
)

func (s plain) Eval(item value.Item) (value.Value, *Error) {
	v := s.operand.Eval(item)
	if !v.IsValid() {
		return v, errMissing
	}
	return v, nil
}

func (s sum) Eval(item value.Item) (value.Value, *Error) {
	l, r, err := both(item, value.KindN, s.l, s.r)
	if err != nil {
		return value.Value{}, err
	}
	return add(l, r, s.subtract)
}

func (s listAppend) Eval(item value.Item) (value.Value, *Error) {
	l, r, err := both(item, value.KindL, s.l, s.r)
	if err != nil {
		return value.Value{}, err
	}
	return value.List(slices.Concat(l.List(), r.List())), nil
}

// both evaluates two setters that must yield values of one kind.
func both(item value.Item, kind value.Kind, l, r setter) (lv, rv value.Value, err *Error) {
	if lv, err = ofKind(item, kind, l); err == nil {
		rv, err = ofKind(item, kind, r)
	}
	return lv, rv, err
}

func ofKind(item value.Item, kind value.Kind, s setter) (value.Value, *Error) {
	v, err := s.Eval(item)
	if err == nil && v.Kind() != kind {
		return v, errOperandType
	}
	return v, err
}

func (s ifNotExists) Eval(item value.Item) (value.Value, *Error) {
	if v := s.path.Eval(item); v.IsValid() {
		return v, nil
	}
	return s.otherwise.Eval(item)
}

// writeItem returns item with the values of the leaves below b in it; no value
// removes what is there.
func (b *branch) writeItem(item value.Item, values []value.Value) value.Item {
	attributes := make([]value.Attribute, 0, item.Len()+len(b.names))
	for name, v := range item.All() {
		if next := b.names[name]; next != nil {
			v = next.write(v, values)
		}
		if v.IsValid() {
			attributes = append(attributes, value.Attribute{Name: name, Value: v})
		}
	}
	for name, next := range b.names {
		if item.Has(name) {
			continue
		}
		if v := next.write(value.Value{}, values); v.IsValid() {
			attributes = append(attributes, value.Attribute{Name: name, Value: v})
		}
	}
	return value.NewItem(attributes)
}

// writeList is writeItem for the elements of a list. What is set beyond its
// end is appended in the order of the indexes; the gaps that removed elements
// leave are closed.
func (b *branch) writeList(list []value.Value, values []value.Value) []value.Value {
	elems := make([]value.Value, 0, len(list)+len(b.list))
	for i, v := range list {
		if next := b.list[i]; next != nil {
			v = next.write(v, values)
		}
		if v.IsValid() {
			elems = append(elems, v)
		}
	}
	for _, i := range sortedIndexes(b.list) {
		if i < len(list) {
			continue
		}
		if v := b.list[i].write(value.Value{}, values); v.IsValid() {
			elems = append(elems, v)
		}
	}
	return elems
}

func (b *branch) write(v value.Value, values []value.Value) value.Value {
	switch {
	case b.leaf:
		return values[b.path]
	case v.Kind() == value.KindM:
		return value.Map(b.writeItem(v.Map(), values))
	case v.Kind() == value.KindL:
		return value.List(b.writeList(v.List(), values))
	}
	return v // a removal below what is not there
}
