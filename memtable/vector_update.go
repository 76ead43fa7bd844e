package memtable

import (
	"fmt"
	"slices"
	"time"
)

// vectorUpdate is one of two things that UpdateTable does to a vector index.
type vectorUpdate struct {
	create opt[vectorInput]
	remove opt[opt[string]] // the index's name
}

func (d *decoder) vectorUpdates() (out opt[[]vectorUpdate]) {
	out.ok = d.list(func(int) {
		var u vectorUpdate
		d.item("VectorIndexUpdate", func(name string) {
			switch name {
			case "Create":
				u.create.ok = d.object("CreateVectorIndexAction", func(name string) { d.vectorMember(&u.create.v, name) })
			case "Delete":
				u.remove.ok = d.object("DeleteVectorIndexAction", func(name string) {
					if name == "IndexName" {
						u.remove.v = d.string()
						return
					}
					d.skip()
				})
			default:
				d.skip()
			}
		})
		out.v = append(out.v, u)
	})
	return out
}

func (c *constraints) vectorUpdate(path string, u vectorUpdate) {
	if u.create.ok {
		c.vectorIndex(path+".create", u.create.v)
	}
	if u.remove.ok && c.notNull(path+".delete.indexName", u.remove.v.ok) {
		c.indexName(path+".delete.indexName", u.remove.v)
	}
}

// buildsVector reports whether a vector index is being created or deleted.
func (t *table) buildsVector(now time.Time) bool {
	return slices.ContainsFunc(t.data.vectors, func(x *vectorIndex) bool { return !x.gone(now) && x.status(now) != statusActive })
}

// checkVectorUpdates checks what a request does to vector indexes, and to a table that has some.
func (t *table) checkVectorUpdates(in *updateTableInput, now time.Time) error {
	onDemand := t.onDemand
	if in.billing.ok {
		onDemand = in.billing.v == "PAY_PER_REQUEST"
	}
	if !onDemand && slices.ContainsFunc(t.data.vectors, func(x *vectorIndex) bool { return !x.gone(now) }) {
		return invalidValue("Tables with vector indexes must be in PAY_PER_REQUEST mode")
	}
	for _, u := range in.vectors.v {
		var err error
		if u.create.ok {
			err = t.checkNewVector(u.create.v, in.attributes.v, onDemand, now)
		} else {
			err = t.checkOldVector(u.remove.v.v, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const indexBusy = "Attempt to change a resource which is still in use: "

// checkNewVector checks a vector index that is to be added.
func (t *table) checkNewVector(in vectorInput, defs []attributeDefinition, onDemand bool, now time.Time) error {
	if x := t.data.vector(in.name.v, now); x != nil && x.status(now) == statusCreating {
		return inUse(indexBusy+"Index is being created.  Table: %s Index: %s", t.name, x.name)
	} else if x != nil || t.data.index(in.name.v, now) != nil {
		return invalid("Attempting to create an index which already exists")
	}
	if !onDemand {
		return invalidValue(vectorsOnDemand)
	}
	if err := checkVectorIndex(in, defs); err != nil {
		return err
	}
	if _, err := t.mergeAttributes(defs, now); err != nil {
		return err
	}
	if existing := t.definition(in.attribute.v.v, now); existing != "" && existing != vectorSchema(in.attribute.v.v, in.dimensions.v) {
		return redefined(existing, vectorSchema(in.attribute.v.v, in.dimensions.v))
	}
	n := 0
	for _, x := range t.data.vectors {
		if !x.gone(now) {
			n++
		}
	}
	if n >= maxVectorIndexes {
		return limitExceeded("Subscriber limit exceeded: Number of vector secondary indexes exceeds per-table limit of %d", maxVectorIndexes)
	}
	if t.buildsVector(now) {
		return oneOnline()
	}
	return nil
}

// checkOldVector checks a vector index that is to be deleted: one that is being created may be, once its
// backfill has begun.
func (t *table) checkOldVector(name string, now time.Time) error {
	x := t.data.vector(name, now)
	switch {
	case x == nil:
		return notFound("Requested resource not found: Index " + name + " for table " + t.name)
	case x.leaving:
		return inUse("Attempting to change an index which is still in use: %s", name)
	case x.status(now) == statusCreating && !x.backfilling(now):
		return inUse(indexBusy+"Index creation is in resource allocation phase. "+
			"Retry deletion during backfilling phase or when the index is active. Table: %s Index: %s", t.name, name)
	}
	return nil
}

// definition prints how an attribute is defined as a key or a vector, as the service does; empty if it isn't.
func (t *table) definition(attribute string, now time.Time) string {
	keys := []keySchema{t.key}
	for _, x := range t.data.indexes {
		if !x.gone(now) {
			keys = append(keys, x.key)
		}
	}
	for _, k := range keys {
		for i, a := range k.attributes() {
			if a.name == attribute {
				return keyDefinition(a, i < len(k.partition))
			}
		}
	}
	for _, x := range t.data.vectors {
		if x.attribute == attribute && !x.gone(now) {
			return vectorSchema(attribute, int64(x.dimensions))
		}
	}
	return ""
}

func keyDefinition(a keyAttribute, partition bool) string {
	return fmt.Sprintf("Schema:[SchemaElement: key{%s:%c:%s}]", a.name, a.typ, map[bool]string{true: "HASH", false: "RANGE"}[partition])
}

func vectorSchema(attribute string, dimensions int64) string {
	return fmt.Sprintf("VectorIndexSchema:[VectorAttribute: key{%s:L:%d}]", attribute, dimensions)
}

func redefined(existing, next string) error {
	return invalidValue("Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. "+
		"Existing schema: %s New schema: %s", existing, next)
}

// checkRedefined finds a key attribute of a new global index that holds vectors.
func (t *table) checkRedefined(in indexInput, defs []attributeDefinition, now time.Time) error {
	for _, k := range in.key.v {
		i := slices.IndexFunc(defs, func(d attributeDefinition) bool { return d.name.v == k.name.v })
		for _, x := range t.data.vectors {
			if i >= 0 && x.attribute == k.name.v && !x.gone(now) {
				return redefined(vectorSchema(x.attribute, int64(x.dimensions)),
					keyDefinition(keyAttribute{k.name.v, defs[i].typ.v[0]}, k.role.v == "HASH"))
			}
		}
	}
	return nil
}

// updateVector makes a checked change. How long it takes is left to scheduleVectors.
func (t *table) updateVector(u vectorUpdate, defs []attributeDefinition, now time.Time) {
	if !u.create.ok {
		t.data.vector(u.remove.v.v, now).leaving = true
		return
	}
	t.attributes, _ = t.mergeAttributes(defs, now)
	x := t.newVector(u.create.v, t.attributes)
	x.added = true
	t.data.addVector(x)
	t.history.backfillVector(x)
}

// scheduleVectors says when the changes of vector indexes are done: a deletion when the table is active again,
// a creation when the backfill that begins then has taken as long.
func (t *table) scheduleVectors(active time.Time, delay time.Duration) {
	for _, x := range t.data.vectors {
		switch {
		case x.leaving && x.deleted.IsZero():
			x.deleted = active
		case x.ready.IsZero():
			x.allocated, x.ready = active, active.Add(delay)
		}
	}
}
