package core

import (
	"fmt"
	"reflect"

	"github.com/dynox-go/dynox/internal/codec"
)

// Narrow is a struct type that names some attributes of an item.
type Narrow struct {
	Type reflect.Type
}

// view reads into n what s stores under the same names, in the same forms, of
// items read from ix.
func (n *Narrow) view(s *Schema, ix *index) (*view, error) {
	if n.Type.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is not a struct", n.Type)
	}
	fields, err := codec.Fields(n.Type)
	if err != nil {
		return nil, err
	}
	have := make(map[string]bool)
	for _, f := range s.plan.Fields() {
		have[f.Name] = true
	}
	v := &view{schema: s}
	for _, f := range fields {
		if !have[f.Name] && !s.dynamic {
			return nil, fmt.Errorf("%v: %v has no attribute %s", n.Type, s.Type, f.Name)
		}
		v.paths = append(v.paths, codec.Path{{Name: f.Name}})
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("%v names no attributes", n.Type)
	}
	formats := make(map[string]codec.Format)
	for path, form := range s.formats {
		// What n does not have, or has as a type that the form is not of, is
		// read by its type.
		if _, err := codec.Compile(n.Type, codec.Options{Formats: map[string]codec.Format{path: form}}); err == nil {
			formats[path] = form
		}
	}
	if v.plan, err = codec.Compile(n.Type, codec.Options{Formats: formats}); err != nil {
		return nil, err
	}
	return v, v.keep(ix)
}
