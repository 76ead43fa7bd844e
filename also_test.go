package dynox_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Note is written by programs of three ages, each with keys of its own.
type Note struct {
	User string `dynamodbav:"user"`
	Page int    `dynamodbav:"page"`
	Name string `dynamodbav:"name"`
	Text string `dynamodbav:"text"`
}

var (
	note     = expr.Proto[Note]()
	noteUser = expr.At(note, &note.User)
	notePage = expr.At(note, &note.Page)
	noteName = expr.At(note, &note.Name)
	noteText = expr.At(note, &note.Text)
)

var NoteKey = dynox.Key[Note]{
	Partition: dynox.Composite("pk", "USER#{}", noteUser).Also("U_{}"),
	Sort:      dynox.Composite("sk", "NOTE#{}#{}", notePage, noteName).Also("N-{}-{}", "NOTE{}/{}"),
}

// seedNotes stores each note under another combination of formats.
func seedNotes(t *testing.T, client *dynamodb.Client, table string) (notes []Note) {
	t.Helper()
	partitions := []string{"USER#%s", "U_%s"}
	sorts := []string{"NOTE#%020d#%s", "N-%020d-%s", "NOTE%020d/%s"}
	for i := range 24 {
		n := Note{User: "ann", Page: i / 4, Name: fmt.Sprint("n", i), Text: fmt.Sprint("text ", i)}
		notes = append(notes, n)
		seed(t, client, table, map[string]any{
			"pk": fmt.Sprintf(partitions[i%2], n.User), "sk": fmt.Sprintf(sorts[i%3], n.Page, n.Name),
			"user": n.User, "page": n.Page, "name": n.Name, "text": n.Text,
		})
	}
	for _, neighbour := range [][2]string{
		{"USER#ann", "NOTE"}, {"USER#ann", "NOTES#x"}, {"USER#ann", "N"}, {"U_ann", "M-1"}, {"U_anna", "N-1-x"}, {"USER#bob", "NOTE#1"},
	} {
		seed(t, client, table, map[string]any{"pk": neighbour[0], "sk": neighbour[1], "kind": "other"})
	}
	return notes
}

func byNote(a, b Note) int { return slices.Compare([]byte(a.Name), []byte(b.Name)) }

func TestSeveralFormats(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		table := newTable(t, client)
		notes, err := dynox.NewRepo(table, NoteKey, dynox.Kind[Note]("note"))
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, notes))
		want := seedNotes(t, client, table.Name())

		for _, n := range want {
			got, err := notes.Get(ctx, Note{User: n.User, Page: n.Page, Name: n.Name})
			is.NoErr(err)
			same(t, got, n)
		}
		_, err = notes.Get(ctx, Note{User: "ann", Page: 9, Name: "x"})
		is.True(errors.Is(err, dynox.ErrNotFound))
		// A name that one format cannot hold may be in another.
		_, err = notes.Get(ctx, Note{User: "ann", Page: 9, Name: "x#-/"})
		is.True(errors.Is(err, dynox.ErrNotFound))

		q := NoteKey.In(Note{User: "ann"})
		for _, c := range []struct {
			q    dynox.Query[Note]
			keep func(Note) bool
		}{
			{q, func(Note) bool { return true }},
			{q.Where(notePage.Eq(3)), func(n Note) bool { return n.Page == 3 }},
			{q.Where(notePage.Gt(1), notePage.Le(4)), func(n Note) bool { return n.Page > 1 && n.Page <= 4 }},
			{q.Where(notePage.Eq(2), noteName.Eq("n9")), func(n Note) bool { return n.Name == "n9" }},
			{q.Where(notePage.Eq(2), noteName.Gt("n10")), func(n Note) bool { return n.Page == 2 && n.Name > "n10" }},
			{q.Where(notePage.Eq(2), expr.Prefix(noteName, "n1")), func(n Note) bool { return n.Page == 2 && n.Name[:2] == "n1" }},
			{q.Filter(noteText.Ne("text 5")), func(n Note) bool { return n.Text != "text 5" }},
			{q.Where(notePage.Eq(77)), func(Note) bool { return false }},
		} {
			var kept []Note
			for _, n := range want {
				if c.keep(n) {
					kept = append(kept, n)
				}
			}
			slices.SortFunc(kept, byNote)
			up := all(t, notes.Query(ctx, c.q))
			down := all(t, notes.Query(ctx, c.q.Desc()))
			slices.Reverse(down)
			same(t, down, up)
			same(t, pages(t, notes, c.q.Limit(3)), up)
			back := pages(t, notes, c.q.Desc().Limit(3))
			slices.Reverse(back)
			same(t, back, up)
			n, err := notes.Count(ctx, c.q)
			is.NoErr(err)
			is.Equal(n, int64(len(kept)))
			slices.SortFunc(up, byNote)
			same(t, up, kept)
		}
		same(t, len(all(t, notes.Scan(ctx, dynox.All[Note]()))), len(want))

		// Writes use the first format.
		n := Note{User: "cyd", Page: 1, Name: "n"}
		is.NoErr(notes.Create(ctx, &n))
		is.True(raw(t, client, table.Name(), map[string]string{"pk": "USER#cyd", "sk": "NOTE#00000000000000000001#n"}) != nil)
	})
}

// pages are the items of all pages of q.
func pages[T any](t *testing.T, r *dynox.Repo[T], q dynox.Query[T]) []T {
	t.Helper()
	is := is.New(t)
	var items []T
	for range 100 {
		page, err := r.Page(t.Context(), q)
		is.NoErr(err)
		items = append(items, page.Items...)
		if page.Next == "" {
			return items
		}
		is.True(len(page.Items) > 0) // nothing bounds these pages
		q = q.After(page.Next)
	}
	t.Fatal("no end")
	return nil
}

// A text may have two formats; the fields tell which.
func TestFormatsThatOverlap(t *testing.T) {
	is := is.New(t)
	client := memtable.New(t).Client()
	key := dynox.Key[Note]{Partition: dynox.By(noteUser), Sort: dynox.Composite("sk", "A#{}", noteName).Also("A{}", "{}")}
	table := newTable(t, client)
	notes, err := dynox.NewRepo(table, key)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), notes))
	var want []Note
	for sk, name := range map[string]string{"A#1": "#1", "A#2": "2", "A3": "3", "A4": "A4", "b": "b", "A#5": "A#5"} {
		want = append(want, Note{User: "u", Name: name})
		seed(t, client, table.Name(), map[string]any{"sk": sk, "user": "u", "name": name, "page": 0, "text": ""})
	}
	slices.SortFunc(want, byNote)
	for _, q := range []dynox.Query[Note]{key.In(Note{User: "u"}), key.In(Note{User: "u"}).Only(noteUser, notePage, noteText)} {
		got := all(t, notes.Query(t.Context(), q))
		is.Equal(len(got), len(want))
		n, err := notes.Count(t.Context(), q)
		is.NoErr(err)
		is.Equal(n, int64(len(want)))
	}
	got := all(t, notes.Query(t.Context(), key.In(Note{User: "u"})))
	slices.SortFunc(got, byNote)
	same(t, got, want)
}

func TestSeveralFormatsOfAnIndex(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		key := dynox.Key[Note]{Partition: dynox.By(noteName)}
		ix := dynox.GSI("by-user", dynox.Key[Note]{
			Partition: dynox.Composite("ipk", "U#{}", noteUser),
			Sort:      dynox.Composite("isk", "P#{}", notePage).Also("p-{}"),
		})
		table := newTable(t, client)
		notes, err := dynox.NewRepo(table, key, ix)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, notes))
		n := Note{User: "u", Page: 2, Name: "two"}
		is.NoErr(notes.Put(ctx, &n))
		seed(t, client, table.Name(),
			map[string]any{"name": "one", "user": "u", "page": 1, "text": "", "ipk": "U#u", "isk": fmt.Sprintf("p-%020d", 1)},
			map[string]any{"name": "none", "user": "u", "page": 3, "text": "", "ipk": "U#u", "isk": "p_3"},
		)
		q := ix.In(Note{User: "u"})
		same(t, all(t, notes.Query(ctx, q)), []Note{n, {User: "u", Page: 1, Name: "one"}})
		count, err := notes.Count(ctx, q)
		is.NoErr(err)
		is.Equal(count, int64(2))
		same(t, all(t, notes.Query(ctx, q.Where(notePage.Le(1)))), []Note{{User: "u", Page: 1, Name: "one"}})
	})
}

// Person has a key in lower case, and an index by the name as it is written.
type Person struct {
	Email string    `dynamodbav:"email"`
	Team  string    `dynamodbav:"team"`
	Rank  int       `dynamodbav:"rank"`
	Since time.Time `dynamodbav:"since"`
}

func TestLowerInTheTablesKey(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	person := expr.Proto[Person]()
	email, team, rank := expr.At(person, &person.Email), expr.At(person, &person.Team), expr.At(person, &person.Rank)
	key := dynox.Key[Person]{Partition: dynox.Composite("pk", "P#{}", dynox.Lower(email))}
	ix := dynox.GSI("by-email", dynox.Key[Person]{Partition: dynox.Composite("ipk", "E#{}", email)})
	folded := dynox.GSI("by-team", dynox.Key[Person]{Partition: dynox.Composite("tpk", "T#{}#{}", team, dynox.Lower(email))})
	mixed := dynox.GSI("by-mixed", dynox.Key[Person]{Partition: dynox.Composite("mpk", "M#{}#{}", rank, email)})
	client := memtable.New(t).Client()
	people := newRepo(t, client, key, ix, folded)
	p := Person{Email: "Ann@X", Team: "a"}
	is.NoErr(people.Put(ctx, &p))

	// Neither an update nor an upsert spells the address anew.
	got, err := people.Update(ctx, Person{Email: "ANN@x"}, team.Set("b"))
	is.NoErr(err)
	is.Equal(got.Email, "Ann@X")
	got, err = people.Upsert(ctx, Person{Email: "ann@x"}, team.Set("c"))
	is.NoErr(err)
	is.Equal(got.Email, "Ann@X")
	is.Equal(len(all(t, people.Query(ctx, ix.In(Person{Email: "Ann@X"})))), 1)
	is.Equal(len(all(t, people.Query(ctx, folded.In(Person{Email: "ANN@X", Team: "c"})))), 1)

	// A new item takes the upsert's spelling.
	got, err = people.Upsert(ctx, Person{Email: "Bob@X"}, team.Set("c"))
	is.NoErr(err)
	is.Equal(got.Email, "Bob@X")
	is.Equal(len(all(t, people.Query(ctx, ix.In(Person{Email: "Bob@X"})))), 1)

	people = newRepo(t, client, key, mixed)
	is.NoErr(people.Put(ctx, &p))
	_, err = people.Update(ctx, p, rank.Set(2))
	refused(t, err, "mpk", "email", "lower case")
}

// An item that none of the formats can be of is told once.
func TestBadItemsOfSeveralFormats(t *testing.T) {
	is := is.New(t)
	client := memtable.New(t).Client()
	key := dynox.Key[Note]{Partition: dynox.By(noteUser), Sort: dynox.Composite("sk", "A#{}", noteName).Also("A{}")}
	notes := newRepo(t, client, key)
	seed(t, client, tableOf(t, notes), map[string]any{"sk": "A#1", "user": "u", "name": "neither"})
	told := 0
	q := key.In(Note{User: "u"}).OnItemError(func(*dynox.ItemError) error { told++; return nil })
	is.Equal(len(all(t, notes.Query(t.Context(), q))), 0)
	is.Equal(told, 1)
	n, err := notes.Count(t.Context(), q)
	is.NoErr(err)
	is.Equal(n, int64(1))
}
