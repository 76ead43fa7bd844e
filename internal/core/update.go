package core

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// complete checks the actions of an update of the item that key names and
// adds what follows from them: the keys of indexes that are composed of what
// changes, and for an upsert what a new item needs.
func (r *Repo) complete(op Op, key reflect.Value, actions []*ast.Action) ([]*ast.Action, error) {
	if len(actions) == 0 {
		return nil, errors.New("no actions: an update changes something")
	}
	var errs []error
	for i, a := range actions {
		if err := errors.Join(a.Err, a.Attr.Check()); err != nil {
			errs = append(errs, err)
			continue
		}
		if a.Attr.Item != r.Type {
			errs = append(errs, fmt.Errorf("%v is an attribute of %v", a.Attr, a.Attr.Item))
		}
		for _, b := range actions[:i] {
			switch {
			case b.Attr.Check() != nil || !overlap(a.Attr.Path, b.Attr.Path):
			case len(a.Attr.Path) == len(b.Attr.Path):
				errs = append(errs, fmt.Errorf("%v is changed twice; an update does one thing to each attribute", a.Attr))
			default:
				errs = append(errs, fmt.Errorf("%v and %v change the same attribute; an update does one thing to each", b.Attr, a.Attr))
			}
		}
		errs = append(errs, r.changeable(a.Attr), r.appendable(a))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	out := slices.Clone(actions)
	for i, a := range out {
		if r.leavesIndex(a) {
			out[i] = &ast.Action{Clause: ast.Remove, Attr: a.Attr}
		}
	}
	for _, p := range r.derived {
		if p == r.table.partition || p == r.table.sort || r.isTableKey(p.Attr) {
			continue
		}
		action, err := r.rederive(op, p, key, actions)
		if err != nil {
			return nil, err
		}
		if action != nil {
			out = append(out, action)
		}
	}
	if op == Upsert {
		out, err := r.created(out)
		if err != nil {
			return nil, err
		}
		return r.addNew(key, out)
	}
	return out, nil
}

// appendable refuses to append to a set: it has no order.
func (r *Repo) appendable(a *ast.Action) error {
	if a.Clause != ast.Set || a.Value.Kind != ast.OpConcat {
		return nil
	}
	switch r.plan.TypeOf(a.Attr.Path) {
	case "SS", "NS", "BS":
		return fmt.Errorf("%v is a set: expr.AddToSet adds to it", a.Attr)
	}
	return nil
}

// overlap reports whether one path leads to the other.
func overlap(a, b codec.Path) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

func (s *Schema) isTableKey(name string) bool {
	return slices.ContainsFunc(s.table.attrs(), func(a keyAttr) bool { return a.name == name })
}

// changeable refuses to change what identifies the item, or is derived.
func (r *Repo) changeable(a *ast.Attr) error {
	name := a.Path[0].Name
	if r.isTableKey(name) {
		return fmt.Errorf("%v is the item's key: an update cannot change it", a)
	}
	if name == r.Kind.Attr {
		return fmt.Errorf("%v is the item's kind: an update cannot change it", a)
	}
	for _, p := range r.derived {
		if p.Attr == name {
			return fmt.Errorf("%v is composed of other attributes: update those", a)
		}
		if !r.isTableKey(p.Attr) {
			continue
		}
		for _, f := range p.Fields {
			if f.Path != nil && overlap(f.Path, a.Path) {
				return fmt.Errorf("%v is part of the item's key: an update cannot change it", a)
			}
		}
	}
	return nil
}

// leavesIndex reports whether a sets the key attribute of an index to a
// value that counts as missing, which takes the item out of the index.
func (r *Repo) leavesIndex(a *ast.Action) bool {
	if a.Clause != ast.Set || a.Value.Kind != ast.OpValue || len(a.Attr.Path) != 1 {
		return false
	}
	for _, ix := range r.indexes {
		for _, k := range ix.attrs() {
			if k.attr == nil || k.name != a.Attr.Path[0].Name {
				continue
			}
			v := reflect.ValueOf(a.Value.Value)
			if !v.IsValid() || absent(v) {
				return true
			}
			av, _, err := r.plan.Value(a.Attr.Path, a.Value.Value)
			return err == nil && emptyKey(av)
		}
	}
	return false
}

// rederive is the action that keeps the key attribute of an index in step
// with actions that change its inputs, nil if none does.
func (r *Repo) rederive(op Op, p *part, key reflect.Value, actions []*ast.Action) (*ast.Action, error) {
	target := r.attr(p.Attr)
	if p.Kind == PartConst {
		if op != Upsert {
			return nil, nil
		}
		return &ast.Action{Clause: ast.Set, Attr: target, Value: ast.Operand{Kind: ast.OpPlain, Value: p.Text}}, nil
	}
	values := make([]reflect.Value, len(p.Fields))
	var touched, unknown, folded []*ast.Attr
	for i, f := range p.Fields {
		a := touching(f, actions)
		switch {
		case a != nil:
			touched = append(touched, f)
			v, known := assigned(f, a)
			if !known {
				return nil, fmt.Errorf("%s is composed of %v, whose new value is not known before the update: Set or Remove it", p.Attr, f)
			}
			values[i] = v
		case f.Path != nil && f.Path.String() == r.Kind.Attr || r.isKeyInput(f):
			values[i], _ = input(key, f)
			if r.folds(f) {
				folded = append(folded, f)
			}
		default:
			unknown = append(unknown, f)
		}
	}
	switch {
	case len(touched) > 0 && len(unknown) > 0:
		return nil, fmt.Errorf("%s is composed of %v and %v: update all of them together", p.Attr, touched, unknown)
	case len(touched) == 0 && (op != Upsert || len(unknown) > 0):
		return nil, nil
	case len(touched) > 0 && len(folded) > 0:
		return nil, fmt.Errorf("%s is composed of %v and %v, and the item's key tells the latter in lower case only: use Put", p.Attr, touched, folded)
	}
	s, missing, err := p.formats[0].compose(func(i int) (reflect.Value, bool) { return values[i], values[i].IsValid() })
	switch {
	case err != nil:
		return nil, err
	case missing != nil:
		return &ast.Action{Clause: ast.Remove, Attr: target}, nil
	}
	value := ast.Operand{Kind: ast.OpPlain, Value: s}
	if len(folded) > 0 {
		value = orElse(target, value)
	}
	return &ast.Action{Clause: ast.Set, Attr: target, Value: value}, nil
}

// orElse is what is stored in a, or where that is missing, value.
func orElse(a *ast.Attr, value ast.Operand) ast.Operand {
	return ast.Operand{Kind: ast.OpIfMissing, Args: []ast.Operand{ast.AttrOperand(a), value}}
}

// touching is the action that changes f, or a part or the whole of what f is
// in.
func touching(f *ast.Attr, actions []*ast.Action) *ast.Action {
	for _, a := range actions {
		if f.Path != nil && overlap(f.Path, a.Attr.Path) {
			return a
		}
	}
	return nil
}

// assigned is the value that action a gives f: an invalid one if a removes
// it.
func assigned(f *ast.Attr, a *ast.Action) (v reflect.Value, known bool) {
	switch {
	case len(a.Attr.Path) > len(f.Path):
		return v, false
	case a.Clause == ast.Remove:
		return v, true
	case a.Clause != ast.Set || a.Value.Kind != ast.OpValue:
		return v, false
	}
	v = reflect.ValueOf(a.Value.Value)
	if len(a.Attr.Path) == len(f.Path) {
		if v, known = indirect(v); !known {
			return reflect.Value{}, true
		}
		return convert(v, base(f.Type))
	}
	if a.Attr.Index == nil || len(a.Attr.Index) > len(f.Index) {
		return v, false
	}
	if v, known = indirect(v); !known {
		return reflect.Value{}, true
	}
	v, _ = at(v, f.Index[len(a.Attr.Index):])
	return v, true
}

// isKeyInput reports whether the table's key is made of f.
func (r *Repo) isKeyInput(f *ast.Attr) bool {
	return slices.ContainsFunc(r.table.parts(), func(p *part) bool { return p.has(f) })
}

// folds reports whether the table's key has f in lower case only, where an
// index's key needs it as it is stored.
func (r *Repo) folds(f *ast.Attr) bool {
	folded := func(in *ast.Attr) bool { return in.Same(f) && in.Key.Lower }
	return !f.Key.Lower && slices.ContainsFunc(r.table.parts(), func(p *part) bool { return slices.ContainsFunc(p.Fields, folded) })
}

// addNew adds what an item that an upsert creates must have beside its key:
// the fields that the key is composed of, and the kind.
func (r *Repo) addNew(key reflect.Value, actions []*ast.Action) ([]*ast.Action, error) {
	for _, p := range r.table.parts() {
		if p.Kind != PartComposite {
			continue
		}
		for _, f := range p.Fields {
			if f.Path == nil {
				continue
			}
			if len(f.Path) > 1 {
				return nil, fmt.Errorf("%v is nested, and part of the key: an upsert cannot create it; use Put", f)
			}
			v, ok := input(key, f)
			if !ok || r.isTableKey(f.Path[0].Name) || slices.ContainsFunc(actions, func(a *ast.Action) bool { return a.Attr.Same(f) }) {
				continue
			}
			value := ast.ValueOperand(f, v.Interface())
			if f.Key.Lower { // the key does not tell what is stored
				value = orElse(f, value)
			}
			actions = append(actions, &ast.Action{Clause: ast.Set, Attr: f, Value: value})
		}
	}
	if r.Kind.Attr != "" {
		actions = append(actions, &ast.Action{
			Clause: ast.Set, Attr: r.attr(r.Kind.Attr),
			Value: ast.Operand{Kind: ast.OpPlain, Value: r.Kind.Name},
		})
	}
	return actions, nil
}
