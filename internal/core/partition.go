package core

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/dynox-go/dynox/internal/ast"
)

// DeletePartition calls yield with a delete of each item of the partition that key,
// a *T, names: of the repository's own, or of all kinds. They are found by a
// consistent read of their keys, those that reads hide too.
func (r *Repo) DeletePartition(ctx context.Context, key any, all bool, yield func(BatchOp) bool) error {
	spec := &Spec{Item: key, Consistent: true, Whole: all, Own: !all, Only: r.table.fields()}
	q, err := r.prepare(ctx, spec, reading{everything: true})
	if err != nil {
		return err
	}
	for i := range q.legs {
		if err := r.checkReserved(q.legs[i].keys.partition); err != nil {
			return err
		}
		for start := nonEmpty(nil); ; {
			p := q.fetch(ctx, i, start, 0, 0, 0)
			if err := p.err; err != nil {
				p.release()
				return err
			}
			start = p.next
			more := p.deletes(r, all, yield)
			p.release()
			if !more {
				return nil
			}
			if start == nil {
				break
			}
		}
	}
	return nil
}

// deletes yields those of the items of a page of keys.
func (p *page) deletes(r *Repo, all bool, yield func(BatchOp) bool) (more bool) {
	for i := range p.entries {
		e := &p.entries[i]
		op := BatchOp{Repo: r, Delete: true, stored: r.storedKey(e.stored)}
		switch {
		case !p.foreign(e.stored):
			own := reflect.New(r.Type)
			own.Elem().Set(p.items.Index(i))
			op.Item = own.Interface()
		case !all:
			continue
		}
		if !yield(op) {
			return false
		}
	}
	return true
}

// storedKey is the table's key of a stored item, as it is stored.
func (r *Repo) storedKey(item stored) attributes {
	raw := r.raw(r.table, item)
	key := make(attributes, 0, len(raw))
	for _, a := range r.table.attrs() {
		key = append(key, attribute{a.name, raw[a.name]})
	}
	return key
}

// fields are those of the items that ix's key is made of.
func (ix *index) fields() []*ast.Attr {
	var fields []*ast.Attr
	for _, p := range ix.parts() {
		for _, a := range p.Fields {
			if !slices.ContainsFunc(fields, a.Same) {
				fields = append(fields, a)
			}
		}
	}
	return fields
}

// partitionOf is an item with the fields of item that ix's partition key is made of.
func (ix *index) partitionOf(item reflect.Value) reflect.Value {
	only := reflect.New(item.Type()).Elem()
	for _, a := range ix.partition.Fields {
		switch v, ok := input(item, a); {
		case !ok:
		case a.Index == nil:
			setInput(only, a, v)
		default:
			setField(only, a.Index, v)
		}
	}
	return only
}

// CheckUnguarded is what is wrong with writing to the repository in batches, or
// deleting.
func (r *Repo) CheckUnguarded(deleting, unchecked bool) error {
	switch why := r.Guarded(); {
	case r.Table.Err != nil:
		return r.Table.Err
	case r.Table.ReadOnly:
		return ErrReadOnly
	case deleting && r.stages.soft != nil && !unchecked:
		return errors.New("it deletes softly, which batches cannot do; Unchecked deletes for good")
	case why != "" && !unchecked:
		return errors.New(why + ", which batches cannot check; Unchecked goes without")
	}
	return nil
}
