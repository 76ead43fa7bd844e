package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/core"
)

// indexes are the steps for global and vector indexes: removals that come before
// all else, because creations or the capacity depend on them; creations; and
// the other removals, which come last, so that what reads an index can go over
// to a new one.
func (x *differ) indexes() (before, creations, after []Step) {
	have, d := x.have.table, x.d
	for i := range have.GlobalSecondaryIndexes {
		h := &have.GlobalSecondaryIndexes[i]
		name := aws.ToString(h.IndexName)
		g, why := x.global(name), ""
		if g != nil {
			if why = x.indexDiffers(h, g); why == "" {
				continue
			}
		}
		s := x.update(Remove, "index "+name, why, &dynamodb.UpdateTableInput{GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{
			{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: h.IndexName}},
		}})
		s.Replaces = g != nil
		if s.Replaces || x.inTheWay(h.KeySchema) || x.vector(name) != nil || len(have.GlobalSecondaryIndexes) >= maxGlobals {
			before = append(before, s)
		} else {
			after = append(after, s)
		}
	}
	for _, h := range have.VectorIndexes {
		name := aws.ToString(h.IndexName)
		v, why := x.vector(name), ""
		if v != nil {
			if why = x.vectorDiffers(h, v); why == "" {
				continue
			}
		}
		s := x.update(Remove, "vector index "+name, why, &dynamodb.UpdateTableInput{VectorIndexUpdates: []types.VectorIndexUpdate{
			{Delete: &types.DeleteVectorIndexAction{IndexName: h.IndexName}},
		}})
		s.Replaces = v != nil
		before = append(before, s) // of the same attribute there may be others, or provisioned capacity
	}
	gone := func(what string) bool {
		return slices.ContainsFunc(before, func(s Step) bool { return s.What == what })
	}
	for _, g := range d.Globals {
		name := aws.ToString(g.IndexName)
		if findGlobal(have, name) != nil && !gone("index "+name) {
			continue
		}
		// The table's mode is the one that it has when the step is made, just before it runs.
		action := &types.CreateGlobalSecondaryIndexAction{IndexName: g.IndexName, KeySchema: g.KeySchema, Projection: g.Projection, WarmThroughput: g.WarmThroughput}
		switch p := have.ProvisionedThroughput; {
		case !x.isProvisioned():
			action.OnDemandThroughput = limited(g.OnDemandThroughput)
		case g.ProvisionedThroughput != nil:
			action.ProvisionedThroughput = g.ProvisionedThroughput
		default:
			action.ProvisionedThroughput = &types.ProvisionedThroughput{ReadCapacityUnits: p.ReadCapacityUnits, WriteCapacityUnits: p.WriteCapacityUnits}
		}
		s := x.update(Create, "index "+name, "key "+keyText(g.KeySchema), &dynamodb.UpdateTableInput{
			AttributeDefinitions:        d.Attributes(g.KeySchema),
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: action}},
		})
		creations = append(creations, s.unlessFull(len(have.GlobalSecondaryIndexes), maxGlobals, "global"))
	}
	for _, v := range d.Vectors {
		name := aws.ToString(v.IndexName)
		if slices.ContainsFunc(have.VectorIndexes, func(h types.VectorIndexDescription) bool { return aws.ToString(h.IndexName) == name }) && !gone("vector index "+name) {
			continue
		}
		s := x.update(Create, "vector index "+name, "of "+aws.ToString(v.VectorAttribute.AttributeName), &dynamodb.UpdateTableInput{
			AttributeDefinitions: d.Attributes(searched(v)),
			VectorIndexUpdates: []types.VectorIndexUpdate{{Create: &types.CreateVectorIndexAction{
				IndexName: v.IndexName, Dimensions: v.Dimensions, DistanceFunction: v.DistanceFunction,
				Projection: v.Projection, VectorAttribute: v.VectorAttribute, SearchSchema: v.SearchSchema,
			}}},
		})
		creations = append(creations, s.unlessFull(len(have.VectorIndexes), maxVectors, "vector"))
	}
	return before, creations, after
}

// unlessFull is s, which makes another index, where a refusal for a limit says that
// there are enough, and not that the service is busy.
func (s Step) unlessFull(n, most int, kind string) Step {
	if n < most {
		return s
	}
	run := s.run
	s.run = func(ctx context.Context) error {
		err := run(ctx)
		var limit *types.LimitExceededException
		if errors.As(err, &limit) {
			return fmt.Errorf("the table has %d %s indexes, and no room for another", n, kind)
		}
		return err
	}
	return s
}

func (x *differ) isProvisioned() bool {
	s := x.have.table.BillingModeSummary
	return s == nil || s.BillingMode == types.BillingModeProvisioned
}

// vector is the definition of a vector index, nil if there is none.
func (x *differ) vector(name string) *types.VectorIndex {
	for i, v := range x.d.Vectors {
		if aws.ToString(v.IndexName) == name {
			return &x.d.Vectors[i]
		}
	}
	return nil
}

// inTheWay reports whether an index that has keys keeps attributes of them from
// being of the types that the definition gives them, or from being vectors.
func (x *differ) inTheWay(keys []types.KeySchemaElement) bool {
	return slices.ContainsFunc(keys, func(k types.KeySchemaElement) bool {
		name := aws.ToString(k.AttributeName)
		if slices.ContainsFunc(x.d.Vectors, func(v types.VectorIndex) bool { return aws.ToString(v.VectorAttribute.AttributeName) == name }) {
			return true
		}
		want, ok := x.d.Types[name]
		return ok && want != x.typeOf(name)
	})
}

// typeOf is the type that an attribute is defined with now.
func (x *differ) typeOf(name string) types.ScalarAttributeType {
	for _, def := range x.have.table.AttributeDefinitions {
		if aws.ToString(def.AttributeName) == name {
			return def.AttributeType
		}
	}
	return ""
}

// indexDiffers says why a global index is to be made anew, if so. One that holds
// more than is wanted stays.
func (x *differ) indexDiffers(h *types.GlobalSecondaryIndexDescription, g *types.GlobalSecondaryIndex) string {
	switch {
	case !core.SameKeys(h.KeySchema, g.KeySchema):
		return "its key is " + keyText(h.KeySchema) + ", not " + keyText(g.KeySchema)
	case x.inTheWay(h.KeySchema):
		return "the attributes of its key have other types"
	case !covers(h.Projection, g.Projection):
		return "it holds other attributes"
	}
	return ""
}

// vectorDiffers says why a vector index is to be made anew, if so.
func (x *differ) vectorDiffers(h types.VectorIndexDescription, v *types.VectorIndex) string {
	switch {
	case h.VectorAttribute == nil || aws.ToString(h.VectorAttribute.AttributeName) != aws.ToString(v.VectorAttribute.AttributeName):
		return "it is of another attribute"
	case aws.ToInt64(h.Dimensions) != aws.ToInt64(v.Dimensions) || h.DistanceFunction != v.DistanceFunction:
		return "it has other dimensions, or another distance"
	case !slices.EqualFunc(h.SearchSchema, v.SearchSchema, func(a, b types.SearchSchemaElement) bool {
		return aws.ToString(a.AttributeName) == aws.ToString(b.AttributeName) && a.SearchSchemaElementType == b.SearchSchemaElementType
	}):
		return "it is searched by other attributes"
	case x.inTheWay(searched(types.VectorIndex{SearchSchema: h.SearchSchema})):
		return "the attributes that it is searched by have other types"
	case !covers(h.Projection, v.Projection):
		return "it holds other attributes"
	}
	return ""
}

func findGlobal(have *types.TableDescription, name string) *types.GlobalSecondaryIndexDescription {
	for i, g := range have.GlobalSecondaryIndexes {
		if aws.ToString(g.IndexName) == name {
			return &have.GlobalSecondaryIndexes[i]
		}
	}
	return nil
}

// covers reports whether an index with the projection have holds what one
// with want must.
func covers(have, want *types.Projection) bool {
	if have == nil || have.ProjectionType == types.ProjectionTypeAll || want.ProjectionType == types.ProjectionTypeKeysOnly {
		return true
	}
	lacks := func(name string) bool { return !slices.Contains(have.NonKeyAttributes, name) }
	return want.ProjectionType == types.ProjectionTypeInclude && !slices.ContainsFunc(want.NonKeyAttributes, lacks)
}
