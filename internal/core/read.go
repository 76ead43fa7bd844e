package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// Spec describes a query or a scan. It is immutable.
type Spec struct {
	Scan       bool
	Index      string
	Key        *Key // the key that a query was made from, checked against the repository's
	Item       any  // *T: the start of a query
	Where      []*ast.Cond
	Filter     *ast.Cond
	Only       []*ast.Attr
	Limit      int // items yielded, 0: all
	PageSize   int
	MaxPages   int
	MaxScanned int
	Segments   int
	StopBefore time.Duration // the context's deadline, 0: it does not matter
	Whole      bool          // the item collection, whatever the sort key
	Own        bool          // what of the item collection the repository's keys can be, whatever the sort fields of Item
	Desc       bool
	Consistent bool
	Prefetch   bool
	Deleted    bool // items that were deleted softly, too
	Hidden     bool // items that are hidden for whatever reason, too
	After      string
	Track      func(cursor string)
	// OnItem decides about an item that cannot be read; nil: it ends the
	// read.
	OnItem func(*BadItem) error
}

// BadItem is a stored item that cannot be read.
type BadItem struct {
	Index  string // the index that was read, "" for the table
	N      int    // how many items were yielded before it
	Path   string // the attribute at fault, if one is
	Cursor string // continues after the item
	Err    error
}

func (b *BadItem) Error() string { return fmt.Sprintf("bad item: %v", b.Err) }
func (b *BadItem) Unwrap() error { return b.Err }

// GetItem reads the item that key, a *T, names into out, a *T.
func (r *Repo) GetItem(ctx context.Context, key any, how Getting, out any) error {
	return r.getItem(ctx, key, how, out, nil)
}

// Getting is what a read of one item can be told.
type Getting struct {
	Consistent bool
	Deleted    bool // also if it was deleted softly
	Only       []*ast.Attr
}

// getItem is GetItem; seen, if it is not nil, sees the stored item.
func (r *Repo) getItem(ctx context.Context, key any, how Getting, out any, seen func(stored)) error {
	if r.Table.Err != nil {
		return r.Table.Err
	}
	v, err := elem(key)
	if err != nil {
		return err
	}
	if v, err = r.stages.sought(ctx, v); err != nil {
		return err
	}
	if how.Deleted && r.stages.soft == nil {
		return errNotSoft
	}
	view, err := r.only(r.table, how.Only)
	if err != nil {
		return err
	}
	in := &dynamodb.GetItemInput{TableName: aws.String(r.Table.Name)}
	if how.Consistent {
		in.ConsistentRead = aws.Bool(true)
	}
	if !view.whole {
		b := ast.NewWriter(r.plan)
		in.ProjectionExpression = optional(b.Projection(view.paths))
		in.ExpressionAttributeNames = b.Names()
	}
	p := view.newPage(r.Table)
	defer p.release()
	p.single, p.deleted = reflect.ValueOf(out).Elem(), how.Deleted
	var unfit error // of a form that cannot hold the key
	asked := false
	for _, f := range r.table.forms() {
		at, err := r.key(v, f)
		if isLiteral(err) {
			unfit = err
			continue
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		asked = true
		p.reset()
		p.in(r.Table, at[:1])
		if err := r.Table.getItem(ctx, in, at, p); err != nil {
			return serviceError(err)
		}
		p.loaded(ctx)
		if p.found() {
			if err := p.entries[0].err; err != nil {
				return &BadItem{Path: pathOf(err), Err: err}
			}
			if seen != nil {
				seen(p.entries[0].stored)
			}
			return nil
		}
	}
	if !asked {
		return unfit
	}
	return ErrNotFound
}

// isLiteral reports whether err says that a value does not fit one format of
// a key; it may fit another.
func isLiteral(err error) bool {
	if err == nil {
		return false
	}
	var literal *literalError
	return errors.As(err, &literal)
}

// pathOf is the attribute that err is about.
func pathOf(err error) string {
	var path *pathError
	if errors.As(err, &path) {
		return path.path
	}
	var decode *codec.Error
	if errors.As(err, &decode) {
		return decode.Path
	}
	return ""
}

// request is a read ready to be sent: everything but the start of a page.
type request struct {
	repo     *Repo
	spec     *Spec
	ix       *index
	view     *view
	legs     []*leg
	filtered bool // there is a filter expression
	empty    bool // nothing can match
	several  bool // the key has several accepted formats, to be told apart
	counts   bool // the service's counts are those of the legs' items
	all      bool // items of other kinds and hidden ones are wanted too
	scope    scope
	asked    atomic.Int64 // pages
}

// reading says what becomes of the items that a request finds.
type reading struct {
	into  *Narrow // a narrower type, nil: the repository's
	union *Union  // of other repositories, too, nil: no
	count bool    // only their number
	// everything: items of other kinds and hidden ones too
	everything bool
}

// prepare checks spec and builds its request.
func (r *Repo) prepare(ctx context.Context, spec *Spec, how reading) (*request, error) {
	ix, err := r.check(spec)
	if err != nil {
		return nil, err
	}
	q := &request{repo: r, spec: spec, ix: ix, all: how.everything}
	if how.union != nil {
		q.view = how.union.view(r, ix)
	} else if how.into != nil {
		q.view, err = how.into.view(r.Schema, ix)
	} else {
		q.view, err = r.only(ix, spec.Only)
	}
	if err != nil {
		return nil, err
	}
	q.several = !spec.Scan && len(ix.forms()) > 1
	if q.legs, err = q.makeLegs(ctx); err != nil {
		return nil, err
	}
	filter, err := q.filter(how)
	if err != nil {
		return nil, err
	}
	q.empty = q.legs[0].keys.empty || filter.IsFalse()
	if filter.IsFalse() {
		filter = nil // nothing is sent
	}
	paths, selection := q.view.paths, types.Select("")
	if how.count {
		q.counts = len(q.legs) == 1 && len(q.legs[0].keys.drop) == 0 && !r.Kind.ByKey
		if paths = q.view.needed; q.counts {
			paths, selection = nil, types.SelectCount
		}
	}
	for _, l := range q.legs {
		if err := q.write(l, filter, paths, selection); err != nil {
			return nil, err
		}
	}
	q.filtered = filter != nil
	q.scope = q.newScope()
	return q, nil
}

// check is the index that spec reads, if spec makes sense.
func (r *Repo) check(spec *Spec) (*index, error) {
	if r.Table.Err != nil {
		return nil, r.Table.Err
	}
	ix, err := r.index(spec.Index)
	if err != nil {
		return nil, err
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"Limit", spec.Limit}, {"PageSize", spec.PageSize}, {"MaxPages", spec.MaxPages}, {"MaxScanned", spec.MaxScanned}, {"Segments", spec.Segments}} {
		if n.value < 0 {
			return nil, fmt.Errorf("%s is negative", n.name)
		}
	}
	k := spec.Key
	switch {
	case spec.Deleted && r.stages.soft == nil:
		return nil, errNotSoft
	case spec.StopBefore < 0:
		return nil, errors.New("StopBefore is negative")
	case spec.Scan && r.Table.NoScans:
		return nil, ErrScan
	case spec.Segments > MaxSegments:
		return nil, fmt.Errorf("%d segments: the service takes up to %d", spec.Segments, MaxSegments)
	case spec.Consistent && !ix.Local && ix != r.table:
		return nil, fmt.Errorf("index %s: a global index has no consistent reads", ix.Name)
	case k == nil || (k.Partition.Equal(ix.Key.Partition) || k.Partition.Kind == PartNone) && k.Sort.Equal(ix.Key.Sort):
		return ix, nil
	case ix == r.table:
		return nil, errors.New("the query was made from a key that is not this repository's")
	}
	return nil, fmt.Errorf("the read was made from an index %s described otherwise in this repository", ix.Name)
}

// filter is the caller's, and dynox's own for kinds.
func (q *request) filter(how reading) (*ast.Cond, error) {
	var err error
	q.spec.Filter.Attrs(func(a *ast.Attr) {
		switch {
		case a.Check() != nil: // told when it is written
		case a.Item != nil && a.Item != q.repo.Type:
			err = fmt.Errorf("filter: %v is an attribute of %v", a, a.Item)
		case !q.spec.Scan && q.isKey(a.Path[0].Name):
			err = fmt.Errorf("filter: %v is part of the key that the query reads by; use Where", a)
		case !q.repo.holds(q.ix, a.Path[0].Name):
			err = fmt.Errorf("filter: index %s does not hold %v", q.ix.Name, a)
		}
	})
	if err == nil {
		err = q.repo.stages.checkBlind(q.spec.Filter)
	}
	if how.union != nil || how.everything && q.spec.Whole {
		return q.repo.exact(q.spec.Filter), err
	}
	return ast.All(q.repo.exact(q.spec.Filter), q.ownFilter(how.count)), err
}

// isKey reports whether name is a key attribute of what a query reads.
func (q *request) isKey(name string) bool {
	return slices.ContainsFunc(q.ix.attrs(), func(a keyAttr) bool { return a.name == name })
}

// holdsKind reports whether items read from ix show their kind. The service
// refuses to filter an index by what is not in it.
func (s *Schema) holdsKind(ix *index) bool { return s.Kind.Attr != "" && s.holds(ix, s.Kind.Attr) }

// ownFilter leaves out items of other kinds where the key does not.
func (q *request) ownFilter(count bool) *ast.Cond {
	r := q.repo
	var kind, claims, literals *ast.Cond
	if r.holdsKind(q.ix) && (q.spec.Scan || !q.isKey(r.Kind.Attr)) && (q.spec.Scan || count || !r.implied(q.ix)) {
		kind = r.kindCond()
	}
	if count && r.bare {
		claims = q.notClaims()
	}
	if q.spec.Scan || q.ix != r.table && (count || r.Kind.ByKey && !r.implied(q.ix)) {
		var cs []*ast.Cond
		for _, p := range r.table.parts() {
			if q.spec.Scan || !q.isKey(p.Attr) {
				cs = append(cs, p.literalCond(r.Schema))
			}
		}
		literals = ast.All(cs...)
	}
	var alive *ast.Cond
	if t := r.stages.ttl; count && t != nil && r.holds(q.ix, t.Path[0].Name) && (q.spec.Scan || !q.isKey(t.Path[0].Name)) {
		alive = r.unexpired()
	}
	if d := r.stages.soft; count && d != nil && !q.spec.Deleted && r.holds(q.ix, d.Attr.Path[0].Name) && (q.spec.Scan || !q.isKey(d.Attr.Path[0].Name)) {
		alive = ast.All(alive, r.softly(ast.Missing))
	}
	return ast.All(kind, claims, literals, alive)
}

// notClaims leaves out sentinels.
func (q *request) notClaims() *ast.Cond {
	pk := q.repo.table.partition.attrs[0].name
	if !q.spec.Scan && q.isKey(pk) { // which a query cannot filter by
		return ast.Compare(ast.Missing, ast.AttrOperand(q.repo.attr(sentinelOwner)))
	}
	return ast.Negate(ast.Compare(ast.BeginsWith, ast.AttrOperand(q.repo.attr(pk)), ast.Operand{Kind: ast.OpPlain, Value: sentinelPrefix}))
}

// write writes the expressions of l.
func (q *request) write(l *leg, filter *ast.Cond, paths []codec.Path, selection types.Select) error {
	b := ast.NewWriter(q.repo.plan)
	key, kept, projection := b.Condition(l.cond), b.Condition(filter), b.Projection(paths)
	if err := b.Err(); err != nil {
		return err
	}
	var consistent *bool
	if q.spec.Consistent {
		consistent = aws.Bool(true)
	}
	table, ix, names := aws.String(q.repo.Table.Name), optional(q.ix.Name), b.Names()
	l.values = b.Values()
	if q.spec.Scan {
		l.scan = &dynamodb.ScanInput{
			TableName: table, IndexName: ix, ConsistentRead: consistent,
			FilterExpression: optional(kept), ProjectionExpression: optional(projection), Select: selection,
			ExpressionAttributeNames: names,
		}
		return nil
	}
	l.query = &dynamodb.QueryInput{
		TableName: table, IndexName: ix, ConsistentRead: consistent, KeyConditionExpression: optional(key),
		FilterExpression: optional(kept), ProjectionExpression: optional(projection), Select: selection,
		ExpressionAttributeNames: names,
	}
	if q.spec.Desc {
		l.query.ScanIndexForward = aws.Bool(false)
	}
	return nil
}

// newScope is what cursors of this read are bound to: where it reads, not how
// much, which way, or what it leaves out.
func (q *request) newScope() scope {
	parts := []string{q.repo.Table.Name, q.ix.Name, pick(q.spec.Scan, "scan", "query")}
	if q.repo.scope != "" {
		parts = append(parts, q.repo.scope)
	}
	for _, l := range q.legs {
		parts = append(parts, l.text())
	}
	return newScope(parts...)
}

// fetch asks for the page of a leg after start; limit 0 leaves its size to
// the service.
func (q *request) fetch(ctx context.Context, leg int, start map[string]types.AttributeValue, limit, segment, segments int) *page {
	l := q.legs[leg]
	p := q.view.newPage(q.repo.Table)
	p.request, p.leg, p.any, p.deleted, p.hidden = q, l, q.all, q.spec.Deleted, q.spec.Hidden
	p.in(q.repo.Table, l.keys.partition)
	p.segment, p.number = segment, int(q.asked.Add(1))
	if p.err = ctx.Err(); p.err != nil {
		return p
	}
	var size *int32
	if limit > 0 {
		size = aws.Int32(int32(min(limit, 1<<31-1)))
	}
	var err error
	if q.spec.Scan {
		in := *l.scan
		in.ExclusiveStartKey, in.Limit = start, size
		if segments > 0 {
			in.Segment, in.TotalSegments = aws.Int32(int32(segment)), aws.Int32(int32(segments))
		}
		err = q.repo.Table.scan(ctx, &in, l.values, p)
	} else {
		in := *l.query
		in.ExclusiveStartKey, in.Limit = start, size
		err = q.repo.Table.query(ctx, &in, l.values, p)
	}
	if err != nil {
		p.err = serviceError(err)
	}
	p.segment = segment
	return p
}

func nonEmpty(key map[string]types.AttributeValue) map[string]types.AttributeValue {
	if len(key) == 0 {
		return nil
	}
	return key
}
