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
	case api.code != inDynamoDB+conditionFailedCode:
		return reason{code: "ValidationError", message: api.message}, nil
	case api.more == nil:
		old = nil
	}
	return reason{code: "ConditionalCheckFailed", message: api.message, item: old}, nil
}

// cancelled is the error of a transaction with reasons, or nil if none of them says no.
func cancelled(reasons []reason) error {
	codes, any := make([]string, len(reasons)), false
	for i, r := range reasons {
		codes[i] = r.code
		any = any || r.code != "None"
	}
	if !any {
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
}

type token struct {
	request [sha256.Size]byte
	until   time.Time
}

// begin looks a token up. done reports that the same request has been answered before; an error, that it
// was another request. The caller holds the lock until it has called remember, so that two requests with one
// token can't run at the same time.
func (s *tokens) begin(name string, request [sha256.Size]byte, now time.Time) (done bool, err error) {
	known, ok := s.seen[name]
	if !ok || now.After(known.until) {
		return false, nil
	}
	if known.request != request {
		return false, badRequest(inDynamoDB+"IdempotentParameterMismatchException",
			"An error occurred (IdempotentParameterMismatchException): The request uses the same client token as a previous, but non-identical request.")
	}
	return true, nil
}

func (s *tokens) remember(name string, request [sha256.Size]byte, now time.Time) {
	if s.seen == nil {
		s.seen = map[string]token{}
	}
	if len(s.seen) >= 1024 && len(s.seen)%1024 == 0 { // now and then
		for name, t := range s.seen {
			if now.After(t.until) {
				delete(s.seen, name)
			}
		}
	}
	s.seen[name] = token{request: request, until: now.Add(tokenLife)}
}
