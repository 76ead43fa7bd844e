package dynox

import (
	"errors"
	"fmt"

	"github.com/dynox-go/dynox/internal/core"
)

// The kinds of failure, for errors.Is. The SDK's own error stays in the
// chain, for errors.As; its text may quote values and is not part of ours.
var (
	// ErrNotFound: the item is not there, or is of another kind.
	ErrNotFound = core.ErrNotFound
	// ErrConditionFailed: a condition of the write does not hold for the
	// stored item. Nothing was changed; [OldItem] has the item.
	ErrConditionFailed = core.ErrConditionFailed
	// ErrExists: Create found an item. It is an ErrConditionFailed too.
	ErrExists = core.ErrExists
	// ErrUnknownOutcome: an answer was lost, so the write may or may not have
	// taken effect. Read the item to find out; repeat the write only if
	// applying it twice does no harm.
	ErrUnknownOutcome = core.ErrUnknownOutcome
	// ErrReadOnly: the table was made with [ReadOnly].
	ErrReadOnly = core.ErrReadOnly
	// ErrTooLarge: the item exceeds the 400 KB that one can have. Nothing was
	// sent; of an update, whose result only the service knows, nothing was changed.
	ErrTooLarge = core.ErrTooLarge
	// ErrKey: a key lacks one of its components, or is too long. Nothing was
	// sent.
	ErrKey = core.ErrKey
	// ErrCursor: a cursor is damaged, or belongs to another read. Nothing was
	// sent.
	ErrCursor = core.ErrCursor
	// ErrPath: an update sets something inside a map or a list that the item
	// does not have, or computes with an attribute that it does not have, or
	// that is of another type there: NULL, as a nil slice, map or pointer is
	// stored without omitempty. expr.EnsureMap makes maps, in an update before;
	// expr.Add and expr.Append make what they need.
	ErrPath = core.ErrPath
	// ErrRequired: an item that is put lacks what [Required] names, or an update
	// takes it away. Nothing was sent.
	ErrRequired = core.ErrRequired
	// ErrInvalid: the item's own Validate, or that of an option, refuses it; its
	// error is in the chain. Nothing was sent.
	ErrInvalid = core.ErrInvalid
	// ErrAfterWrite: the write took effect, and a hook after it failed, or the
	// item that it returned cannot be read. Do not repeat the write.
	ErrAfterWrite = core.ErrAfterWrite
	// ErrScan: the table was made with [NoScans]. Nothing was sent.
	ErrScan = core.ErrScan
	// ErrBudget: the [Budget] of the context, or the table's [ReadBudget], is spent.
	// The call that it ends was not sent.
	ErrBudget = core.ErrBudget
	// ErrKind: an item of none of the kinds that a [UnionOf] reads.
	ErrKind = core.ErrKind
	// ErrNotUnique: another item has the value of an attribute that is unique, see
	// tx.Unique. It is an ErrConditionFailed too. Nothing was changed.
	ErrNotUnique = core.ErrNotUnique
	// ErrTableNotFound: there is no such table.
	ErrTableNotFound = core.ErrTableNotFound
)

// Error is what every call of this package fails with. Its text names what
// failed, on which table and for which items, and why, never a value:
//
//	dynox: put shop: order: condition failed
//
// The service's own words, which may quote values, are in the chain:
//
//	var api smithy.APIError
//	if errors.As(err, &api) {
//		log.Print(api.ErrorMessage())
//	}
type Error struct {
	Op    string // the verb, in lower case: put, query, ensure
	Table string // the table's name
	Item  string // the repository's kind, or its Go type; empty for calls on tables
	Err   error  // why
}

func (e *Error) Error() string {
	if e.Item == "" {
		return fmt.Sprintf("dynox: %s %s: %v", e.Op, e.Table, e.Err)
	}
	return fmt.Sprintf("dynox: %s %s: %s: %v", e.Op, e.Table, e.Item, e.Err)
}

// Unwrap is why the call failed.
func (e *Error) Unwrap() error { return e.Err }

// ItemError is a stored item that cannot be decoded, or whose key is not the
// one of its fields. A read that meets one ends with it, unless its
// OnItemError decides otherwise.
type ItemError struct {
	Index  string // the index that was read, "" for the table
	N      int    // how many items the read yielded before
	Path   string // the attribute at fault, "" if it is not just one
	Cursor Cursor // continues the read after the item, "" for a Get
	Err    error  // what is wrong
}

func (e *ItemError) Error() string {
	if e.N == 0 && e.Index == "" && e.Cursor == "" { // of a Get
		return e.Err.Error()
	}
	where := fmt.Sprintf("item %d", e.N)
	if e.Index != "" {
		where += " of index " + e.Index
	}
	return fmt.Sprintf("%s: %v", where, e.Err)
}

// Unwrap is what is wrong with the item.
func (e *ItemError) Unwrap() error { return e.Err }

func itemError(b *core.BadItem) *ItemError {
	return &ItemError{Index: b.Index, N: b.N, Path: b.Path, Cursor: Cursor(b.Cursor), Err: b.Err}
}

// StoppedError is a query, scan or count that a budget has ended before its end.
type StoppedError struct {
	Cursor Cursor // continues it after the last item it yielded, and what it had left out by then
	Err    error  // why it ended: [ErrBudget]
}

func (e *StoppedError) Error() string { return e.Err.Error() }

// Unwrap is why the read ended.
func (e *StoppedError) Unwrap() error { return e.Err }

// OldItem is the stored item that a failed write came with: what a condition
// did not hold for, or what Create found. It is false when the error carries
// none, or one of another type. Of a transaction it is the first of its type.
func OldItem[T any](err error) (T, bool) {
	if failure, ok := err.(*core.Failure); ok { //nolint:errorlint // the chain is walked here: not the first Failure, but the first of this type
		if old, ok := failure.Old.(*T); ok && old != nil {
			return *old, true
		}
	}
	var inner []error
	switch err := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		inner = []error{err.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = err.Unwrap()
	}
	for _, err := range inner {
		if old, ok := OldItem[T](err); ok {
			return old, true
		}
	}
	var zero T
	return zero, false
}

// public is err with the errors that this package exports.
func public(err error) error {
	var bad *core.BadItem
	if errors.As(err, &bad) {
		return itemError(bad)
	}
	var stopped *core.Stopped
	if errors.As(err, &stopped) {
		return &StoppedError{Cursor: Cursor(stopped.Cursor), Err: stopped.Err}
	}
	return err
}

// wrap makes the public error of a call that failed with err.
func wrap(op, table, item string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Table: table, Item: item, Err: public(err)}
}
