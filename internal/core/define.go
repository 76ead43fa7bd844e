package core

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/dynox-go/dynox/internal/codec"
)

// Definition is the table that some schemas need.
type Definition struct {
	Types   map[string]types.ScalarAttributeType // of the attributes of keys, and of what vectors are searched by
	Keys    []types.KeySchemaElement
	Globals []types.GlobalSecondaryIndex
	Locals  []types.LocalSecondaryIndex
	Vectors []types.VectorIndex
	TTL     string // the attribute; "": none
	Unique  bool   // there are unique attributes
}

// Define merges what schemas need of one table.
func Define(schemas []*Schema) (*Definition, error) {
	if len(schemas) == 0 {
		return nil, errors.New("no repositories: nothing says what the table looks like")
	}
	d := &Definition{Types: map[string]types.ScalarAttributeType{}}
	var errs []error
	for _, s := range schemas {
		if s == nil {
			return nil, errors.New("nil repository")
		}
		for _, ix := range s.all() {
			for _, a := range ix.attrs() {
				if have, ok := d.Types[a.name]; ok && have != a.kind {
					errs = append(errs, fmt.Errorf("%s: key attribute %s is %s here and %s elsewhere", s.Name(), a.name, a.kind, have))
				}
				d.Types[a.name] = a.kind
			}
		}
		keys := s.table.keySchema()
		if d.Keys == nil {
			d.Keys = keys
		} else if !SameKeys(d.Keys, keys) {
			errs = append(errs, fmt.Errorf("%s: its key attributes are not those of the other repositories", s.Name()))
		}
		for _, ix := range s.indexes {
			errs = append(errs, d.addIndex(s, ix))
		}
		for _, v := range s.vectors {
			errs = append(errs, d.addVector(s, &v.Vector))
		}
		d.Unique = d.Unique || len(s.stages.uniques) > 0
		if a := s.stages.ttl; a != nil {
			name := a.Path[0].Name
			if d.TTL != "" && d.TTL != name {
				errs = append(errs, fmt.Errorf("%s: its TTL is %s, and %s elsewhere", s.Name(), name, d.TTL))
			}
			d.TTL = name
		}
	}
	for _, p := range d.projections() {
		if p.ProjectionType == types.ProjectionTypeInclude && len(p.NonKeyAttributes) == 0 { // what is included is in the keys
			p.ProjectionType = types.ProjectionTypeKeysOnly
		}
	}
	return d, errors.Join(errs...)
}

func (d *Definition) projections() []*types.Projection {
	var all []*types.Projection
	for _, g := range d.Globals {
		all = append(all, g.Projection)
	}
	for _, l := range d.Locals {
		all = append(all, l.Projection)
	}
	for _, v := range d.Vectors {
		all = append(all, v.Projection)
	}
	return all
}

func (d *Definition) addIndex(s *Schema, ix *index) error {
	keys, projection := ix.keySchema(), s.projection(ix)
	conflict := fmt.Errorf("%s: index %s is described otherwise elsewhere", s.Name(), ix.Name)
	for i, l := range d.Locals {
		if aws.ToString(l.IndexName) == ix.Name {
			if !ix.Local || !SameKeys(l.KeySchema, keys) || !merge(d.Locals[i].Projection, projection) {
				return conflict
			}
			return nil
		}
	}
	for i := range d.Globals {
		if g := &d.Globals[i]; aws.ToString(g.IndexName) == ix.Name {
			if ix.Local || !SameKeys(g.KeySchema, keys) || !merge(g.Projection, projection) ||
				!agree(&g.ProvisionedThroughput, ix.Provisioned) || !agree(&g.OnDemandThroughput, ix.OnDemand) || !agree(&g.WarmThroughput, ix.Warm) {
				return conflict
			}
			return nil
		}
	}
	if ix.Local {
		d.Locals = append(d.Locals, types.LocalSecondaryIndex{IndexName: &ix.Name, KeySchema: keys, Projection: projection})
		return nil
	}
	d.Globals = append(d.Globals, types.GlobalSecondaryIndex{
		IndexName: &ix.Name, KeySchema: keys, Projection: projection,
		ProvisionedThroughput: ix.Provisioned, OnDemandThroughput: ix.OnDemand, WarmThroughput: ix.Warm,
	})
	return nil
}

// agree has have be what another says of the same thing, if it says it.
func agree[T any](have **T, other *T) bool {
	if *have == nil {
		*have = other
	}
	return other == nil || reflect.DeepEqual(*have, other)
}

func (d *Definition) addVector(s *Schema, v *Vector) error {
	ix := s.vectorIndex(v)
	for _, e := range ix.SearchSchema {
		name := aws.ToString(e.AttributeName)
		kind := types.ScalarAttributeType(s.plan.TypeOf(codec.Path{{Name: name}}))
		if have, ok := d.Types[name]; ok && have != kind {
			return fmt.Errorf("%s: attribute %s is %s here and %s elsewhere", s.Name(), name, kind, have)
		}
		d.Types[name] = kind
	}
	for i := range d.Vectors {
		have := d.Vectors[i]
		switch {
		case aws.ToString(have.IndexName) == v.Name:
			merged := merge(have.Projection, ix.Projection)
			have.Projection, ix.Projection = nil, nil
			if !merged || !reflect.DeepEqual(have, ix) {
				return fmt.Errorf("%s: index %s is described otherwise elsewhere", s.Name(), v.Name)
			}
			return nil
		case aws.ToString(have.VectorAttribute.AttributeName) == aws.ToString(ix.VectorAttribute.AttributeName) && *have.Dimensions != *ix.Dimensions:
			return fmt.Errorf("%s: index %s has other dimensions than %s, which is of the same vectors", s.Name(), v.Name, aws.ToString(have.IndexName))
		}
	}
	d.Vectors = append(d.Vectors, ix)
	return nil
}

// merge adds what b includes to a; both must be of one type.
func merge(a, b *types.Projection) bool {
	for _, name := range b.NonKeyAttributes {
		if !slices.Contains(a.NonKeyAttributes, name) {
			a.NonKeyAttributes = append(a.NonKeyAttributes, name)
		}
	}
	return a.ProjectionType == b.ProjectionType
}

func (ix *index) keySchema() []types.KeySchemaElement {
	var keys []types.KeySchemaElement
	for i, p := range ix.parts() {
		for _, a := range p.attrs {
			keys = append(keys, types.KeySchemaElement{
				AttributeName: aws.String(a.name),
				KeyType:       pick(i == 0, types.KeyTypeHash, types.KeyTypeRange),
			})
		}
	}
	return keys
}

// projection is what ix holds; an index with some attributes holds the kind
// too.
func (s *Schema) projection(ix *index) *types.Projection {
	return s.projected(ix.Projection, s.keyAttrs(ix))
}

// projected is what an index holds beside keys.
func (s *Schema) projected(p Projection, keys []keyAttr) *types.Projection {
	if p.KeysOnly {
		return &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	}
	if len(p.Include) == 0 {
		return &types.Projection{ProjectionType: types.ProjectionTypeAll}
	}
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) && !slices.ContainsFunc(keys, func(a keyAttr) bool { return a.name == name }) {
			names = append(names, name)
		}
	}
	for _, a := range p.Include {
		add(a.Path[0].Name)
	}
	if s.Kind.Attr != "" {
		add(s.Kind.Attr)
	}
	return &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: names}
}

// SameKeys reports whether two keys are made of the same attributes, in the same order.
func SameKeys(a, b []types.KeySchemaElement) bool {
	return slices.EqualFunc(a, b, func(x, y types.KeySchemaElement) bool {
		return aws.ToString(x.AttributeName) == aws.ToString(y.AttributeName) && x.KeyType == y.KeyType
	})
}

// Attributes defines the types of the attributes in keys.
func (d *Definition) Attributes(keys ...[]types.KeySchemaElement) []types.AttributeDefinition {
	var defs []types.AttributeDefinition
	for _, k := range slices.Concat(keys...) {
		name := aws.ToString(k.AttributeName)
		if !slices.ContainsFunc(defs, func(def types.AttributeDefinition) bool { return aws.ToString(def.AttributeName) == name }) {
			defs = append(defs, types.AttributeDefinition{AttributeName: k.AttributeName, AttributeType: d.Types[name]})
		}
	}
	slices.SortFunc(defs, func(a, b types.AttributeDefinition) int {
		return cmp.Compare(aws.ToString(a.AttributeName), aws.ToString(b.AttributeName))
	})
	return defs
}
