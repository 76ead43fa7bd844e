package dynox_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"
	"pgregory.net/rapid"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Ticket has indexes of every kind of key, over shared inputs.
type Ticket struct {
	Queue  string    `dynamodbav:"queue"`
	Number int       `dynamodbav:"number"`
	Owner  string    `dynamodbav:"owner,omitempty"`
	State  string    `dynamodbav:"state"`
	Due    time.Time `dynamodbav:"due"`
	Rank   int       `dynamodbav:"rank"`
}

// TestDerivedKeysFollow runs random writes and checks after each that what is
// stored is what a Put of the same item would store, so that no index is ever
// stale.
func TestDerivedKeysFollow(t *testing.T) {
	is := is.New(t)
	p := expr.Proto[Ticket]()
	queue, number, owner := expr.At(p, &p.Queue), expr.At(p, &p.Number), expr.At(p, &p.Owner)
	state, due, rank := expr.At(p, &p.State), expr.At(p, &p.Due), expr.At(p, &p.Rank)
	key := dynox.Key[Ticket]{Partition: dynox.Composite("pk", "Q#{}", queue), Sort: dynox.Composite("sk", "T#{}", number)}
	opts := []dynox.Option[Ticket]{
		dynox.GSI("inverted", dynox.Key[Ticket]{Partition: dynox.Composite("ip", "T#{}", number), Sort: dynox.Composite("is", "Q#{}", queue)}),
		dynox.GSI("by-owner", dynox.Key[Ticket]{Partition: dynox.By(owner), Sort: dynox.By(due)}),
		dynox.GSI("by-state", dynox.Key[Ticket]{Partition: dynox.Composite("sp", "{}#{}", queue, state), Sort: dynox.Composite("ss", "{}/{}", due, number)}),
		dynox.GSI("by-rank", dynox.Key[Ticket]{Partition: dynox.Const[Ticket]("rp", "ALL"), Sort: dynox.By(rank)}),
		dynox.Kind[Ticket]("ticket"),
	}
	engine := memtable.New(t)
	table := dynox.NewTable(engine.Client(), "tickets")
	tickets, err := dynox.NewRepo(table, key, opts...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), tickets))
	other := dynox.NewTable(engine.Client(), "fresh")
	is.NoErr(other.Ensure(t.Context(), tickets))
	fresh := tickets.On(other)
	ctx := t.Context()

	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 8).Draw(rt, "writes") {
			at := Ticket{Queue: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "queue"), Number: rapid.IntRange(-1, 1).Draw(rt, "number")}
			full := at
			full.Owner = rapid.SampledFrom([]string{"", "x", "y"}).Draw(rt, "owner")
			full.State = rapid.SampledFrom([]string{"", "open", "done"}).Draw(rt, "state")
			full.Rank = rapid.IntRange(0, 2).Draw(rt, "rank")
			if rapid.Bool().Draw(rt, "timed") {
				full.Due = day(rapid.IntRange(1, 3).Draw(rt, "due"))
			}
			var actions []expr.Action[Ticket]
			for _, a := range []expr.Action[Ticket]{
				owner.Set(full.Owner), state.Set(full.State), due.Set(full.Due), rank.Set(full.Rank),
			} {
				if rapid.Bool().Draw(rt, "act") {
					actions = append(actions, a)
				}
			}
			if len(actions) == 0 {
				actions = append(actions, state.Remove())
			}
			switch rapid.SampledFrom([]string{"put", "update", "upsert", "delete"}).Draw(rt, "verb") {
			case "put":
				err = tickets.Put(ctx, &full)
			case "update":
				_, err = tickets.Update(ctx, at, actions...)
				if errors.Is(err, dynox.ErrNotFound) {
					err = nil
				}
			case "upsert":
				_, err = tickets.Upsert(ctx, at, actions...)
			case "delete":
				err = tickets.Delete(ctx, at)
			}
			if err != nil {
				rt.Fatal(err, cause(err))
			}
		}
		for item, err := range tickets.Scan(ctx, dynox.All[Ticket]()) {
			if err != nil {
				rt.Fatal(err)
			}
			if err := fresh.Put(ctx, &item); err != nil {
				rt.Fatal(err)
			}
			stored := map[string]string{"pk": "Q#" + item.Queue, "sk": sortKey(item.Number)}
			have, want := raw(t, engine.Client(), "tickets", stored), raw(t, engine.Client(), "fresh", stored) //nolint:contextcheck // it has the context of the test
			for _, name := range slices.Sorted(maps.Keys(want)) {
				// An upsert leaves out what was never set; a put writes zeros.
				derived := slices.Contains([]string{"pk", "sk", "ip", "is", "sp", "ss", "rp", "kind", "owner"}, name)
				if derived && have[name] != want[name] {
					rt.Fatalf("%s is %v, should be %v", name, have[name], want[name])
				}
			}
			for name := range have {
				if _, ok := want[name]; !ok {
					rt.Fatalf("%s is %v, should not be there", name, have[name])
				}
			}
		}
	})
}

func sortKey(n int) string {
	if n < 0 {
		return fmt.Sprintf("T#-%020d", uint64(n)-1<<63)
	}
	return fmt.Sprintf("T#%020d", n)
}
