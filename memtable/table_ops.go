package memtable

import (
	"slices"
	"time"
)

// tableInput is the request of operations that only name a table.
type tableInput struct{ table opt[string] }

func (in *tableInput) member(d *decoder, name string) {
	if name == "TableName" {
		in.table = d.string()
		return
	}
	d.skip()
}

func (in *tableInput) check() error { return checkTableName(in.table) }

// checkTableName checks the name or ARN in a request about tables.
func checkTableName(name opt[string]) error {
	if !name.ok {
		return missingTableName()
	}
	c := &constraints{}
	c.tableName("tableName", name)
	return c.err()
}

// emptyInput is the request of operations without parameters.
type emptyInput struct{}

func (*emptyInput) member(d *decoder, _ string) { d.skip() }
func (*emptyInput) check() error                { return nil }

// describeTable answers DescribeTable.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
func (e *Engine) describeTable(in *tableInput, w *writer) error {
	now := e.now()
	t, err := e.find(in.table.v, now)
	if err != nil {
		return err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	w.beginObject()
	t.describe(w, "Table", now, "")
	w.endObject()
	return nil
}

// deleteTable answers DeleteTable.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteTable.html
func (e *Engine) deleteTable(in *tableInput, w *writer) error {
	now := e.now()
	t, err := e.find(in.table.v, now)
	if err != nil {
		return err
	}
	if err := t.delete(now, now.Add(e.delay), w); err != nil {
		return err
	}
	if e.delay <= 0 {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.tables[t.name] == t {
			delete(e.tables, t.name)
		}
	}
	return nil
}

// delete marks the table as deleted, writes its last description, and drops its items.
func (t *table) delete(now, gone time.Time, w *writer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.deletable(now); err != nil {
		return err
	}
	t.deleted = gone
	if t.stream != nil && t.stream.closed.IsZero() {
		t.stream.close(now, gone)
	}
	w.beginObject()
	t.describe(w, "TableDescription", now, statusDeleting)
	w.endObject()
	t.data.clear()
	t.history.versions = nil
	t.keep(now)
	return nil
}

func (t *table) deletable(now time.Time) error {
	const busy = "Attempt to change a resource which is still in use: "
	switch t.status(now) {
	case statusCreating:
		return inUse(busy+"Table is being created: %s", t.name)
	case statusUpdating:
		return inUse(busy+"Table is being updated: %s", t.name)
	case statusDeleting:
		return inUse(busy+"Table is being deleted: %s", t.name)
	}
	if t.buildsVector(now) {
		return inUse(busy + "Cannot delete table while indexes are being created, updated, or deleted.")
	}
	if t.protected {
		return invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	return nil
}

// listTablesInput is ListTables' request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTables.html
type listTablesInput struct {
	start opt[string]
	limit opt[int64]
}

func (in *listTablesInput) member(d *decoder, name string) {
	switch name {
	case "ExclusiveStartTableName":
		in.start = d.string()
	case "Limit":
		in.limit = d.integer("Integer")
	default:
		d.skip()
	}
}

func (in *listTablesInput) check() error {
	c := &constraints{}
	c.atLeast("limit", in.limit, 1)
	c.atMost("limit", in.limit, 100)
	if in.start.ok {
		c.indexName("exclusiveStartTableName", in.start)
	}
	return c.err()
}

// listTables answers ListTables.
func (e *Engine) listTables(in *listTablesInput, w *writer) error {
	now, limit := e.now(), int(in.limit.or(100))
	var names []string
	e.mu.RLock()
	for name, t := range e.tables {
		if name > in.start.v && !t.gone(now) {
			names = append(names, name)
		}
	}
	e.mu.RUnlock()
	slices.Sort(names)
	w.beginObject()
	w.texts("TableNames", names[:min(limit, len(names))])
	if len(names) > limit {
		w.text("LastEvaluatedTableName", names[limit-1])
	}
	w.endObject()
	return nil
}

// describeLimits answers DescribeLimits with the quotas of a new account.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeLimits.html
func (e *Engine) describeLimits(_ *emptyInput, w *writer) error {
	w.beginObject()
	w.int("AccountMaxReadCapacityUnits", 80_000)
	w.int("AccountMaxWriteCapacityUnits", 80_000)
	w.int("TableMaxReadCapacityUnits", 40_000)
	w.int("TableMaxWriteCapacityUnits", 40_000)
	w.endObject()
	return nil
}

// describeEndpoints answers DescribeEndpoints.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeEndpoints.html
func (e *Engine) describeEndpoints(_ *emptyInput, w *writer) error {
	w.beginObject()
	w.array("Endpoints")
	w.beginObject()
	w.text("Address", "dynamodb."+e.region+".amazonaws.com")
	w.int("CachePeriodInMinutes", 1440)
	w.endObject()
	w.endArray()
	w.endObject()
	return nil
}

// describeContinuousBackups answers DescribeContinuousBackups: point-in-time recovery is off.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeContinuousBackups.html
func (e *Engine) describeContinuousBackups(in *tableInput, w *writer) error {
	name := tableOf(in.table.v)
	if _, err := e.find(name, e.now()); err != nil {
		return badRequest(inDynamoDB+"TableNotFoundException", "Table not found: "+name)
	}
	w.beginObject()
	w.object("ContinuousBackupsDescription")
	w.text("ContinuousBackupsStatus", "ENABLED")
	w.object("PointInTimeRecoveryDescription")
	w.text("PointInTimeRecoveryStatus", "DISABLED")
	w.endObject()
	w.endObject()
	w.endObject()
	return nil
}
