package blob

import "github.com/dynox-go/dynox/internal/core"

// NewCoder is the coder of a field that is [Compressed].
func NewCoder(opts ...CompressOption) core.Coder { return newCompressor(opts) }

// PlainSize is about the size that the service counts for a value.
var PlainSize = plainSize
