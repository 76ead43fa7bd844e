package core

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// view is what of an item is read: all of it, or some attributes; into the
// repository's type or a narrower one.
type view struct {
	schema *Schema
	plan   *codec.Plan
	paths  []codec.Path        // of the projection expression; nil: all
	needed []codec.Path        // what dynox itself reads of an item
	strip  map[string]struct{} // read for dynox's own sake, not to be decoded
	fill   []*ast.Attr         // asked for, and held only by keys
	whole  bool
}

// only is the view of the attributes in only, of all if there are none, of
// items read from ix. It must be kept before it is used.
func (s *Schema) only(ix *index, only []*ast.Attr) (*view, error) {
	v := &view{schema: s, plan: s.plan, whole: len(only) == 0}
	for _, a := range only {
		switch {
		case a == nil || a.Err != nil || a.Item != s.Type:
			return nil, fmt.Errorf("only: %w", errors.Join(errors.New("not an attribute of this repository's items"), inputError(a)))
		case a.Path == nil:
			p := s.holder(ix, a)
			if p == nil {
				return nil, fmt.Errorf("only: %v is held by no key that is read", a)
			}
			v.fill = append(v.fill, a)
			v.need(p.Attr)
		default:
			v.add(a.Path)
		}
	}
	return v, nil
}

// holder is the part of a key that is read from ix and holds a field that is
// stored nowhere else.
func (s *Schema) holder(ix *index, a *ast.Attr) *part {
	for _, p := range s.keyParts(ix) {
		if p.Kind == PartComposite && p.has(a) && s.shows(ix, p.Attr) {
			return p
		}
	}
	return nil
}

// keyParts are the parts of the table's key, of ix's, and of the other
// indexes', in this order.
func (s *Schema) keyParts(ix *index) []*part {
	parts := slices.Concat(s.table.parts(), ix.parts())
	for _, other := range s.indexes {
		parts = append(parts, other.parts()...)
	}
	return parts
}

// shows reports whether the index itself has the attribute name in its items.
func (s *Schema) shows(ix *index, name string) bool {
	p := ix.Projection
	if ix == s.table || !p.KeysOnly && len(p.Include) == 0 {
		return true
	}
	return slices.ContainsFunc(s.keyAttrs(ix), func(a keyAttr) bool { return a.name == name }) ||
		!p.KeysOnly && (name == s.Kind.Attr || slices.ContainsFunc(p.Include, func(a *ast.Attr) bool { return a.Path[0].Name == name }))
}

// holds reports whether a read of ix can ask for the attribute name: a local
// index gets what it lacks from the table.
func (s *Schema) holds(ix *index, name string) bool { return ix.Local || s.shows(ix, name) }

// add adds path to the projection, which may not hold overlapping ones: the
// shorter stands for what is in it.
func (v *view) add(path codec.Path) {
	within := func(p codec.Path) bool { return len(p) <= len(path) && overlap(p, path) }
	if slices.ContainsFunc(v.paths, within) {
		return
	}
	v.paths = append(slices.DeleteFunc(v.paths, func(p codec.Path) bool { return overlap(p, path) }), path)
}

// need adds an attribute that dynox itself reads.
func (v *view) need(name string) {
	if !slices.ContainsFunc(v.needed, func(p codec.Path) bool { return p[0].Name == name }) {
		v.needed = append(v.needed, codec.Path{{Name: name}})
	}
}

// keep makes the view one of items read from ix: it adds the attributes that
// cursors, kinds and accepted formats need.
func (v *view) keep(ix *index) error {
	for _, p := range v.paths {
		if !v.schema.holds(ix, p[0].Name) {
			return fmt.Errorf("index %s does not hold %v", ix.Name, p)
		}
	}
	for _, a := range v.schema.keyAttrs(ix) {
		v.need(a.name)
	}
	if v.schema.holdsKind(ix) {
		v.need(v.schema.Kind.Attr)
	}
	if len(ix.forms()) > 1 {
		for _, name := range ix.inputs() {
			if v.schema.holds(ix, name) {
				v.need(name)
			}
		}
	}
	if v.whole {
		return nil
	}
	v.strip = make(map[string]struct{})
	for _, path := range v.needed {
		if slices.ContainsFunc(v.paths, func(p codec.Path) bool { return overlap(p, path) }) {
			continue
		}
		v.strip[path[0].Name] = struct{}{}
		v.paths = append(v.paths, path)
	}
	return nil
}

// load decodes attrs into item.
func (v *view) load(attrs map[string]types.AttributeValue, item reflect.Value) error {
	if v.whole {
		return v.schema.load(attrs, item)
	}
	kept := attrs
	if len(v.strip) > 0 {
		kept = maps.Clone(attrs)
		for name := range v.strip {
			delete(kept, name)
		}
	}
	if err := v.plan.Decode(kept, item.Addr().Interface()); err != nil {
		return err
	}
	for _, a := range v.fill {
		for _, p := range v.schema.keyParts(v.schema.table) {
			p.fill(attrs, item, func(c *component) bool { return c.attr.Same(a) })
		}
	}
	return nil
}
