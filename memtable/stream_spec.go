package memtable

import (
	"slices"
	"sync"
	"time"
)

// streamSpec is StreamSpecification, in the requests and descriptions of tables.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html
type streamSpec struct {
	enabled opt[bool]
	view    opt[string]
}

func (d *decoder) streamSpec() (out opt[streamSpec]) {
	out.ok = d.object("StreamSpecification", func(name string) {
		switch name {
		case "StreamEnabled":
			out.v.enabled = d.bool()
		case "StreamViewType":
			out.v.view = d.string()
		default:
			d.skip()
		}
	})
	return out
}

func (c *constraints) streamSpec(spec opt[streamSpec]) {
	if spec.ok {
		c.enum("streamSpecification.streamViewType", spec.v.view, "OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE")
		c.notNull("streamSpecification.streamEnabled", spec.v.enabled.ok)
	}
}

// checkCreate checks the specification of a new table.
func (spec streamSpec) checkCreate() error {
	switch {
	case spec.enabled.v && !spec.view.ok:
		return invalidValue("Table is being created with a stream enabled, UpdateViewType is required")
	case !spec.enabled.v && spec.view.ok:
		return invalidValue("Table is being created with a stream disabled, UpdateViewType should not be specified")
	}
	return nil
}

// checkStream checks the specification of an update by itself, and beside what else is updated.
func (in *updateTableInput) checkStream() error {
	if !in.stream.ok {
		return nil
	}
	spec := in.stream.v
	switch {
	case spec.enabled.v && !spec.view.ok:
		return invalidValue("If stream is being enabled then UpdateViewType is required")
	case !spec.enabled.v && spec.view.ok:
		return invalidValue("If stream is being disabled, then UpdateViewType must not be specified")
	case in.throughput.ok:
		return invalidValue("You cannot modify stream status while updating table IOPS")
	case in.changesIndexes():
		return invalidValue("You cannot create or delete index while changing stream status")
	}
	return nil
}

// checkStream checks a specification against the table's stream. The caller holds the table's lock.
func (t *table) checkStream(spec opt[streamSpec]) error {
	streams := t.stream != nil && t.stream.closed.IsZero()
	switch {
	case !spec.ok:
	case spec.v.enabled.v && streams:
		return invalid("Table already has an enabled stream: TableName: %s", t.name)
	case !spec.v.enabled.v && !streams:
		return invalid("Table has no stream to disable: TableName: %s", t.name)
	}
	return nil
}

// setStream enables or disables the table's stream, as a checked specification says; ready is when that is
// done. The caller holds the table's lock, or is its only user.
func (e *Engine) setStream(t *table, spec opt[streamSpec], now, ready time.Time) {
	switch {
	case !spec.ok:
	case spec.v.enabled.v:
		t.stream = e.streams.open(t, spec.v.view.v, e.shards, now, ready)
	case t.stream != nil:
		t.stream.close(now, ready)
	}
}

// describeStream writes what a table's description says of its stream, or its latest one.
func (t *table) describeStream(w *writer) {
	if t.stream == nil {
		return
	}
	if t.stream.closed.IsZero() {
		w.object("StreamSpecification")
		w.bool("StreamEnabled", true)
		w.text("StreamViewType", t.stream.view)
		w.endObject()
	}
	w.text("LatestStreamLabel", t.stream.label)
	w.text("LatestStreamArn", t.stream.arn)
}

// streams are all streams of an engine, those of deleted tables included.
type streams struct {
	mu  sync.Mutex
	all []*stream // in the order of their ARNs
}

// labelForm is the form of stream labels, which are times.
const labelForm = "2006-01-02T15:04:05.000"

// open opens a stream of a table, whose lock the caller holds.
func (r *streams) open(t *table, view string, shards int, now, ready time.Time) *stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at := now; ; at = at.Add(time.Millisecond) {
		s := newStream(t, at.UTC().Format(labelForm), view, max(shards, 1), now, ready)
		i, taken := slices.BinarySearchFunc(r.all, s.arn, byARN)
		if !taken {
			r.all = slices.Insert(r.all, i, s)
			return s
		}
	}
}

func byARN(s *stream, arn string) int {
	switch {
	case s.arn < arn:
		return -1
	case s.arn > arn:
		return 1
	}
	return 0
}

// after returns the streams behind an ARN, of one table or, without a name, of all.
func (r *streams) after(arn, table string, now time.Time) []*stream {
	r.mu.Lock()
	all := slices.Clone(r.all)
	r.mu.Unlock()
	return slices.DeleteFunc(all, func(s *stream) bool {
		return s.arn <= arn || table != "" && s.t.name != table || r.forget(s, now)
	})
}

// find returns the stream with an ARN; nil if there is none.
func (r *streams) find(arn string, now time.Time) *stream {
	r.mu.Lock()
	var s *stream
	if i, ok := slices.BinarySearchFunc(r.all, arn, byARN); ok {
		s = r.all[i]
	}
	r.mu.Unlock()
	if s == nil || r.forget(s, now) {
		return nil
	}
	return s
}

// forget drops a stream whose time is over, and reports whether it is.
func (r *streams) forget(s *stream, now time.Time) bool {
	s.t.mu.RLock()
	gone := s.gone(now)
	s.t.mu.RUnlock()
	if gone {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all = slices.DeleteFunc(r.all, func(other *stream) bool { return other == s })
	}
	return gone
}

// add adds a stream.
func (r *streams) add(s *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, _ := slices.BinarySearchFunc(r.all, s.arn, byARN)
	r.all = slices.Insert(r.all, i, s)
}

// clear forgets all streams.
func (r *streams) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = nil
}
