package docs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

type Reading struct {
	Site   string    `dynamodbav:"site"`
	Sensor int       `dynamodbav:"sensor"`
	At     time.Time `dynamodbav:"at"`
	Grade  float64   `dynamodbav:"grade"`
}

var (
	reading       = expr.Proto[Reading]()
	readingSite   = expr.At(reading, &reading.Site)
	readingSensor = expr.At(reading, &reading.Sensor)
	readingAt     = expr.At(reading, &reading.At)
	readingGrade  = expr.At(reading, &reading.Grade)

	ReadingKey = dynox.Key[Reading]{
		Partition: dynox.Composite("pk", "SITE#{}", readingSite),
		Sort:      dynox.Composite("sk", "READING#{}#{}", readingSensor, readingAt),
	}
)

func Example_keys() {
	ctx := context.Background()
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "readings")
	readings := mustRepo(dynox.NewRepo(table, ReadingKey))
	succeed(table.Ensure(ctx, readings))
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, r := range []Reading{{"oslo", 7, noon, 20}, {"oslo", 7, noon.Add(time.Hour), 21}, {"oslo", 12, noon, 22}, {"rome", 7, noon, 30}} {
		succeed(readings.Put(ctx, &r))
	}
	items, err := engine.Dump("readings")
	fmt.Println(strings.ReplaceAll(items[0], "},", "},\n"), err)

	for r, err := range readings.Query(ctx, ReadingKey.In(Reading{Site: "oslo"}).Where(readingSensor.Eq(7), readingAt.Gt(noon))) {
		fmt.Println(r.Sensor, r.Grade, err)
	}

	_, err = readings.Get(ctx, Reading{Site: "oslo", Sensor: 7})
	fmt.Println(err)
	err = readings.Put(ctx, &Reading{Sensor: 7, At: noon})
	fmt.Println(err, errors.Is(err, dynox.ErrKey))
	// Output:
	// {"at":{"S":"2026-05-01T12:00:00.000000000Z"},
	// "grade":{"N":"20"},
	// "pk":{"S":"SITE#oslo"},
	// "sensor":{"N":"7"},
	// "site":{"S":"oslo"},
	// "sk":{"S":"READING#00000000000000000007#2026-05-01T12:00:00.000000000Z"}} <nil>
	// 7 21 <nil>
	// dynox: get readings: Reading: invalid key: at not set
	// dynox: put readings: Reading: invalid key: site not set true
}

// Readings that another program has written: other separators, plain numbers, and fields that
// live only in the key.
type OldReading struct {
	Site   string  `dynamodbav:"-"`
	Sensor int     `dynamodbav:"-"`
	Grade  float64 `dynamodbav:"grade"`
}

var (
	oldReading = expr.Proto[OldReading]()

	OldReadingKey = dynox.Key[OldReading]{
		Partition: dynox.Composite("PK", "site|{}", dynox.Lower(expr.At(oldReading, &oldReading.Site))),
		Sort:      dynox.Composite("SK", "sensor:{}", dynox.Unpadded(expr.At(oldReading, &oldReading.Sensor))).Also("s-{}"),
	}
)

func Example_keysOfOthers() {
	ctx := context.Background()
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "readings")
	readings := mustRepo(dynox.NewRepo(table, OldReadingKey))
	succeed(table.Ensure(ctx, readings))
	succeed(engine.Seed("readings",
		`{"PK":{"S":"site|oslo"},"SK":{"S":"sensor:7"},"grade":{"N":"20"}}`,
		`{"PK":{"S":"site|oslo"},"SK":{"S":"s-8"},"grade":{"N":"21"}}`))
	for _, sensor := range []int{7, 8} {
		r, err := readings.Get(ctx, OldReading{Site: "Oslo", Sensor: sensor})
		fmt.Println(r.Site, r.Sensor, r.Grade, err)
	}
	// Output:
	// oslo 7 20 <nil>
	// oslo 8 21 <nil>
}
