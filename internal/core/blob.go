package core

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
)

// Blob is an attribute whose field, a value that this package knows nothing of,
// refers to bytes in another service.
type Blob struct {
	Attr  *ast.Attr
	Store BlobStore
}

// BlobStore is what keeps the bytes. It is safe for concurrent use. The fields
// that it is given are pointers to the attribute's type.
type BlobStore interface {
	// Begin prepares for storing what field holds, on a copy of the item whose
	// write is being made, and returns nil when there is nothing to store. After
	// it the field encodes to its final size. A field that refers to what is
	// stored already is bound, as by Bind.
	Begin(item BlobItem, field any) (Upload, error)
	// Pending reports whether Begin would have something to store.
	Pending(field any) bool
	// Bind tells field, which has been read, of its item and its store.
	Bind(item BlobItem, field any)
	// Remove removes what field refers to, unless one of kept refers to it, too.
	Remove(ctx context.Context, field any, kept []any) error
}

// BlobItem says which attribute of which item a blob is of.
type BlobItem struct {
	Table string
	Kind  string                 // "" without one
	Key   []types.AttributeValue // the values of the table's key attributes
	Path  string
}

// Upload is bytes on their way into a store.
type Upload interface {
	// Run stores them; the field that they come from then encodes as what is
	// stored in the item.
	Run(ctx context.Context) error
	// Undo removes what Run has stored, all or some of it, or gives up to run:
	// the item was certainly not written.
	Undo(ctx context.Context) error
}
