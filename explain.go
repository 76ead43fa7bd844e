package dynox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/core"
)

// Explanation is what a query, a scan or a write would ask the service, and what it
// will cost. It holds names and texts of expressions, with a question mark
// for each value; only [Explanation.Request] has those.
type Explanation struct {
	Operation    string // the service's: Query, PutItem
	Table        string
	Index        string // "" for the table
	KeyCondition string // what bounds the read, and its cost
	Filter       string // what leaves out items after they were read
	Projection   string // "" for all attributes
	Condition    string // of a write: the caller's and dynox's own
	Update       string // the update expression
	PageSize     int    // the Limit of the first request, 0 for none
	Limit        int    // items yielded at most, 0 for all
	Segments     int
	Consistent   bool
	Descending   bool
	Units        Units    // that the first request takes at least, without indexes
	Notes        []string // what there is to know of its cost

	request func() ([]byte, error)
}

// Request is the body of the first request, as JSON, with all values: of what the
// service gets, to be handled like the item itself. It is an error where nothing is
// sent, or where that depends on what is stored. Nothing is sent for it.
func (e Explanation) Request() ([]byte, error) {
	if e.request == nil {
		return nil, errors.New("dynox: an explanation is made by a repository")
	}
	return e.request()
}

// Explain is what running s would ask the service. It does no I/O, and fails
// as running s would before it sends anything.
func (r *Repo[T]) Explain(s Spec[T]) (Explanation, error) {
	if s == nil {
		return Explanation{}, r.fail("explain", errors.New("nil query or scan"))
	}
	p, err := r.core.Explain(s.spec(nil))
	return r.explain(p, err)
}

func (r *Repo[T]) explain(p *core.Plan, err error) (Explanation, error) {
	if err != nil {
		return Explanation{}, r.fail("explain", err)
	}
	return Explanation{
		Operation: p.Operation, Table: p.Table, Index: p.Index, KeyCondition: p.Key, Filter: p.Filter,
		Projection: p.Projection, Condition: p.Condition, Update: p.Update, PageSize: p.Page, Limit: p.Limit, Segments: p.Segments,
		Consistent: p.Consistent, Descending: p.Descending, Units: Units{p.Read, p.Write}, Notes: p.Notes,
		request: func() ([]byte, error) {
			body, err := p.Request()
			return body, r.fail("explain", err)
		},
	}, nil
}

func (r *Repo[T]) explainWrite(ctx context.Context, verb core.Op, item T, with ast.Write) (Explanation, error) {
	p, err := r.core.ExplainWrite(ctx, verb, &item, with)
	return r.explain(p, err)
}

// ExplainCreate is what [Repo.Create] would ask the service. It runs what precedes a
// write on a copy of item: hooks, generated values, validation, encryption; so it may
// ask other services. It fails as the write would before that is sent.
func (r *Repo[T]) ExplainCreate(ctx context.Context, item T, opts ...expr.WriteOption[T]) (Explanation, error) {
	return r.explainWrite(ctx, core.Create, item, write(opts))
}

// ExplainPut is what [Repo.Put] would ask the service, in the manner of
// [Repo.ExplainCreate].
func (r *Repo[T]) ExplainPut(ctx context.Context, item T, opts ...expr.WriteOption[T]) (Explanation, error) {
	return r.explainWrite(ctx, core.Put, item, write(opts))
}

// ExplainUpdate is what [Repo.Update] would ask the service, in the manner of
// [Repo.ExplainCreate].
func (r *Repo[T]) ExplainUpdate(ctx context.Context, key T, actions ...expr.Action[T]) (Explanation, error) {
	return r.explainWrite(ctx, core.Update, key, write(actions))
}

// ExplainUpsert is what [Repo.Upsert] would ask the service, in the manner of
// [Repo.ExplainCreate].
func (r *Repo[T]) ExplainUpsert(ctx context.Context, key T, actions ...expr.Action[T]) (Explanation, error) {
	return r.explainWrite(ctx, core.Upsert, key, write(actions))
}

// ExplainDelete is what [Repo.Delete] would ask the service, in the manner of
// [Repo.ExplainCreate].
func (r *Repo[T]) ExplainDelete(ctx context.Context, key T, opts ...expr.WriteOption[T]) (Explanation, error) {
	return r.explainWrite(ctx, core.Delete, key, write(opts))
}

// String is the explanation on several lines.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Operation, e.Table)
	if e.Index != "" {
		fmt.Fprintf(&b, " index %s", e.Index)
	}
	for _, flag := range []struct {
		on   bool
		text string
	}{{e.Consistent, ", consistent"}, {e.Descending, ", descending"}, {e.Segments > 0, fmt.Sprintf(", %d segments", e.Segments)}} {
		if flag.on {
			b.WriteString(flag.text)
		}
	}
	for _, line := range []struct{ name, text string }{
		{"key", e.KeyCondition}, {"filter", e.Filter}, {"projection", e.Projection},
		{"condition", e.Condition}, {"update", e.Update},
	} {
		if line.text != "" {
			fmt.Fprintf(&b, "\n  %s: %s", line.name, line.text)
		}
	}
	if e.PageSize > 0 {
		fmt.Fprintf(&b, "\n  page size: %d", e.PageSize)
	}
	if e.Limit > 0 {
		fmt.Fprintf(&b, "\n  limit: %d", e.Limit)
	}
	for _, note := range e.Notes {
		fmt.Fprintf(&b, "\n  %s", note)
	}
	return b.String()
}
