package core

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
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
		setField(w.item, v.Token.Index, reflect.ValueOf(w.sign(v)).Convert(v.Token.Type))
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
		if n, err := integer(w.item, v.Attr); err != nil || !w.checked || n != w.wanted {
			setField(w.item, v.Token.Index, reflect.Zero(v.Token.Type)) // nobody knows those before
		}
		w.actions = append(w.actions, &ast.Action{Clause: ast.Set, Attr: v.Token, Value: ast.Operand{Kind: ast.OpPlain, Value: w.sign(v)}})
	}
}

// signatures is how many tokens of writes an item keeps: who learns late that
// an answer was lost finds its token although others have written since.
const signatures = 16

// sign gives w a token, and returns what the item has of them then: that one,
// and those that the write's item had.
func (w *Write) sign(v *Version) string {
	w.token = rand.Text()[:16] // 80 bits
	all := []string{w.token}
	if before, ok := at(w.item, v.Token.Index); ok {
		all = append(all, strings.Fields(before.String())...)
	}
	return strings.Join(all[:min(len(all), signatures)], " ")
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
	if v == nil || !w.checked || w.op == Update && !w.soft || w.op == Upsert {
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

// wrote reports whether w has written a stored item, which others may have
// written since: nobody else has its token.
func (w *Write) wrote(p *page, have stored) bool {
	return w.token != "" && slices.Contains(w.tokens(have), w.token)
}

// refuted reports whether a stored item tells that w, which did not write it,
// did not take effect at all: it has the tokens of all writes since the version
// that w wants.
func (w *Write) refuted(have stored) bool {
	if w.token == "" || !w.checked || !have.there() {
		return false
	}
	n, ok := have.values()[w.repo.stages.version.Attr.Path[0].Name].(*types.AttributeValueMemberN)
	if !ok {
		return false
	}
	version, err := strconv.ParseInt(n.Value, 10, 64)
	return err == nil && version-w.wanted <= int64(len(w.tokens(have)))
}

// tokens are those that a stored item has.
func (w *Write) tokens(have stored) []string {
	s, ok := have.values()[w.repo.stages.version.Token.Path[0].Name].(*types.AttributeValueMemberS)
	if !ok {
		return nil
	}
	return strings.Fields(s.Value)
}
