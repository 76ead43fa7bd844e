package dynox

import (
	"context"
	"errors"

	"github.com/dynox-go/dynox/internal/core"
)

// Backfilled is how far a [Backfill] has come.
type Backfilled struct {
	Items   int64  // that were looked at
	Written int64  // of those, in another form than before
	Changed int64  // of those, by others again and again, and left
	Cursor  Cursor // goes on after the last of them, for [BackfillAfter]; "" at the end
}

// BackfillOption is an option of [Backfill].
type BackfillOption func(*backfill)

type backfill struct {
	spec     core.Spec
	some     int
	dry      bool
	progress func(Backfilled)
	Backfilled
}

// BackfillAfter goes on where another call was broken off.
func BackfillAfter(c Cursor) BackfillOption { return func(b *backfill) { b.spec.After = string(c) } }

// BackfillConcurrency is how many items are written at once. The default is 4.
func BackfillConcurrency(n int) BackfillOption { return func(b *backfill) { b.some = n } }

// BackfillProgress has f told after each item, in the table's order and in the caller's
// goroutine.
func BackfillProgress(f func(Backfilled)) BackfillOption {
	return func(b *backfill) { b.progress = f }
}

// BackfillDryRun counts what would be written, and writes nothing.
func BackfillDryRun() BackfillOption { return func(b *backfill) { b.dry = true } }

// BackfillOnItemError has f decide about an item that cannot be read, or cannot have the
// new form: it or a key would be too large, or another item has its new key, which is
// [ErrExists]. nil goes on after it, and leaves it as it is. Without f it ends the call.
func BackfillOnItemError(f func(*ItemError) error) BackfillOption {
	return func(b *backfill) {
		if f != nil {
			b.spec.OnItem = func(bad *core.BadItem) error { return f(itemError(bad)) }
		}
	}
}

// Backfill gives the items of repo that are stored the form in which repo would store
// them today, for an index, a kind, a key's format or a beacon that was added after they
// were written. It scans the table, and writes what dynox derives from an item, and
// attributes of it that are encoded in another way now; an item whose key has a format of
// [Part.Also] goes under the new one, in a transaction and with its unique values, unless
// it has encrypted attributes or blobs, which is an error. Nothing else of an item
// changes: no field is added that it lacks, hooks do not run, versions do not count, and
// encrypted values stay (crypt.Rotate is for those). So does what T cannot hold of an item:
// attributes without a field, also within others, digits beyond those of a float64, and
// NULL; and one of an older schema, of hooks.Upgrade, stays of that, which bulk.Migrate
// ends.
//
// A write takes effect only if what it follows from is still what was read: the version,
// or the attributes themselves; otherwise the item is read again. So it may run beside
// programs that write, as long as those write the new form too. An item that goes under
// another key must be all that was read, and lack the fields of T that it lacked: only an
// attribute without a field that is added in that moment is lost. To add an index to a
// table in use:
//
//  1. Add it to the repository, and to the table with Ensure or a [Plan].
//  2. Have every program write both forms: the new one is all that it takes.
//  3. Backfill.
//  4. Switch the reads over to the index.
//  5. Drop the old form, and its index with a [Plan] and [DropIndexes].
//
// It costs the capacity to read all of the table, and to write what is not in the new
// form; [RateLimit] bounds it. The result says how far it has come, with an error too.
func Backfill[T any](ctx context.Context, repo *Repo[T], opts ...BackfillOption) (Backfilled, error) {
	b := backfill{spec: core.Spec{Scan: true, Prefetch: true}, some: core.BatchConcurrency}
	for _, opt := range opts {
		if opt != nil {
			opt(&b)
		}
	}
	b.Cursor = Cursor(b.spec.After)
	if repo == nil {
		return b.Backfilled, wrap("backfill", "(none)", "", errors.New("nil repository"))
	}
	cursor, err := repo.core.Backfill(ctx, &b.spec, b.some, b.dry, func(what core.Recoding, cursor string) bool {
		b.Items++
		switch what {
		case core.RecodeDone:
			b.Written++
		case core.RecodeMoved:
			b.Changed++
		case core.RecodeLeft:
		}
		b.Cursor = Cursor(cursor)
		if b.progress != nil {
			b.progress(b.Backfilled)
		}
		return true
	})
	b.Cursor = Cursor(cursor)
	return b.Backfilled, repo.fail("backfill", err)
}
