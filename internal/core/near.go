package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/wire"
)

// MaxNear is how many items a search of vectors can find.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SearchVectors.html
const MaxNear = 100

// Search describes a search of an index of vectors.
type Search struct {
	Index      *Vector // as the caller has it, checked against the repository's
	Vector     []float32
	K          int
	Where      []*ast.Cond
	Only       []*ast.Attr
	Deleted    bool // items that were deleted softly, too
	Consistent bool // which there is not
	OnItem     func(*BadItem) error
}

// Near finds the items that s describes, the nearest first. It decodes each
// into dst, a *T, and calls yield with its score, until yield returns false.
func (r *Repo) Near(ctx context.Context, s *Search, dst any, yield func(score float64) bool) error {
	v, err := r.checkSearch(s)
	if err != nil {
		return err
	}
	view, err := r.only(v.index, s.Only)
	if err != nil {
		return err
	}
	cond, err := r.searched(v, s.Where)
	if err != nil || cond.IsFalse() {
		return err
	}
	b := ast.NewWriter(r.plan)
	in := &dynamodb.SearchVectorsInput{
		TableName: aws.String(r.Table.Name), IndexName: aws.String(v.Name), TopK: aws.Int32(int32(s.K)),
		SearchConditionExpression: optional(b.Condition(cond)),
	}
	if !view.whole {
		in.ProjectionExpression = optional(b.Projection(view.paths))
	}
	if err := b.Err(); err != nil {
		return err
	}
	in.ExpressionAttributeNames = b.Names()
	p := view.newPage(r.Table)
	defer p.release()
	p.deleted = s.Deleted
	scores, err := r.Table.searchVectors(ctx, in, s.Vector, b.Values(), p)
	if err != nil {
		return serviceError(err)
	}
	p.open(ctx)
	n := 0
	for i := range p.entries {
		e := &p.entries[i]
		if !e.own {
			continue
		}
		p.hook(ctx, i)
		if e.err != nil {
			if over := ctx.Err(); over != nil && errors.Is(e.err, over) { // the item is not at fault
				return e.err
			}
			bad := &BadItem{Index: v.Name, N: n, Path: pathOf(e.err), Err: e.err}
			if s.OnItem == nil {
				return bad
			}
			if err := s.OnItem(bad); err != nil {
				return err
			}
			continue
		}
		n++
		reflect.ValueOf(dst).Elem().Set(p.items.Index(i))
		if !yield(scores[i]) {
			return nil
		}
	}
	return nil
}

// checkSearch is the repository's index that s searches, if s makes sense.
func (r *Repo) checkSearch(s *Search) (*vector, error) {
	if err := cmp.Or(r.Table.Err, can[vectorSearcher](r.Table, "SearchVectors")); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(r.vectors, func(v *vector) bool { return v.Name == s.Index.Name })
	switch {
	case i < 0:
		return nil, fmt.Errorf("the repository has no vector index %s", s.Index.Name)
	case !reflect.DeepEqual(r.vectors[i].Vector, *s.Index):
		return nil, fmt.Errorf("the vector index %s is described otherwise in this repository", s.Index.Name)
	}
	v := r.vectors[i]
	switch {
	case s.Deleted && r.stages.soft == nil:
		return nil, errNotSoft
	case s.Consistent:
		return nil, fmt.Errorf("index %s: a search of vectors is not consistent", v.Name)
	case s.K < 1 || s.K > MaxNear:
		return nil, fmt.Errorf("a search finds 1 to %d items, not %d", MaxNear, s.K)
	case len(s.Vector) != v.Dimensions:
		return nil, fmt.Errorf("the vector has %d dimensions, those of index %s have %d", len(s.Vector), v.Name, v.Dimensions)
	}
	for _, f := range s.Vector {
		if f := float64(f); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errors.New("a vector is of finite numbers")
		}
	}
	return v, nil
}

// searched is the condition of a search, which the service takes as equality of
// attributes that the index is searched by, and of its partition always.
func (r *Repo) searched(v *vector, where []*ast.Cond) (*ast.Cond, error) {
	cond := r.exact(ast.All(where...))
	equal := []*ast.Cond{cond}
	switch {
	case cond == nil:
		equal = nil
	case cond.IsFalse():
		return cond, nil
	case cond.Op == ast.And:
		equal = slices.Clone(cond.Kids)
	}
	by := v.searchedBy()
	var given []*ast.Attr
	for _, c := range equal {
		if c.Err != nil {
			return nil, c.Err
		}
		if c.Op != ast.Eq || len(c.Args) != 2 || c.Args[0].Kind != ast.OpAttr || c.Args[1].Kind != ast.OpValue && c.Args[1].Kind != ast.OpPlain {
			return nil, errors.New("a search takes equality of attributes with values, and all of them")
		}
		a := c.Args[0].Attr
		switch {
		case !slices.ContainsFunc(by, a.Same):
			return nil, fmt.Errorf("index %s is not searched by %v", v.Name, a)
		case slices.ContainsFunc(given, a.Same):
			return nil, fmt.Errorf("%v is given twice", a)
		case a.Same(v.Partition):
			if err := r.checkPartition(v, c.Args[1].Value); err != nil {
				return nil, err
			}
		}
		given = append(given, a)
	}
	for _, a := range by {
		switch {
		case slices.ContainsFunc(given, a.Same):
		case a.Path[0].Name == r.Kind.Attr && len(r.Kind.Also) == 0: // or other kinds take the places of the repository's
			equal = append(equal, ast.Compare(ast.Eq, ast.AttrOperand(a), ast.Operand{Kind: ast.OpPlain, Value: &types.AttributeValueMemberS{Value: r.Kind.Name}}))
		case a == v.Partition:
			return nil, fmt.Errorf("%w: a search of index %s is in one partition: %v is not given", ErrKey, v.Name, a)
		}
	}
	return ast.All(equal...), nil
}

// checkPartition refuses a value that no partition of v has: an empty one.
func (r *Repo) checkPartition(v *vector, value any) error {
	av, _, err := r.plan.Value(v.Partition.Path, value)
	if err == nil && (kindOf(av) == "NULL" || valueSize(av) == 0) {
		err = fmt.Errorf("%w: a search of index %s: %v not set", ErrKey, v.Name, v.Partition)
	}
	return err
}

func (t *Table) searchVectors(ctx context.Context, in *dynamodb.SearchVectorsInput, vector []float32, json []byte, p *page) (scores []float64, err error) {
	c := t.newCall(ctx, p, nil)
	near := &matches{page: p}
	c.taker = near
	in.SearchVector = []types.AttributeValue{}
	if c.direct {
		c.members = append(c.members, member{"SearchVector", appendVector(nil, vector)})
	} else {
		for _, f := range vector {
			in.SearchVector = append(in.SearchVector, &types.AttributeValueMemberN{Value: strconv.FormatFloat(float64(f), 'g', -1, 32)})
		}
	}
	c.values(&in.ExpressionAttributeValues, json)
	out, err := invoke(c, &opSearchVectors, in)
	if err != nil {
		return nil, err
	}
	if p.answered {
		return near.scores, nil
	}
	for _, m := range out.SearchResults {
		p.readMap(m.Item)
		scores = append(scores, m.Score)
	}
	return scores, nil
}

// appendVector appends vector as the member of a request to b.
func appendVector(b []byte, vector []float32) []byte {
	b = slices.Grow(b, len(`{"N":"-0.00000000"},`)*len(vector))
	b = append(b, '[')
	for i, f := range vector {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"N":"`...)
		b = strconv.AppendFloat(b, float64(f), 'g', -1, 32)
		b = append(b, `"}`...)
	}
	return append(b, ']')
}

// matches takes the results of a search: the items go to the page, and have
// scores in the same order.
type matches struct {
	page   *page
	scores []float64
}

func (m *matches) reset() { m.scores = m.scores[:0] }

func (m *matches) take(name []byte, s *wire.Scanner) (taken bool, err error) {
	if string(name) != "SearchResults" {
		return false, nil
	}
	array, err := s.Raw()
	if err != nil {
		return true, err
	}
	return true, eachElement(array, func(s *wire.Scanner) error {
		result, err := s.Raw()
		if err != nil {
			return err
		}
		found, score := false, 0.0
		err = eachMember(result, func(name []byte, s *wire.Scanner) error {
			switch string(name) {
			case "Item":
				found = true
				return m.page.read(s)
			case "Score":
				text, err := s.Raw()
				if err == nil {
					score, err = strconv.ParseFloat(string(text), 64)
				}
				return err
			}
			return s.Skip()
		})
		if err == nil && !found {
			return errors.New("a result without an item")
		}
		m.scores = append(m.scores, score)
		return err
	})
}

func (m *matches) processed() (items, left int) { return len(m.scores), 0 }
