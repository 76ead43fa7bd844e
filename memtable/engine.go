package memtable

import (
	"sync"
	"sync/atomic"
	"time"
)

// Engine is one in-memory DynamoDB with its own tables. Make one with [New] or [Open].
// All its methods are safe for concurrent use.
type Engine struct {
	region    string
	account   string
	clock     func() time.Time
	ahead     atomic.Int64 // how far Advance has moved the clock
	delay     time.Duration
	bulkDelay time.Duration
	ttlDelay  time.Duration
	lag       time.Duration
	throttles bool
	shards    int                // that a stream has at a time
	onScan    func(table string) // nil unless scans are forbidden
	keys      []accessKey        // that are accepted; every one, if there are none

	mu      sync.RWMutex
	tables  map[string]*table
	streams streams

	bulk bulkOperations

	closed   atomic.Bool
	requests atomic.Uint64
	faults   faults
	log      requestLog
	tokens   tokens
}

// TB is the part of [testing.TB] that an engine needs.
type TB interface {
	Helper()
	Cleanup(func())
}

// New returns an engine that lives as long as the test: when the test ends the engine drops its tables,
// and refuses every later request as a server that is down would. It keeps a log of its requests.
func New(t TB, opts ...Option) *Engine {
	t.Helper()
	e := Open(append([]Option{WithRequestLog(10_000)}, opts...)...)
	t.Cleanup(e.Close)
	return e
}

// Open returns an engine without tables. It holds nothing but memory; [Engine.Close] is optional.
func Open(opts ...Option) *Engine {
	e := &Engine{
		region:  "us-east-1",
		account: "000000000000",
		clock:   time.Now,
		shards:  1,
		tables:  map[string]*table{},
	}
	for _, opt := range opts {
		opt(e)
	}
	return e
}

// Close drops all tables. Requests after it fail as connections to a server that is down do.
func (e *Engine) Close() {
	e.closed.Store(true)
	e.bulk.clear()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tables = map[string]*table{}
	e.streams.clear()
}

// now is the engine's time.
func (e *Engine) now() time.Time { return e.clock().Add(time.Duration(e.ahead.Load())) }

// Advance moves the engine's time forward, ahead of its clock, so that what takes time has happened. Time
// never goes back: a negative d counts as zero.
func (e *Engine) Advance(d time.Duration) { e.ahead.Add(int64(max(d, 0))) }

// An Option sets up an engine in [New] or [Open].
type Option func(*Engine)

// WithRegion sets the region of ARNs and of [Engine.Client]. The default is us-east-1.
func WithRegion(region string) Option { return func(e *Engine) { e.region = region } }

// WithAccount sets the account of ARNs, twelve digits. The default is 000000000000.
func WithAccount(id string) Option { return func(e *Engine) { e.account = id } }

// WithClock sets the engine's time, which stamps tables and stream records, expires items, and ages
// statuses, tokens and iterators. The default is [time.Now]. The function must be safe for concurrent use.
func WithClock(now func() time.Time) Option { return func(e *Engine) { e.clock = now } }

// WithTTLDelay sets how long items outlive the time in their time to live attribute. The default is zero:
// they are gone when that time comes, where the service takes up to some days.
func WithTTLDelay(d time.Duration) Option { return func(e *Engine) { e.ttlDelay = d } }

// WithTableDelay sets how long tables and indexes stay CREATING, UPDATING or DELETING, by the engine's
// clock. The default is zero: the answer to CreateTable says CREATING, as the service's does, and the
// table is ACTIVE for the next request. A vector index that is added to a table takes d twice: until the
// table is ACTIVE again, and for its backfill.
func WithTableDelay(d time.Duration) Option { return func(e *Engine) { e.delay = d } }

// WithShards sets how many shards of a stream take records at a time, each those of a part of the
// partitions. The default is one. A shard has a child in its place after four hours, as on the service.
func WithShards(n int) Option { return func(e *Engine) { e.shards = max(n, 1) } }

// NoScans fails the test for every Scan that the engine receives; the scan is answered all the same.
func NoScans(t interface {
	Errorf(format string, args ...any)
}) Option {
	return func(e *Engine) {
		e.onScan = func(table string) { t.Errorf("memtable: a scan of table %s", table) }
	}
}

// WithRequestLog sets how many of the latest requests [Engine.Requests] keeps. The default is 10,000 for
// [New] and none for [Open].
func WithRequestLog(n int) Option { return func(e *Engine) { e.log.limit = n } }
