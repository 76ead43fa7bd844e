package expression

import (
	"strings"
	"unicode/utf16"

	"github.com/dynox-go/dynox/internal/number"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// operand is a planned value. Eval returns no value where the item has none.
type operand interface {
	Eval(item value.Item) value.Value
	kind() value.Kind // what is known of the type before an item is read
}

// predicate is a planned condition.
type predicate interface {
	Eval(item value.Item) bool
}

// Operands.
type (
	constant    struct{ v value.Value }
	pathOperand struct{ path DocumentPath }
	sizeOf      struct{ x operand }
	truth       struct{ condition predicate }
)

func (o constant) Eval(value.Item) value.Value         { return o.v }
func (o pathOperand) Eval(item value.Item) value.Value { return o.path.lookup(item) }

// Eval returns the size as the service counts it: UTF-16 code units of a
// string, bytes of a binary, elements of a set, list or map.
func (o sizeOf) Eval(item value.Item) value.Value {
	v := o.x.Eval(item)
	switch v.Kind() {
	case value.KindS:
		size := 0
		for _, r := range v.Text() {
			size += utf16.RuneLen(r)
		}
		return value.Number(number.FromInt64(int64(size)))
	case value.KindB, value.KindSS, value.KindNS, value.KindBS, value.KindL, value.KindM:
		return value.Number(number.FromInt64(int64(v.Len())))
	}
	return value.Value{}
}

// Eval returns whether the condition holds.
func (o truth) Eval(item value.Item) value.Value { return value.Bool(o.condition.Eval(item)) }

func (o constant) kind() value.Kind    { return o.v.Kind() }
func (o pathOperand) kind() value.Kind { return value.Invalid }
func (o sizeOf) kind() value.Kind      { return value.KindN }
func (o truth) kind() value.Kind       { return value.KindBOOL }

// Predicates. The zero not is a condition whose planning failed.
type (
	and     struct{ l, r predicate }
	or      struct{ l, r predicate }
	not     struct{ x predicate }
	equal   struct{ l, r operand }
	unequal struct{ l, r operand }
	exists  struct{ x operand }
	missing struct{ x operand }
	// compare orders two values of one type S, N or B by one of < <= > >=.
	compare struct {
		op   string
		l, r operand
	}
	between struct{ x, lo, hi operand }
	in      struct {
		x    operand
		list []operand
	}
	attributeType struct {
		x      operand
		wanted value.Kind
	}
	beginsWith struct{ x, prefix operand }
	contains   struct{ x, part operand }
)

func (p and) Eval(item value.Item) bool { return p.l.Eval(item) && p.r.Eval(item) }
func (p or) Eval(item value.Item) bool  { return p.l.Eval(item) || p.r.Eval(item) }
func (p not) Eval(item value.Item) bool { return !p.x.Eval(item) }

// Eval reports equality, of which a missing value has none with anything.
func (p equal) Eval(item value.Item) bool {
	v := p.l.Eval(item)
	return v.IsValid() && v.Equal(p.r.Eval(item))
}

func (p unequal) Eval(item value.Item) bool { return !equal(p).Eval(item) }

func (p exists) Eval(item value.Item) bool  { return p.x.Eval(item).IsValid() }
func (p missing) Eval(item value.Item) bool { return !p.x.Eval(item).IsValid() }

func (p compare) Eval(item value.Item) bool {
	l, r := p.l.Eval(item), p.r.Eval(item)
	if l.Kind() != r.Kind() || !l.Kind().IsKey() {
		return false
	}
	switch c := value.Compare(l, r); p.op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	default:
		return c >= 0
	}
}

func (p between) Eval(item value.Item) bool {
	return compare{">=", p.x, p.lo}.Eval(item) && compare{"<=", p.x, p.hi}.Eval(item)
}

func (p in) Eval(item value.Item) bool {
	v := p.x.Eval(item)
	for _, x := range p.list {
		if v.IsValid() && v.Equal(x.Eval(item)) {
			return true
		}
	}
	return false
}

func (p attributeType) Eval(item value.Item) bool { return p.x.Eval(item).Kind() == p.wanted }

func (p beginsWith) Eval(item value.Item) bool {
	v, prefix := p.x.Eval(item), p.prefix.Eval(item)
	return v.Kind() == prefix.Kind() && (v.Kind() == value.KindS || v.Kind() == value.KindB) && strings.HasPrefix(v.Text(), prefix.Text())
}

func (p contains) Eval(item value.Item) bool {
	v, part := p.x.Eval(item), p.part.Eval(item)
	switch v.Kind() {
	case value.KindS, value.KindB:
		return v.Kind() == part.Kind() && strings.Contains(v.Text(), part.Text())
	case value.KindSS, value.KindNS, value.KindBS:
		return v.Has(part)
	case value.KindL:
		for _, elem := range v.List() {
			if elem.Equal(part) {
				return true
			}
		}
	}
	return false
}
