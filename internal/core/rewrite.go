package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// Recoding is what becomes of one item that is to be written anew.
type Recoding uint8

// What becomes of an item.
const (
	RecodeLeft  Recoding = iota // nothing of it is to be written anew
	RecodeDone                  // it was
	RecodeMoved                 // others have written it in the meantime
)

// unfitError is why an item cannot be given another form, which is the spec's to decide about.
type unfitError struct{ err error }

func (e *unfitError) Error() string { return e.err.Error() }
func (e *unfitError) Unwrap() error { return e.err }

// errEnough ends a scan that is to be gone on with.
var errEnough = errors.New("enough")

// rewriting is an item on its way.
type rewriting struct {
	write  func() (Recoding, error)
	n      int    // how many there were before it
	cursor string // past it
	what   Recoding
	err    error
	unread *BadItem // it could not be read
}

// rewrite has the items that spec, a scan, finds written anew, some at once: take makes of
// the one that a loop is at what writes it, in a goroutine of its own. done is told of each in
// their order, and ends it by returning false; unfit items, and those that cannot be read, are
// the spec's to decide about.
// The cursor continues after the last item that is done, with an error too.
func (r *Repo) rewrite(ctx context.Context, spec *Spec, some int, take func(context.Context, *loop) func() (Recoding, error), done func(what Recoding, cursor string) bool) (cursor string, err error) {
	switch {
	case some < 1:
		return spec.After, fmt.Errorf("%d items at once", some)
	case spec.Index != "" || len(spec.Only) > 0:
		return spec.After, errors.New("whole items of the table are written anew, not parts or those of an index")
	}
	ctx = SkipHooks(ctx)
	at := spec.After
	w := NewWindow(some,
		func(i *rewriting) {
			i.err = errors.New("its goroutine has ended")
			i.what, i.err = i.write()
		},
		func(i *rewriting) error {
			bad, err := i.bad()
			switch {
			case i.err != nil && ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				return err
			case bad != nil && spec.OnItem == nil:
				return bad
			case bad != nil:
				if err := spec.OnItem(bad); err != nil {
					return err
				}
				at = bad.Cursor
				return nil
			}
			if at = i.cursor; !done(i.what, at) {
				return errEnough
			}
			return nil
		})
	defer w.Close()
	own, last := *spec, spec.After
	own.Hidden = true
	own.Track = func(cursor string) { last = cursor }
	own.OnItem = func(unread *BadItem) error {
		if !w.Done(&rewriting{unread: unread}) {
			return unread
		}
		return nil
	}
	q, err := r.prepare(ctx, &own, reading{})
	if err != nil {
		return spec.After, err
	}
	l := &loop{request: q, dst: reflect.New(r.Type).Elem()}
	canceled := false
	l.yield = func() bool {
		canceled = ctx.Err() != nil // also where nothing is to be written
		return !canceled && w.Add(&rewriting{write: take(ctx, l), n: l.yielded - 1, cursor: last})
	}
	cursor, err = l.run(ctx)
	switch failed := w.Wait(); {
	case failed != nil:
		err = failed
	case canceled:
		err = context.Cause(ctx)
	}
	switch {
	case errors.Is(err, errEnough):
		return at, nil
	case err != nil:
		return at, err
	}
	return cursor, nil
}

// bad is what the spec is to decide about, if the item is not written; or else why not.
func (i *rewriting) bad() (*BadItem, error) {
	var unfit *unfitError
	switch {
	case i.unread != nil:
		return i.unread, nil
	case errors.As(i.err, &unfit):
		return &BadItem{N: i.n, Path: pathOf(unfit.err), Cursor: i.cursor, Err: unfit.err}, nil
	}
	return nil, i.err
}
