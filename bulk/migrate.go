package bulk

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// Verdict is what becomes of an item that [Migrate] has read.
type Verdict = core.Verdict

// The verdicts.
const (
	Keep   = core.MigrateKeep   // it stays as it is
	Save   = core.MigrateSave   // what has changed in it, or upgrades changed, is stored; nothing, if nothing has
	Delete = core.MigrateDelete // it is deleted
)

// ErrUnfinished is what [Verify] ends in when there are items that are not as the
// function wants them: others have written them in the meantime, or the function says
// something else the second time.
var ErrUnfinished = errors.New("items are not as the function wants them")

// ItemError is an item that [Migrate] cannot read or write, or that its function refuses.
type ItemError struct {
	Item any // a *T as the function left it; nil if it cannot be read
	Err  error
}

func (e *ItemError) Error() string { return "an item: " + e.Err.Error() }

// Unwrap is what is wrong.
func (e *ItemError) Unwrap() error { return e.Err }

// DryRun counts what would be changed and deleted, and writes nothing.
func DryRun() MigrateOption { return migrateOption(func(j *job) { j.dry = true }) }

// Verify reads all items once more at the end, and has the function judge them, without
// writing anything: how many it would still change or delete is the Unfinished of the
// Progress, and the error [ErrUnfinished] if there are any. It has no meaning in a dry run.
func Verify() MigrateOption { return migrateOption(func(j *job) { j.verify = true }) }

// OnItemError has f decide about an item that cannot be read or written, or that the function
// refuses: nil goes on after it, leaves it as it is, and counts it as skipped; an error ends
// the call with it. It is called in the goroutine of the call. The end of the context
// is none of its business.
func OnItemError(f func(*ItemError) error) MigrateOption {
	return migrateOption(func(j *job) { j.onItem = f })
}

// Migrate calls f with each item of repo, and does what that says. What f changes in the
// item is saved as by Repo.Load and Save: as an update of what has changed, with the
// hooks of one, which leaves alone what T does not know. One of an older schema, which
// hooks.Upgrade has brought to the present one, is saved by a put, with the hooks of one, which
// keeps the attributes that T does not know. The key cannot change. A delete is
// that of the repository. Items that reads of repo do not find, of other kinds or
// hidden, are passed over.
//
// A write takes effect only if the item is still what was read: its version, or all of its
// attributes, of which there can be some 140 then, because a condition has 300 operators at
// most. Otherwise the item is read again, and f called with that. So it may run beside
// programs that write.
//
// The table is scanned, and up to [Concurrency] items are judged and written at once, each
// in a goroutine of its own: f must be safe for that. A checkpoint is before the first
// item that is not certainly done; items after it may be done already, and f is called
// with them again. So f must know what is done, and say Keep, or change nothing:
//
//	func(ctx context.Context, o *Order) (bulk.Verdict, error) {
//		if o.Schema >= 2 {
//			return bulk.Keep, nil
//		}
//		o.Schema, o.Cents = 2, o.Dollars*100
//		return bulk.Save, nil
//	}
//
// The first item that fails ends the call, unless [OnItemError] decides otherwise, when what
// is on its way is done. The error is a *dynox.Error, with an [*ItemError] in its chain
// then. The Progress has the last checkpoint.
func Migrate[T any](ctx context.Context, repo *dynox.Repo[T], f func(context.Context, *T) (Verdict, error), opts ...MigrateOption) (Progress, error) {
	j := newJob()
	for _, opt := range opts {
		if opt != nil {
			opt.migrates(j)
		}
	}
	r := repo.Core(core.Door{})
	if r == nil {
		return Progress{Checkpoint: j.after}, wrap("migrate", "(none)", errors.New("nil repository"))
	}
	fail := func(p Progress, err error) (Progress, error) {
		if err == nil {
			return p, nil
		}
		return p, &dynox.Error{Op: "migrate", Table: r.Table.Name, Item: r.Name(), Err: dynox.PublicError(core.Door{}, err)}
	}
	err := j.check()
	if err == nil && f == nil {
		err = errors.New("nil function")
	}
	if err != nil {
		return fail(j.unbegun(r.Table), err)
	}
	call := "migrate " + r.Table.Name + " " + r.Name()
	if j.dry {
		call = "dry " + call
	}
	ctx, run, err := j.begin(ctx, r.Table, call, 0)
	if err != nil {
		return fail(j.unbegun(r.Table), err)
	}
	m := &migrating{run: run, repo: r, judge: func(ctx context.Context, item any) (Verdict, error) {
		return f(ctx, item.(*T)) //nolint:forcetypeassert // it is of the repository's type
	}}
	err = m.all(ctx)
	p, failed := run.report()
	if err == nil {
		err = failed
	}
	return fail(p, err)
}

func (m *migrating) all(ctx context.Context) error {
	if !m.Verifying {
		if err := m.pass(ctx); err != nil {
			return err
		}
		m.Cursor, m.Verifying = "", true
	}
	if m.verify && !m.dry {
		if err := m.pass(ctx); err != nil {
			return err
		}
	}
	m.done = true
	if n := m.Counts.Unfinished; n > 0 {
		return fmt.Errorf("%w: %d", ErrUnfinished, n)
	}
	return nil
}

// migrating is a migration on its way. All of it belongs to the goroutine of the caller,
// but for the items that are judged.
type migrating struct {
	*run
	repo  *core.Repo
	judge func(ctx context.Context, item any) (Verdict, error)
	since int // items that are done and not told
}

// judgment is an item on its way.
type judgment struct {
	found   *core.Found
	cursor  string // past it
	skipped bool
	what    Verdict
	item    any
	err     error
}

// tellEvery is after how many items there is news.
const tellEvery = 64

// errEnded ends a scan whose items nobody takes any more.
var errEnded = errors.New("the migration has ended")

// pass goes through all items once.
func (m *migrating) pass(ctx context.Context) error {
	w := core.NewWindow(m.writing.Concurrency,
		func(j *judgment) { m.judgeOne(ctx, j) },
		func(j *judgment) error { return m.settle(ctx, j) })
	defer w.Close()
	spec := core.Spec{Scan: true, Prefetch: true, Consistent: m.consistent, PageSize: m.pageSize, After: m.Cursor}
	spec.OnItem = func(unread *core.BadItem) error {
		if !w.Done(&judgment{cursor: unread.Cursor, err: unread.Err}) {
			return errEnded
		}
		return nil
	}
	canceled := false
	err := m.repo.MigrateScan(ctx, spec, func(f *core.Found, cursor string) bool {
		canceled = ctx.Err() != nil // also where nothing is to be written
		return !canceled && w.Add(&judgment{found: f, cursor: cursor})
	})
	switch failed := w.Wait(); {
	case failed != nil:
		err = failed
	case canceled:
		err = context.Cause(ctx)
	}
	if err == nil {
		err = m.news()
	}
	return err
}

// judgeOne judges one item, in a goroutine of its own.
func (m *migrating) judgeOne(ctx context.Context, j *judgment) {
	j.err = errors.New("the function ended its goroutine")
	j.what, j.item, j.err = m.repo.Migrate(ctx, j.found, m.dry || m.Verifying, func(item any) (Verdict, error) { return m.judge(ctx, item) })
}

// settle notes what became of an item, when those before it are done, and moves the
// checkpoint.
func (m *migrating) settle(ctx context.Context, j *judgment) error {
	if j.err != nil {
		if err := m.bad(ctx, j); err != nil {
			return err
		}
	}
	m.Cursor = j.cursor
	switch {
	case m.Verifying && j.what != Keep:
		m.Counts.Unfinished++
	case m.Verifying:
	case j.skipped:
		m.Counts.Skipped++
	case j.what == Save:
		m.Counts.Changed++
	case j.what == Delete:
		m.Counts.Deleted++
	}
	if !m.Verifying {
		m.Counts.Items++
	}
	if m.since++; m.since >= tellEvery {
		return m.news()
	}
	return nil
}

// bad decides about an item.
func (m *migrating) bad(ctx context.Context, j *judgment) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	bad := &ItemError{Item: j.item, Err: dynox.PublicError(core.Door{}, j.err)}
	if m.onItem == nil {
		return bad
	}
	if err := m.onItem(bad); err != nil {
		return err
	}
	j.skipped = true
	return nil
}

// news tells the caller of the progress.
func (m *migrating) news() error {
	m.since = 0
	return m.tell()
}
