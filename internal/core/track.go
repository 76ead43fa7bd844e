package core

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// Loaded is what an item was when it was read: as it is stored, and as its Go
// value would be stored.
type Loaded struct {
	stored, encoded map[string]types.AttributeValue
}

// LoadItem is a consistent GetItem that remembers what it read.
func (r *Repo) LoadItem(ctx context.Context, key, out any) (*Loaded, error) {
	l := new(Loaded)
	err := r.getItem(ctx, key, Getting{Consistent: true}, out, func(item stored) { l.stored = r.apart(item.values()) })
	if err != nil {
		return nil, err
	}
	return l, r.remember(l, reflect.ValueOf(out).Elem())
}

// remember makes item, which was read, what changes are counted from.
func (r *Repo) remember(l *Loaded, item reflect.Value) (err error) {
	l.encoded, err = r.attributesOf(item)
	return err
}

// attributesOf are those of item as it would be stored, with its keys. Item
// itself stays as it is.
func (r *Repo) attributesOf(item reflect.Value) (map[string]types.AttributeValue, error) {
	copied := reflect.New(r.Type).Elem()
	r.setItem(copied, item)
	keys, err := r.deriveKeys(nil, copied)
	if err != nil {
		return nil, err
	}
	s, err := r.encode(nil, copied, keys, false)
	return r.apart(s.attrs), err
}

// apart is attrs, or a copy of it if items may share its values.
func (r *Repo) apart(attrs map[string]types.AttributeValue) map[string]types.AttributeValue {
	if !r.dynamic {
		return attrs
	}
	return stored{raw: stored{attrs: attrs}.json()}.values()
}

// Changes are the actions that make of the item that was loaded what item, a
// *T, is now.
func (r *Repo) Changes(l *Loaded, item any) ([]*ast.Action, error) {
	v, err := elem(item)
	if err != nil {
		return nil, err
	}
	v, pending := r.withoutPending(v)
	now, err := r.attributesOf(v)
	if err != nil {
		return nil, err
	}
	var actions []*ast.Action
	r.diff(nil, l.stored, l.encoded, now, &actions)
	for _, a := range pending {
		if touching(a, actions) == nil {
			actions = append(actions, &ast.Action{Clause: ast.Set, Attr: a})
		}
	}
	return actions, nil
}

// diff adds what makes of the members at path, which are stored, and were
// encoded as was, what is now. What the item's type does not know stays.
func (r *Repo) diff(path codec.Path, stored, was, now map[string]types.AttributeValue, actions *[]*ast.Action) {
	names := slices.Sorted(maps.Keys(now))
	for name := range was {
		if _, ok := now[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names[len(now):])
	for _, name := range names {
		at := append(path[:len(path):len(path)], codec.Step{Name: name})
		old, had := was[name]
		value, has := now[name]
		if had && has && equalValues(old, value) {
			continue
		}
		attr := &ast.Attr{Item: r.Type, Path: at}
		if !has {
			if _, there := stored[name]; there {
				*actions = append(*actions, &ast.Action{Clause: ast.Remove, Attr: attr})
			}
			continue
		}
		inner, isMap := stored[name].(*types.AttributeValueMemberM)
		before, wasMap := old.(*types.AttributeValueMemberM)
		after, isStill := value.(*types.AttributeValueMemberM)
		if isMap && wasMap && isStill && !r.stages.isCoded(at) {
			r.diff(at, inner.Value, before.Value, after.Value, actions)
			continue
		}
		*actions = append(*actions, &ast.Action{Clause: ast.Set, Attr: attr, Value: ast.Operand{Kind: ast.OpPlain, Value: value}})
	}
}

// SaveItem sends what has changed in item, a *T, since it was loaded, as one
// update, and makes item what is stored then. Without a change nothing is sent.
func (r *Repo) SaveItem(ctx context.Context, l *Loaded, item any, with ast.Write) error {
	return r.saveItem(ctx, l, item, with, nil)
}

// saveItem is SaveItem on another condition, that dynox itself has.
func (r *Repo) saveItem(ctx context.Context, l *Loaded, item any, with ast.Write, same *ast.Cond) error {
	v, err := elem(item)
	if err != nil {
		return err
	}
	actions, err := r.Changes(l, item)
	if err != nil || len(actions) == 0 {
		return err
	}
	w, err := r.begin(ctx, Update, item, with)
	if err != nil {
		return err
	}
	w.unmoved = same
	if err := w.prepareSave(ctx, l); err != nil {
		return w.undo(ctx, err)
	}
	if err := w.build(); err != nil {
		return w.undo(ctx, err)
	}
	if err := w.upload(ctx); err != nil {
		return err
	}
	out := reflect.New(r.Type)
	p := r.outcome(out.Interface())
	defer p.release()
	if err := r.send(ctx, w, p, true); err != nil {
		return w.failed(ctx, err)
	}
	if err := errors.Join(p.outcome(ctx), w.done(ctx, out.Elem())); err != nil {
		return err
	}
	v.Set(out.Elem())
	if len(p.entries) > 0 {
		l.stored = p.entries[0].values()
	}
	return r.remember(l, v)
}

func (w *Write) prepareSave(ctx context.Context, l *Loaded) error {
	r := w.repo
	if err := r.stages.run(ctx, BeforeUpdate, w.item); err != nil {
		return err
	}
	if err := r.stages.check(w.item); err != nil {
		return err
	}
	if err := r.stages.follow(ctx, w.item); err != nil {
		return err
	}
	var err error
	if w.key, err = r.key(w.item, form{}); err != nil {
		return err
	}
	if v := r.stages.version; v != nil {
		n, err := integer(w.item, v.Attr)
		if err != nil {
			return err
		}
		w.user = ast.All(w.user, versionIs(v, n))
	}
	if err := w.beginItem(); err != nil {
		return err
	}
	if len(w.uploads) > 0 {
		w.rebuild = func(ctx context.Context) error { return errors.Join(w.changes(ctx, l), w.build()) }
	}
	return w.changes(ctx, l)
}

// changes makes the actions of a save.
func (w *Write) changes(ctx context.Context, l *Loaded) error {
	r := w.repo
	actions, err := r.Changes(l, w.item.Addr().Interface())
	if err != nil {
		return err
	}
	written := func(a *ast.Attr) bool { return touching(a, actions) != nil }
	if err := errors.Join(r.stages.checkCodedActions(actions), r.checkVectors(w.item, written)); err != nil {
		return err
	}
	v := r.stages.version
	for _, a := range actions {
		switch {
		case r.isTableKey(a.Attr.Path[0].Name):
			return &Failure{Kinds: []error{ErrKey}, Why: "the item's key has changed: put it as another item, and delete this one"}
		case v != nil && (a.Attr.Same(v.Attr) || v.Token != nil && a.Attr.Same(v.Token)):
			return errors.New("the version is kept by the repository: a save counts by itself")
		}
	}
	w.actions = r.stages.everywhere(actions)
	w.single = false // the same values again
	r.stages.count(w)
	w.actions, err = w.sealActions(ctx, w.actions)
	return err
}
