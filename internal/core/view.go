package core

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// view is what of an item is read: all of it, or some attributes; into the
// repository's type or a narrower one.
type view struct {
	schema *Schema
	ix     *index
	plan   *codec.Plan
	paths  []codec.Path // of the projection expression; nil: all
	needed []codec.Path // what dynox itself reads of an item
	strip  [][]int      // fields read for dynox's own sake, zero for the caller
	holes  []hole       // fields that an item may lack, and its key tells
	fill   []*ast.Attr  // asked for, and held only by keys
	whole  bool
	coded  []coded // of what is read
	blobs  []boundBlob
	union  *Union // nil: of one repository
	raw    bool   // items stay JSON

	watch *codec.Watch // of names
	names []string     // the attributes that are looked at beside the decoding
	pages sync.Pool    // of *page
}

// only is the view of the attributes in only, of all if there are none, of
// items read from ix.
func (s *Schema) only(ix *index, only []*ast.Attr) (*view, error) {
	if len(only) == 0 {
		return ix.whole, nil
	}
	v := &view{schema: s, plan: s.plan}
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
	return v, v.keep(ix)
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
	return slices.ContainsFunc(s.keyAttrs(ix), func(a keyAttr) bool { return a.name == name }) || slices.Contains(ix.searched, name) ||
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
	if err := v.checkPaths(); err != nil {
		return err
	}
	v.coded = v.codes()
	v.findBlobs()
	for _, a := range v.schema.keyAttrs(ix) {
		v.need(a.name)
	}
	if v.schema.holdsKind(ix) {
		v.need(v.schema.Kind.Attr)
	}
	if v.schema.Kind.ByKey {
		for _, name := range v.schema.table.inputs() {
			if v.schema.holds(ix, name) {
				v.need(name)
			}
		}
	}
	if d := v.schema.stages.soft; d != nil && v.schema.holds(ix, d.Attr.Path[0].Name) {
		v.need(d.Attr.Path[0].Name)
	}
	if t := v.schema.stages.ttl; v.schema.stages.hideExpired && v.schema.holds(ix, t.Path[0].Name) {
		v.need(t.Path[0].Name)
	}
	if u := v.schema.stages.upgrades; u != nil && v.schema.holds(ix, u.attr.Path[0].Name) {
		v.need(u.attr.Path[0].Name)
	}
	if len(ix.forms()) > 1 {
		for _, name := range ix.inputs() {
			if v.schema.holds(ix, name) {
				v.need(name)
			}
		}
	}
	for _, p := range v.needed {
		v.names = append(v.names, p[0].Name)
	}
	v.ix = ix
	if v.whole {
		v.watchInputs()
	} else {
		v.project()
	}
	v.watch = v.plan.Watch(v.names...)
	return nil
}

// watchInputs adds what the verification of keys may look at.
func (v *view) watchInputs() {
	parts := v.schema.table.parts()
	for _, ix := range v.schema.indexes {
		for _, p := range ix.parts() {
			if p.hides() {
				parts = append(parts, p)
			}
		}
	}
	watch := func(name string) {
		if !slices.Contains(v.names, name) {
			v.names = append(v.names, name)
		}
	}
	for _, p := range parts {
		if p.Kind != PartComposite {
			continue
		}
		watch(p.Attr)
		for _, f := range p.Fields {
			if f.Path != nil {
				watch(f.Path[0].Name)
			}
		}
	}
}

// hides reports whether a field of the composite p is stored in keys only.
func (p *part) hides() bool {
	return p.Kind == PartComposite && slices.ContainsFunc(p.Fields, func(a *ast.Attr) bool { return a.Path == nil })
}

// project adds to the projection what dynox itself reads.
func (v *view) project() {
	for _, path := range v.needed {
		if slices.ContainsFunc(v.paths, func(p codec.Path) bool { return overlap(p, path) }) {
			continue
		}
		v.paths = append(v.paths, path)
		for _, f := range v.plan.Fields() {
			if f.Name == path[0].Name {
				v.strip = append(v.strip, f.Index)
			}
		}
	}
	for _, p := range v.schema.table.parts() {
		for i, in := range p.Fields {
			if p.Kind == PartComposite && len(in.Path) == 1 {
				v.addHole(p, i, in.Path)
			}
		}
	}
}

// hole is a field that the stored key of p holds as component i, beside an
// attribute of its own, which items written by others may lack.
type hole struct {
	part  *part
	i     int
	name  string
	index []int
}

// addHole notes component i of p if its attribute was asked for.
func (v *view) addHole(p *part, i int, path codec.Path) {
	if !slices.ContainsFunc(v.paths, func(asked codec.Path) bool { return slices.Equal(asked, path) }) {
		return
	}
	for _, f := range v.plan.Fields() {
		if f.Name == path[0].Name && f.Type == p.Fields[i].Type && !slices.ContainsFunc(v.strip, func(s []int) bool { return slices.Equal(s, f.Index) }) {
			v.holes = append(v.holes, hole{p, i, f.Name, f.Index})
			if !slices.Contains(v.names, f.Name) {
				v.names = append(v.names, f.Name)
			}
		}
	}
}

// fill sets the field that item lacks from the key of the record.
func (h *hole) fill(r *record, item reflect.Value) {
	text, ok := r.string(h.part.Attr)
	if !ok || r.has(h.name) {
		return
	}
	for _, f := range h.part.formats {
		if values, ok := f.parse(string(text)); ok {
			reach(item, h.index).Set(values[h.i])
			return
		}
	}
}

// finish completes an item that was decoded from r: it verifies the key of a
// whole one, fills the fields that only its keys hold, and takes out what was
// not asked for.
func (v *view) finish(r *record, item reflect.Value) error {
	if v.whole {
		return v.schema.finish(r, item)
	}
	for _, index := range v.strip {
		if f, ok := at(item, index); ok {
			f.SetZero()
		}
	}
	for i := range v.holes {
		v.holes[i].fill(r, item)
	}
	if len(v.fill) > 0 {
		attrs := r.attributes()
		for _, a := range v.fill {
			for _, p := range v.schema.keyParts(v.schema.table) {
				p.fill(attrs, item, func(c *component) bool { return c.attr.Same(a) })
			}
		}
	}
	return nil
}
