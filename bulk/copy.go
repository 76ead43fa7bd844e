package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// Copy puts the items of one table into another with the same key, in place of those that
// are there. The tables may be of two accounts or regions, each with its own client; items
// of to that from does not have stay. It makes no snapshot: of what is written to from
// during the call, some may be copied and some not, and no delete is.
//
// It reads [Segments] of the table at once, and sends up to [Concurrency] requests of
// what was read. A checkpoint is the first page of each segment that is not certainly copied;
// what follows is copied again.
//
// The error is a *dynox.Error that names the second table. The Progress has the last
// checkpoint then.
func Copy(ctx context.Context, from, to *dynox.Table, opts ...CopyOption) (Progress, error) {
	j := newJob()
	for _, opt := range opts {
		if opt != nil {
			opt.copies(j)
		}
	}
	const op = "copy"
	fail := func(err error) (Progress, error) {
		return j.unbegun(coreOf(from)), wrap(op, nameOf(to), err)
	}
	if err := j.check(); err != nil {
		return fail(err)
	}
	source, sourceKeys, err := describe(ctx, from)
	if err != nil {
		return fail(fmt.Errorf("from %s: %w", nameOf(from), err))
	}
	target, targetKeys, err := describe(ctx, to)
	if err != nil {
		return fail(err)
	}
	if !slices.Equal(sourceKeys, targetKeys) {
		return fail(fmt.Errorf("its key is not that of %s", source.Name))
	}
	repo, err := targetKeys.repo(to)
	if err != nil {
		return fail(err)
	}
	ctx, run, err := j.begin(ctx, source, "copy "+source.Name+" "+target.Name, j.segments)
	if err != nil {
		return fail(err)
	}
	c := &copying{run: run, repo: repo, partition: sourceKeys[0].name, pages: make([][]*copied, j.segments)}
	return run.end(op, target.Name, c.all(ctx))
}

// copying is a copy on its way. All of it belongs to the goroutine of the caller, but for
// the pages' reading.
type copying struct {
	*run
	repo      *core.Repo
	partition string
	pages     [][]*copied // on their way, in order, of each segment
	stop      bool        // the service does not get on
}

// copied is a page that was read.
type copied struct {
	next    segment
	items   int
	skipped int
	open    int // items that are not settled, and one while there may come more
}

var errStopped = errors.New("nothing more is taken")

func (c *copying) all(ctx context.Context) error {
	how := c.writing
	how.Settled = func(op core.BatchOp) { op.Tag.(*copied).open-- } //nolint:forcetypeassert // it is ours
	var failed, unread error
	how.Progress = func(n core.BatchCounts) {
		c.advance()
		c.stop = c.stop || n.Left > 0
		if err := c.tell(); err != nil && failed == nil {
			failed, c.stop = err, true
		}
	}
	_, _, err := core.WriteBatch(ctx, func(yield func(core.BatchOp) bool) {
		unread = scan(ctx, c.run, func() func(context.Context, *core.RawPage) ([][]byte, error) {
			return func(_ context.Context, p *core.RawPage) ([][]byte, error) {
				items := p.Items
				*p = core.RawPage{} // its memory belongs to the batch
				return items, nil
			}
		}, func(p page[[][]byte]) error { return c.put(p, yield) })
	}, how)
	c.advance()
	if errors.Is(unread, errStopped) {
		unread = nil
	}
	if err == nil {
		err = errors.Join(unread, failed)
	}
	return err
}

// put yields the puts of a page's items.
func (c *copying) put(p page[[][]byte], yield func(core.BatchOp) bool) error {
	to := &copied{next: p.next, open: 1}
	c.pages[p.segment] = append(c.pages[p.segment], to)
	for _, item := range p.made {
		if c.sentinels == dropSentinels && core.IsRawSentinel(item, c.partition) {
			to.skipped++
			continue
		}
		to.items++
		to.open++
		if !yield(c.repo.RawPut(item, to)) || c.stop {
			return errStopped
		}
	}
	to.open--
	return nil
}

// advance moves the checkpoint.
func (c *copying) advance() {
	for i := range c.pages {
		for len(c.pages[i]) > 0 && c.pages[i][0].open == 0 {
			p := c.pages[i][0]
			c.pages[i] = c.pages[i][1:]
			c.Segments[i] = p.next
			c.Counts.Items += int64(p.items)
			c.Counts.Skipped += int64(p.skipped)
		}
	}
}
