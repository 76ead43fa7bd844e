package memtable_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/dynox-go/dynox/memtable"
)

// broken passes requests on to an engine, one fault in the passing: what TestLinearizability has to catch.
// A fault returns neither an answer nor an error for requests that it lets pass.
type broken struct {
	to    http.RoundTripper
	fault func(b *broken, operation string, body []byte, req *http.Request) (*http.Response, error)

	mu     sync.Mutex
	turn   int
	late   []func()          // requests that were answered, and not yet made
	before map[string][]byte // answers by request
}

func (b *broken) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	if resp, err := b.fault(b, operation, body, req); resp != nil || err != nil {
		return resp, err
	}
	runtime.Gosched()
	return b.to.RoundTrip(with(req, body))
}

// every reports each n-th time that it is asked.
func (b *broken) every(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	return b.turn%n == 0
}

// ask sends a request with another body, and returns the answer's.
func (b *broken) ask(req *http.Request, body []byte) []byte {
	resp, err := b.to.RoundTrip(with(req, body))
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	text, _ := io.ReadAll(resp.Body) // of an engine in this process
	return text
}

func with(req *http.Request, body []byte) *http.Request {
	req = req.Clone(req.Context())
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return req
}

func succeed(body []byte) *http.Response {
	if body == nil {
		return nil
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}
}

// members are those of a JSON object.
func members(body []byte) (m map[string]json.RawMessage) {
	if json.Unmarshal(body, &m) != nil {
		return nil
	}
	return m
}

// apart does a transaction one item after the other, and returns their answers.
func (b *broken) apart(req *http.Request, body []byte) (answers [][]byte) {
	m := members(body)
	var items []json.RawMessage
	if json.Unmarshal(m["TransactItems"], &items) != nil {
		return nil
	}
	delete(m, "ClientRequestToken")
	for _, it := range items {
		m["TransactItems"] = append(append([]byte{'['}, it...), ']')
		one, _ := json.Marshal(m) // of what was JSON
		answers = append(answers, b.ask(req, one))
		runtime.Gosched()
	}
	return answers
}

// Conditions make a transaction's operations fail, and so its pieces: only those without any are cut.
func unconditional(body []byte) bool { return !bytes.Contains(body, []byte("ConditionExpression")) }

var brokenEngines = map[string]struct {
	transactions bool
	fault        func(b *broken, operation string, body []byte, req *http.Request) (*http.Response, error)
}{
	"loses a write": {false, func(b *broken, operation string, body []byte, req *http.Request) (*http.Response, error) {
		if operation == "TransactWriteItems" && unconditional(body) && b.every(5) {
			return succeed([]byte(`{}`)), nil
		}
		return nil, nil
	}},
	"writes after it answered": {false, func(b *broken, operation string, body []byte, req *http.Request) (*http.Response, error) {
		if !b.every(4) {
			return nil, nil
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, write := range b.late {
			write()
		}
		b.late = nil
		if operation != "TransactWriteItems" || !unconditional(body) {
			return nil, nil
		}
		b.late = append(b.late, func() { b.ask(req, body) })
		return succeed([]byte(`{}`)), nil
	}},
	"writes twice": {false, func(b *broken, operation string, body []byte, req *http.Request) (*http.Response, error) {
		if operation != "UpdateItem" {
			return nil, nil
		}
		answer := b.ask(req, body)
		b.ask(req, body)
		return succeed(answer), nil
	}},
	"reads what was": {false, func(b *broken, operation string, body []byte, req *http.Request) (*http.Response, error) {
		if operation != "GetItem" {
			return nil, nil
		}
		answer := b.ask(req, body)
		b.mu.Lock()
		defer b.mu.Unlock()
		old := b.before[string(body)]
		b.before[string(body)] = answer
		if old == nil {
			return succeed(answer), nil
		}
		return succeed(old), nil
	}},
	"tears what a transaction writes": {false, func(b *broken, operation string, body []byte, req *http.Request) (*http.Response, error) {
		if operation != "TransactWriteItems" || !unconditional(body) || b.apart(req, body) == nil {
			return nil, nil
		}
		return succeed([]byte(`{}`)), nil
	}},
	"tears what a transaction reads": {false, func(b *broken, operation string, body []byte, req *http.Request) (*http.Response, error) {
		if operation != "TransactGetItems" {
			return nil, nil
		}
		var responses []json.RawMessage
		for _, answer := range b.apart(req, body) {
			var one []json.RawMessage
			if json.Unmarshal(members(answer)["Responses"], &one) != nil {
				return nil, nil
			}
			responses = append(responses, one...)
		}
		text, _ := json.Marshal(map[string]any{"Responses": responses}) // of what was JSON
		return succeed(text), nil
	}},
	"forgets tokens": {true, func(b *broken, operation string, body []byte, req *http.Request) (*http.Response, error) {
		if operation != "TransactWriteItems" {
			return nil, nil
		}
		m := members(body)
		delete(m, "ClientRequestToken")
		body, _ = json.Marshal(m) // of what was JSON
		return b.to.RoundTrip(with(req, body))
	}},
}

// TestLinearizabilityCatches holds that the test would notice an engine that isn't right.
func TestLinearizabilityCatches(t *testing.T) {
	for name, c := range brokenEngines {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(100) {
				h := history{transactions: c.transactions, engine: memtable.Open()}
				h.transport = yielding{&broken{to: h.engine, fault: c.fault, before: map[string][]byte{}}}
				if err := isLinear(h.record(t, seed)); err != nil {
					t.Logf("caught in round %d", seed+1)
					return
				}
			}
			t.Error("not caught in 100 rounds")
		})
	}
}
