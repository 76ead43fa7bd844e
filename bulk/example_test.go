package bulk_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/memtable"
)

// An export that is broken off goes on from its last checkpoint, and a table is imported
// from what it wrote.
func ExampleExport() {
	ctx := context.Background()
	engine := memtable.Open()
	defer engine.Close()
	table := dynox.NewTable(engine.Client(), "accounts", dynox.RateLimit(dynox.FixedRate(dynox.Units{Read: 500, Write: 500})))
	restored := dynox.NewTable(engine.Client(), "restored")
	repo, err := dynox.NewRepo(table, accountKey)
	if err != nil {
		log.Fatal(err)
	}
	if err := table.Ensure(ctx, repo); err != nil {
		log.Fatal(err)
	}
	if err := restored.Ensure(ctx, repo.On(restored)); err != nil {
		log.Fatal(err)
	}
	for i := range 10 {
		if err := repo.Put(ctx, &Account{ID: fmt.Sprintf("a-%d", i), Dollars: i}); err != nil {
			log.Fatal(err)
		}
	}

	// The process ends after the first page.
	var file bytes.Buffer
	short, cancel := context.WithCancel(ctx)
	p, err := bulk.Export(short, table, &file, bulk.Segments(1), bulk.PageSize(3), bulk.OnProgress(func(bulk.Progress) { cancel() }))
	fmt.Println(p.Items < 10, err) // a page that was on its way may have come

	// Another one goes on.
	file.Truncate(int(p.Bytes))
	p, err = bulk.Export(ctx, table, &file, bulk.Segments(1), bulk.After(p.Checkpoint))
	fmt.Println(p.Items, "items,", err)
	line, _, _ := strings.Cut(file.String(), "\n")
	fmt.Println(strings.HasPrefix(line, `{"Item":{`))

	p, err = bulk.Import(ctx, restored, &file)
	fmt.Println(p.Items, "items,", err)
	// Output:
	// true dynox: export accounts: context canceled
	// 10 items, <nil>
	// true
	// 10 items, <nil>
}

// Dollars become cents. The function knows what is done, so that it can be called again
// with any item.
func ExampleMigrate() {
	ctx := context.Background()
	engine := memtable.Open()
	defer engine.Close()
	table := dynox.NewTable(engine.Client(), "accounts")
	repo, err := dynox.NewRepo(table, accountKey)
	if err != nil {
		log.Fatal(err)
	}
	if err := table.Ensure(ctx, repo); err != nil {
		log.Fatal(err)
	}
	for i := range 10 {
		if err := repo.Put(ctx, &Account{ID: fmt.Sprintf("a-%d", i), Dollars: i}); err != nil {
			log.Fatal(err)
		}
	}
	cents := func(_ context.Context, a *Account) (bulk.Verdict, error) {
		switch {
		case a.Cents > 0:
			return bulk.Keep, nil
		case a.Dollars == 0:
			return bulk.Delete, nil
		}
		a.Cents, a.Dollars = 100*a.Dollars, 0
		return bulk.Save, nil
	}
	for _, opt := range []bulk.MigrateOption{bulk.DryRun(), bulk.Verify(), nil} {
		p, err := bulk.Migrate(ctx, repo, cents, opt)
		fmt.Println(p.Items, "items:", p.Changed, "changed,", p.Deleted, "deleted,", err)
	}
	// Output:
	// 10 items: 9 changed, 1 deleted, <nil>
	// 10 items: 9 changed, 1 deleted, <nil>
	// 9 items: 0 changed, 0 deleted, <nil>
}
