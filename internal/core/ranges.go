package core

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
)

// keyRange is the part of an item collection that a query reads: one
// condition on each sort key attribute, as the service takes them.
type keyRange struct {
	partition attributes // the partition key attributes

	equal attributes // sort key attributes fixed by equality
	attr  string     // the attribute bounded by op, "" if none
	op    ast.Op     // Eq…Ge, Between, BeginsWith
	a, b  types.AttributeValue
	// drop are the values at an excluded boundary: items with one of them
	// are read and left out, where no service condition excludes them.
	drop  []types.AttributeValue
	empty bool // nothing can match: there is nothing to ask
}

// narrow is the range of the index's sort key for a query with item as its
// start and where as its key conditions, of keys in the n-th format of the
// sort key.
func (ix *index) narrow(item reflect.Value, where []*ast.Cond, n int) (*keyRange, error) {
	for _, c := range flatten(where) {
		if len(c.Args) > 0 && c.Args[0].Kind == ast.OpAttr && ix.partition.has(c.Args[0].Attr) {
			return nil, fmt.Errorf("where: %v is part of the partition key, which In sets", c.Args[0].Attr)
		}
	}
	p := ix.sort
	if p == nil || p.Kind == PartConst {
		if len(flatten(where)) > 0 {
			return nil, errors.New("where: this key has no sort key to bound; use Filter")
		}
		r := &keyRange{}
		if p != nil {
			r.equal = []attribute{{p.Attr, text(p.Text)}}
		}
		return r, nil
	}
	all, err := p.collect(where)
	if err != nil {
		return nil, err
	}
	for i, b := range all {
		if err := b.check(); err != nil {
			return nil, err
		}
		if b.none {
			return &keyRange{empty: true}, nil
		}
		b.set = p.isSet(item, i) || ix.partition.has(b.attr)
		if b.set && (b.eq != nil || b.ranged()) {
			return nil, fmt.Errorf("where: %v is set in the item of In and bounded by Where", b.attr)
		}
	}
	if p.Kind == PartBy {
		return p.narrowBy(item, all)
	}
	return p.narrowComposite(p.formats[n], item, all)
}

// has reports whether a is an input of p.
func (p *part) has(a *ast.Attr) bool { return slices.ContainsFunc(p.Fields, a.Same) }

// isSet reports whether item gives field i a value that narrows by being
// there, which a zero number cannot.
func (p *part) isSet(item reflect.Value, i int) bool {
	a := p.Fields[i]
	v, ok := input(item, a)
	if !ok || absent(v) {
		return false
	}
	optional := v.Kind() == reflect.Pointer || a.Index == nil
	v, _ = indirect(v)
	if p.Kind == PartComposite {
		return p.formats[0].comps[i].narrows && !v.IsZero()
	}
	switch kind := p.attrs[i].kind; {
	case isTime(v.Type()) || optional:
		return true
	case kind == types.ScalarAttributeTypeB && v.Kind() == reflect.Slice:
		return v.Len() > 0
	default:
		return kind != types.ScalarAttributeTypeN && !v.IsZero()
	}
}

// narrowComposite applies the table of ranges: a range never leaves the
// texts that begin as the bound components do.
func (p *part) narrowComposite(f *format, item reflect.Value, all []*bounds) (*keyRange, error) {
	prefix := f.lits[0]
	for i, c := range f.comps {
		sep := f.lits[i+1]
		var s string
		var err error
		switch b := all[i]; {
		case b.set:
			v, _ := input(item, c.attr)
			s, err = c.write(v, sep, false)
		case b.eq != nil && c.side(b.eq) != 0:
			return &keyRange{empty: true}, nil
		case b.eq != nil:
			s, err = c.write(b.eq.value, sep, true)
			if err == nil && s == "" {
				return &keyRange{empty: true}, nil
			}
		default:
			for _, later := range all[i+1:] {
				if later.eq != nil || later.ranged() {
					return nil, fmt.Errorf("where: %v comes before %v in the sort key and must be set or equal to a value", c.attr, later.attr)
				}
			}
			return p.rangeOf(f, prefix, i, b)
		}
		if err != nil {
			return nil, err
		}
		prefix += s + sep
	}
	return &keyRange{attr: p.Attr, op: ast.Eq, a: text(prefix)}, nil
}

// side tells on which side of all that c can write the bound b lies, 0 when
// it can be written.
func (c *component) side(b *bound) int {
	if b == nil || c.outside == nil {
		return 0
	}
	return c.outside(b.value)
}

func (p *part) begins(prefix string) *keyRange {
	if prefix == "" {
		return &keyRange{}
	}
	return &keyRange{attr: p.Attr, op: ast.BeginsWith, a: text(prefix)}
}

// rangeOf is the range where component i of the format f lies within b and
// the text before it is prefix.
func (p *part) rangeOf(f *format, prefix string, i int, b *bounds) (*keyRange, error) {
	c, sep := f.comps[i], f.lits[i+1]
	follows := i < len(f.comps)-1 || sep != ""
	if b.prefix != nil {
		return p.beginsIn(prefix, c, sep, b)
	}
	lower, upper := c.side(b.low), c.side(b.high)
	low, high := pick(lower < 0, nil, b.low), pick(upper > 0, nil, b.high)
	switch {
	case lower > 0 || upper < 0:
		return &keyRange{empty: true}, nil
	case low == nil && high == nil:
		return p.begins(prefix), nil
	case !c.order:
		return nil, fmt.Errorf("where: %v is not written in its order: only Eq can bound it", c.attr)
	case follows && !c.fixed:
		return nil, fmt.Errorf("where: %v is text that more follows in the sort key: only Eq and Prefix can bound it", c.attr)
	}
	r := &keyRange{attr: p.Attr, op: ast.Between}
	from, to := prefix, prefix+last
	if low != nil {
		s, err := c.write(low.value, "", true)
		if err != nil {
			return nil, err
		}
		from = prefix + s
		if low.open && follows && s != "" {
			from += sep + last
		} else if low.open && s != "" {
			if from, err = p.beyond(r, prefix, c, low, c.next); err != nil {
				return nil, err
			}
		}
	}
	if high != nil {
		s, err := c.write(high.value, "", true)
		if err != nil {
			return nil, err
		}
		switch to = prefix + s; {
		case s == "":
			r.empty = true
		case follows && !high.open:
			to += sep + last
		case !follows && high.open:
			if to, err = p.beyond(r, prefix, c, high, c.prior); err != nil {
				return nil, err
			}
		}
	}
	switch r.empty = r.empty || from > to || to == ""; {
	case r.empty:
		return r, nil
	case prefix != "":
	case high == nil && from == "":
		return &keyRange{}, nil
	case high == nil:
		r.op, r.a = ast.Ge, text(from)
		return r, nil
	case low == nil || from == "":
		r.op, r.a = ast.Le, text(to)
		return r, nil
	}
	r.a, r.b = text(from), text(to)
	return r, nil
}

// beyond is the text of the neighbour of an excluded bound, or the bound
// itself, to be dropped after the read, when its type has no neighbours.
func (p *part) beyond(r *keyRange, prefix string, c *component, b *bound, step func(reflect.Value) (reflect.Value, bool)) (string, error) {
	if step == nil {
		s, err := c.write(b.value, "", true)
		r.drop = append(r.drop, text(prefix+s))
		return prefix + s, err
	}
	v, ok := step(b.value)
	if !ok || c.side(&bound{value: v}) != 0 {
		r.empty = true
		return prefix, nil
	}
	s, err := c.write(v, "", true)
	return prefix + s, err
}

// beginsIn is the range where a text component has a given prefix.
func (p *part) beginsIn(prefix string, c *component, sep string, b *bounds) (*keyRange, error) {
	if !c.narrows || c.fixed || c.attr.Key.Escaped || b.prefix.value.Kind() != reflect.String {
		return nil, fmt.Errorf("where: %v: only plain text has prefixes", c.attr)
	}
	s := b.prefix.value.String()
	if c.attr.Key.Lower {
		s = strings.ToLower(s)
	}
	switch {
	case !utf8.ValidString(s) || strings.Contains(s, last):
		return nil, fmt.Errorf("where: %v: %w", c.attr, errKeyText)
	case sep != "" && strings.Contains(s, sep):
		return &keyRange{empty: true}, nil
	}
	for n := 1; n < len(sep) && n <= len(s); n++ {
		if strings.HasSuffix(s, sep[:n]) {
			return nil, fmt.Errorf("where: %v: a prefix cannot end as the literal %q that follows the field begins", c.attr, sep)
		}
	}
	return p.begins(prefix + s), nil
}

var errKeyText = errors.New("a key holds valid UTF-8 without the code point U+10FFFF")

// narrowBy is the range over key attributes that are fields themselves: from
// left to right by equality, and one range at the end.
func (p *part) narrowBy(item reflect.Value, all []*bounds) (*keyRange, error) {
	r := &keyRange{}
	for i, a := range p.attrs {
		b := all[i]
		switch {
		case b.set:
			av, _, err := p.value(item, a)
			if err != nil {
				return nil, err
			}
			r.equal = append(r.equal, attribute{a.name, av})
			continue
		case b.eq != nil && a.side(b.eq) != 0:
			return &keyRange{empty: true}, nil
		case b.eq != nil:
			av, whole, err := p.boundValue(a, b.eq)
			if err != nil {
				return nil, err
			}
			if !whole || emptyKey(av) {
				return &keyRange{empty: true}, nil
			}
			r.equal = append(r.equal, attribute{a.name, av})
			continue
		}
		for _, later := range all[i+1:] {
			if later.eq != nil || later.ranged() {
				return nil, fmt.Errorf("where: %v comes before %v in the sort key and must be set or equal to a value", b.attr, later.attr)
			}
		}
		return r, p.boundBy(r, a, b)
	}
	return r, nil
}

// boundValue encodes a bound; whole is false when the stored form of the
// attribute is coarser than the value, and av was rounded down.
func (p *part) boundValue(a keyAttr, b *bound) (av types.AttributeValue, whole bool, err error) {
	v := b.value
	whole = true
	if unit := p.unit(a.attr); unit > 0 && isTime(v.Type()) {
		t := v.Convert(timeType).Interface().(time.Time)
		down := floor(t, unit)
		whole = down.Equal(t)
		v = reflect.ValueOf(down).Convert(v.Type())
	}
	av, _, err = p.plan.Value(a.attr.Path, v.Interface())
	if err == nil && !emptyKey(av) {
		err = p.checkValue(av, a)
	}
	return av, whole, err
}

// boundBy bounds the attribute a by the range b.
func (p *part) boundBy(r *keyRange, a keyAttr, b *bounds) error {
	if !b.ranged() {
		return nil
	}
	r.attr = a.name
	if b.prefix != nil {
		av, _, err := p.boundValue(a, b.prefix)
		r.op, r.a = ast.BeginsWith, av
		if emptyKey(av) {
			r.attr = ""
		}
		return err
	}
	if isTime(base(a.attr.Type)) && a.attr.Key.TimeAsIs && a.kind == types.ScalarAttributeTypeS {
		return fmt.Errorf("where: %v is not written in its order: only Eq can bound it", a.attr)
	}
	lower, upper := a.side(b.low), a.side(b.high)
	if lower > 0 || upper < 0 {
		r.empty = true
		return nil
	}
	var low, high types.AttributeValue
	if b.low != nil && lower == 0 {
		av, whole, err := p.boundValue(a, b.low)
		if err != nil {
			return err
		}
		b.low.open = b.low.open || !whole
		if !emptyKey(av) {
			low = av
		}
	}
	if b.high != nil && upper == 0 {
		av, whole, err := p.boundValue(a, b.high)
		if err != nil {
			return err
		}
		b.high.open = b.high.open && whole
		if emptyKey(av) {
			r.empty = true
			return nil
		}
		high = av
	}
	switch {
	case low != nil && high != nil:
		r.op, r.a, r.b = ast.Between, low, high
		order := compare(low, high)
		r.empty = order > 0 || order == 0 && (b.low.open || b.high.open)
		if b.low.open {
			r.drop = append(r.drop, low)
		}
		if b.high.open {
			r.drop = append(r.drop, high)
		}
	case low != nil:
		r.op, r.a = pick(b.low.open, ast.Gt, ast.Ge), low
	case high != nil:
		r.op, r.a = pick(b.high.open, ast.Lt, ast.Le), high
	default:
		r.attr = ""
	}
	return nil
}

// side tells on which side of all that the attribute can hold the bound b
// lies, 0 when it can be written.
func (a keyAttr) side(b *bound) int {
	if b == nil || a.kind != types.ScalarAttributeTypeS || !isTime(b.value.Type()) {
		return 0
	}
	return yearSide(b.value.Convert(timeType).Interface().(time.Time))
}

func pick[V any](first bool, a, b V) V {
	if first {
		return a
	}
	return b
}

// holds reports whether a stored key with the attributes key lies in the
// range.
func (r *keyRange) holds(key map[string]types.AttributeValue) bool {
	for _, e := range slices.Concat(r.partition, r.equal) {
		if !equalValues(key[e.name], e.value) {
			return false
		}
	}
	if r.attr == "" {
		return true
	}
	av := key[r.attr]
	if kindOf(av) != kindOf(r.a) {
		return false
	}
	switch order := compare(av, r.a); r.op {
	case ast.Eq:
		return order == 0
	case ast.Lt:
		return order < 0
	case ast.Le:
		return order <= 0
	case ast.Gt:
		return order > 0
	case ast.Ge:
		return order >= 0
	case ast.Between:
		return order >= 0 && compare(av, r.b) <= 0
	}
	return strings.HasPrefix(describe(av), describe(r.a))
}

// dropped reports whether item lies on an excluded boundary of r.
func (r *keyRange) dropped(item *record) bool {
	if len(r.drop) == 0 {
		return false
	}
	av := item.attribute(r.attr)
	for _, d := range r.drop {
		if av != nil && compare(av, d) == 0 {
			return true
		}
	}
	return false
}
