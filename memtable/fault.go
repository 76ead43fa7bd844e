package memtable

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A Fault is what goes wrong with a request that [Engine.Fail] picked.
type Fault struct {
	err    *apiError     // what the service answers instead of running the operation
	wait   time.Duration // how long the answer takes
	reset  bool          // the connection breaks instead of answering
	effect bool          // the operation takes effect before the connection breaks

	partial   opt[int] // how much of a batch is processed
	conflicts []int    // the operations of a transaction that conflict with another
}

// Throttle answers ProvisionedThroughputExceededException, which the SDK retries.
func Throttle() Fault {
	return ErrorResponse(http.StatusBadRequest, "ProvisionedThroughputExceededException",
		"The level of configured provisioned throughput for the table was exceeded. "+
			"Consider increasing your provisioning level with the UpdateTable API.")
}

// InternalError answers InternalServerError with status 500, without running the operation. The SDK retries it.
func InternalError() Fault {
	return ErrorResponse(http.StatusInternalServerError, "InternalServerError", "Internal server error")
}

// ErrorResponse answers an error of DynamoDB's own, such as RequestLimitExceeded, with an HTTP status,
// without running the operation.
func ErrorResponse(status int, code, message string) Fault {
	return Fault{err: &apiError{status: status, code: inDynamoDB + code, message: message}}
}

// Latency delays the request before it runs, by the time of package time, or until its context ends.
func Latency(d time.Duration) Fault { return Fault{wait: d} }

// ResetBefore breaks the connection before the operation takes effect.
func ResetBefore() Fault { return Fault{reset: true} }

// ResetAfter breaks the connection after the operation took effect: the answer is lost, and the SDK,
// which cannot know, sends the request again.
func ResetAfter() Fault { return Fault{reset: true, effect: true} }

// Partial processes the first n keys or writes of a BatchGetItem or BatchWriteItem, in the order of the
// request, and returns the others as unprocessed. Other operations run as ever.
func Partial(n int) Fault { return Fault{partial: some(max(n, 0))} }

// Conflict makes a transaction fail because some of its operations, counted from 0, meet another
// transaction on their items: TransactionCanceledException with the reason TransactionConflict. Without
// operations it is the first one. A single write fails with TransactionConflictException; other operations
// run as ever.
func Conflict(operations ...int) Fault {
	if len(operations) == 0 {
		operations = []int{0}
	}
	return Fault{conflicts: operations}
}

// A FaultOption says which requests [Engine.Fail] picks.
type FaultOption func(*faultRule)

// OnTable picks requests about one table; of a batch or transaction it is the first table that counts.
func OnTable(name string) FaultOption { return func(r *faultRule) { r.table = name } }

// After lets n matching requests pass before the first fault. The default is none.
func After(n int) FaultOption { return func(r *faultRule) { r.skip = n } }

// Times sets how many requests fail. The default is one.
func Times(n int) FaultOption { return func(r *faultRule) { r.times = n } }

// Always fails every matching request, until [Engine.Heal].
func Always() FaultOption { return func(r *faultRule) { r.times = -1 } }

// Fail makes coming requests of an operation fail, such as "PutItem"; "" stands for every operation.
// Requests are counted from this call on, each attempt of the SDK's for itself. Where several calls match
// a request, the earliest that still has faults to give wins, and all of them count the request. It panics
// if the engine has no such operation: a fault that can never strike proves nothing. [Engine.Requests] tells
// which operations a call sends.
//
//	engine.Fail("PutItem", memtable.ResetAfter())                  // the next put, after it took effect
//	engine.Fail("Query", memtable.Throttle(), memtable.After(1))   // the second page
func (e *Engine) Fail(operation string, f Fault, opts ...FaultOption) {
	if operation != "" && operations[operation] == nil && streamOperations[operation] == nil {
		panic(fmt.Sprintf("memtable: Fail: no operation %q", operation))
	}
	rule := &faultRule{operation: operation, fault: f, times: 1}
	for _, opt := range opts {
		opt(rule)
	}
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	e.faults.rules = append(e.faults.rules, rule)
}

// Heal takes back every [Engine.Fail].
func (e *Engine) Heal() {
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	e.faults.rules = nil
}

// faultRule is one call of Fail. Its counts are guarded by faults.mu.
type faultRule struct {
	operation, table string
	fault            Fault
	skip, times      int // times is negative for always
}

func (r *faultRule) matches(operation, table string) bool {
	return (r.operation == "" || r.operation == operation) && (r.table == "" || r.table == table)
}

// take counts a request and reports whether this rule would fail it.
func (r *faultRule) ready() bool {
	if r.skip > 0 {
		r.skip--
		return false
	}
	return true
}

type faults struct {
	mu    sync.Mutex
	rules []*faultRule
}

func (f *faults) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.rules) > 0
}

// take returns the fault of a request; its zero value where there is none.
func (f *faults) take(operation, table string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var picked *faultRule
	for _, r := range f.rules {
		if r.matches(operation, table) && r.ready() && picked == nil {
			picked = r
		}
	}
	if picked == nil {
		return Fault{}
	}
	if picked.times > 0 {
		if picked.times--; picked.times == 0 {
			f.rules = slices.DeleteFunc(f.rules, func(r *faultRule) bool { return r == picked })
		}
	}
	return picked.fault
}

// before waits, and returns the error that stands in for the operation, if any.
func (f Fault) before(ctx context.Context) error {
	if f.wait > 0 {
		timer := time.NewTimer(f.wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if f.err != nil {
		return f.err
	}
	if f.reset && !f.effect {
		return connectionReset()
	}
	return nil
}

// after returns how the connection broke once the operation took effect, if it did.
func (f Fault) after(ctx context.Context) error {
	if f.reset {
		return connectionReset()
	}
	return context.Cause(ctx)
}

// interfered is the input of an operation that some faults reach into.
type interfered interface {
	// interfere prepares a valid request for a fault, or fails as the fault says.
	interfere(f Fault) error
}

func (in *batchGetInput) interfere(f Fault) error {
	in.most = f.partial
	return nil
}

func (in *batchWriteInput) interfere(f Fault) error {
	in.most = f.partial
	return nil
}

func (in *transactGetInput) interfere(f Fault) error   { return f.conflict(len(in.items.v)) }
func (in *transactWriteInput) interfere(f Fault) error { return f.conflict(len(in.items.v)) }

const ongoing = "Transaction is ongoing for the item"

func (p *writeParams) interfere(f Fault) error {
	if f.conflicts == nil {
		return nil
	}
	return badRequest(inDynamoDB+"TransactionConflictException", ongoing)
}

// conflict cancels a transaction of so many operations, if the fault says so.
func (f Fault) conflict(operations int) error {
	reasons := make([]reason, operations)
	for i := range reasons {
		reasons[i] = reason{code: "None"}
		if slices.Contains(f.conflicts, i) {
			reasons[i] = reason{code: "TransactionConflict", message: ongoing}
		}
	}
	return cancelled(reasons)
}

func connectionReset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

var _ io.WriterTo = (*responseBody)(nil)
