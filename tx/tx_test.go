package tx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/hooks"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

type user struct {
	ID      string `dynamodbav:"id"`
	Balance int64  `dynamodbav:"balance"`
}

type order struct {
	Customer string   `dynamodbav:"customer"`
	ID       string   `dynamodbav:"id"`
	Total    int64    `dynamodbav:"total"`
	Tags     []string `dynamodbav:"tags,stringset,omitempty"`
	Note     string   `dynamodbav:"note,omitempty"`
}

var (
	u       = expr.Proto[user]()
	uid     = expr.At(u, &u.ID)
	balance = expr.At(u, &u.Balance)

	o        = expr.Proto[order]()
	customer = expr.At(o, &o.Customer)
	oid      = expr.At(o, &o.ID)
	total    = expr.At(o, &o.Total)
	note     = expr.At(o, &o.Note)

	userKey  = dynox.Key[user]{Partition: dynox.Composite("pk", "USER#{}", uid), Sort: dynox.Const[user]("sk", "PROFILE")}
	orderKey = dynox.Key[order]{Partition: dynox.Composite("pk", "USER#{}", customer), Sort: dynox.Composite("sk", "ORDER#{}", oid)}
)

// shop is two repositories on one table.
func shop(t testing.TB, client *dynamodb.Client, opts ...dynox.Option[order]) (*dynox.Repo[user], *dynox.Repo[order]) {
	t.Helper()
	is := is.NewRelaxed(t)
	table := testbed.Table(t, client)
	users, err := dynox.NewRepo(table, userKey, dynox.Kind[user]("user"))
	is.NoErr(err)
	orders, err := dynox.NewRepo(table, orderKey, append(opts, dynox.Kind[order]("order"))...)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), users, orders))
	return users, orders
}

func TestWrite(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		users, orders := shop(t, client)
		ann, first := user{ID: "ann", Balance: 100}, order{Customer: "ann", ID: "1", Total: 30, Tags: []string{"a", "b"}}
		is.NoErr(tx.Write(ctx, tx.Create(users, &ann), tx.Put(orders, &first), tx.Upsert(users, user{ID: "bob"}, expr.Add(balance, 7))))

		pay := func(o *order) error {
			return tx.Write(ctx,
				tx.Create(orders, o),
				tx.Update(users, user{ID: "ann"}, expr.Add(balance, -o.Total), expr.If(balance.Ge(o.Total))),
				tx.Check(users, user{ID: "bob"}, balance.Ge(1)),
				tx.Delete(orders, order{Customer: "ann", ID: "1"}),
			)
		}
		is.NoErr(pay(&order{Customer: "ann", ID: "2", Total: 60}))
		got := tx.Get(users, user{ID: "ann"})
		gone, there, bob := tx.Get(orders, first), tx.Get(orders, order{Customer: "ann", ID: "2"}), tx.Get(users, user{ID: "bob"})
		is.NoErr(tx.Read(ctx, got, gone, there, bob))
		is.True(got.Found && there.Found && bob.Found && !gone.Found)
		is.Equal(got.V, user{ID: "ann", Balance: 40})
		is.Equal(there.V.Total, int64(60))
		is.Equal(bob.V.Balance, int64(7))
		is.Equal(gone.V, order{})

		// All or nothing, and every reason is its operation's.
		second := order{Customer: "ann", ID: "2", Total: 60}
		err := pay(&second)
		var canceled *tx.CanceledError
		is.True(errors.As(err, &canceled))
		is.True(errors.Is(err, dynox.ErrExists))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
		is.True(errors.As(err, new(*types.TransactionCanceledException)))
		is.Equal(len(canceled.Reasons), 2)
		is.Equal(canceled.Reasons[0].Index, 0)
		is.Equal(canceled.Reasons[0].Op, "create of order")
		is.Equal(canceled.Reasons[0].Code, "ConditionalCheckFailed")
		is.True(errors.Is(canceled.Reasons[0].Err, dynox.ErrExists))
		is.Equal(canceled.Reasons[1].Index, 1)
		is.True(!errors.Is(canceled.Reasons[1].Err, dynox.ErrExists))
		have, ok := dynox.OldItem[order](err)
		is.True(ok)
		is.Equal(have.Total, int64(60))
		stored, ok := dynox.OldItem[user](canceled.Reasons[1].Err)
		is.True(ok)
		is.Equal(stored, user{ID: "ann", Balance: 40})
		stored, ok = dynox.OldItem[user](err) // the first of its type
		is.True(ok)
		is.Equal(stored.Balance, int64(40))
		is.True(!strings.Contains(err.Error(), "ann")) // no values

		// An update of what is not there, and of another kind.
		err = tx.Write(ctx, tx.Update(users, user{ID: "x"}, expr.Add(balance, 1)))
		is.True(errors.Is(err, dynox.ErrNotFound))
		err = tx.Write(ctx, tx.Check(users, user{ID: "bob"}, balance.Ge(1000)))
		is.True(errors.Is(err, dynox.ErrConditionFailed))
	})
}

// What cannot work is told before anything is sent, and says of which operation.
// What is wrong with an update as the items are, the service tells by an operation.
func TestInvalidUpdates(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		users, orders := shop(t, client)
		ann, first := user{ID: "ann"}, order{Customer: "ann", ID: "1"}
		is.NoErr(tx.Write(ctx, tx.Create(users, &ann), tx.Put(orders, &first)))
		err := tx.Write(ctx,
			tx.Update(users, ann, expr.Add(balance, 1)),
			tx.Update(orders, first, note.Set(strings.Repeat("x", 400<<10-10))),
		)
		var canceled *tx.CanceledError
		is.True(errors.As(err, &canceled))
		is.Equal(canceled.Reasons[0].Index, 1)
		is.True(errors.Is(err, dynox.ErrTooLarge))
		err = tx.Write(ctx, tx.Update(orders, first, expr.Incr(expr.Path[order, int]("none"), 1)))
		is.True(errors.Is(err, dynox.ErrPath))
		is.True(strings.Contains(err.Error(), "none"))
	})
}

func TestRefusedBeforeTheCall(t *testing.T) {
	engine := memtable.New(t)
	users, orders := shop(t, engine.Client())
	elsewhere, _ := shop(t, memtable.New(t).Client())
	ctx := t.Context()
	many := make([]tx.Op, 101)
	for i := range many {
		many[i] = tx.Put(users, &user{ID: fmt.Sprint(i)})
	}
	var large []tx.Op
	for i := range 14 {
		large = append(large, tx.Put(orders, &order{Customer: "a", ID: fmt.Sprint(i), Note: strings.Repeat("x", 350_000)}))
	}
	sent := len(engine.Requests())
	for name, test := range map[string]struct {
		ops  []tx.Op
		want string
	}{
		"nothing":       {nil, "nothing"},
		"too many":      {many, "101 operations"},
		"too large":     {large, "bytes together"},
		"nil":           {[]tx.Op{nil}, "nil operation"},
		"nil item":      {[]tx.Op{tx.Put[user](users, nil)}, "operation 0: put of user: nil item"},
		"no key":        {[]tx.Op{tx.Put(users, &user{ID: "a"}), tx.Delete(users, user{})}, "operation 1: delete of user: invalid key"},
		"same item":     {[]tx.Op{tx.Put(users, &user{ID: "a"}), tx.Check(users, user{ID: "a"}, balance.Ge(1))}, "operation 1: it is about the same item as operation 0"},
		"no condition":  {[]tx.Op{tx.Check(users, user{ID: "a"})}, "without a condition"},
		"no action":     {[]tx.Op{tx.Update(users, user{ID: "a"})}, "no actions"},
		"other client":  {[]tx.Op{tx.Put(users, &user{ID: "a"}), tx.Put(elsewhere, &user{ID: "b"})}, "another client"},
		"token":         {[]tx.Op{tx.Token(""), tx.Put(users, &user{ID: "a"})}, "token"},
		"nil repo":      {[]tx.Op{tx.Put[user](nil, &user{ID: "a"})}, "nil repository"},
		"never holding": {[]tx.Op{tx.Check(users, user{ID: "a"}, balance.In())}, "never hold"},
	} {
		err := tx.Write(ctx, test.ops...)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.HasPrefix(fmt.Sprint(err), "dynox: transaction") {
			t.Errorf("%s: %v", name, err)
		}
	}
	is := is.New(t)
	is.Equal(len(engine.Requests()), sent)
	err := tx.Read(ctx, tx.Get(users, user{ID: "a"}), tx.Get(users, user{}))
	is.True(errors.Is(err, dynox.ErrKey))
	is.True(strings.Contains(err.Error(), "operation 1"))
	is.True(tx.Read(ctx, tx.Get(users, user{ID: "a"}), tx.Get(users, user{ID: "a"})) != nil)
	is.True(tx.Read(ctx) != nil)
	is.True(tx.Read(ctx, nil) != nil)
	is.Equal(len(engine.Requests()), sent)
}

// A transaction whose answer was lost is not sent as another one.
func TestLostAnswers(t *testing.T) {
	for _, opt := range []func(*dynamodb.Options){testbed.Quick, func(o *dynamodb.Options) { testbed.Quick(o); testbed.OtherProtocol(o) }} {
		is, ctx := is.New(t), t.Context()
		engine := memtable.New(t)
		client := engine.Client(opt)
		users, orders := shop(t, client)
		is.NoErr(users.Put(ctx, &user{ID: "a", Balance: 10}))
		for range 5 {
			engine.Fail("TransactWriteItems", memtable.ResetAfter())
		}
		first := order{Customer: "a", ID: "1"}
		is.NoErr(tx.Write(ctx, tx.Create(orders, &first), tx.Update(users, user{ID: "a"}, expr.Add(balance, 1))))
		got, err := users.Get(ctx, user{ID: "a"})
		is.NoErr(err)
		is.Equal(got.Balance, int64(11))

		engine.Fail("TransactWriteItems", memtable.ResetAfter(), memtable.Always())
		err = tx.Write(ctx, tx.Update(users, user{ID: "a"}, expr.Add(balance, 1)))
		is.True(errors.Is(err, dynox.ErrUnknownOutcome))
		engine.Heal()
		got, err = users.Get(ctx, user{ID: "a"})
		is.NoErr(err)
		is.Equal(got.Balance, int64(12)) // it took effect, once
	}
}

// A conflict says nothing of an earlier attempt whose answer was lost.
func TestLostAnswerThenConflict(t *testing.T) {
	for _, opt := range []func(*dynamodb.Options){testbed.Quick, testbed.OtherProtocol} {
		is, ctx := is.New(t), t.Context()
		engine := memtable.New(t)
		users, orders := shop(t, engine.Client(opt))
		is.NoErr(users.Put(ctx, &user{ID: "a"}))
		engine.Fail("TransactWriteItems", memtable.ResetAfter())
		engine.Fail("TransactWriteItems", memtable.Conflict(1), memtable.Always())
		err := tx.Write(ctx, tx.Update(users, user{ID: "a"}, expr.Add(balance, 1)), tx.Put(orders, &order{Customer: "a", ID: "1"}))
		is.True(errors.Is(err, dynox.ErrUnknownOutcome))
		is.True(!dynox.Conflict(err) && !dynox.Retryable(err))
		got, err := users.Get(ctx, user{ID: "a"})
		is.NoErr(err)
		is.Equal(got.Balance, int64(1)) // it took effect

		err = tx.Write(ctx, tx.Update(users, user{ID: "a"}, expr.Add(balance, 1)), tx.Put(orders, &order{Customer: "a", ID: "1"}))
		is.True(dynox.Conflict(err) && dynox.Retryable(err)) // no answer was lost
	}
}

// The same token, the same transaction.
func TestTokens(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		users, _ := shop(t, client)
		is.NoErr(users.Put(ctx, &user{ID: "a"}))
		token := fmt.Sprint("token-", time.Now().UnixNano())
		for range 3 {
			is.NoErr(tx.Write(ctx, tx.Token(token), tx.Update(users, user{ID: "a"}, expr.Add(balance, 1))))
		}
		got, err := users.Get(ctx, user{ID: "a"}, dynox.Consistent)
		is.NoErr(err)
		is.Equal(got.Balance, int64(1))
		err = tx.Write(ctx, tx.Token(token), tx.Update(users, user{ID: "a"}, expr.Add(balance, 2)))
		is.True(errors.As(err, new(*types.IdempotentParameterMismatchException)))
	})
}

// Conflicts are tried again; those that do not end are told.
func TestConflicts(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	users, _ := shop(t, engine.Client(testbed.Quick))
	is.NoErr(users.Put(ctx, &user{ID: "a"}))
	engine.Fail("TransactWriteItems", memtable.Conflict(), memtable.Times(2))
	is.NoErr(tx.Write(ctx, tx.Update(users, user{ID: "a"}, expr.Add(balance, 1))))
	engine.Fail("TransactGetItems", memtable.Conflict(), memtable.Times(2))
	got := tx.Get(users, user{ID: "a"})
	is.NoErr(tx.Read(ctx, got))
	is.Equal(got.V.Balance, int64(1))

	engine.Fail("TransactWriteItems", memtable.Conflict(), memtable.Always())
	err := tx.Write(ctx, tx.Update(users, user{ID: "a"}, expr.Add(balance, 1)))
	var canceled *tx.CanceledError
	is.True(errors.As(err, &canceled))
	is.Equal(canceled.Reasons[0].Code, "TransactionConflict")
	is.True(!errors.Is(err, dynox.ErrConditionFailed))
	ctx, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	is.True(tx.Write(ctx, tx.Update(users, user{ID: "a"}, expr.Add(balance, 1))) != nil)
	is.True(time.Since(start) < 10*time.Second) // the context ends the waiting
}

// Hooks and generated values act as in single writes, and Go values change only
// when all of it has taken effect.
func TestStages(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		var log []string
		noted := func(what string) func(context.Context, *order) error {
			return func(_ context.Context, o *order) error {
				log = append(log, what+" "+o.ID)
				return nil
			}
		}
		n := 0
		users, orders := shop(t, client,
			dynox.Generate(oid, func() string { n++; return fmt.Sprint("g", n) }),
			dynox.Default(note, func() string { return "none" }),
			hooks.BeforePut(noted("before put")), hooks.AfterPut(noted("after put")),
			hooks.BeforeUpdate(noted("before update")), hooks.AfterUpdate(noted("after update")),
			hooks.BeforeDelete(noted("before delete")), hooks.AfterDelete(noted("after delete")),
			hooks.AfterLoad(noted("after load")),
		)
		first := order{Customer: "a"}
		err := tx.Write(ctx, tx.Put(orders, &first), tx.Update(users, user{ID: "nobody"}, expr.Add(balance, 1)))
		is.True(errors.Is(err, dynox.ErrNotFound))
		is.Equal(first, order{Customer: "a", ID: "g1"}) // only what identifies it stays
		is.NoErr(tx.Write(ctx, tx.Put(orders, &first), tx.Upsert(orders, order{Customer: "a", ID: "9"}, total.Set(1))))
		is.Equal(first, order{Customer: "a", ID: "g1", Note: "none"})
		is.NoErr(tx.Write(ctx, tx.Delete(orders, first)))
		got := tx.Get(orders, order{Customer: "a", ID: "9"})
		is.NoErr(tx.Read(ctx, got))
		is.Equal(got.V, order{Customer: "a", ID: "9", Total: 1, Note: "none"})
		is.Equal(log, []string{
			"before put ", "before put g1", "before update 9", "after put g1", "after update 9",
			"before delete g1", "after delete g1", "after load 9",
		})
	})
}

// The wire has each item once, and tables are real where endpoints bind them.
func TestOnTheWire(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	var body string
	client := engine.Client(func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.Header.Get("X-Amz-Target"), "TransactWriteItems") {
				body = read(req.Body)
				req = req.Clone(req.Context())
				req.Body = io.NopCloser(strings.NewReader(body))
			}
			return engine.RoundTrip(req)
		})}
	})
	users, orders := shop(t, client)
	is.NoErr(tx.Write(ctx, tx.Put(users, &user{ID: "u1"}), tx.Upsert(orders, order{Customer: "u1", ID: "o1"}, total.Set(5))))
	is.Equal(strings.Count(body, `"Item":{`), 1)
	is.Equal(strings.Count(body, `"Key":{`), 1)
	is.Equal(strings.Count(body, `USER#u1`), 2)
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// 10,000 transfers between 100 accounts, with everything going wrong: the total
// stays, and what was reported to take effect did.
func TestTransfers(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t)
	users, _ := shop(t, engine.Client(testbed.Quick))
	const accounts, each, goroutines = 100, 1000, 32
	transfers := 10_000
	if testing.Short() {
		transfers = 1000
	}
	for i := range accounts {
		is.NoErr(users.Put(ctx, &user{ID: fmt.Sprint(i), Balance: each}))
	}
	for i := range transfers / 25 {
		engine.Fail("TransactWriteItems", memtable.Throttle(), memtable.After(31*i+1))
		engine.Fail("TransactWriteItems", memtable.InternalError(), memtable.After(37*i+2))
		engine.Fail("TransactWriteItems", memtable.ResetBefore(), memtable.After(41*i+3))
		engine.Fail("TransactWriteItems", memtable.ResetAfter(), memtable.After(29*i+4))
		engine.Fail("TransactWriteItems", memtable.Conflict(1), memtable.After(23*i+5))
	}
	var mu sync.Mutex
	delta := map[string]int64{} // what was reported
	var done, poor, unknown, failed int
	work := make(chan int, transfers)
	for i := range transfers {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range work {
				from, to, amount := fmt.Sprint(r.IntN(accounts)), fmt.Sprint(r.IntN(accounts)), r.Int64N(400)+1
				if from == to {
					continue
				}
				err := tx.Write(ctx,
					tx.Update(users, user{ID: from}, expr.Add(balance, -amount), expr.If(balance.Ge(amount))),
					tx.Update(users, user{ID: to}, expr.Add(balance, amount)),
				)
				mu.Lock()
				switch {
				case err == nil:
					done++
					delta[from] -= amount
					delta[to] += amount
				case errors.Is(err, dynox.ErrConditionFailed):
					poor++
				case errors.Is(err, dynox.ErrUnknownOutcome):
					unknown++
				default:
					failed++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	engine.Heal()
	var sum int64
	off := 0
	for i := range accounts {
		got, err := users.Get(ctx, user{ID: fmt.Sprint(i)}, dynox.Consistent)
		is.NoErr(err)
		is.True(got.Balance >= 0)
		sum += got.Balance
		if got.Balance != each+delta[got.ID] {
			off++
		}
	}
	t.Logf("%d done, %d without funds, %d unknown, %d failed", done, poor, unknown, failed)
	is.Equal(sum, int64(accounts*each))
	is.True(off <= 2*unknown) // each account is where the reports put it
	is.True(done > transfers/2)
	is.NoErr(engine.Check())
}
