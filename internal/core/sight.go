package core

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// Call is the record of one call of the service: what budgets, limits, meters
// and observers see of it. The root package documents its fields.
type Call struct {
	Operation string
	Table     string
	Tables    []string
	Index     string
	Writes    bool
	Page      int

	Requested   int
	Items       int
	Scanned     int
	Unprocessed int
	Attempts    int
	Throttles   int

	EstimatedRead  float64
	EstimatedWrite float64
	ReadUnits      float64
	WriteUnits     float64
	SearchBytes    float64

	Sent     int64
	Received int64

	Started  time.Time
	Waited   time.Duration
	Duration time.Duration

	RequestID string
	Class     string
	Err       error
}

// Observer is told about calls: in the goroutine that makes the call, the
// record being valid until End returns.
type Observer interface {
	Start(ctx context.Context, c *Call) context.Context
	End(ctx context.Context, c *Call)
}

// Sight is what looks at the calls about a table's items.
type Sight struct {
	Observers []Observer
	Limiter   *Limiter
	Heat      *Heat

	learned [operations]average // units of one item or page
}

// sighting is a call that is looked at. It belongs to a page, and is used
// again with it.
type sighting struct {
	Call
	op       int
	accounts *account // of the call's context
	shares   []share
	one      [1]share
	parts    []spot // those that the call's items are in, if their heat is measured
	told     []Observer
	id       []byte
	ctx      context.Context
	metadata middleware.Metadata // of the answer, if the SDK's output has none
	again    bool                // the last attempt was throttled
}

// share is a table's part of a call.
type share struct {
	table     *Table
	n         int     // items, keys or pages
	least     float64 // units, by what is known of the request
	estimated float64 // and by what such calls took lately
	reserved  float64
	used      float64
	known     bool      // used is what the service said
	passed    time.Time // when the limit let the last attempt pass
	parts     int       // of the call's, how many are this table's
}

// spot is a partition of a share's table.
type spot struct {
	share int
	hash  uint64
}

// among has the call, which is about items of t, too, looked at if anybody wants to:
// before what it asks of any table is told.
func (c *call) among(t *Table) {
	if c.seen == nil && t.Sight != nil {
		c.look(nil)
	}
}

// look has the call looked at.
func (c *call) look(accounts *account) {
	s := c.page.seen
	if s == nil {
		s = new(sighting)
		c.page.seen = s
	}
	s.accounts = accounts
	s.forget()
	c.seen = s
}

// forget empties what s knows of a request.
func (s *sighting) forget() {
	if clear(s.shares); s.shares == nil {
		s.shares = s.one[:0]
	}
	s.shares, s.parts = s.shares[:0], s.parts[:0]
}

// about adds an item, a key or a page to the part of a table, which is expected
// to take units. A call is about the items of its table unless it says so.
func (s *sighting) about(t *Table, units float64) {
	h := &s.shares[s.share(t)]
	h.n++
	h.least += units
}

// share is the number of the part of a table.
func (s *sighting) share(t *Table) int {
	for i := range s.shares {
		if s.shares[i].table.Name == t.Name {
			return i
		}
	}
	s.shares = append(s.shares, share{table: t})
	return len(s.shares) - 1
}

// invokeSeen makes a call that is looked at.
func invokeSeen[In, Out any](c *call, op *operation[In, Out], in *In) (out *Out, err error) {
	s, ctx := c.seen, c.ctx
	if err := s.accounts.check(); err != nil {
		return nil, err
	}
	if err = s.begin(c, op.id, op.name, op.writes, in); err == nil {
		c.ctx = s.ctx
		out, err = dispatch(c, op, in)
		c.ctx = ctx
	}
	s.end(c, out, err)
	return out, err
}

// begin begins the call of op with in: it waits until limits let it pass.
func (s *sighting) begin(c *call, op int, name string, writes bool, in any) error {
	s.Call = Call{Operation: name, Table: c.table.Name, Writes: writes, Page: c.page.number, Started: time.Now()}
	s.op, s.again, s.metadata = op, false, middleware.Metadata{}
	s.ask(c, in)
	s.Tables = s.names(c.table)
	for i := range s.shares {
		h := &s.shares[i]
		h.used, h.known, h.reserved, h.estimated = 0, false, 0, h.least
		s.Requested += h.n
		if g := h.table.Sight; g != nil {
			h.estimated = max(h.least, float64(h.n)*g.learned[op].value())
		}
		*pick(writes, &s.EstimatedWrite, &s.EstimatedRead) += h.estimated
	}
	ctx := c.ctx
	s.told = s.observers()
	for _, o := range s.told {
		ctx = o.Start(ctx, &s.Call) //nolint:fatcontext // each observer has a context of its own, one within the other
	}
	s.ctx = ctx
	return s.wait(ctx)
}

// names are those of all tables that the call is about; who is told may keep them.
func (s *sighting) names(first *Table) []string {
	if len(s.shares) < 2 {
		return first.Names
	}
	all := make([]string, len(s.shares))
	for i := range s.shares {
		all[i] = s.shares[i].table.Name
	}
	return all
}

// observers are those of all tables that the call is about, each once.
func (s *sighting) observers() (all []Observer) {
	for i := range s.shares {
		g := s.shares[i].table.Sight
		switch {
		case g == nil:
		case all == nil:
			all = g.Observers[:len(g.Observers):len(g.Observers)]
		default:
			for _, o := range g.Observers {
				if !slices.ContainsFunc(all, func(other Observer) bool { return sameObserver(o, other) }) {
					all = append(all, o)
				}
			}
		}
	}
	return all
}

// sameObserver reports whether two are one, as far as they can be compared.
func sameObserver(a, b Observer) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

// wait waits until the limits of all tables let an attempt pass.
func (s *sighting) wait(ctx context.Context) error {
	for i := range s.shares {
		h := &s.shares[i]
		g := h.table.Sight
		if g == nil || g.Limiter == nil {
			continue
		}
		waited, passed, err := g.Limiter.side(s.Writes).wait(ctx, h.estimated)
		s.Waited += waited
		if err != nil {
			return err
		}
		h.reserved, h.passed = h.estimated, passed
	}
	return nil
}

// attempt is asked before each attempt of the SDK: one that follows a throttled
// one waits anew.
func (s *sighting) attempt(ctx context.Context) error {
	s.Attempts++
	if !s.again {
		return nil
	}
	s.again = false
	return s.wait(ctx)
}

// refused is told of the error that an attempt ended in. What was reserved for one that
// was throttled is lost: the service did not have it.
func (s *sighting) refused(err error) {
	if starved(err) {
		s.again = true
		s.Throttles++
		for i := range s.shares {
			s.shares[i].reserved = 0
		}
		s.slow()
	}
}

// slow has the limits know that the service had no capacity.
func (s *sighting) slow() {
	for i := range s.shares {
		h := &s.shares[i]
		if g := h.table.Sight; g != nil && g.Limiter != nil {
			g.Limiter.side(s.Writes).throttled(h.passed)
		}
	}
}

// end ends the call: limits and budgets get what it used, and who looks at it
// is told.
func (s *sighting) end(c *call, out any, err error) {
	s.Duration = time.Since(s.Started)
	s.Attempts = max(s.Attempts, pick(isUnsent(err), 0, 1))
	if err == nil {
		s.answer(c, out)
	} else {
		s.Err, s.Class = serviceError(err), ClassOf(err)
		if s.RequestID == "" {
			s.RequestID = requestOf(err)
		}
	}
	for i := range s.shares {
		s.settle(&s.shares[i], err)
	}
	s.warm(c)
	s.accounts.add(&s.Call)
	for i := len(s.told) - 1; i >= 0; i-- {
		s.told[i].End(s.ctx, &s.Call)
	}
	s.ctx, s.told = nil, nil
}

// settle finds what a table's part of the call has used. The service does not
// tell it with an error, although it charges for a failed condition.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
func (s *sighting) settle(h *share, err error) {
	switch {
	case h.known || isUnsent(err):
	case conditionAnswered(err): // no index was written
		h.used = h.least
	case err == nil || ambiguous(err):
		h.used = h.estimated
	}
	*pick(s.Writes, &s.WriteUnits, &s.ReadUnits) += h.used
	g := h.table.Sight
	if g == nil {
		return
	}
	if h.known && h.n > 0 {
		g.learned[s.op].add(h.used / float64(h.n))
	}
	if g.Limiter != nil {
		g.Limiter.side(s.Writes).settle(h.reserved, h.used)
	}
}
