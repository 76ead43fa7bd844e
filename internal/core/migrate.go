package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
)

// Verdict is what a migration makes of an item.
type Verdict uint8

// The verdicts.
const (
	MigrateKeep Verdict = iota
	MigrateSave
	MigrateDelete
)

// Found is an item that a migration has met.
type Found struct {
	attrs map[string]types.AttributeValue // as it is stored
	item  reflect.Value
	rest  map[string]types.AttributeValue // of an item of an older schema: what its type does not know
}

// MigrateScan calls yield with each item that spec, a scan, finds, and the cursor past it,
// until yield returns false. What it finds stays as it is.
func (r *Repo) MigrateScan(ctx context.Context, spec Spec, yield func(f *Found, cursor string) bool) error {
	last := spec.After
	spec.Track = func(cursor string) { last = cursor }
	q, err := r.prepare(ctx, &spec, reading{})
	if err != nil {
		return err
	}
	l := &loop{request: q, dst: reflect.New(r.Type).Elem()}
	l.yield = func() bool {
		f := &Found{attrs: r.apart(l.item.values()), item: reflect.New(r.Type).Elem(), rest: l.rest}
		f.item.Set(l.dst)
		return yield(f, last)
	}
	_, err = l.run(ctx)
	return err
}

// Migrate has judge, which may change the *T that it is given, decide about an item, and
// does what it says: saves what has changed, or deletes the item, if it is still what was
// read. One of an older schema is put as upgrades and judge have made it. Otherwise it is
// read again, and judged anew; one that is gone is kept. If dry is set, nothing is written.
// It returns what was done, or would be, and the last *T that was judged.
func (r *Repo) Migrate(ctx context.Context, f *Found, dry bool, judge func(item any) (Verdict, error)) (what Verdict, item any, err error) {
	if r.Table.ReadOnly && !dry {
		return MigrateKeep, nil, ErrReadOnly
	}
	key := r.keyIn(f.attrs)
	err = again(ctx, func() error {
		judged := reflect.New(r.Type)
		judged.Elem().Set(f.item)
		item = judged.Interface()
		l := &Loaded{stored: f.attrs}
		if err := r.remember(l, f.item); err != nil {
			return err
		}
		if what, err = judge(item); err != nil {
			return judgedError{err}
		}
		if what == MigrateSave && !r.isOld(f.attrs) {
			actions, err := r.Changes(l, item)
			if err != nil {
				return err
			}
			if len(actions) == 0 {
				what = MigrateKeep
			}
		}
		if what == MigrateKeep || dry {
			return nil
		}
		if at, err := r.key(f.item, form{}); err != nil || !equalItems(at.values(), key.values()) {
			return errors.Join(err, errOlderKey)
		}
		wanted := reflect.New(r.Type)
		r.setItem(wanted.Elem(), judged.Elem())
		err := r.settleItem(ctx, l, what, f, item)
		unknown := errors.Is(err, ErrUnknownOutcome)
		changed := errors.Is(err, ErrConditionFailed) && !errors.Is(err, ErrNotUnique) || errors.Is(err, ErrNotFound)
		if !unknown && !changed && !contended(err) {
			return err
		}
		// What is there now?
		now, gone, rereadErr := r.refind(ctx, key)
		switch {
		case rereadErr != nil:
			return errors.Join(err, rereadErr)
		case gone:
			if !unknown || what == MigrateSave {
				what = MigrateKeep
			}
			return nil
		case unknown && what == MigrateSave && r.isAs(now, wanted.Interface()):
			return nil
		}
		f = now
		return fmt.Errorf("%w: %w", errRejudge, err)
	})
	var own judgedError
	if errors.As(err, &own) {
		err = own.error
	}
	if err != nil {
		what = MigrateKeep
	}
	return what, item, err
}

// judgedError is an error of the one who judges: whatever it is, it is not tried again.
type judgedError struct{ error }

// errRejudge marks an item that is to be judged anew.
var errRejudge = errors.New("it was changed by others, again and again")

var errOlderKey = errors.New("its key is not in the form that puts give it: backfill the repository first")

// settleItem saves item, or deletes the one that was found, if that is still what was
// loaded.
func (r *Repo) settleItem(ctx context.Context, l *Loaded, what Verdict, f *Found, item any) error {
	older := r.isOld(f.attrs)
	same := r.unchanged(l.stored, nil, r.stages.version == nil || older)
	switch {
	case what == MigrateSave && older:
		return r.putOver(ctx, item, same, f.rest)
	case what == MigrateSave:
		return r.saveItem(ctx, l, item, ast.Write{}, same)
	}
	return r.deleteItem(ctx, f.item.Addr().Interface(), ast.Write{}, same, nil)
}

// refind is the item with key as it is now.
func (r *Repo) refind(ctx context.Context, key attributes) (f *Found, gone bool, err error) {
	now, foreign, err := r.readStored(ctx, key)
	if err != nil || foreign || now == nil {
		return nil, err == nil, err
	}
	p := r.table.whole.newPage(r.Table)
	defer p.release()
	p.any = true
	p.readMap(now)
	p.loaded(ctx)
	if err := p.entries[0].err; err != nil {
		return nil, false, err
	}
	f = &Found{attrs: r.apart(now), item: reflect.New(r.Type).Elem(), rest: p.entries[0].rest}
	f.item.Set(p.item(0))
	return f, false, nil
}

// isAs reports whether an item is what was to be stored, whatever its version.
func (r *Repo) isAs(f *Found, wanted any) bool {
	l := &Loaded{stored: f.attrs}
	if r.isOld(f.attrs) || r.remember(l, f.item) != nil {
		return false
	}
	actions, err := r.Changes(l, wanted)
	return err == nil && !slices.ContainsFunc(actions, func(a *ast.Action) bool {
		v := r.stages.version
		return v == nil || !a.Attr.Same(v.Attr) && (v.Token == nil || !a.Attr.Same(v.Token))
	})
}
