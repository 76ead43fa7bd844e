package crypt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/core"
)

// Rotation is how far a [Rotate] has come.
type Rotation struct {
	Items   int64        // that were looked at
	Rotated int64        // of those, written anew
	Changed int64        // of those, written by others in the meantime, and left
	Cursor  dynox.Cursor // goes on after the last of them, for [RotateAfter]; "" at the end
}

// RotateOption is an option of [Rotate].
type RotateOption func(*rotation)

type rotation struct {
	spec       core.Spec
	some       int
	everything bool
	progress   func(Rotation)
	mu         sync.Mutex
	current    map[coder]string // by what seals: the id of the key that it does it with
	Rotation
}

// RotateAfter goes on where another call was broken off.
func RotateAfter(c dynox.Cursor) RotateOption { return func(r *rotation) { r.spec.After = string(c) } }

// RotateConcurrency is how many items are written at once. The default is 4.
func RotateConcurrency(n int) RotateOption { return func(r *rotation) { r.some = n } }

// RotateProgress has f told after each item, in the table's order and in the caller's
// goroutine.
func RotateProgress(f func(Rotation)) RotateOption { return func(r *rotation) { r.progress = f } }

// RotateEverything seals every value anew, also those whose data key the present
// key has wrapped: with other data keys.
func RotateEverything() RotateOption { return func(r *rotation) { r.everything = true } }

// RotateOnItemError has f decide about an item that cannot be opened or read, or that
// would be too large when it is rotated, which ends the call otherwise: nil goes on
// after it, and leaves it as it is.
func RotateOnItemError(f func(*dynox.ItemError) error) RotateOption {
	return func(r *rotation) {
		if f == nil {
			return
		}
		r.spec.OnItem = func(bad *core.BadItem) error {
			var item *dynox.ItemError
			if errors.As(dynox.PublicError(core.Door{}, bad), &item) {
				return f(item)
			}
			return bad
		}
	}
}

// Rotate seals anew what repo's fields would seal in another way today: under
// another key than the one that their keyring seals with, in pydynox's form, or not
// at all. It scans the table, and replaces the values of an item if they are still those that it has read: what others write meanwhile
// stays. Nothing else of an item changes; hooks do not run, and versions do not
// count. Items that are hidden because their time has passed are rotated, too. It
// costs the capacity to read all of the table, and to write what it
// rotates.
//
// To change a key, add it to the keyring wherever values are read, then make it the
// first wherever they are written, then rotate, then take the former one away:
//
//	keyring := crypt.AnyOf(crypt.KMS(client, newKey), crypt.KMS(client, oldKey))
//	…
//	done, err := crypt.Rotate(ctx, orders)
//
// The result says how far it has come, with an error too. An item that others have
// written in the meantime is left: rotate again, until nothing is rotated.
func Rotate[T any](ctx context.Context, repo *dynox.Repo[T], opts ...RotateOption) (Rotation, error) {
	r := rotation{spec: core.Spec{Scan: true, Prefetch: true}, some: core.BatchConcurrency, current: make(map[coder]string)}
	for _, opt := range opts {
		if opt != nil {
			opt(&r)
		}
	}
	r.Cursor = dynox.Cursor(r.spec.After)
	c := repo.Core(core.Door{})
	if c == nil || !slices.ContainsFunc(c.Coders(), func(c core.Coder) bool { _, ok := c.(coder); return ok }) {
		return r.Rotation, errors.New("dynox: crypt.Rotate: the repository has no encrypted attribute: see crypt.Field")
	}
	cursor, err := c.Recode(ctx, &r.spec, r.some, func(by core.Coder, v core.Value) (bool, error) { return r.stale(ctx, by, v) }, r.done)
	r.Cursor = dynox.Cursor(cursor)
	if err != nil {
		return r.Rotation, fmt.Errorf("dynox: crypt.Rotate: %w", dynox.PublicError(core.Door{}, err))
	}
	return r.Rotation, nil
}

func (r *rotation) done(what core.Recoding, cursor string) bool {
	r.Items++
	switch what {
	case core.RecodeDone:
		r.Rotated++
	case core.RecodeMoved:
		r.Changed++
	}
	r.Cursor = dynox.Cursor(cursor)
	if r.progress != nil {
		r.progress(r.Rotation)
	}
	return true
}

// stale reports whether a value would be sealed in another way today.
func (r *rotation) stale(ctx context.Context, by core.Coder, v core.Value) (bool, error) {
	c, ok := by.(coder)
	if !ok || r.everything {
		return ok, nil
	}
	f, err := c.look(v.JSON)
	if err != nil || f.form != formEnvelope {
		return true, err
	}
	id, err := r.sealedWith(ctx, c)
	return err == nil && string(f.envelope.keyID) != id, err
}

// sealedWith is the id of the key that c seals with.
func (r *rotation) sealedWith(ctx context.Context, c coder) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, ok := r.current[c]
	if !ok {
		key, err := caching(c.keyring).toSeal(ctx, c.context, 0, 0)
		if err != nil {
			return "", err
		}
		id = key.id
		r.current[c] = id
	}
	return id, nil
}
