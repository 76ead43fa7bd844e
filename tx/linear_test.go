package tx_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// balances are those of three accounts, as the model has them.
type balances [3]int64

// asked is what a client asks for: a transfer, a deposit, or a look at all.
type asked struct {
	from, to int // from -1: a deposit; to -1: a look
	amount   int64
}

// told is what it learns.
type told struct {
	done, unknown bool // neither: a condition failed
	shown         balances
}

// bank is the model: calls take effect one after the other, each at a moment
// between its call and its answer.
var bank = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{balances{}} },
	Step: func(state, in, out any) []any {
		before, a, r := state.(balances), in.(asked), out.(told)
		after, refused := before, false
		switch {
		case a.to < 0:
			if r.unknown || r.shown == before {
				return []any{before}
			}
			return nil
		case a.from < 0:
			after[a.to] += a.amount
		case before[a.from] < a.amount:
			refused = true
		default:
			after[a.from] -= a.amount
			after[a.to] += a.amount
		}
		switch {
		case r.unknown && !refused:
			return []any{before, after}
		case r.unknown, refused && !r.done:
			return []any{before}
		case r.done && !refused:
			return []any{after}
		}
		return nil
	},
}).ToModel()

// history is what clients saw who did random things at once, while everything
// went wrong.
func history(t *testing.T, engine *memtable.Engine, client *dynamodb.Client, seed uint64) []porcupine.Operation {
	t.Helper()
	users, _ := shop(t, client)
	ctx := t.Context()
	for i := range 3 {
		is.New(t).NoErr(users.Put(ctx, &user{ID: fmt.Sprint(i)}))
	}
	for i := range 40 {
		engine.Fail("TransactWriteItems", memtable.ResetAfter(), memtable.After(4*i+1))
		engine.Fail("TransactWriteItems", memtable.InternalError(), memtable.After(7*i+2))
		engine.Fail("TransactGetItems", memtable.ResetAfter(), memtable.After(5*i+1))
		engine.Fail("TransactWriteItems", memtable.Conflict(0), memtable.After(9*i+3))
	}
	start := time.Now()
	var mu sync.Mutex
	var all []porcupine.Operation
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := mathrand.New(mathrand.NewPCG(seed, uint64(g)))
			for range 12 {
				a := asked{from: r.IntN(4) - 1, to: r.IntN(4) - 1, amount: r.Int64N(20) + 1}
				if a.from == a.to && a.to >= 0 {
					continue
				}
				began := time.Since(start)
				answer := ask(ctx, users, a)
				ended := time.Since(start)
				mu.Lock()
				all = append(all, porcupine.Operation{ClientId: g, Input: a, Call: began.Nanoseconds(), Output: answer, Return: ended.Nanoseconds()})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return all
}

func ask(ctx context.Context, users *dynox.Repo[user], a asked) (r told) {
	id := func(i int) user { return user{ID: fmt.Sprint(i)} }
	var err error
	switch {
	case a.to < 0:
		x, y, z := tx.Get(users, id(0)), tx.Get(users, id(1)), tx.Get(users, id(2))
		err = tx.Read(ctx, x, y, z)
		r.shown = balances{x.V.Balance, y.V.Balance, z.V.Balance}
	case a.from < 0:
		err = tx.Write(ctx, tx.Update(users, id(a.to), expr.Add(balance, a.amount)))
	default:
		err = tx.Write(ctx,
			tx.Update(users, id(a.from), expr.Add(balance, -a.amount), expr.If(balance.Ge(a.amount))),
			tx.Update(users, id(a.to), expr.Add(balance, a.amount)))
	}
	r.done = err == nil
	r.unknown = err != nil && !errors.Is(err, dynox.ErrConditionFailed) // that some happened is allowed, not claimed
	return r
}

func TestLinearizability(t *testing.T) {
	rounds := uint64(20)
	if testing.Short() {
		rounds = 3
	}
	for seed := range rounds {
		engine := memtable.New(t)
		all := history(t, engine, engine.Client(testbed.Quick), seed)
		if porcupine.CheckOperations(bank, all) != true {
			t.Fatalf("seed %d: %d calls in no order that explains them", seed, len(all))
		}
	}
}

var token = regexp.MustCompile(`"ClientRequestToken":"[^"]*"`)

// A client whose attempts have tokens of their own does things twice, and the
// check sees it.
func TestLinearizabilityIsChecked(t *testing.T) {
	for seed := range uint64(50) {
		engine := memtable.New(t)
		client := engine.Client(testbed.Quick, func(o *dynamodb.Options) {
			o.HTTPClient = &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
				body := read(req.Body)
				body = token.ReplaceAllString(body, `"ClientRequestToken":"`+rand.Text()+`"`)
				req = req.Clone(req.Context())
				req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
				return engine.RoundTrip(req)
			})}
		})
		if !porcupine.CheckOperations(bank, history(t, engine, client, seed)) {
			return
		}
	}
	t.Fatal("doing things twice is not noticed")
}
