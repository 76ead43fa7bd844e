package patterns_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Ticket struct {
	ID        string    `dynamodbav:"id"`
	Queue     string    `dynamodbav:"queue"`
	OpenSince time.Time `dynamodbav:"open_since,omitzero"` // only of open ones
}

var (
	ticket    = expr.Proto[Ticket]()
	openSince = expr.At(ticket, &ticket.OpenSince)
	TicketKey = dynox.Key[Ticket]{Partition: dynox.Composite("pk", "TICKET#{}", expr.At(ticket, &ticket.ID))}
	OpenOnes  = dynox.GSI("open", dynox.Key[Ticket]{
		Partition: dynox.By(expr.At(ticket, &ticket.Queue)), Sort: dynox.By(openSince),
	})
)

// Sparse index: an item that lacks an attribute of an index's key is not in the index. So
// one of open tickets holds a few of millions, and costs as much.
func Example_sparseIndex() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "tickets")
	tickets, err := dynox.NewRepo(table, TicketKey, OpenOnes)
	check(err)
	check(table.Ensure(ctx, tickets))
	now := time.Now()
	for i, id := range []string{"a", "b", "c"} {
		check(tickets.Put(ctx, &Ticket{ID: id, Queue: "web", OpenSince: now.Add(-time.Duration(i) * time.Hour)}))
	}

	_, err = tickets.Update(ctx, Ticket{ID: "b"}, openSince.Remove()) // closed
	check(err)
	for t, err := range tickets.Query(ctx, OpenOnes.In(Ticket{Queue: "web"})) { // the longest open first
		fmt.Println(t.ID, err)
	}
	// Output:
	// c <nil>
	// a <nil>
}
