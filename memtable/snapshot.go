package memtable

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/dynox-go/dynox/internal/wire"
	"github.com/dynox-go/dynox/memtable/internal/store"
)

// snapshotFormat is the number of the form of snapshots. A snapshot is lines of JSON: this number; then for
// each table what it was made with, and its items.
const snapshotFormat = 1

// Snapshot writes all tables to w, as of one moment: their definitions, tags, time to live and items. Of a
// stream it writes that there is one, not its records. [Engine.Restore] reads it.
func (e *Engine) Snapshot(w io.Writer) error {
	out := bufio.NewWriter(w)
	line := &writer{}
	end := func() {
		_, _ = out.Write(append(line.b, '\n')) // the writer keeps its error until Flush
		line.b = line.b[:0]
	}
	line.beginObject()
	line.int("Memtable", snapshotFormat)
	line.endObject()
	end()
	for _, p := range e.pictures(e.now()) {
		line.b = append(line.b, p.table...)
		end()
		for _, rec := range p.items.Ascend(store.Range{}, "") {
			line.beginObject()
			line.item("Item", rec.item)
			line.endObject()
			end()
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("memtable: snapshot: %w", err)
	}
	return nil
}

// picture is a table at one moment.
type picture struct {
	table []byte // its line
	items store.Snapshot[*record]
}

// pictures returns pictures of all tables at the same moment, in the order of their names.
func (e *Engine) pictures(now time.Time) []picture {
	e.runBulk(now)
	e.mu.RLock()
	tables := slices.SortedFunc(maps.Values(e.tables), func(a, b *table) int { return cmp.Compare(a.name, b.name) })
	e.mu.RUnlock()
	for _, t := range tables {
		t.expire(now)
	}
	unlock := lockTables(tables, func(t *table) { t.mu.Lock() }, func(t *table) { t.mu.Unlock() })
	defer unlock()
	var out []picture
	for _, t := range tables {
		if !t.deleted.IsZero() {
			continue
		}
		w := &writer{}
		t.writeSnapshot(w)
		out = append(out, picture{w.b, t.data.items.Snapshot()})
	}
	return out
}

// writeSnapshot writes the table's line: a request that would make it, and what no request says.
func (t *table) writeSnapshot(w *writer) {
	w.beginObject()
	w.object("Table")
	w.text("TableName", t.name)
	w.text("TableId", t.id)
	w.time("CreationDateTime", t.created)
	t.writeUsedAttributes(w)
	t.key.write(w)
	if t.onDemand {
		w.text("BillingMode", "PAY_PER_REQUEST")
	} else {
		t.throughput.describe(w)
	}
	for _, global := range []bool{false, true} {
		t.writeSnapshotIndexes(w, global)
	}
	t.writeSnapshotVectors(w)
	if t.class != "" {
		w.text("TableClass", t.class)
	}
	t.settings.snapshot(w)
	w.bool("DeletionProtectionEnabled", t.protected)
	if len(t.tags) > 0 {
		w.tags(t.tags)
	}
	if t.ttl.enabled {
		w.text("TimeToLive", t.ttl.attribute)
	}
	if t.stream != nil && t.stream.closed.IsZero() {
		w.text("Stream", t.stream.label)
		t.describeStream(w)
	}
	w.endObject()
	w.endObject()
}

// writeUsedAttributes writes the definitions that are left when no index is being deleted any more.
func (t *table) writeUsedAttributes(w *writer) {
	w.array("AttributeDefinitions")
	for _, a := range t.defined(forever) {
		w.beginObject()
		w.text("AttributeName", a.name.v)
		w.text("AttributeType", a.typ.v)
		w.endObject()
	}
	w.endArray()
}

// forever is after everything.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func (t *table) writeSnapshotIndexes(w *writer, global bool) {
	open := false
	for _, x := range t.data.indexes {
		if x.global != global || !x.deleted.IsZero() {
			continue
		}
		if !open {
			w.array(map[bool]string{false: "LocalSecondaryIndexes", true: "GlobalSecondaryIndexes"}[global])
			open = true
		}
		w.beginObject()
		w.text("IndexName", x.name)
		x.key.write(w)
		x.projection.write(w)
		if global && !t.onDemand {
			x.throughput.describe(w)
		}
		x.settings.snapshot(w)
		w.endObject()
	}
	if open {
		w.endArray()
	}
}

func (t *table) writeSnapshotVectors(w *writer) {
	open := false
	for _, x := range t.data.vectors {
		if x.leaving {
			continue
		}
		if !open {
			w.array("VectorIndexes")
			open = true
		}
		w.beginObject()
		x.writeDefinition(w)
		w.endObject()
	}
	if open {
		w.endArray()
	}
}

// Restore replaces all tables by those of a snapshot. All of them are ACTIVE, and their streams are empty.
// If it fails, with an error that names the line, the engine is as it was.
func (e *Engine) Restore(r io.Reader) error {
	l := &loader{e: e, now: e.now(), tables: map[string]*table{}}
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("memtable: restore: %w", err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := l.line(n, line); err != nil {
				return fmt.Errorf("memtable: restore: line %d: %s", n, messageOf(err))
			}
		}
		if err != nil {
			break
		}
	}
	if !l.begun {
		return errors.New("memtable: restore: not a snapshot")
	}
	l.endTable()
	e.streams.clear()
	for _, s := range l.streamed {
		e.streams.add(s)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tables = l.tables
	return nil
}

// loader reads a snapshot.
type loader struct {
	e        *Engine
	now      time.Time
	begun    bool
	tables   map[string]*table
	streamed []*stream

	spec  tableSnapshot // of the table whose items are read
	table *table
}

// tableSnapshot is a table's line.
type tableSnapshot struct {
	createTableInput
	id      opt[string]
	created opt[float64]
	ttl     opt[string]
	label   opt[string]
}

func (in *tableSnapshot) member(d *decoder, name string) {
	switch name {
	case "TableId":
		in.id = d.string()
	case "CreationDateTime":
		in.created = d.timestamp()
	case "TimeToLive":
		in.ttl = d.string()
	case "Stream":
		in.label = d.string()
	default:
		in.createTableInput.member(d, name)
	}
}

// line reads one line.
func (l *loader) line(n int, text []byte) error {
	d := &decoder{s: wire.NewScanner(text)}
	if d.s.Kind() != wire.Object {
		return errors.New("no JSON object")
	}
	var format opt[int64]
	var spec opt[tableSnapshot]
	var item attributes
	d.members(func(name string) {
		switch name {
		case "Memtable":
			format = d.integer("Integer")
		case "Table":
			spec.ok = d.object("Table", func(name string) { spec.v.member(d, name) })
		case "Item":
			item = d.attributes()
		default:
			d.skip()
		}
	})
	if d.err == nil {
		d.failed(d.s.End())
	}
	switch {
	case d.err != nil:
		return errors.New("not the JSON of a snapshot")
	case !l.begun:
		if format.v != snapshotFormat {
			return fmt.Errorf("not a snapshot of form %d", snapshotFormat)
		}
		l.begun = true
		return nil
	case spec.ok:
		return l.beginTable(spec.v)
	case item.ok:
		return l.item(item)
	}
	return errors.New("neither a table nor an item")
}

func (l *loader) beginTable(spec tableSnapshot) error {
	l.endTable()
	if err := spec.check(); err != nil {
		return err
	}
	if _, err := time.Parse(labelForm, spec.label.v); spec.stream.v.enabled.v != spec.label.ok || spec.label.ok && err != nil {
		return errors.New("a stream needs its label")
	}
	if spec.ttl.ok && spec.ttl.v == "" {
		return errors.New("a time to live needs its attribute")
	}
	if l.tables[spec.table.v] != nil {
		return fmt.Errorf("table %s is there twice", spec.table.v)
	}
	t := l.e.newTable(&spec.createTableInput, time.UnixMilli(int64(spec.created.or(float64(l.now.UnixMilli())/1000)*1000)))
	t.id = spec.id.or(t.id)
	for _, x := range t.data.indexes {
		x.ready = l.now
	}
	for _, x := range t.data.vectors {
		x.ready = l.now
	}
	t.ready, t.onDemandAt = l.now, t.created
	l.spec, l.table, l.tables[t.name] = spec, t, t
	return nil
}

func (l *loader) item(item attributes) error {
	if l.table == nil {
		return errors.New("an item without a table")
	}
	if err := item.check(); err != nil {
		return err
	}
	if err := checkItemSize(item.item); err != nil {
		return err
	}
	c, err := l.table.planPut(item.item)
	if err == nil {
		c.free = true
		_, _, err = c.run(l.now)
	}
	return err
}

// endTable does what follows a table's items.
func (l *loader) endTable() {
	t := l.table
	if t == nil {
		return
	}
	if l.spec.ttl.ok {
		t.ttl = ttl{enabled: true, attribute: l.spec.ttl.v, ready: l.now}
		t.data.expireBy(t.ttl.attribute, l.now, l.e.ttlDelay, l.now)
	}
	if l.spec.label.ok {
		t.stream = newStream(t, l.spec.label.v, l.spec.stream.v.view.v, l.e.shards, l.now, l.now)
		l.streamed = append(l.streamed, t.stream)
	}
	t.history.versions = nil // it has always been so
	t.keep(time.Time{})
	l.table = nil
}
