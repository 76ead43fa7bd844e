package batch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

const (
	maxKeys     = 100
	defaultWait = time.Millisecond
)

// Loader reads single items for many callers at once with few requests: keys
// that are asked for within a short time go into one. Callers that ask for the
// same item share a request, and each gets memory of its own. It keeps no items:
// it is no cache. It is safe for concurrent use, and an idle one has no
// goroutine and holds nothing, so there is nothing to close.
type Loader[T any] struct {
	repo *core.Repo
	how  loading
	err  error // what every Load fails with

	mu    sync.Mutex
	open  *request            // gathers keys
	asked map[string]*request // that each item was last asked for with, and is not answered
}

// request is one of a loader's. What is not said otherwise is guarded by the
// loader.
type request struct {
	ctx     context.Context
	cancel  context.CancelFunc
	timer   *time.Timer
	refs    []*core.Ref
	same    map[string][]*core.Ref // further refs to those items
	keys    int
	waiting int // callers
	sent    bool

	done     chan struct{} // closed when all is read
	panicked any           // valid then
}

// NewLoader is a loader of r's items. What is wrong with its options is an
// error of each Load.
func NewLoader[T any](r *dynox.Repo[T], opts ...LoadOption) *Loader[T] {
	l := &Loader[T]{
		repo: r.Core(core.Door{}), asked: make(map[string]*request),
		how: loading{BatchGetting: newGetting(), wait: defaultWait, most: maxKeys},
	}
	for _, opt := range opts {
		if opt != nil {
			opt.load(&l.how)
		}
	}
	if l.err = errors.Join(l.how.check(), l.how.Check()); l.repo == nil {
		l.err = errNil
	}
	return l
}

// Load reads the item whose key the fields of key give, as Repo.Get does, and
// fails with [dynox.ErrNotFound] if there is none. It returns when ctx ends; the
// request ends when that is so for all its callers. The request has the values
// of the ctx of its first caller, such as [dynox.WithSDKOptions].
//
// Without [Consistent], a Load may share a request that was sent before it
// was called, and then see the item as it was at that time.
func (l *Loader[T]) Load(ctx context.Context, key T) (T, error) {
	var item, zero T
	err := l.err
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return zero, fail("load", l.repo, err)
	}
	ref, err := l.repo.NewRef(ctx, &key, &item)
	if err != nil {
		return zero, fail("load", l.repo, err)
	}
	q := l.join(ctx, ref)
	select {
	case <-q.done:
	case <-ctx.Done():
		l.leave(q)
		return zero, fail("load", l.repo, ctx.Err())
	}
	switch {
	case q.panicked != nil:
		panic(q.panicked)
	case ref.Err() != nil:
		return zero, fail("load", l.repo, ref.Err())
	case !ref.Found():
		return zero, fail("load", l.repo, dynox.ErrNotFound)
	}
	return item, nil
}

// join adds ref to a request that asks for its item.
func (l *Loader[T]) join(ctx context.Context, ref *core.Ref) *request {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := ref.Identity()
	if q := l.asked[id]; q != nil && !(q.sent && l.how.Consistent) {
		q.same[id] = append(q.same[id], ref)
		q.waiting++
		return q
	}
	q := l.open
	if q == nil {
		q = &request{same: make(map[string][]*core.Ref), done: make(chan struct{})}
		q.ctx, q.cancel = context.WithCancel(context.WithoutCancel(ctx))
		q.timer = time.AfterFunc(l.how.wait, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.open == q {
				l.send(q)
			}
		})
		l.open = q
	}
	l.asked[id] = q
	q.refs = append(q.refs, ref)
	q.waiting++
	if q.keys += ref.Keys(); q.keys >= l.how.most {
		l.send(q)
	}
	return q
}

// leave takes a caller from q, which ends if it was the last one.
func (l *Loader[T]) leave(q *request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q.waiting--; q.waiting > 0 {
		return
	}
	q.timer.Stop()
	q.cancel()
	if l.open == q {
		l.open = nil
	}
	for _, ref := range q.refs {
		l.forget(q, ref)
	}
}

// forget lets the next caller ask for the item of ref anew.
func (l *Loader[T]) forget(q *request, ref *core.Ref) {
	if id := ref.Identity(); l.asked[id] == q {
		delete(l.asked, id)
	}
}

// send sends q, which gathers no more. The goroutine ends with the request.
func (l *Loader[T]) send(q *request) {
	q.timer.Stop()
	q.sent, l.open = true, nil
	go func() {
		defer l.end(q)
		defer func() { q.panicked = recover() }() // for the callers
		core.BatchRead(q.ctx, q.refs, l.how.BatchGetting, func(ref *core.Ref) []*core.Ref { return l.answered(q, ref) })
	}()
}

// answered are the further refs to the item of ref; there will be no more.
func (l *Loader[T]) answered(q *request, ref *core.Ref) []*core.Ref {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(q, ref)
	return q.same[ref.Identity()]
}

// end lets the callers of q go.
func (l *Loader[T]) end(q *request) {
	q.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ref := range q.refs {
		l.forget(q, ref)
	}
	close(q.done)
}
