package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/hooks/gen"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type note struct {
	Owner   string    `dynamodbav:"owner"`
	ID      string    `dynamodbav:"id"`
	Title   string    `dynamodbav:"title,omitempty"`
	Words   int       `dynamodbav:"words"`
	Created time.Time `dynamodbav:"created,omitempty"`
	Updated time.Time `dynamodbav:"updated,omitempty"`
	Schema  int       `dynamodbav:"schema,omitempty"`
	Seen    bool      `dynamodbav:"-"`
}

func (n *note) Validate() error {
	if n.Title == "bad" {
		return errBad
	}
	return nil
}

var errBad = errors.New("a bad title")

var (
	p       = expr.Proto[note]()
	owner   = expr.At(p, &p.Owner)
	id      = expr.At(p, &p.ID)
	title   = expr.At(p, &p.Title)
	words   = expr.At(p, &p.Words)
	created = expr.At(p, &p.Created)
	updated = expr.At(p, &p.Updated)
	schema  = expr.At(p, &p.Schema)
	noteKey = dynox.Key[note]{Partition: dynox.Composite("pk", "OWNER#{}", owner), Sort: dynox.Composite("sk", "NOTE#{}", id)}
)

func notes(t testing.TB, client *dynamodb.Client, opts ...dynox.Option[note]) *dynox.Repo[note] {
	t.Helper()
	return notesOn(t, testbed.Table(t, client), opts...)
}

func notesOn(t testing.TB, table *dynox.Table, opts ...dynox.Option[note]) *dynox.Repo[note] {
	t.Helper()
	is := is.NewRelaxed(t)
	r, err := dynox.NewRepo(table, noteKey, opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), r))
	return r
}

func TestOrderOfHooks(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		var log []string
		say := func(what string) func(context.Context, *note) error {
			return func(_ context.Context, n *note) error {
				log = append(log, fmt.Sprintf("%s %s/%s %d", what, n.Owner, n.ID, n.Words))
				return nil
			}
		}
		r := notes(t, client,
			hooks.AfterLoad(say("load")), hooks.AfterPut(say("put")), hooks.AfterUpdate(say("updated")), hooks.AfterDelete(say("deleted")),
			hooks.BeforeDelete(say("to delete")), hooks.BeforeUpdate(say("to update")),
			hooks.BeforePut(say("to put")), hooks.BeforePut(func(_ context.Context, n *note) error { n.Words *= 2; return nil }), hooks.BeforePut(say("then")),
		)
		n := note{Owner: "a", ID: "1", Words: 1}
		did := func(want ...string) {
			t.Helper()
			is.Equal(log, want)
			log = nil
		}
		is.NoErr(r.Create(ctx, &n))
		is.Equal(n.Words, 2) // what the hook did is the caller's now
		did("to put a/1 1", "then a/1 2", "put a/1 2")
		_, err := r.Get(ctx, n)
		is.NoErr(err)
		did("load a/1 2")
		_, err = r.Update(ctx, n, expr.Add(words, 3))
		is.NoErr(err)
		did("to update a/1 2", "load a/1 5", "updated a/1 5")
		for _, err := range r.Query(ctx, noteKey.In(note{Owner: "a"})) {
			is.NoErr(err)
		}
		did("load a/1 5")
		for _, err := range r.Scan(ctx, dynox.All[note]()) {
			is.NoErr(err)
		}
		did("load a/1 5")
		page, err := r.Page(ctx, noteKey.In(note{Owner: "a"}))
		is.NoErr(err)
		is.Equal(len(page.Items), 1)
		did("load a/1 5")
		err = r.Put(ctx, &n, expr.If(words.Gt(100)))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		did("to put a/1 2", "then a/1 4", "load a/1 5") // the stored item, in the error
		is.Equal(n.Words, 2)
		_, _, err = r.Swap(ctx, &n)
		is.NoErr(err)
		did("to put a/1 2", "then a/1 4", "load a/1 5", "put a/1 4")
		_, err = r.Take(ctx, note{Owner: "a", ID: "1"})
		is.NoErr(err)
		did("to delete a/1 0", "load a/1 4", "deleted a/1 4")
		is.NoErr(r.Delete(ctx, note{Owner: "a", ID: "1"}))
		did("to delete a/1 0", "deleted a/1 0")

		quiet := hooks.Skip(ctx)
		is.NoErr(r.Put(quiet, &n))
		_, err = r.Get(quiet, n)
		is.NoErr(err)
		is.NoErr(tx.Write(quiet, tx.Update(r, n, expr.Add(words, 1))))
		did()
		is.NoErr(tx.Write(ctx, tx.Update(r, n, expr.Add(words, 1))))
		did("to update a/1 4", "updated a/1 4")
		got := tx.Get(r, n)
		is.NoErr(tx.Read(ctx, got))
		did("load a/1 6")
	})
}

func TestErrorsOfHooks(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	mine := errors.New("mine")
	var before, after, load bool
	refuse := func(when *bool) func(context.Context, *note) error {
		return func(_ context.Context, n *note) error {
			if *when {
				n.Title = "touched"
				return mine
			}
			return nil
		}
	}
	r := notes(t, engine.Client(),
		hooks.BeforePut(refuse(&before)), hooks.BeforeUpdate(refuse(&before)), hooks.BeforeDelete(refuse(&before)),
		hooks.AfterPut(refuse(&after)), hooks.AfterUpdate(refuse(&after)), hooks.AfterDelete(refuse(&after)), hooks.AfterLoad(refuse(&load)),
	)
	n := note{Owner: "a", ID: "1"}
	is.NoErr(r.Put(ctx, &n))
	sent := len(engine.Requests())
	before = true
	_, errUpdate := r.Update(ctx, n, words.Set(1))
	for _, err := range []error{r.Put(ctx, &n), r.Create(ctx, &n), errUpdate, r.Delete(ctx, n), tx.Write(ctx, tx.Put(r, &n))} {
		is.True(errors.Is(err, mine))
		is.True(!errors.Is(err, dynox.ErrAfterWrite))
	}
	is.Equal(len(engine.Requests()), sent) // nothing was sent
	is.Equal(n, note{Owner: "a", ID: "1"})
	before, after = false, true
	n.Words = 5
	_, errUpdate = r.Update(ctx, n, words.Set(6))
	for _, err := range []error{r.Put(ctx, &n), errUpdate, tx.Write(ctx, tx.Upsert(r, n, words.Set(7)))} {
		is.True(errors.Is(err, mine))
		is.True(errors.Is(err, dynox.ErrAfterWrite))
	}
	after, load = false, true
	_, err := r.Get(ctx, n)
	var bad *dynox.ItemError
	is.True(errors.As(err, &bad))
	is.True(errors.Is(err, mine))
	skipped := 0
	for _, err := range r.Query(ctx, noteKey.In(note{Owner: "a"}).OnItemError(func(*dynox.ItemError) error { skipped++; return nil })) {
		is.NoErr(err)
	}
	is.Equal(skipped, 1)
	_, err = r.Update(ctx, n, words.Set(8))
	is.True(errors.Is(err, dynox.ErrAfterWrite)) // it took effect, and its item cannot be read
	err = tx.Read(ctx, tx.Get(r, n))
	is.True(errors.As(err, &bad))
	load = false
	got, err := r.Get(ctx, n)
	is.NoErr(err)
	is.Equal(got.Words, 8)
}

func TestValidation(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	long := errors.New("too long")
	r := notes(t, engine.Client(), dynox.Required(title, words), dynox.Default(words, func() int { return 3 }),
		hooks.Validate(func(n *note) error {
			if len(n.Title) > 5 {
				return long
			}
			return nil
		}))
	sent := len(engine.Requests())
	err := r.Put(ctx, &note{Owner: "a", ID: "1"})
	is.True(errors.Is(err, dynox.ErrRequired))
	is.True(strings.HasSuffix(err.Error(), ": title")) // words has a default
	err = r.Put(ctx, &note{Owner: "a", ID: "1", Title: "bad"})
	is.True(errors.Is(err, dynox.ErrInvalid) && errors.Is(err, errBad))
	err = r.Create(ctx, &note{Owner: "a", ID: "1", Title: "longer"})
	is.True(errors.Is(err, dynox.ErrInvalid) && errors.Is(err, long))
	n := note{Owner: "a", ID: "1", Title: "ok"}
	_, err = r.Update(ctx, n, title.Remove())
	is.True(errors.Is(err, dynox.ErrRequired))
	_, err = r.Update(ctx, n, title.Set(""))
	is.True(errors.Is(err, dynox.ErrRequired))
	is.Equal(len(engine.Requests()), sent)
	is.NoErr(r.Put(ctx, &n))
	is.Equal(n.Words, 3)
	_, err = r.Update(ctx, n, title.Set("new"))
	is.NoErr(err)
}

// Generated values and times, on every kind of write.
func TestGeneratedValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		client := memtable.Open().Client()
		table := dynox.NewTable(client, "notes")
		r, err := dynox.NewRepo(table, noteKey, dynox.Generate(id, gen.ULID), dynox.Default(title, func() string { return "none" }),
			dynox.Created(created), dynox.Updated(updated))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, r))
		start := time.Now().UTC()
		n := note{Owner: "a"}
		is.NoErr(r.Create(ctx, &n))
		is.Equal(len(n.ID), 26)
		is.Equal(n, note{Owner: "a", ID: n.ID, Title: "none", Created: start, Updated: start})
		time.Sleep(time.Hour)
		got, err := r.Update(ctx, n, words.Set(5))
		is.NoErr(err)
		is.True(got.Created.Equal(start))
		is.True(got.Updated.Equal(start.Add(time.Hour)))
		got, err = r.Update(ctx, n, updated.Set(start))
		is.NoErr(err)
		is.True(got.Updated.Equal(start)) // who sets it, has it
		time.Sleep(time.Hour)
		is.NoErr(r.Put(ctx, &n))
		is.True(n.Created.Equal(start) && n.Updated.Equal(start.Add(2*time.Hour)))

		made, err := r.Upsert(ctx, note{Owner: "a", ID: "new"}, words.Set(1))
		is.NoErr(err)
		is.Equal(made.Title, "none")
		is.True(made.Created.Equal(start.Add(2 * time.Hour)))
		time.Sleep(time.Hour)
		made, err = r.Upsert(ctx, note{Owner: "a", ID: "new"}, title.Set("mine"))
		is.NoErr(err)
		is.Equal(made.Title, "mine")
		is.True(made.Created.Equal(start.Add(2*time.Hour)) && made.Updated.Equal(start.Add(3*time.Hour)))

		// What identifies an item stays, though the write failed; the rest does not.
		n = note{Owner: "a"}
		is.True(r.Put(ctx, &n, expr.If(words.Eq(1))) != nil)
		is.Equal(n, note{Owner: "a", ID: n.ID})
		is.Equal(len(n.ID), 26)
	})
}

// Hooks run in the caller's goroutine, whatever reads beside it.
func TestWhereHooksRun(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	seen := 0 // unguarded: the race detector looks on
	r := notes(t, memtable.New(t).Client(), hooks.AfterLoad(func(context.Context, *note) error { seen++; return nil }))
	var keys []note
	for i := range 250 {
		keys = append(keys, note{Owner: "a", ID: strconv.Itoa(i)})
		is.NoErr(r.Put(ctx, &keys[i]))
	}
	want := 0
	check := func(items iter.Seq2[note, error]) {
		t.Helper()
		for _, err := range items {
			is.NoErr(err)
			want++
			seen += 0
		}
		is.Equal(seen, want)
	}
	check(r.Query(ctx, noteKey.In(note{Owner: "a"}).PageSize(20).Prefetch()))
	check(r.Scan(ctx, dynox.All[note]().Segments(4).PageSize(20)))
	check(batch.Get(ctx, r, slices.Values(keys)))
}

func TestBadOptions(t *testing.T) {
	table := dynox.NewTable(memtable.New(t).Client(), "notes")
	for name, opts := range map[string][]dynox.Option[note]{
		"twice":        {dynox.Created(created), dynox.Updated(created)},
		"stray":        {dynox.Default(expr.At(p, new(int)), func() int { return 1 })},
		"no field":     {dynox.Required(expr.Path[note, string]("other"))},
		"nil":          {hooks.BeforePut[note](nil)},
		"nil check":    {hooks.Validate[note](nil)},
		"nil function": {dynox.Generate[note, string](id, nil)},
		"nil upgrade":  {hooks.Upgrade(schema, 1, nil)},
		"upgrade to 0": {hooks.Upgrade(schema, 0, func(map[string]types.AttributeValue) error { return nil })},
		"two numbers": {
			hooks.Upgrade(schema, 1, func(map[string]types.AttributeValue) error { return nil }),
			hooks.Upgrade(words, 2, func(map[string]types.AttributeValue) error { return nil }),
		},
	} {
		_, err := dynox.NewRepo(table, noteKey, opts...)
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// Older items are brought up to date as they are read, whatever reads them.
func TestUpgrade(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		r := notesOn(t, table,
			hooks.Upgrade(schema, 2, func(item map[string]types.AttributeValue) error { // words was text
				s, ok := item["words"].(*types.AttributeValueMemberS)
				if !ok {
					return errors.New("words is no text")
				}
				item["words"] = &types.AttributeValueMemberN{Value: s.Value}
				return nil
			}),
			hooks.Upgrade(schema, 1, func(item map[string]types.AttributeValue) error { // title was name
				item["title"] = item["name"]
				delete(item, "name")
				return nil
			}),
		)
		put := func(item map[string]types.AttributeValue) {
			t.Helper()
			item["pk"] = &types.AttributeValueMemberS{Value: "OWNER#a"}
			item["sk"] = &types.AttributeValueMemberS{Value: "NOTE#" + item["id"].(*types.AttributeValueMemberS).Value}
			item["owner"] = &types.AttributeValueMemberS{Value: "a"}
			_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(table.Name()), Item: item})
			is.NoErr(err)
		}
		text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
		num := func(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }
		put(map[string]types.AttributeValue{"id": text("0"), "name": text("old"), "words": text("7")})
		put(map[string]types.AttributeValue{"id": text("1"), "title": text("mid"), "words": text("8"), "schema": num(1)})
		put(map[string]types.AttributeValue{"id": text("2"), "title": text("new"), "words": num(9), "schema": num(2)})

		want := []note{{Owner: "a", ID: "0", Title: "old", Words: 7, Schema: 2}, {Owner: "a", ID: "1", Title: "mid", Words: 8, Schema: 2}, {Owner: "a", ID: "2", Title: "new", Words: 9, Schema: 2}}
		var got []note
		for n, err := range r.Query(ctx, noteKey.In(note{Owner: "a"})) {
			is.NoErr(err)
			got = append(got, n)
		}
		is.Equal(got, want)
		got = nil
		for n, err := range r.Scan(ctx, dynox.All[note]().Segments(2)) {
			is.NoErr(err)
			got = append(got, n)
		}
		slices.SortFunc(got, func(a, b note) int { return strings.Compare(a.ID, b.ID) })
		is.Equal(got, want)
		one, err := r.Get(ctx, want[0])
		is.NoErr(err)
		is.Equal(one, want[0])
		ref := tx.Get(r, want[1])
		is.NoErr(tx.Read(ctx, ref))
		is.Equal(ref.V, want[1])
		err = r.Create(ctx, &note{Owner: "a", ID: "0"})
		old, ok := dynox.OldItem[note](err)
		is.True(ok)
		is.Equal(old, want[0])

		// An update would mix the schemas.
		for _, write := range []func(context.Context, note, ...expr.Action[note]) (note, error){r.Update, r.Upsert} {
			_, err = write(ctx, want[0], words.Set(1))
			is.True(errors.Is(err, dynox.ErrConditionFailed))
			old, ok := dynox.OldItem[note](err)
			is.True(ok)
			is.Equal(old, want[0])
			_, err = write(ctx, want[2], title.Set("newer"))
			is.NoErr(err)
		}
		want[2].Title = "newer"
		// In part, it cannot be told.
		_, err = r.Get(ctx, want[0], dynox.Only[note](words))
		is.True(errors.As(err, new(*dynox.ItemError)))
		part, err := r.Get(ctx, want[2], dynox.Only[note](words))
		is.NoErr(err)
		is.Equal(part.Words, 9)
		// A put is of the latest.
		n := want[0]
		n.Schema = 0
		is.NoErr(r.Put(ctx, &n))
		is.Equal(n.Schema, 2)
		part, err = r.Get(ctx, n, dynox.Only[note](words))
		is.NoErr(err)
		is.Equal(part.Words, 7)
		fresh, err := r.Upsert(ctx, note{Owner: "a", ID: "9"}, words.Set(1))
		is.NoErr(err)
		is.Equal(fresh.Schema, 2)
		// What an upgrade refuses cannot be read.
		put(map[string]types.AttributeValue{"id": text("3"), "words": num(1)})
		_, err = r.Get(ctx, note{Owner: "a", ID: "3"})
		is.True(errors.As(err, new(*dynox.ItemError)))
	})
}
