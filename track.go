package dynox

import (
	"context"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/core"
)

// Tracked is an item that knows how it was loaded. Change V, in any way, and
// Save. It is for one goroutine at a time; it holds the item twice beside V.
type Tracked[T any] struct {
	V T

	repo   *Repo[T]
	loaded *core.Loaded
}

// Load reads the item with the key of key, consistently, to be changed and
// saved. It fails with [ErrNotFound] if there is none.
func (r *Repo[T]) Load(ctx context.Context, key T) (*Tracked[T], error) {
	t := &Tracked[T]{repo: r}
	var err error
	if t.loaded, err = r.core.LoadItem(ctx, &key, &t.V); err != nil {
		return nil, r.fail("load", err)
	}
	return t, nil
}

// Changed are the paths of the attributes that V would change, those that are
// set before those that are removed, each by name. Edits in slices, maps and what
// pointers lead to are seen. It is empty, too, if V cannot be encoded, which Save
// tells.
func (t *Tracked[T]) Changed() []string {
	actions, err := t.repo.core.Changes(t.loaded, &t.V)
	if err != nil {
		return nil
	}
	paths := make([]string, len(actions))
	for i, a := range actions {
		paths[i] = a.Attr.Path.String()
	}
	return paths
}

// Save sends what has changed since the item was loaded, or saved, as one
// update: attributes that are left out now are removed, those of nested structs and
// maps are written one by one, lists as a whole, and attributes that T does not know
// stay as they are. V becomes the item as it is stored afterwards. If nothing has
// changed, nothing is sent.
//
// An item that is gone is [ErrNotFound]; one that somebody else has written is a
// stale one, if the repository has a version (package lock), and otherwise
// overwritten where it was changed here. The key cannot change: that is [ErrKey].
// Hooks are those of an update, and get V; V is validated as for a put. After a
// failure V is as it was, and may be saved again.
func (t *Tracked[T]) Save(ctx context.Context, opts ...expr.WriteOption[T]) error {
	return t.repo.fail("save", t.repo.core.SaveItem(ctx, t.loaded, &t.V, write(opts)))
}
