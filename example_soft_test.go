package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// A waste-paper basket: what is deleted can be brought back, for thirty days.
func ExampleSoftDelete() {
	type Note struct {
		ID      string    `dynamodbav:"id"`
		Text    string    `dynamodbav:"text"`
		Deleted time.Time `dynamodbav:"deleted,omitempty"`
		Expires time.Time `dynamodbav:"expires,unixtime,omitempty"`
	}
	note := expr.Proto[Note]()
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "notes")
	notes, err := dynox.NewRepo(table, dynox.Key[Note]{Partition: dynox.By(expr.At(note, &note.ID))},
		dynox.TTL(expr.At(note, &note.Expires)), dynox.SoftDelete(expr.At(note, &note.Deleted)).Keep(30*24*time.Hour))
	check(err)
	check(table.Ensure(ctx, notes))
	check(notes.Put(ctx, &Note{ID: "a", Text: "milk"}))

	check(notes.Delete(ctx, Note{ID: "a"}))
	_, err = notes.Get(ctx, Note{ID: "a"})
	fmt.Println(errors.Is(err, dynox.ErrNotFound))
	gone, err := notes.Get(ctx, Note{ID: "a"}, dynox.WithDeleted)
	fmt.Println(gone.Text, !gone.Deleted.IsZero(), err)
	back, err := notes.Restore(ctx, Note{ID: "a"})
	fmt.Println(back.Text, !back.Deleted.IsZero(), err)
	// Output:
	// true
	// milk true <nil>
	// milk false <nil>
}
