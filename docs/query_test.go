package docs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/iter"
	"github.com/dynox-go/dynox/memtable"
)

func openReadings(ctx context.Context, opts ...dynox.TableOption) *dynox.Repo[Reading] {
	table := dynox.NewTable(memtable.Open().Client(), "readings", opts...)
	readings := mustRepo(dynox.NewRepo(table, ReadingKey))
	succeed(table.Ensure(ctx, readings))
	for n := range 10 {
		succeed(readings.Put(ctx, &Reading{"oslo", n % 2, noon.Add(time.Duration(n) * time.Hour), float64(n)}))
	}
	return readings
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func Example_query() {
	ctx := context.Background()
	readings := openReadings(ctx)
	oslo := ReadingKey.In(Reading{Site: "oslo"})

	for r, err := range readings.Query(ctx, oslo.Where(readingSensor.Eq(1)).Desc().Limit(2)) {
		fmt.Println(r.At.Format(time.TimeOnly), r.Grade, err)
	}

	warm, err := iter.Collect(readings.Query(ctx, oslo.Filter(readingGrade.Gt(5)).Only(readingGrade)))
	fmt.Println(len(warm), warm[0].Grade, warm[0].Site == "", err)

	n, err := readings.Count(ctx, oslo.Where(readingSensor.Ge(1)))
	fmt.Println(n, err)

	first, err := iter.First(readings.Query(ctx, oslo.Limit(1)))
	fmt.Println(first.Grade, err)

	_, err = readings.Count(ctx, oslo.Where(readingAt.Gt(noon)))
	fmt.Println(err)
	// Output:
	// 21:00:00 9 <nil>
	// 19:00:00 7 <nil>
	// 4 6 true <nil>
	// 5 <nil>
	// 0 <nil>
	// dynox: count readings: Reading: where: sensor comes before at in the sort key and must be set or equal to a value
}

func Example_queryCursor() {
	ctx := context.Background()
	readings := openReadings(ctx, dynox.SealCursors([]byte("sixteen byte key")))
	q := ReadingKey.In(Reading{Site: "oslo"}).Limit(4)
	pages := 0
	for cursor := dynox.Cursor(""); pages == 0 || cursor != ""; pages++ {
		page, err := readings.Page(ctx, q.After(cursor))
		succeed(err)
		fmt.Println(len(page.Items))
		cursor = page.Next
	}
	_, err := readings.Page(ctx, ReadingKey.In(Reading{Site: "rome"}).After("made up"))
	fmt.Println(errors.Is(err, dynox.ErrCursor))
	// Output:
	// 4
	// 4
	// 2
	// true
}

func Example_scan() {
	ctx := context.Background()
	readings := openReadings(ctx)
	var place dynox.Cursor
	sum := 0.0
	for r, err := range readings.Scan(ctx, dynox.All[Reading]().Segments(4).MaxScanned(6).Track(&place)) {
		succeed(err)
		sum += r.Grade
	}
	for r, err := range readings.Scan(ctx, dynox.All[Reading]().Segments(4).After(place)) { // perhaps another day
		succeed(err)
		sum += r.Grade
	}
	fmt.Println(sum)
	// Output:
	// 45
}
