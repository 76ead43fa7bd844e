package core

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
)

// Vector describes a vector index.
type Vector struct {
	Name       string
	Attr       *ast.Attr // a list of numbers
	Dimensions int
	Distance   types.VectorDistanceFunction
	Partition  *ast.Attr   // nil: none
	Filters    []*ast.Attr // what searches may be narrowed by
	Projection Projection
}

// vector is an index of vectors as it is read.
type vector struct {
	Vector
	index *index // of the table's keys
}

// Limits of vector indexes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-vector-indexes
const (
	maxDimensions = 4096
	maxFilters    = 18
)

func (s *Schema) compileVectors(given []Vector) error {
	var errs []error
	for i := range given {
		v := &vector{Vector: given[i]}
		if err := s.checkVector(&v.Vector); err != nil {
			errs = append(errs, fmt.Errorf("vector index %s: %w", cmp.Or(v.Name, "without a name"), err))
		} else {
			v.index = s.vectorRead(&v.Vector)
		}
		s.vectors = append(s.vectors, v)
	}
	return errors.Join(errs...)
}

// vectorRead is v as something that items are read from.
func (s *Schema) vectorRead(v *Vector) *index {
	ix := &index{Index: Index{Name: v.Name, Projection: v.Projection}, partition: s.table.partition, sort: s.table.sort}
	for _, a := range append(v.searchedBy(), v.Attr) {
		ix.searched = append(ix.searched, a.Path[0].Name)
	}
	return ix
}

// vectorIndexes are the indexes of vectors as what items are read from.
func (s *Schema) vectorIndexes() []*index {
	var ixs []*index
	for _, v := range s.vectors {
		if v.index != nil {
			ixs = append(ixs, v.index)
		}
	}
	return ixs
}

// searchedBy are the attributes that a search can ask for values of: the partition first.
func (v *Vector) searchedBy() []*ast.Attr {
	if v.Partition == nil {
		return slices.Clone(v.Filters)
	}
	return append([]*ast.Attr{v.Partition}, v.Filters...)
}

func (s *Schema) checkVector(v *Vector) error {
	var errs []error
	if len(v.Name) < 3 || len(v.Name) > 255 {
		errs = append(errs, errors.New("a name has 3 to 255 characters"))
	}
	if slices.ContainsFunc(s.indexes, func(ix *index) bool { return ix.Name == v.Name }) ||
		slices.ContainsFunc(s.vectors, func(o *vector) bool { return o.Name == v.Name }) {
		errs = append(errs, errors.New("described twice"))
	}
	if v.Dimensions < 1 || v.Dimensions > maxDimensions {
		errs = append(errs, fmt.Errorf("a vector has 1 to %d dimensions", maxDimensions))
	}
	if !slices.Contains(v.Distance.Values(), v.Distance) {
		errs = append(errs, errors.New("its distance is none that the service knows"))
	}
	if len(v.Filters) > maxFilters {
		errs = append(errs, fmt.Errorf("at most %d attributes narrow a search", maxFilters))
	}
	searched := v.searchedBy()
	for i, a := range append([]*ast.Attr{v.Attr}, searched...) {
		switch err := a.Check(); {
		case err != nil:
			errs = append(errs, err)
			continue
		case a.Item != s.Type || len(a.Path) > 1:
			errs = append(errs, fmt.Errorf("%v is no attribute of %v itself", a, s.Type))
			continue
		}
		switch t := s.plan.TypeOf(a.Path); {
		case slices.ContainsFunc(s.stages.coded, func(c coded) bool { return overlap(c.path, a.Path) }):
			errs = append(errs, fmt.Errorf("%v is stored in a form of its own", a))
		case i == 0 && t != "L":
			errs = append(errs, fmt.Errorf("%v is not stored as a list of numbers", a))
		case i > 0 && t != "S" && t != "N" && t != "B":
			errs = append(errs, fmt.Errorf("%v is not stored as a string, a number or bytes", a))
		case i > 0 && slices.ContainsFunc(searched[:i-1], func(o *ast.Attr) bool { return o.Same(a) }):
			errs = append(errs, fmt.Errorf("%v is given twice", a))
		}
	}
	for _, a := range v.Projection.Include {
		if err := a.Check(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// vectorIndex is v as the service has it.
func (s *Schema) vectorIndex(v *Vector) types.VectorIndex {
	ix := types.VectorIndex{
		IndexName: aws.String(v.Name), Dimensions: aws.Int64(int64(v.Dimensions)), DistanceFunction: v.Distance,
		VectorAttribute: &types.VectorAttributeDefinition{AttributeName: aws.String(v.Attr.Path[0].Name)},
	}
	keys := s.table.attrs()
	search := func(a *ast.Attr, as types.SearchSchemaElementType) {
		keys = append(slices.Clip(keys), keyAttr{name: a.Path[0].Name})
		ix.SearchSchema = append(ix.SearchSchema, types.SearchSchemaElement{AttributeName: aws.String(a.Path[0].Name), SearchSchemaElementType: as})
	}
	if v.Partition != nil {
		search(v.Partition, types.SearchSchemaElementTypeHash)
	}
	for _, a := range v.Filters {
		search(a, types.SearchSchemaElementTypeInlineFilter)
	}
	ix.Projection = s.projected(v.Projection, keys)
	return ix
}
