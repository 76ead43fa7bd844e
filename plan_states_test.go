package dynox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
)

// inState is a client whose tables are in a state that they do not leave.
type inState struct {
	*dynamodb.Client
	status types.TableStatus
}

func (c *inState) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, opts ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	out, err := c.Client.DescribeTable(ctx, in, opts...)
	if err == nil && c.status != "" {
		out.Table.TableStatus = c.status
	}
	return out, err
}

// TestTableStates: a table in a state that no waiting ends is an error at once; what is
// waited for in vain is told.
func TestTableStates(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	client := &inState{Client: memtable.New(t).Client()}
	table := dynox.NewTable(client, "tickets")
	repo, err := dynox.NewRepo(table, ticketKey)
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, repo))
	calls := []func(context.Context) error{
		func(ctx context.Context) error { return table.Ensure(ctx, repo) },
		func(ctx context.Context) error { _, err := table.Plan(ctx, repo); return err },
	}
	for _, call := range calls {
		for _, status := range []types.TableStatus{
			types.TableStatusInaccessibleEncryptionCredentials, types.TableStatusArchiving,
			types.TableStatusArchived, types.TableStatusReplicationNotAuthorized,
		} {
			client.status = status
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			err := call(ctx)
			is.True(err != nil && strings.Contains(err.Error(), "the table is "+string(status)))
			is.True(!errors.Is(err, context.DeadlineExceeded))
			cancel()
		}
		client.status = types.TableStatusUpdating
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		err := call(ctx)
		is.True(errors.Is(err, context.DeadlineExceeded))
		is.True(strings.Contains(err.Error(), "UPDATING"))
		cancel()
	}
}

// TestTableFull: where a table has no room for another index, nothing is waited for.
func TestTableFull(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	table := dynox.NewTable(memtable.New(t).Client(testbed.Quick), "tickets")
	var options []dynox.Option[ticket]
	for i := range 20 {
		options = append(options, dynox.GSI(fmt.Sprintf("by-team-%d", i), dynox.Key[ticket]{Partition: dynox.By(ticketTeam)}).KeysOnly())
	}
	full, err := dynox.NewRepo(table, ticketKey, options...)
	is.NoErr(err)
	is.NoErr(table.Ensure(ctx, full))
	other, err := dynox.NewRepo(table, ticketKey, dynox.GSI("by-state", dynox.Key[ticket]{Partition: dynox.By(ticketTeam)}))
	is.NoErr(err)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err = table.Ensure(ctx, other)
	refused(t, err, "20 global indexes")
	is.True(!errors.Is(err, context.DeadlineExceeded))
	plan, err := table.Plan(ctx, other)
	is.NoErr(err)
	refused(t, plan.Apply(ctx, dynox.KeepIndexes()), "20 global indexes")
	is.NoErr(plan.Apply(ctx, dynox.DropIndexes()))
}
