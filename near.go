package dynox

import (
	"context"
	"iter"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Match is an item that [Repo.Near] has found.
type Match[T any] struct {
	Item T
	// Score is how near the item's vector is: of COSINE from 0, the same direction, to
	// 2, the opposite one; of EUCLIDEAN the distance; of DOT_PRODUCT the product, of
	// which more is nearer.
	Score float64
}

// SearchOption is an option of [Repo.Near]: [Where], [SearchOnItemError], [Only] of some
// attributes, or ReadOption[T](WithDeleted[T]).
type SearchOption[T any] interface {
	search(*core.Search, *T)
}

type where[T any] []*ast.Cond

func (w where[T]) search(s *core.Search, _ *T) { s.Where = append(s.Where, w...) }

// Where narrows a search of vectors to items for which conds hold: equality of fields
// that are the index's [VectorIndex.Partition] or [VectorIndex.Filters], each given
// once. A partition must be given. Other conditions fail before the call; they never
// become a filter of what was found.
func Where[T any](conds ...expr.Cond[T]) SearchOption[T] { return where[T](trees(conds)) }

type searchOnItem[T any] func(*ItemError) error

func (f searchOnItem[T]) search(s *core.Search, _ *T) { s.OnItem = onItem(f) }

// SearchOnItemError lets f decide about an item that cannot be read: nil goes on with
// the next one, an error ends the search.
func SearchOnItemError[T any](f func(*ItemError) error) SearchOption[T] { return searchOnItem[T](f) }

func (o ReadOption[T]) search(s *core.Search, _ *T) {
	if o == nil {
		return
	}
	var r readOptions
	o(&r, nil)
	s.Only = append(s.Only, r.Only...)
	s.Deleted = s.Deleted || r.Deleted
	s.Consistent = s.Consistent || r.Consistent
}

// Near yields the k items, 1 to 100, whose vectors are nearest to vector, the nearest
// first. ix is one of the repository's; vector has its dimensions and finite numbers,
// or the search fails before the call. Ranging over the result sends one request, as
// there are no pages; ranging again searches again, for what vector is then. An error is
// yielded last, once, with a zero match.
//
// Items come as the index holds them, a moment behind the table, and without their
// vector, whose field is zero: ask for it by [Only]. So put none of them back; update
// them, or get them first. Items of other kinds, and hidden ones, are left out after
// they were found, so fewer than k may come. Where the index is searched by the
// attribute of the repository's kind, its partition or a filter, and no other names
// are accepted for it, Near asks for it by itself: none are left out afterwards, and
// items stored without any kind are not found.
//
// A search takes no read units but bytes, see [Call.SearchBytes].
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SearchVectors.html
func (r *Repo[T]) Near(ctx context.Context, ix VectorIndex[T], vector []float32, k int, opts ...SearchOption[T]) iter.Seq2[Match[T], error] {
	s := &core.Search{Index: &ix.vector, Vector: vector, K: k}
	for _, o := range opts {
		if o != nil {
			o.search(s, nil)
		}
	}
	return func(yield func(Match[T], error) bool) {
		var item T
		err := r.core.Near(ctx, s, &item, func(score float64) bool { return yield(Match[T]{item, score}, nil) })
		if err != nil {
			yield(Match[T]{}, r.fail("near", err))
		}
	}
}
