package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// Backfill gives the items that spec, a scan, finds the form in which they would be
// put today: the attributes that dynox derives, such as the keys of indexes, the kind
// and beacons, and others that are stored in another way. It adds no fields that an
// item lacks, and leaves encrypted ones alone. An update does it, if what it follows
// from is still what was read; else the item is read again. No hook runs, and no
// version counts. An item whose key has an older form is stored under the new one, in
// one transaction. Some items are written at once; done is told as by [Repo.Recode].
func (r *Repo) Backfill(ctx context.Context, spec *Spec, some int, dry bool, done func(what Recoding, cursor string) bool) (cursor string, err error) {
	if r.Table.ReadOnly && !dry {
		return spec.After, ErrReadOnly
	}
	return r.rewrite(ctx, spec, some, func(ctx context.Context, l *loop) func() (Recoding, error) {
		attrs, item := r.apart(l.item.values()), reflect.New(r.Type).Elem()
		item.Set(l.dst)
		return func() (Recoding, error) { return r.backfill(ctx, attrs, item, dry) }
	}, done)
}

// backfill is Backfill of one item, which has been read as old.
func (r *Repo) backfill(ctx context.Context, old map[string]types.AttributeValue, item reflect.Value, dry bool) (what Recoding, err error) {
	err = again(ctx, func() error {
		w, err := r.refresh(ctx, old, item)
		switch {
		case err != nil:
			return &unfitError{err}
		case w == nil:
			return nil
		}
		if !dry {
			err = w.sendRefreshed(ctx)
		}
		unknown := errors.Is(err, ErrUnknownOutcome)
		switch {
		case err == nil:
			what = RecodeDone
			return nil
		case errors.Is(err, ErrNotUnique):
			return &unfitError{err}
		case !errors.Is(err, ErrConditionFailed) && !unknown:
			return err
		}
		// What is there now?
		var failed error
		if old, item, failed = r.reread(ctx, w); failed != nil {
			return errors.Join(err, failed)
		}
		switch left, failed := r.refresh(ctx, old, item); {
		case failed != nil:
			return &unfitError{failed}
		case left == nil: // it is gone, or done
			what = RecodeDone
			return nil
		}
		switch {
		case unknown:
			return err
		case errors.Is(err, ErrExists):
			return &unfitError{err}
		}
		return fmt.Errorf("%w: %w", errMoved, err)
	})
	var unfit *unfitError
	if errors.Is(err, ErrConditionFailed) && !errors.As(err, &unfit) {
		return RecodeMoved, nil
	}
	return what, err
}

// refresh is the write that gives an item, which is stored as old, the form that it
// would be put in today; nil if it has it.
func (r *Repo) refresh(ctx context.Context, old map[string]types.AttributeValue, item reflect.Value) (*Write, error) {
	if old == nil {
		return nil, nil //nolint:nilnil // there is no item
	}
	w := &Write{repo: r, op: Update, item: reflect.New(r.Type).Elem(), key: r.keyIn(old)}
	w.item.Set(item)
	if err := r.stages.follow(ctx, w.item); err != nil {
		return nil, err
	}
	keys, err := r.deriveKeys(nil, w.item)
	if err != nil {
		return nil, err
	}
	put, err := r.encode(nil, w.item, keys, false)
	if err != nil {
		return nil, err
	}
	now := put.values()
	set := func(name string, av types.AttributeValue) {
		attr := r.root(name)
		w.actions = append(w.actions, &ast.Action{Clause: ast.Remove, Attr: attr})
		if av != nil {
			w.actions[len(w.actions)-1] = &ast.Action{Clause: ast.Set, Attr: attr, Value: ast.Operand{Kind: ast.OpPlain, Value: av}}
		}
	}
	derived := r.derivedNames(keys)
	older := r.isOld(old) // then what is now is of another schema
	for name, av := range now {
		have, ok := old[name]
		follows := slices.Contains(derived, name)
		if ok && !follows {
			av = reformed(have, av)
		}
		switch {
		case r.inKey(name) || r.opaque(name) || !follows && (!ok || older) || ok && equalValues(have, av):
			continue
		case slices.ContainsFunc(r.stages.uniques, func(u unique) bool { return u.attr.Path[0].Name == name }):
			return nil, fmt.Errorf("%s is unique, and would be written otherwise: update the items", name)
		}
		set(name, av)
	}
	for name := range old {
		if _, ok := now[name]; !ok && slices.Contains(derived, name) && !r.inKey(name) {
			set(name, nil)
		}
	}
	moves := !equalItems(w.key.values(), keys.key.values())
	if len(w.actions) == 0 && !moves {
		return nil, nil //nolint:nilnil // there is nothing to write
	}
	slices.SortFunc(w.actions, func(a, b *ast.Action) int { return cmp.Compare(a.Attr.Path[0].Name, b.Attr.Path[0].Name) })
	b := ast.NewWriter(r.plan)
	w.condition = b.Condition(r.unchanged(old, w.actions, moves || older))
	after := maps.Clone(old)
	for _, a := range w.actions {
		if delete(after, a.Attr.Path[0].Name); a.Clause == ast.Set {
			after[a.Attr.Path[0].Name], _ = a.Value.Value.(types.AttributeValue)
		}
	}
	for _, a := range keys.key {
		after[a.name] = a.value
	}
	if err := (stored{attrs: after}).checkSize(); err != nil {
		return nil, err
	}
	if moves {
		w.op = Delete
		w.names, w.values = b.Names(), b.Values()
		return w, errors.Join(b.Err(), w.renew(after, keys.key))
	}
	w.update = b.Update(w.actions)
	w.names, w.values = b.Names(), b.Values()
	return w, b.Err()
}

// reformed is what have, a stored value, is to become where a put would store now:
// now, if that says the same in another way. What decoding may have lost of have stays:
// what no field holds of a map, digits of a number, a NULL, a set that became a list.
func reformed(have, now types.AttributeValue) types.AttributeValue {
	switch have := have.(type) {
	case *types.AttributeValueMemberM:
		now, ok := now.(*types.AttributeValueMemberM)
		if !ok {
			return have
		}
		all := maps.Clone(have.Value)
		for name, av := range all {
			if v, ok := now.Value[name]; ok {
				all[name] = reformed(av, v)
			}
		}
		return &types.AttributeValueMemberM{Value: all}
	case *types.AttributeValueMemberL:
		list, ok := now.(*types.AttributeValueMemberL)
		switch {
		case ok && len(list.Value) == len(have.Value):
			all := slices.Clone(have.Value)
			for i, av := range all {
				all[i] = reformed(av, list.Value[i])
			}
			return &types.AttributeValueMemberL{Value: all}
		case !ok && len(have.Value) > 0 && distinct(members(now)) == len(have.Value): // a set of all of them
			return now
		}
	case *types.AttributeValueMemberS:
		if isScalar(now) {
			return now
		}
	default:
		if isScalar(have) && isScalar(now) && kindOf(have) != kindOf(now) {
			return now
		}
	}
	return have
}

// distinct is how many different ones there are of the elements of a set.
func distinct(vs []types.AttributeValue) int {
	seen := map[string]bool{}
	for _, v := range vs {
		seen[string(appendValueIdentity(nil, v))] = true
	}
	return len(seen)
}

// isScalar reports whether av is one value, and not NULL.
func isScalar(av types.AttributeValue) bool {
	switch av.(type) {
	case *types.AttributeValueMemberS, *types.AttributeValueMemberN, *types.AttributeValueMemberB, *types.AttributeValueMemberBOOL:
		return true
	}
	return false
}

// renew has w delete its item, for item, which has key, to take its place.
func (w *Write) renew(item map[string]types.AttributeValue, key attributes) error {
	if len(w.repo.stages.coded) > 0 || len(w.repo.stages.blobs) > 0 {
		return errors.New("an item with encrypted attributes or blobs, which are bound to its key, cannot be given another: read it, and put it")
	}
	w.actions = nil
	put := &Write{repo: w.repo, op: Put, key: slices.Clone(key)}
	var all attributes
	for name, av := range item {
		all = append(all, attribute{name, av})
	}
	put.stored = stored{raw: all.json()}
	b := ast.NewWriter(w.repo.plan)
	put.condition = b.Condition(w.repo.exists(ast.Missing))
	put.names, put.values = b.Names(), b.Values()
	w.renewed = []*Write{put}
	for _, u := range w.repo.stages.uniques {
		value := claimed(u.in(item))
		if value == nil {
			continue
		}
		claim, err := w.repo.claim(w.repo.sentinel(u, value), key, &types.AttributeValueMemberM{Value: w.key.values()})
		if err != nil {
			return err
		}
		claim.of, claim.claimed, claim.whose = u, value, put
		w.renewed = append(w.renewed, claim)
	}
	return b.Err()
}

// sendRefreshed sends what refresh has made.
func (w *Write) sendRefreshed(ctx context.Context) error {
	if w.renewed == nil {
		p := w.repo.outcome(nil)
		defer p.release()
		return w.repo.sendPlain(ctx, w, p, false)
	}
	err := transactAll(ctx, append([]*Write{w}, w.renewed...), "")
	var canceled *Canceled
	if !errors.As(err, &canceled) {
		return err
	}
	if put := canceled.Reasons[1].Err; errors.Is(put, ErrConditionFailed) && canceled.Reasons[0].Err == nil {
		return &Failure{Kinds: []error{ErrExists, ErrConditionFailed}, Why: "another item is stored under the key that it would have", Cause: put}
	}
	return canceled.first()
}

// reread is the item of w as it is now: nil if there is none.
func (r *Repo) reread(ctx context.Context, w *Write) (map[string]types.AttributeValue, reflect.Value, error) {
	now, foreign, err := r.readStored(ctx, w.key)
	if err != nil || foreign || now == nil {
		return nil, reflect.Value{}, err
	}
	p := r.table.whole.newPage(r.Table)
	defer p.release()
	p.any = true
	p.readMap(now)
	p.loaded(ctx)
	if err := p.entries[0].err; err != nil {
		return nil, reflect.Value{}, err
	}
	item := reflect.New(r.Type).Elem()
	item.Set(p.item(0))
	return now, item, nil
}

// derivedNames are the attributes that dynox decides on.
func (r *Repo) derivedNames(keys derivedKeys) []string {
	names := slices.Clone(keys.absent)
	for _, a := range keys.derived {
		names = append(names, a.name)
	}
	for _, d := range r.stages.following {
		names = append(names, d.To.Path[0].Name)
	}
	return names
}

func (r *Repo) root(name string) *ast.Attr {
	return &ast.Attr{Item: r.Type, Path: codec.Path{{Name: name}}}
}

func (r *Repo) inKey(name string) bool {
	return slices.ContainsFunc(r.table.attrs(), func(a keyAttr) bool { return a.name == name })
}

// opaque reports whether an attribute is, or has in it, what is encoded anew each
// time.
func (r *Repo) opaque(name string) bool {
	return slices.ContainsFunc(r.stages.coded, func(c coded) bool { return c.path[0].Name == name })
}

// unchanged holds for the item that was read as old, as far as actions depend on
// it: its version, or the attributes that they change and those that keys and others
// follow from; or, if whole is set, all of it.
func (r *Repo) unchanged(old map[string]types.AttributeValue, actions []*ast.Action, whole bool) *ast.Cond {
	names := map[string]bool{}
	switch v := r.stages.version; {
	case whole:
		for name := range old {
			names[name] = true
		}
		for _, f := range r.plan.Fields() { // those that it lacks, too
			names[f.Name] = true
		}
		for _, p := range r.derived {
			names[p.Attr] = true
		}
	case v != nil:
		names[v.Attr.Path[0].Name] = true
	default:
		for _, a := range actions {
			names[a.Attr.Path[0].Name] = true
		}
		for _, p := range r.derived {
			for _, f := range p.Fields {
				names[f.Path[0].Name] = true
			}
		}
		for _, d := range r.stages.following {
			names[d.From.Path[0].Name] = true
		}
	}
	conds := []*ast.Cond{r.exists(ast.Exists)}
	for name := range names {
		if !r.inKey(name) {
			conds = append(conds, unique{attr: r.root(name)}.is(old[name]))
		}
	}
	return ast.All(conds...)
}
