package dynox

import (
	"reflect"

	"github.com/dynox-go/dynox/internal/core"
)

// Core is for the packages of this module: the repository without its type.
// It is nil for a nil repository.
func (r *Repo[T]) Core(core.Door) *core.Repo {
	if r == nil {
		return nil
	}
	return r.core
}

// Core is for the packages of this module: what calls on the table use.
func (t *Table) Core(core.Door) (*core.Table, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	return &t.core, t.broken()
}

// Images is for the packages of this module: what reads stored forms of items,
// and makes a T of each.
func (r *Repo[T]) Images(core.Door) (*core.Images, func(repo int, item reflect.Value) T) {
	m := &core.Images{Skip: true}
	if r != nil {
		m.Repos = []*core.Repo{r.core}
	}
	return m, func(_ int, item reflect.Value) T {
		return item.Interface().(T) //nolint:forcetypeassert // it is of the repository's type
	}
}

// Images is for the packages of this module, as that of [Repo].
func (u *UnionOf[E]) Images(core.Door) (*core.Images, func(repo int, item reflect.Value) E) {
	if u == nil {
		return new(core.Images), nil
	}
	return &core.Images{Repos: u.repos, Skip: u.skip, Err: u.err}, u.item
}

// WithStages is for the packages of this module: an option of what they do
// about writes and reads.
func WithStages[T any](_ core.Door, set func(*core.Stages)) Option[T] {
	return option[T](func(c *core.Config) { set(&c.Stages) })
}

// PublicError is for the packages of this module: err with the errors that
// this one exports.
func PublicError(_ core.Door, err error) error { return public(err) }
