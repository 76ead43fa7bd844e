package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
)

// leg is a part of a read that the service is asked for on its own. A scan
// and most queries have one. A query by a key with several accepted formats
// has one for each: they are read in turn, in the order of their texts, and
// the other way round when descending.
type leg struct {
	keys  *keyRange
	cond  *ast.Cond // the key condition
	forms []form    // those whose items it yields
	order string    // sorts the legs

	// The request, without the values of its expressions.
	query  *dynamodb.QueryInput
	scan   *dynamodb.ScanInput
	values []byte
}

// makeLegs are the legs of the read, one at least. If nothing can match the
// first is empty.
func (q *request) makeLegs(ctx context.Context) ([]*leg, error) {
	if q.spec.Scan {
		return []*leg{{keys: &keyRange{}}}, nil
	}
	if q.spec.Item == nil {
		return nil, errors.New("an empty query: one begins with In of a key or an index")
	}
	item, err := elem(q.spec.Item)
	if err != nil {
		return nil, err
	}
	if item, err = q.repo.stages.sought(ctx, item); err != nil {
		return nil, err
	}
	item = q.repo.withKind(item)
	var legs []*leg
	var unfit error
	forms := q.ix.forms()
	if q.spec.Whole { // the formats of the sort key do not matter
		forms = slices.DeleteFunc(slices.Clone(forms), func(f form) bool { return f.sort > 0 })
	}
	for _, f := range forms {
		l, err := q.makeLeg(item, f)
		if isLiteral(err) {
			unfit = err
			continue
		}
		if err != nil {
			return nil, err
		}
		legs = join(legs, l)
	}
	if len(legs) == 0 {
		return nil, unfit
	}
	some := slices.DeleteFunc(slices.Clone(legs), func(l *leg) bool { return l.keys.empty })
	if len(some) == 0 {
		return legs[:1], nil
	}
	slices.SortStableFunc(some, func(a, b *leg) int {
		return cmp.Or(cmp.Compare(a.forms[0].partition, b.forms[0].partition), strings.Compare(a.order, b.order))
	})
	return some, nil
}

// join adds l to legs, or its forms to the leg that asks for the same.
func join(legs []*leg, l *leg) []*leg {
	for _, m := range legs {
		if m.text() == l.text() && m.keys.empty == l.keys.empty {
			m.forms = append(m.forms, l.forms...)
			return legs
		}
	}
	return append(legs, l)
}

// makeLeg is the leg of a query that finds the keys written in the form f.
func (q *request) makeLeg(item reflect.Value, f form) (*leg, error) {
	partition, missing, err := q.ix.partition.values(item, nil, f.partition)
	switch {
	case err != nil:
		return nil, err
	case missing != nil:
		return nil, fmt.Errorf("%w: %s not set", ErrKey, strings.Join(missing, ", "))
	}
	l := &leg{forms: []form{f}}
	if q.spec.Whole {
		l.keys = &keyRange{}
		if len(q.spec.Where) > 0 {
			return nil, errors.New("where: the query is of a whole item collection")
		}
	} else {
		if q.spec.Own {
			item = q.ix.partitionOf(item)
		}
		if l.keys, err = q.ix.narrow(item, q.spec.Where, f.sort); err != nil {
			return nil, err
		}
	}
	var conds []*ast.Cond
	add := func(op ast.Op, name string, values ...types.AttributeValue) {
		args := []ast.Operand{ast.AttrOperand(q.repo.attr(name))}
		for _, v := range values {
			args = append(args, ast.Operand{Kind: ast.OpPlain, Value: v})
		}
		conds = append(conds, ast.Compare(op, args...))
	}
	l.keys.partition = partition
	for _, e := range partition {
		add(ast.Eq, e.name, e.value)
	}
	for _, e := range l.keys.equal {
		add(ast.Eq, e.name, e.value)
	}
	if l.keys.attr != "" && !l.keys.empty {
		values := []types.AttributeValue{l.keys.a}
		if l.keys.op == ast.Between {
			values = append(values, l.keys.b)
		}
		add(l.keys.op, l.keys.attr, values...)
		l.order = describe(l.keys.a)
	}
	l.cond = ast.All(conds...)
	return l, nil
}

// text is the key condition with its values, for scopes.
func (l *leg) text() string {
	var b strings.Builder
	conds := []*ast.Cond{l.cond}
	if l.cond != nil && l.cond.Op == ast.And {
		conds = l.cond.Kids
	}
	write := func(s string) { fmt.Fprintf(&b, "%d:%s", len(s), s) }
	for _, c := range conds {
		if c == nil {
			continue
		}
		write(fmt.Sprint(c.Op))
		write(c.Args[0].Attr.String())
		for _, a := range c.Args[1:] {
			write(describe(a.Value.(types.AttributeValue)))
		}
	}
	return b.String()
}

// yields reports whether an item that the leg finds is one of its forms:
// where ranges of several forms overlap, one of them yields it. An item of no
// accepted form is left for its decoding to tell, if it is the table's key
// that has none, and otherwise left out.
func (q *request) yields(l *leg, r *record) bool {
	if l.keys.dropped(r) {
		return false
	}
	if !q.several {
		return true
	}
	attrs := r.attributes()
	if f, ok := q.repo.formOf(q.ix, attrs); ok {
		return slices.Contains(l.forms, f)
	}
	first := slices.IndexFunc(q.legs, func(m *leg) bool { return m.keys.holds(attrs) })
	return q.ix == q.repo.table && first >= 0 && q.legs[first] == l
}
