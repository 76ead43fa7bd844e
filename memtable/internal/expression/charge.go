package expression

import (
	"strconv"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// What the service counts for the parts of an update when it is an UpdateItem's: bytes that no documentation
// gives, as they were found by bisecting which updates it refuses.
const (
	chargeUpdate      = 3
	chargeWrite       = 19 // SET and ADD
	chargeRemoval     = 1  // REMOVE and DELETE
	chargePlus        = 34
	chargeMinus       = 37
	chargeListAppend  = 37
	chargeIfNotExists = 39
	chargeOperand     = 1
	chargeElement     = 14 // of a path that is read
	chargeStep        = 4  // of a path that is written, behind its first name
)

// Charge returns the bytes that the service counts for the update itself, which may be too many for an item
// that would not be. Of values that are read from the item it counts the paths, of a set that is added to it
// counts the new members.
func (u *Update) Charge(item value.Item) int {
	n := chargeUpdate
	for _, a := range u.actions {
		n += a.charge(item)
	}
	return n
}

func (a action) charge(item value.Item) int {
	n := a.path.length(chargeStep) - chargeStep
	switch a.keyword {
	case "SET":
		return n + chargeWrite + a.set.charge()
	case "ADD":
		added := a.operand
		if old := a.path.lookup(item); old.Kind() == added.Kind() && added.Kind() != value.KindN {
			added = added.Minus(old)
		}
		return n + chargeWrite + added.Size()
	}
	return n + chargeRemoval
}

// length sums up the path's elements, names or the digits of indexes, each with so many bytes more.
func (p DocumentPath) length(more int) int {
	n := 0
	for _, e := range p {
		text := e.Name
		if e.IsIndex {
			text = strconv.Itoa(e.Index)
		}
		n += more + len(text)
	}
	return n
}

func (s plain) charge() int { return operandCharge(s.operand) }

func (s sum) charge() int {
	n := s.l.charge() + s.r.charge()
	if s.subtract {
		return n + chargeMinus
	}
	return n + chargePlus
}

func (s listAppend) charge() int { return chargeListAppend + s.l.charge() + s.r.charge() }

func (s ifNotExists) charge() int {
	return chargeIfNotExists + operandCharge(s.path) + s.otherwise.charge()
}

func operandCharge(x operand) int {
	switch x := x.(type) {
	case constant:
		return x.v.Size()
	case pathOperand:
		return chargeOperand + x.path.length(chargeElement)
	}
	return 0
}
