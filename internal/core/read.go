package core

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

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
	Desc       bool
	Consistent bool
	Prefetch   bool
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
func (r *Repo) GetItem(ctx context.Context, key any, consistent bool, only []*ast.Attr, out any) error {
	if r.Table.Err != nil {
		return r.Table.Err
	}
	v, err := elem(key)
	if err != nil {
		return err
	}
	view, err := r.view(r.table, only)
	if err != nil {
		return err
	}
	in := &dynamodb.GetItemInput{TableName: aws.String(r.Table.Name)}
	if consistent {
		in.ConsistentRead = aws.Bool(true)
	}
	b := ast.NewWriter(r.plan)
	in.ProjectionExpression = optional(b.Projection(view.paths))
	in.ExpressionAttributeNames = b.Names()
	for form := range r.forms() {
		if in.Key, err = r.key(v, form); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		answer, err := r.Table.Client.GetItem(ctx, in, options(ctx)...)
		if err != nil {
			return serviceError(err)
		}
		if len(answer.Item) > 0 && !r.foreign(answer.Item) {
			if err := view.load(answer.Item, reflect.ValueOf(out).Elem()); err != nil {
				return &BadItem{Path: pathOf(err), Err: err}
			}
			return nil
		}
	}
	return ErrNotFound
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
	keys     *keyRange
	filtered bool // there is a filter expression
	empty    bool // nothing can match
	scope    scope
	query    dynamodb.QueryInput
	scan     dynamodb.ScanInput
	// texts for Explain
	keyCond, filter *ast.Cond
}

// reading says what becomes of the items that a request finds.
type reading struct {
	into  *view // a narrower type, nil: the repository's
	count bool  // only their number
}

// prepare checks spec and builds its request.
func (r *Repo) prepare(spec *Spec, how reading) (*request, error) {
	if r.Table.Err != nil {
		return nil, r.Table.Err
	}
	ix, err := r.index(spec.Index)
	if err != nil {
		return nil, err
	}
	q := &request{repo: r, spec: spec, ix: ix}
	for _, n := range []struct {
		name  string
		value int
	}{{"Limit", spec.Limit}, {"PageSize", spec.PageSize}, {"MaxPages", spec.MaxPages}, {"MaxScanned", spec.MaxScanned}, {"Segments", spec.Segments}} {
		if n.value < 0 {
			return nil, fmt.Errorf("%s is negative", n.name)
		}
	}
	if spec.Segments > maxSegments {
		return nil, fmt.Errorf("%d segments: the service takes up to %d", spec.Segments, maxSegments)
	}
	if spec.Consistent && !ix.Local && ix != r.table {
		return nil, fmt.Errorf("index %s: a global index has no consistent reads", ix.Name)
	}
	only := spec.Only
	if q.view, err = r.view(ix, only); err != nil {
		return nil, err
	}
	if how.into != nil {
		q.view = how.into
		q.view.keep(ix)
	}
	b := ast.NewWriter(r.plan)
	if !spec.Scan {
		if err := q.keyCondition(b); err != nil {
			return nil, err
		}
	}
	if err := q.addFilter(b, how.count); err != nil {
		return nil, err
	}
	paths := q.view.paths
	var selection types.Select
	switch {
	case how.count && q.keys != nil && len(q.keys.drop) > 0:
		paths = []codec.Path{{{Name: q.keys.attr}}}
	case how.count:
		paths, selection = nil, types.SelectCount
	}
	projection := b.Projection(paths)
	if err := b.Err(); err != nil {
		return nil, err
	}
	q.fill(b, projection, selection)
	q.scope = q.newScope()
	return q, nil
}

// keyCondition writes the key condition of a query.
func (q *request) keyCondition(b *ast.Writer) error {
	r, spec := q.repo, q.spec
	if k := spec.Key; k != nil && (!k.Partition.Equal(q.ix.Key.Partition) && k.Partition.Kind != PartNone || !k.Sort.Equal(q.ix.Key.Sort)) {
		if q.ix == r.table {
			return errors.New("the query was made from a key that is not this repository's")
		}
		return fmt.Errorf("the query was made from an index %s described otherwise in this repository", q.ix.Name)
	}
	if spec.Item == nil {
		return errors.New("an empty query: one begins with In of a key or an index")
	}
	item, err := elem(spec.Item)
	if err != nil {
		return err
	}
	partition := make(map[string]types.AttributeValue, 1)
	missing, err := q.ix.partition.values(item, partition, 0)
	switch {
	case err != nil:
		return err
	case missing != nil:
		return fmt.Errorf("%w: %s not set", ErrKey, strings.Join(missing, ", "))
	}
	if q.keys, err = q.ix.narrow(item, spec.Where); err != nil {
		return err
	}
	q.empty = q.keys.empty
	var conds []*ast.Cond
	add := func(op ast.Op, name string, values ...types.AttributeValue) {
		args := []ast.Operand{ast.AttrOperand(r.attr(name))}
		for _, v := range values {
			args = append(args, ast.Operand{Kind: ast.OpPlain, Value: v})
		}
		conds = append(conds, &ast.Cond{Op: op, Args: args})
	}
	for _, a := range q.ix.partition.attrs {
		add(ast.Eq, a.name, partition[a.name])
	}
	for _, e := range q.keys.equal {
		add(ast.Eq, e.name, e.value)
	}
	if q.keys.attr != "" && !q.empty {
		values := []types.AttributeValue{q.keys.a}
		if q.keys.op == ast.Between {
			values = append(values, q.keys.b)
		}
		add(q.keys.op, q.keys.attr, values...)
	}
	q.keyCond = ast.All(conds...)
	text := b.Condition(q.keyCond)
	q.query.KeyConditionExpression = optional(text)
	return nil
}

// addFilter writes the filter: the caller's, and dynox's own for kinds.
func (q *request) addFilter(b *ast.Writer, count bool) error {
	r := q.repo
	if !q.spec.Scan {
		var err error
		q.spec.Filter.Attrs(func(a *ast.Attr) {
			if a.Check() == nil && q.isKey(a.Path[0].Name) {
				err = fmt.Errorf("filter: %v is part of the key that the query reads by; use Where", a)
			}
		})
		if err != nil {
			return err
		}
	}
	q.filter = ast.All(q.spec.Filter, q.ownFilter(count))
	if q.filter.IsFalse() {
		q.empty = true
		return nil
	}
	text := b.Condition(q.filter)
	q.filtered = text != ""
	q.query.FilterExpression, q.scan.FilterExpression = optional(text), optional(text)
	if q.spec.Filter != nil {
		var foreign *ast.Attr
		q.spec.Filter.Attrs(func(a *ast.Attr) {
			if a != nil && a.Item != nil && a.Item != r.Type {
				foreign = a
			}
		})
		if foreign != nil {
			return fmt.Errorf("filter: %v is an attribute of %v", foreign, foreign.Item)
		}
	}
	return nil
}

// isKey reports whether name is a key attribute of what a query reads.
func (q *request) isKey(name string) bool {
	return slices.ContainsFunc(q.ix.attrs(), func(a keyAttr) bool { return a.name == name })
}

// holdsKind reports whether items read from ix show their kind. The service
// refuses to filter an index by what is not in it.
func (s *Schema) holdsKind(ix *index) bool {
	return s.Kind.Attr != "" && (!ix.Projection.KeysOnly || slices.ContainsFunc(s.keyAttrs(ix), func(a keyAttr) bool { return a.name == s.Kind.Attr }))
}

// ownFilter leaves out items of other kinds where the key does not.
func (q *request) ownFilter(count bool) *ast.Cond {
	r := q.repo
	var kind, literals *ast.Cond
	if r.holdsKind(q.ix) && (q.spec.Scan || !q.isKey(r.Kind.Attr)) && (q.spec.Scan || count || !r.implied(q.ix)) {
		kind = r.kindCond()
	}
	if q.spec.Scan || count && q.ix != r.table {
		var cs []*ast.Cond
		for _, p := range r.table.parts() {
			if q.spec.Scan || !q.isKey(p.Attr) {
				cs = append(cs, p.literalCond(r.Schema))
			}
		}
		literals = ast.All(cs...)
	}
	return ast.All(kind, literals)
}

func (q *request) fill(b *ast.Writer, projection string, selection types.Select) {
	table, ix := aws.String(q.repo.Table.Name), optional(q.ix.Name)
	names, values := b.Names(), b.Values()
	var consistent *bool
	if q.spec.Consistent {
		consistent = aws.Bool(true)
	}
	if q.spec.Scan {
		q.scan.TableName, q.scan.IndexName, q.scan.ConsistentRead = table, ix, consistent
		q.scan.ExpressionAttributeNames, q.scan.ExpressionAttributeValues = names, values
		q.scan.ProjectionExpression, q.scan.Select = optional(projection), selection
		return
	}
	q.query.TableName, q.query.IndexName, q.query.ConsistentRead = table, ix, consistent
	q.query.ExpressionAttributeNames, q.query.ExpressionAttributeValues = names, values
	q.query.ProjectionExpression, q.query.Select = optional(projection), selection
	if q.spec.Desc {
		q.query.ScanIndexForward = aws.Bool(false)
	}
}

// newScope is what cursors of this read are bound to: where it reads, not how
// much, which way, or what it leaves out.
func (q *request) newScope() scope {
	parts := []string{q.repo.Table.Name, q.ix.Name}
	if q.spec.Scan {
		return newScope(append(parts, "scan")...)
	}
	parts = append(parts, "query")
	if q.keyCond != nil {
		for _, c := range append([]*ast.Cond{q.keyCond}, q.keyCond.Kids...) {
			parts = append(parts, fmt.Sprint(c.Op))
			for _, a := range c.Args {
				if av, ok := a.Value.(types.AttributeValue); ok {
					parts = append(parts, describe(av))
				} else {
					parts = append(parts, a.Attr.String())
				}
			}
		}
	}
	return newScope(parts...)
}

// page is one answer of the service.
type page struct {
	items   []map[string]types.AttributeValue
	count   int
	scanned int
	next    map[string]types.AttributeValue // nil at the end
	err     error
	segment int
}

// fetch asks for the page after start; limit 0 leaves its size to the
// service.
func (q *request) fetch(ctx context.Context, start map[string]types.AttributeValue, limit, segment, segments int) page {
	if err := ctx.Err(); err != nil {
		return page{err: err, segment: segment}
	}
	var size *int32
	if limit > 0 {
		size = aws.Int32(int32(min(limit, 1<<31-1)))
	}
	if !q.spec.Scan {
		in := q.query
		in.ExclusiveStartKey, in.Limit = start, size
		out, err := q.repo.Table.Client.Query(ctx, &in, options(ctx)...)
		if err != nil {
			return page{err: serviceError(err)}
		}
		return page{items: out.Items, count: int(out.Count), scanned: int(out.ScannedCount), next: nonEmpty(out.LastEvaluatedKey)}
	}
	in := q.scan
	in.ExclusiveStartKey, in.Limit = start, size
	if segments > 0 {
		in.Segment, in.TotalSegments = aws.Int32(int32(segment)), aws.Int32(int32(segments))
	}
	out, err := q.repo.Table.Client.Scan(ctx, &in, options(ctx)...)
	if err != nil {
		return page{err: serviceError(err), segment: segment}
	}
	return page{items: out.Items, count: int(out.Count), scanned: int(out.ScannedCount), next: nonEmpty(out.LastEvaluatedKey), segment: segment}
}

func nonEmpty(key map[string]types.AttributeValue) map[string]types.AttributeValue {
	if len(key) == 0 {
		return nil
	}
	return key
}
