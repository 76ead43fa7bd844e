package core

import (
	"reflect"
	"time"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// An attribute may keep times in whole seconds or milliseconds. A value
// between two of those cannot be written as it is: comparisons with it are
// changed into those that mean the same for what is stored.

// exact is c with comparisons of coarse times made to mean what they say.
func (s *Schema) exact(c *ast.Cond) *ast.Cond {
	switch {
	case c == nil:
		return nil
	case c.Op == ast.And, c.Op == ast.Or:
		kids := make([]*ast.Cond, len(c.Kids))
		for i, k := range c.Kids {
			kids[i] = s.exact(k)
		}
		if c.Op == ast.And {
			return ast.All(kids...)
		}
		return ast.Any(kids...)
	case c.Op == ast.Not:
		return ast.Negate(s.exact(c.Kids[0]))
	case c.Err != nil || len(c.Args) < 2 || c.Args[0].Kind != ast.OpAttr:
		return c
	}
	unit := s.unit(c.Args[0].Attr)
	if unit == 0 {
		return c
	}
	left := c.Args[0]
	compare := func(op ast.Op, v ast.Operand) *ast.Cond {
		down, whole := rounded(v, unit)
		switch {
		case whole:
			return ast.Compare(op, left, v)
		case op == ast.Eq:
			return &ast.Cond{Op: ast.False}
		case op == ast.Ne: // whatever is stored, or nothing
			return &ast.Cond{Op: ast.True}
		case op == ast.Lt:
			return ast.Compare(ast.Le, left, down)
		case op == ast.Ge:
			return ast.Compare(ast.Gt, left, down)
		}
		return ast.Compare(op, left, down)
	}
	switch c.Op {
	case ast.Eq, ast.Ne, ast.Lt, ast.Le, ast.Gt, ast.Ge:
		return compare(c.Op, c.Args[1])
	case ast.Between:
		if _, whole := rounded(c.Args[1], unit); whole {
			return c // the upper bound may be rounded down
		}
		return ast.All(compare(ast.Ge, c.Args[1]), compare(ast.Le, c.Args[2]))
	case ast.In:
		args := []ast.Operand{left}
		for _, v := range c.Args[1:] {
			if _, whole := rounded(v, unit); whole {
				args = append(args, v)
			}
		}
		if len(args) == 1 {
			return &ast.Cond{Op: ast.False}
		}
		return ast.Compare(ast.In, args...)
	}
	return c
}

// unit is the resolution in which a keeps times, 0 for all of it or if it
// holds none.
func (s *Schema) unit(a *ast.Attr) time.Duration {
	if a.Check() != nil {
		return 0
	}
	return resolution(a, s.plan, s.formats)
}

func resolution(a *ast.Attr, plan *codec.Plan, formats map[string]codec.Format) time.Duration {
	switch {
	case a.Path == nil || !isTime(base(a.Type)) || plan.TypeOf(a.Path) != "N":
		return 0
	case formats[a.Path.String()] == codec.UnixMilli:
		return time.Millisecond
	}
	return time.Second
}

// rounded is the time v rounded down to whole units, and whether it is that
// already.
func rounded(v ast.Operand, unit time.Duration) (down ast.Operand, whole bool) {
	if v.Kind != ast.OpValue {
		return v, true
	}
	t, ok := indirect(reflect.ValueOf(v.Value))
	if !ok || !isTime(t.Type()) {
		return v, true
	}
	at := t.Convert(timeType).Interface().(time.Time)
	lower := floor(at, unit)
	if lower.Equal(at) {
		return v, true
	}
	v.Value = reflect.ValueOf(lower).Convert(t.Type()).Interface()
	return v, false
}
