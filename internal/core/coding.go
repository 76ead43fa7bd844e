package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/wire"
)

// coded is an attribute that goes through coders: those of lower rank first
// when it is written, last when it is read.
type coded struct {
	path   codec.Path
	text   string // of the path
	coders []Coded
}

// compileCoded checks the coded attributes, and sorts them by path, so that
// those in one map are neighbours.
func (s *Schema) compileCoded(given []Coded) error {
	var errs []error
	for _, c := range given {
		switch err := s.checkCoded(c); {
		case err != nil:
			errs = append(errs, err)
			continue
		case c.ReadOnly:
			s.stages.readOnly = append(s.stages.readOnly, c.Attr)
		}
		path := c.Attr.Path
		i := slices.IndexFunc(s.stages.coded, func(other coded) bool { return overlap(other.path, path) })
		switch {
		case i < 0:
			s.stages.coded = append(s.stages.coded, coded{path, path.String(), []Coded{c}})
		case len(s.stages.coded[i].path) != len(path):
			errs = append(errs, fmt.Errorf("%v and %s: one is in the other, which is encoded as a whole", c.Attr, s.stages.coded[i].text))
		case slices.ContainsFunc(s.stages.coded[i].coders, func(other Coded) bool { return other.Rank == c.Rank }):
			errs = append(errs, fmt.Errorf("%v is encoded twice in the same way", c.Attr))
		default:
			s.stages.coded[i].coders = append(s.stages.coded[i].coders, c)
		}
	}
	for _, c := range s.stages.coded {
		slices.SortFunc(c.coders, func(a, b Coded) int { return a.Rank - b.Rank })
	}
	slices.SortFunc(s.stages.coded, func(a, b coded) int {
		return slices.CompareFunc(a.path, b.path, func(a, b codec.Step) int { return strings.Compare(a.Name, b.Name) })
	})
	return errors.Join(errs...)
}

// checkCoded refuses an attribute that must be stored as it is.
func (s *Schema) checkCoded(c Coded) error {
	a := c.Attr
	switch err := a.Check(); {
	case err != nil:
		return err
	case a.Item != s.Type:
		return fmt.Errorf("%v is an attribute of %v, not of %v", a, a.Item, s.Type)
	case a.Index == nil:
		return fmt.Errorf("%v is no field of %v: it cannot be encrypted or compressed", a, s.Type)
	case c.Coder == nil:
		return fmt.Errorf("%v has no coder", a)
	}
	if why := s.plain(a); why != "" {
		return fmt.Errorf("%v %s: it cannot be encrypted or compressed", a, why)
	}
	return nil
}

// plain says why an attribute must be stored as its plan has it, "" if it need
// not.
func (s *Schema) plain(a *ast.Attr) string {
	name := a.Path[0].Name
	if s.Kind.Attr == name {
		return "holds the kind"
	}
	for _, ix := range s.all() {
		for _, p := range ix.parts() {
			for _, k := range p.attrs {
				if k.name == name {
					return "is in a key"
				}
			}
			for _, f := range p.Fields {
				if f.Path != nil && overlap(f.Path, a.Path) {
					return "is in a key"
				}
			}
		}
	}
	if v := s.stages.version; v != nil && (overlap(v.Attr.Path, a.Path) || v.Token != nil && overlap(v.Token.Path, a.Path)) {
		return "is the version, or its token"
	}
	if t := s.stages.ttl; t != nil && overlap(t.Path, a.Path) {
		return "is the TTL"
	}
	if u := s.stages.upgrades; u != nil && overlap(u.attr.Path, a.Path) {
		return "is the schema's number"
	}
	return ""
}

// span is where a coded attribute is in the JSON of an item, or of a value.
type span struct {
	start, end int
	coded      *coded
}

// locate appends to found where the attributes of all, whose paths agree in
// the first depth steps, are in the object that s is at.
func locate(s *wire.Scanner, depth int, all []coded, found []span) ([]span, error) {
	if err := s.Object(); err != nil {
		return found, err
	}
	for {
		name, ok, err := s.Member()
		if err != nil || !ok {
			return found, err
		}
		from, to := 0, 0
		for i := range all {
			switch {
			case string(name) != all[i].path[depth].Name:
			case to == 0:
				from, to = i, i+1
			default:
				to = i + 1
			}
		}
		if found, err = locateValue(s, depth+1, all[from:to], found); err != nil {
			return found, err
		}
	}
}

// locateValue is locate for the attribute value that s is at.
func locateValue(s *wire.Scanner, depth int, all []coded, found []span) ([]span, error) {
	switch {
	case len(all) == 0:
		return found, s.Skip()
	case len(all[0].path) == depth:
		raw, err := s.Raw()
		return append(found, span{s.Pos() - len(raw), s.Pos(), &all[0]}), err
	}
	start := *s
	if t, err := s.Attribute(); err != nil || t != wire.M {
		*s = start
		return found, s.Skip()
	}
	found, err := locate(s, depth, all, found)
	if err != nil {
		return found, err
	}
	return found, s.EndAttribute()
}

// spliceValues appends raw to b with values in the places of spans.
func spliceValues(b, raw []byte, spans []span, values []Value) []byte {
	at := 0
	for i, sp := range spans {
		b = append(b, raw[at:sp.start]...)
		if json := values[i].JSON; json != nil {
			b = append(b, json...)
		} else {
			b = append(b, `{"NULL":true}`...)
		}
		at = sp.end
	}
	return append(b, raw[at:]...)
}

// valuesOf appends what spans of raw hold: values like the given one.
func valuesOf(dst []Value, raw []byte, spans []span, like Value) []Value {
	for _, sp := range spans {
		like.Path, like.JSON = sp.coded.text, raw[sp.start:sp.end]
		dst = append(dst, like)
	}
	return dst
}

// through takes values, each of the attribute that of has for it, through
// their coders, one after the other.
func through(values []Value, of []*coded, backwards bool, do func(Coder, []Value) error) error {
	if coder := only(of); coder != nil {
		return do(coder, values)
	}
	for _, rank := range ranks(of, backwards) {
		todo := make([]Coder, len(values))
		for i, c := range of {
			for _, coder := range c.coders {
				if coder.Rank == rank && values[i].Err == nil && values[i].JSON != nil {
					todo[i] = coder.Coder
				}
			}
		}
		for i, coder := range todo {
			if coder == nil {
				continue
			}
			if err := together(values, todo, i, coder, do); err != nil {
				return err
			}
		}
	}
	return nil
}

// only is the one coder that all values go through, nil if there is none.
func only(of []*coded) Coder {
	for _, c := range of {
		if len(c.coders) > 1 || c.coders[0].Coder != of[0].coders[0].Coder {
			return nil
		}
	}
	if len(of) == 0 {
		return nil
	}
	return of[0].coders[0].Coder
}

// together takes the values from first on whose coder is coder through it.
func together(values []Value, todo []Coder, first int, coder Coder, do func(Coder, []Value) error) error {
	var group []Value
	var places []int
	for i := first; i < len(values); i++ {
		if todo[i] == coder {
			todo[i] = nil
			group, places = append(group, values[i]), append(places, i)
		}
	}
	err := do(coder, group)
	for i, place := range places {
		values[place] = group[i]
	}
	return err
}

// ranks are those of all coders, ascending or descending.
func ranks(of []*coded, descending bool) []int {
	var all []int
	for _, c := range of {
		for _, coder := range c.coders {
			if !slices.Contains(all, coder.Rank) {
				all = append(all, coder.Rank)
			}
		}
	}
	slices.Sort(all)
	if descending {
		slices.Reverse(all)
	}
	return all
}
