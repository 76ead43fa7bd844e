package core

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/dynox-go/dynox/internal/ast"
)

// versioned is what a write does about the item's version.
type versioned struct {
	checked bool   // the stored version is to be wanted
	wanted  int64  // 0: none, or no item
	token   string // that the write leaves behind
}

// Versioned reports whether an attribute counts the writes of the items.
func (s *Schema) Versioned() bool { return s.stages.version != nil }

// bump makes the item of a put the next version, and says which the stored
// one is to be.
func (s *stages) bump(w *Write) error {
	v := s.version
	if v == nil {
		return nil
	}
	n, err := integer(w.item, v.Attr)
	if err != nil {
		return err
	}
	next := reflect.ValueOf(n + 1).Convert(v.Attr.Type)
	if n == math.MaxInt64 || next.Convert(reflect.TypeFor[int64]()).Int() != n+1 {
		return errors.New("the version has no next one")
	}
	w.versioned = versioned{checked: w.op != Create, wanted: n}
	setField(w.item, v.Attr.Index, next)
	if v.Token != nil {
		w.token = rand.Text()
		setField(w.item, v.Token.Index, reflect.ValueOf(w.token).Convert(v.Token.Type))
	}
	return nil
}

// count adds to the actions of an update that it counts, and finds out
// whether it checks the version.
func (s *stages) count(w *Write) {
	v := s.version
	if v == nil {
		return
	}
	w.actions = append(w.actions, &ast.Action{Clause: ast.Add, Attr: v.Attr, Value: ast.Operand{Kind: ast.OpPlain, Value: 1}})
	w.wanted, w.checked = v.wantedBy(w.user)
	if v.Token != nil {
		w.token = rand.Text()
		w.actions = append(w.actions, &ast.Action{Clause: ast.Set, Attr: v.Token, Value: ast.Operand{Kind: ast.OpPlain, Value: w.token}})
	}
}

// checkDelete finds out which version a delete wants.
func (s *stages) checkDelete(w *Write) error {
	if s.version == nil {
		return nil
	}
	n, err := integer(w.item, s.version.Attr)
	w.versioned = versioned{checked: n != 0, wanted: n}
	return err
}

// integer is the version that a field holds.
func integer(item reflect.Value, a *ast.Attr) (int64, error) {
	v, ok := at(item, a.Index)
	switch {
	case !ok:
		return 0, nil
	case v.CanInt() && v.Int() >= 0:
		return v.Int(), nil
	case v.CanUint() && v.Uint() <= math.MaxInt64:
		return int64(v.Uint()), nil
	}
	return 0, fmt.Errorf("%v is no version", a)
}

// wantedBy is the version that a condition of the user's asks for, if all of
// it does.
func (v *Version) wantedBy(c *ast.Cond) (wanted int64, ok bool) {
	switch {
	case c == nil:
		return 0, false
	case c.Op == ast.And:
		for _, kid := range c.Kids {
			if wanted, ok := v.wantedBy(kid); ok {
				return wanted, true
			}
		}
		return 0, false
	case c.Op == ast.Or && len(c.Kids) == 2: // versionIs(v, 0)
		a, isA := v.wantedBy(c.Kids[0])
		b, isB := v.wantedBy(c.Kids[1])
		return 0, isA && isB && a == 0 && b == 0
	case c.Op == ast.Missing && c.Args[0].Kind == ast.OpAttr && c.Args[0].Attr.Same(v.Attr):
		return 0, true
	case c.Op != ast.Eq || c.Args[0].Kind != ast.OpAttr || !c.Args[0].Attr.Same(v.Attr) || c.Args[1].Kind != ast.OpValue && c.Args[1].Kind != ast.OpPlain:
		return 0, false
	}
	n := reflect.ValueOf(c.Args[1].Value)
	switch {
	case n.CanInt():
		return n.Int(), true
	case n.CanUint():
		return int64(n.Uint()), true
	}
	return 0, false
}

// cond holds for an item of the wanted version. An update's is its caller's.
func (s *stages) cond(w *Write) *ast.Cond {
	v := s.version
	if v == nil || !w.checked || w.op == Update || w.op == Upsert {
		return nil
	}
	return versionIs(v, w.wanted)
}

// versionIs holds for an item of version n; 0: also without one.
func versionIs(v *Version, n int64) *ast.Cond {
	is := ast.Binary(ast.Eq, ast.AttrOperand(v.Attr), ast.Operand{Kind: ast.OpPlain, Value: n})
	if n == 0 {
		return ast.Any(ast.Compare(ast.Missing, ast.AttrOperand(v.Attr)), is)
	}
	return is
}

// stale is the error of w for meeting item, invalid if there was none; nil if
// that has the wanted version.
func (s *stages) stale(w *Write, item reflect.Value) error {
	if s.version == nil || !w.checked {
		return nil
	}
	var stored int64
	if item.IsValid() {
		stored, _ = integer(item, s.version.Attr)
	}
	if stored == w.wanted {
		return nil
	}
	return s.version.Stale(w.wanted, stored)
}

// wrote reports whether a stored item is what w left behind: nobody else has
// its token.
func (w *Write) wrote(p *page, have stored) bool {
	if w.token == "" {
		return false
	}
	attrs := have.values() // rare: an answer was lost
	av := attrs[w.repo.stages.version.Token.Path[0].Name]
	return av != nil && equalValues(av, text(w.token))
}
