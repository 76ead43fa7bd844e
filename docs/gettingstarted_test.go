package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Note struct {
	Owner   string    `dynamodbav:"owner"`
	Written time.Time `dynamodbav:"written"`
	Text    string    `dynamodbav:"text"`
	Stars   int       `dynamodbav:"stars,omitempty"`
}

var (
	note        = expr.Proto[Note]()
	noteOwner   = expr.At(note, &note.Owner)
	noteWritten = expr.At(note, &note.Written)
	noteText    = expr.At(note, &note.Text)
	noteStars   = expr.At(note, &note.Stars)

	NoteKey = dynox.Key[Note]{Partition: dynox.By(noteOwner), Sort: dynox.By(noteWritten)}
)

func openNotes(ctx context.Context, client dynox.Client) (*dynox.Repo[Note], error) {
	table := dynox.NewTable(client, "notes")
	notes, err := dynox.NewRepo(table, NoteKey)
	if err != nil {
		return nil, err // everything that is wrong with keys, tags and options
	}
	return notes, table.Ensure(ctx, notes) // makes the table, where there is none
}

func Example_gettingStarted() {
	ctx := context.Background()
	notes, err := openNotes(ctx, memtable.Open().Client())
	if err != nil {
		log.Fatal(err)
	}
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

	n := Note{Owner: "ann", Written: noon, Text: "Buy milk"}
	err = notes.Create(ctx, &n) // a Put that replaces nothing
	fmt.Println("create:", err, errors.Is(notes.Create(ctx, &n), dynox.ErrExists))

	n, err = notes.Update(ctx, n, noteText.Set("Buy milk and bread"), expr.Add(noteStars, 1))
	fmt.Println("update:", n.Text, n.Stars, err)

	n, err = notes.Get(ctx, Note{Owner: "ann", Written: noon})
	fmt.Println("get:", n.Text, err)

	q := NoteKey.In(Note{Owner: "ann"}).Where(noteWritten.Ge(noon.AddDate(0, 0, -7))).Desc()
	for n, err := range notes.Query(ctx, q.Limit(10)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("found:", n.Text)
	}

	err = notes.Delete(ctx, n)
	fmt.Println("delete:", err)
	_, err = notes.Get(ctx, n)
	fmt.Println("get:", errors.Is(err, dynox.ErrNotFound))
	// Output:
	// create: <nil> true
	// update: Buy milk and bread 1 <nil>
	// get: Buy milk and bread <nil>
	// found: Buy milk and bread
	// delete: <nil>
	// get: true
}
