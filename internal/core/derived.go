package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/dynox-go/dynox/internal/ast"
)

// Derived is an attribute that follows from another one, wherever that is
// written. A key, or a query, that has From set and To not, has To set, too.
type Derived struct {
	To, From *ast.Attr
	// Make is the value of To, for one of From that is not zero; of a time, for
	// as much as is stored of it. It may call other services.
	Make func(ctx context.Context, from reflect.Value) (reflect.Value, error)
}

func (s *Schema) compileFollowing(given []Derived) error {
	var errs []error
	for i, d := range given {
		for _, a := range []*ast.Attr{d.To, d.From} {
			switch err := a.Check(); {
			case err != nil:
				errs = append(errs, err)
			case a.Item != s.Type || a.Index == nil:
				errs = append(errs, fmt.Errorf("%v is no field of %v", a, s.Type))
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		if len(d.To.Path) > 1 {
			errs = append(errs, fmt.Errorf("%v is nested: what follows from %v is an attribute of the item itself", d.To, d.From))
		}
		if d.Make == nil || overlap(d.To.Path, d.From.Path) {
			errs = append(errs, fmt.Errorf("%v cannot follow from %v", d.To, d.From))
		}
		if slices.ContainsFunc(given[:i], func(other Derived) bool { return other.To.Same(d.To) }) {
			errs = append(errs, fmt.Errorf("%v follows from two attributes", d.To))
		}
		if why := s.owned(d.To); why != "" {
			errs = append(errs, fmt.Errorf("%v %s: it cannot follow from %v", d.To, why, d.From))
		}
	}
	s.stages.following = slices.Clone(given)
	for i, d := range given {
		if unit := s.unit(d.From); unit > 0 {
			s.stages.following[i].Make = func(ctx context.Context, from reflect.Value) (reflect.Value, error) {
				stored := floor(from.Convert(timeType).Interface().(time.Time), unit)
				return d.Make(ctx, reflect.ValueOf(stored).Convert(from.Type()))
			}
		}
	}
	return errors.Join(errs...)
}

// owned says what else keeps an attribute, "" if nothing does.
func (s *Schema) owned(a *ast.Attr) string {
	switch v, u := s.stages.version, s.stages.upgrades; {
	case s.Kind.Attr == a.Path[0].Name:
		return "holds the kind"
	case v != nil && (v.Attr.Same(a) || v.Token != nil && v.Token.Same(a)):
		return "is the version, or its token"
	case u != nil && u.attr.Same(a):
		return "is the schema's number"
	case slices.ContainsFunc(s.stages.fills, func(f Fill) bool { return f.Attr.Same(a) }):
		return "is generated"
	}
	return ""
}

// follow sets the attributes of item, which is put, that follow from others.
func (s *stages) follow(ctx context.Context, item reflect.Value) error {
	for _, d := range s.following {
		from, ok := at(item, d.From.Index)
		if ok {
			from, ok = indirect(from)
		}
		if !ok || from.IsZero() {
			if to, ok := at(item, d.To.Index); ok && !to.IsZero() {
				settable(item, d.To.Index).SetZero()
			}
			continue
		}
		to, err := d.Make(ctx, from)
		if err != nil {
			return &pathError{d.To.String(), err}
		}
		setField(item, d.To.Index, to)
	}
	return nil
}

// sought is item, which names what is read or written, with what follows
// from its fields: itself, or a copy.
func (s *stages) sought(ctx context.Context, item reflect.Value) (reflect.Value, error) {
	copied := false
	for _, d := range s.following {
		from, ok := at(item, d.From.Index)
		if ok {
			from, ok = indirect(from)
		}
		if !ok || from.IsZero() {
			continue
		}
		if to, ok := at(item, d.To.Index); ok && !to.IsZero() {
			continue
		}
		if !copied {
			own := reflect.New(item.Type()).Elem()
			own.Set(item)
			item, copied = own, true
		}
		to, err := d.Make(ctx, from)
		if err != nil {
			return item, &pathError{d.To.String(), err}
		}
		setField(item, d.To.Index, to)
	}
	return item, nil
}

// followed are actions, and those on what follows from what they change.
func (s *stages) followed(ctx context.Context, actions []*ast.Action) ([]*ast.Action, error) {
	for _, d := range s.following {
		if touching(d.To, actions) != nil {
			return nil, fmt.Errorf("%v follows from %v: update that", d.To, d.From)
		}
		a := touching(d.From, actions)
		if a == nil || a.Err != nil {
			continue
		}
		from, known := assigned(d.From, a)
		if !known {
			return nil, fmt.Errorf("%v follows from %v, whose new value is not known before the update: Set or Remove it", d.To, d.From)
		}
		if from.IsValid() {
			from, _ = indirect(from)
		}
		follow := &ast.Action{Clause: ast.Remove, Attr: d.To}
		if from.IsValid() && !from.IsZero() {
			to, err := d.Make(ctx, from)
			if err != nil {
				return nil, &pathError{d.To.String(), err}
			}
			follow = &ast.Action{Clause: ast.Set, Attr: d.To, Value: ast.ValueOperand(d.To, to.Interface())}
		}
		actions = append(actions[:len(actions):len(actions)], follow)
	}
	return actions, nil
}
