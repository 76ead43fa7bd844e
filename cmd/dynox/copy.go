package main

import (
	"context"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
)

type copyCmd struct {
	From string `arg:"" help:"Table to copy, or its ARN."`
	Into string `arg:"" help:"Table with the same key, or its ARN. It must be there. Its items with the same keys are replaced, and others stay."`

	To               target `embed:"" prefix:"to-"`
	WithoutSentinels bool   `help:"Leave out items that claim unique values for others."`
	scanFlags
	writeFlags
	readUnits
	writeUnits
	jobFlags
}

func (c *copyCmd) Run(ctx context.Context, out *console, at *target) error {
	from, total, place, err := c.end(ctx, *at, c.From, dynox.ReadOnly())
	if err != nil {
		return err
	}
	other := c.To
	if other == (target{}) {
		other = *at
	}
	to, have, otherPlace, err := c.end(ctx, other, c.Into)
	if err != nil {
		return err
	}
	if place == otherPlace && c.From == c.Into && c.To.Profile == "" {
		return usage("%s cannot be copied into itself", c.From)
	}
	j := &job{console: out, name: "copy " + c.From + " to " + c.Into, path: statePath(c.State, "copy", c.From, c.Into)}
	if !c.Write {
		return j.dry("puts the items of %s at %s, %s, into %s at %s, which has %s", c.From, place, about(total), c.Into, otherPlace, about(have))
	}
	if err := j.open(c.Restart, place, at.Profile, otherPlace, c.To.Profile, c.Segments, c.WithoutSentinels); err != nil {
		return err
	}
	defer j.leave()
	opts := []bulk.CopyOption{bulk.Segments(c.Segments), bulk.Concurrency(c.Concurrency), bulk.MaxRetries(attempts)}
	if c.Consistent {
		opts = append(opts, bulk.Consistent())
	}
	if c.WithoutSentinels {
		opts = append(opts, bulk.WithoutSentinels())
	}
	p, err := j.run(ctx, ofItems(total), nil, func(ctx context.Context, after bulk.Checkpoint, told func(bulk.Progress)) (bulk.Progress, error) {
		return bulk.Copy(ctx, from, to, append(opts, bulk.After(after), bulk.OnProgress(told))...)
	})
	if err != nil {
		return err
	}
	j.sum(p, items(p))
	return j.close()
}

// end is a table of the copy, about how many items it has, and where it is.
func (c *copyCmd) end(ctx context.Context, at target, name string, opts ...dynox.TableOption) (*dynox.Table, int64, string, error) {
	client, err := at.client(ctx)
	if err != nil {
		return nil, 0, "", err
	}
	t, err := table(client, name, c.ReadUnits, c.WriteUnits, opts...)
	if err != nil {
		return nil, 0, "", err
	}
	have, err := size(ctx, t)
	return t, have, where(client), err
}
