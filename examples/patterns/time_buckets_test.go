package patterns_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

type Measurement struct {
	Sensor string    `dynamodbav:"sensor"`
	Day    string    `dynamodbav:"day"`
	At     time.Time `dynamodbav:"at"`
	Value  float64   `dynamodbav:"value"`
}

var (
	measurement    = expr.Proto[Measurement]()
	at             = expr.At(measurement, &measurement.At)
	MeasurementKey = dynox.Key[Measurement]{
		Partition: dynox.Composite("pk", "SENSOR#{}#{}", expr.At(measurement, &measurement.Sensor), expr.At(measurement, &measurement.Day)),
		Sort:      dynox.Composite("sk", "AT#{}", at),
	}
)

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Time buckets: a partition for each day, so that none grows without end, and an old day is
// deleted as a whole. A range of time is the days it touches, one after the other.
func Example_timeBuckets() {
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "sensors")
	measurements, err := dynox.NewRepo(table, MeasurementKey)
	check(err)
	check(table.Ensure(ctx, measurements))
	from := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 10 {
		t := from.Add(time.Duration(i) * 8 * time.Hour)
		check(measurements.Put(ctx, &Measurement{"s1", dayOf(t), t, float64(i)}))
	}

	to := from.Add(36 * time.Hour)
	var days []iter.Seq2[Measurement, error]
	for day := from; dayOf(day) <= dayOf(to); day = day.AddDate(0, 0, 1) {
		q := MeasurementKey.In(Measurement{Sensor: "s1", Day: dayOf(day)}).Where(at.Between(from, to))
		days = append(days, measurements.Query(ctx, q))
	}
	for m, err := range iter.Concat(days...) {
		fmt.Println(m.At.Format(time.DateTime), m.Value, err)
	}
	// Output:
	// 2026-03-01 12:00:00 0 <nil>
	// 2026-03-01 20:00:00 1 <nil>
	// 2026-03-02 04:00:00 2 <nil>
	// 2026-03-02 12:00:00 3 <nil>
	// 2026-03-02 20:00:00 4 <nil>
}
