package memtable

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	maxTransaction      = 100
	maxTransactionBytes = 4 << 20
	tokenLife           = 10 * time.Minute
)

// reason says why an operation kept its transaction from happening, or that it didn't.
type reason struct {
	code, message string
	item          *record // the stored item, where the operation asked for it
}

// reasonOf translates the error that an operation would have had by itself. Some errors are no reason of
// one operation, but fail the whole request: these it returns.
func reasonOf(err error, old *record) (reason, error) {
	if err == nil {
		return reason{code: "None"}, nil
	}
	api := (*apiError)(nil)
	switch {
	case !errors.As(err, &api) || api.whole:
		return reason{}, err
	case api.code == inDynamoDB+duplicateItemCode:
		return reason{code: "DuplicateItem", message: api.message}, nil
	case throttled(err):
		return reason{code: "ProvisionedThroughputExceeded", message: api.message}, nil
	case api.code != inDynamoDB+conditionFailedCode:
		return reason{code: "ValidationError", message: api.message}, nil
	case api.more == nil:
		old = nil
	}
	return reason{code: "ConditionalCheckFailed", message: api.message, item: old}, nil
}

// cancelled is the error of a transaction with reasons, or nil if none of them says no.
func cancelled(reasons []reason) error {
	codes, cancels := make([]string, len(reasons)), false
	for i, r := range reasons {
		codes[i] = r.code
		cancels = cancels || r.code != "None"
	}
	if !cancels {
		return nil
	}
	return &apiError{
		status: http.StatusBadRequest,
		code:   inDynamoDB + "TransactionCanceledException",
		message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" +
			strings.Join(codes, ", ") + "]",
		more: func(w *writer) {
			w.array("CancellationReasons")
			for _, r := range reasons {
				w.beginObject()
				w.text("Code", r.code)
				if r.message != "" {
					w.text("Message", r.message)
				}
				if r.item != nil {
					w.item("Item", r.item.item)
				}
				w.endObject()
			}
			w.endArray()
		},
	}
}

// lockTables locks tables in an order that all transactions share, and returns what unlocks them.
func lockTables(tables []*table, lock, unlock func(*table)) func() {
	slices.SortFunc(tables, func(a, b *table) int { return cmp.Compare(a.name, b.name) })
	for _, t := range tables {
		lock(t)
	}
	return func() {
		for _, t := range tables {
			unlock(t)
		}
	}
}

// tokens remember the client request tokens of the latest transactions.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
type tokens struct {
	mu   sync.Mutex
	seen map[string]token
	next int // how many requests from now old tokens are dropped
}

// token is a request that took effect, or is about to.
type token struct {
	request [sha256.Size]byte
	until   time.Time // zero while the request runs
}

// over reports whether the time of a token is over: a request with it is new, whatever it asks for.
func (t token) over(now time.Time) bool { return !t.until.IsZero() && now.After(t.until) }

// begin looks a token up, and keeps others from using it until end. done reports that the same request has
// taken effect before; then there is nothing to end.
func (s *tokens) begin(name string, request [sha256.Size]byte, now time.Time) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.seen[name]
	ok = ok && !known.over(now)
	switch {
	case ok && known.request != request:
		return false, badRequest(inDynamoDB+"IdempotentParameterMismatchException",
			"An error occurred (IdempotentParameterMismatchException): The request uses the same client token as a previous, but non-identical request.")
	case ok && known.until.IsZero():
		return false, badRequest(inDynamoDB+"TransactionInProgressException",
			"The transaction with the given request token is already in progress.")
	case ok:
		return true, nil
	}
	if s.seen == nil {
		s.seen = map[string]token{}
	}
	s.forget(now)
	s.seen[name] = token{request: request}
	return false, nil
}

// end remembers a request that took effect, and forgets one that didn't.
func (s *tokens) end(name string, request [sha256.Size]byte, now time.Time, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if failed {
		delete(s.seen, name)
		return
	}
	s.seen[name] = token{request: request, until: now.Add(tokenLife)}
}

// forget drops tokens whose time is over, now and then.
func (s *tokens) forget(now time.Time) {
	if s.next > 0 {
		s.next--
		return
	}
	for name, t := range s.seen {
		if t.over(now) {
			delete(s.seen, name)
		}
	}
	s.next = len(s.seen) + 1024
}
