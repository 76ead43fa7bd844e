package memtable

import (
	"slices"
	"sync"

	"github.com/dynox-go/dynox/internal/wire"
)

// Request is one request as the engine received it, whether it succeeded or not.
type Request struct {
	Operation string // such as PutItem
	Table     string // the table that it names; the first one of a batch or transaction
	Body      []byte // its JSON, to be read only
}

// Requests returns the latest requests in the order of their arrival, up to the limit of
// [WithRequestLog]. The slice belongs to the caller.
func (e *Engine) Requests() []Request {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	return slices.Concat(e.log.ring[e.log.next:], e.log.ring[:e.log.next])
}

// ForgetRequests empties the log of requests, such as after a test's set-up.
func (e *Engine) ForgetRequests() {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.log.ring, e.log.next = nil, 0
}

// requestLog keeps the latest requests.
type requestLog struct {
	limit int

	mu   sync.Mutex
	ring []Request
	next int // where the oldest one is, once the ring is full
}

func (l *requestLog) add(r Request) {
	if l.limit <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) < l.limit {
		l.ring = append(l.ring, r)
		return
	}
	l.ring[l.next] = r
	l.next = (l.next + 1) % l.limit
}

// namedTable finds the first table that a request names: TableName, a key of RequestItems, the TableName of
// the first transaction item, or the table of an ARN or iterator. It is empty for requests that name none.
func namedTable(body []byte) string {
	d := &decoder{s: wire.NewScanner(body)}
	if d.s.Kind() != wire.Object {
		return ""
	}
	table := ""
	keep := func(name opt[string]) {
		if table == "" {
			table = tableOf(name.v)
		}
	}
	d.members(func(name string) {
		switch {
		case name == "TableName", name == "ResourceArn", name == "StreamArn", name == "ShardIterator":
			keep(d.string())
		case name == "RequestItems" && d.s.Kind() == wire.Object:
			d.members(func(name string) {
				keep(some(name))
				d.skip()
			})
		case name == "TransactItems" && d.s.Kind() == wire.Array:
			d.elements(func(int) { d.findTable(keep) })
		default:
			d.skip()
		}
	})
	return table
}

// findTable reads one transaction item, such as {"Put": {"TableName": …}}.
func (d *decoder) findTable(keep func(opt[string])) {
	if d.s.Kind() != wire.Object {
		d.skip()
		return
	}
	d.members(func(string) {
		if d.s.Kind() != wire.Object {
			d.skip()
			return
		}
		d.members(func(name string) {
			if name == "TableName" {
				keep(d.string())
				return
			}
			d.skip()
		})
	})
}
