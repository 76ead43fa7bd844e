package core

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/dynox-go/dynox/internal/ast"
)

// bounds is what the conditions of Where say of one field.
type bounds struct {
	attr          *ast.Attr
	eq, low, high *bound
	prefix        *bound
	set           bool // the item of In gives its value
	none          bool // contradictory or empty
}

type bound struct {
	value reflect.Value
	open  bool // the value itself is outside
}

// collect sorts the comparisons of where by the fields of p.
func (p *part) collect(where []*ast.Cond) ([]*bounds, error) {
	all := make([]*bounds, len(p.Fields))
	for i, a := range p.Fields {
		all[i] = &bounds{attr: a}
	}
	for _, c := range flatten(where) {
		if c.Op == ast.False {
			for _, b := range all {
				b.none = true
			}
			continue
		}
		if err := c.Err; err != nil {
			return nil, err
		}
		if len(c.Args) == 0 || c.Args[0].Kind != ast.OpAttr {
			return nil, errors.New("where: only comparisons of sort key fields with values can be key conditions")
		}
		b := find(all, c.Args[0].Attr)
		if b == nil {
			if a := c.Args[0].Attr; a != nil && a.Err != nil {
				return nil, a.Err
			}
			return nil, fmt.Errorf("where: %v is not part of the sort key; use Filter", c.Args[0].Attr)
		}
		if err := b.add(c); err != nil {
			return nil, fmt.Errorf("where: %v: %w", b.attr, err)
		}
	}
	return all, nil
}

func flatten(cs []*ast.Cond) []*ast.Cond {
	var out []*ast.Cond
	for _, c := range cs {
		switch {
		case c.Neutral():
		case c.Op == ast.And:
			out = append(out, flatten(c.Kids)...)
		default:
			out = append(out, c)
		}
	}
	return out
}

func find(all []*bounds, a *ast.Attr) *bounds {
	for _, b := range all {
		if b.attr.Same(a) {
			return b
		}
	}
	return nil
}

var errNotOne = errors.New("these conditions cannot become one key condition")

func (b *bounds) add(c *ast.Cond) error {
	var vals []*bound
	for _, arg := range c.Args[1:] {
		if arg.Kind != ast.OpValue {
			return errors.New("a key condition compares with values only")
		}
		v, ok := indirect(reflect.ValueOf(arg.Value))
		if !ok {
			return errors.New("a key condition needs a value, not nil")
		}
		if v, ok = convert(v, base(b.attr.Type)); !ok {
			return fmt.Errorf("a condition with a %T on a field of type %v", arg.Value, b.attr.Type)
		}
		vals = append(vals, &bound{value: v})
	}
	put := func(slot **bound, v *bound) error {
		if *slot != nil {
			return errNotOne
		}
		*slot = v
		return nil
	}
	switch c.Op {
	case ast.Eq:
		return put(&b.eq, vals[0])
	case ast.Gt, ast.Ge:
		vals[0].open = c.Op == ast.Gt
		return put(&b.low, vals[0])
	case ast.Lt, ast.Le:
		vals[0].open = c.Op == ast.Lt
		return put(&b.high, vals[0])
	case ast.Between:
		return errors.Join(put(&b.low, vals[0]), put(&b.high, vals[1]))
	case ast.BeginsWith:
		return put(&b.prefix, vals[0])
	}
	return errors.New("a key condition is one of Eq, Lt, Le, Gt, Ge, Between and Prefix")
}

// ranged reports whether b bounds its field other than by equality.
func (b *bounds) ranged() bool { return b.low != nil || b.high != nil || b.prefix != nil }

func (b *bounds) check() error {
	if b.eq != nil && b.ranged() || b.prefix != nil && (b.low != nil || b.high != nil) {
		return fmt.Errorf("where: %v: %w", b.attr, errNotOne)
	}
	return nil
}
