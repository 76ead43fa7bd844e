package dynox

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dynox-go/dynox/internal/core"
)

// Call is the record of one call of the service: a query makes one for each page,
// a batch one for each request, a write one and, where it has to look first or to
// try again, more. It holds names and numbers, never values.
type Call struct {
	Operation string   // the service's: PutItem, Query, BatchGetItem
	Table     string   // the table's name, of several the first's
	Tables    []string // the names of all: of batches and transactions there may be several; not to be changed
	Index     string   // that is queried or scanned, "" for the table
	Writes    bool
	Page      int // of a query or scan, which page of it, from 1

	Requested   int // the items, keys or pages that are asked for
	Items       int // read, matched or written
	Scanned     int // items read before a filter, of queries and scans
	Unprocessed int // keys or items of a batch that the service left
	Attempts    int // made by the SDK; 1 if its client does not tell
	Throttles   int // attempts that the service refused for want of capacity

	// Capacity units that it was expected to take, and those that it took: of a
	// failed condition, which is charged but not accounted for by the service, and
	// of an answer that was lost, what was expected.
	EstimatedRead  float64
	EstimatedWrite float64
	ReadUnits      float64
	WriteUnits     float64
	SearchBytes    float64 // that a search of vectors took, instead of units

	Sent     int64 // bytes of the request's body; 0 off the direct path, see [SDKValues]
	Received int64 // bytes of the bodies of all answers; 0 off the direct path

	Started  time.Time
	Waited   time.Duration // for a rate limit
	Duration time.Duration // from Start to End, with Waited and the SDK's retries

	RequestID string // the service's name for it, "" if there is none
	Class     string // the class of Err, see [ErrorClass]; "" for none
	Err       error  // without the service's text, which may quote values
}

// Observer is told about the calls of tables that [Observe] gave it to. Both methods
// run in the goroutine that makes the call, several calls may be made at once, and
// what they take the call takes. The record is valid until End returns, and
// belongs to dynox: copy what is to be kept.
type Observer interface {
	// Start is called before the call, and before it waits for a rate limit. What is
	// known only afterwards is zero. The context that it returns, which is ctx or one
	// made from it, is the call's, and that of End.
	Start(ctx context.Context, call *Call) context.Context
	// End is called after the call, once for each Start.
	End(ctx context.Context, call *Call)
}

// Observe has o told about every call about items of the table. Given several times,
// the first observer starts first and ends last. A batch or transaction over several
// tables is told to the observers of all of them, once to one that they share if its
// type can be compared. Without an observer, a meter, a budget or a limit calls are not
// looked at, and cost nothing more.
func Observe(o Observer) TableOption {
	return func(t *Table) {
		if o == nil {
			t.err = errors.Join(t.err, errors.New("a nil observer"))
			return
		}
		s := t.sight()
		s.Observers = append(s.Observers, observer{o})
	}
}

// sight is what looks at the table's calls.
func (t *Table) sight() *core.Sight {
	if t.core.Sight == nil {
		t.core.Sight = new(core.Sight)
	}
	return t.core.Sight
}

// observer is one as the core has it.
type observer struct{ o Observer }

func (o observer) Start(ctx context.Context, c *core.Call) context.Context {
	return o.o.Start(ctx, (*Call)(c))
}

func (o observer) End(ctx context.Context, c *core.Call) { o.o.End(ctx, (*Call)(c)) }

// OnSlow calls f after every call about items of the table that took at least that
// long, in the goroutine that made it. The record is valid until f returns.
func OnSlow(threshold time.Duration, f func(ctx context.Context, call *Call)) TableOption {
	if f == nil {
		return Observe(nil)
	}
	return Observe(slow{threshold, f})
}

type slow struct {
	threshold time.Duration
	tell      func(context.Context, *Call)
}

func (s slow) Start(ctx context.Context, _ *Call) context.Context { return ctx }

func (s slow) End(ctx context.Context, c *Call) {
	if c.Duration >= s.threshold {
		s.tell(ctx, c)
	}
}

// Usage is what calls took together.
type Usage struct {
	Calls     int
	Errors    int // calls that failed, those with a failed condition too
	Attempts  int
	Throttles int
	Items     int
	Scanned   int

	ReadUnits   float64
	WriteUnits  float64
	SearchBytes float64 // as in [Call]

	Sent     int64 // as in [Call]
	Received int64

	Waited   time.Duration
	Duration time.Duration // of all calls, those that ran at once too
}

// Meter adds up the calls made with a context, see [WithMeter]. The zero value is
// ready, and safe for concurrent use.
type Meter struct {
	mu    sync.Mutex
	usage Usage
}

// Usage is what the calls took that have ended so far.
func (m *Meter) Usage() Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.usage
}

// WithMeter is ctx whose calls m adds up, of whatever tables: for what one request of
// one's own users costs. Meters that ctx has already go on.
func WithMeter(ctx context.Context, m *Meter) context.Context {
	if m == nil {
		return ctx
	}
	return core.WithMeter(ctx, meter{m})
}

// meter is one as the core has it.
type meter struct{ *Meter }

// Add adds a call.
func (m meter) Add(c *core.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := &m.usage
	u.Calls++
	if c.Err != nil {
		u.Errors++
	}
	u.Attempts += c.Attempts
	u.Throttles += c.Throttles
	u.Items += c.Items
	u.Scanned += c.Scanned
	u.ReadUnits += c.ReadUnits
	u.WriteUnits += c.WriteUnits
	u.SearchBytes += c.SearchBytes
	u.Sent += c.Sent
	u.Received += c.Received
	u.Waited += c.Waited
	u.Duration += c.Duration
}
