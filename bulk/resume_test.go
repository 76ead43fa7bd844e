package bulk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/memtable"
)

// killed calls do until it is not broken off any more: each time with a context that ends
// after some progress, and the last checkpoint that was told by then.
func killed(t *testing.T, random *rand.Rand, steps int, do func(ctx context.Context, after bulk.Checkpoint, told func(bulk.Progress)) (bulk.Progress, error)) (p bulk.Progress, kills int) {
	t.Helper()
	var last bulk.Progress
	for {
		ctx, cancel := context.WithCancel(t.Context())
		left := random.IntN(steps)
		p, err := do(ctx, last.Checkpoint, func(p bulk.Progress) {
			if ctx.Err() != nil {
				return // the process is gone
			}
			last = p
			if left--; left < 0 {
				cancel()
			}
		})
		cancel()
		switch {
		case err == nil:
			return p, kills
		case !errors.Is(err, context.Canceled):
			t.Fatal(err)
		}
		kills++
	}
}

// What is broken off again and again ends as what is not.
func TestResume(t *testing.T) {
	t.Parallel()
	const items = 3000
	client := memtable.New(t).Client()
	from := newTable(t, client, dynox.SealCursors([]byte("0123456789abcdef")))
	fill(t, client, from.Name(), items, every)
	want := all(t, client, from.Name())
	for _, form := range []struct {
		name string
		opts []bulk.ExportOption
	}{{"lines", nil}, {"gzip", []bulk.ExportOption{bulk.Gzip()}}, {"zstd", []bulk.ExportOption{bulk.Zstd()}}} {
		t.Run(form.name, func(t *testing.T) {
			is := is.New(t)
			random := rand.New(rand.NewPCG(1, 2))
			var file bytes.Buffer
			var at int64
			p, kills := killed(t, random, 20, func(ctx context.Context, after bulk.Checkpoint, told func(bulk.Progress)) (bulk.Progress, error) {
				file.Truncate(int(at))
				return bulk.Export(ctx, from, &file, append(form.opts, bulk.PageSize(17), bulk.After(after), bulk.OnProgress(func(p bulk.Progress) {
					if ctx.Err() == nil {
						at = p.Bytes
					}
					told(p)
				}))...)
			})
			is.True(kills > 5)
			is.Equal(p.Items, int64(items))
			is.Equal(p.Bytes, int64(file.Len()))

			to := newTable(t, client)
			data := file.Bytes()
			p, kills = killed(t, random, 20, func(ctx context.Context, after bulk.Checkpoint, told func(bulk.Progress)) (bulk.Progress, error) {
				var r io.Reader = bytes.NewReader(data) // which can seek
				if random.IntN(2) == 0 {
					r = io.MultiReader(r)
				}
				return bulk.Import(ctx, to, r, bulk.After(after), bulk.OnProgress(told))
			})
			is.True(kills > 5)
			is.Equal(p.Items, int64(items))
			equal(t, all(t, client, to.Name()), want)
		})
	}
	t.Run("copy", func(t *testing.T) {
		is := is.New(t)
		to := newTable(t, client)
		p, kills := killed(t, rand.New(rand.NewPCG(3, 4)), 20, func(ctx context.Context, after bulk.Checkpoint, told func(bulk.Progress)) (bulk.Progress, error) {
			return bulk.Copy(ctx, from, to, bulk.PageSize(30), bulk.After(after), bulk.OnProgress(told))
		})
		is.True(kills > 5)
		is.Equal(p.Items, int64(items))
		equal(t, all(t, client, to.Name()), want)
	})
}

// A checkpoint is good for what it was made by.
func TestForeignCheckpoints(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := memtable.New(t).Client()
	table, other := newTable(t, client), newTable(t, client)
	fill(t, client, table.Name(), 100, every)
	ctx, cancel := context.WithCancel(t.Context())
	p, err := bulk.Export(ctx, table, io.Discard, bulk.PageSize(5), bulk.OnProgress(func(bulk.Progress) { cancel() }))
	is.True(errors.Is(err, context.Canceled))
	is.True(p.Checkpoint != "")
	at := bulk.After(p.Checkpoint)
	for name, err := range map[string]error{
		"segments": second(bulk.Export(t.Context(), table, io.Discard, at, bulk.Segments(2))),
		"packing":  second(bulk.Export(t.Context(), table, io.Discard, at, bulk.Gzip())),
		"form":     second(bulk.Export(t.Context(), table, io.Discard, at, bulk.Plain())),
		"table":    second(bulk.Export(t.Context(), other, io.Discard, at)),
		"import":   second(bulk.Import(t.Context(), table, strings.NewReader(""), at)),
		"damaged":  second(bulk.Export(t.Context(), table, io.Discard, bulk.After(p.Checkpoint[1:]))),
		"no text":  second(bulk.Export(t.Context(), table, io.Discard, bulk.After("!"))),
	} {
		if !errors.Is(err, dynox.ErrCursor) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = bulk.Export(t.Context(), table, io.Discard, bulk.PageSize(5), at)
	is.NoErr(err)
}

// What cannot even begin has come as far as before.
func TestUnbegun(t *testing.T) {
	t.Parallel()
	client := memtable.New(t).Client()
	from := newTable(t, client, dynox.SealCursors([]byte("0123456789abcdef")))
	fill(t, client, from.Name(), 500, every)
	to := newTable(t, client, dynox.SealCursors([]byte("0123456789abcdef")))
	repo, _ := accounts(t, client, 500)
	var file bytes.Buffer
	_, err := bulk.Export(t.Context(), from, &file)
	is.New(t).NoErr(err)
	type progress = func(bulk.Progress)
	for name, do := range map[string]func(ctx context.Context, after bulk.Checkpoint, told progress, wrong bool) (bulk.Progress, error){
		"export": func(ctx context.Context, after bulk.Checkpoint, told progress, wrong bool) (bulk.Progress, error) {
			return bulk.Export(ctx, from, io.Discard, bulk.PageSize(5), bulk.After(after), bulk.OnProgress(told), bulk.Segments(segments(wrong)))
		},
		"import": func(ctx context.Context, after bulk.Checkpoint, told progress, _ bool) (bulk.Progress, error) {
			return bulk.Import(ctx, to, bytes.NewReader(file.Bytes()), bulk.After(after), bulk.OnProgress(told))
		},
		"copy": func(ctx context.Context, after bulk.Checkpoint, told progress, wrong bool) (bulk.Progress, error) {
			return bulk.Copy(ctx, from, to, bulk.PageSize(5), bulk.After(after), bulk.OnProgress(told), bulk.Segments(segments(wrong)))
		},
		"migrate": func(ctx context.Context, after bulk.Checkpoint, told progress, wrong bool) (bulk.Progress, error) {
			f := toCents
			if wrong {
				f = nil
			}
			return bulk.Migrate(ctx, repo, f, bulk.After(after), bulk.OnProgress(told))
		},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			ctx, cancel := context.WithCancel(t.Context())
			was, err := do(ctx, "", func(p bulk.Progress) {
				if p.Items > 0 {
					cancel()
				}
			}, false)
			is.True(errors.Is(err, context.Canceled))
			is.True(was.Checkpoint != "")
			for _, wrong := range []bool{false, true} {
				p, err := do(ctx, was.Checkpoint, func(bulk.Progress) {}, wrong)
				is.True(err != nil)
				want := was
				p.Elapsed, want.Elapsed = 0, 0
				if p.Checkpoint, want.Checkpoint = "", ""; !wrong { // it is one of the same place
					p.ReadUnits = want.ReadUnits
				}
				is.Equal(p, want)
			}
		})
	}
}

// segments is a number of them that is good, or is none.
func segments(wrong bool) int {
	if wrong {
		return -1
	}
	return 2
}

func second(_ bulk.Progress, err error) error { return err }

// A writer that breaks leaves a checkpoint before what it has not taken.
func TestBrokenWriter(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := memtable.New(t).Client()
	table := newTable(t, client)
	fill(t, client, table.Name(), 100, every)
	full := &shortWriter{left: 10_000}
	p, err := bulk.Export(t.Context(), table, full, bulk.PageSize(5))
	is.True(errors.Is(err, errFull))
	is.True(p.Bytes <= 10_000)
	var rest bytes.Buffer
	rest.Write(full.b[:p.Bytes])
	p, err = bulk.Export(t.Context(), table, &rest, bulk.PageSize(5), bulk.After(p.Checkpoint))
	is.NoErr(err)
	is.Equal(p.Items, int64(100))
	is.Equal(bytes.Count(rest.Bytes(), []byte("\n")), 100)
}

var errFull = errors.New("the disk is full")

type shortWriter struct {
	b    []byte
	left int
}

func (w *shortWriter) Write(b []byte) (int, error) {
	n := min(len(b), w.left)
	w.b = append(w.b, b[:n]...)
	if w.left -= n; n < len(b) {
		return n, errFull
	}
	return n, nil
}
