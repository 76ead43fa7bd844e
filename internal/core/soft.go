package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/dynox-go/dynox/internal/ast"
)

// SoftDelete is the attribute with the time at which an item was deleted. Deletes set
// it, and reads hide the item.
type SoftDelete struct {
	Attr *ast.Attr
	Keep time.Duration // until the TTL of the item, 0: for ever
}

func (s *Schema) compileSoftDelete(given []SoftDelete) error {
	switch {
	case len(given) == 0:
		return nil
	case len(given) > 1:
		return errors.New("soft delete: given twice")
	}
	d := given[0]
	a := d.Attr
	switch err := a.Check(); {
	case err != nil:
		return fmt.Errorf("soft delete: %w", err)
	case a.Item != s.Type || a.Index == nil || len(a.Path) > 1:
		return fmt.Errorf("soft delete: %v is no attribute of %v itself", a, s.Type)
	case s.isTableKey(a.Path[0].Name) || s.isInput(a):
		return fmt.Errorf("soft delete: %v is part of the table's key", a)
	case a.Path[0].Name == s.Kind.Attr:
		return fmt.Errorf("soft delete: %v holds the kind", a)
	case d.Keep < 0:
		return errors.New("soft delete: kept for no time")
	case d.Keep > 0 && s.stages.ttl == nil:
		return errors.New("soft delete: to keep items for a time takes a TTL attribute")
	case d.Keep > 0 && s.stages.ttl.Same(a):
		return fmt.Errorf("soft delete: %v is the TTL: take another attribute for the time of the delete", a)
	}
	for _, f := range s.plan.Fields() {
		if f.Name != a.Path[0].Name {
			continue
		}
		if _, omitted, err := s.plan.Value(a.Path, reflect.Zero(f.Type).Interface()); err != nil || !omitted {
			return fmt.Errorf("soft delete: %v is stored with items that are not deleted: its tag needs omitempty or omitzero", a)
		}
	}
	s.stages.soft = &d
	return nil
}

// isInput reports whether the table's key is composed of a.
func (s *Schema) isInput(a *ast.Attr) bool {
	for _, p := range s.table.parts() {
		if p.has(a) {
			return true
		}
	}
	return false
}

// SoftlyDeletes reports whether deletes leave the items.
func (s *Schema) SoftlyDeletes() bool { return s.stages.soft != nil }

// softly is the attribute's condition op, nil without one.
func (s *Schema) softly(op ast.Op) *ast.Cond {
	if s.stages.soft == nil {
		return nil
	}
	return ast.Compare(op, ast.AttrOperand(s.stages.soft.Attr))
}

// deleted reports whether a stored item was deleted softly.
func (s *Schema) deleted(r *record) bool {
	return s.stages.soft != nil && r.has(s.stages.soft.Attr.Path[0].Name)
}

// prepareSoftDelete makes w, a delete, the update that it is.
func (w *Write) prepareSoftDelete(ctx context.Context) (err error) {
	r, d := w.repo, w.repo.stages.soft
	w.op, w.soft = Update, true
	if err := r.stages.run(ctx, BeforeDelete, w.item); err != nil {
		return err
	}
	if w.key, err = r.keyOfItem(ctx, w.item); err != nil {
		return err
	}
	now := time.Now()
	actions := []*ast.Action{{Clause: ast.Set, Attr: d.Attr, Value: ast.ValueOperand(d.Attr, now)}}
	if d.Keep > 0 {
		ttl := r.stages.ttl
		actions = append(actions, &ast.Action{Clause: ast.Set, Attr: ttl, Value: ast.ValueOperand(ttl, now.Add(d.Keep))})
	}
	if actions, err = r.stages.followed(ctx, r.stages.everywhere(actions)); err != nil {
		return err
	}
	if w.actions, err = r.complete(Update, w.item, actions); err != nil {
		return err
	}
	r.stages.count(w)
	if !w.checked {
		token := w.token
		if err := r.stages.checkDelete(w); err != nil {
			return err
		}
		w.token = token
	}
	w.actions, err = w.sealActions(ctx, w.actions)
	return err
}

// Restore makes the item that key, a *T, names one that is not deleted, and decodes
// it into out, a *T.
func (r *Repo) Restore(ctx context.Context, key, out any) error {
	d := r.stages.soft
	if d == nil {
		return errNotSoft
	}
	actions := []*ast.Action{{Clause: ast.Remove, Attr: d.Attr}}
	if d.Keep > 0 {
		actions = append(actions, &ast.Action{Clause: ast.Remove, Attr: r.stages.ttl})
	}
	return r.UpdateItem(ctx, Update, key, ast.Write{Actions: actions, Deleted: true}, out)
}

// Purge deletes the item that key, a *T, names for good, if it is deleted.
func (r *Repo) Purge(ctx context.Context, key any) error {
	if r.stages.soft == nil {
		return errNotSoft
	}
	return r.DeleteItem(ctx, key, ast.Write{Deleted: true}, nil)
}

var (
	errNotSoft = errors.New("the repository deletes for good: it has no SoftDelete")
	errDeleted = errors.New("a deleted item is stored there: restore or purge it first")
	errAlive   = errors.New("the item is not deleted")
	errNothing = errors.New("no item is stored there")
)
