package tx

import (
	"context"
	"errors"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Unique keeps the values of an attribute unique among the items of a
// repository: a write that would give an item the value of another fails with
// [dynox.ErrNotUnique], and changes nothing. It holds for every write of the
// repository, single or in a transaction; batches, which cannot check it, refuse
// the repository unless they are told not to.
//
//	users, err := dynox.NewRepo(table, UserKey, tx.Unique(email))
//
// The attribute is a string, a number or bytes; an absent or empty value is no
// value, and equal numbers are one, however they are written. It may be nested, and
// may be a beacon of an encrypted attribute, or one of those that a composite key is
// made of. The table's key attributes are strings. Several attributes may be unique,
// each on its own.
//
// A value is claimed by an item of its own in the same table, whose partition key
// begins with "dynox:unique#"; reads of repositories do not see it, and writes to
// such keys are a [dynox.ErrKey].
//
// A write that changes the attribute reads the item consistently, and is then a
// transaction that requires what was read: about twice the capacity of two writes.
// When others have changed the attribute in between, it begins again, a few times,
// after which it is a [dynox.ErrConditionFailed]. A write that does not change it
// costs a condition, and a put or a delete the read. What an Update or an Upsert
// that changes it returns is read afterwards; if that fails, it is a
// [dynox.ErrAfterWrite]. What a Swap or a Take returns is what was read before: with
// a lock.Version exactly what was replaced; without one, other attributes may have
// changed since. Updates set the attribute to a value, or remove it. A transaction
// with a [Token] cannot change it.
//
// Items that others write, such as a deletion by TTL or an unchecked batch, leave
// claims behind: who wants the value sees that its owner does not have it any
// more, and takes it over. An item past its time has its value until it is deleted.
//
// Items that were there before are claimed by [Claim]. Claims are kept under the
// names of the attribute and of the kind, or without one of the Go type: after
// another name was given, all items are to be claimed again.
func Unique[T, V any](attr expr.Attr[T, V]) dynox.Option[T] {
	u := core.Unique{Attr: attr.Ref(ast.Door{}), Taken: func(attr string) error { return &NotUniqueError{attr} }}
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) { s.Uniques = append(s.Uniques, u) })
}

// Claim claims the values of the items that s finds, for a repository whose items
// were there before it had [Unique] attributes, and yields those that have a value
// of another item: they keep it, unclaimed, until they are changed. While it runs,
// all who write must have the option already. It can be repeated, and continued
// after a cursor of s. Items that were deleted softly keep their values too, if s is a
// scan WithDeleted.
//
//	for user, err := range tx.Claim(ctx, users, dynox.All[User]()) {
//		if err != nil {
//			return err
//		}
//		log.Print("not unique: ", user.ID)
//	}
func Claim[T any](ctx context.Context, r *dynox.Repo[T], s dynox.Scan[T]) func(yield func(T, error) bool) {
	return func(yield func(T, error) bool) {
		var zero T
		c := r.Core(core.Door{})
		if c == nil {
			yield(zero, errors.New("dynox: tx.Claim: nil repository"))
			return
		}
		for item, err := range r.Scan(ctx, s) {
			if err == nil {
				err = c.ClaimAll(ctx, &item)
			}
			switch {
			case errors.Is(err, dynox.ErrNotUnique):
				if !yield(item, nil) {
					return
				}
			case errors.Is(err, dynox.ErrNotFound), err == nil: // deleted since
			default:
				yield(zero, &dynox.Error{Op: "claim", Table: c.Table.Name, Item: c.Name(), Err: dynox.PublicError(core.Door{}, err)})
				return
			}
		}
	}
}

// NotUniqueError is a write that would give an item the value of another. It is a
// [dynox.ErrNotUnique], and nothing was changed.
type NotUniqueError struct {
	Attr string // the attribute's path: contact.phone
}

func (e *NotUniqueError) Error() string { return "not unique: another item has this value: " + e.Attr }

// Is makes a NotUniqueError a [dynox.ErrNotUnique].
func (e *NotUniqueError) Is(target error) bool { return target == dynox.ErrNotUnique }
