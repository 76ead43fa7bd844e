package dynox

import (
	"errors"
	"fmt"
	"strings"
)

// Explanation is what a query or a scan would ask the service, and what it
// will cost. It holds names and texts of expressions, with a question mark
// for each value.
type Explanation struct {
	Operation    string // Query or Scan
	Table        string
	Index        string // "" for the table
	KeyCondition string // what bounds the read, and its cost
	Filter       string // what leaves out items after they were read
	Projection   string // "" for all attributes
	PageSize     int    // the Limit of the first request, 0 for none
	Limit        int    // items yielded at most, 0 for all
	Segments     int
	Consistent   bool
	Descending   bool
	Notes        []string // what there is to know of its cost
}

// Explain is what running s would ask the service. It does no I/O, and fails
// as running s would before it sends anything.
func (r *Repo[T]) Explain(s Spec[T]) (Explanation, error) {
	if s == nil {
		return Explanation{}, r.fail("explain", errors.New("nil query or scan"))
	}
	p, err := r.core.Explain(s.spec(nil))
	if err != nil {
		return Explanation{}, r.fail("explain", err)
	}
	return Explanation{
		Operation: p.Operation, Table: p.Table, Index: p.Index, KeyCondition: p.Key, Filter: p.Filter,
		Projection: p.Projection, PageSize: p.Page, Limit: p.Limit, Segments: p.Segments,
		Consistent: p.Consistent, Descending: p.Descending, Notes: p.Notes,
	}, nil
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
