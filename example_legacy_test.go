package dynox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

// A table that other programs write: fields that live in the key alone, other
// separators, letters in lower case, numbers without padding.
func ExampleUnpadded() {
	type Device struct {
		Site   string `dynamodbav:"-"` // in the key alone, and filled from it
		Serial int    `dynamodbav:"-"`
		Model  string `dynamodbav:"model"`
	}
	device := expr.Proto[Device]()
	site, serial := expr.At(device, &device.Site), expr.At(device, &device.Serial)
	key := dynox.Key[Device]{
		Partition: dynox.Composite("PK", "site|{}", dynox.Lower(site)),
		Sort:      dynox.Composite("SK", "device:{}", dynox.Unpadded(serial)),
	}
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "devices")
	devices, err := dynox.NewRepo(table, key)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, devices))
	check(engine.Seed("devices", `{"PK": {"S": "site|oslo"}, "SK": {"S": "device:7"}, "model": {"S": "old"}}`))
	check(devices.Put(ctx, &Device{Site: "Oslo", Serial: 12, Model: "new"}))
	for d, err := range devices.Query(ctx, key.In(Device{Site: "OSLO"})) {
		fmt.Println(d.Site, d.Serial, d.Model, err)
	}
	// Output:
	// oslo 12 new <nil>
	// oslo 7 old <nil>
}

// Items written in an older way are read beside those of today.
func ExamplePart_also() {
	type Ticket struct {
		Queue  string `dynamodbav:"queue"`
		Number int    `dynamodbav:"number"`
	}
	ticket := expr.Proto[Ticket]()
	queue, number := expr.At(ticket, &ticket.Queue), expr.At(ticket, &ticket.Number)
	key := dynox.Key[Ticket]{
		Partition: dynox.Composite("pk", "QUEUE#{}", queue),
		Sort:      dynox.Composite("sk", "TICKET#{}", dynox.Padded(number, 8)).Also("TCK_{}"),
	}
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "tickets")
	tickets, err := dynox.NewRepo(table, key)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, tickets))
	check(engine.Seed("tickets",
		`{"pk": {"S": "QUEUE#a"}, "sk": {"S": "TCK_00000007"}, "queue": {"S": "a"}, "number": {"N": "7"}}`))
	check(tickets.Put(ctx, &Ticket{Queue: "a", Number: 8}))
	t, err := tickets.Get(ctx, Ticket{Queue: "a", Number: 7})
	fmt.Println(t.Number, err)
	all, err := iter.Collect(tickets.Query(ctx, key.In(Ticket{Queue: "a"})))
	fmt.Println(len(all), err)
	// Output:
	// 7 <nil>
	// 2 <nil>
}

// Times in keys are written with a fixed width, so that they sort. TimeAsIs
// leaves them as other programs expect them.
func ExampleTimeAsIs() {
	type Beat struct {
		Host string    `dynamodbav:"host"`
		At   time.Time `dynamodbav:"at"`
	}
	beat := expr.Proto[Beat]()
	host, at := expr.At(beat, &beat.Host), expr.At(beat, &beat.At)
	ctx := context.Background()
	for _, field := range []expr.Field[Beat]{at, dynox.TimeAsIs(at)} {
		engine := memtable.Open()
		table := dynox.NewTable(engine.Client(), "beats")
		beats, err := dynox.NewRepo(table, dynox.Key[Beat]{Partition: dynox.By(host), Sort: dynox.By(field)})
		check(err)
		check(table.Ensure(ctx, beats))
		check(beats.Put(ctx, &Beat{Host: "a", At: time.Date(2026, 5, 1, 14, 0, 0, 0, time.FixedZone("", 7200))}))
		stored, err := engine.Dump("beats")
		fmt.Println(stored, err)
	}
	// Output:
	// [{"at":{"S":"2026-05-01T12:00:00.000000000Z"},"host":{"S":"a"}}] <nil>
	// [{"at":{"S":"2026-05-01T14:00:00+02:00"},"host":{"S":"a"}}] <nil>
}
