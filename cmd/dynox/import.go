package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
)

// writeFlags are those of commands that write items.
type writeFlags struct {
	Write       bool `help:"Write. Without it the command only tells what it would do."`
	Concurrency int  `default:"4" placeholder:"N" help:"Requests that write at once (${default})."`
}

type importCmd struct {
	File  string `arg:"" type:"path" help:"File to read, as export writes it, compressed or not; or - for the standard input, which cannot be gone on with."`
	Table string `arg:"" help:"Table, or its ARN. It must be there. Items of the file take the place of those with their keys."`

	Format           string `enum:"items,plain" default:"items" placeholder:"items|plain" help:"Form of the lines: DynamoDB JSON ({\"Item\":{…}}), or plain JSON."`
	SkipBad          bool   `help:"Tell of lines that cannot be imported, and go on after them."`
	WithoutSentinels bool   `help:"Leave out items that claim unique values for others."`
	writeFlags
	writeUnits
	jobFlags
}

func (c *importCmd) Run(ctx context.Context, out *console, at *target) error {
	if c.File == "-" && c.State != "" {
		return usage("--state: what comes from the standard input cannot be gone on with")
	}
	client, err := at.client(ctx)
	if err != nil {
		return err
	}
	to, err := table(client, c.Table, 0, c.WriteUnits)
	if err != nil {
		return err
	}
	have, err := size(ctx, to)
	if err != nil {
		return err
	}
	j := &job{console: out, name: "import " + c.Table}
	if c.File == "-" {
		if err := c.allowed(j, "the standard input", where(client), have); err != nil {
			return err
		}
		if err := j.open(false); err != nil {
			return err
		}
		return c.into(ctx, j, func(bulk.Progress) (int64, int64) { return 0, 0 }, out.in, to)
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", c.File)
	}
	if err := c.allowed(j, fmt.Sprintf("%s (%s)", c.File, many(info.Size(), "byte")), where(client), have); err != nil {
		return err
	}
	if j.path = c.State; j.path == "" {
		j.path = c.File + "." + statePath("", "import", c.Table)
	}
	if err := j.open(c.Restart, where(client), c.File, info.Size(), info.ModTime().UnixNano(), c.Format, c.WithoutSentinels); err != nil {
		return err
	}
	defer j.leave()
	tracked := &trackedFile{file: file}
	if err := c.into(ctx, j, func(bulk.Progress) (int64, int64) { return tracked.at.Load(), info.Size() }, tracked, to); err != nil {
		return err
	}
	return j.close()
}

// allowed says what is about to happen, and fails if it must not.
func (c *importCmd) allowed(j *job, from, place string, have int64) error {
	if c.Write {
		return nil
	}
	return j.dry("puts the items of %s into %s at %s, which has %s", from, c.Table, place, about(have))
}

func (c *importCmd) into(ctx context.Context, j *job, of steps, r io.Reader, to *dynox.Table) error {
	opts := []bulk.ImportOption{bulk.Concurrency(c.Concurrency), bulk.MaxRetries(attempts)}
	if c.Format == "plain" {
		opts = append(opts, bulk.Plain())
	}
	if c.WithoutSentinels {
		opts = append(opts, bulk.WithoutSentinels())
	}
	if c.SkipBad {
		opts = append(opts, bulk.OnBadLine(func(bad *bulk.LineError) error {
			fmt.Fprintln(j.err, "dynox:", bad)
			return nil
		}))
	}
	p, err := j.run(ctx, of, nil, func(ctx context.Context, after bulk.Checkpoint, told func(bulk.Progress)) (bulk.Progress, error) {
		return bulk.Import(ctx, to, r, append(opts, bulk.After(after), bulk.OnProgress(told))...)
	})
	if err != nil {
		return err
	}
	j.sum(p, items(p))
	return nil
}

// items says how many items were moved, and how many not.
func items(p bulk.Progress) string {
	text := many(p.Items, "item")
	if p.Skipped > 0 {
		text += fmt.Sprintf(", %s left out", number(p.Skipped))
	}
	return text
}

// trackedFile is a file that tells how much of it was read.
type trackedFile struct {
	file *os.File
	at   atomic.Int64
}

func (f *trackedFile) Read(b []byte) (int, error) {
	n, err := f.file.Read(b)
	f.at.Add(int64(n))
	return n, err
}

func (f *trackedFile) Seek(offset int64, whence int) (int64, error) {
	at, err := f.file.Seek(offset, whence)
	if err == nil {
		f.at.Store(at)
	}
	return at, err
}
