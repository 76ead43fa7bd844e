package core

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
)

// BatchOp is a put or a delete of a batch.
type BatchOp struct {
	Repo   *Repo
	Item   any // a *T: the item, or the key of the one to delete
	Delete bool

	// The key of the one to delete as it is stored, nil: that of Item, which is nil if
	// the item is of another kind.
	stored attributes

	raw []byte // of a put: the item as JSON, in place of Item
	Tag any    // the caller's

	// Of an operation that a batch before has left: its write, and the identity
	// of the item.
	made     *Write
	identity string
}

func (op BatchOp) String() string {
	if op.Repo == nil {
		return "(no operation)"
	}
	return pick(op.Delete, "delete", "put") + " of " + op.Repo.Name()
}

// BatchWriting is what a batch of writes can be told.
type BatchWriting struct {
	Batching
	Refuse    bool // a second operation on an item is an error
	Unchecked bool // repositories that are guarded are written to
	Units     bool // ask for consumed capacity
	Progress  func(BatchCounts)

	// Settled is told of each operation that was carried out or replaced; while
	// Crowded says so, no more are taken until another request is done. Both may be nil.
	Settled func(BatchOp)
	Crowded func() bool
}

// BatchCounts is how far a batch has come.
type BatchCounts struct {
	Taken    int
	Done     int
	Replaced int
	Left     int
	Requests int
	Units    float64
}

// Guarded says why a write of the schema's items needs a condition, which
// batches cannot carry; "" if it does not.
func (s *Schema) Guarded() string {
	if s.stages.version != nil {
		return "it has a version"
	}
	if len(s.stages.uniques) > 0 {
		return "it has unique attributes"
	}
	return ""
}

// WriteBatch carries out ops, and returns those that it could not, in order,
// and the first reason why. How long it goes on after a failure depends on
// that: with operations that the service leaves unprocessed for too long, it
// does; after an operation that cannot be sent, it ends when all before that
// are done; after any other failure it only waits for what was sent.
func WriteBatch(ctx context.Context, ops iter.Seq[BatchOp], how BatchWriting) ([]BatchOp, BatchCounts, error) {
	if err := how.Check(); err != nil {
		return nil, BatchCounts{}, err
	}
	w := &batchWriter{how: how, memory: batchMemories.Get().(*batchMemory), done: make(chan *writeRequest, how.Concurrency)}
	w.items = w.memory.byID
	w.outer = ctx
	w.ctx, w.cancel = how.begin(ctx)
	w.run(ops)
	left := w.left()
	if len(left) == 0 {
		w.memory.release()
	}
	return left, w.counts, w.err
}

// batchWriter is a batch on its way. All of it belongs to the goroutine of
// the caller; those of requests have the requests alone.
type batchWriter struct {
	outer   context.Context // the caller's, for hooks
	ctx     context.Context
	cancel  context.CancelFunc
	how     BatchWriting
	lanes   []*lane
	items   map[string]*batchWrite // the operation on each item that is not done
	seen    map[string]int         // the operation on each item ever, if a second one is refused
	values  map[any]*batchWrite    // by the caller's values that are to be set
	done    chan *writeRequest
	flying  int // requests
	behind  int // operations that wait for one on the same item
	counts  BatchCounts
	err     error // the first
	stopped bool  // nothing more is taken
	halted  bool  // nothing more is sent
	memory  *batchMemory
}

// lane is where the operations of one client wait.
type lane struct {
	table  *Table // reaches the client
	direct bool
	queue  []*batchWrite
	bytes  int
}

// batchWrite is an operation that was taken.
type batchWrite struct {
	op     BatchOp
	n      int // its position
	lane   *lane
	id     string // lane, table, and from idAt on the item's identity
	idAt   int
	write  Write
	size   int // in a request
	state  batchState
	behind *batchWrite // the next on the same item
	again  bool        // the service left it unprocessed
}

type batchState uint8

const (
	queued batchState = iota
	flying
	given // up
)

// run takes and sends everything. A panic of ops goes on after what was taken
// before it is done.
func (w *batchWriter) run(ops iter.Seq[BatchOp]) {
	defer w.drain()
	defer w.finish()
	for op := range ops {
		if w.take(op); w.stopped {
			return
		}
	}
}

// take adds an operation, and sends what there is enough of.
func (w *batchWriter) take(op BatchOp) {
	n := w.counts.Taken
	w.counts.Taken++
	if err := w.add(n, op); err != nil {
		w.fail(&OpError{n, err})
		w.stopped = true
		return
	}
	w.poll()
	for _, l := range w.lanes {
		for l.full() && !w.halted {
			w.launch(l, false)
		}
	}
	for (w.behind >= maxBatchWrite*w.how.Concurrency || w.how.Crowded != nil && w.how.Crowded()) && w.flying > 0 {
		w.settle(<-w.done)
	}
}

// poll settles what has been done, and looks whether the caller's context has
// ended.
func (w *batchWriter) poll() {
	for {
		select {
		case q := <-w.done:
			w.settle(q)
			continue
		default:
		}
		break
	}
	if w.ctx.Err() != nil {
		w.halt(context.Cause(w.ctx))
	}
}

func (w *batchWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *batchWriter) halt(err error) {
	w.fail(err)
	w.stopped, w.halted = true, true
}

// add prepares an operation and puts it where it waits.
func (w *batchWriter) add(n int, op BatchOp) error {
	b := w.memory.write()
	b.op, b.n = op, n
	if err := w.prepare(b); err != nil {
		return fmt.Errorf("%v: %w", op, err)
	}
	id := w.identify(b)
	b.size = b.write.wireSize()
	before := w.items[string(id)]
	if before != nil {
		b.id = before.id
	} else {
		b.id = string(id)
	}
	if w.how.Refuse {
		if first, ok := w.seen[b.id]; ok {
			return fmt.Errorf("%v: it is about the same item as operation %d", op, first)
		}
		if w.seen == nil {
			w.seen = make(map[string]int)
		}
		w.seen[b.id] = n
	}
	if err := w.own(b); err != nil {
		return err
	}
	switch {
	case before == nil:
		w.enqueue(b)
	case before.state == given:
		w.counts.Left--
		w.replaced(before)
		w.enqueue(b)
	case before.state == queued:
		w.replaced(before)
		b.lane.bytes += b.size - before.size
		b.lane.queue[slices.Index(b.lane.queue, before)] = b
		w.items[b.id] = b
	case before.behind != nil:
		w.replaced(before.behind)
		before.behind = b
	default:
		w.behind++
		before.behind = b
	}
	return nil
}

// identify is what b.id is to be, valid until the next call.
func (w *batchWriter) identify(b *batchWrite) []byte {
	var lane int
	b.lane, lane = w.laneOf(b.op.Repo.Table)
	id := append(append(binary.AppendUvarint(w.memory.id[:0], uint64(lane)), b.op.Repo.Table.Name...), 0)
	b.idAt = len(id)
	switch {
	case b.op.made != nil:
		id = append(id, b.op.identity...)
	case b.op.raw != nil:
		id = appendIdentityOf(id, b.op.raw, b.op.Repo.table.attrs())
	default:
		id = b.write.key.appendIdentity(id)
	}
	if !b.op.Delete {
		b.write.key = nil // its memory is used again
	}
	w.memory.id = id
	return id
}

// replaced forgets an operation, because a later one is about the same item.
func (w *batchWriter) replaced(b *batchWrite) {
	w.counts.Replaced++
	w.disown(b)
	w.settled(b)
}

func (w *batchWriter) settled(b *batchWrite) {
	if w.how.Settled != nil {
		w.how.Settled(b.op)
	}
}

func (w *batchWriter) enqueue(b *batchWrite) {
	b.state = queued
	b.lane.queue = append(b.lane.queue, b)
	b.lane.bytes += b.size
	w.items[b.id] = b
}

// own notes the caller's value that b sets when it is done: until then it is
// no other's.
func (w *batchWriter) own(b *batchWrite) error {
	if b.op.Delete || !b.op.Repo.sets() {
		return nil
	}
	if other := w.values[b.op.Item]; other != nil && other.id != b.id {
		return fmt.Errorf("%v: its item is the value of operation %d, which is set when that is done: each takes a value of its own", b.op, other.n)
	}
	if w.values == nil {
		w.values = make(map[any]*batchWrite)
	}
	w.values[b.op.Item] = b
	return nil
}

func (w *batchWriter) disown(b *batchWrite) {
	if w.values[b.op.Item] == b {
		delete(w.values, b.op.Item)
	}
}

// laneOf is the lane for a table, and its number.
func (w *batchWriter) laneOf(t *Table) (*lane, int) {
	for i, l := range w.lanes {
		if sameClient(l.table, t) {
			return l, i
		}
	}
	l := &lane{table: t, direct: t.direct(w.ctx)}
	w.lanes = append(w.lanes, l)
	return l, len(w.lanes) - 1
}

// full reports whether there is enough for a request.
func (l *lane) full() bool { return len(l.queue) >= maxBatchWrite || l.bytes > maxBatchBytes }

// cut takes the operations of a request.
func (l *lane) cut() []*batchWrite {
	n, bytes := 0, 0
	for n < min(len(l.queue), maxBatchWrite) && (n == 0 || bytes+l.queue[n].size <= maxBatchBytes) {
		bytes += l.queue[n].size
		n++
	}
	ops := slices.Clone(l.queue[:n])
	l.queue = slices.Delete(l.queue, 0, n)
	l.bytes -= bytes
	return ops
}

// launch sends a request, when there may be one more; alone says that it needs
// no goroutine of its own.
func (w *batchWriter) launch(l *lane, alone bool) {
	for w.flying >= w.how.Concurrency {
		w.settle(<-w.done)
	}
	if w.halted {
		return
	}
	q := &writeRequest{how: w.how, lane: l, ops: l.cut()}
	for _, b := range q.ops {
		b.state = flying
	}
	w.flying++
	if alone {
		q.protect(func() error { return q.run(w.ctx) })
		w.settle(q)
		return
	}
	go func() {
		defer func() { w.done <- q }()
		q.begin()
		q.protect(func() error { return q.run(w.ctx) })
	}()
}

// settle notes what became of a request.
func (w *batchWriter) settle(q *writeRequest) {
	w.flying--
	q.owned()
	w.counts.Requests += q.sent
	w.counts.Units += q.units
	for _, b := range q.ops {
		behind := b.behind
		b.behind = nil
		switch {
		case !b.again:
			w.counts.Done++
			delete(w.items, b.id)
			w.disown(b)
			w.settled(b)
			if err := b.landed(w.outer); err != nil {
				w.fail(&OpError{b.n, err})
				w.stopped = true
			}
			if b.op.raw != nil {
				w.memory.free = append(w.memory.free, b)
			}
		case behind != nil:
			w.replaced(b)
		default:
			b.state = given
			w.counts.Left++
		}
		if behind != nil {
			w.behind--
			w.enqueue(behind)
		}
	}
	if q.err != nil {
		if w.fail(q.err); !errors.Is(q.err, ErrUnprocessed) || errors.Is(q.err, context.DeadlineExceeded) {
			w.halt(q.err)
		}
	}
	if w.how.Progress != nil {
		w.how.Progress(w.counts)
	}
}

// finish sends what was taken and waits for it.
func (w *batchWriter) finish() {
	for {
		w.poll()
		for _, l := range w.lanes {
			for len(l.queue) > 0 && !w.halted {
				w.launch(l, w.flying == 0 && len(w.lanes) == 1 && len(l.queue) <= maxBatchWrite)
			}
		}
		if w.flying == 0 {
			return
		}
		w.settle(<-w.done)
	}
}

// drain waits for requests that are still on their way after a panic.
func (w *batchWriter) drain() {
	w.cancel()
	for ; w.flying > 0; w.flying-- {
		<-w.done
	}
}

// left are the operations that are not done, in their order.
func (w *batchWriter) left() []BatchOp {
	rest := slices.SortedFunc(maps.Values(w.items), func(a, b *batchWrite) int { return cmp.Compare(a.n, b.n) })
	var ops []BatchOp
	for _, b := range rest {
		b.op.made, b.op.identity = &b.write, b.id[b.idAt:]
		if !b.write.unseen {
			b.op.Item = b.write.item.Addr().Interface() // the caller's value may hold another item by now
		}
		ops = append(ops, b.op)
	}
	w.counts.Left = len(ops)
	return ops
}

// prepare checks an operation and makes its write: what a single one would
// send, without a condition.
func (w *batchWriter) prepare(b *batchWrite) (err error) {
	r := b.op.Repo
	if r == nil {
		return errors.New("it is made with Put or Delete, of a repository that is not nil")
	}
	if err := r.CheckUnguarded(b.op.Delete, w.how.Unchecked); err != nil {
		return err
	}
	if b.op.made != nil {
		b.write = *b.op.made
		return nil
	}
	write := &b.write
	write.repo, write.op = r, pick(b.op.Delete, Delete, Put)
	if b.op.raw != nil {
		write.stored, write.unseen = stored{raw: b.op.raw}, true
		return nil
	}
	if write.key = b.op.stored; write.key != nil && b.op.Item == nil {
		write.unseen = true
		return nil
	}
	if write.caller, err = elem(b.op.Item); err != nil {
		return err
	}
	write.item = w.memory.item(r.Type)
	r.setItem(write.item, write.caller)
	if write.key != nil {
		return r.stages.run(w.ctx, BeforeDelete, write.item)
	}
	if b.op.Delete {
		return write.prepareDelete(w.ctx)
	}
	if r.Table.direct(w.ctx) {
		write.room, write.keyRoom = w.memory.room(), w.memory.key[:0]
	}
	if err = write.preparePut(w.ctx); err == nil {
		w.memory.used(write)
		return write.upload(w.ctx)
	}
	w.memory.used(write)
	return write.undo(w.ctx, err)
}

// sets reports whether a write sets fields of the caller's value.
func (s *Schema) sets() bool {
	return s.kindIn != nil || len(s.mirrors) > 0 || len(s.stages.fills) > 0 || s.stages.version != nil || len(s.stages.hooks[BeforePut]) > 0 ||
		len(s.stages.following) > 0 || len(s.stages.blobs) > 0
}

// landed is what follows when an operation is done.
func (b *batchWrite) landed(ctx context.Context) error {
	if b.write.unseen {
		return nil
	}
	if !b.op.Delete && !b.op.Repo.sets() {
		b.write.caller = b.write.item // the caller's may hold another item by now
	}
	return b.write.done(ctx, reflect.Value{})
}
