package core

import (
	"context"
	"fmt"
	"slices"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/wire"
)

// open gives the coded attributes of items their plan's forms: the items in
// JSON, and what is wrong with each.
func (v *view) open(ctx context.Context, table string, items []stored, returned bool) ([][]byte, []error) {
	raws, errs := make([][]byte, len(items)), make([]error, len(items))
	var values []Value
	var spans []span
	ends := make([]int, len(items)) // of an item's spans
	for i, item := range items {
		n := len(spans)
		raws[i] = item.json()
		s := wire.NewScanner(raws[i])
		spans, errs[i] = locate(&s, 0, v.coded, spans)
		if errs[i] != nil {
			spans = spans[:n]
		} else if len(spans) > n {
			values = valuesOf(values, raws[i], spans[n:], Value{Table: table, Key: item.appendIdentity(nil, v.schema.table.attrs()), Returned: returned})
		}
		ends[i] = len(spans)
	}
	of := make([]*coded, len(spans))
	for i, sp := range spans {
		of[i] = sp.coded
	}
	_ = through(values, of, true, func(c Coder, values []Value) error {
		c.Decode(ctx, values)
		return nil
	})
	from := 0
	for i, to := range ends {
		mine := values[from:to]
		for _, value := range mine {
			if value.Err != nil && errs[i] == nil {
				errs[i] = &pathError{value.Path, value.Err}
			}
		}
		if errs[i] == nil && len(mine) > 0 {
			raws[i] = spliceValues(make([]byte, 0, len(raws[i])), raws[i], spans[from:to], mine)
		}
		from = to
	}
	return raws, errs
}

// codes are the coded attributes that the view shows.
func (v *view) codes() []coded {
	all := v.schema.stages.coded
	if v.paths == nil {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(c coded) bool {
		return !slices.ContainsFunc(v.paths, func(p codec.Path) bool { return overlap(p, c.path) })
	})
}

// checkPaths refuses to ask for a part of what is encoded as a whole.
func (v *view) checkPaths() error {
	for _, c := range v.schema.stages.coded {
		for _, p := range v.paths {
			if overlap(p, c.path) && len(p) > len(c.path) {
				return fmt.Errorf("only: %v is in %s, which is encrypted or compressed as a whole", p, c.text)
			}
		}
	}
	return nil
}
