package tx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// Get refers to the item of r that key names: its other fields are not looked
// at.
//
//	user, order := tx.Get(users, User{ID: "42"}), tx.Get(orders, key)
//	err := tx.Read(ctx, user, order)
func Get[T any](r *dynox.Repo[T], key T) *Item[T] {
	return &Item[T]{repo: r.Core(core.Door{}), key: key}
}

// Ref is an [Item] of any type.
type Ref interface {
	begin(context.Context) (*core.Ref, string, error)
	end()
}

func (i *Item[T]) begin(ctx context.Context) (*core.Ref, string, error) {
	if i == nil || i.repo == nil {
		return nil, "", errors.New("nil item, or nil repository")
	}
	i.Found = false
	ref, err := i.repo.NewRef(ctx, &i.key, &i.V)
	if err != nil {
		err = fmt.Errorf("get of %s: %w", i.repo.Name(), err)
	}
	i.ref = ref
	return ref, i.repo.Table.Name, err
}

func (i *Item[T]) end() { i.Found = i.ref.Found() }

// Read reads all of refs as they are at one moment, which no write comes
// between. An item that is not there, or is of another kind, is not Found; that
// is no error. An item that cannot be decoded is a [*dynox.ItemError]. After an
// error the refs hold nothing that is to be used. Up to 100 items with 4 MB
// together can be read, each once.
func Read(ctx context.Context, refs ...Ref) error {
	var all []*core.Ref
	var tables []string
	fail := func(err error) error {
		var one *core.OpError
		if errors.As(err, &one) {
			err = fmt.Errorf("operation %d: %w", one.Index, dynox.PublicError(core.Door{}, one.Err))
		}
		return &dynox.Error{Op: "read", Table: strings.Join(tables, ", "), Err: err}
	}
	for i, r := range refs {
		if r == nil {
			return fail(fmt.Errorf("operation %d: nil item", i))
		}
		ref, table, err := r.begin(ctx)
		if table != "" && !slices.Contains(tables, table) {
			tables = append(tables, table)
		}
		if err != nil {
			return fail(fmt.Errorf("operation %d: %w", i, err))
		}
		all = append(all, ref)
	}
	if err := core.TransactGet(ctx, all); err != nil {
		return fail(err)
	}
	for _, r := range refs {
		r.end()
	}
	return nil
}
