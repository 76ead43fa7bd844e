package core

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// MaxSegments is how many segments a parallel scan can have.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html
const MaxSegments = 1_000_000

// Read runs spec. It decodes each item into dst, a *T, and calls yield, until
// yield returns false. The cursor it returns, with an error too, continues
// after the last item yielded; it is empty when nothing is left.
//
// ahead makes the cursor exact at the limit: Read looks for one item more,
// without yielding it.
func (r *Repo) Read(ctx context.Context, spec *Spec, dst any, ahead bool, yield func() bool) (cursor string, err error) {
	q, err := r.prepare(ctx, spec, reading{})
	if err != nil {
		return "", err
	}
	return q.run(ctx, dst, ahead, yield)
}

// ReadInto is Read into a struct type of its own that names some of the
// item's attributes; dst points to one.
func (r *Repo) ReadInto(ctx context.Context, spec *Spec, narrow *Narrow, dst any, yield func() bool) (cursor string, err error) {
	q, err := r.prepare(ctx, spec, reading{into: narrow})
	if err != nil {
		return "", err
	}
	return q.run(ctx, dst, false, yield)
}

// Count is the number of items that spec finds, or has found until it was
// [Stopped].
func (r *Repo) Count(ctx context.Context, spec *Spec) (int64, error) {
	q, err := r.prepare(ctx, spec, reading{count: true})
	if err != nil {
		return 0, err
	}
	l := &loop{request: q, counting: true}
	_, err = l.run(ctx)
	if _, stopped := err.(*Stopped); err != nil && !stopped { //nolint:errorlint // it is not wrapped
		return 0, err
	}
	if q.spec.Limit > 0 {
		return min(l.total, int64(q.spec.Limit)), err
	}
	return l.total, err
}

func (q *request) run(ctx context.Context, dst any, ahead bool, yield func() bool) (string, error) {
	l := &loop{request: q, dst: reflect.ValueOf(dst).Elem(), ahead: ahead, yield: yield}
	return l.run(ctx)
}

// loop is one run of a request: it walks legs, pages and items, and knows
// where it stands.
type loop struct {
	*request
	dst      reflect.Value
	yield    func() bool
	ahead    bool // look for one item beyond the limit
	counting bool // count items instead of yielding them
	total    int64

	parallel  bool
	positions []position // after the last item yielded, of each segment
	yielded   int
	scanned   int
	pages     int
	until     time.Time                       // the loop stops then, zero: never
	last      bool                            // only the final look beyond the limit is left
	skipped   []*BadItem                      // found by that look
	held      []*page                         // not yet given back
	item      stored                          // the last one yielded
	rest      map[string]types.AttributeValue // of it, if it was upgraded
	mixed     mixed                           // and of a union
}

func (l *loop) run(ctx context.Context) (string, error) {
	if err := l.start(); err != nil {
		return "", err
	}
	defer func() {
		for _, p := range l.held {
			p.release()
		}
	}()
	var done bool
	var err error
	switch {
	case l.empty:
		l.positions = []position{{state: atEnd}}
	case l.parallel:
		done, err = l.runParallel(ctx)
	default:
		done, err = l.runSequential(ctx)
	}
	cursor, cursorErr := l.cursor()
	if err == nil {
		err = cursorErr
	}
	_, stopped := err.(*unsentError) //nolint:errorlint // of the loop itself, not of a hook in it
	if (err == nil || stopped) && !done && l.spec.Track != nil {
		l.spec.Track(cursor)
	}
	if stopped {
		err = &Stopped{Cursor: cursor, Err: err}
	}
	return cursor, err
}

// start puts the loop where its cursor says.
func (l *loop) start() error {
	l.positions = make([]position, max(l.spec.Segments, 1))
	l.parallel = l.spec.Scan && l.spec.Segments > 0
	if l.spec.Desc {
		l.positions[0].leg = len(l.legs)
	}
	if l.spec.After == "" {
		return nil
	}
	positions, parallel, err := l.repo.Table.positions(l.spec.After, l.scope, l.repo.keyAttrs(l.ix))
	switch {
	case err != nil:
		return err
	case parallel != l.parallel || parallel && len(positions) != l.spec.Segments:
		return badCursor("it was made by a scan with another number of segments")
	}
	for _, p := range positions {
		if p.leg > len(l.legs) || p.state == atKey && (p.leg == len(l.legs) || !l.legs[p.leg].keys.holds(p.key)) {
			return badCursor("it belongs to another partition or range")
		}
	}
	l.positions = positions
	return nil
}

// cursor is the loop's position as text.
func (l *loop) cursor() (string, error) {
	keys := make([]position, len(l.positions))
	for i, p := range l.positions {
		keys[i] = p
		if p.state == atKey {
			keys[i].key = l.keyOf(p)
		}
	}
	return l.repo.Table.cursor(l.scope, l.parallel, keys)
}

// keyOf is the raw key that p stands at.
func (l *loop) keyOf(p position) map[string]types.AttributeValue {
	if p.key != nil {
		return p.key
	}
	return l.repo.raw(l.ix, p.item)
}

// bounded reports whether the loop may not ask for another page.
func (l *loop) bounded() bool {
	return l.spec.MaxPages > 0 && l.pages >= l.spec.MaxPages || l.spec.MaxScanned > 0 && l.scanned >= l.spec.MaxScanned
}

// size is the number of items to ask for next, 0 for as many as a page
// holds.
func (l *loop) size(expected int) int {
	n := l.spec.PageSize
	if n == 0 && l.spec.Limit > 0 && !l.filtered {
		n = max(l.spec.Limit-l.yielded-expected, 0) + 1
		if !l.ahead {
			n = max(n-1, 1)
		}
	}
	if l.spec.MaxScanned > 0 {
		if rest := max(l.spec.MaxScanned-l.scanned, 1); n == 0 || rest < n {
			n = rest
		}
	}
	return n
}

// next is the leg that a read goes on with from p, -1 at the end. Between two
// legs it depends on the direction.
func (l *loop) next(p position) int {
	switch {
	case p.state == atEnd:
		return -1
	case p.state == atStart && l.spec.Desc:
		return p.leg - 1
	case p.leg == len(l.legs):
		return -1
	}
	return p.leg
}

// after is where a read stands after a page of a leg.
func (l *loop) after(leg int, p *page) position {
	if p.next != nil {
		return position{state: atKey, leg: leg, key: p.next}
	}
	beyond := position{leg: leg + 1}
	if l.spec.Desc {
		beyond.leg = leg
	}
	if l.next(beyond) < 0 {
		return position{state: atEnd}
	}
	return beyond
}

// runSequential reads one page after the other; done reports that yield
// ended it.
func (l *loop) runSequential(ctx context.Context) (done bool, err error) {
	calls, cancel := l.bound(ctx)
	var next chan *page // the page being fetched in advance, if any
	defer func() {
		cancel()
		if next != nil {
			(<-next).release()
		}
	}()
	at := l.positions[0]
	leg := l.next(at)
	for ; leg >= 0 && !l.bounded() && !l.late(); leg = l.next(at) {
		var p *page
		if next != nil {
			p, next = <-next, nil
		} else {
			p = l.fetch(calls, leg, at.key, l.size(0), 0, 0)
		}
		if p.err != nil {
			l.keep(p)
			return false, l.ended(ctx, p.err)
		}
		l.pages++
		l.scanned += p.scanned
		if l.spec.Prefetch && p.next != nil && !l.bounded() && (l.spec.Limit == 0 || l.yielded+len(p.entries) < l.spec.Limit) {
			next = make(chan *page, 1)
			go func(leg, size int, start map[string]types.AttributeValue) {
				next <- l.fetch(calls, leg, start, size, 0, 0)
			}(leg, l.size(len(p.entries)), p.next)
		}
		at = l.after(leg, p)
		if stop, done, err := l.consume(ctx, p, leg, at); stop || err != nil {
			return done, err
		}
	}
	if leg < 0 {
		l.finish()
	}
	return false, nil
}

// finish puts the loop at its end. A look beyond the limit may have met
// items there that cannot be read: what is to become of them is asked now.
// One that is not passed over is what the next read begins with.
func (l *loop) finish() {
	passed := func(b *BadItem) bool { return l.spec.OnItem(b) == nil }
	for _, b := range l.skipped {
		if !passed(b) {
			return
		}
	}
	l.positions[0] = position{state: atEnd}
}

// runParallel reads every segment in a goroutine of its own, each at most one
// page ahead of what is yielded.
func (l *loop) runParallel(ctx context.Context) (done bool, err error) {
	calls, cancel := l.bound(ctx)
	pages := make(chan *page)
	defer func() {
		cancel()
		for p := range pages { // until the last worker has gone
			p.release()
		}
	}()
	var taken atomic.Int64
	var cut atomic.Bool // a segment was broken off
	work := func(segment, share int, start map[string]types.AttributeValue) {
		scanned := 0
		for share < 0 || scanned < share {
			if l.spec.MaxPages > 0 && taken.Add(1) > int64(l.spec.MaxPages) {
				return
			}
			n := l.spec.PageSize
			if share >= 0 && (n == 0 || n > share-scanned) {
				n = share - scanned
			}
			p := l.fetch(calls, 0, start, n, segment, len(l.positions))
			scanned += p.scanned
			next := p.next // p is the consumer's once it is sent
			select {
			case pages <- p:
			case <-calls.Done():
				p.release()
				cut.Store(true)
				return
			}
			if next == nil {
				return
			}
			start = next
		}
	}
	var workers sync.WaitGroup
	shares := l.shares()
	for i, p := range l.positions {
		if p.state != atEnd {
			start := p.key
			workers.Go(func() { work(i, shares[i], start) })
		}
	}
	go func() {
		workers.Wait()
		close(pages)
	}()
	var stopped error // the other segments' pages that were paid for are still to come
	for p := range pages {
		if p.err != nil {
			l.keep(p)
			err := l.ended(ctx, p.err)
			if !isUnsent(err) {
				return false, err
			}
			stopped = err
			continue
		}
		if stop, done, err := l.consume(ctx, p, 0, l.after(0, p)); stop || err != nil {
			return done, err
		}
	}
	if cut.Load() && !l.late() {
		return false, context.Cause(calls)
	}
	return false, stopped
}

// shares divides MaxScanned among the segments that are not at their end; -1
// is no bound.
func (l *loop) shares() []int {
	shares := make([]int, len(l.positions))
	active := 0
	for i, p := range l.positions {
		shares[i] = -1
		if p.state != atEnd {
			active++
		}
	}
	rest := l.spec.MaxScanned
	if rest == 0 {
		return shares
	}
	for i, p := range l.positions {
		if p.state == atEnd {
			continue
		}
		shares[i] = (rest + active - 1) / active
		rest -= shares[i]
		active--
	}
	return shares
}

// consume yields the items of a page and moves its segment's position, to
// next at its end. stop reports that the loop is over; done, that yield wanted
// no more.
func (l *loop) consume(ctx context.Context, p *page, leg int, next position) (stop, done bool, err error) {
	l.keep(p)
	at := &l.positions[p.segment]
	if l.counting && l.counts {
		l.total += int64(p.count)
	}
	if !l.counting {
		p.open(ctx)
	}
	for i := range p.entries {
		e := &p.entries[i]
		switch {
		case !e.own:
			continue
		case !l.counting && l.late():
			return true, false, nil
		case l.counting:
			l.total += pick[int64](l.counts, 0, 1)
			continue
		}
		if l.view.union == nil {
			p.hook(ctx, i)
		}
		if over := ctx.Err(); over != nil && errors.Is(e.err, over) { // the item is not at fault
			return true, false, pick(l.last, nil, e.err)
		}
		before := *at
		*at = position{state: atKey, leg: leg, item: e.stored}
		if e.err != nil {
			err := l.bad(e.err)
			if l.last || err != nil {
				*at = before
			}
			if err != nil {
				return true, false, pick(l.last, nil, err)
			}
			continue
		}
		if l.last {
			*at = before
			return true, false, nil
		}
		if i == len(p.entries)-1 && next.state == atEnd {
			*at = next
		}
		if err := l.track(); err != nil {
			return true, false, err
		}
		l.yielded++
		l.item, l.rest, l.mixed = e.stored, e.rest, e.mixed
		if l.view.union == nil {
			l.dst.Set(p.items.Index(i))
		}
		if !l.yield() {
			return true, true, nil
		}
		if l.spec.Limit > 0 && l.yielded >= l.spec.Limit {
			if !l.ahead {
				return true, false, nil
			}
			l.last = true
			// The look ahead needs no page, and the position outlives this one.
			if at.state == atKey {
				*at = position{state: atKey, leg: leg, key: l.keyOf(*at)}
			}
		}
	}
	if !l.last {
		*at = next
	}
	l.drop(p)
	full := l.counting && l.spec.Limit > 0 && l.total >= int64(l.spec.Limit)
	return full, false, nil
}

// keep holds p until the loop has ended, because a position may be in it.
func (l *loop) keep(p *page) { l.held = append(l.held, p) }

// drop gives p back, which was kept last, once no position is in it.
func (l *loop) drop(p *page) {
	l.held = l.held[:len(l.held)-1]
	p.release()
}

// track tells the caller where the loop stands.
func (l *loop) track() error {
	if l.spec.Track == nil {
		return nil
	}
	cursor, err := l.cursor()
	if err == nil {
		l.spec.Track(cursor)
	}
	return err
}

// bad decides about an item that cannot be read. One beyond the limit is
// decided about when it turns out to be the end, or by the read that goes on.
func (l *loop) bad(err error) error {
	cursor, cursorErr := l.cursor()
	if cursorErr != nil {
		return cursorErr
	}
	item := &BadItem{Index: l.ix.Name, N: l.yielded, Path: pathOf(err), Cursor: cursor, Err: err}
	switch {
	case l.spec.OnItem == nil:
		return item
	case l.last:
		l.skipped = append(l.skipped, item)
		return nil
	}
	return l.spec.OnItem(item)
}
