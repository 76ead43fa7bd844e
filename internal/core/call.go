package core

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/wire"
)

// The calls of the SDK. Keys, items and values come as JSON or as what makes
// it; what is found goes to a page. On the direct path they cross the SDK as
// bytes, in an exchange; otherwise as attribute values.

// operation is one of the service's.
type operation[In, Out any] struct {
	id     int // among the pipelines of a table
	name   string
	call   func(Client, context.Context, *In, ...func(*dynamodb.Options)) (*Out, error)
	writes bool
}

// operations is how many there are.
const operations = 16

var (
	opGetItem    = operation[dynamodb.GetItemInput, dynamodb.GetItemOutput]{0, "GetItem", Client.GetItem, false}
	opQuery      = operation[dynamodb.QueryInput, dynamodb.QueryOutput]{1, "Query", Client.Query, false}
	opScan       = operation[dynamodb.ScanInput, dynamodb.ScanOutput]{2, "Scan", Client.Scan, false}
	opPutItem    = operation[dynamodb.PutItemInput, dynamodb.PutItemOutput]{3, "PutItem", Client.PutItem, true}
	opUpdateItem = operation[dynamodb.UpdateItemInput, dynamodb.UpdateItemOutput]{4, "UpdateItem", Client.UpdateItem, true}
	opDeleteItem = operation[dynamodb.DeleteItemInput, dynamodb.DeleteItemOutput]{5, "DeleteItem", Client.DeleteItem, true}

	opTransactWriteItems = operation[dynamodb.TransactWriteItemsInput, dynamodb.TransactWriteItemsOutput]{6, "TransactWriteItems", Client.TransactWriteItems, true}
	opTransactGetItems   = operation[dynamodb.TransactGetItemsInput, dynamodb.TransactGetItemsOutput]{7, "TransactGetItems", Client.TransactGetItems, false}

	opBatchGetItem   = operation[dynamodb.BatchGetItemInput, dynamodb.BatchGetItemOutput]{8, "BatchGetItem", Client.BatchGetItem, false}
	opBatchWriteItem = operation[dynamodb.BatchWriteItemInput, dynamodb.BatchWriteItemOutput]{9, "BatchWriteItem", Client.BatchWriteItem, true}

	opSearchVectors = operation[dynamodb.SearchVectorsInput, dynamodb.SearchVectorsOutput]{10, "SearchVectors", extra(vectorSearcher.SearchVectors), false}

	opExecuteStatement = operation[dynamodb.ExecuteStatementInput, dynamodb.ExecuteStatementOutput]{11, "ExecuteStatement", extra(statementExecutor.ExecuteStatement), false}
	opBatchSelect      = operation[dynamodb.BatchExecuteStatementInput, dynamodb.BatchExecuteStatementOutput]{12, "BatchExecuteStatement", extra(batchExecutor.BatchExecuteStatement), false}
	opBatchExecute     = operation[dynamodb.BatchExecuteStatementInput, dynamodb.BatchExecuteStatementOutput]{13, "BatchExecuteStatement", extra(batchExecutor.BatchExecuteStatement), true}
	opTransactSelect   = operation[dynamodb.ExecuteTransactionInput, dynamodb.ExecuteTransactionOutput]{14, "ExecuteTransaction", extra(transactionExecutor.ExecuteTransaction), false}
	opTransactExecute  = operation[dynamodb.ExecuteTransactionInput, dynamodb.ExecuteTransactionOutput]{15, "ExecuteTransaction", extra(transactionExecutor.ExecuteTransaction), true}
)

// What a client may have beyond Client's methods.
type (
	vectorSearcher interface {
		SearchVectors(context.Context, *dynamodb.SearchVectorsInput, ...func(*dynamodb.Options)) (*dynamodb.SearchVectorsOutput, error)
	}
	statementExecutor interface {
		ExecuteStatement(context.Context, *dynamodb.ExecuteStatementInput, ...func(*dynamodb.Options)) (*dynamodb.ExecuteStatementOutput, error)
	}
	batchExecutor interface {
		BatchExecuteStatement(context.Context, *dynamodb.BatchExecuteStatementInput, ...func(*dynamodb.Options)) (*dynamodb.BatchExecuteStatementOutput, error)
	}
	transactionExecutor interface {
		ExecuteTransaction(context.Context, *dynamodb.ExecuteTransactionInput, ...func(*dynamodb.Options)) (*dynamodb.ExecuteTransactionOutput, error)
	}
)

// extra is a method that clients may lack; can tells before.
func extra[C, In, Out any](method func(C, context.Context, *In, ...func(*dynamodb.Options)) (*Out, error)) func(Client, context.Context, *In, ...func(*dynamodb.Options)) (*Out, error) {
	return func(client Client, ctx context.Context, in *In, opts ...func(*dynamodb.Options)) (*Out, error) {
		return method(any(client).(C), ctx, in, opts...) //nolint:forcetypeassert // can has looked
	}
}

// can is what is wrong if the table's client lacks the methods of C.
func can[C any](t *Table, name string) error {
	if _, ok := t.Client.(C); !ok {
		return fmt.Errorf("this client (%T) has no %s", t.Client, name)
	}
	return nil
}

// call is one call of the SDK, being prepared.
type call struct {
	ctx     context.Context
	table   *Table
	page    *page     // where what comes back goes
	watch   *attempts // of a write
	direct  bool
	members []member // of the request, on the direct path
	own     [2]member
	each    [][]member // those of a transaction's operations
	taker   taker      // of an answer's members that are not one page's, nil: none
	seen    *sighting  // nil: nobody looks
	err     error
}

// newCall is a call with ctx whose items go to p.
func (t *Table) newCall(ctx context.Context, p *page, watch *attempts) *call {
	c := &call{ctx: ctx, table: t, page: p, watch: watch, direct: t.direct(ctx)}
	c.members = c.own[:0]
	if accounts := accountsOf(ctx); accounts != nil || t.Sight != nil {
		c.look(accounts)
	}
	return c
}

// direct reports whether a call with ctx can take the direct path: the client
// is the SDK's own, and speaks the protocol that an exchange wraps.
func (t *Table) direct(ctx context.Context) bool {
	fns := options(ctx)
	switch client, ok := t.Client.(*dynamodb.Client); {
	case !t.Direct || t.SDKValues || !ok:
		return false
	case len(fns) == 0:
		return true
	default:
		o := client.Options()
		for _, fn := range fns {
			fn(&o)
		}
		return wraps(o)
	}
}

func wraps(o dynamodb.Options) bool { return o.Protocol != nil && o.Protocol.ID() == awsJSON }

// key makes key the member Key of the request, which is dst in the SDK's
// input.
func (c *call) key(dst *map[string]types.AttributeValue, key attributes) {
	if !c.direct {
		*dst = key.values()
		return
	}
	*dst = empty()
	c.members = append(c.members, member{"Key", key.json()})
}

// item makes item the member Item of the request, which is dst in the SDK's
// input.
func (c *call) item(dst *map[string]types.AttributeValue, item stored) {
	if !c.direct {
		*dst = item.values()
		return
	}
	*dst = empty()
	c.members = append(c.members, member{"Item", item.raw})
}

// values makes json the values of the request's expressions, which are dst in
// the SDK's input.
func (c *call) values(dst *map[string]types.AttributeValue, json []byte) {
	switch {
	case json == nil:
	case c.direct:
		c.members = append(c.members, member{"ExpressionAttributeValues", json})
	default:
		*dst, c.err = codec.AttributeValues(json)
	}
}

// next makes the members so far those of the next operation of a transaction.
func (c *call) next() {
	c.each = append(c.each, c.members)
	c.members = nil
}

// empty stands for what an exchange writes where the SDK requires something.
func empty() map[string]types.AttributeValue { return map[string]types.AttributeValue{} }

// invoke makes the call.
func invoke[In, Out any](c *call, op *operation[In, Out], in *In) (*Out, error) {
	if c.err != nil {
		return nil, c.err
	}
	c.page.answered = false
	if c.seen != nil {
		return invokeSeen(c, op, in)
	}
	return dispatch(c, op, in)
}

// dispatch has the client make the call.
func dispatch[In, Out any](c *call, op *operation[In, Out], in *In) (*Out, error) {
	fns := options(c.ctx)
	if c.direct && c.table.Kept && len(fns) == 0 {
		if out, sent, err := send(c, op, in); sent {
			return out, err
		}
	}
	fns = fns[:len(fns):len(fns)]
	if c.watch != nil || c.seen != nil {
		fns = append(fns, (&watcher{attempts: c.watch, seen: c.seen}).wrap)
	}
	if c.direct {
		x := new(exchange)
		x.begin(c, nil)
		fns = append(fns, x.wrap)
	}
	return op.call(c.table.Client, c.ctx, in, fns...)
}

func (t *Table) getItem(ctx context.Context, in *dynamodb.GetItemInput, key attributes, p *page) error {
	c := t.newCall(ctx, p, nil)
	c.key(&in.Key, key)
	out, err := invoke(c, &opGetItem, in)
	if err == nil {
		p.readSDK(out.Item)
	}
	return err
}

func (t *Table) query(ctx context.Context, in *dynamodb.QueryInput, json []byte, p *page) error {
	c := t.newCall(ctx, p, nil)
	c.values(&in.ExpressionAttributeValues, json)
	out, err := invoke(c, &opQuery, in)
	if err != nil {
		return err
	}
	p.count, p.scanned, p.next = int(out.Count), int(out.ScannedCount), nonEmpty(out.LastEvaluatedKey)
	p.readSDK(out.Items...)
	return nil
}

func (t *Table) scan(ctx context.Context, in *dynamodb.ScanInput, json []byte, p *page) error {
	c := t.newCall(ctx, p, nil)
	c.values(&in.ExpressionAttributeValues, json)
	out, err := invoke(c, &opScan, in)
	if err != nil {
		return err
	}
	p.count, p.scanned, p.next = int(out.Count), int(out.ScannedCount), nonEmpty(out.LastEvaluatedKey)
	p.readSDK(out.Items...)
	return nil
}

// executeStatement reads a page of a SELECT, with parameters as a JSON array. next
// is the token of the next one, nil at the end.
func (t *Table) executeStatement(ctx context.Context, in dynamodb.ExecuteStatementInput, parameters []byte, p *page) (next *string, err error) {
	c := t.newCall(ctx, p, nil)
	switch {
	case parameters == nil:
	case c.direct:
		c.members = append(c.members, member{"Parameters", parameters})
	default:
		if in.Parameters, err = attributeList(parameters); err != nil {
			return nil, err
		}
	}
	out, err := invoke(c, &opExecuteStatement, &in)
	if err != nil {
		return nil, err
	}
	p.readSDK(out.Items...)
	if aws.ToString(out.NextToken) == "" {
		return nil, nil
	}
	return out.NextToken, nil
}

// attributeList is a JSON array of attribute values.
func attributeList(array []byte) (values []types.AttributeValue, err error) {
	err = eachElement(array, func(s *wire.Scanner) error {
		raw, err := s.Raw()
		if err != nil {
			return err
		}
		value, err := codec.AttributeValue(raw)
		values = append(values, value)
		return err
	})
	return values, err
}

// putItem, updateItem and deleteItem have their attempts watched.

func (t *Table) putItem(ctx context.Context, in *dynamodb.PutItemInput, item stored, json []byte, p *page, watch *attempts) error {
	c := t.newCall(ctx, p, watch)
	c.item(&in.Item, item)
	c.values(&in.ExpressionAttributeValues, json)
	out, err := invoke(c, &opPutItem, in)
	if err == nil {
		p.readSDK(out.Attributes)
	}
	return err
}

func (t *Table) updateItem(ctx context.Context, in *dynamodb.UpdateItemInput, key attributes, json []byte, p *page, watch *attempts) error {
	c := t.newCall(ctx, p, watch)
	c.key(&in.Key, key)
	c.values(&in.ExpressionAttributeValues, json)
	out, err := invoke(c, &opUpdateItem, in)
	if err == nil {
		p.readSDK(out.Attributes)
	}
	return err
}

func (t *Table) deleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, key attributes, json []byte, p *page, watch *attempts) error {
	c := t.newCall(ctx, p, watch)
	c.key(&in.Key, key)
	c.values(&in.ExpressionAttributeValues, json)
	out, err := invoke(c, &opDeleteItem, in)
	if err == nil {
		p.readSDK(out.Attributes)
	}
	return err
}
