// Package slog logs the calls of tables with log/slog: names and numbers, never
// values.
package slog

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/dynox-go/dynox"
)

// Option is an option of [Observe].
type Option func(*observer)

// Slow logs calls that took at least that long as warnings. The default is that none
// is slow.
func Slow(threshold time.Duration) Option {
	return func(o *observer) { o.slow = threshold }
}

// Level is that of calls which are neither slow nor failed. The default is
// [slog.LevelDebug].
func Level(level slog.Level) Option {
	return func(o *observer) { o.level = level }
}

// Attrs adds what f makes of a call's context to its record, such as the name of the
// request that it is for. A handler may do so, too: it gets the context.
func Attrs(f func(context.Context) []slog.Attr) Option {
	return func(o *observer) { o.attrs = f }
}

// Observe logs every call about items of the table with logger, the default one if
// it is nil, when it has ended:
//
//	dynox.NewTable(client, "shop", slog.Observe(logger, slog.Slow(100*time.Millisecond)))
//
// Calls that failed are warnings, and errors if the service refused them or did not
// answer; a failed condition, a conflict, and an item or table that is not there are what
// programs expect, and not more than the others. Attributes that would be zero are left out.
// What no handler wants costs next to nothing.
func Observe(logger *slog.Logger, opts ...Option) dynox.TableOption {
	o := &observer{logger: logger, level: slog.LevelDebug}
	for _, opt := range opts {
		if opt != nil {
			opt(o)
		}
	}
	return dynox.Observe(o)
}

type observer struct {
	logger *slog.Logger
	level  slog.Level
	slow   time.Duration // 0: none
	attrs  func(context.Context) []slog.Attr
}

// Start changes nothing.
func (o *observer) Start(ctx context.Context, _ *dynox.Call) context.Context { return ctx }

// End logs the call.
func (o *observer) End(ctx context.Context, c *dynox.Call) {
	logger := o.logger
	if logger == nil {
		logger = slog.Default()
	}
	level, message := o.judge(c)
	if !logger.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 20)
	if o.attrs != nil {
		attrs = append(attrs, o.attrs(ctx)...)
	}
	logger.LogAttrs(ctx, level, message, describe(attrs, c)...)
}

// expected are the classes of errors that programs ask for.
var expected = []string{"", dynox.ClassConditionFailed, dynox.ClassConflict, dynox.ClassNotFound, dynox.ClassCanceled}

// broken are the classes of errors that somebody should look at.
var broken = []string{dynox.ClassRefused, dynox.ClassUnavailable, dynox.ClassUnknownOutcome, dynox.ClassOther}

func (o *observer) judge(c *dynox.Call) (slog.Level, string) {
	switch {
	case slices.Contains(broken, c.Class):
		return slog.LevelError, "dynamodb call failed"
	case !slices.Contains(expected, c.Class):
		return slog.LevelWarn, "dynamodb call failed"
	case o.slow > 0 && c.Duration >= o.slow:
		return slog.LevelWarn, "slow dynamodb call"
	}
	return o.level, "dynamodb call"
}

// describe appends what there is to say of c.
func describe(attrs []slog.Attr, c *dynox.Call) []slog.Attr {
	count := func(name string, n, usual int) {
		if n != usual {
			attrs = append(attrs, slog.Int(name, n))
		}
	}
	units := func(name string, n float64) {
		if n != 0 {
			attrs = append(attrs, slog.Float64(name, n))
		}
	}
	attrs = append(attrs, slog.String("operation", c.Operation), slog.String("table", c.Table))
	if c.Index != "" {
		attrs = append(attrs, slog.String("index", c.Index))
	}
	attrs = append(attrs, slog.Duration("duration", c.Duration))
	if c.Waited != 0 {
		attrs = append(attrs, slog.Duration("waited", c.Waited))
	}
	if len(c.Tables) > 1 {
		attrs = append(attrs, slog.Any("tables", c.Tables))
	}
	count("page", c.Page, 0)
	count("items", c.Items, 0)
	count("scanned", c.Scanned, 0)
	count("unprocessed", c.Unprocessed, 0)
	count("attempts", c.Attempts, 1)
	count("throttles", c.Throttles, 0)
	units("read_units", c.ReadUnits)
	units("write_units", c.WriteUnits)
	units("search_bytes", c.SearchBytes)
	if c.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", c.RequestID))
	}
	if c.Err != nil {
		attrs = append(attrs, slog.String("class", c.Class), slog.String("error", c.Err.Error()))
	}
	return attrs
}
