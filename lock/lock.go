// Package lock never blocks: it detects that somebody else has written an item
// since it was read. [Leases.Acquire] is the exception: it waits for a lease, for
// those who need one process at a time.
//
// An integer attribute of the item counts its writes:
//
//	orders, err := dynox.NewRepo(table, OrderKey, lock.Version(version))
//
// A put of an item with version n requires that version n is stored, and stores
// n+1; with version 0 it requires an item without version, or with version 0, or none. A create
// stores the next version of what it is given, 1 of 0. A delete with version n
// requires n; with 0 it requires nothing. Every update and upsert counts, and
// requires a version if it is asked to:
//
//	orders.Update(ctx, o, status.Set(Paid), expr.If(version.Eq(o.Version)))
//
// The version of the Go value changes only when the write has taken effect. A
// write that met another version is a [*StaleError], which is a
// [dynox.ErrConditionFailed] too; [dynox.OldItem] has the stored item. All of it
// works in transactions; batches, which have no conditions, refuse the repository
// unless they are told not to.
package lock

import (
	"context"
	"errors"
	"time"

	"github.com/sethvargo/go-retry"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Integer is what can count versions: a smaller type would come to its end.
type Integer interface {
	~int | ~int32 | ~int64 | ~uint | ~uint32 | ~uint64
}

// VersionOption is an option of [Version].
type VersionOption[T any] struct {
	apply func(*core.Version)
}

// Version makes attr count the writes of each item, as the package says. It is an
// attribute of the item itself, and no part of a key.
func Version[T any, V Integer](attr expr.Attr[T, V], opts ...VersionOption[T]) dynox.Option[T] {
	v := core.Version{
		Attr:  attr.Ref(ast.Door{}),
		Stale: func(wanted, stored int64) error { return &StaleError{Wanted: wanted, Stored: stored} },
	}
	for _, opt := range opts {
		opt.apply(&v)
	}
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) { s.Versions = append(s.Versions, v) })
}

// Token stores a random text of 16 characters with every write that counts,
// before those of up to 15 writes before it. After an answer was lost, the
// repository knows its own write by it, where it would otherwise have to say
// [dynox.ErrUnknownOutcome]. An update keeps the texts of the writes before it if it
// requires the version of an item that was read, and is given that item as its
// key; otherwise only its own stays.
func Token[T any](attr expr.Attr[T, string]) VersionOption[T] {
	return VersionOption[T]{func(v *core.Version) { v.Token = attr.Ref(ast.Door{}) }}
}

// StaleError is a write that met another version than it wanted. Nothing was
// changed.
type StaleError struct {
	Wanted int64 // 0: an item without version, or none
	Stored int64 // 0: an item without version, or none
}

func (e *StaleError) Error() string { return "stale: another version is stored" }

// Is makes a StaleError a [dynox.ErrConditionFailed].
func (e *StaleError) Is(target error) bool { return target == dynox.ErrConditionFailed }

// RetryOption is an option of [Retry].
type RetryOption func(*retryOptions)

type retryOptions struct {
	attempts int
	base     time.Duration
	backoff  retry.Backoff
}

// Attempts sets how often [Retry] tries at most. The default is 10.
func Attempts(n int) RetryOption { return func(o *retryOptions) { o.attempts = max(n, 1) } }

// Backoff sets how long [Retry] waits between two attempts, in place of an
// exponential backoff from 10 ms on, with jitter. Attempts is up to it, then.
func Backoff(b retry.Backoff) RetryOption { return func(o *retryOptions) { o.backoff = b } }

// Retry reads the item that key names, consistently, has f change it, and puts
// it; if somebody else has written it in between, it does so again, a few times,
// as long as ctx lets it. It returns the item as it is stored. The repository
// needs a [Version]. An error of f ends it, and nothing is stored. An item that is
// not there is [dynox.ErrNotFound].
//
//	o, err := lock.Retry(ctx, orders, key, func(o *Order) error {
//		o.Total += 5
//		return nil
//	})
func Retry[T any](ctx context.Context, r *dynox.Repo[T], key T, f func(*T) error, opts ...RetryOption) (T, error) {
	var zero, item T
	o := retryOptions{attempts: 10, base: 10 * time.Millisecond}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if f == nil {
		return zero, errors.New("dynox: lock.Retry: nil function")
	}
	if c := r.Core(core.Door{}); c == nil || !c.Versioned() {
		return zero, errors.New("dynox: lock.Retry: the repository has no version: see lock.Version")
	}
	if o.backoff == nil {
		o.backoff = retry.WithMaxRetries(uint64(o.attempts-1), retry.WithCappedDuration(time.Second, retry.WithJitterPercent(50, retry.NewExponential(o.base))))
	}
	err := retry.Do(ctx, o.backoff, func(ctx context.Context) (err error) {
		if item, err = r.Get(ctx, key, dynox.Consistent); err != nil {
			return err
		}
		if err := f(&item); err != nil {
			return err
		}
		err = r.Put(ctx, &item)
		if stale := new(StaleError); errors.As(err, &stale) && !errors.Is(err, dynox.ErrUnknownOutcome) {
			return retry.RetryableError(err)
		}
		return err
	})
	if err != nil {
		return zero, err
	}
	return item, nil
}
