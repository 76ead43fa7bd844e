package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// Progress is how far a call has come, with the calls before it that it goes on from.
type Progress struct {
	Items   int64 // exported, certainly imported or copied, or looked at by Migrate
	Bytes   int64 // of the file: written by Export, or until the first line of Import's that is not certainly written, uncompressed
	Skipped int64 // bad lines, sentinels that were left out, items that Migrate could not read or write

	// Of Migrate: items that it has changed and deleted, or would have in a dry run; and
	// those that its verification found to be not as the function wants them.
	Changed, Deleted, Unfinished int64

	ReadUnits, WriteUnits float64
	Elapsed               time.Duration // in all calls

	// Checkpoint goes on from here, for [After]; "" at the end.
	Checkpoint Checkpoint
}

// Rate is how many items there were in a second, on average.
func (p Progress) Rate() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Items) / p.Elapsed.Seconds()
}

// Checkpoint is a place in a call that was broken off. It is text without spaces. The keys of
// items in it can be read, unless the table has dynox.SealCursors, and are as secret
// as those are. It belongs to the tables, by name, and the form of a file.
type Checkpoint string

// state is what a checkpoint says.
type state struct {
	Version  int       `json:"v"`
	Call     string    `json:"call"` // what it is a checkpoint of
	Segments []segment `json:"segments,omitempty"`
	Cursor   string    `json:"cursor,omitempty"`

	Verifying bool `json:"verifying,omitempty"`

	Line   int64    `json:"line,omitempty"` // lines before Counts.Bytes
	Counts Progress `json:"counts"`
}

// segment is where one part of a scan has come to.
type segment struct {
	After json.RawMessage `json:"after,omitempty"` // a key
	End   bool            `json:"end,omitempty"`
}

const stateVersion = 1

// resume is the state that a job goes on from.
func (j *job) resume(t *core.Table, call string, segments int) (*state, error) {
	if j.after == "" {
		return &state{Version: stateVersion, Call: call, Segments: make([]segment, segments)}, nil
	}
	text, err := t.OpenText(string(j.after))
	if err != nil {
		return nil, err
	}
	s := new(state)
	switch err := json.Unmarshal(text, s); {
	case err != nil || s.Version != stateVersion:
		return nil, fmt.Errorf("%w: it is no checkpoint of this version", core.ErrCursor)
	case s.Call != call:
		return nil, fmt.Errorf("%w: it is a checkpoint of another call", core.ErrCursor)
	case len(s.Segments) != segments:
		return nil, fmt.Errorf("%w: it is a checkpoint of %d segments", core.ErrCursor, len(s.Segments))
	}
	return s, nil
}

// unbegun is the progress of a call that cannot begin: that of its checkpoint, if it can
// be read.
func (j *job) unbegun(t *core.Table) Progress {
	var s state
	if t != nil {
		if text, err := t.OpenText(string(j.after)); err != nil || json.Unmarshal(text, &s) != nil {
			s = state{}
		}
	}
	s.Counts.Checkpoint = j.after
	return s.Counts
}

// run is what a call keeps account of.
type run struct {
	*job
	*state
	table *core.Table // seals the checkpoints
	began time.Time
	was   Progress
	units meter
	done  bool // nothing is left
}

func (j *job) begin(ctx context.Context, t *core.Table, call string, segments int) (context.Context, *run, error) {
	s, err := j.resume(t, call, segments)
	if err != nil {
		return ctx, nil, err
	}
	r := &run{job: j, state: s, table: t, began: time.Now(), was: s.Counts}
	return core.WithMeter(ctx, &r.units), r, nil
}

// report is the progress now.
func (r *run) report() (Progress, error) {
	r.Counts.Checkpoint = ""
	r.Counts.Elapsed = r.was.Elapsed + time.Since(r.began)
	read, write := r.units.sums()
	r.Counts.ReadUnits, r.Counts.WriteUnits = r.was.ReadUnits+read, r.was.WriteUnits+write
	p := r.Counts
	if r.done {
		return p, nil
	}
	text, err := json.Marshal(r.state)
	if err != nil {
		return p, err
	}
	sealed, err := r.table.SealText(text)
	p.Checkpoint = Checkpoint(sealed)
	return p, err
}

// tell tells the caller of the progress.
func (r *run) tell() error {
	if r.progress == nil {
		return nil
	}
	p, err := r.report()
	if err == nil {
		r.progress(p)
	}
	return err
}

// end is what the call returns.
func (r *run) end(op string, table string, err error) (Progress, error) {
	r.done = err == nil
	p, failed := r.report()
	if err == nil {
		err = failed
	}
	return p, wrap(op, table, err)
}

func wrap(op, table string, err error) error {
	if err == nil {
		return nil
	}
	return &dynox.Error{Op: op, Table: table, Err: err}
}

// meter adds up the units of calls.
type meter struct {
	mu          sync.Mutex
	read, write float64
}

// Add adds a call.
func (m *meter) Add(c *core.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read += c.ReadUnits
	m.write += c.WriteUnits
}

func (m *meter) sums() (read, write float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.read, m.write
}
