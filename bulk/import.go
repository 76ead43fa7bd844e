package bulk

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// LineError is a line that cannot be imported. Its text has nothing of the line.
type LineError struct {
	Line   int64 // its number, from 1
	Offset int64 // of its first byte in the file, uncompressed
	Err    error // why: it is no JSON, no item of the table, too large, or refused by the service
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap is why the line cannot be imported.
func (e *LineError) Unwrap() error { return e.Err }

// Import puts an item for each line of r into a table, in place of the one with its key if
// there is one. Lines are those that [Export] writes, compressed or not, which r itself
// shows, or of DynamoDB's exports to S3 in DynamoDB JSON; with [Plain], plain JSON. Empty
// lines are passed over, and members of a line beside Item. Of several lines with the
// same key the last one wins. No stages of a repository see the items; no condition is
// checked.
//
// Lines are looked at before they are sent: key attributes, types, numbers, the size. The
// first bad one ends the call with a [*LineError], when those before it are written,
// unless [OnBadLine] decides otherwise. What only the service finds wrong is found by
// writing the items of the refused request one by one.
//
// A checkpoint is the first line that is not certainly written. To go on, give it
// to [After], with r at the beginning of the same file: it seeks there if r can, and is not
// compressed, and reads what is before otherwise. Lines after the checkpoint may be
// written already, and are written again.
//
// The error is a *dynox.Error. The Progress has the last checkpoint then.
func Import(ctx context.Context, table *dynox.Table, r io.Reader, opts ...ImportOption) (Progress, error) {
	j := newJob()
	for _, opt := range opts {
		if opt != nil {
			opt.imports(j)
		}
	}
	const op = "import"
	if err := j.check(); err != nil {
		return j.unbegun(coreOf(table)), wrap(op, nameOf(table), err)
	}
	t, ks, err := describe(ctx, table)
	if err != nil {
		return j.unbegun(coreOf(table)), wrap(op, nameOf(table), err)
	}
	repo, err := ks.repo(table)
	if err != nil {
		return j.unbegun(coreOf(table)), wrap(op, t.Name, err)
	}
	form := "items"
	if j.plain {
		form = "plain"
	}
	ctx, run, err := j.begin(ctx, t, "import "+t.Name+" "+form, 0)
	if err != nil {
		return j.unbegun(coreOf(table)), wrap(op, t.Name, err)
	}
	m := &importing{run: run, repo: repo, checker: checker{keys: ks}}

	return run.end(op, t.Name, m.all(ctx, r))
}

// importing is an import on its way. All of it belongs to the goroutine of the caller.
type importing struct {
	*run
	repo    *core.Repo
	checker checker
	in      *lineReader
	lines   window
	stop    bool  // the service does not get on
	err     error // of the file, or a bad line
}

// window are the lines that are on their way, in order. Those that are settled leave it
// from its front.
type window struct {
	lines []*sentLine
	first int
}

// sentLine is a line that was read, and where the next one begins.
type sentLine struct {
	line, start, end int64
	items, skipped   int64 // 0 or 1
	settled          bool
}

// most is how many lines there may be on their way: one that is tried again and
// again holds the checkpoint.
const most = 1 << 14

func (w *window) add(l *sentLine) { w.lines = append(w.lines, l) }

func (w *window) size() int { return len(w.lines) - w.first }

// pass takes what is settled from the front, and gives it to f.
func (w *window) pass(f func(*sentLine)) {
	for w.first < len(w.lines) && w.lines[w.first].settled {
		f(w.lines[w.first])
		w.lines[w.first] = nil
		w.first++
	}
	if w.first > len(w.lines)/2 {
		n := copy(w.lines, w.lines[w.first:])
		clear(w.lines[n:])
		w.lines, w.first = w.lines[:n], 0
	}
}

func (m *importing) all(ctx context.Context, r io.Reader) error {
	in, err := newLineReader(r, m.Counts.Bytes, m.Line)
	if err != nil {
		return err
	}
	defer in.close()
	m.in = in
	how := m.writing
	how.Settled = func(op core.BatchOp) { op.Tag.(*sentLine).settled = true } //nolint:forcetypeassert // it is ours
	how.Crowded = func() bool { m.advance(); return m.lines.size() >= most }
	var failed error
	how.Progress = func(c core.BatchCounts) {
		m.advance()
		m.stop = c.Left > 0
		if err := m.tell(); err != nil && failed == nil {
			failed, m.stop = err, true
		}
	}
	for {
		left, _, err := core.WriteBatch(ctx, m.ops(ctx), how)
		if core.Refused(err) && len(left) > 0 {
			if err = m.singly(ctx, left, how); err == nil && m.err == nil && !m.in.ended {
				continue
			}
		}
		m.advance()
		if err == nil {
			err = errors.Join(failed, m.err)
		}
		return err
	}
}

// advance moves the checkpoint.
func (m *importing) advance() {
	m.lines.pass(func(l *sentLine) {
		m.Counts.Items += l.items
		m.Counts.Skipped += l.skipped
		m.Counts.Bytes, m.Line = l.end, l.line
	})
}

// byteOrderMark is what some programs begin a text with.
var byteOrderMark = []byte("\xef\xbb\xbf")

// ops are the puts of the lines that follow.
func (m *importing) ops(ctx context.Context) func(yield func(core.BatchOp) bool) {
	return func(yield func(core.BatchOp) bool) {
		for !m.stop && ctx.Err() == nil {
			text, l, err := m.in.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					m.err = err
				}
				return
			}
			if l.line == 1 {
				text = bytes.TrimPrefix(text, byteOrderMark)
			}
			m.lines.add(l)
			if m.in.tooLong {
				err = errTooLong
			}
			var item []byte
			sentinel := false
			if err == nil {
				item, err = m.item(text)
				sentinel = err == nil && item != nil && m.sentinels == dropSentinels && core.IsRawSentinel(item, m.checker.keys[0].name)
			}
			switch {
			case err != nil:
				if m.err = m.bad(l, err); m.err != nil {
					return
				}
			case item == nil:
				l.items, l.settled = 0, true
			case sentinel:
				l.items, l.skipped, l.settled = 0, 1, true
			case !yield(m.repo.RawPut(item, l)):
				return
			}
		}
	}
}

// bad decides about a line.
func (m *importing) bad(l *sentLine, err error) error {
	bad := &LineError{Line: l.line, Offset: l.start, Err: err}
	if m.onBadLine == nil {
		return bad
	}
	if err := m.onBadLine(bad); err != nil {
		return err
	}
	l.items, l.skipped, l.settled = 0, 1, true
	return nil
}

// singly writes each of ops alone, because one of them is refused.
func (m *importing) singly(ctx context.Context, ops []core.BatchOp, how core.BatchWriting) error {
	for _, op := range ops {
		_, _, err := core.WriteBatch(ctx, func(yield func(core.BatchOp) bool) { yield(op) }, how)
		if core.Refused(err) {
			err = m.bad(op.Tag.(*sentLine), err) //nolint:forcetypeassert // it is ours
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errTooLong = fmt.Errorf("it is longer than the %d bytes that an item can be written in", maxLine)

// newReader is r from the byte at on.
func newLineReader(r io.Reader, at, line int64) (*lineReader, error) {
	in := &lineReader{offset: at, line: line}
	buffered := bufio.NewReaderSize(r, readSize)
	from, packed, done, err := unpack(buffered)
	if err != nil {
		return nil, err
	}
	in.close = done
	seeker, ok := r.(io.Seeker)
	switch {
	case at == 0:
	case ok && !packed:
		if _, err := seeker.Seek(at-int64(buffered.Buffered()), io.SeekCurrent); err != nil {
			done()
			return nil, err
		}
		buffered.Reset(r)
	default:
		if n, err := io.CopyN(io.Discard, from, at); err != nil {
			done()
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("%w: the file has %d bytes, and the checkpoint is at %d", core.ErrCursor, n, at)
			}
			return nil, err
		}
	}
	if packed {
		in.r = bufio.NewReaderSize(from, readSize)
	} else {
		in.r = buffered
	}
	return in, nil
}
