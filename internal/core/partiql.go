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

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// Selecting is what a SELECT can be told beside its text.
type Selecting struct {
	Limit      int // items yielded, 0: all
	PageSize   int // items read by a request, 0: as many as a page holds
	Consistent bool
	Deleted    bool // items that were deleted softly, too
	// OnItem decides about an item that cannot be read; nil: it ends the read.
	OnItem func(*BadItem) error
}

// selection is a SELECT ready to be sent: everything but the start of a page.
type selection struct {
	repo *Repo
	how  Selecting
	ix   *index
	view *view
	in   dynamodb.ExecuteStatementInput
	args []byte // JSON
}

// Select runs the SELECT text with args for its question marks. It decodes each
// item into dst, a *T, and calls yield, until yield returns false.
func (r *Repo) Select(ctx context.Context, text string, args []any, how Selecting, dst any, yield func() bool) error {
	q, err := r.selection(text, args, how)
	if err != nil {
		return err
	}
	calls := ctx
	if units := r.Table.ReadBudget; units > 0 {
		calls = WithBudget(ctx, units)
	}
	yielded := 0
	for n := 1; ; n++ {
		p := q.view.newPage(r.Table)
		p.deleted, p.number = how.Deleted, n
		next, err := q.fetch(calls, p)
		if err != nil {
			p.release()
			return err
		}
		done, err := q.consume(ctx, p, reflect.ValueOf(dst).Elem(), &yielded, yield)
		p.release()
		if done || err != nil || next == nil {
			return err
		}
		q.in.NextToken = next
	}
}

// selection checks a SELECT and makes its request.
func (r *Repo) selection(text string, args []any, how Selecting) (*selection, error) {
	if r.Table.Err != nil {
		return nil, r.Table.Err
	}
	s, err := r.statement(text, len(args))
	switch {
	case err != nil:
		return nil, err
	case s.verb != "SELECT":
		return nil, fmt.Errorf("the statement is no SELECT, but %s", s.verb)
	case how.Limit < 0:
		return nil, fmt.Errorf("a limit of %d", how.Limit)
	case how.PageSize < 0:
		return nil, fmt.Errorf("a page size of %d", how.PageSize)
	}
	q := &selection{repo: r, how: how}
	if q.ix, q.view, err = r.selected(s, how); err != nil {
		return nil, err
	}
	if err := can[statementExecutor](r.Table, "ExecuteStatement"); err != nil {
		return nil, err
	}
	values, err := r.parameters(args)
	if err != nil {
		return nil, err
	}
	q.in.Statement = &text
	if how.Consistent {
		q.in.ConsistentRead = aws.Bool(true)
	}
	if how.PageSize > 0 {
		q.in.Limit = aws.Int32(int32(min(how.PageSize, 1<<31-1)))
	}
	if len(values) > 0 {
		q.args = joined(values)
	}
	return q, nil
}

// statement is text, about the repository's table, with so many arguments.
func (r *Repo) statement(text string, args int) (*statement, error) {
	s, err := parseStatement(text)
	if err != nil {
		return nil, err
	}
	if s.params != args {
		return nil, fmt.Errorf("the statement has %d question marks, and %d arguments", s.params, args)
	}
	return s, s.about(r.Table)
}

// selected is what a SELECT reads, and how its items are decoded.
func (r *Repo) selected(s *statement, how Selecting) (*index, *view, error) {
	ix, err := r.index(s.index)
	switch {
	case err != nil:
		return nil, nil, err
	case how.Deleted && r.stages.soft == nil:
		return nil, nil, errNotSoft
	case how.Consistent && !ix.Local && ix != r.table:
		return nil, nil, fmt.Errorf("index %s: a global index has no consistent reads", ix.Name)
	case len(ix.partition.attrs) > 1:
		return nil, nil, fmt.Errorf("index %s: PartiQL does not read an index whose partition key has several attributes", ix.Name)
	case r.Table.NoScans && !s.keyed(ix.partition.attrs[0].name):
		return nil, nil, &Failure{Kinds: []error{ErrScan}, Why: "the WHERE has to compare the partition key by = or IN with values, and may join more by AND"}
	case s.columns == nil:
		return ix, ix.whole, nil
	case s.nested:
		return nil, nil, errors.New("the columns of a SELECT are attributes of the item itself, or *")
	}
	v, err := r.columns(ix, s.columns)
	return ix, v, err
}

// columns is the view of items of which there are only some attributes.
func (s *Schema) columns(ix *index, names []string) (*view, error) {
	v := &view{schema: s, plan: s.plan}
	for _, name := range names {
		v.add(codec.Path{{Name: name}})
	}
	if err := v.keep(ix); err != nil {
		return nil, err
	}
	var missing []string
	for _, p := range v.needed {
		if !slices.Contains(names, p[0].Name) {
			missing = append(missing, p[0].Name)
		}
	}
	if missing != nil {
		return nil, fmt.Errorf("the columns lack %s, which tells whose items they are: add it, or select *", strings.Join(missing, ", "))
	}
	return v, nil
}

// parameters are args as JSON.
func (r *Repo) parameters(args []any) ([][]byte, error) {
	w := ast.NewWriter(r.plan)
	values := make([][]byte, len(args))
	for i, arg := range args {
		o := ast.Operand{Kind: ast.OpPlain, Value: arg}
		if given, ok := arg.(interface {
			Operand(door ast.Door) ast.Operand
		}); ok {
			o = given.Operand(ast.Door{})
			if err := r.checkParameter(o); err != nil {
				return nil, fmt.Errorf("argument %d: %w", i, err)
			}
		}
		var err error
		if values[i], _, err = w.Value(o.Attr, o); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i, err)
		}
	}
	return values, nil
}

func (r *Repo) checkParameter(o ast.Operand) error {
	if o.Kind != ast.OpValue {
		return errors.New("it is no value: an attribute's Param makes one that is written as the attribute is")
	}
	a := o.Attr
	switch err := a.Check(); {
	case err != nil:
		return err
	case a.Item != r.Type:
		return fmt.Errorf("%v is an attribute of %v, not of %v", a, a.Item, r.Type)
	}
	for i := range r.stages.coded {
		if c := &r.stages.coded[i]; overlap(c.path, a.Path) {
			return blindError(c)
		}
	}
	return nil
}

// joined is an array of values.
func joined(values [][]byte) []byte {
	array := []byte{'['}
	for i, v := range values {
		if i > 0 {
			array = append(array, ',')
		}
		array = append(array, v...)
	}
	return append(array, ']')
}

// fetch asks for the next page.
func (q *selection) fetch(ctx context.Context, p *page) (next *string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	next, err = q.repo.Table.executeStatement(ctx, q.in, q.args, p)
	if err != nil {
		return nil, serviceError(err)
	}
	return next, nil
}

// consume yields the items of a page.
func (q *selection) consume(ctx context.Context, p *page, dst reflect.Value, yielded *int, yield func() bool) (done bool, err error) {
	p.open(ctx)
	for i := range p.entries {
		e := &p.entries[i]
		if !e.own {
			continue
		}
		p.hook(ctx, i)
		if over := ctx.Err(); over != nil && errors.Is(e.err, over) { // the item is not at fault
			return true, e.err
		}
		if e.err != nil {
			bad := &BadItem{Index: q.ix.Name, N: *yielded, Path: pathOf(e.err), Err: e.err}
			if q.how.OnItem == nil {
				return true, bad
			}
			if err := q.how.OnItem(bad); err != nil {
				return true, err
			}
			continue
		}
		*yielded++
		dst.Set(p.items.Index(i))
		if !yield() || *yielded == q.how.Limit {
			return true, nil
		}
	}
	return false, nil
}
