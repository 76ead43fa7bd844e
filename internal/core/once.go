package core

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// sendOnce sends w as a transaction of one with a token, so that repeating
// it has no second effect. Items before the write cannot be had that way; an
// updated item is read afterwards.
func (r *Repo) sendOnce(ctx context.Context, w *Write, p *page, watch *attempts, wanted bool) error {
	err := transact(ctx, []*Write{w}, "", p, watch)
	if err != nil || !wanted {
		return err
	}
	return r.readBack(ctx, w, p)
}

// readBack reads the item that w has changed, which a transaction does not
// return.
func (r *Repo) readBack(ctx context.Context, w *Write, p *page) error {
	err := r.Table.getItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(r.Table.Name), ConsistentRead: aws.Bool(true)}, w.key, p)
	switch {
	case err != nil:
		return &Failure{Kinds: []error{errReadBack, ErrAfterWrite}, Cause: err}
	case len(p.entries) == 0:
		return &Failure{Kinds: []error{errReadBack, ErrAfterWrite}, Why: "the item was deleted since"}
	}
	return nil
}

var errReadBack = errors.New("the write took effect, but its result could not be read")
