package core

import (
	"context"
	"errors"
	"time"
)

// Stopped is a read that was ended before its end, because its next call was not
// made: a budget is spent, or a rate limit has nothing before the context ends.
type Stopped struct {
	Cursor string // continues it
	Err    error
}

func (s *Stopped) Error() string { return s.Err.Error() }
func (s *Stopped) Unwrap() error { return s.Err }

// bound is the context of the loop's calls: it has their budget, and ends when
// the loop is to stop.
func (l *loop) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if units := l.repo.Table.ReadBudget; units > 0 {
		ctx = WithBudget(ctx, units)
	}
	if deadline, ok := ctx.Deadline(); ok && l.spec.StopBefore > 0 {
		l.until = deadline.Add(-l.spec.StopBefore)
		return context.WithDeadline(ctx, l.until)
	}
	return context.WithCancel(ctx)
}

// late reports whether it is time to stop.
func (l *loop) late() bool { return !l.until.IsZero() && !time.Now().Before(l.until) }

// ended is err of a page as the loop fails with it: nil if there was no time for
// the page, and the caller's context goes on.
func (l *loop) ended(ctx context.Context, err error) error {
	if l.until.IsZero() || ctx.Err() != nil || !l.late() && !(isUnsent(err) && errors.Is(err, context.DeadlineExceeded)) {
		return err
	}
	return nil
}
