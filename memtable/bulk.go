package memtable

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The statuses of bulk operations.
const (
	bulkRunning    = "IN_PROGRESS"
	bulkCompleted  = "COMPLETED"
	bulkFaulty     = "COMPLETED_WITH_ERRORS"
	bulkCancelling = "CANCELLING"
	bulkCancelled  = "CANCELLED"
	bulkFailed     = "FAILED"
)

const (
	bulkTokenLife = 8 * time.Hour       // how long a client token stands for the operation that it started
	bulkListed    = 90 * 24 * time.Hour // how long ListBulkOperations shows an operation
)

// WithBulkDelay sets how long a bulk operation takes by the engine's clock: its items are written one after
// the other in that time. The default is zero: the answer to StartBulkPutItems says IN_PROGRESS, and the
// operation is over for the next request. MaxWriteRequestUnits makes it no longer.
func WithBulkDelay(d time.Duration) Option { return func(e *Engine) { e.bulkDelay = max(d, 0) } }

// bulkOperations are the bulk operations of an engine, and the buckets that they read and write.
type bulkOperations struct {
	pending atomic.Int64 // how many are in progress

	mu      sync.Mutex
	all     []*bulkOperation // in the order of their starts
	buckets map[string]*bucket
}

// bulkOperation is what one StartBulkPutItems started. The lock of bulkOperations guards it.
type bulkOperation struct {
	in      *bulkPutInput
	arn     string
	id      string
	number  uint64 // counted from 1
	table   *table
	started time.Time
	delay   time.Duration
	ended   time.Time // zero while it is in progress
	status  string
	failure bulkFailure

	opened  bool         // its objects have been read
	records []bulkRecord // of its objects
	next    int          // of the records
	size    int64        // of the objects, in bytes
	read    int64        // of these bytes

	processed, failed int64 // items
	faulty            bool  // something could not be parsed, or isn't valid
	usage             bulkUsage
	report            map[string]*writer // what is to be written, by type of output
}

// bulkFailure says why an operation failed or was cancelled.
type bulkFailure struct{ code, message string }

// due is when the operation has something to do next.
func (op *bulkOperation) due() time.Time {
	if !op.opened {
		return op.started
	}
	n := max(len(op.records), 1)
	return op.started.Add(time.Duration(float64(op.delay) * float64(min(op.next+1, n)) / float64(n)))
}

// end ends the operation, and writes its reports.
func (op *bulkOperation) end(s *bulkOperations, status string, at time.Time) {
	op.status, op.ended = status, at
	op.records = nil // nobody needs them any more
	for kind, w := range op.report {
		s.buckets[op.in.output.v.place.bucket.v].write(op.reportKey(kind), w.b)
	}
	op.report = nil
	s.pending.Add(-1)
}

// fail ends the operation for a reason.
func (op *bulkOperation) fail(s *bulkOperations, at time.Time, code, message string) {
	op.failure = bulkFailure{code, message}
	op.end(s, bulkFailed, at)
}

// runBulk does what bulk operations have come to by now: nothing is asked for before that is done. The
// caller holds no lock.
func (e *Engine) runBulk(now time.Time) {
	if e.bulk.pending.Load() == 0 {
		return
	}
	e.bulk.mu.Lock()
	defer e.bulk.mu.Unlock()
	e.bulk.run(e, now)
}

// run takes the operations' steps in the order of their times.
func (s *bulkOperations) run(e *Engine, now time.Time) {
	running := slices.DeleteFunc(slices.Clone(s.all), func(op *bulkOperation) bool { return !op.ended.IsZero() })
	for len(running) > 0 {
		op := slices.MinFunc(running, func(a, b *bulkOperation) int { return a.due().Compare(b.due()) })
		if op.due().After(now) {
			return
		}
		op.step(e)
		if !op.ended.IsZero() {
			running = slices.DeleteFunc(running, func(other *bulkOperation) bool { return other == op })
		}
	}
}

// start adds an operation.
func (s *bulkOperations) start(op *bulkOperation) {
	op.number = uint64(len(s.all)) + 1
	s.all = append(s.all, op)
	s.pending.Add(1)
}

// clear forgets all operations, where they stand.
func (s *bulkOperations) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
	s.pending.Store(0)
}

// byToken returns the operation that a client token started of late; nil if there is none.
func (s *bulkOperations) byToken(token opt[string], now time.Time) *bulkOperation {
	if !token.ok {
		return nil
	}
	for _, op := range s.all {
		if op.in.token == token && now.Before(op.started.Add(bulkTokenLife)) {
			return op
		}
	}
	return nil
}

// bulkInput is the request of operations that only name a bulk operation.
type bulkInput struct{ arn opt[string] }

func (in *bulkInput) member(d *decoder, name string) {
	if name == "BulkOperationArn" {
		in.arn = d.string()
		return
	}
	d.skip()
}

func (in *bulkInput) check() error {
	c := &constraints{}
	if c.notNull("bulkOperationArn", in.arn.ok) {
		c.length("bulkOperationArn", in.arn.v, 37, 1024)
	}
	return c.err()
}

// find returns the operation that a request names, as it is now. The caller holds the lock.
func (s *bulkOperations) find(e *Engine, in *bulkInput, now time.Time) (*bulkOperation, error) {
	s.run(e, now)
	i := slices.IndexFunc(s.all, func(op *bulkOperation) bool { return op.arn == in.arn.v })
	if i < 0 {
		return nil, notFound("Requested resource not found: Bulk operation: " + in.arn.v + " not found")
	}
	return s.all[i], nil
}

// describeBulkOperation answers DescribeBulkOperation.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeBulkOperation.html
func (e *Engine) describeBulkOperation(in *bulkInput, w *writer) error {
	e.bulk.mu.Lock()
	defer e.bulk.mu.Unlock()
	op, err := e.bulk.find(e, in, e.now())
	if err != nil {
		return err
	}
	w.beginObject()
	op.describe(w)
	w.endObject()
	return nil
}

// cancelBulkOperation answers CancelBulkOperation: the operation stops, and what it wrote stays.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CancelBulkOperation.html
func (e *Engine) cancelBulkOperation(in *bulkInput, w *writer) error {
	e.bulk.mu.Lock()
	defer e.bulk.mu.Unlock()
	now := e.now()
	op, err := e.bulk.find(e, in, now)
	if err != nil {
		return err
	}
	if !op.ended.IsZero() {
		return invalid("Bulk operation %s cannot be cancelled: its status is %s", op.arn, op.status)
	}
	op.failure = bulkFailure{"Cancelled", "The bulk operation was cancelled by a request"}
	op.end(&e.bulk, bulkCancelled, now)
	w.beginObject()
	w.text("BulkOperationArn", op.arn)
	w.text("BulkOperationStatus", bulkCancelling)
	w.endObject()
	return nil
}

// listBulkInput is ListBulkOperations' request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListBulkOperations.html
type listBulkInput struct {
	limit opt[int64]
	next  opt[string]
}

func (in *listBulkInput) member(d *decoder, name string) {
	switch name {
	case "MaxResults":
		in.limit = d.integer("Integer")
	case "NextToken":
		in.next = d.string()
	default:
		d.skip()
	}
}

func (in *listBulkInput) check() error {
	c := &constraints{}
	c.atLeast("maxResults", in.limit, 1)
	c.atMost("maxResults", in.limit, 25)
	if in.next.ok {
		c.matches("nextToken", in.next.v, bulkListToken)
		c.length("nextToken", in.next.v, 1, 1024)
	}
	return c.err()
}

// listBulkOperations answers ListBulkOperations. A token is the number of the last operation of a page.
func (e *Engine) listBulkOperations(in *listBulkInput, w *writer) error {
	e.bulk.mu.Lock()
	defer e.bulk.mu.Unlock()
	now, limit := e.now(), int(in.limit.or(10))
	e.bulk.run(e, now)
	before, err := in.before()
	if err != nil {
		return err
	}
	var found []*bulkOperation
	for _, op := range e.bulk.all {
		if op.number < before && now.Before(op.started.Add(bulkListed)) {
			found = append(found, op)
		}
	}
	slices.SortFunc(found, func(a, b *bulkOperation) int { return cmp.Compare(b.number, a.number) })
	w.beginObject()
	w.array("BulkOperationsSummaryList")
	for _, op := range found[:min(limit, len(found))] {
		w.beginObject()
		op.summary(w)
		w.endObject()
	}
	w.endArray()
	if len(found) > limit {
		w.text("NextToken", bulkToken(found[limit-1].number))
	}
	w.endObject()
	return nil
}
