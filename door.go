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
