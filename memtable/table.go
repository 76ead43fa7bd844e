package memtable

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/store"
)

// The statuses of tables and indexes.
const (
	statusCreating = "CREATING"
	statusUpdating = "UPDATING"
	statusDeleting = "DELETING"
	statusActive   = "ACTIVE"
)

// table is one table: its description, its items and its indexes.
//
// mu guards everything below it. The rest never changes, so it may be read without the lock.
type table struct {
	name    string
	id      string
	arn     string
	created time.Time
	key     keySchema

	collections bool // there are local indexes, so item collections have metrics

	mu         sync.RWMutex
	attributes []attributeDefinition
	onDemand   bool
	onDemandAt time.Time // since when the table is on demand, if it is
	billed     bool      // the billing mode was named, so that the description has a summary of it
	throughput throughput
	protected  bool
	class      string
	settings   settings
	ready      time.Time // when the table is active, after its creation or latest update
	updating   bool      // what ready ends is an update
	deleted    time.Time // when a deleted table is gone; zero for one that isn't deleted
	tags       []tag
	ttl        ttl
	stream     *stream // the latest one; nil if there never was one
	data       tableData
	history    history
	meters     *meters // nil unless the engine throttles
}

// throughput is provisioned capacity, and when it last changed.
type throughput struct {
	read, write          int64
	increased, decreased time.Time
	decreases            int64
}

// index is a secondary index. The table's lock guards what changes.
type index struct {
	name       string
	arn        string
	global     bool
	table      keySchema // the table's key, which every entry holds too
	key        keySchema
	projection projection
	throughput throughput
	settings   settings
	ready      time.Time // when the index is active, after its creation or latest update
	updating   bool      // what ready ends is an update
	deleted    time.Time // when a deleted index is gone; zero for one that isn't deleted
	entries    store.Tree[*record]
	bytes      int64
	meters     *meters
}

// newTable makes a table of a checked request.
func (e *Engine) newTable(in *createTableInput, now time.Time) *table {
	t := &table{
		name:    in.table.v,
		id:      newID(),
		arn:     "arn:aws:dynamodb:" + e.region + ":" + e.account + ":table/" + in.table.v,
		created: now,
		key:     resolve(in.key.v, in.attributes.v),

		collections: len(in.local.v) > 0,

		attributes: in.attributes.v,
		onDemand:   in.billing.v == "PAY_PER_REQUEST",
		billed:     in.billing.v == "PAY_PER_REQUEST",
		onDemandAt: now,
		throughput: throughput{read: in.throughput.v.read.v, write: in.throughput.v.write.v},
		protected:  in.protected.v,
		class:      in.class.v,
		ready:      now.Add(e.delay),
		tags:       in.tags.v,
	}
	t.settings.set(in.settings, e.kms())
	for _, index := range in.local.v {
		t.data.addIndex(t.newIndex(index, false, t.ready))
	}
	for _, index := range in.global.v {
		t.data.addIndex(t.newIndex(index, true, t.ready))
	}
	for _, index := range in.vectors.v {
		x := t.newVector(index, t.attributes)
		x.ready = t.ready
		t.data.addVector(x)
	}
	t.history.lag = e.lag
	if e.throttles {
		t.setMeters()
	}
	t.keep(time.Time{})
	return t
}

// kms is how the ARN of a key of KMS begins.
func (e *Engine) kms() string { return "arn:aws:kms:" + e.region + ":" + e.account + ":key/" }

func (t *table) newIndex(in indexInput, global bool, ready time.Time) *index {
	x := &index{
		name:       in.name.v,
		arn:        t.arn + "/index/" + in.name.v,
		global:     global,
		table:      t.key,
		key:        resolve(in.key.v, t.attributes),
		projection: projection{kind: in.projection.v.kind.v, nonKey: in.projection.v.nonKey.v},
		throughput: throughput{read: in.throughput.v.read.v, write: in.throughput.v.write.v},
		ready:      ready,
	}
	x.settings.set(in.settings, "")
	return x
}

// newID is a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// status is the table's status at a time.
func (t *table) status(now time.Time) string {
	switch {
	case !t.deleted.IsZero():
		return statusDeleting
	case !now.Before(t.ready):
		return statusActive
	case t.updating:
		return statusUpdating
	}
	return statusCreating
}

// gone reports whether the table was deleted and is no more.
func (t *table) gone(now time.Time) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return !t.deleted.IsZero() && !now.Before(t.deleted)
}

// usable reports whether items can be read and written, and whether there are some whose time is over.
func (t *table) usable(now time.Time) (ok, expired bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	status := t.status(now)
	return status == statusActive || status == statusUpdating, t.data.expiry.due(now)
}

func (x *index) status(now time.Time) string {
	switch {
	case !x.deleted.IsZero():
		return statusDeleting
	case !now.Before(x.ready):
		return statusActive
	case x.updating:
		return statusUpdating
	}
	return statusCreating
}

func (x *index) gone(now time.Time) bool { return !x.deleted.IsZero() && !now.Before(x.deleted) }

// describe writes the table's description as a member. status stands in for the current one where the
// request itself changes it. The caller holds the table's lock, or is its only user.
func (t *table) describe(w *writer, member string, now time.Time, status string) {
	if status == "" {
		status = t.status(now)
	}
	w.object(member)
	if status != statusDeleting || member == "Table" {
		w.array("AttributeDefinitions")
		for _, a := range t.defined(now) {
			w.beginObject()
			w.text("AttributeName", a.name.v)
			w.text("AttributeType", a.typ.v)
			w.endObject()
		}
		w.endArray()
	}
	w.text("TableName", t.name)
	t.key.write(w)
	w.text("TableStatus", status)
	w.time("CreationDateTime", t.created)
	t.throughput.describe(w)
	w.int("TableSizeBytes", t.data.bytes)
	w.int("ItemCount", int64(t.data.items.Len()))
	w.text("TableArn", t.arn)
	w.text("TableId", t.id)
	if t.billed {
		t.writeBilling(w, status)
	}
	t.writeIndexes(w, now, status)
	t.writeVectors(w, now, status)
	t.describeStream(w)
	if t.class != "" {
		w.object("TableClassSummary")
		w.text("TableClass", t.class)
		w.endObject()
	}
	t.settings.describe(w, status)
	w.bool("DeletionProtectionEnabled", t.protected)
	w.endObject()
}

// defined are the definitions of the attributes that keys and searches use: those of indexes that are gone
// are gone with them, and others never come in.
func (t *table) defined(now time.Time) []attributeDefinition {
	used := t.key.attributes()
	for _, x := range t.data.indexes {
		if !x.gone(now) {
			used = slices.Concat(used, x.key.attributes())
		}
	}
	for _, x := range t.data.vectors {
		for _, a := range x.schema {
			if !x.gone(now) {
				used = append(slices.Clip(used), a.keyAttribute)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(t.attributes), func(a attributeDefinition) bool {
		return !slices.ContainsFunc(used, func(k keyAttribute) bool { return k.name == a.name.v })
	})
}

// writeBilling writes the billing mode, and since when the table is on demand, if it ever was.
func (t *table) writeBilling(w *writer, status string) {
	w.object("BillingModeSummary")
	if t.onDemand {
		w.text("BillingMode", "PAY_PER_REQUEST")
	} else {
		w.text("BillingMode", "PROVISIONED")
	}
	if status != statusCreating {
		w.time("LastUpdateToPayPerRequestDateTime", t.onDemandAt)
	}
	w.endObject()
}

// writeIndexes writes the descriptions of the local, then of the global indexes.
func (t *table) writeIndexes(w *writer, now time.Time, status string) {
	for _, global := range []bool{false, true} {
		name, open := "LocalSecondaryIndexes", false
		if global {
			name = "GlobalSecondaryIndexes"
		}
		for _, x := range t.data.indexes {
			if x.global != global || x.gone(now) {
				continue
			}
			if !open {
				w.array(name)
				open = true
			}
			x.describe(w, now, status)
		}
		if open {
			w.endArray()
		}
	}
}

func (t *table) writeVectors(w *writer, now time.Time, status string) {
	open := false
	for _, x := range t.data.vectors {
		if x.gone(now) {
			continue
		}
		if !open {
			w.array("VectorIndexes")
			open = true
		}
		x.describe(w, now, status)
	}
	if open {
		w.endArray()
	}
}

func (x *index) describe(w *writer, now time.Time, tableStatus string) {
	w.beginObject()
	w.text("IndexName", x.name)
	x.key.write(w)
	x.projection.write(w)
	if x.global {
		status := x.status(now)
		if tableStatus == statusCreating {
			status = statusCreating
		}
		w.text("IndexStatus", status)
		if status == statusCreating && tableStatus != statusCreating {
			w.bool("Backfilling", true)
		}
		x.throughput.describe(w)
		x.settings.describe(w, status)
	}
	w.int("IndexSizeBytes", x.bytes)
	w.int("ItemCount", int64(x.entries.Len()))
	w.text("IndexArn", x.arn)
	w.endObject()
}

func (p throughput) describe(w *writer) {
	w.object("ProvisionedThroughput")
	if !p.increased.IsZero() {
		w.time("LastIncreaseDateTime", p.increased)
	}
	if !p.decreased.IsZero() {
		w.time("LastDecreaseDateTime", p.decreased)
	}
	w.int("NumberOfDecreasesToday", p.decreases)
	w.int("ReadCapacityUnits", p.read)
	w.int("WriteCapacityUnits", p.write)
	w.endObject()
}

// find returns the table that a request about tables names.
func (e *Engine) find(nameOrARN string, now time.Time) (*table, error) {
	e.runBulk(now)
	name := tableOf(nameOrARN)
	e.mu.RLock()
	t := e.tables[name]
	e.mu.RUnlock()
	if t == nil || t.gone(now) {
		return nil, notFound("Requested resource not found: Table: " + name + " not found")
	}
	if _, expired := t.usable(now); expired {
		t.expire(now)
	}
	return t, nil
}

// forItems returns the table that a request about items names.
func (e *Engine) forItems(nameOrARN string) (*table, error) {
	now := e.now()
	e.runBulk(now)
	e.mu.RLock()
	t := e.tables[tableOf(nameOrARN)]
	e.mu.RUnlock()
	if t == nil {
		return nil, notFound("Requested resource not found")
	}
	ok, expired := t.usable(now)
	if !ok {
		return nil, notFound("Requested resource not found")
	}
	if expired {
		t.expire(now)
	}
	return t, nil
}

func memberPath(list string, i int) string { return list + "." + itoa(i+1) + ".member" }

func itoa(n int) string { return strconv.Itoa(n) }

func bracketed(names []string) string { return "[" + strings.Join(names, ", ") + "]" }

func distinct(names []string) []string {
	var out []string
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
