package bulk

import (
	"fmt"

	"github.com/dynox-go/dynox/internal/core"
)

// ExportOption is an option of [Export]: [Segments], [Consistent], [PageSize], [Plain],
// [Gzip], [Zstd], [MarkSentinels], [WithoutSentinels], [After], [OnProgress].
type ExportOption interface{ exports(*job) }

// ImportOption is an option of [Import]: [Plain], [OnBadLine], [Concurrency],
// [MaxRetries], [WithoutSentinels], [After], [OnProgress].
type ImportOption interface{ imports(*job) }

// CopyOption is an option of [Copy]: [Segments], [Consistent], [PageSize],
// [Concurrency], [MaxRetries], [WithoutSentinels], [After], [OnProgress].
type CopyOption interface{ copies(*job) }

// MigrateOption is an option of [Migrate]: [DryRun], [Verify], [OnItemError],
// [Consistent], [PageSize], [Concurrency], [After], [OnProgress].
type MigrateOption interface{ migrates(*job) }

// job is what a call was told.
type job struct {
	segments   int
	pageSize   int
	consistent bool
	plain      bool
	pack       packing
	sentinels  sentinels
	writing    core.BatchWriting
	after      Checkpoint
	progress   func(Progress)
	onBadLine  func(*LineError) error
	dry        bool
	verify     bool
	onItem     func(*ItemError) error
}

type sentinels uint8

const (
	keepSentinels sentinels = iota
	markSentinels
	dropSentinels
)

// What calls do unless told otherwise.
const defaultSegments = 4

func newJob() *job {
	return &job{segments: defaultSegments, writing: core.BatchWriting{
		Batching: core.Batching{Concurrency: core.BatchConcurrency, Retries: core.BatchRetries},
	}}
}

func (j *job) check() error {
	switch {
	case j.segments < 1 || j.segments > core.MaxSegments:
		return fmt.Errorf("%d segments, not 1 to %d", j.segments, core.MaxSegments)
	case j.pageSize < 0:
		return fmt.Errorf("a page size of %d", j.pageSize)
	case j.plain && j.sentinels == markSentinels:
		return fmt.Errorf("plain JSON has no place for a mark: leave sentinels out, or in")
	}
	return j.writing.Check()
}

// Option is an option of everything in this package.
type Option func(*job)

func (o Option) exports(j *job)  { o(j) }
func (o Option) imports(j *job)  { o(j) }
func (o Option) copies(j *job)   { o(j) }
func (o Option) migrates(j *job) { o(j) }

// After goes on where a call with the same tables, number of segments and form was
// broken off. The counts of its [Progress] go on, too. "" is the beginning.
func After(c Checkpoint) Option { return func(j *job) { j.after = c } }

// OnProgress has f told how far the call has come, after each page that was written
// or request that was answered: one call of f at a time, in the goroutine of the call,
// which f holds up. What f keeps of it is good for [After] if all that was written to a
// file by then is kept, too.
func OnProgress(f func(Progress)) Option { return func(j *job) { j.progress = f } }

// ReadOption is an option of what reads whole tables.
type ReadOption func(*job)

func (o ReadOption) exports(j *job)  { o(j) }
func (o ReadOption) copies(j *job)   { o(j) }
func (o ReadOption) migrates(j *job) { o(j) }

// Consistent makes reads see every write that succeeded before. They cost twice the
// capacity. It makes no snapshot: what is written during the call may be seen or not.
func Consistent() ReadOption { return func(j *job) { j.consistent = true } }

// PageSize is how many items are read at once, at most. Without it a page has as many
// as fit into 1 MB.
func PageSize(n int) ReadOption { return func(j *job) { j.pageSize = n } }

// ScanOption is an option of [Export] and [Copy].
type ScanOption func(*job)

func (o ScanOption) exports(j *job) { o(j) }
func (o ScanOption) copies(j *job)  { o(j) }

// Segments is how many parts of the table are read at once. The default is 4. A
// checkpoint is good for the same number only.
func Segments(n int) ScanOption { return func(j *job) { j.segments = n } }

// TransferOption is an option of [Export], [Import] and [Copy].
type TransferOption func(*job)

func (o TransferOption) exports(j *job) { o(j) }
func (o TransferOption) imports(j *job) { o(j) }
func (o TransferOption) copies(j *job)  { o(j) }

// WithoutSentinels leaves out the items that claim unique values for others (see
// tx.Unique). Without it they are moved as all items are, so that what is unique
// stays so.
func WithoutSentinels() TransferOption { return func(j *job) { j.sentinels = dropSentinels } }

type exportOption func(*job)

func (o exportOption) exports(j *job) { o(j) }

// MarkSentinels gives the lines of items that claim unique values for others another
// member beside Item: "Sentinel":true. [Import] passes over it.
func MarkSentinels() ExportOption { return exportOption(func(j *job) { j.sentinels = markSentinels }) }

// Gzip compresses what is exported: each page is a member of its own, which what reads
// gzip takes as one.
func Gzip() ExportOption { return exportOption(func(j *job) { j.pack = gzipped }) }

// Zstd compresses what is exported: each page is a frame of its own, which what reads
// zstd takes as one.
func Zstd() ExportOption { return exportOption(func(j *job) { j.pack = zstandard }) }

// LineOption is an option of [Export] and [Import].
type LineOption func(*job)

func (o LineOption) exports(j *job) { o(j) }
func (o LineOption) imports(j *job) { o(j) }

// Plain has lines be items as plain JSON, {"id":"o-1","total":12.5}. Exported, sets
// become arrays, and bytes their base64. Imported, arrays become lists, texts strings
// (those of key attributes that are bytes are taken as base64), and null NULL; numbers
// keep all their digits. So sets and bytes do not come back as what they were.
func Plain() LineOption { return func(j *job) { j.plain = true } }

type importOption func(*job)

func (o importOption) imports(j *job) { o(j) }

// OnBadLine has f decide about a line that cannot be imported: nil goes on after it, and
// counts it as skipped; an error ends the call with it. It is called in the goroutine of
// the call.
func OnBadLine(f func(*LineError) error) ImportOption {
	return importOption(func(j *job) { j.onBadLine = f })
}

// BatchOption is an option of [Import] and [Copy].
type BatchOption func(*job)

func (o BatchOption) imports(j *job) { o(j) }
func (o BatchOption) copies(j *job)  { o(j) }

// MaxRetries is that of package batch: how often what the service leaves unprocessed,
// throttles or does not answer is tried again, without any progress in between,
// before the call ends. The default is 10.
func MaxRetries(n int) BatchOption { return func(j *job) { j.writing.Retries = n } }

// WriteOption is an option of what writes items.
type WriteOption func(*job)

func (o WriteOption) imports(j *job)  { o(j) }
func (o WriteOption) copies(j *job)   { o(j) }
func (o WriteOption) migrates(j *job) { o(j) }

// Concurrency is how many requests that write there may be at once. The default is 4.
func Concurrency(n int) WriteOption { return func(j *job) { j.writing.Concurrency = n } }

type migrateOption func(*job)

func (o migrateOption) migrates(j *job) { o(j) }
