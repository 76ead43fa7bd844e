package memtable

import (
	"slices"
	"strconv"
	"strings"
)

// Limits of tables and indexes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	maxLocalIndexes  = 5
	maxGlobalIndexes = 20
	maxKeyParts      = 4 // attributes of a global index's partition key, and of its sort key
	maxProjected     = 100
	maxUnits         = 1_000_000_000_000
)

// The constraints of the service's model, in the order in which it reports them.

func (c *constraints) attributeDefinitions(defs opt[[]attributeDefinition]) {
	for i, d := range defs.v {
		path := "attributeDefinitions." + strconv.Itoa(i+1) + ".member."
		if c.notNull(path+"attributeName", d.name.ok) {
			c.length(path+"attributeName", d.name.v, 1, 255)
		}
		if c.notNull(path+"attributeType", d.typ.ok) {
			c.enum(path+"attributeType", d.typ, "B, N, S")
		}
	}
}

func (c *constraints) throughput(path string, t opt[throughputInput]) {
	if !t.ok {
		return
	}
	if c.notNull(path+".writeCapacityUnits", t.v.write.ok) {
		c.atLeast(path+".writeCapacityUnits", t.v.write, 1)
	}
	if c.notNull(path+".readCapacityUnits", t.v.read.ok) {
		c.atLeast(path+".readCapacityUnits", t.v.read, 1)
	}
}

func (c *constraints) keySchema(path string, key opt[[]keyElement], most int) {
	if !c.notNull(path, key.ok) {
		return
	}
	c.count(path, len(key.v), 1, most, func() string { return keyElements(key.v) })
	for i, k := range key.v {
		member := path + "." + strconv.Itoa(i+1) + ".member."
		if c.notNull(member+"attributeName", k.name.ok) {
			c.length(member+"attributeName", k.name.v, 1, 255)
		}
		if c.notNull(member+"keyType", k.role.ok) {
			c.enum(member+"keyType", k.role, "HASH, RANGE")
		}
	}
}

func (c *constraints) index(path string, in indexInput, mostKeys int) {
	if c.notNull(path+".indexName", in.name.ok) {
		c.indexName(path+".indexName", in.name)
	}
	c.keySchema(path+".keySchema", in.key, mostKeys)
	c.projection(path+".projection", in.projection)
	c.throughput(path+".provisionedThroughput", in.throughput)
}

func (c *constraints) projection(path string, p opt[projectionInput]) {
	if !c.notNull(path, p.ok) {
		return
	}
	c.enum(path+".projectionType", p.v.kind, "ALL, INCLUDE, KEYS_ONLY")
	if nonKey := p.v.nonKey; nonKey.ok {
		c.count(path+".nonKeyAttributes", len(nonKey.v), 1, 0, func() string { return "[]" })
	}
}

// The rules between members, which the service checks once the constraints hold.

func checkUnits(t throughputInput) error {
	if t.read.v > maxUnits {
		return invalid("Given value %d for ReadCapacityUnits is out of bounds", t.read.v)
	}
	if t.write.v > maxUnits {
		return invalid("Given value %d for WriteCapacityUnits is out of bounds", t.write.v)
	}
	return nil
}

// checkKey checks a key schema against the attribute definitions.
func checkKey(key []keyElement, defs []attributeDefinition, multi bool) error {
	names := keyNames(key)
	for _, name := range names {
		if !slices.ContainsFunc(defs, func(d attributeDefinition) bool { return d.name.v == name }) {
			return invalidValue("Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]",
				strings.Join(names, ", "), strings.Join(definedNames(defs), ", "))
		}
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
		}
	}
	if key[0].role.v != "HASH" {
		return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	if !multi {
		if len(key) > 1 && key[1].role.v != "RANGE" {
			return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
		}
		return nil
	}
	return checkParts(key)
}

// checkParts checks the order and the number of a multi-attribute key's parts.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
func checkParts(key []keyElement) error {
	parts := map[string]int{}
	for i, k := range key {
		if k.role.v == "HASH" && parts["RANGE"] > 0 {
			return invalid("Invalid KeySchema: The KeySchemaElement at position %d is not a RANGE key type", i+1)
		}
		parts[k.role.v]++
	}
	for _, role := range []string{"HASH", "RANGE"} {
		if parts[role] > maxKeyParts {
			return invalidValue("Number of %s keys in the KeySchema exceeds the limit of %d", role, maxKeyParts)
		}
	}
	return nil
}

func definedNames(defs []attributeDefinition) []string {
	out := make([]string, len(defs))
	for i, d := range defs {
		out[i] = d.name.v
	}
	return out
}

func checkProjection(p projectionInput) error {
	if !p.kind.ok {
		return invalidValue("Unknown ProjectionType: null")
	}
	if p.nonKey.ok && p.kind.v != "INCLUDE" {
		return invalidValue("ProjectionType is %s, but NonKeyAttributes is specified", p.kind.v)
	}
	if !p.nonKey.ok && p.kind.v == "INCLUDE" {
		return invalidValue("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	}
	for i, name := range p.nonKey.v {
		if slices.Contains(p.nonKey.v[:i], name) {
			return invalidValue("Duplicate NonKeyAttributes: %s", name)
		}
	}
	return nil
}

// checkProjected counts the projected attributes of all of a table's indexes.
func checkProjected(indexes ...[]indexInput) error {
	n := 0
	for _, in := range slices.Concat(indexes...) {
		n += len(in.projection.v.nonKey.v)
	}
	return checkProjectedNames(n)
}

// checkProjectedNames checks how many attributes the indexes of a table name in their projections.
func checkProjectedNames(n int) error {
	if n > maxProjected {
		return invalidValue("Number of NonKeyAttributes exceeds the per-table limit of %d", maxProjected)
	}
	return nil
}

func checkLocalIndexes(indexes opt[[]indexInput], key []keyElement, defs []attributeDefinition, names map[string]bool) error {
	if !indexes.ok {
		return nil
	}
	if len(indexes.v) == 0 {
		return invalidValue("List of LocalSecondaryIndexes is empty")
	}
	if len(key) != 2 {
		return invalidValue("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	for _, in := range indexes.v {
		if err := checkKey(in.key.v, defs, false); err != nil {
			return err
		}
		if len(in.key.v) != 2 {
			return invalidValue("Index KeySchema does not have a range key for index: %s", in.name.v)
		}
		if partition := in.key.v[0].name.v; partition != key[0].name.v {
			return invalidValue("Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. "+
				"index hash key: %s, table hash key: %s", in.name.v, partition, key[0].name.v)
		}
		if err := checkProjection(in.projection.v); err != nil {
			return err
		}
		if names[in.name.v] {
			return invalidValue("Duplicate index name: %s", in.name.v)
		}
		names[in.name.v] = true
	}
	if len(indexes.v) > maxLocalIndexes {
		return invalidValue("Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocalIndexes)
	}
	return nil
}

func checkGlobalIndexes(indexes opt[[]indexInput], onDemand bool, defs []attributeDefinition, names map[string]bool) error {
	if !indexes.ok {
		return nil
	}
	if len(indexes.v) == 0 {
		return invalidValue("List of GlobalSecondaryIndexes is empty")
	}
	for _, in := range indexes.v {
		if err := checkGlobalIndex(in, onDemand, defs); err != nil {
			return err
		}
		if names[in.name.v] {
			return invalidValue("Duplicate index name: %s", in.name.v)
		}
		names[in.name.v] = true
	}
	if len(indexes.v) > maxGlobalIndexes {
		return invalidValue("GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
	}
	return nil
}

func checkGlobalIndex(in indexInput, onDemand bool, defs []attributeDefinition) error {
	if err := checkKey(in.key.v, defs, true); err != nil {
		return err
	}
	if err := checkProjection(in.projection.v); err != nil {
		return err
	}
	if onDemand && in.throughput.ok {
		return invalidValue("ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", in.name.v)
	}
	if !onDemand && !in.throughput.ok {
		return invalidValue("ProvisionedThroughput must be specified for index: %s", in.name.v)
	}
	if err := in.settings.check(onDemand, settings{}); err != nil {
		return err
	}
	return checkUnits(in.throughput.v)
}
