package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	seq "github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
)

type Note struct {
	ID      string `dynamodbav:"id"`
	Text    string `dynamodbav:"text"`
	By      string `dynamodbav:"by"`
	Version int    `dynamodbav:"version"`
}

var (
	note    = expr.Proto[Note]()
	noteID  = expr.At(note, &note.ID)
	noteBy  = expr.At(note, &note.By)
	version = expr.At(note, &note.Version)
	NoteKey = dynox.Key[Note]{Partition: dynox.By(noteID)}
)

func newNotes(t *testing.T, client *dynamodb.Client, opts ...dynox.Option[Note]) *dynox.Repo[Note] {
	t.Helper()
	is := is.NewRelaxed(t)
	table := testbed.Table(t, client)
	notes, err := dynox.NewRepo(table, NoteKey, opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), notes))
	return notes
}

// Operations of a batch go through the stages of single ones.
func TestStages(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		var ran []string
		var loaded atomic.Int64
		hook := func(name string) func(context.Context, *Note) error {
			return func(_ context.Context, n *Note) error {
				ran = append(ran, name+" "+n.ID+" "+n.Text)
				return nil
			}
		}
		notes := newNotes(t, client,
			hooks.BeforePut(func(_ context.Context, n *Note) error { n.Text += "!"; return nil }),
			hooks.AfterPut(hook("put")), hooks.BeforeDelete(hook("deleting")), hooks.AfterDelete(hook("deleted")),
			hooks.AfterLoad(func(_ context.Context, n *Note) error { loaded.Add(1); n.Text = strings.ToUpper(n.Text); return nil }),
			dynox.Generate(noteBy, func() string { return "me" }), dynox.Required(noteID))
		a, b := Note{ID: "a", Text: "x"}, Note{ID: "b", Text: "y", By: "you"}
		is.NoErr(batch.Write(t.Context(), ops(batch.Put(notes, &a), batch.Put(notes, &b), batch.Delete(notes, Note{ID: "c"}))))
		is.Equal(ran, []string{"deleting c ", "put a x!", "put b y!", "deleted c "})
		is.Equal(a, Note{ID: "a", Text: "x!", By: "me"}) // set when it was stored
		is.Equal(b.By, "you")

		got, err := seq.Collect(batch.Get(t.Context(), notes, slices.Values([]Note{{ID: "a"}, {ID: "b"}}), batch.InOrder()))
		is.NoErr(err)
		is.Equal(got, []Note{{ID: "a", Text: "X!", By: "me"}, {ID: "b", Text: "Y!", By: "you"}})
		is.Equal(loaded.Load(), int64(2))
		one, again := batch.Ref(notes, Note{ID: "a"}), batch.Ref(notes, Note{ID: "a"})
		is.NoErr(batch.Read(t.Context(), one, again))
		is.Equal(one.V.Text, "X!")
		is.Equal(again.V, one.V)
		is.NoErr(batch.Write(hooks.Skip(t.Context()), ops(batch.Put(notes, &Note{ID: "d", Text: "z"}))))
		is.Equal(len(ran), 4)
	})
}

func TestStagesFail(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	bad := errors.New("bad")
	notes := newNotes(t, engine.Client(testbed.Quick),
		hooks.BeforePut(func(_ context.Context, n *Note) error { return pick(n.ID == "no", bad, nil) }),
		hooks.AfterPut(func(_ context.Context, n *Note) error { return pick(n.ID == "late", bad, nil) }))
	a, no, late := Note{ID: "a"}, Note{ID: "no"}, Note{ID: "late"}
	err := batch.Write(t.Context(), ops(batch.Put(notes, &a), batch.Put(notes, &no), batch.Put(notes, &late)))
	is.True(errors.Is(err, bad))
	is.Equal(err.Error(), "dynox: batch write: ended after 1 operations: operation 1: put of Note: bad")
	err = batch.Write(t.Context(), ops(batch.Put(notes, &late)))
	is.True(errors.Is(err, bad))
	is.True(errors.Is(err, dynox.ErrAfterWrite))
	_, err = notes.Get(t.Context(), late)
	is.NoErr(err)
}

// What a batch cannot check is refused, unless told otherwise. What is left
// keeps the version that it was to get.
func TestGuarded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		notes := newNotes(t, engine.Client(testbed.Quick), lock.Version(version))
		n := Note{ID: "a"}
		err := batch.Write(t.Context(), ops(batch.Put(notes, &n)))
		is.Equal(err.Error(), "dynox: batch write: ended after 0 operations: operation 0: put of Note: it has a version, which batches cannot check; Unchecked goes without")
		is.Equal(n.Version, 0)
		is.True(batch.Write(t.Context(), ops(batch.Delete(notes, n))) != nil)

		is.NoErr(batch.Write(t.Context(), ops(batch.Put(notes, &n)), batch.Unchecked()))
		is.Equal(n.Version, 1)
		engine.Fail("BatchWriteItem", memtable.Partial(0))
		err = batch.Write(t.Context(), ops(batch.Put(notes, &n)), batch.Unchecked(), batch.MaxRetries(0))
		var partial *batch.PartialError
		is.True(errors.As(err, &partial))
		is.Equal(n.Version, 1) // only after success
		is.NoErr(batch.Write(t.Context(), slices.Values(partial.Left), batch.Unchecked()))
		is.Equal(n.Version, 2)
		got, err := notes.Get(t.Context(), n)
		is.NoErr(err)
		is.Equal(got.Version, 2)
		is.NoErr(batch.Write(t.Context(), ops(batch.Delete(notes, n)), batch.Unchecked()))
	})
}

// The tables of several clients are written by requests of their own.
func TestWriteSeveralClients(t *testing.T) {
	is := is.New(t)
	var all []*dynox.Repo[Note]
	var engines []*memtable.Engine
	for range 3 {
		engine := memtable.New(t)
		table := dynox.NewTable(engine.Client(), "notes") // the same name
		notes, err := dynox.NewRepo(table, NoteKey)
		is.NoErr(err)
		is.NoErr(table.Ensure(t.Context(), notes))
		engine.ForgetRequests()
		all, engines = append(all, notes), append(engines, engine)
	}
	is.NoErr(batch.Write(t.Context(), func(yield func(batch.Op) bool) {
		for i := range 90 {
			n := Note{ID: fmt.Sprint(i / 3)} // the same keys
			if !yield(batch.Put(all[i%3], &n)) {
				return
			}
		}
	}))
	var refs []batch.Reading
	var items []*batch.Item[Note]
	for i, notes := range all {
		stored, err := seq.Collect(notes.Scan(t.Context(), dynox.All[Note]()))
		is.NoErr(err)
		is.Equal(len(stored), 30)
		is.Equal(len(engines[i].Requests()), 3) // two of writes, one scan
		items = append(items, batch.Ref(notes, Note{ID: "7"}))
		refs = append(refs, items[i])
	}
	is.NoErr(batch.Read(t.Context(), refs...))
	for _, item := range items {
		is.True(item.Found)
	}
}
