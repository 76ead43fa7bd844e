package docs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

type Ticket struct {
	ID     string    `dynamodbav:"id"`
	Team   string    `dynamodbav:"team"`
	Status string    `dynamodbav:"status"`
	Region string    `dynamodbav:"region"`
	Opened time.Time `dynamodbav:"opened"`
	Urgent string    `dynamodbav:"urgent,omitempty"` // the team, while it is
}

var (
	ticket       = expr.Proto[Ticket]()
	ticketID     = expr.At(ticket, &ticket.ID)
	ticketTeam   = expr.At(ticket, &ticket.Team)
	ticketStatus = expr.At(ticket, &ticket.Status)
	ticketRegion = expr.At(ticket, &ticket.Region)
	ticketOpened = expr.At(ticket, &ticket.Opened)
	ticketUrgent = expr.At(ticket, &ticket.Urgent)

	TicketKey = dynox.Key[Ticket]{Partition: dynox.By(ticketID)}

	// Composed: open tickets of a team in order, as the service knew indexes until 2025.
	ByTeam = dynox.GSI("by-team", dynox.Key[Ticket]{
		Partition: dynox.Composite("team_key", "TEAM#{}", ticketTeam),
		Sort:      dynox.Composite("team_sort", "{}#{}", ticketStatus, ticketOpened),
	})
	// Of several attributes, which need no composing.
	ByRegion = dynox.GSI("by-region", dynox.Key[Ticket]{
		Partition: dynox.By(ticketTeam, ticketRegion),
		Sort:      dynox.By(ticketStatus, ticketOpened),
	})
	// Sparse: only urgent tickets are in it.
	ByUrgency = dynox.GSI("urgent", dynox.Key[Ticket]{Partition: dynox.By(ticketUrgent), Sort: dynox.By(ticketOpened)}).KeysOnly()
)

func Example_indexes() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "tickets")
	tickets := mustRepo(dynox.NewRepo(table, TicketKey, ByTeam, ByRegion, ByUrgency))
	succeed(table.Ensure(ctx, tickets))
	for i, t := range []Ticket{
		{ID: "1", Team: "db", Status: "open", Region: "eu", Urgent: "db"}, {ID: "2", Team: "db", Status: "done", Region: "eu"},
		{ID: "3", Team: "db", Status: "open", Region: "us"}, {ID: "4", Team: "ui", Status: "open", Region: "eu"},
	} {
		t.Opened = noon.AddDate(0, 0, i)
		succeed(tickets.Put(ctx, &t))
	}
	show := func(q dynox.Query[Ticket]) {
		found, err := iter.Collect(tickets.Query(ctx, q))
		for _, t := range found {
			fmt.Print(t.ID, " ")
		}
		fmt.Println(len(found), err)
	}
	show(ByTeam.In(Ticket{Team: "db", Status: "open"}))
	show(ByRegion.In(Ticket{Team: "db", Region: "eu"}).Where(ticketStatus.Eq("open"), ticketOpened.Ge(noon)))
	show(ByUrgency.In(Ticket{Urgent: "db"}))

	_, err := tickets.Update(ctx, Ticket{ID: "1"}, ticketStatus.Set("done"), ticketUrgent.Remove())
	fmt.Println(err)
	_, err = tickets.Update(ctx, Ticket{ID: "1"}, ticketStatus.Set("done"), ticketOpened.Set(noon), ticketUrgent.Remove())
	fmt.Println(err)
	show(ByTeam.In(Ticket{Team: "db", Status: "open"}))
	show(ByUrgency.In(Ticket{Urgent: "db"}))
	// Output:
	// 1 3 2 <nil>
	// 1 1 <nil>
	// 1 1 <nil>
	// dynox: update tickets: Ticket: team_sort is composed of [status] and [opened]: update all of them together
	// <nil>
	// 3 1 <nil>
	// 0 <nil>
}
