package core

import (
	"context"
	"reflect"
)

// Sizes is how large an item is as it is stored.
type Sizes struct {
	Bytes      int
	Attributes map[string]int // name and value
}

// SizeOf is the size of item, a *T, as a put would store it: with keys, kind and
// encoded attributes, without hooks and generated values.
func (r *Repo) SizeOf(ctx context.Context, item any) (Sizes, error) {
	v, err := elem(item)
	if err != nil {
		return Sizes{}, err
	}
	w := &Write{repo: r, op: Put, item: reflect.New(r.Type).Elem()}
	w.item.Set(v)
	keys, err := r.deriveKeys(nil, w.item)
	if err != nil {
		return Sizes{}, err
	}
	w.key = keys.key
	if err := w.encode(ctx, keys); err != nil {
		return Sizes{}, err
	}
	s := Sizes{Attributes: make(map[string]int)}
	for name, av := range w.stored.values() {
		n := len(name) + valueSize(av)
		s.Attributes[name] = n
		s.Bytes += n
	}
	return s, nil
}
