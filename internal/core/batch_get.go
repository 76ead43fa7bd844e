package core

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/dynox-go/dynox/internal/ast"
)

// BatchGetting is what a batch of reads can be told.
type BatchGetting struct {
	Batching
	Consistent bool
	InOrder    bool // of the keys
	Hidden     bool // items that are hidden, too
	Only       []*ast.Attr
	Missing    func(key any) // told of each *T that names no item, nil: nobody
}

// BatchGet reads the items that keys, each a *T that is read before the next
// one is asked for, name: each item once. It decodes them into dst, a *T, and
// calls yield, until that returns false.
func (r *Repo) BatchGet(ctx context.Context, keys iter.Seq[any], how BatchGetting, dst any, yield func() bool) error {
	err := how.Check()
	if err == nil {
		err = r.Table.Err
	}
	if err != nil {
		return err
	}
	view, err := r.only(r.table, how.Only)
	if err != nil {
		return err
	}
	g := &batchGetter{
		repo: r, view: view, how: how, dst: reflect.ValueOf(dst).Elem(), yield: yield,
		seen: make(map[string]struct{}), done: make(chan *getRequest, how.Concurrency),
	}
	g.key, g.forms = make(attributes, 0, 4), r.table.forms()
	g.outer = ctx
	g.ctx, g.cancel = how.begin(ctx)
	defer g.drain()
	for key := range keys {
		if g.take(key); g.stopped {
			break
		}
	}
	g.finish()
	return g.err
}

// batchGetter is a batch on its way, as a [batchWriter] is.
type batchGetter struct {
	outer   context.Context // the caller's, for hooks
	ctx     context.Context
	cancel  context.CancelFunc
	repo    *Repo
	view    *view
	how     BatchGetting
	dst     reflect.Value
	yield   func() bool
	taken   int                 // keys
	seen    map[string]struct{} // their identities
	fresh   *getRequest         // to be sent when it is full
	done    chan *getRequest
	flying  int
	order   []*getRequest // sent and not delivered, if the order matters
	yielded int
	err     error
	stopped bool // nothing more is taken
	halted  bool // nothing more is sent or delivered
	scratch []byte
	key     attributes // used again
	forms   []form     // of the table's key
}

// take adds a key, and sends what there is enough of.
func (g *batchGetter) take(key any) {
	if err := g.add(key); err != nil {
		g.err, g.stopped = fmt.Errorf("key %d: %w", g.taken, err), true
		return
	}
	g.taken++
	for !g.halted {
		select {
		case q := <-g.done:
			g.settle(q)
			continue
		default:
		}
		break
	}
	if g.fresh != nil && g.fresh.n >= maxBatchGet {
		g.launch(false)
	}
}

// add adds the key's texts to the request that is being filled.
func (g *batchGetter) add(key any) error {
	v, err := elem(key)
	if err != nil {
		return err
	}
	if v, err = g.repo.stages.sought(g.ctx, v); err != nil {
		return err
	}
	if len(g.forms) > 1 && g.fresh != nil && g.fresh.n+len(g.forms) > maxBatchGet {
		g.launch(false)
	}
	var wanted *wantedKey
	var unfit error
	for _, f := range g.forms {
		at, err := g.repo.appendKey(g.key[:0], v, f)
		if isLiteral(err) {
			unfit = err
			continue
		}
		if err != nil {
			return err
		}
		g.scratch = at.appendIdentity(g.scratch[:0])
		if wanted == nil {
			if _, ok := g.seen[string(g.scratch)]; ok {
				return nil
			}
			id := string(g.scratch)
			g.seen[id] = struct{}{}
			if g.fresh == nil {
				g.fresh = newGetRequest(g.how)
			}
			wanted = g.fresh.want()
			if g.how.Missing != nil {
				kept := reflect.New(v.Type())
				kept.Elem().Set(v)
				wanted.key = kept.Interface()
			}
			wanted.ask(g.fresh.part(g.repo, g.view), at, id)
			continue
		}
		wanted.ask(g.fresh.part(g.repo, g.view), at, string(g.scratch))
	}
	if wanted == nil {
		return unfit
	}
	return nil
}

// launch sends the request that was filled, when there may be one more; alone
// says that it needs no goroutine of its own.
func (g *batchGetter) launch(alone bool) {
	for !g.halted && (g.flying >= g.how.Concurrency || len(g.order) >= g.how.Concurrency) {
		g.settle(<-g.done)
	}
	q := g.fresh
	g.fresh = nil
	if g.halted {
		return
	}
	g.flying++
	if g.how.InOrder {
		g.order = append(g.order, q)
	}
	if alone {
		q.protect(func() error { return q.run(g.ctx) })
		g.settle(q)
		return
	}
	q.start(g.ctx, g.done)
}

// settle takes a request that has been answered, and delivers what is due.
func (g *batchGetter) settle(q *getRequest) {
	g.flying--
	q.owned()
	q.loaded(g.outer)
	if !g.how.InOrder {
		g.deliver(q)
		return
	}
	q.answered = true
	for len(g.order) > 0 && g.order[0].answered {
		q := g.order[0]
		g.order = g.order[1:]
		g.deliver(q)
	}
}

// deliver yields the items of a request.
func (g *batchGetter) deliver(q *getRequest) {
	defer q.release()
	for i := range q.wanted {
		if g.halted {
			return
		}
		w := &q.wanted[i]
		a, sure := w.answer()
		switch {
		case a == nil && sure && g.how.Missing != nil:
			g.how.Missing(w.key)
		case a == nil && !sure && g.how.InOrder:
			g.end(q.err)
		case a == nil:
		case a.page.entries[a.n].err != nil:
			err := a.page.entries[a.n].err
			g.end(&BadItem{N: g.yielded, Path: pathOf(err), Err: err})
		default:
			g.dst.Set(a.page.items.Index(a.n))
			g.yielded++
			if !g.yield() {
				g.end(nil)
			}
		}
	}
	if q.err != nil && !g.halted {
		g.end(q.err)
	}
}

// end ends the batch with err, nil: because nobody wants more.
func (g *batchGetter) end(err error) {
	g.stopped, g.halted, g.err = true, true, err
}

// finish sends the rest and delivers all. An error of a key comes after that.
func (g *batchGetter) finish() {
	if g.fresh != nil && !g.halted {
		g.launch(g.flying == 0)
	}
	for g.flying > 0 && !g.halted {
		g.settle(<-g.done)
	}
}

// drain waits for requests that nobody wants any more.
func (g *batchGetter) drain() {
	g.cancel()
	for ; g.flying > 0; g.flying-- {
		<-g.done
	}
}

// BatchRead reads the items of refs, of any tables, each of which knows
// afterwards what is wrong with it. When one has been answered, more, unless
// it is nil, is asked for further refs to its item. It is called in the
// caller's goroutine.
func BatchRead(ctx context.Context, refs []*Ref, how BatchGetting, more func(*Ref) []*Ref) {
	requests := divide(refs, how)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan *getRequest, how.Concurrency)
	flying := 0
	defer func() {
		cancel()
		for ; flying > 0; flying-- {
			<-done
		}
	}()
	if len(requests) == 1 { // it needs no goroutine
		q := requests[0]
		q.protect(func() error { return q.run(ctx) })
		q.owned()
		q.loaded(ctx)
		q.fill(ctx, more)
		return
	}
	for len(requests) > 0 || flying > 0 {
		if len(requests) > 0 && flying < how.Concurrency {
			requests[0].start(ctx, done)
			requests = requests[1:]
			flying++
			continue
		}
		q := <-done
		flying--
		q.owned()
		q.loaded(ctx)
		q.fill(ctx, more)
	}
}

// divide makes the requests for refs.
func divide(refs []*Ref, how BatchGetting) []*getRequest {
	var all, open []*getRequest // open: the last one of each client
	for _, ref := range refs {
		i := slices.IndexFunc(open, func(q *getRequest) bool { return sameClient(q.parts[0].repo.Table, ref.repo.Table) })
		if i < 0 || open[i].n+len(ref.keys) > maxBatchGet {
			q := newGetRequest(how)
			all = append(all, q)
			if i < 0 {
				i = len(open)
				open = append(open, q)
			}
			open[i] = q
		}
		q := open[i]
		w := q.want()
		w.ref = ref
		for _, key := range ref.keys {
			w.ask(q.part(ref.repo, ref.repo.table.whole), key, string(key.appendIdentity(nil)))
		}
	}
	return all
}
