package batch

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// WriteOption is an option of [Write]: [Concurrency], [MaxRetries], [Refuse],
// [Unchecked], [Progress], [StopBefore].
type WriteOption interface{ write(*core.BatchWriting) }

// DeleteOption is an option of [DeletePartition]: [AllKinds], [Concurrency],
// [MaxRetries], [Unchecked], [Progress].
type DeleteOption interface{ delete(*deleting) }

// GetOption is an option of [Get] and [Hydrate]: [Concurrency], [MaxRetries], [Consistent],
// [InOrder], [Missing], [Only], [StopBefore].
type GetOption interface{ get(*getting) }

// LoadOption is an option of [NewLoader]: [Concurrency], [MaxRetries],
// [Consistent], [Wait], [MaxKeys].
type LoadOption interface{ load(*loading) }

// Reading is what [Read] takes: items that [Ref] refers to, and the options
// [Concurrency], [MaxRetries] and [Consistent].
type Reading interface {
	read(context.Context, *reading) error
}

type deleting struct {
	core.BatchWriting
	all bool
}

type getting struct {
	core.BatchGetting
	missing reflect.Type // that the function given to Missing takes
}

type loading struct {
	core.BatchGetting
	wait time.Duration
	most int
}

func newGetting() core.BatchGetting {
	return core.BatchGetting{Batching: newBatching()}
}

func newBatching() core.Batching {
	return core.Batching{Concurrency: core.BatchConcurrency, Retries: core.BatchRetries}
}

// BoundOption is an option of everything in this package.
type BoundOption func(*core.Batching)

func (o BoundOption) write(w *core.BatchWriting)                     { o(&w.Batching) }
func (o BoundOption) delete(d *deleting)                             { o(&d.Batching) }
func (o BoundOption) get(g *getting)                                 { o(&g.Batching) }
func (o BoundOption) load(l *loading)                                { o(&l.Batching) }
func (o BoundOption) read(_ context.Context, r *reading) (err error) { o(&r.how.Batching); return nil }

// Concurrency is how many requests there may be at once. The default is 4.
func Concurrency(n int) BoundOption {
	return func(b *core.Batching) { b.Concurrency = n }
}

// MaxRetries bounds how often a request is tried again, beyond the SDK's own
// retries, for what the service has left unprocessed, has throttled, or has
// not answered: n times in a row without any progress. The default is 10,
// which takes some 20 seconds; the first wait is about 50 ms, each further one
// twice as long, none more than about 5 s. A deadline that would pass during a
// wait ends them at once.
func MaxRetries(n int) BoundOption {
	return func(b *core.Batching) { b.Retries = n }
}

// StopOption is the option that [StopBefore] makes.
type StopOption time.Duration

func (o StopOption) write(w *core.BatchWriting) { w.StopBefore = time.Duration(o) }
func (o StopOption) get(g *getting)             { g.StopBefore = time.Duration(o) }

// StopBefore ends the batch when less than d is left before the deadline of its
// context, with [context.DeadlineExceeded]: there is d, then, to store what was left.
// Without a deadline it has no meaning.
func StopBefore(d time.Duration) StopOption { return StopOption(d) }

// ConsistentOption is the option that [Consistent] makes.
type ConsistentOption struct{}

func (ConsistentOption) get(g *getting)  { g.Consistent = true }
func (ConsistentOption) load(l *loading) { l.Consistent = true }
func (ConsistentOption) read(_ context.Context, r *reading) error {
	r.how.Consistent = true
	return nil
}

// Consistent makes reads see every write that succeeded before. They cost
// twice the capacity.
func Consistent() ConsistentOption { return ConsistentOption{} }

type getOption func(*getting)

func (o getOption) get(g *getting) { o(g) }

// InOrder yields items in the order of their keys. Without it they come as
// their requests are answered.
func InOrder() GetOption {
	return getOption(func(g *getting) { g.InOrder = true })
}

// Missing calls f, in between the items, with each key that names no item of
// the repository's kind. T is that of the repository.
func Missing[T any](f func(key T)) GetOption {
	return getOption(func(g *getting) {
		g.missing = reflect.TypeFor[T]()
		g.BatchGetting.Missing = func(key any) { f(*key.(*T)) }
	})
}

// Only fetches some attributes; the fields of the others are zero. T is that
// of the repository. It saves transfer, not capacity.
func Only[T any](fields ...expr.Field[T]) GetOption {
	return getOption(func(g *getting) {
		for _, f := range fields {
			var a *ast.Attr
			if f != nil {
				a = f.Ref(ast.Door{})
			}
			g.BatchGetting.Only = append(g.BatchGetting.Only, a)
		}
	})
}

type writeOption func(*core.BatchWriting)

func (o writeOption) write(w *core.BatchWriting) { o(w) }

// Refuse makes a second operation on an item an error, which ends the batch;
// without it, the later one wins. It takes memory for the key of every
// operation.
func Refuse() WriteOption {
	return writeOption(func(w *core.BatchWriting) { w.Refuse = true })
}

// ChangeOption is an option of [Write] and [DeletePartition].
type ChangeOption func(*core.BatchWriting)

func (o ChangeOption) write(w *core.BatchWriting) { o(w) }
func (o ChangeOption) delete(d *deleting)         { o(&d.BatchWriting) }

// Unchecked writes to repositories whose writes need a condition, which a
// batch cannot carry: to such with a version. Items get their next version, but
// overwrite whatever is stored, and deletes check nothing. Deletes of a repository with
// [dynox.SoftDelete], which batches cannot do either, are for good then.
func Unchecked() ChangeOption {
	return func(w *core.BatchWriting) { w.Unchecked = true }
}

// Progress calls f whenever a request, with its retries, is done: in the
// goroutine of the call, one call at a time.
func Progress(f func(Counts)) ChangeOption {
	return func(w *core.BatchWriting) {
		if w.Progress, w.Units = nil, f != nil; f != nil {
			w.Progress = func(c core.BatchCounts) { f(Counts(c)) }
		}
	}
}

type deleteOption func(*deleting)

func (o deleteOption) delete(d *deleting) { o(d) }

// AllKinds deletes the items of all kinds, those of no repository too, knowing nothing
// of them but their keys: their repositories' hooks do not run, versions are not looked
// at, and what belongs to them elsewhere stays: blobs until a sweep, claims of unique
// values until the next one who wants the value.
func AllKinds() DeleteOption {
	return deleteOption(func(d *deleting) { d.all = true })
}

type loadOption func(*loading)

func (o loadOption) load(l *loading) { o(l) }

// Wait is how long a [Loader] gathers keys before it asks for them. The default is
// 1 ms.
func Wait(d time.Duration) LoadOption {
	return loadOption(func(l *loading) { l.wait = d })
}

// MaxKeys is how many keys a [Loader] gathers at most: with so many it does not
// wait. The default is 100, the most that a request takes.
func MaxKeys(n int) LoadOption {
	return loadOption(func(l *loading) { l.most = n })
}

func (l *loading) check() error {
	switch {
	case l.wait < 0:
		return fmt.Errorf("a wait of %v", l.wait)
	case l.most < 1 || l.most > maxKeys:
		return fmt.Errorf("%d keys at most, not 1 to %d", l.most, maxKeys)
	}
	return nil
}
