package core

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/dynox-go/dynox/internal/ast"
)

// Plan is what a call would ask the service, without values.
type Plan struct {
	Operation  string
	Table      string
	Index      string
	Key        string // the key condition
	Filter     string
	Projection string
	Condition  string // of a write
	Update     string
	Page       int // the size of the first page asked for, 0: the service's
	Limit      int
	Consistent bool
	Descending bool
	Segments   int
	Read       float64 // units, at least
	Write      float64
	Notes      []string

	// Request is the body of the first request, with values.
	Request func() ([]byte, error)
}

// explaining is the context of plans, which nothing is sent for. What is derived
// for a key may still ask another service, once.
var explaining = context.Background()

// Explain is the plan of spec.
func (r *Repo) Explain(spec *Spec) (*Plan, error) {
	q, err := r.prepare(explaining, spec, reading{})
	if err != nil {
		return nil, err
	}
	l := &loop{request: q}
	p := &Plan{
		Operation: pick(spec.Scan, "Scan", "Query"), Table: r.Table.Name, Index: q.ix.Name,
		Page: l.size(0), Limit: spec.Limit, Consistent: spec.Consistent, Descending: spec.Desc,
		Segments: spec.Segments,
	}
	if in := q.legs[0].query; in != nil {
		p.Key = readable(aws.ToString(in.KeyConditionExpression), in.ExpressionAttributeNames)
		p.Filter = readable(aws.ToString(in.FilterExpression), in.ExpressionAttributeNames)
		p.Projection = readable(aws.ToString(in.ProjectionExpression), in.ExpressionAttributeNames)
	} else if in := q.legs[0].scan; in != nil {
		p.Filter = readable(aws.ToString(in.FilterExpression), in.ExpressionAttributeNames)
		p.Projection = readable(aws.ToString(in.ProjectionExpression), in.ExpressionAttributeNames)
	}
	p.Notes = q.notes()
	if !q.empty {
		p.Read = readUnits(0, spec.Consistent)
	}
	p.Request = func() ([]byte, error) { return r.readRequest(spec) }
	return p, nil
}

// notes are what a reader of the plan should know of its cost.
func (q *request) notes() []string {
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	switch {
	case q.empty:
		note("no item can match: nothing is sent, and it costs nothing")
		return notes
	case q.spec.Scan && q.ix == q.repo.table:
		note("reads the whole table")
	case q.spec.Scan:
		note("reads the whole index")
	case q.legs[0].keys.attr == "" && len(q.legs[0].keys.equal) == 0 && q.ix.sort != nil:
		note("reads the whole item collection: Where would bound it")
	}
	if !q.spec.Scan {
		for _, b := range q.unused() {
			note("%v is set, but bounds nothing: a field before it in the sort key has no single value", b)
		}
	}
	note("costs %s for each 4096 bytes read, a page at a time", pick(q.spec.Consistent, "1 RCU", "0.5 RCU"))
	if q.filtered {
		note("the filter runs after the read: what it leaves out costs the same")
	}
	if q.spec.Limit > 0 && q.filtered && q.spec.PageSize == 0 {
		note("with a filter, pages are as large as the service makes them, whatever the limit")
	}
	if q.spec.Limit > 0 && q.filtered && q.spec.MaxPages == 0 && q.spec.MaxScanned == 0 {
		note("the limit counts what passes the filter: how much is read for it, MaxPages or MaxScanned would bound")
	}
	if len(q.spec.Only) > 0 {
		note("the projection saves transfer, not capacity")
	}
	if n := len(q.legs); n > 1 {
		note("asks %d times in turn, once for each accepted format of the key; the first is shown", n)
	}
	if len(q.legs[0].keys.drop) > 0 {
		note("items at an excluded boundary are read and left out")
	}
	return notes
}

// unused are the sort key fields that the item of In sets behind one without
// a single value.
func (q *request) unused() []*ast.Attr {
	p := q.ix.sort
	if p == nil || p.Kind == PartConst {
		return nil
	}
	all, err := p.collect(q.spec.Where)
	if err != nil {
		return nil
	}
	item := reflect.ValueOf(q.spec.Item).Elem()
	var fields []*ast.Attr
	gap := false
	for i, b := range all {
		set := p.isSet(item, i)
		if gap && set {
			fields = append(fields, b.attr)
		}
		gap = gap || !set && b.eq == nil && !q.ix.partition.has(b.attr)
	}
	return fields
}

// readable is an expression with its names in place and ? for its values.
func readable(text string, names map[string]string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		end := i + 1
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		switch text[i] {
		case '#':
			b.WriteString(names[text[i:end]])
		case ':':
			b.WriteByte('?')
		default:
			end = i + 1
			b.WriteByte(text[i])
		}
		i = end
	}
	return b.String()
}
