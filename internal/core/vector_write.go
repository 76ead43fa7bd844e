package core

import (
	"fmt"
	"math"
	"reflect"

	"github.com/dynox-go/dynox/internal/ast"
)

// checkVectors refuses an item with a vector that the service would refuse it for. Of an
// item that is saved, those count that its actions write.
func (s *Schema) checkVectors(item reflect.Value, written func(*ast.Attr) bool) error {
	for _, v := range s.vectors {
		if v.Attr.Index == nil || !written(v.Attr) {
			continue
		}
		if value, ok := at(item, v.Attr.Index); ok {
			if err := s.checkVectorValue(v, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkVectorActions refuses actions that set such a vector.
func (s *Schema) checkVectorActions(actions []*ast.Action) error {
	for _, v := range s.vectors {
		for _, a := range actions {
			if a.Clause != ast.Set || a.Value.Kind != ast.OpValue || !a.Attr.Same(v.Attr) {
				continue
			}
			if value := reflect.ValueOf(a.Value.Value); value.IsValid() {
				if err := s.checkVectorValue(v, value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkVectorValue says why value, of v's attribute, is no vector of v: the service would
// refuse the whole write, and not say more than that. What is not stored may be empty.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchWorkingWith.html
func (s *Schema) checkVectorValue(v *vector, value reflect.Value) error {
	if value.Kind() != reflect.Slice {
		return nil
	}
	n := value.Len()
	if n == 0 {
		if _, omitted, err := s.plan.Value(v.Attr.Path, value.Interface()); err != nil || omitted {
			return err
		}
	}
	if n != v.Dimensions {
		return fmt.Errorf("%w: %v has %d dimensions, those of vector index %s have %d", ErrInvalid, v.Attr, n, v.Name, v.Dimensions)
	}
	if value.Type().Elem().Kind() != reflect.Float64 {
		return nil
	}
	for i := range n {
		if math.IsInf(float64(float32(value.Index(i).Float())), 0) {
			return fmt.Errorf("%w: %v[%d] is larger than the 32-bit numbers of vector index %s", ErrInvalid, v.Attr, i, v.Name)
		}
	}
	return nil
}
