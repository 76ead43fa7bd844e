package lock_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/lock"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/tx"
)

// variant is what is wrong in a run of the model: nothing of it may break the
// guard but what is broken on purpose.
type variant struct {
	skewed        bool // each process has a clock of another speed
	unconditional bool // broken: who takes over has no condition
	hasty         bool // broken: who takes over waits for a fifth of the duration
	unguarded     bool // broken: transactions have no check
}

// world is the engine, which serves one request at a time and is looked at after
// each.
type world struct {
	variant

	engine *memtable.Engine

	mu         sync.Mutex
	random     *rand.Rand
	last       state
	holders    map[int64]string // by token
	leases     []*lock.Lease
	violations []string
	took       map[string]int // what happened how often
}

// state is what the table holds.
type state struct {
	Token  int64
	Holder string
	Ledger []int64 // the tokens of those who have written
}

// ledger is what the lease protects.
type ledger struct {
	ID     string  `dynamodbav:"id"`
	Tokens []int64 `dynamodbav:"tokens"`
}

var (
	ledgerProto  = expr.Proto[ledger]()
	ledgerTokens = expr.At(ledgerProto, &ledgerProto.Tokens)
	ledgerKey    = dynox.Key[ledger]{
		Partition: dynox.Composite("pk", "LEDGER#{}", expr.At(ledgerProto, &ledgerProto.ID)), Sort: dynox.Const[ledger]("sk", "LEDGER"),
	}
)

func (w *world) violate(format string, args ...any) {
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
}

func (w *world) roll(n int64) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.random.Int64N(n))
}

func (w *world) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took[what]++
}

// serve answers a request, or lets it fail, and looks at what it did.
func (w *world) serve(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	faults := []memtable.Fault{
		memtable.ResetBefore(), memtable.ResetAfter(), memtable.ResetAfter(), memtable.Throttle(), memtable.InternalError(), memtable.Conflict(),
	}
	if i := w.random.IntN(10 * len(faults)); i < len(faults) {
		w.engine.Fail("", faults[i])
	}
	resp, err := w.engine.RoundTrip(req)
	w.engine.Heal()
	w.look()
	return resp, err
}

// look compares the table with how it was before the request.
func (w *world) look() {
	now, before := w.state(), w.last
	w.last = now
	if now.Token < before.Token {
		w.violate("token %d after %d", now.Token, before.Token)
	}
	if now.Holder != "" {
		switch holder, ok := w.holders[now.Token]; {
		case !ok:
			w.holders[now.Token] = now.Holder
		case holder != now.Holder:
			w.violate("token %d has two holders", now.Token)
		}
	}
	if len(now.Ledger) < len(before.Ledger) {
		w.violate("writes are gone")
		return
	}
	for _, token := range now.Ledger[len(before.Ledger):] {
		if token != now.Token || now.Holder == "" {
			w.violate("a write with token %d while %d is the newest, holder %q", token, now.Token, now.Holder)
		}
	}
	w.leases = slices.DeleteFunc(w.leases, func(l *lock.Lease) bool { return !l.Held() })
	if len(w.leases) > 1 && !w.skewed {
		w.violate("%d leases are held", len(w.leases))
	}
}

func (w *world) state() state {
	lines, err := w.engine.Dump("leases")
	if err != nil {
		w.violate("%v", err)
	}
	type value struct {
		S, N string
		L    []value
	}
	number := func(v value) int64 {
		n, _ := strconv.ParseInt(v.N, 10, 64)
		return n
	}
	var s state
	for _, line := range lines {
		var item map[string]value
		if err := json.Unmarshal([]byte(line), &item); err != nil {
			w.violate("%v", err)
		}
		switch item["sk"].S {
		case "lease":
			s.Token, s.Holder = number(item["token"]), item["holder"].S
		case "LEDGER":
			for _, v := range item["tokens"].L {
				s.Ledger = append(s.Ledger, number(v))
			}
		}
	}
	return s
}

// process is one program: its network, whose requests and answers are late, and
// stand still while the process is paused. A request that its sender gave up may
// still arrive.
type process struct {
	*world

	pause sync.Mutex
	until time.Time
}

func (p *process) late() {
	time.Sleep(p.roll(int64(20 * time.Millisecond)))
	p.pause.Lock()
	until := p.until
	p.pause.Unlock()
	time.Sleep(time.Until(until))
}

func (p *process) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	type answer struct {
		resp *http.Response
		err  error
	}
	done := make(chan answer, 1)
	sent := req.Clone(context.WithoutCancel(req.Context()))
	sent.Body = io.NopCloser(bytes.NewReader(body))
	go func() {
		p.late()
		resp, err := p.serve(sent)
		p.late()
		done <- answer{resp, err}
	}()
	select {
	case a := <-done:
		return a.resp, a.err
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// bent is a client of a process whose clock has another speed, for which another
// duration in the record stands; or who takes over without a condition.
type bent struct {
	*dynamodb.Client

	percent       int64
	unconditional bool
	token         atomic.Int64 // the greatest of its own
}

func (b *bent) GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	out, err := b.Client.GetItem(ctx, in, opts...)
	if err == nil {
		if n, ok := out.Item["duration"].(*types.AttributeValueMemberN); ok {
			d, _ := strconv.ParseInt(n.Value, 10, 64)
			n.Value = strconv.FormatInt(d/100*b.percent, 10)
		}
	}
	return out, err
}

func (b *bent) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	n, _ := strconv.ParseInt(in.Item["token"].(*types.AttributeValueMemberN).Value, 10, 64)
	if b.token.Swap(n) < n && b.unconditional {
		in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = nil, nil, nil
	}
	return b.Client.PutItem(ctx, in, opts...)
}

// run is the life of a process: it competes for the lease, writes under it for a
// while without asking whether it is still held, then releases it or dies.
func (p *process) run(ctx context.Context, client dynox.Client) error {
	table := dynox.NewTable(client, "leases")
	books, err := dynox.NewRepo(table, ledgerKey)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		leases, err := lock.NewLeases(table)
		if err != nil {
			return err
		}
		duration := time.Second + p.roll(int64(5*time.Second))
		life, die := context.WithCancel(ctx)
		l, err := leases.Acquire(life, "job", lock.For(duration))
		if err != nil {
			die()
			time.Sleep(p.roll(int64(time.Second)))
			continue
		}
		p.count("acquired")
		p.mu.Lock()
		p.leases = append(p.leases, l)
		p.mu.Unlock()
		crash := p.roll(3) == 0
		for range 2 + p.roll(6) {
			time.Sleep(p.roll(int64(duration)))
			ops := []tx.Op{tx.Update(books, ledger{ID: "1"}, expr.Append(ledgerTokens, l.Token()))}
			if !p.unguarded {
				ops = append(ops, tx.Check(l.Guard()))
			}
			if err := tx.Write(ctx, ops...); err == nil {
				p.count("written")
			} else {
				p.count("refused")
			}
			if crash && p.roll(3) == 0 {
				die() // writes that it has begun go on
			}
		}
		if !crash {
			_ = l.Release(ctx)
		}
		die()
	}
	return nil
}

// model lets four processes compete for three minutes.
func model(t *testing.T, seed uint64, v variant) *world {
	t.Helper()
	engine := memtable.Open()
	w := &world{
		variant: v, engine: engine, random: rand.New(rand.NewPCG(seed, 1)), holders: map[int64]string{}, took: map[string]int{},
	}
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		leasesOn(t, engine.Client(), "leases")
		books, err := dynox.NewRepo(dynox.NewTable(engine.Client(), "leases"), ledgerKey)
		is.NoErr(err)
		is.NoErr(books.Put(t.Context(), &ledger{ID: "1", Tokens: []int64{}}))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for i := range 4 {
			p := &process{world: w}
			var client dynox.Client
			sdk := dynamodb.New(dynamodb.Options{
				Region: "us-east-1", Credentials: aws.CredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")), HTTPClient: p,
			})
			client = sdk
			switch {
			case v.skewed:
				client = &bent{Client: sdk, percent: []int64{20, 60, 100, 180}[i]}
			case v.hasty:
				client = &bent{Client: sdk, percent: 20}
			case v.unconditional:
				client = &bent{Client: sdk, percent: 100, unconditional: true}
			}
			wg.Go(func() {
				if err := p.run(ctx, client); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() { // pauses
				for ctx.Err() == nil {
					time.Sleep(p.roll(int64(20 * time.Second)))
					p.pause.Lock()
					p.until = time.Now().Add(p.roll(int64(10 * time.Second)))
					p.pause.Unlock()
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Minute) // requests that nobody waits for arrive
	})
	return w
}

// Under pauses, late requests, lost answers and clocks of any speed the record has
// one holder at a time, tokens only grow, and no write with the guard of an older
// token succeeds after a newer one was issued. With clocks of the same speed no two
// leases are held at once.
func TestLeaseModel(t *testing.T) {
	for name, v := range map[string]variant{"clocks": {}, "skewed": {skewed: true}} {
		t.Run(name, func(t *testing.T) {
			took := map[string]int{}
			for seed := range uint64(modelRounds(t)) {
				w := model(t, seed, v)
				for _, violation := range w.violations {
					t.Errorf("seed %d: %s", seed, violation)
				}
				for what, n := range w.took {
					took[what] += n
				}
				took["tokens"] += int(w.last.Token)
				if n := len(w.last.Ledger); n > w.took["written"]+w.took["refused"] {
					t.Errorf("seed %d: %d writes in the ledger, of %v", seed, n, w.took)
				}
			}
			t.Log(took)
			for _, what := range []string{"acquired", "written", "refused"} {
				if took[what] == 0 {
					t.Errorf("the model is too kind: never %s", what)
				}
			}
		})
	}
}

// The model sees what is broken.
func TestLeaseModelSees(t *testing.T) {
	for name, v := range map[string]variant{"unconditional": {unconditional: true}, "hasty": {hasty: true}, "unguarded": {unguarded: true}} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(10) {
				if w := model(t, seed, v); len(w.violations) > 0 {
					t.Logf("seed %d: %d violations, the first: %s", seed, len(w.violations), w.violations[0])
					return
				}
			}
			t.Error("nobody noticed")
		})
	}
}

func modelRounds(t *testing.T) int {
	t.Helper()
	if testing.Short() {
		return 2
	}
	return 5
}
