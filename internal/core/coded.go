package core

import (
	"context"

	"github.com/dynox-go/dynox/internal/ast"
)

// Coded is an attribute that is stored in another form than its plan's:
// encrypted, or compressed.
type Coded struct {
	Attr  *ast.Attr
	Coder Coder
	// Rank orders the coders of one attribute: a write applies those of lower
	// rank first, a read last.
	Rank int
	// Blind attributes cannot be compared or computed with: conditions may only
	// ask whether they exist, and updates only set them to a value or remove
	// them.
	Blind bool
	// ReadOnly refuses every write of the attribute, and every put.
	ReadOnly bool
}

// Coder changes the form of attribute values. Coders are comparable; the values
// of equal ones go through one call. They are safe for concurrent use.
type Coder interface {
	// Encode gives the values of one item the form that is stored. It may call
	// other services.
	Encode(ctx context.Context, values []Value) error
	// Decode gives stored values, of any number of items, their plan's form, or
	// notes what is wrong with them.
	Decode(ctx context.Context, values []Value)
}

// Value is an attribute value on its way through a Coder.
type Value struct {
	Table string // its name
	// Key is the item's key as it is stored: what tells it from all other items
	// of the table, and from nothing else.
	Key  []byte
	Path string // of the attribute: "ship.card"
	// JSON is the value in DynamoDB JSON. The coder puts another slice in its
	// place, nil to leave the attribute out, and never writes into this one.
	JSON []byte
	// Returned is a value of an item that a write returned, or its error
	// carries: nobody has asked to read it.
	Returned bool
	Err      error // of Decode: why the value cannot be had
}
