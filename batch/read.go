package batch

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// Item is an item to be read by a [Read], and afterwards what was read. It must
// not be used by two Reads at once.
type Item[T any] struct {
	V     T    // the item, zero if it is not there
	Found bool // it is there

	repo *core.Repo
	key  T
	ref  *core.Ref
}

// Ref refers to the item of r that key names: its other fields are not looked
// at.
//
//	user, order := batch.Ref(users, User{ID: "42"}), batch.Ref(orders, key)
//	err := batch.Read(ctx, user, order)
func Ref[T any](r *dynox.Repo[T], key T) *Item[T] {
	return &Item[T]{repo: r.Core(core.Door{}), key: key}
}

// reading is a Read that is being made.
type reading struct {
	how   core.BatchGetting
	repos []*core.Repo
	refs  []*core.Ref
	ends  []func()
}

func (i *Item[T]) read(ctx context.Context, r *reading) error {
	if i == nil || i.repo == nil {
		return errNil
	}
	i.Found = false
	ref, err := i.repo.NewRef(ctx, &i.key, &i.V)
	if err != nil {
		return err
	}
	i.ref = ref
	r.repos, r.refs = append(r.repos, i.repo), append(r.refs, ref)
	r.ends = append(r.ends, func() { i.Found = ref.Found() })
	return nil
}

var errNil = errors.New("nil repository")

// Read reads items, of any repositories and tables, with as few requests as it
// takes. An item that is not there, or is of another kind, is not Found; that
// is no error. Where several things are wrong, the error is that of the first
// item; the others have been read: an item that could not be is not Found. Items
// that are given twice have memory of their own.
func Read(ctx context.Context, items ...Reading) error {
	r := &reading{how: newGetting()}
	for n, i := range items {
		if i == nil {
			return fail("batch read", nil, fmt.Errorf("item %d: nil", n))
		}
		if err := i.read(ctx, r); err != nil {
			return fail("batch read", nil, fmt.Errorf("item %d: %w", n, err))
		}
	}
	if err := r.how.Check(); err != nil {
		return fail("batch read", nil, err)
	}
	core.BatchRead(ctx, r.refs, r.how, nil)
	for _, end := range r.ends {
		end()
	}
	for i, ref := range r.refs {
		if err := ref.Err(); err != nil {
			return fail("batch read", r.repos[i], err)
		}
	}
	return nil
}

// fail makes the public error of what failed with err.
func fail(op string, repo *core.Repo, err error) error {
	if err == nil {
		return nil
	}
	public := &dynox.Error{Op: op, Table: "(none)", Err: dynox.PublicError(core.Door{}, err)}
	if repo != nil {
		public.Table, public.Item = repo.Table.Name, repo.Name()
	}
	return public
}
