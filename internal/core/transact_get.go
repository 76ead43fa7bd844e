package core

import (
	"context"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Ref is an item to be read with others.
type Ref struct {
	repo  *Repo
	keys  []attributes // one for each form of the table's key that can hold it
	item  reflect.Value
	found bool
	err   error // why it was not read, of a batch
}

// NewRef refers to the item that key, a *T, names, to be read into item, a *T.
func (r *Repo) NewRef(ctx context.Context, key, item any) (*Ref, error) {
	if r.Table.Err != nil {
		return nil, r.Table.Err
	}
	v, err := elem(key)
	if err != nil {
		return nil, err
	}
	if v, err = r.stages.sought(ctx, v); err != nil {
		return nil, err
	}
	ref := &Ref{repo: r, item: reflect.ValueOf(item).Elem()}
	var unfit error
	for _, f := range r.table.forms() {
		switch at, err := r.key(v, f); {
		case isLiteral(err):
			unfit = err
		case err != nil:
			return nil, err
		default:
			ref.keys = append(ref.keys, at)
		}
	}
	if len(ref.keys) == 0 {
		return nil, unfit
	}
	return ref, nil
}

// RefAt refers to the item whose key attributes have the values of key, to be
// read into item, a *T. A key that begins as none of the repository's do is refused.
func (r *Repo) RefAt(key []types.AttributeValue, item any) (*Ref, error) {
	attrs := r.table.attrs()
	if len(key) != len(attrs) {
		return nil, fmt.Errorf("%w: %d attributes, not %d", ErrKey, len(key), len(attrs))
	}
	at := make(attributes, len(attrs))
	for i, a := range attrs {
		if kindOf(key[i]) != string(a.kind) {
			return nil, fmt.Errorf("%w: %s is of type %s", ErrKey, a.name, kindOf(key[i]))
		}
		at[i] = attribute{a.name, key[i]}
	}
	named := &record{stored: stored{attrs: at.values()}}
	for _, p := range r.table.parts() {
		if !p.owns(named) {
			return nil, fmt.Errorf("%w: %s is none of the repository's", ErrKey, p.Attr)
		}
	}
	return &Ref{repo: r, keys: []attributes{at}, item: reflect.ValueOf(item).Elem()}, nil
}

// Found reports whether the item was there.
func (r *Ref) Found() bool { return r.found }

// Err is why a batch could not read the item.
func (r *Ref) Err() error { return r.err }

// Identity tells the item from all others of its table.
func (r *Ref) Identity() string { return string(r.keys[0].appendIdentity(nil)) }

// Keys is how many keys of the table are looked up.
func (r *Ref) Keys() int { return len(r.keys) }

// TransactGet reads all of refs as they are at one moment. What is wrong with
// one of the items is an *[OpError].
func TransactGet(ctx context.Context, refs []*Ref) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var owners []int
	var targets []target
	for i, ref := range refs {
		for _, key := range ref.keys {
			owners = append(owners, i)
			targets = append(targets, target{ref.repo.Table, key.values()})
		}
	}
	if err := checkCount(len(targets)); err != nil {
		return err
	}
	if err := checkTargets(targets, owners); err != nil {
		return err
	}
	p := refs[0].repo.outcome(nil)
	defer p.release()
	c := refs[0].repo.Table.newCall(ctx, p, nil)
	in := new(dynamodb.TransactGetItemsInput)
	for _, ref := range refs {
		c.direct = c.direct && ref.repo.Table.direct(ctx)
		c.among(ref.repo.Table)
	}
	for _, ref := range refs {
		for _, key := range ref.keys {
			get := &types.Get{TableName: aws.String(ref.repo.Table.Name)}
			c.key(&get.Key, key)
			c.next()
			if c.seen != nil {
				c.seen.about(ref.repo.Table, transactional*readUnits(0, true))
				c.seen.in(ref.repo.Table, key.appendIdentity(nil))
			}
			in.TransactItems = append(in.TransactItems, types.TransactGetItem{Get: get})
		}
	}
	var out *dynamodb.TransactGetItemsOutput
	err := resend(ctx, nil, func() (err error) { //nolint:contextcheck // a kept stack outlives the call that it is made in
		out, err = invoke(c, &opTransactGetItems, in)
		return err
	})
	if err != nil {
		return serviceError(err)
	}
	items := p.perOp
	if !p.answered {
		for _, response := range out.Responses {
			items = append(items, stored{attrs: nonEmpty(response.Item)})
		}
	}
	if len(items) != len(owners) {
		return fmt.Errorf("the service answered %d items, not %d", len(items), len(owners))
	}
	for _, ref := range refs {
		ref.found = false
		ref.item.SetZero()
	}
	for i, item := range items {
		if err := refs[owners[i]].read(ctx, item); err != nil {
			return &OpError{owners[i], &BadItem{Path: pathOf(err), Err: err}}
		}
	}
	return nil
}

// read reads item, unless it is none of the repository's.
func (r *Ref) read(ctx context.Context, item stored) error {
	if r.found || !item.there() {
		return nil
	}
	p := r.repo.outcome(nil)
	defer p.release()
	p.returned = false
	if p.foreign(item) || r.repo.hidden(&p.record, false) {
		return nil
	}
	r.found = true
	if err := p.load(ctx, item, r.item); err != nil {
		return err
	}
	return r.repo.stages.run(ctx, AfterLoad, r.item)
}
