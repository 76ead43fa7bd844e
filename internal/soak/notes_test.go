package soak_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/tx"
)

// Note is an item without version, that one worker writes.
type Note struct {
	Owner string  `dynamodbav:"owner"`
	ID    int     `dynamodbav:"id"`
	Text  string  `dynamodbav:"text"`
	N     int64   `dynamodbav:"n"`
	Log   []int64 `dynamodbav:"log,omitempty"`
}

var (
	note      = expr.Proto[Note]()
	noteOwner = expr.At(note, &note.Owner)
	noteID    = expr.At(note, &note.ID)
	noteText  = expr.At(note, &note.Text)
	noteN     = expr.At(note, &note.N)
	noteLog   = expr.At(note, &note.Log)
)

const noteCount = 20 // of each worker

// notes are written in every way, and their model is what each worker wrote.
type notes struct {
	*soak
	kind      string
	key       dynox.Key[Note]
	repo      *dynox.Repo[Note] // through what goes wrong
	truth     *dynox.Repo[Note]
	stored    []map[int]Note // by worker
	sequences []int64
}

func newNotes(t *testing.T, s *soak, bad, good *dynox.Table) part {
	t.Helper()
	is, kind := is.NewRelaxed(t), fmt.Sprintf("note%d", len(s.parts))
	n := &notes{soak: s, kind: kind, sequences: make([]int64, *workers)}
	n.key = dynox.Key[Note]{
		Partition: dynox.Composite("pk", kind+"#{}", noteOwner), Sort: dynox.Composite("sk", "NOTE#{}", noteID),
	}
	var err error
	n.repo, err = dynox.NewRepo(bad, n.key, dynox.Kind[Note](kind))
	is.NoErr(err)
	n.truth = n.repo.On(good)
	is.NoErr(good.Ensure(t.Context(), n.truth))
	for range *workers {
		n.stored = append(n.stored, map[int]Note{})
	}
	return n
}

// next makes a note that there has not been.
func (n *notes) next(w *worker) Note {
	n.sequences[w.number]++
	i := n.sequences[w.number]
	return Note{Owner: w.name, ID: w.rnd.IntN(noteCount), Text: fmt.Sprint("text ", i), N: i, Log: []int64{i}}
}

func (n *notes) work(ctx context.Context, w *worker) {
	ctx, cancel := w.hurried(ctx)
	defer cancel()
	o := n.next(w)
	old, there := n.stored[w.number][o.ID]
	after, repo := old, n.repo
	after.Owner, after.ID, after.Log = o.Owner, o.ID, slices.Clone(old.Log)
	var missing []error
	if !there {
		missing = []error{dynox.ErrNotFound}
	}
	switch w.rnd.IntN(20) {
	case 0:
		n.wrote(w, "put", o.ID, &o, repo.Put(ctx, &o), nil)
	case 1:
		var refused []error
		if there {
			refused = []error{dynox.ErrExists}
		}
		n.wrote(w, "create", o.ID, &o, repo.Create(ctx, &o), refused)
	case 2:
		after.Text = o.Text
		got, err := repo.Update(ctx, o, noteText.Set(o.Text))
		n.returned("update", got, after, err)
		n.wrote(w, "update", o.ID, &after, err, missing)
	case 3:
		after.N += 3
		got, err := repo.Update(ctx, o, expr.Add(noteN, 3))
		n.returned("add", got, after, err)
		n.wrote(w, "add", o.ID, &after, err, missing)
	case 4:
		after.N += 5
		_, err := repo.Update(ctx, o, expr.Add(noteN, 5), expr.ExactlyOnce[Note]())
		n.wrote(w, "add exactly once", o.ID, &after, err, missing)
	case 5:
		if len(after.Log) > 20 {
			after.Log = nil
			_, err := repo.Update(ctx, o, noteLog.Remove())
			n.wrote(w, "remove", o.ID, &after, err, missing)
			return
		}
		after.Log = append(after.Log, o.N)
		_, err := repo.Update(ctx, o, expr.Append(noteLog, o.N))
		n.wrote(w, "append", o.ID, &after, err, missing)
	case 6:
		after.N, after.Text = after.N+1, o.Text
		_, err := repo.Upsert(ctx, o, expr.Add(noteN, 1), noteText.Set(o.Text))
		n.wrote(w, "upsert", o.ID, &after, err, nil)
	case 7:
		after.N = o.N
		_, err := repo.Update(ctx, o, noteN.Set(o.N), expr.If(noteN.Eq(old.N)))
		n.wrote(w, "update on condition", o.ID, &after, err, missing)
	case 8:
		n.wrote(w, "delete", o.ID, nil, repo.Delete(ctx, o), nil)
	case 9:
		was, existed, err := repo.Swap(ctx, &o)
		if err == nil {
			n.expect(existed == there && (!there || cmp.Equal(was, old)), "swap returned %v %v, not %v %v", existed, was, there, old)
		}
		n.wrote(w, "swap", o.ID, &o, err, nil)
	case 10:
		was, err := repo.Take(ctx, o)
		n.returned("take", was, old, err)
		n.wrote(w, "take", o.ID, nil, err, missing)
	case 11:
		n.track(ctx, w, o)
	case 12:
		n.transaction(ctx, w)
	case 13:
		n.batch(ctx, w)
	case 14:
		got, err := repo.Get(ctx, o, dynox.Consistent)
		if n.outcome("get", err, missing...) == yes {
			n.expect(there && cmp.Equal(got, old), "get returned %v, not %v", got, old)
		}
	case 15:
		n.batchGet(ctx, w)
	case 16:
		q := n.key.In(Note{Owner: w.name}).Consistent().PageSize(1 + w.rnd.IntN(30))
		if w.rnd.IntN(2) == 0 {
			q = q.Prefetch()
		}
		got, err := iter.Collect(repo.Query(ctx, q))
		n.read(w, "query", got, err)
	case 17:
		got, err := iter.Collect(repo.Scan(ctx, dynox.All[Note]().Consistent().Filter(noteOwner.Eq(w.name)).Segments(1+w.rnd.IntN(4))))
		n.read(w, "scan", got, err)
	case 18:
		n.pages(ctx, w)
	case 19:
		x, y := tx.Get(repo, Note{Owner: w.name, ID: 0}), tx.Get(repo, Note{Owner: w.name, ID: 1})
		if n.outcome("transactional read", tx.Read(ctx, x, y)) == yes {
			for id, i := range []*tx.Item[Note]{x, y} {
				want, there := n.stored[w.number][id]
				n.expect(i.Found == there && cmp.Equal(i.V, want), "a transaction read %v, not %v", i.V, want)
			}
		}
	}
}

// returned holds what a write returned to what it should.
func (n *notes) returned(name string, got, want Note, err error) {
	if err == nil {
		n.expect(cmp.Equal(got, want), "%s returned %v, not %v", name, got, want)
	}
}

// wrote holds the stored note to the outcome of a write of it, which makes it after,
// nil for none.
func (n *notes) wrote(w *worker, name string, id int, after *Note, err error, refused []error) {
	n.settle(w, name, id, after, n.outcome(name, err, refused...))
	if err == nil {
		for _, e := range refused {
			n.expect(false, "%s: should fail: %v", name, e)
		}
	}
}

// settle looks which of the two is stored, and remembers it.
func (n *notes) settle(w *worker, name string, id int, after *Note, d did) (effect bool) {
	stored, model := n.look(w, id), n.stored[w.number]
	var before *Note
	if b, ok := model[id]; ok {
		before = &b
	}
	isBefore, isAfter := cmp.Equal(stored, before), cmp.Equal(stored, after)
	n.expect(d == yes && isAfter || d == no && isBefore || d == unknown && (isBefore || isAfter),
		"%s, outcome %d: %v became %v, not %v", name, d, before, stored, after)
	if d == unknown && isAfter && !isBefore {
		n.took()
	}
	if delete(model, id); stored != nil {
		model[id] = *stored
	}
	return isAfter
}

// look is the note that is stored, nil if there is none.
func (n *notes) look(w *worker, id int) *Note {
	stored, err := n.truth.Get(context.Background(), Note{Owner: w.name, ID: id}, dynox.Consistent)
	if errors.Is(err, dynox.ErrNotFound) {
		return nil
	}
	n.expect(err == nil, "a look: %v", err)
	return &stored
}

// read holds all notes of a worker to what was read of them.
func (n *notes) read(w *worker, name string, got []Note, err error) {
	if n.outcome(name, err) != yes {
		return
	}
	slices.SortFunc(got, func(a, b Note) int { return a.ID - b.ID })
	var want []Note
	for _, id := range slices.Sorted(maps.Keys(n.stored[w.number])) {
		want = append(want, n.stored[w.number][id])
	}
	n.expect(cmp.Equal(got, want), "%s: %d notes, not %d: %v", name, len(got), len(want), cmp.Diff(want, got))
}

// track changes a note as it was loaded.
func (n *notes) track(ctx context.Context, w *worker, o Note) {
	old, there := n.stored[w.number][o.ID]
	loaded, err := n.repo.Load(ctx, o)
	if err != nil {
		if there {
			n.outcome("load", err)
		} else {
			n.outcome("load", err, dynox.ErrNotFound)
		}
		return
	}
	n.expect(there && cmp.Equal(loaded.V, old), "load returned %v, not %v", loaded.V, old)
	loaded.V.Text, loaded.V.N = o.Text, o.N
	after := loaded.V
	n.wrote(w, "save", o.ID, &after, loaded.Save(ctx), nil)
}

// transaction writes three notes, or none.
func (n *notes) transaction(ctx context.Context, w *worker) {
	a, b := n.next(w), n.next(w)
	a.ID, b.ID = 0, 1
	var last *Note
	ops := []tx.Op{tx.Put(n.repo, &a), tx.Put(n.repo, &b)}
	if c, ok := n.stored[w.number][2]; ok {
		c.N++
		c.Log = append(slices.Clone(c.Log), a.N)
		last = &c
		ops = append(ops, tx.Update(n.repo, c, expr.Add(noteN, 1), expr.Append(noteLog, a.N)))
		if len(c.Log) > 20 {
			ops, last = append(ops[:2], tx.Delete(n.repo, c)), nil
		}
	}
	d := n.outcome("transaction", tx.Write(ctx, ops...))
	effects := 0
	for id, after := range []*Note{&a, &b, last} {
		if len(ops) > id && n.settle(w, "transaction", id, after, d) {
			effects++
		}
	}
	n.expect(effects == 0 || effects == len(ops), "of a transaction %d of %d writes took effect", effects, len(ops))
}

// batch puts and deletes some notes.
func (n *notes) batch(ctx context.Context, w *worker) {
	after, taken, repo := map[int]*Note{}, map[int]bool{}, n.repo
	err := batch.Write(ctx, func(yield func(batch.Op) bool) {
		for _, id := range w.rnd.Perm(noteCount)[:1+w.rnd.IntN(noteCount)] {
			o := n.next(w)
			o.ID = id
			op := batch.Put(repo, &o)
			if after[id] = &o; w.rnd.IntN(4) == 0 {
				op, after[id] = batch.Delete(repo, o), nil
			}
			taken[id] = true
			if !yield(op) {
				return
			}
		}
	}, batch.Concurrency(1+w.rnd.IntN(4)))
	var partial *batch.PartialError
	left := map[int]bool{}
	if errors.As(err, &partial) {
		for _, op := range partial.Left {
			left[op.Item().(*Note).ID] = true
		}
	}
	n.outcome("batch write", err, batch.ErrUnprocessed)
	n.expect(err == nil || partial != nil, "a batch failed with no account of what is left: %v", err)
	for id := range taken {
		if left[id] { // not known to be done
			n.settle(w, "batch write, left", id, after[id], unknown)
		} else {
			n.settle(w, "batch write", id, after[id], yes)
		}
	}
	n.mu.Lock()
	n.left += len(left)
	n.mu.Unlock()
}

// batchGet reads some notes, some of which are not there.
func (n *notes) batchGet(ctx context.Context, w *worker) {
	keys, want := []Note{}, map[int]Note{}
	for _, id := range w.rnd.Perm(noteCount)[:1+w.rnd.IntN(noteCount)] {
		keys = append(keys, Note{Owner: w.name, ID: id})
		if o, ok := n.stored[w.number][id]; ok {
			want[id] = o
		}
	}
	found, err := iter.Collect(batch.Get(ctx, n.repo, slices.Values(keys), batch.Consistent()))
	if n.outcome("batch get", err, batch.ErrUnprocessed) != yes {
		return
	}
	got := map[int]Note{}
	for _, o := range found {
		got[o.ID] = o
	}
	n.expect(len(got) == len(found) && cmp.Equal(got, want), "batch get: %s", cmp.Diff(want, got))
}

// pages reads all notes page by page, and goes on after a page that failed.
func (n *notes) pages(ctx context.Context, w *worker) {
	var got []Note
	var at dynox.Cursor
	for range 40 {
		page, err := n.repo.Page(ctx, n.key.In(Note{Owner: w.name}).Consistent().Limit(7).After(at))
		if n.outcome("page", err) != yes {
			if ctx.Err() != nil {
				return
			}
			continue
		}
		got = append(got, page.Items...)
		if at = page.Next; at == "" {
			n.read(w, "pages", got, nil)
			return
		}
	}
}

// check: what is stored is what was written, and nothing else.
func (n *notes) check(ctx context.Context) {
	stored := make([]map[int]Note, *workers)
	for i := range stored {
		stored[i] = map[int]Note{}
	}
	for o, err := range n.truth.Scan(ctx, dynox.All[Note]().Consistent()) {
		var i int
		_, scan := fmt.Sscanf(o.Owner, "w%d", &i)
		n.expect(err == nil && scan == nil, "a scan: %v", err)
		if err == nil && scan == nil {
			stored[i][o.ID] = o
		}
	}
	n.expect(cmp.Equal(stored, n.stored), "%s: %s", n.kind, cmp.Diff(n.stored, stored))
}
