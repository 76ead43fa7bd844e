package bulk

import (
	"context"
	"io"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/wire"
)

// Export writes the items of a table to w, a line for each: {"Item":{…}} in DynamoDB
// JSON, as the service's own exports to S3 have it, so that S3 imports take it; or plain
// JSON, with [Plain]. The order is that of no key. It is no snapshot: of what is written
// during the call, some may be in it and some not; an item is in it once.
//
// It reads [Segments] of the table at once, a page of each, and writes page by page, so
// that everything until a checkpoint is in whole lines and, compressed, in whole members
// or frames. To go on after a call was broken off, cut the file at the Bytes of the
// Progress that the checkpoint is from, append to it, and give the checkpoint to
// [After].
//
// The error is a *dynox.Error; of w, it is in its chain. The Progress has the last
// checkpoint then.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
func Export(ctx context.Context, table *dynox.Table, w io.Writer, opts ...ExportOption) (Progress, error) {
	j := newJob()
	for _, opt := range opts {
		if opt != nil {
			opt.exports(j)
		}
	}
	return j.export(ctx, table, w)
}

func (j *job) export(ctx context.Context, table *dynox.Table, w io.Writer) (Progress, error) {
	const op = "export"
	if err := j.check(); err != nil {
		return j.unbegun(coreOf(table)), wrap(op, nameOf(table), err)
	}
	t, ks, err := describe(ctx, table)
	if err != nil {
		return j.unbegun(coreOf(table)), wrap(op, nameOf(table), err)
	}
	form := "items"
	if j.plain {
		form = "plain"
	}
	ctx, r, err := j.begin(ctx, t, "export "+t.Name+" "+form+" "+packings[j.pack], j.segments)
	if err != nil {
		return j.unbegun(coreOf(table)), wrap(op, t.Name, err)
	}
	err = scan(ctx, r, func() func(context.Context, *core.RawPage) (lines, error) {
		f := &formatter{job: j, partition: ks[0].name, packer: packer{packing: j.pack}}
		return f.lines
	}, func(p page[lines]) error {
		n, err := w.Write(p.made.text)
		if err == nil && n < len(p.made.text) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
		r.Counts.Bytes += int64(n)
		r.Counts.Items += int64(p.items - p.made.left)
		r.Counts.Skipped += int64(p.made.left)
		r.Segments[p.segment] = p.next
		return r.tell()
	})
	return r.end(op, t.Name, err)
}

func nameOf(t *dynox.Table) string {
	if t == nil {
		return "(none)"
	}
	return t.Name()
}

// lines are those of a page.
type lines struct {
	text []byte
	left int // items that were left out
}

// formatter makes lines of pages, for one segment.
type formatter struct {
	*job
	packer
	partition string
	size      int // of the last page
}

func (f *formatter) lines(_ context.Context, p *core.RawPage) (l lines, err error) {
	b := make([]byte, 0, f.size+f.size/8)
	for _, item := range p.Items {
		sentinel := f.sentinels != keepSentinels && core.IsRawSentinel(item, f.partition)
		switch {
		case sentinel && f.sentinels == dropSentinels:
			l.left++
			continue
		case f.plain:
			s := wire.NewScanner(item)
			if b, err = appendPlain(b, &s); err != nil {
				return l, err
			}
		default:
			b = append(append(b, `{"Item":`...), item...)
			if sentinel {
				b = append(b, `,"Sentinel":true`...)
			}
			b = append(b, '}')
		}
		b = append(b, '\n')
	}
	f.size = len(b)
	l.text, err = f.packer.pack(b)
	return l, err
}
