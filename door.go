package dynox

import "github.com/dynox-go/dynox/internal/core"

// Core is for the packages of this module: the repository without its type.
// It is nil for a nil repository.
func (r *Repo[T]) Core(core.Door) *core.Repo {
	if r == nil {
		return nil
	}
	return r.core
}

// WithStages is for the packages of this module: an option of what they do
// about writes and reads.
func WithStages[T any](_ core.Door, set func(*core.Stages)) Option[T] {
	return option[T](func(c *core.Config) { set(&c.Stages) })
}

// PublicError is for the packages of this module: err with the errors that
// this one exports.
func PublicError(_ core.Door, err error) error { return public(err) }
