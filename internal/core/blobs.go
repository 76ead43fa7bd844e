package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

func (s *Schema) compileBlobs(given []Blob) error {
	var errs []error
	for i, b := range given {
		switch err := b.Attr.Check(); {
		case err != nil:
			errs = append(errs, err)
			continue
		case b.Attr.Item != s.Type || b.Attr.Index == nil:
			errs = append(errs, fmt.Errorf("%v is no field of %v", b.Attr, s.Type))
		case b.Store == nil:
			errs = append(errs, fmt.Errorf("%v has no store", b.Attr))
		case slices.ContainsFunc(given[:i], func(other Blob) bool { return other.Attr.Same(b.Attr) }):
			errs = append(errs, fmt.Errorf("%v is given two stores", b.Attr))
		}
		if why := s.plain(b.Attr); why != "" {
			errs = append(errs, fmt.Errorf("%v %s: it cannot be a blob", b.Attr, why))
		}
	}
	s.stages.blobs = given
	return errors.Join(errs...)
}

// uploading is what a write does about its blobs.
type uploading struct {
	uploads []Upload
	// rebuild makes the request anew, when all is uploaded.
	rebuild func(context.Context) error
	// replaces: the item that the write replaces is asked for, to remove its
	// blobs.
	replaces bool
}

// blobItem says where a blob of the item of w belongs.
func (w *Write) blobItem(a *ast.Attr) BlobItem {
	item := BlobItem{Table: w.repo.Table.Name, Kind: w.repo.Kind.Name, Path: a.Path.String()}
	for _, k := range w.repo.table.attrs() {
		item.Key = append(item.Key, w.key.get(k.name))
	}
	return item
}

// beginItem prepares for storing the blobs of w's item.
func (w *Write) beginItem() error {
	for _, b := range w.repo.stages.blobs {
		if _, ok := at(w.item, b.Attr.Index); !ok {
			continue
		}
		if err := w.begin(b, settable(w.item, b.Attr.Index)); err != nil {
			return err
		}
	}
	return nil
}

// withoutPending is item without the blobs that are still to be stored: itself,
// or a copy, and their attributes.
func (r *Repo) withoutPending(item reflect.Value) (reflect.Value, []*ast.Attr) {
	var pending []*ast.Attr
	for _, b := range r.stages.blobs {
		f, ok := at(item, b.Attr.Index)
		if !ok || !b.Store.Pending(f.Addr().Interface()) {
			continue
		}
		if pending == nil {
			own := reflect.New(r.Type).Elem()
			own.Set(item)
			item = own
		}
		settable(item, b.Attr.Index).SetZero()
		pending = append(pending, b.Attr)
	}
	return item, pending
}

func (w *Write) begin(b Blob, field reflect.Value) error {
	u, err := b.Store.Begin(w.blobItem(b.Attr), field.Addr().Interface())
	if err != nil {
		return &pathError{b.Attr.String(), err}
	}
	if u != nil {
		w.uploads = append(w.uploads, u)
	}
	return nil
}

// beginActions prepares for storing the blobs that actions set. The values of
// the actions that come back are read by current.
func (w *Write) beginActions(actions []*ast.Action) ([]blobAction, error) {
	var all []blobAction
	for i, a := range actions {
		var value reflect.Value
		for _, b := range w.repo.stages.blobs {
			n := len(b.Attr.Path)
			switch {
			case a.Attr.Check() != nil || !overlap(a.Attr.Path, b.Attr.Path) || a.Clause == ast.Remove:
				continue
			case len(a.Attr.Path) > n || a.Clause != ast.Set || a.Value.Kind != ast.OpValue || a.Attr.Index == nil:
				return nil, fmt.Errorf("%v is a blob: an update sets the whole of it to a value, or removes it", b.Attr)
			}
			given := reflect.ValueOf(a.Value.Value)
			if !given.IsValid() {
				continue
			}
			if !value.IsValid() {
				value = reflect.New(given.Type()).Elem()
				value.Set(given)
				all = append(all, blobAction{i, value})
			}
			rest := b.Attr.Index[len(a.Attr.Index):]
			if _, ok := at(value, rest); !ok {
				continue
			}
			if err := w.begin(b, settable(value, rest)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// blobAction is the value of an action that has blobs.
type blobAction struct {
	i     int // of the action
	value reflect.Value
}

// current are actions with the values that those with blobs have now.
func current(actions []*ast.Action, blobs []blobAction) []*ast.Action {
	if blobs == nil {
		return actions
	}
	actions = slices.Clone(actions)
	for _, b := range blobs {
		a := *actions[b.i]
		a.Value.Value = b.value.Interface()
		actions[b.i] = &a
	}
	return actions
}

// upload stores the blobs of w, and makes its request anew: they are known
// then. After an error nothing is stored.
func (w *Write) upload(ctx context.Context) error {
	if len(w.uploads) == 0 {
		return nil
	}
	for _, u := range w.uploads {
		if err := u.Run(ctx); err != nil {
			return w.undo(ctx, err)
		}
	}
	if err := w.rebuild(ctx); err != nil {
		return w.undo(ctx, err)
	}
	return nil
}

// undoTime is how long removing what was uploaded may take, after the caller's
// context has ended.
const undoTime = 15 * time.Second

// undo removes what was uploaded for w, which certainly did not take effect
// because of err, and gives up what was not. It returns err.
func (w *Write) undo(ctx context.Context, err error) error {
	if len(w.uploads) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	for _, u := range w.uploads {
		if undoErr := u.Undo(ctx); undoErr != nil {
			err = fmt.Errorf("%w; what was uploaded stays: %w", err, undoErr)
		}
	}
	w.uploads = nil
	return err
}

// failed is what follows when sending w has failed with err, which it returns.
func (w *Write) failed(ctx context.Context, err error) error {
	if len(w.uploads) == 0 || errors.Is(err, ErrUnknownOutcome) || errors.Is(err, errReadBack) {
		return err
	}
	return w.undo(ctx, err)
}

// wantReplaced has w ask for the item that it replaces, if that may have blobs
// which nothing refers to then.
func (w *Write) wantReplaced() {
	w.replaces = len(w.repo.stages.blobs) > 0 && !w.once && w.op != Create && !w.soft
}

// removeReplaced removes the blobs of the item that w, which has taken effect,
// has replaced, and of which p has it.
func (w *Write) removeReplaced(ctx context.Context, p *page) error {
	if !w.replaces || len(p.entries) == 0 {
		return nil
	}
	p.open(ctx)
	old := p.item(0)
	var kept []any
	if w.op != Delete {
		for _, b := range w.repo.stages.blobs {
			if f, ok := at(w.item, b.Attr.Index); ok {
				kept = append(kept, f.Addr().Interface())
			}
		}
	}
	var errs []error
	for _, b := range w.repo.stages.blobs {
		if f, ok := at(old, b.Attr.Index); ok && p.entries[0].err == nil { // else Sweep finds it
			if err := b.Store.Remove(ctx, f.Addr().Interface(), kept); err != nil {
				errs = append(errs, fmt.Errorf("%w: %v: %w", ErrAfterWrite, b.Attr, err))
			}
		}
	}
	return errors.Join(errs...)
}

// bind tells the blobs of item, whose key is told, of their store.
func (v *view) bind(table string, key func() []types.AttributeValue, item reflect.Value) {
	for _, b := range v.blobs {
		if f, ok := at(item, b.index); ok && !f.IsZero() {
			b.store.Bind(BlobItem{Table: table, Kind: v.schema.Kind.Name, Key: key(), Path: b.path}, f.Addr().Interface())
		}
	}
}

// boundBlob is a blob of the items that a view reads.
type boundBlob struct {
	store BlobStore
	path  string
	index []int
}

// findBlobs finds the fields of the view's type that hold blobs.
func (v *view) findBlobs() {
	for _, b := range v.schema.stages.blobs {
		if index, t := fieldAt(v.plan.Type(), b.Attr.Path); index != nil && t == b.Attr.Type {
			v.blobs = append(v.blobs, boundBlob{b.Store, b.Attr.Path.String(), index})
		}
	}
}

// fieldAt is the field of t that is stored at path, and its type: nil if there
// is none.
func fieldAt(t reflect.Type, path codec.Path) ([]int, reflect.Type) {
	var index []int
	for _, step := range path {
		fields, err := codec.Fields(base(t))
		i := slices.IndexFunc(fields, func(f codec.Field) bool { return f.Name == step.Name })
		if err != nil || i < 0 {
			return nil, nil
		}
		index, t = append(index, fields[i].Index...), fields[i].Type
	}
	return index, t
}

// BlobAt is the store of a blob attribute, and where a blob of the item that
// key, a *T, names belongs; nil: of any.
func (r *Repo) BlobAt(ctx context.Context, attr *ast.Attr, key any) (BlobStore, BlobItem, error) {
	i := slices.IndexFunc(r.stages.blobs, func(b Blob) bool { return b.Attr.Same(attr) })
	if i < 0 {
		return nil, BlobItem{}, fmt.Errorf("%v is no blob of %s", attr, r.Name())
	}
	w := &Write{repo: r}
	if key != nil {
		v, err := elem(key)
		if err == nil {
			w.key, err = r.keyOfItem(ctx, v)
		}
		if err != nil {
			return nil, BlobItem{}, err
		}
	}
	return r.stages.blobs[i].Store, w.blobItem(attr), nil
}

// FieldAt is a pointer to the field of an attribute in item, a *T; nil behind a
// nil pointer.
func (r *Repo) FieldAt(attr *ast.Attr, item any) any {
	f, ok := at(reflect.ValueOf(item).Elem(), attr.Index)
	if !ok {
		return nil
	}
	return f.Addr().Interface()
}
