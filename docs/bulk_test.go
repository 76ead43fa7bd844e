package docs_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
)

// exportOn goes on with an export from where an earlier one stood.
func exportOn(ctx context.Context, table *dynox.Table, file *os.File, p bulk.Progress, save func(bulk.Progress)) (bulk.Progress, error) {
	if err := file.Truncate(p.Bytes); err != nil {
		return p, err
	}
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		return p, err
	}
	return bulk.Export(ctx, table, file, bulk.Segments(1), bulk.After(p.Checkpoint), bulk.OnProgress(save))
}

func Example_bulkExport() {
	ctx := context.Background()
	h := openHotel(ctx)
	dir, err := os.MkdirTemp("", "")
	succeed(err)
	defer func() { succeed(os.RemoveAll(dir)) }()
	file, err := os.Create(filepath.Join(dir, "hotel.json")) //nolint:gosec // of the example's own
	succeed(err)
	defer func() { succeed(file.Close()) }()

	short, cancel := context.WithCancel(ctx)
	p, err := bulk.Export(short, h.table, file, bulk.Segments(1), bulk.PageSize(2), bulk.OnProgress(func(bulk.Progress) { cancel() }))
	fmt.Println(p.Items < 7, err) // a page that was on its way may have come

	p, err = exportOn(ctx, h.table, file, p, func(bulk.Progress) {})
	fmt.Println(p.Items, "items,", err)
	// Output:
	// true dynox: export hotel: context canceled
	// 7 items, <nil>
}

// confirm confirms all bookings.
func confirm(ctx context.Context, bookings *dynox.Repo[Booking]) (bulk.Progress, error) {
	return bulk.Migrate(ctx, bookings, func(_ context.Context, b *Booking) (bulk.Verdict, error) {
		if b.Status == "confirmed" {
			return bulk.Keep, nil
		}
		b.Status = "confirmed"
		return bulk.Save, nil
	}, bulk.Verify())
}

func Example_bulkMigrate() {
	ctx := context.Background()
	h := openHotel(ctx)
	for range 2 {
		p, err := confirm(ctx, h.bookings)
		fmt.Println(p.Items, "items:", p.Changed, "changed,", err)
	}
	// Output:
	// 3 items: 3 changed, <nil>
	// 3 items: 0 changed, <nil>
}
