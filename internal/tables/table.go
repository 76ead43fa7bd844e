// Package tables makes tables what they are to be: it compares a definition with
// what there is, and carries the difference out, one step after the other.
package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/sethvargo/go-retry"

	"github.com/dynox-go/dynox/internal/core"
)

// Table is a table, and what its options say that it is to be.
type Table struct {
	Name     string
	Client   any // has those of the methods below that are called
	ReadOnly bool
	Settings Settings
}

type (
	describer interface {
		DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	}
	creator interface {
		CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	}
	updater interface {
		UpdateTable(context.Context, *dynamodb.UpdateTableInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTableOutput, error)
	}
	deleter interface {
		DeleteTable(context.Context, *dynamodb.DeleteTableInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteTableOutput, error)
	}
	expirer interface {
		DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
		UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
	}
	tagger interface {
		ListTagsOfResource(context.Context, *dynamodb.ListTagsOfResourceInput, ...func(*dynamodb.Options)) (*dynamodb.ListTagsOfResourceOutput, error)
		TagResource(context.Context, *dynamodb.TagResourceInput, ...func(*dynamodb.Options)) (*dynamodb.TagResourceOutput, error)
	}
)

// call calls a method of C, which the client of t may lack, and does what its name says.
func call[C, I, O any](ctx context.Context, t *Table, name string, method func(C, context.Context, I, ...func(*dynamodb.Options)) (O, error), in I) (O, error) {
	client, ok := t.Client.(C)
	if !ok {
		var none O
		return none, fmt.Errorf("this client (%T) has no %s", t.Client, name)
	}
	out, err := method(client, ctx, in, core.Options(ctx)...)
	if err != nil {
		return out, core.CallError(err)
	}
	return out, nil
}

// Describe is the description that the service gives of the table.
func (t *Table) Describe(ctx context.Context) (*types.TableDescription, error) {
	out, err := call(ctx, t, "DescribeTable", describer.DescribeTable, &dynamodb.DescribeTableInput{TableName: aws.String(t.Name)})
	if err != nil {
		return nil, err
	}
	return out.Table, nil
}

// Delete deletes the table with all that is in it, and waits until it is gone.
func (t *Table) Delete(ctx context.Context) error {
	if t.ReadOnly {
		return core.ErrReadOnly
	}
	asked := false
	return retry.Do(ctx, polling(), func(ctx context.Context) error {
		if !asked {
			_, err := call(ctx, t, "DeleteTable", deleter.DeleteTable, &dynamodb.DeleteTableInput{TableName: aws.String(t.Name)})
			switch {
			case busy(err):
				return retry.RetryableError(err)
			case err != nil:
				return err
			}
			asked = true
		}
		switch _, err := t.Describe(ctx); {
		case errors.Is(err, core.ErrTableNotFound):
			return nil
		case err != nil:
			return err
		}
		return retry.RetryableError(errDeleting)
	})
}

var errDeleting = errors.New("the table is being deleted")

// The state of a table is asked for at first after pollFirst, then ever less
// often, up to pollLast.
const (
	pollFirst = 20 * time.Millisecond
	pollLast  = 5 * time.Second
)

func polling() retry.Backoff {
	return retry.WithCappedDuration(pollLast, retry.NewExponential(pollFirst))
}

// busy reports whether the service refuses because of what goes on already.
func busy(err error) bool {
	var inUse *types.ResourceInUseException
	var limit *types.LimitExceededException
	return errors.As(err, &inUse) || errors.As(err, &limit)
}

// settled waits until nothing of the table changes, or the table is gone, and
// returns its description, nil for none. A state that waiting does not end is an error.
func (t *Table) settled(ctx context.Context) (*types.TableDescription, error) {
	var have *types.TableDescription
	var waiting error
	err := retry.Do(ctx, polling(), func(ctx context.Context) error {
		var err error
		have, err = t.Describe(ctx)
		switch {
		case errors.Is(err, core.ErrTableNotFound):
			have = nil
			return nil
		case err != nil:
			return err
		}
		is := fmt.Errorf("the table is %s", have.TableStatus)
		switch have.TableStatus {
		case types.TableStatusActive:
			if !unsettled(have) {
				return nil
			}
			is = errors.New("indexes or the encryption of the table are being changed")
		case types.TableStatusCreating, types.TableStatusUpdating, types.TableStatusDeleting:
		default:
			return is // which does not pass by itself
		}
		waiting = is
		return retry.RetryableError(waiting)
	})
	if err != nil && ctx.Err() != nil && waiting != nil {
		err = fmt.Errorf("%w: %w", waiting, ctx.Err())
	}
	return have, err
}

// unsettled reports whether an index is made, changed or deleted.
func unsettled(have *types.TableDescription) bool {
	// Some servers don't tell the status.
	return slices.ContainsFunc(have.GlobalSecondaryIndexes, func(g types.GlobalSecondaryIndexDescription) bool {
		return g.IndexStatus != types.IndexStatusActive && g.IndexStatus != ""
	}) || slices.ContainsFunc(have.VectorIndexes, func(v types.VectorIndexDescription) bool {
		return v.IndexStatus != types.IndexStatusActive && v.IndexStatus != "" || aws.ToBool(v.Backfilling)
	}) || have.SSEDescription != nil && have.SSEDescription.Status == types.SSEStatusUpdating
}

// state is what there is of a table.
type state struct {
	table *types.TableDescription // nil: none
	ttl   string                  // "": none
	tags  map[string]string
}

// observe asks for what of the table d says something about, when nothing of it
// changes any more.
func (t *Table) observe(ctx context.Context, d *Definition) (state, error) {
	var s state
	var err error
	if s.table, err = t.settled(ctx); err != nil || s.table == nil {
		return s, err
	}
	if d.TTL != "" {
		out, err := call(ctx, t, "DescribeTimeToLive", expirer.DescribeTimeToLive, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(t.Name)})
		if err != nil {
			return s, err
		}
		if ttl := out.TimeToLiveDescription; ttl != nil && (ttl.TimeToLiveStatus == types.TimeToLiveStatusEnabled || ttl.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
			s.ttl = aws.ToString(ttl.AttributeName)
		}
	}
	if len(d.Tags) == 0 {
		return s, nil
	}
	s.tags, err = t.tags(ctx, s.table)
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "UnknownOperationException" { // DynamoDB Local has no tags
		s.tags, err = d.Tags, nil
	}
	return s, err
}

// tags are the tags that the table has.
func (t *Table) tags(ctx context.Context, have *types.TableDescription) (map[string]string, error) {
	tags := map[string]string{}
	in := &dynamodb.ListTagsOfResourceInput{ResourceArn: have.TableArn}
	for {
		out, err := call(ctx, t, "ListTagsOfResource", tagger.ListTagsOfResource, in)
		if err != nil {
			return nil, err
		}
		for _, tag := range out.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return tags, nil
		}
	}
}
