// Package hooks runs functions of yours before and after the verbs of a
// repository, and after every read.
//
// The options of a repository run in this order, whatever the order in which
// they are given: hooks before a write, generated values, derived keys,
// validation, version, and, after the write has taken effect, hooks after it.
// Hooks of one point run in the order in which they are given; the first error
// ends it. What a hook before a write refuses is not sent. An error of a hook
// after a write comes back as [dynox.ErrAfterWrite]: the write stays.
//
// Hooks act in transactions and batches as in single writes. They run in the
// caller's goroutine with the call's context, never inside an attempt of the
// SDK, and must be safe for concurrent use if the repository is used so.
package hooks

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

func at[T any](when core.When, f func(context.Context, *T) error) dynox.Option[T] {
	hook := core.Hook{When: when}
	if f != nil {
		hook.Run = func(ctx context.Context, item any) error { return f(ctx, item.(*T)) }
	}
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) { s.Hooks = append(s.Hooks, hook) })
}

// BeforePut runs f before an item is created, put or swapped, on a copy of the
// caller's value: what f changes in it is stored, and becomes the caller's when
// the write has taken effect. What slices, maps and pointers lead to is the
// caller's own.
func BeforePut[T any](f func(context.Context, *T) error) dynox.Option[T] {
	return at(core.BeforePut, f)
}

// AfterPut runs f on the caller's value after it was created, put or swapped.
func AfterPut[T any](f func(context.Context, *T) error) dynox.Option[T] { return at(core.AfterPut, f) }

// BeforeUpdate runs f before an update or an upsert, on a copy of its key; what f
// changes in it counts.
func BeforeUpdate[T any](f func(context.Context, *T) error) dynox.Option[T] {
	return at(core.BeforeUpdate, f)
}

// AfterUpdate runs f after an update or an upsert, on the item that it returns;
// in a transaction, which returns none, on its key.
func AfterUpdate[T any](f func(context.Context, *T) error) dynox.Option[T] {
	return at(core.AfterUpdate, f)
}

// BeforeDelete runs f before an item is deleted or taken, on a copy of its key.
func BeforeDelete[T any](f func(context.Context, *T) error) dynox.Option[T] {
	return at(core.BeforeDelete, f)
}

// AfterDelete runs f after an item was deleted, on its key; or taken, on the
// item.
func AfterDelete[T any](f func(context.Context, *T) error) dynox.Option[T] {
	return at(core.AfterDelete, f)
}

// AfterLoad runs f on every item that was read, before the caller has it:
// by a get, a query, a scan, a batch or a transaction, and what a write returns
// or its error carries. An error makes the item one that cannot be read, a
// [dynox.ItemError]; of what a write returns it is a [dynox.ErrAfterWrite], and hooks
// after the write do not run. Fields that were not asked for are zero; items read into
// another type, by [dynox.Into], are not seen.
func AfterLoad[T any](f func(context.Context, *T) error) dynox.Option[T] {
	return at(core.AfterLoad, f)
}

// Validate has f refuse items that are created or put, with [dynox.ErrInvalid]
// and its own error. It runs when everything but the version is known. A method
// Validate() error of T or *T is found by itself, and runs after these.
func Validate[T any](f func(*T) error) dynox.Option[T] {
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) {
		if f == nil {
			s.Checks = append(s.Checks, nil) // which is told
			return
		}
		s.Checks = append(s.Checks, func(item any) error { return f(item.(*T)) })
	})
}

// Skip is ctx for calls that run no hooks. Values are generated, items
// validated and versions kept as ever.
func Skip(ctx context.Context) context.Context { return core.SkipHooks(ctx) }

// Upgrade changes stored items of an older schema as they are read, before they
// are decoded: f makes one of the schema before into one of schema to. The number
// of the schema that an item has is in attr, an integer field that is stored by
// itself: 0 if it is absent. Several upgrades run one after the other. Items are
// stored with the latest number when they are put, or made by an upsert. An update
// or an upsert of an older item, which it would mix with the newer schema, fails
// with [dynox.ErrConditionFailed]: read the item and put it. bulk.Migrate does so with all
// of them. f may change any attribute
// but those of keys; it is called with attribute values of its own, perhaps again
// if a call is repeated, and must do no I/O.
//
// An older item cannot be read in part, by [dynox.Only] or from an index that holds
// some attributes only: it is a [dynox.ItemError]. An index that does not hold attr
// shows items as they are.
func Upgrade[T any, V ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](
	attr expr.Attr[T, V], to int, f func(map[string]types.AttributeValue) error,
) dynox.Option[T] {
	u := core.Upgrade{Attr: attr.Ref(ast.Door{}), To: int64(to), Change: f}
	return dynox.WithStages[T](core.Door{}, func(s *core.Stages) { s.Upgrades = append(s.Upgrades, u) })
}
