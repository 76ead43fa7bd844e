package core

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/wire"
)

// encodeValues takes the values of one item to the forms that are stored.
func encodeValues(ctx context.Context, values []Value, spans []span) error {
	of := make([]*coded, len(spans))
	for i, sp := range spans {
		of[i] = sp.coded
	}
	return through(values, of, false, func(c Coder, values []Value) error {
		if err := c.Encode(ctx, values); err != nil {
			return &pathError{values[0].Path, err}
		}
		for _, v := range values {
			if v.JSON == nil {
				return &pathError{v.Path, errors.New("nothing is stored of it")}
			}
		}
		return nil
	})
}

// seal gives the coded attributes of the item that w puts their stored forms.
func (w *Write) seal(ctx context.Context) error {
	r := w.repo
	if len(r.stages.coded) == 0 {
		return nil
	}
	raw := w.stored.json()
	s := wire.NewScanner(raw)
	spans, err := locate(&s, 0, r.stages.coded, nil)
	if err != nil || len(spans) == 0 {
		return err
	}
	values := valuesOf(nil, raw, spans, w.value())
	if err := encodeValues(ctx, values, spans); err != nil {
		return err
	}
	sealed := stored{raw: spliceValues(make([]byte, 0, len(raw)+64), raw, spans, values)}
	if w.stored.raw == nil {
		sealed = stored{attrs: sealed.values()}
	}
	w.stored = sealed
	return nil
}

// value is what the values of w's item have in common.
func (w *Write) value() Value {
	return Value{Table: w.repo.Table.Name, Key: w.key.appendIdentity(nil)}
}

// sealActions are actions with values in their stored forms.
func (w *Write) sealActions(ctx context.Context, actions []*ast.Action) ([]*ast.Action, error) {
	r := w.repo
	if len(r.stages.coded) == 0 {
		return actions, nil
	}
	out := slices.Clone(actions)
	var values []Value
	var spans []span
	var owners []int
	raws := make([][]byte, len(out))
	for i, a := range out {
		all := r.stages.codedAt(a.Attr.Path)
		if len(all) == 0 || a.Clause == ast.Remove {
			continue
		}
		raw, omitted, err := r.actionValue(a)
		if err != nil {
			return nil, err
		}
		if omitted {
			out[i] = &ast.Action{Clause: ast.Remove, Attr: a.Attr}
			continue
		}
		s := wire.NewScanner(raw)
		found, err := locateValue(&s, len(a.Attr.Path), all, nil)
		if err != nil {
			return nil, err
		}
		raws[i] = raw
		spans = append(spans, found...)
		values = valuesOf(values, raw, found, w.value())
		for range found {
			owners = append(owners, i)
		}
	}
	if err := encodeValues(ctx, values, spans); err != nil {
		return nil, err
	}
	for from := 0; from < len(owners); {
		i, to := owners[from], from
		for to < len(owners) && owners[to] == i {
			to++
		}
		sealed := ast.Operand{Kind: ast.OpJSON, Value: spliceValues(nil, raws[i], spans[from:to], values[from:to])}
		a := *out[i]
		if a.Value.Kind == ast.OpIfMissing {
			a.Value = ast.Operand{Kind: ast.OpIfMissing, Args: []ast.Operand{a.Value.Args[0], sealed}}
		} else {
			a.Value = sealed
		}
		out[i] = &a
		from = to
	}
	return out, nil
}

// actionValue is the JSON of the value that a sets.
func (r *Repo) actionValue(a *ast.Action) (raw []byte, omitted bool, err error) {
	o := a.Value
	if o.Kind == ast.OpIfMissing {
		o = o.Args[1]
	}
	w := ast.NewWriter(r.plan)
	return w.Value(a.Attr, o)
}

// codedAt are the coded attributes at path, or in it.
func (s *stages) codedAt(path codec.Path) []coded {
	from, to := 0, 0
	for i, c := range s.coded {
		switch {
		case len(c.path) < len(path) || !overlap(c.path, path):
		case to == 0:
			from, to = i, i+1
		default:
			to = i + 1
		}
	}
	return s.coded[from:to]
}

// checkCodedActions refuses actions that need more of a coded attribute than
// to be set as a whole, or removed.
func (s *stages) checkCodedActions(actions []*ast.Action) error {
	for _, a := range actions {
		if a.Err != nil || a.Attr.Check() != nil {
			continue
		}
		for _, readOnly := range s.readOnly {
			if overlap(readOnly.Path, a.Attr.Path) {
				return &Failure{Kinds: []error{ErrReadOnly}, Why: readOnly.String()}
			}
		}
		c := s.blindIn(a.Attr.Path)
		value := a.Value
		if value.Kind == ast.OpIfMissing && value.Args[0].Kind == ast.OpAttr && value.Args[0].Attr.Same(a.Attr) {
			value = value.Args[1]
		}
		var other *coded
		value.Attrs(func(read *ast.Attr) {
			if !read.Same(a.Attr) && read.Path != nil && other == nil {
				other = s.blindIn(read.Path)
			}
		})
		switch {
		case other != nil:
			return blindError(other)
		case c == nil || a.Clause == ast.Remove:
			continue
		case len(c.path) < len(a.Attr.Path), a.Clause != ast.Set, value.Kind != ast.OpValue && value.Kind != ast.OpPlain:
			return fmt.Errorf("%s is encrypted or compressed: an update sets the whole of it to a value, or removes it", c.text)
		}
	}
	return nil
}

// isCoded reports whether the attribute at path is encoded as a whole.
func (s *stages) isCoded(path codec.Path) bool {
	return slices.ContainsFunc(s.coded, func(c coded) bool { return slices.Equal(c.path, path) })
}

// checkReadOnly refuses a put, which writes all attributes.
func (s *stages) checkReadOnly() error {
	if len(s.readOnly) == 0 {
		return nil
	}
	return &Failure{Kinds: []error{ErrReadOnly}, Why: s.readOnly[0].String()}
}

// blindIn is a blind attribute at path, in it, or that it is in.
func (s *stages) blindIn(path codec.Path) *coded {
	for i := range s.coded {
		c := &s.coded[i]
		if overlap(c.path, path) && slices.ContainsFunc(c.coders, func(c Coded) bool { return c.Blind }) {
			return c
		}
	}
	return nil
}

func blindError(c *coded) error {
	return fmt.Errorf("%s is encrypted or compressed: it can only be asked whether it exists", c.text)
}

// checkBlind refuses conditions on what blind attributes hold.
func (s *stages) checkBlind(c *ast.Cond) error {
	if c == nil || len(s.coded) == 0 || c.Op == ast.Exists || c.Op == ast.Missing {
		return nil
	}
	for _, kid := range c.Kids {
		if err := s.checkBlind(kid); err != nil {
			return err
		}
	}
	var err error
	look := func(a *ast.Attr) {
		if a.Check() != nil || err != nil {
			return
		}
		if blind := s.blindIn(a.Path); blind != nil {
			err = blindError(blind)
		}
	}
	only := *c
	only.Kids = nil
	only.Attrs(look)
	for _, name := range c.RawNames() {
		look(&ast.Attr{Path: codec.Path{{Name: name}}})
	}
	return err
}
