package dynox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// A key made of several fields: derived by every write, verified by every
// read, in the order that Go has for the fields.
func ExampleComposite() {
	type Reading struct {
		Plant  string    `dynamodbav:"plant"`
		Sensor string    `dynamodbav:"sensor"`
		At     time.Time `dynamodbav:"at"`
		Value  float64   `dynamodbav:"value"`
	}
	reading := expr.Proto[Reading]()
	plant, sensor, at := expr.At(reading, &reading.Plant), expr.At(reading, &reading.Sensor), expr.At(reading, &reading.At)
	key := dynox.Key[Reading]{
		Partition: dynox.Composite("pk", "PLANT#{}", plant),
		Sort:      dynox.Composite("sk", "{}#{}", sensor, at),
	}
	engine := memtable.Open()
	table := dynox.NewTable(engine.Client(), "readings")
	readings, err := dynox.NewRepo(table, key)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, readings))
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for n, sensor := range []string{"t1", "t10", "t1", "t1"} {
		check(readings.Put(ctx, &Reading{Plant: "a", Sensor: sensor, At: noon.Add(time.Duration(n) * 500 * time.Millisecond)}))
	}

	// What is set from the left narrows the query: t10 is not t1.
	of := key.In(Reading{Plant: "a", Sensor: "t1"})
	for r, err := range readings.Query(ctx, of.Where(at.Gt(noon))) {
		fmt.Println(r.Sensor, r.At.Format(time.RFC3339Nano), err)
	}
	_, err = readings.Get(ctx, Reading{Plant: "a", Sensor: "t1"})
	fmt.Println(err)
	// Output:
	// t1 2026-05-01T12:00:01Z <nil>
	// t1 2026-05-01T12:00:01.5Z <nil>
	// dynox: get readings: Reading: invalid key: at not set
}

// A profile beside a user's other items: one for each partition key, so its
// sort key is always the same.
func ExampleConst() {
	type Profile struct {
		User  string `dynamodbav:"user"`
		Theme string `dynamodbav:"theme"`
	}
	profile := expr.Proto[Profile]()
	key := dynox.Key[Profile]{
		Partition: dynox.Composite("pk", "USER#{}", expr.At(profile, &profile.User)),
		Sort:      dynox.Const[Profile]("sk", "PROFILE"),
	}
	table := dynox.NewTable(memtable.Open().Client(), "app")
	profiles, err := dynox.NewRepo(table, key)
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, profiles))
	check(profiles.Put(ctx, &Profile{User: "1", Theme: "dark"}))
	p, err := profiles.Get(ctx, Profile{User: "1"})
	fmt.Println(p.Theme, err)
	// Output: dark <nil>
}

// A value that contains the literal after its placeholder is refused, as it
// could be taken for another key. Escaped allows it.
func ExampleEscaped() {
	type File struct {
		Dir  string `dynamodbav:"dir"`
		Name string `dynamodbav:"name"`
	}
	file := expr.Proto[File]()
	dir, name := expr.At(file, &file.Dir), expr.At(file, &file.Name)
	ctx := context.Background()
	for _, field := range []expr.Field[File]{dir, dynox.Escaped(dir)} {
		table := dynox.NewTable(memtable.Open().Client(), "files")
		files, err := dynox.NewRepo(table, dynox.Key[File]{Partition: dynox.Composite("pk", "{}/{}", field, name)})
		check(err)
		check(table.Ensure(ctx, files))
		fmt.Println(files.Put(ctx, &File{Dir: "a/b", Name: "c"}))
	}
	// Output:
	// dynox: put files: File: key: dir: its value contains the literal "/" that follows it in the key; dynox.Escaped allows that
	// <nil>
}

// What is wrong with the type, its tags, the key and the options comes before
// anything is read or written.
func ExampleNewRepo() {
	type Part struct {
		ID    string `dynamodbav:"id"`
		Count int    `dynamodbav:"count"`
	}
	part := expr.Proto[Part]()
	id, count := expr.At(part, &part.ID), expr.At(part, &part.Count)
	elsewhere := expr.At(part, new(string))
	_, err := dynox.NewRepo(dynox.NewTable(memtable.Open().Client(), "parts"), dynox.Key[Part]{
		Partition: dynox.Composite("pk", "{}{}", id, count),
		Sort:      dynox.By(elsewhere),
	})
	fmt.Println(err)
	// Output:
	// dynox: new repository parts: dynox_test.Part: partition key: pk: format "{}{}": id: needs a literal between it and the next placeholder
	// sort key: the *string given to At is not the address of a field of this dynox_test.Part
}
