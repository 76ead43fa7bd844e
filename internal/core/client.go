// Package core is the repository without generics: it derives keys, builds
// requests, calls the SDK, pages, and settles outcomes. Items pass through it
// as pointers to structs; the root package is a typed shell over it.
package core

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Client is the part of the SDK's client that repositories call.
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

// Table is where the items of a repository are.
type Table struct {
	Client    Client
	Name      string
	Names     []string // it alone
	ReadOnly  bool
	NoScans   bool   // scans are refused
	SDKValues bool   // send everything as attribute values
	Direct    bool   // the client can take the direct path
	Kept      bool   // it does so through pipelines
	CursorKey []byte // seals cursors when set: 16, 24 or 32 bytes of AES key
	Err       error  // what every call fails with, if set
	Sight     *Sight // looks at calls, nil: nobody does

	ReadBudget float64 // units that a query or scan may take, 0: any

	pipelines [2 * operations]sync.Pool // of *pipeline: of calls that nobody looks at, and of others
}

// SetClient has t reach the service by client.
func (t *Table) SetClient(client Client) {
	t.Client = client
	if c, ok := client.(*dynamodb.Client); ok && c != nil {
		t.Direct, t.Kept = wraps(c.Options()), keepable(c)
	}
}

type optionsKey struct{}

// WithOptions is ctx with more options for the SDK's calls.
func WithOptions(ctx context.Context, fns []func(*dynamodb.Options)) context.Context {
	all := slices.Clone(options(ctx))
	for _, fn := range fns {
		if fn != nil {
			all = append(all, fn)
		}
	}
	return context.WithValue(ctx, optionsKey{}, all)
}

func options(ctx context.Context) []func(*dynamodb.Options) {
	fns, _ := ctx.Value(optionsKey{}).([]func(*dynamodb.Options))
	return fns
}

// attempts watches the attempts of one write through the SDK's retryer. Of a
// client that ignores options it sees nothing.
type attempts struct {
	// seen is set once the SDK asked the watcher for an attempt.
	seen atomic.Bool
	// lost is set once an attempt may have taken effect unseen.
	lost atomic.Bool
	// once forbids another attempt after such a one: the write would add up.
	once bool
}

// mayHaveTakenEffect reports whether a write whose call ended in err may
// have taken effect. Where attempts are seen, each was judged by its own
// error: a deadline that passes between two of them changes nothing.
func (a *attempts) mayHaveTakenEffect(err error) bool {
	return a.lost.Load() || !a.seen.Load() && ambiguous(err)
}

// watcher is the caller's retryer, seen through.
type watcher struct {
	aws.Retryer
	attempts *attempts // of a write, or nil
	seen     *sighting // nil: nobody looks
}

// wrap is an option of a call: it puts w in front of the client's retryer.
func (w *watcher) wrap(o *dynamodb.Options) {
	if o.Retryer != nil {
		w.Retryer = o.Retryer
		o.Retryer = w
	}
}

// IsErrorRetryable is asked about the error of each attempt.
func (w *watcher) IsErrorRetryable(err error) bool {
	retryable := w.Retryer.IsErrorRetryable(err)
	if w.seen != nil {
		w.seen.refused(err)
	}
	if w.attempts != nil && ambiguous(err) {
		w.attempts.lost.Store(true)
		return retryable && !w.attempts.once
	}
	return retryable
}

// GetAttemptToken keeps the wrapped retryer's second version.
func (w *watcher) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	if w.attempts != nil {
		w.attempts.seen.Store(true)
	}
	if w.seen != nil {
		if err := w.seen.attempt(ctx); err != nil {
			return nil, err
		}
	}
	if v2, ok := w.Retryer.(aws.RetryerV2); ok {
		return v2.GetAttemptToken(ctx)
	}
	return w.Retryer.GetInitialToken(), nil
}

var _ aws.RetryerV2 = (*watcher)(nil)

// Broken is a table on which every call fails with err.
func Broken(name string, err error) *Table { return &Table{Name: name, Err: err} }

// Options are the options of ctx for a call of the SDK's.
func Options(ctx context.Context) []func(*dynamodb.Options) { return options(ctx) }
