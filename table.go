package dynox

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/tables"
)

// Client is what a table needs of the SDK's client: the ten item operations.
// A *dynamodb.Client is one; so are DAX's client, a wrapper, and the client
// of a memtable engine. It must be safe for concurrent use. Operations beyond
// these, such as those on tables, are found by type assertion; a call that
// needs one which the client lacks says so. A wrapper that does not pass the
// options of a call on hides the SDK's attempts: a lost answer that a retry
// made good may then pass for a failed condition.
type Client interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	TransactGetItems(context.Context, *dynamodb.TransactGetItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactGetItemsOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Table is a DynamoDB table, or one of the same protocol, and the client that
// reaches it. Any number of repositories may share one. It is immutable and
// safe for concurrent use.
type Table struct {
	core     core.Table
	settings tables.Settings
	err      error
}

// maxName is the length of the longest name that a request takes: an ARN.
const maxName = 1024

// TableOption is an option of [NewTable].
type TableOption func(*Table)

// NewTable describes the table called name, or with that ARN, reached by
// client. It does no I/O, and what is wrong with its arguments is an error of [NewRepo].
func NewTable(client Client, name string, opts ...TableOption) *Table {
	t := &Table{core: core.Table{Name: name, Names: []string{name}}}
	if v := reflect.ValueOf(client); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		t.err = errors.New("table without a client")
	} else {
		t.core.SetClient(client)
	}
	if len(name) < 3 || len(name) > maxName {
		t.err = errors.Join(t.err, errors.New("the name of a table has at least 3 characters"))
	}
	for _, opt := range opts {
		if opt != nil {
			opt(t)
		}
	}
	return t
}

// Name is the table's name.
func (t *Table) Name() string { return t.core.Name }

// ReadOnly makes every write through the table fail with [ErrReadOnly]
// before anything is sent.
func ReadOnly() TableOption {
	return func(t *Table) { t.core.ReadOnly = true }
}

// NoScans makes every scan of the table or an index fail with [ErrScan] before
// anything is sent, counts and those of other packages too: for services that
// must never read a whole table. The engine's memtable.NoScans is for tests.
func NoScans() TableOption {
	return func(t *Table) { t.core.NoScans = true }
}

// SDKValues sends everything through the attribute values of the SDK, so that
// middleware and interceptors see items, keys and the values of expressions
// in the SDK's structs, and may change them. Without it they cross an
// [*dynamodb.Client] as bytes, several times faster, and those members are
// empty there, as is the item of the SDK's error for a failed condition, which
// [OldItem] has; any other client gets attribute values anyway. Results are
// the same. docs/middleware.md in the repository lists what is seen.
func SDKValues() TableOption {
	return func(t *Table) { t.core.SDKValues = true }
}

// SealCursors encrypts the cursors of the table's reads with AES-GCM under
// key, of 16, 24 or 32 bytes, and accepts only those: a cursor then shows
// nothing of the keys in it, and cannot be forged. Tables in several
// processes that exchange cursors share the key. Without this option cursors
// are readable.
func SealCursors(key []byte) TableOption {
	return func(t *Table) {
		switch len(key) {
		case 16, 24, 32:
			t.core.CursorKey = append([]byte(nil), key...)
		default:
			t.err = errors.Join(t.err, fmt.Errorf("SealCursors: a key of %d bytes, not 16, 24 or 32", len(key)))
		}
	}
}

// Schema is what a repository needs of its table. Every *[Repo] is one, and so are
// [Tenants].
type Schema interface {
	schema() *core.Schema
}

// WithSDKOptions is ctx with functions that the SDK applies to the options of
// every call made with it: another region, a retryer, middleware. They follow
// those that ctx has already. Clients other than the SDK's may ignore them.
func WithSDKOptions(ctx context.Context, fns ...func(*dynamodb.Options)) context.Context {
	return core.WithOptions(ctx, fns)
}
