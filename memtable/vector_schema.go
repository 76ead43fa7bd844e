package memtable

import (
	"slices"
	"strconv"
)

// Limits of vector indexes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-vector-indexes
const (
	maxVectorIndexes = 5
	maxDimensions    = 4096
	maxInlineFilters = 18    // of an index's search schema
	maxInlineFilter  = 10240 // bytes of an inline filter's value
)

const vectorsOnDemand = "Vector indexes are only supported for PAY_PER_REQUEST tables"

// The forms below are what CreateTable and UpdateTable send.

type searchElement struct{ name, role opt[string] }

type vectorInput struct {
	name       opt[string]
	attribute  opt[opt[string]] // VectorAttribute, and the name in it
	dimensions opt[int64]
	distance   opt[string]
	schema     opt[[]searchElement]
	projection opt[projectionInput]
}

func (d *decoder) vectorIndexes() (out opt[[]vectorInput]) {
	out.ok = d.list(func(int) {
		var in vectorInput
		d.item("VectorIndex", func(name string) { d.vectorMember(&in, name) })
		out.v = append(out.v, in)
	})
	return out
}

func (d *decoder) vectorMember(in *vectorInput, name string) {
	switch name {
	case "IndexName":
		in.name = d.string()
	case "VectorAttribute":
		in.attribute.ok = d.object("VectorAttributeDefinition", func(name string) {
			if name == "AttributeName" {
				in.attribute.v = d.string()
				return
			}
			d.skip()
		})
	case "Dimensions":
		in.dimensions = d.integer("Long")
	case "DistanceFunction":
		in.distance = d.string()
	case "SearchSchema":
		in.schema = d.searchSchema()
	case "Projection":
		in.projection = d.projection()
	default:
		d.skip()
	}
}

func (d *decoder) searchSchema() (out opt[[]searchElement]) {
	out.ok = d.list(func(int) {
		var e searchElement
		d.item("SearchSchemaElement", func(name string) {
			switch name {
			case "AttributeName":
				e.name = d.string()
			case "SearchSchemaElementType":
				e.role = d.string()
			default:
				d.skip()
			}
		})
		out.v = append(out.v, e)
	})
	return out
}

// vectorIndex adds the violations of a vector index's members.
func (c *constraints) vectorIndex(path string, in vectorInput) {
	if c.notNull(path+".indexName", in.name.ok) {
		c.indexName(path+".indexName", in.name)
	}
	if c.notNull(path+".vectorAttribute", in.attribute.ok) && c.notNull(path+".vectorAttribute.attributeName", in.attribute.v.ok) {
		c.length(path+".vectorAttribute.attributeName", in.attribute.v.v, 1, 65535)
	}
	for i, e := range in.schema.v {
		member := path + ".searchSchema." + strconv.Itoa(i+1) + ".member."
		if c.notNull(member+"attributeName", e.name.ok) {
			c.length(member+"attributeName", e.name.v, 1, 65535)
		}
		if c.notNull(member+"searchSchemaElementType", e.role.ok) {
			c.enum(member+"searchSchemaElementType", e.role, "HASH, INLINE_FILTER")
		}
	}
	c.projection(path+".projection", in.projection)
	if c.notNull(path+".dimensions", in.dimensions.ok) {
		c.atLeast(path+".dimensions", in.dimensions, 1)
	}
	if c.notNull(path+".distanceFunction", in.distance.ok) {
		c.enum(path+".distanceFunction", in.distance, "DOT_PRODUCT, COSINE, EUCLIDEAN")
	}
}

// checkVectorIndexes checks the vector indexes of a new table. names are those of its other indexes.
func checkVectorIndexes(indexes opt[[]vectorInput], onDemand bool, defs []attributeDefinition, names map[string]bool) error {
	switch {
	case !indexes.ok:
		return nil
	case len(indexes.v) == 0:
		return invalidValue("List of VectorIndexes is empty")
	case !onDemand:
		return invalidValue(vectorsOnDemand)
	case len(indexes.v) > maxVectorIndexes:
		return invalidValue("VectorIndex count exceeds the per-table limit of %d", maxVectorIndexes)
	}
	for i, in := range indexes.v {
		if err := checkVectorIndex(in, defs); err != nil {
			return err
		}
		if names[in.name.v] {
			return invalidValue("Duplicate index name: %s", in.name.v)
		}
		names[in.name.v] = true
		for _, other := range indexes.v[:i] {
			if other.attribute.v.v == in.attribute.v.v && other.dimensions.v != in.dimensions.v {
				return invalidValue("Conflicting attribute definition for '%s'. All VectorIndexes on the same vector attribute must use the same dimensions.", in.attribute.v.v)
			}
		}
	}
	return nil
}

// checkVectorIndex checks a vector index against the attribute definitions of its request.
func checkVectorIndex(in vectorInput, defs []attributeDefinition) error {
	count := map[string]int{}
	for _, e := range in.schema.v {
		count[e.role.v]++
	}
	for _, most := range []struct {
		role string
		n    int
	}{{"HASH", 1}, {"INLINE_FILTER", maxInlineFilters}} {
		if n := count[most.role]; n > most.n {
			return invalidValue("Value '%d' at 'SearchSchema' failed to satisfy constraint: Member must have %s count less than or equal to %d", n, most.role, most.n)
		}
	}
	searched := in.searched()
	if _, twice := duplicate(searched); twice {
		return invalidValue("SearchSchema contains a duplicate AttributeName")
	}
	if in.dimensions.v > maxDimensions {
		return invalidValue("Number of dimensions must be between 1 and %d inclusive.", maxDimensions)
	}
	defined := definedNames(defs)
	if slices.Contains(defined, in.attribute.v.v) {
		return invalidValue("Conflicting attribute definition for '%s'. An attribute cannot be defined in AttributeDefinitions when used as a VectorAttribute.", in.attribute.v.v)
	}
	for _, name := range searched {
		if !slices.Contains(defined, name) {
			return invalidValue("One element in SearchSchema is not defined in attribute definitions")
		}
	}
	return checkProjection(in.projection.v)
}

// searched are the attributes of the search schema.
func (in vectorInput) searched() []string {
	names := make([]string, len(in.schema.v))
	for i, e := range in.schema.v {
		names[i] = e.name.v
	}
	return names
}
