package core

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
)

// Kind is the value that marks the items of one type in a table of several.
type Kind struct {
	Attr, Name string
	Also       []string // names that are accepted on read
	ByKey      bool     // nothing is stored: the key tells
}

// names are all that are accepted.
func (k Kind) names() []string { return append([]string{k.Name}, k.Also...) }

func (s *Schema) checkKind() error {
	switch {
	case s.Kind.ByKey:
		return s.checkKindByKey()
	case s.Kind.Attr == "" && s.Kind.Name == "":
		return nil
	case s.Kind.Attr == "" || slices.Contains(s.Kind.names(), ""):
		return errors.New("kind: it needs a name, and an attribute to be stored in")
	}
	for _, p := range s.derived {
		if p.Attr == s.Kind.Attr {
			return fmt.Errorf("kind: attribute %s is composed as a key", p.Attr)
		}
	}
	for _, ix := range s.all() {
		for _, a := range ix.attrs() {
			if a.name == s.Kind.Attr && ix == s.table {
				return fmt.Errorf("kind: attribute %s is part of the table's key", a.name)
			}
		}
	}
	for _, f := range s.plan.Fields() {
		if f.Name != s.Kind.Attr {
			continue
		}
		if base(f.Type).Kind() != reflect.String {
			return fmt.Errorf("kind: the field for %s is a %v, not a string", f.Name, f.Type)
		}
		s.kindIn = f.Index
	}
	return nil
}

func (s *Schema) checkKindByKey() error {
	if s.Kind.Name == "" {
		return errors.New("kind: it needs a name")
	}
	for _, p := range s.table.parts() {
		if p.Kind == PartConst || p.Kind == PartComposite && !slices.ContainsFunc(p.formats, (*format).blank) {
			return nil
		}
	}
	return errors.New("kind: no part of the key has a text that tells it from other keys")
}

// blank reports whether f has no literals.
func (f *format) blank() bool { return strings.Join(f.lits, "") == "" }

// mayBeSentinel reports whether a partition key of the repository's can begin as
// those of sentinels do.
func (s *Schema) mayBeSentinel() bool {
	like := func(lit string) bool {
		return strings.HasPrefix(sentinelPrefix, lit) || strings.HasPrefix(lit, sentinelPrefix)
	}
	switch p := s.table.partition; p.Kind {
	case PartBy:
		return p.attrs[0].kind == "S"
	case PartConst:
		return strings.HasPrefix(p.Text, sentinelPrefix)
	default:
		return slices.ContainsFunc(p.formats, func(f *format) bool { return like(f.lits[0]) })
	}
}

// implied reports whether the key's own literals tell this kind from others.
func (s *Schema) implied(ix *index) bool {
	p := ix.sort
	if p == nil {
		p = ix.partition
	}
	bare := func(f *format) bool { return f.lits[0] == "" }
	return p.Kind == PartConst || p.Kind == PartComposite && !slices.ContainsFunc(p.formats, bare)
}

// foreign reports whether a stored item is of another kind.
func (s *Schema) foreign(r *record) bool {
	if s.scope != "" && !s.table.partition.owns(r) {
		return true // another tenant's
	}
	if s.Kind.Attr != "" && r.has(s.Kind.Attr) {
		kind, ok := r.string(s.Kind.Attr)
		return !ok || string(kind) != s.Kind.Name && !slices.Contains(s.Kind.Also, string(kind))
	}
	for _, p := range s.table.parts() {
		if !p.owns(r) {
			return true
		}
	}
	return s.bare && s.isSentinel(r) || s.Kind.ByKey && !s.accepts(r)
}

// accepts reports whether the stored key has one of the accepted formats, and is
// composed of the inputs that the item has. Free texts it must have: in the key alone they
// could go on into what is another format's.
func (s *Schema) accepts(r *record) bool {
	attrs := r.attributes()
	if s.stages.upgrades != nil { // the inputs may be of an older form
		attrs = make(map[string]types.AttributeValue)
		for _, a := range s.table.attrs() {
			attrs[a.name] = r.attribute(a.name)
		}
	} else if slices.ContainsFunc(s.table.texts(), func(name string) bool { return slices.Contains(r.names, name) && !r.has(name) }) {
		return false
	}
	_, ok := s.formOf(s.table, attrs)
	return ok
}

// texts are the stored attributes that the composites of ix's key hold as texts of
// any length.
func (ix *index) texts() []string {
	var names []string
	for _, p := range ix.parts() {
		if p.Kind != PartComposite {
			continue
		}
		for _, c := range p.formats[0].comps {
			if c.attr.Path != nil && !c.fixed {
				names = append(names, c.attr.Path[0].Name)
			}
		}
	}
	return names
}

// composes reports whether the fields of item, which was decoded from r, make the
// stored key, as they mostly do. If not, that says nothing.
func (s *Schema) composes(r *record, item reflect.Value) bool {
	for _, p := range s.table.parts() {
		if p.Kind == PartComposite && !p.composes(r, item) || p.Kind == PartConst && !p.owns(r) {
			return false
		}
	}
	return true
}

// owns reports whether the stored key begins as p's does.
func (p *part) owns(r *record) bool {
	if p.Kind == PartBy {
		return true
	}
	s, ok := r.string(p.Attr)
	if !ok {
		return false
	}
	if p.Kind == PartConst {
		return string(s) == p.Text
	}
	for _, f := range p.formats {
		if lit := f.lits[0]; len(s) >= len(lit) && string(s[:len(lit)]) == lit {
			return true
		}
	}
	return false
}

// kindCond holds for items of this kind, and for those without any.
func (s *Schema) kindCond() *ast.Cond {
	if s.Kind.Attr == "" {
		return nil
	}
	a := ast.AttrOperand(s.attr(s.Kind.Attr))
	is := ast.Compare(ast.Eq, a, ast.Operand{Kind: ast.OpPlain, Value: s.Kind.Name})
	if len(s.Kind.Also) > 0 {
		is = &ast.Cond{Op: ast.In, Args: []ast.Operand{a}}
		for _, name := range s.Kind.names() {
			is.Args = append(is.Args, ast.Operand{Kind: ast.OpPlain, Value: name})
		}
	}
	return ast.Any(is, ast.Compare(ast.Missing, a))
}

// literalCond holds for items whose stored key begins as p's does.
func (p *part) literalCond(s *Schema) *ast.Cond {
	plain := func(op ast.Op, v string) *ast.Cond {
		return ast.Compare(op, ast.AttrOperand(s.attr(p.Attr)), ast.Operand{Kind: ast.OpPlain, Value: v})
	}
	switch p.Kind {
	case PartConst:
		return plain(ast.Eq, p.Text)
	case PartComposite:
		var forms []*ast.Cond
		for _, f := range p.formats {
			if f.lits[0] == "" {
				return nil
			}
			forms = append(forms, plain(ast.BeginsWith, f.lits[0]))
		}
		return ast.Any(forms...)
	}
	return nil
}
