package core

import (
	"bytes"
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/wire"
)

// Recode writes coded attributes of the items that spec, a scan, finds anew: those
// stored values for which stale says so, asked with the coder that gave them their
// form, are decoded and encoded again, and replace what was read if that is still
// stored. It changes nothing else of an item, runs no hooks and counts no version.
// Some items are written at once; stale is called by all of them. done is told of each, in the
// scan's order, with the cursor past it, and ends it by returning false; an item that cannot be read, or would be too large,
// is the spec's to decide about. The cursor continues after the last item that is done, with
// an error too.
func (r *Repo) Recode(ctx context.Context, spec *Spec, some int, stale func(Coder, Value) (bool, error), done func(what Recoding, cursor string) bool) (cursor string, err error) {
	switch {
	case r.Table.ReadOnly:
		return spec.After, ErrReadOnly
	case len(r.stages.readOnly) > 0:
		return spec.After, r.stages.checkReadOnly()
	}
	return r.rewrite(ctx, spec, some, func(ctx context.Context, l *loop) func() (Recoding, error) {
		item := stored{raw: bytes.Clone(l.item.json())}
		return func() (Recoding, error) {
			what, err := r.recode(ctx, item, stale)
			if errors.Is(err, ErrTooLarge) {
				err = &unfitError{err}
			}
			return what, err
		}
	}, done)
}

// recode is Recode of one item.
func (r *Repo) recode(ctx context.Context, item stored, stale func(Coder, Value) (bool, error)) (Recoding, error) {
	raw := item.json()
	s := wire.NewScanner(raw)
	spans, err := locate(&s, 0, r.stages.coded, nil)
	if err != nil {
		return RecodeLeft, err
	}
	w := &Write{repo: r, op: Update}
	key := r.raw(r.table, item)
	for _, a := range r.table.attrs() {
		w.key = append(w.key, attribute{a.name, key[a.name]})
	}
	values := valuesOf(nil, raw, spans, w.value())
	n := 0
	for i := range values {
		coders := spans[i].coded.coders
		again, err := stale(coders[len(coders)-1].Coder, values[i])
		if err != nil {
			return RecodeLeft, &pathError{values[i].Path, err}
		}
		if again {
			values[n], spans[n] = values[i], spans[i]
			n++
		}
	}
	values, spans = values[:n], spans[:n]
	if n == 0 {
		return RecodeLeft, nil
	}
	of := make([]*coded, n)
	conds := []*ast.Cond{r.exists(ast.Exists)}
	for i, sp := range spans {
		of[i] = sp.coded
		attr := &ast.Attr{Item: r.Type, Path: sp.coded.path}
		conds = append(conds, ast.Binary(ast.Eq, ast.AttrOperand(attr), ast.Operand{Kind: ast.OpJSON, Value: values[i].JSON}))
	}
	_ = through(values, of, true, func(c Coder, values []Value) error {
		c.Decode(ctx, values)
		return nil
	})
	for _, v := range values {
		if v.Err != nil {
			return RecodeLeft, &pathError{v.Path, v.Err}
		}
	}
	if err := encodeValues(ctx, values, spans); err != nil {
		return RecodeLeft, err
	}
	if err := (stored{raw: spliceValues(nil, raw, spans, values)}).checkSize(); err != nil {
		return RecodeLeft, err
	}
	for i, sp := range spans {
		attr := &ast.Attr{Item: r.Type, Path: sp.coded.path}
		w.actions = append(w.actions, &ast.Action{Clause: ast.Set, Attr: attr, Value: ast.Operand{Kind: ast.OpJSON, Value: values[i].JSON}})
	}
	b := ast.NewWriter(r.plan)
	w.condition, w.update = b.Condition(ast.All(conds...)), b.Update(w.actions)
	w.names, w.values = b.Names(), b.Values()
	if err := b.Err(); err != nil {
		return RecodeLeft, err
	}
	p := r.outcome(nil)
	defer p.release()
	var changed *types.ConditionalCheckFailedException
	switch err := r.sendPlain(ctx, w, p, false); {
	case errors.As(err, &changed), errors.Is(err, ErrNotFound):
		return RecodeMoved, nil // by others, or by an attempt whose answer was lost
	case err != nil:
		return RecodeLeft, err
	}
	return RecodeDone, nil
}

// Coders are those that give attributes the forms in which they are stored.
func (r *Repo) Coders() []Coder {
	var all []Coder
	for _, c := range r.stages.coded {
		all = append(all, c.coders[len(c.coders)-1].Coder)
	}
	return all
}
