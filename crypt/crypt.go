// Package crypt encrypts attributes before they are sent, and opens them when they
// were read:
//
//	keyring := crypt.KMS(kmsClient, "alias/orders")
//	orders, err := dynox.NewRepo(table, OrderKey, crypt.Field(card, keyring))
//
// A value is sealed with a data key, by AES-256 in Galois/Counter Mode, into an
// envelope that is stored as binary and holds all that it takes to open it but the
// keyring: the data key is in it, wrapped. All values of one item that one call
// writes share a data key. What a value belongs to is authenticated with it: an
// envelope that was changed, or moved to another attribute, item or scope, does not
// open. docs/encryption.md has the format, byte by byte, and what it does not
// protect.
//
// Keys, versions and kinds cannot be encrypted: [dynox.NewRepo] says so. Of an
// encrypted attribute a condition can only ask whether it exists, and an update
// only sets the whole of it or removes it; [Beacon] makes it one that can be looked
// up. All else works as ever: batches, transactions, indexes that hold the
// attribute, items that an error carries.
//
// Plaintext and keys are in no error of this package, and no type of it shows them,
// whatever it is printed with.
package crypt

import (
	"errors"
	"reflect"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// rank is after compression, which has 0: what is encrypted does not shrink.
const rank = 1

// FieldOption is an option of [Field].
type FieldOption interface{ field(*fieldOptions) }

type fieldOption func(*fieldOptions)

func (f fieldOption) field(o *fieldOptions) { f(o) }

type fieldOptions struct {
	coder    coder
	readOnly bool
	err      error
}

// Field encrypts an attribute, of any type; it may be optional, and part of
// another. It is encrypted as a whole, nil and empty values too, so that only its
// presence and about its length can be seen.
//
// Fields with the same keyring and options share a data key where they are written
// together. A keyring is comparable, as pointers are, and shared by any number of
// fields and repositories.
func Field[T, V any](attr expr.Attr[T, V], keyring Keyring, opts ...FieldOption) dynox.Option[T] {
	o := newField(reflect.TypeFor[V](), keyring, opts)
	c := core.Coded{Attr: fault(attr.Ref(ast.Door{}), o.err), Coder: o.coder, Rank: rank, Blind: true, ReadOnly: o.readOnly}
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) { s.Coded = append(s.Coded, c) })
}

func newField(t reflect.Type, keyring Keyring, opts []FieldOption) fieldOptions {
	o := fieldOptions{coder: coder{keyring: keyring}, err: checkKeyring(keyring)}
	for _, opt := range opts {
		if opt != nil {
			opt.field(&o)
		}
	}
	if o.err == nil && o.readOnly && o.coder.writeOnly {
		o.err = errors.New("both write-only and read-only")
	}
	if o.coder.plain == plainRead && isBytes(t) {
		o.coder.plain = plainBytes
	}
	return o
}

// fault is attr, which cannot be used if err is not nil.
func fault(attr *ast.Attr, err error) *ast.Attr {
	if err == nil || attr.Check() != nil {
		return attr
	}
	bad := *attr
	bad.Err = &attrError{attr.String(), err}
	return &bad
}

// attrError is what is wrong with an option for an attribute.
type attrError struct {
	attr string
	err  error
}

func (e *attrError) Error() string { return "crypt: " + e.attr + ": " + e.err.Error() }
func (e *attrError) Unwrap() error { return e.err }

func isBytes(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() == reflect.Uint8
}

// Scope names what the values belong to, in place of the name of their table. An
// envelope opens only in the scope that it was sealed in. A table that was
// restored, or is a copy, has another name: give the scope that the values were
// sealed in, which is the former table's name if none was given then.
func Scope(name string) FieldOption {
	return fieldOption(func(o *fieldOptions) {
		if o.coder.scope = name; name == "" && o.err == nil {
			o.err = errors.New("empty scope")
		}
	})
}

// ContextOption is the option that [Context] makes.
type ContextOption struct{ context string }

// Context binds values, and the data keys that they are sealed with, to pairs of
// names and values: they are opened with exactly the same ones. KMS gets them as
// its encryption context, which policies can refer to and which logs show, so that
// nothing secret and nothing that differs from item to item belongs there. See
// https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
func Context(pairs map[string]string) ContextOption { return ContextOption{canonical(pairs)} }

func (c ContextOption) field(o *fieldOptions)  { o.coder.context = c.context }
func (c ContextOption) beaconKey(k *BeaconKey) { k.context = c.context }

// WriteOnly makes a repository that seals values and opens none, for a process that
// needs no permission to decrypt. A read that asks for the attribute fails with
// [ErrSealed], as an item error: leave it out of what is asked for, by [dynox.Only]
// or the Only of a query. In items that writes return, and that errors carry, the
// field is zero.
func WriteOnly() FieldOption {
	return fieldOption(func(o *fieldOptions) { o.coder.writeOnly = true })
}

// ReadOnly makes a repository that opens values and seals none: every write of the
// attribute, and so every put, is refused with [dynox.ErrReadOnly] before anything
// is sent.
func ReadOnly() FieldOption {
	return fieldOption(func(o *fieldOptions) { o.readOnly = true })
}

// ReadPlaintext reads values that are not encrypted, too, for as long as a table
// has some from before. Until it is taken away again, who can write the table can
// put values there that were never sealed. Of an attribute of bytes, binary that
// has the form of an envelope is taken for one, and any other for plaintext.
func ReadPlaintext() FieldOption {
	return fieldOption(func(o *fieldOptions) { o.coder.plain = plainRead })
}

// ReadPydynox reads strings that pydynox has encrypted, too, for as long as a table
// has some: those that begin with ENC:. The pairs are the encryption context that
// pydynox was given, if any. Such values are bound to no attribute and no item:
// until this is taken away again, who can write the table can move them. Values
// that are written are envelopes of this package.
func ReadPydynox(pairs map[string]string) FieldOption {
	return fieldOption(func(o *fieldOptions) { o.coder.pydynox, o.coder.pydynoxContext = true, canonical(pairs) })
}
