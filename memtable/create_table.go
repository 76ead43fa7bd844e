package memtable

import (
	"slices"
)

// createTableInput is CreateTable's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
type createTableInput struct {
	table      opt[string]
	attributes opt[[]attributeDefinition]
	key        opt[[]keyElement]
	local      opt[[]indexInput]
	global     opt[[]indexInput]
	vectors    opt[[]vectorInput]
	billing    opt[string]
	throughput opt[throughputInput]
	protected  opt[bool]
	class      opt[string]
	tags       opt[[]tag]
	stream     opt[streamSpec]
	settings   settingsInput
}

func (in *createTableInput) member(d *decoder, name string) {
	switch name {
	case "TableName":
		in.table = d.string()
	case "AttributeDefinitions":
		in.attributes = d.attributeDefinitions()
	case "KeySchema":
		in.key = d.keySchema()
	case "LocalSecondaryIndexes":
		in.local = d.indexes("LocalSecondaryIndex")
	case "GlobalSecondaryIndexes":
		in.global = d.indexes("GlobalSecondaryIndex")
	case "VectorIndexes":
		in.vectors = d.vectorIndexes()
	case "BillingMode":
		in.billing = d.string()
	case "ProvisionedThroughput":
		in.throughput = d.throughput()
	case "DeletionProtectionEnabled":
		in.protected = d.bool()
	case "TableClass":
		in.class = d.string()
	case "Tags":
		in.tags = d.tags()
	case "StreamSpecification":
		in.stream = d.streamSpec()
	default:
		if !in.settings.member(d, name) {
			d.skip()
		}
	}
}

func (in *createTableInput) check() error {
	if err := in.checkMembers(); err != nil {
		return err
	}
	onDemand := in.billing.v == "PAY_PER_REQUEST"
	if err := in.checkBilling(onDemand); err != nil {
		return err
	}
	if err := in.stream.v.checkCreate(); err != nil {
		return err
	}
	if err := in.settings.check(onDemand, settings{}); err != nil {
		return err
	}
	key, defs := in.key.v, in.attributes.v
	if len(key) > len(defs) {
		return invalid("Invalid KeySchema: Some index key attribute have no definition")
	}
	if name, twice := duplicate(definedNames(defs)); twice {
		return invalid("Attribute Name is duplicated: %s", name)
	}
	if err := checkKey(key, defs, false); err != nil {
		return err
	}
	if !in.local.ok && !in.global.ok && !in.vectors.ok && len(key) != len(defs) {
		return invalidValue("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	names := map[string]bool{}
	if err := checkLocalIndexes(in.local, key, defs, names); err != nil {
		return err
	}
	if err := checkGlobalIndexes(in.global, onDemand, defs, names); err != nil {
		return err
	}
	if err := checkVectorIndexes(in.vectors, onDemand, defs, names); err != nil {
		return err
	}
	if err := checkProjected(in.local.v, in.global.v); err != nil {
		return err
	}
	return in.checkUnused()
}

// checkMembers checks each member by itself.
func (in *createTableInput) checkMembers() error {
	if !in.table.ok {
		return missingTableName()
	}
	c := &constraints{}
	if in.table.v != "" {
		if !matchesName(in.table.v) {
			c.namePattern("tableName", in.table.v)
		}
	}
	c.length("tableName", in.table.v, 3, 255)
	if err := c.err(); err != nil {
		return err
	}
	c.notNull("attributeDefinitions", in.attributes.ok)
	c.attributeDefinitions(in.attributes)
	c.enum("billingMode", in.billing, "PROVISIONED, PAY_PER_REQUEST")
	c.enum("tableClass", in.class, "STANDARD, STANDARD_INFREQUENT_ACCESS")
	c.throughput("provisionedThroughput", in.throughput)
	c.streamSpec(in.stream)
	c.settings("", in.settings)
	c.keySchema("keySchema", in.key, 2)
	for i, index := range in.local.v {
		c.index(memberPath("localSecondaryIndexes", i), index, 2)
	}
	for i, index := range in.global.v {
		c.index(memberPath("globalSecondaryIndexes", i), index, 2*maxKeyParts)
	}
	for i, index := range in.vectors.v {
		c.vectorIndex(memberPath("vectorIndexes", i), index)
	}
	return c.err()
}

func missingTableName() error {
	return invalid("The parameter 'TableName' is required but was not present in the request")
}

func (in *createTableInput) checkBilling(onDemand bool) error {
	switch {
	case onDemand && in.throughput.ok:
		return invalidValue("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !onDemand && !in.throughput.ok:
		return invalidValue("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	return checkUnits(in.throughput.v)
}

// checkUnused finds attribute definitions that no key and no search schema uses.
func (in *createTableInput) checkUnused() error {
	keys := in.key.v
	for _, index := range slices.Concat(in.local.v, in.global.v) {
		keys = slices.Concat(keys, index.key.v)
	}
	used := keyNames(keys)
	for _, index := range in.vectors.v {
		used = slices.Concat(used, index.searched())
	}
	for _, name := range definedNames(in.attributes.v) {
		if !slices.Contains(used, name) {
			return invalidValue("Some AttributeDefinitions are not used. AttributeDefinitions: %s, keys used: %s",
				bracketed(definedNames(in.attributes.v)), bracketed(distinct(used)))
		}
	}
	return nil
}

// createTable answers CreateTable.
func (e *Engine) createTable(in *createTableInput, w *writer) error {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if t := e.tables[in.table.v]; t != nil && !t.gone(now) {
		return inUse("Table already exists: %s", in.table.v)
	}
	t := e.newTable(in, now)
	e.setStream(t, in.stream, now, t.ready)
	e.tables[t.name] = t
	w.beginObject()
	t.describe(w, "TableDescription", now, statusCreating)
	w.endObject()
	return nil
}
