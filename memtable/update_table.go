package memtable

import (
	"slices"
	"strings"
	"time"
)

// updateTableInput is UpdateTable's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
type updateTableInput struct {
	table      opt[string]
	attributes opt[[]attributeDefinition]
	billing    opt[string]
	throughput opt[throughputInput]
	indexes    opt[[]indexUpdate]
	vectors    opt[[]vectorUpdate]
	protected  opt[bool]
	class      opt[string]
	stream     opt[streamSpec]
	settings   settingsInput
}

// indexUpdate is one of three things that UpdateTable does to a global index.
type indexUpdate struct{ create, update, remove opt[indexInput] }

func (in *updateTableInput) member(d *decoder, name string) {
	switch name {
	case "TableName":
		in.table = d.string()
	case "AttributeDefinitions":
		in.attributes = d.attributeDefinitions()
	case "BillingMode":
		in.billing = d.string()
	case "ProvisionedThroughput":
		in.throughput = d.throughput()
	case "GlobalSecondaryIndexUpdates":
		in.indexes = d.indexUpdates()
	case "VectorIndexUpdates":
		in.vectors = d.vectorUpdates()
	case "DeletionProtectionEnabled":
		in.protected = d.bool()
	case "TableClass":
		in.class = d.string()
	case "StreamSpecification":
		in.stream = d.streamSpec()
	default:
		if !in.settings.member(d, name) {
			d.skip()
		}
	}
}

func (d *decoder) indexUpdates() (out opt[[]indexUpdate]) {
	action := func(shape string) (in opt[indexInput]) {
		in.ok = d.object(shape, func(name string) { d.indexMember(&in.v, name) })
		return in
	}
	out.ok = d.list(func(int) {
		var u indexUpdate
		d.item("GlobalSecondaryIndexUpdate", func(name string) {
			switch name {
			case "Create":
				u.create = action("CreateGlobalSecondaryIndexAction")
			case "Update":
				u.update = action("UpdateGlobalSecondaryIndexAction")
			case "Delete":
				u.remove = action("DeleteGlobalSecondaryIndexAction")
			default:
				d.skip()
			}
		})
		out.v = append(out.v, u)
	})
	return out
}

// target is the index that the update is about.
func (u indexUpdate) target() string {
	for _, in := range []opt[indexInput]{u.update, u.create, u.remove} {
		if in.ok {
			return in.v.name.v
		}
	}
	return ""
}

func (in *updateTableInput) check() error {
	if err := in.checkMembers(); err != nil {
		return err
	}
	if !in.throughput.ok && !in.billing.ok && len(in.indexes.v) == 0 && len(in.vectors.v) == 0 && !in.protected.ok && !in.class.ok && !in.stream.ok && !in.settings.given() {
		return invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	if in.billing.v == "PROVISIONED" && !in.throughput.ok {
		return invalidValue("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
	}
	if err := checkUnits(in.throughput.v); err != nil {
		return err
	}
	if err := in.checkAlone(); err != nil {
		return err
	}
	if err := in.checkStream(); err != nil {
		return err
	}
	return in.checkIndexes()
}

// checkAlone finds changes that stand beside others, and may not.
func (in *updateTableInput) checkAlone() error {
	changes := 0
	for _, given := range []bool{in.billing.ok || in.throughput.ok, len(in.indexes.v)+len(in.vectors.v) > 0, in.protected.ok, in.class.ok, in.stream.ok, in.settings.given()} {
		if given {
			changes++
		}
	}
	switch {
	case changes > 1 && in.class.ok:
		return invalidValue("TableClass modification must be the only operation in the request")
	case changes > 1 && in.protected.ok:
		return invalidValue("DeletionProtection modification must be the only operation in the request")
	case in.throughput.ok && in.changesIndexes():
		return invalidValue("You cannot create or delete index while updating table IOPS")
	}
	return nil
}

// changesIndexes reports whether an index is created or deleted.
func (in *updateTableInput) changesIndexes() bool {
	return slices.ContainsFunc(in.indexes.v, func(u indexUpdate) bool { return u.create.ok || u.remove.ok })
}

func (in *updateTableInput) checkMembers() error {
	if !in.table.ok {
		return missingTableName()
	}
	c := &constraints{}
	if c.tableName("tableName", in.table) {
		return c.err()
	}
	c.attributeDefinitions(in.attributes)
	c.enum("billingMode", in.billing, "PROVISIONED, PAY_PER_REQUEST")
	c.enum("tableClass", in.class, "STANDARD, STANDARD_INFREQUENT_ACCESS")
	c.throughput("provisionedThroughput", in.throughput)
	c.streamSpec(in.stream)
	c.settings("", in.settings)
	for i, u := range in.indexes.v {
		path := memberPath("globalSecondaryIndexUpdates", i)
		if u.update.ok {
			if c.notNull(path+".update.indexName", u.update.v.name.ok) {
				c.indexName(path+".update.indexName", u.update.v.name)
			}
			c.throughput(path+".update.provisionedThroughput", u.update.v.throughput)
		}
		if u.create.ok {
			c.index(path+".create", u.create.v, 2*maxKeyParts)
		}
		if u.remove.ok && c.notNull(path+".delete.indexName", u.remove.v.name.ok) {
			c.indexName(path+".delete.indexName", u.remove.v.name)
		}
	}
	for i, u := range in.vectors.v {
		c.vectorUpdate(memberPath("vectorIndexUpdates", i), u)
	}
	return c.err()
}

func (in *updateTableInput) checkIndexes() error {
	names, online := map[string]bool{}, 0
	for _, u := range in.indexes.v {
		if !u.update.ok && !u.create.ok && !u.remove.ok {
			return invalidValue("One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, " +
				"GlobalSecondaryIndexUpdate.Delete must not be null")
		}
		if names[u.target()] {
			return invalidValue("Only one global secondary index update per index is allowed simultaneously. Index: %s", u.target())
		}
		names[u.target()] = true
		if !u.update.ok {
			online++
		}
	}
	for _, u := range in.vectors.v {
		switch {
		case !u.create.ok && !u.remove.ok:
			return invalidValue("One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must not be null")
		case u.create.ok && u.remove.ok:
			return invalidValue("Only one vector index action is allowed per VectorIndexUpdate object")
		}
		online++
	}
	if online > 1 {
		return oneOnline()
	}
	return nil
}

func oneOnline() error {
	return limitExceeded("Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
}

// updateTable answers UpdateTable.
func (e *Engine) updateTable(in *updateTableInput, w *writer) error {
	now := e.now()
	t, err := e.find(in.table.v, now)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if status := t.status(now); status != statusActive {
		if status == statusUpdating { // what is wrong with the change of a vector index comes first
			if err := t.checkVectorUpdates(in, now); err != nil {
				return err
			}
		}
		return inUse("Attempt to change a resource which is still in use: Table is being %s: %s",
			map[string]string{statusCreating: "created", statusUpdating: "updated", statusDeleting: "deleted"}[status], t.name)
	}
	if err := t.checkUpdate(in, now); err != nil {
		return err
	}
	ready := now.Add(e.delay)
	t.updating, t.ready = true, ready
	if in.protected.ok {
		t.protected = in.protected.v
	}
	if in.class.ok {
		t.class = in.class.v
	}
	if in.billing.ok {
		t.setBilling(in.billing.v == "PAY_PER_REQUEST", now)
	}
	if in.throughput.ok {
		t.throughput.stamp(in.throughput.v, now)
	}
	t.settings.set(in.settings, e.kms())
	e.setStream(t, in.stream, now, ready)
	for _, u := range in.indexes.v {
		t.updateIndex(u, in.attributes.v, now, ready)
	}
	for _, u := range in.vectors.v {
		t.updateVector(u, in.attributes.v, now)
	}
	w.beginObject()
	t.describe(w, "TableDescription", now, statusUpdating)
	w.endObject()
	t.updateThroughput(in, now) // the answer still shows what it was
	t.scheduleVectors(ready, e.delay)
	t.data.sweep(now)
	return nil
}

// updateThroughput sets the provisioned throughput of the table and of its indexes.
func (t *table) updateThroughput(in *updateTableInput, now time.Time) {
	if in.throughput.ok {
		t.throughput.set(in.throughput.v)
	}
	for _, u := range in.indexes.v {
		if u.update.v.throughput.ok {
			t.data.index(u.target(), now).throughput.set(u.update.v.throughput.v)
		}
	}
}

// checkUpdate checks a request against the table as it is.
func (t *table) checkUpdate(in *updateTableInput, now time.Time) error {
	if err := t.checkStream(in.stream); err != nil {
		return err
	}
	onDemand := t.onDemand
	if in.billing.ok {
		onDemand = in.billing.v == "PAY_PER_REQUEST"
	}
	if onDemand && in.throughput.ok {
		return invalidValue("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	}
	if in.throughput.ok && !t.onDemand && len(in.indexes.v) == 0 {
		if err := t.throughput.checkChange(in.throughput.v); err != nil {
			return err
		}
	}
	if err := in.settings.check(onDemand, t.settings); err != nil {
		return err
	}
	if err := t.checkVectorUpdates(in, now); err != nil {
		return err
	}
	if t.onDemand && !onDemand {
		if err := t.checkProvisioned(in, now); err != nil {
			return err
		}
	}
	for _, u := range in.indexes.v {
		if err := t.checkIndexUpdate(u, in.attributes.v, onDemand, now); err != nil {
			return err
		}
	}
	return nil
}

// checkProvisioned finds global indexes that lack throughput once the table is no longer on demand.
func (t *table) checkProvisioned(in *updateTableInput, now time.Time) error {
	var missing []string
	for _, x := range t.data.indexes {
		given := slices.ContainsFunc(in.indexes.v, func(u indexUpdate) bool {
			return u.target() == x.name && (u.update.v.throughput.ok || u.remove.ok)
		})
		if x.global && !x.gone(now) && !given {
			missing = append(missing, x.name)
		}
	}
	if len(missing) > 0 {
		return invalidValue("ProvisionedThroughput must be specified for index: %s", strings.Join(missing, ","))
	}
	return nil
}

func (t *table) checkIndexUpdate(u indexUpdate, defs []attributeDefinition, onDemand bool, now time.Time) error {
	x := t.data.index(u.target(), now)
	if p := u.update.v.throughput.v; p.read.v > maxUnits || p.write.v > maxUnits {
		return invalid("This operation cannot be performed with given input values. " +
			"Please contact DynamoDB service team for more info: Action Blocked: IndexUpdate")
	}
	switch {
	case u.create.ok:
		if x != nil || t.data.vector(u.target(), now) != nil {
			return invalid("Attempting to create an index which already exists")
		}
		if t.buildsVector(now) {
			return oneOnline()
		}
		if err := t.checkRedefined(u.create.v, defs, now); err != nil {
			return err
		}
		all, err := t.mergeAttributes(defs, now)
		if err != nil {
			return err
		}
		if err := checkGlobalIndex(u.create.v, onDemand, all); err != nil {
			return err
		}
		if t.data.globals(now) >= maxGlobalIndexes {
			return limitExceeded("Subscriber limit exceeded: GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
		}
		return checkProjectedNames(t.data.projected(now) + len(u.create.v.projection.v.nonKey.v))
	case x == nil || !x.global:
		return notFound("Requested resource not found")
	case x.status(now) != statusActive:
		return inUse("Attempting to change an index which is still in use: %s", x.name)
	case u.update.ok && u.update.v.settings.given():
		if err := u.update.v.settings.check(onDemand, x.settings); err != nil {
			return err
		}
	}
	switch {
	case u.update.ok && u.update.v.throughput.ok:
		if onDemand {
			return invalidValue("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		if !t.onDemand {
			return x.throughput.checkChange(u.update.v.throughput.v)
		}
	}
	return nil
}

// mergeAttributes adds the request's attribute definitions to the table's.
func (t *table) mergeAttributes(defs []attributeDefinition, now time.Time) ([]attributeDefinition, error) {
	all := t.defined(now)
	for _, d := range defs {
		i := slices.IndexFunc(all, func(a attributeDefinition) bool { return a.name.v == d.name.v })
		switch {
		case i < 0:
			all = append(all, d)
		case all[i].typ.v != d.typ.v:
			return nil, invalidValue("Attribute definition for %s conflicts with the table's: expected %s, actual %s",
				d.name.v, all[i].typ.v, d.typ.v)
		}
	}
	return all, nil
}

func (t *table) setBilling(onDemand bool, now time.Time) {
	if onDemand == t.onDemand {
		return
	}
	t.billed, t.onDemand = true, onDemand
	if !onDemand {
		t.settings.most = rates{}
		for _, x := range t.data.indexes {
			x.settings.most = rates{}
		}
		return
	}
	t.onDemandAt = now
	t.throughput = throughput{}
	for _, x := range t.data.indexes {
		x.throughput = throughput{}
	}
}

func (t *table) updateIndex(u indexUpdate, defs []attributeDefinition, now, ready time.Time) {
	switch {
	case u.create.ok:
		t.attributes, _ = t.mergeAttributes(defs, now)
		x := t.newIndex(u.create.v, true, ready)
		x.meters = &meters{}
		t.data.addIndex(x)
		t.history.backfill(x)
	case u.remove.ok:
		t.data.index(u.target(), now).deleted = ready
	case u.update.v.throughput.ok || u.update.v.settings.given():
		x := t.data.index(u.target(), now)
		x.updating, x.ready = true, ready
		x.settings.set(u.update.v.settings, "")
		if u.update.v.throughput.ok {
			x.throughput.stamp(u.update.v.throughput.v, now)
		}
	}
}

// checkChange refuses an update that changes nothing.
func (p throughput) checkChange(to throughputInput) error {
	if p.read != to.read.v || p.write != to.write.v {
		return nil
	}
	return invalid("The provisioned throughput for the table will not change. The requested value equals the current value. "+
		"Current ReadCapacityUnits provisioned for the table: %d. Requested ReadCapacityUnits: %d. "+
		"Current WriteCapacityUnits provisioned for the table: %d. Requested WriteCapacityUnits: %d. "+
		"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
		p.read, to.read.v, p.write, to.write.v)
}

// stamp notes when capacity goes up or down.
func (p *throughput) stamp(to throughputInput, now time.Time) {
	if to.read.v > p.read || to.write.v > p.write {
		p.increased = now
	}
	if to.read.v < p.read || to.write.v < p.write {
		p.decreased = now
	}
}

func (p *throughput) set(to throughputInput) {
	if to.read.v < p.read || to.write.v < p.write {
		p.decreases++
	}
	p.read, p.write = to.read.v, to.write.v
}
