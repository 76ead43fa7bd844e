package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
)

// scanFlags are those of commands that read whole tables.
type scanFlags struct {
	Segments   int  `default:"4" placeholder:"N" help:"Parts of the table to read at once (${default})."`
	Consistent bool `help:"Read consistently, for twice the capacity."`
}

type exportCmd struct {
	Table string `arg:"" help:"Table, or its ARN."`
	File  string `arg:"" type:"path" help:"File to write, or - for the standard output, which cannot be gone on with."`

	Format           string `enum:"items,plain" default:"items" placeholder:"items|plain" help:"Lines of DynamoDB JSON ({\"Item\":{…}}), as the service's exports are, or of plain JSON, which loses sets and bytes."`
	Compress         string `enum:"auto,none,gzip,zstd" default:"auto" placeholder:"none|gzip|zstd" help:"Compression; without it, as the end of the file's name says: .gz, .zst."`
	Overwrite        bool   `help:"Write over a file that is there."`
	WithoutSentinels bool   `help:"Leave out items that claim unique values for others."`
	scanFlags
	readUnits
	jobFlags
}

// options are those of bulk.Export.
func (c *exportCmd) options() []bulk.ExportOption {
	opts := []bulk.ExportOption{bulk.Segments(c.Segments)}
	if c.Consistent {
		opts = append(opts, bulk.Consistent())
	}
	if c.Format == "plain" {
		opts = append(opts, bulk.Plain())
	}
	if c.WithoutSentinels {
		opts = append(opts, bulk.WithoutSentinels())
	}
	switch c.compression() {
	case "gzip":
		opts = append(opts, bulk.Gzip())
	case "zstd":
		opts = append(opts, bulk.Zstd())
	}
	return opts
}

func (c *exportCmd) compression() string {
	switch {
	case c.Compress != "auto":
		return c.Compress
	case strings.HasSuffix(c.File, ".gz"):
		return "gzip"
	case strings.HasSuffix(c.File, ".zst"):
		return "zstd"
	}
	return "none"
}

// Run writes to a file beside the one that is wanted, so that what has its name is whole.
func (c *exportCmd) Run(ctx context.Context, out *console, at *target) error {
	if c.File == "-" && c.State != "" {
		return usage("--state: what goes to the standard output cannot be gone on with")
	}
	client, err := at.client(ctx)
	if err != nil {
		return err
	}
	from, err := table(client, c.Table, c.ReadUnits, 0, dynox.ReadOnly())
	if err != nil {
		return err
	}
	total, err := size(ctx, from)
	if err != nil {
		return err
	}
	j := &job{console: out, name: "export " + c.Table}
	if c.File == "-" {
		if err := j.open(false); err != nil {
			return err
		}
		return c.export(ctx, j, from, total, out.out, nil)
	}
	if _, err := os.Stat(c.File); err == nil && !c.Overwrite {
		return fmt.Errorf("%s is there: give --overwrite to write over it", c.File)
	}
	if j.path = c.State; j.path == "" {
		j.path = c.File + ".state"
	}
	part := c.File + ".part"
	if err := j.open(c.Restart, where(client), c.File, c.Format, c.compression(), c.Segments, c.WithoutSentinels); err != nil {
		return err
	}
	defer j.leave()
	file, err := openPart(part, j.was.Bytes)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // again, once it is whole
	if err := c.export(ctx, j, from, total, file, file.Sync); err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, c.File); err != nil {
		return err
	}
	return j.close()
}

func (c *exportCmd) export(ctx context.Context, j *job, from *dynox.Table, total int64, w io.Writer, sync func() error) error {
	p, err := j.run(ctx, ofItems(total), sync, func(ctx context.Context, after bulk.Checkpoint, told func(bulk.Progress)) (bulk.Progress, error) {
		return bulk.Export(ctx, from, w, append(c.options(), bulk.After(after), bulk.OnProgress(told))...)
	})
	if err != nil {
		return err
	}
	j.sum(p, fmt.Sprintf("%s, %s", many(p.Items, "item"), many(p.Bytes, "byte")))
	return nil
}

// openPart opens the file of an export for what comes after its first bytes. What comes after those in it is of
// no use.
func openPart(name string, after int64) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) // it is as secret as the table
	if err != nil {
		return nil, err
	}
	have, err := file.Seek(0, io.SeekEnd)
	if err == nil && have < after {
		err = fmt.Errorf("%s has %d bytes of the %d that the state speaks of: give --restart: %w", name, have, after, fs.ErrInvalid)
	}
	if err == nil {
		err = file.Truncate(after)
	}
	if err == nil {
		_, err = file.Seek(after, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
