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
	strip  map[string]struct{} // read for dynox's own sake, not to be decoded
	fill   []*ast.Attr         // asked for, and held only by keys
	whole  bool
}

func (s *Schema) view(ix *index, only []*ast.Attr) (*view, error) {
	v := &view{schema: s, plan: s.plan, whole: len(only) == 0}
	if v.whole {
		return v, nil
	}
	for _, a := range only {
		switch {
		case a == nil || a.Err != nil || a.Item != s.Type:
			return nil, fmt.Errorf("only: %w", errors.Join(errors.New("not an attribute of this repository's items"), inputError(a)))
		case a.Path == nil:
			v.fill = append(v.fill, a)
		default:
			v.add(a.Path)
		}
	}
	v.keep(ix)
	return v, nil
}

// add adds path to the projection, which may not hold overlapping ones: the
// shorter stands for what is in it.
func (v *view) add(path codec.Path) {
	within := func(p codec.Path) bool { return len(p) <= len(path) && overlap(p, path) }
	if slices.ContainsFunc(v.paths, within) {
		return
	}
	v.paths = append(slices.DeleteFunc(v.paths, func(p codec.Path) bool { return overlap(p, path) }), path)
}

// keep adds the attributes that cursors and kinds need.
func (v *view) keep(ix *index) {
	v.strip = make(map[string]struct{})
	need := v.schema.keyAttrs(ix)
	if v.schema.holdsKind(ix) {
		need = append(need, keyAttr{name: v.schema.Kind.Attr})
	}
	for _, a := range need {
		path := codec.Path{{Name: a.name}}
		if slices.ContainsFunc(v.paths, func(p codec.Path) bool { return overlap(p, path) }) {
			continue
		}
		v.strip[a.name] = struct{}{}
		v.paths = append(v.paths, path)
	}
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
		for _, p := range v.schema.table.parts() {
			p.fill(attrs, item, func(c *component) bool { return slices.Equal(c.attr.Index, a.Index) })
		}
	}
	return nil
}
