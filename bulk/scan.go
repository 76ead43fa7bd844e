package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/core"
)

// keys are the names and types of a table's key attributes.
type keys []keyAttr

type keyAttr struct {
	name string
	kind types.ScalarAttributeType
}

// coreOf is what is in t, nil if it is of no use.
func coreOf(t *dynox.Table) *core.Table {
	c, err := t.Core(core.Door{})
	if err != nil {
		return nil
	}
	return c
}

// describe asks the service for the table's key.
func describe(ctx context.Context, t *dynox.Table) (*core.Table, keys, error) {
	c, err := t.Core(core.Door{})
	if err != nil {
		return nil, nil, err
	}
	have, err := t.Describe(ctx)
	if err != nil {
		var public *dynox.Error
		if errors.As(err, &public) {
			err = public.Err
		}
		return nil, nil, err
	}
	var ks keys
	for _, k := range have.KeySchema {
		for _, a := range have.AttributeDefinitions {
			if aws.ToString(a.AttributeName) == aws.ToString(k.AttributeName) {
				ks = append(ks, keyAttr{aws.ToString(k.AttributeName), a.AttributeType})
			}
		}
	}
	if len(ks) != len(have.KeySchema) || len(ks) == 0 {
		return nil, nil, errors.New("the service describes no types of the key attributes")
	}
	return c, ks, nil
}

// repo is a repository that knows the key of items, and nothing else.
func (ks keys) repo(t *dynox.Table) (*core.Repo, error) {
	key := dynox.Key[dynox.Document]{Partition: ks[0].part()}
	if len(ks) > 1 {
		key.Sort = ks[1].part()
	}
	r, err := dynox.NewRepo(t, key)
	if err != nil {
		return nil, err
	}
	return r.Core(core.Door{}), nil
}

func (k keyAttr) part() dynox.Part[dynox.Document] {
	path := strconv.Quote(k.name)
	switch k.kind {
	case types.ScalarAttributeTypeN:
		return dynox.By(expr.Path[dynox.Document, float64](path))
	case types.ScalarAttributeTypeB:
		return dynox.By(expr.Path[dynox.Document, []byte](path))
	default:
		return dynox.By(expr.Path[dynox.Document, string](path))
	}
}

// page is a part of a segment.
type page[V any] struct {
	segment int
	next    segment
	items   int
	made    V
	err     error
}

// scan reads the segments that are not at their end, each in a goroutine of its own, at
// most a page ahead of use, which is called in this one. Each
// has a function of its own from reader, which makes of a page what is used of it. scan returns when all goroutines have ended.
func scan[V any](ctx context.Context, r *run, reader func() func(context.Context, *core.RawPage) (V, error), use func(page[V]) error) error {
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	pages := make(chan page[V])
	var workers sync.WaitGroup
	segments := len(r.Segments)
	for i, s := range r.Segments {
		if !s.End {
			q := core.RawScan{Segment: i, Segments: segments, PageSize: r.pageSize, Consistent: r.consistent, After: s.After}
			read := reader()
			workers.Go(func() { scanSegment(ctx, r.table, q, read, pages) })
		}
	}
	go func() {
		workers.Wait()
		close(pages)
	}()
	defer func() {
		cancel()
		for range pages { // until the last worker has gone
		}
	}()
	for p := range pages {
		if p.err != nil {
			return p.err
		}
		if err := use(p); err != nil {
			return err
		}
	}
	if outer.Err() != nil { // some may have ended without a word
		return context.Cause(outer)
	}
	return nil
}

func scanSegment[V any](ctx context.Context, t *core.Table, q core.RawScan, read func(context.Context, *core.RawPage) (V, error), pages chan<- page[V]) {
	var raw core.RawPage
	for {
		p := page[V]{segment: q.Segment}
		if p.err = t.ScanRaw(ctx, q, &raw); p.err == nil {
			q.After = raw.Next
			p.next = segment{After: json.RawMessage(raw.Next), End: raw.Next == nil}
			p.items = len(raw.Items)
			p.made, p.err = read(ctx, &raw)
		}
		select {
		case pages <- p:
		case <-ctx.Done():
			return
		}
		if p.err != nil || p.next.End {
			return
		}
	}
}
