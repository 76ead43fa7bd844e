package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/internal/ast"
)

// A write goes through stages, in this order whatever that of the options:
// hooks before it, generated values, what follows from others, derived keys, validation, version, size;
// then it is sent; then come the hooks after it. They work on a copy of the
// caller's value, which replaces it when the write has taken effect.

// When says at which point of a verb a hook runs.
type When uint8

// The points. Create, Put and Swap put; Update and Upsert update; Delete and
// Take delete.
const (
	BeforePut When = iota
	AfterPut
	BeforeUpdate
	AfterUpdate
	BeforeDelete
	AfterDelete
	AfterLoad
	whens
)

// Hook is a function of the user's: it gets a *T.
type Hook struct {
	When When
	Run  func(ctx context.Context, item any) error
}

// Fill gives an attribute a value: where it has none, or at every write.
type Fill struct {
	Attr   *ast.Attr
	Make   func() reflect.Value // of the attribute's type
	Keep   bool                 // the caller's value keeps it although the write fails
	Over   bool                 // at every put, also over a value
	Always bool                 // at every write, also over a value
}

// Version is the attribute that counts the writes of an item.
type Version struct {
	Attr  *ast.Attr
	Token *ast.Attr // tells one's own write from others; nil: none
	// Stale makes the error of a write that met another version than it
	// wanted; 0: none.
	Stale func(wanted, stored int64) error
}

// Stages is what the options of a repository say about them.
type Stages struct {
	Hooks    []Hook
	Fills    []Fill
	Required []*ast.Attr
	Checks   []func(item any) error // of a *T that is put
	Versions []Version              // one, or none
	Upgrades []Upgrade
	Derived  []Derived
	Coded    []Coded
	Blobs    []Blob
	Uniques  []Unique
	TTLs     []TTL        // one, or none
	Hide     bool         // items past their time
	Soft     []SoftDelete // one, or none
}

// stages are Stages, compiled.
type stages struct {
	hooks     [whens][]func(ctx context.Context, item any) error
	fills     []Fill
	required  []*ast.Attr
	checks    []func(item any) error
	version   *Version  // nil: none
	upgrades  *upgrades // nil: none
	following []Derived
	coded     []coded
	readOnly  []*ast.Attr // coded attributes that are not written
	blobs     []Blob
	uniques   []unique
	ttl       *ast.Attr // nil: none

	hideExpired bool
	soft        *SoftDelete // nil: deletes are for good
}

type validator interface{ Validate() error }

func (s *Schema) compileStages(given *Stages) error {
	var errs []error
	field := func(what string, a *ast.Attr) bool {
		switch err := a.Check(); {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		case a.Item != s.Type:
			errs = append(errs, fmt.Errorf("%s: %v is an attribute of %v, not of %v", what, a, a.Item, s.Type))
		case a.Index == nil:
			errs = append(errs, fmt.Errorf("%s: %v is no field of %v", what, a, s.Type))
		default:
			return true
		}
		return false
	}
	for _, h := range given.Hooks {
		if h.Run == nil {
			errs = append(errs, errors.New("a hook is nil"))
			continue
		}
		s.stages.hooks[h.When] = append(s.stages.hooks[h.When], h.Run)
	}
	if slices.ContainsFunc(given.Checks, func(check func(any) error) bool { return check == nil }) {
		errs = append(errs, errors.New("a validation is nil"))
	}
	for i, f := range given.Fills {
		if !field("a generated value", f.Attr) {
			continue
		}
		if f.Always && len(f.Attr.Path) > 1 {
			errs = append(errs, fmt.Errorf("%v is nested: only attributes of the item itself are written at every update", f.Attr))
		}
		if slices.ContainsFunc(given.Fills[:i], func(g Fill) bool { return g.Attr.Check() == nil && overlap(g.Attr.Path, f.Attr.Path) }) {
			errs = append(errs, fmt.Errorf("%v is generated twice", f.Attr))
		}
	}
	for _, a := range given.Required {
		field("required", a)
	}
	if len(given.Versions) > 1 {
		errs = append(errs, errors.New("version: given twice"))
	}
	for i := range given.Versions {
		v := &given.Versions[i]
		if field("version", v.Attr) {
			errs = append(errs, s.checkVersion(v.Attr))
		}
		if v.Token != nil && field("token", v.Token) {
			errs = append(errs, s.checkToken(v.Token))
		}
		s.stages.version = v
	}
	s.stages.fills, s.stages.required, s.stages.checks = given.Fills, given.Required, given.Checks
	if reflect.PointerTo(s.Type).Implements(reflect.TypeFor[validator]()) {
		s.stages.checks = append(s.stages.checks[:len(s.stages.checks):len(s.stages.checks)], func(item any) error { return item.(validator).Validate() })
	}
	errs = append(errs, s.compileUpgrades(given.Upgrades), s.compileTTL(given.TTLs, given.Hide), s.compileSoftDelete(given.Soft), s.compileFollowing(given.Derived), s.compileCoded(given.Coded), s.compileBlobs(given.Blobs), s.compileUniques(given.Uniques))
	return errors.Join(errs...)
}

func (s *Schema) checkVersion(a *ast.Attr) error {
	switch kind := base(a.Type).Kind(); {
	case a.Type.Kind() == reflect.Pointer || kind < reflect.Int || kind > reflect.Uint64:
		return fmt.Errorf("version: %v is a %v, not an integer", a, a.Type)
	case s.plan.TypeOf(a.Path) != "N":
		return fmt.Errorf("version: %v is not stored as a number", a)
	}
	return s.checkOwned("version", a)
}

func (s *Schema) checkToken(a *ast.Attr) error {
	if a.Type.Kind() != reflect.String || s.plan.TypeOf(a.Path) != "S" {
		return fmt.Errorf("token: %v is not a string", a)
	}
	return s.checkOwned("token", a)
}

// checkOwned refuses an attribute that dynox cannot keep to itself.
func (s *Schema) checkOwned(what string, a *ast.Attr) error {
	if len(a.Path) > 1 {
		return fmt.Errorf("%s: %v is nested", what, a)
	}
	if s.Kind.Attr == a.Path[0].Name {
		return fmt.Errorf("%s: %v holds the kind", what, a)
	}
	for _, ix := range s.all() {
		for _, p := range ix.parts() {
			uses := func(k keyAttr) bool { return k.name == a.Path[0].Name }
			if p.has(a) || slices.ContainsFunc(p.attrs, uses) {
				return fmt.Errorf("%s: %v is in a key", what, a)
			}
		}
	}
	return nil
}

type skipKey struct{}

// SkipHooks is ctx for calls that run no hooks.
func SkipHooks(ctx context.Context) context.Context { return context.WithValue(ctx, skipKey{}, true) }

// run runs the hooks of a point on item, a struct that has an address.
func (s *stages) run(ctx context.Context, when When, item reflect.Value) error {
	hooks := s.hooks[when]
	if len(hooks) == 0 || ctx.Value(skipKey{}) != nil {
		return nil
	}
	for _, hook := range hooks {
		if err := hook(ctx, item.Addr().Interface()); err != nil {
			return err
		}
	}
	return nil
}

// fill gives the item of a put its generated values.
func (s *stages) fill(w *Write) {
	for _, f := range s.fills {
		if v, ok := at(w.item, f.Attr.Index); ok && !v.IsZero() && !f.Always && !f.Over {
			continue
		}
		v := f.Make()
		setField(w.item, f.Attr.Index, v)
		if f.Keep {
			setField(w.caller, f.Attr.Index, v)
		}
	}
}

// check is what is wrong with the item of a put.
func (s *stages) check(item reflect.Value) error {
	var missing []string
	for _, a := range s.required {
		if v, ok := at(item, a.Index); !ok || v.IsZero() {
			missing = append(missing, a.String())
		}
	}
	if missing != nil {
		return &Failure{Kinds: []error{ErrRequired}, Why: strings.Join(missing, ", ")}
	}
	for _, check := range s.checks {
		if err := check(item.Addr().Interface()); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return nil
}

// checkActions refuses actions that take what is required, or write what is
// kept by dynox.
func (s *stages) checkActions(actions []*ast.Action) error {
	var missing []string
	for _, a := range actions {
		if a.Attr.Check() != nil {
			continue
		}
		if v := s.version; v != nil {
			for _, own := range []*ast.Attr{v.Attr, v.Token} {
				if own != nil && overlap(own.Path, a.Attr.Path) {
					return fmt.Errorf("%v is kept by the repository: an update counts by itself", own)
				}
			}
		}
		value := reflect.ValueOf(a.Value.Value)
		empty := a.Clause == ast.Remove || a.Clause == ast.Set && a.Value.Kind == ast.OpValue && (!value.IsValid() || value.IsZero())
		if empty && slices.ContainsFunc(s.required, a.Attr.Same) {
			missing = append(missing, a.Attr.String())
		}
	}
	if missing != nil {
		return &Failure{Kinds: []error{ErrRequired}, Why: strings.Join(missing, ", ")}
	}
	return s.checkCodedActions(actions)
}

// everywhere are actions, and those of what is written at every write unless
// they write it.
func (s *stages) everywhere(actions []*ast.Action) []*ast.Action {
	for _, f := range s.fills {
		if f.Always && touching(f.Attr, actions) == nil {
			actions = append(actions[:len(actions):len(actions)], &ast.Action{
				Clause: ast.Set, Attr: f.Attr, Value: ast.ValueOperand(f.Attr, f.Make().Interface()),
			})
		}
	}
	return actions
}

// created are actions, and those of what an item that an upsert creates is
// given.
func (r *Repo) created(actions []*ast.Action) ([]*ast.Action, error) {
	for _, f := range r.stages.fills {
		if f.Always || touching(f.Attr, actions) != nil || r.isKeyInput(f.Attr) || r.isTableKey(f.Attr.Path[0].Name) {
			continue
		}
		if len(f.Attr.Path) > 1 {
			return nil, fmt.Errorf("%v is nested, and generated: an upsert cannot create it; use Put", f.Attr)
		}
		for _, p := range r.derived {
			if p.has(f.Attr) {
				return nil, fmt.Errorf("%s is composed of %v, which is generated: give it a value, or use Put", p.Attr, f.Attr)
			}
		}
		actions = append(actions, &ast.Action{
			Clause: ast.Set, Attr: f.Attr, Value: orElse(f.Attr, ast.ValueOperand(f.Attr, f.Make().Interface())),
		})
	}
	return actions, nil
}
