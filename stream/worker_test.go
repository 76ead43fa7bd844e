package stream_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/internal/testbed"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/stream"
)

// fill puts orders with totals from up to, not including, to.
func fill(t testing.TB, orders *dynox.Repo[order], from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := orders.Put(context.Background(), &order{Customer: fmt.Sprint("c", n%7), ID: "1", Total: n}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALoopGoesOnAfterWhatIsDone(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		table := testbed.Table(t, client)
		orders, _ := repos(t, client, table, types.StreamViewTypeNewImage)
		checkpoints := checkpointsOf(t, testbed.Table(t, client))
		for n := range 5 {
			is.NoErr(orders.Put(t.Context(), &order{Customer: "1", ID: "1", Total: n + 1}))
		}
		changes, err := stream.New(streamsOf(client), orders, stream.As("test", checkpoints))
		is.NoErr(err)
		totals := func(n int) (totals []int) {
			for _, c := range collect(t, changes, n) {
				totals = append(totals, c.New.Total)
			}
			return totals
		}
		start := time.Now()
		is.Equal(totals(3), []int{1, 2, 3})
		is.Equal(totals(2), []int{3, 4}) // the loop was left at 3, which so was not done
		func() {
			defer func() { is.Equal(recover(), "stop") }()
			for _, err := range changes.Changes(t.Context()) {
				is.NoErr(err)
				panic("stop")
			}
		}()
		is.Equal(totals(2), []int{4, 5})
		is.True(time.Since(start) < 30*time.Second) // a worker that ends leaves its shards to others at once

		other, err := stream.New(streamsOf(client), orders, stream.As("other", checkpoints))
		is.NoErr(err)
		is.Equal(collect(t, other, 1)[0].New.Total, 1) // another consumer is on its own
		alone, err := stream.New(streamsOf(client), orders)
		is.NoErr(err)
		for range 2 { // each loop without a consumer begins anew
			is.Equal(collect(t, alone, 1)[0].New.Total, 1)
		}
	})
}

func TestShardsThatAreSplitAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine := memtable.New(t)
		table := dynox.NewTable(engine.Client(), "orders")
		orders, _ := repos(t, engine.Client(), table, types.StreamViewTypeNewImage)
		for i := range 8 { // by time and by splits
			fill(t, orders, i*100, i*100+100)
			is.NoErr(engine.SplitShard("orders"))
			time.Sleep(time.Hour)
		}
		changes, err := stream.New(engine.StreamsClient(), orders)
		is.NoErr(err)
		last := map[string]int{}
		for _, c := range collect(t, changes, 800) {
			if before, ok := last[c.New.Customer]; ok {
				is.Equal(c.New.Total, before+7)
			}
			last[c.New.Customer] = c.New.Total
		}
	})
}

// worker is a loop in a goroutine, which sees changes until it is stopped.
type worker struct {
	cable *cable
	stop  context.CancelFunc
	done  chan struct{}
	err   error

	mu   sync.Mutex
	seen []stream.Change[order]
}

// employ starts a worker of consumer "test" on an engine's tables orders and checkpoints.
func employ(t *testing.T, engine *memtable.Engine, opts ...stream.Option) *worker {
	t.Helper()
	return employAt(t, &cable{engine: engine}, nil, opts...)
}

// employAt is employ of a worker at the end of a cable, whose body waits for paused unless it is nil.
func employAt(t *testing.T, c *cable, paused <-chan struct{}, opts ...stream.Option) *worker {
	t.Helper()
	is := is.NewRelaxed(t)
	engine := c.engine
	w := &worker{cable: c, done: make(chan struct{})}
	transport := &http.Client{Transport: w.cable}
	client := engine.Client(func(o *dynamodb.Options) { o.HTTPClient = transport })
	streams := engine.StreamsClient(func(o *dynamodbstreams.Options) { o.HTTPClient = transport })
	orders, err := dynox.NewRepo(dynox.NewTable(client, "orders"), orderKey, dynox.Kind[order]("order"))
	is.NoErr(err)
	checkpoints, err := stream.NewCheckpoints(dynox.NewTable(client, "checkpoints"))
	is.NoErr(err)
	opts = append([]stream.Option{stream.As("test", checkpoints), stream.Lease(10 * time.Second)}, opts...)
	changes, err := stream.New(streams, orders, opts...)
	is.NoErr(err)
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	t.Cleanup(func() { w.stop(); <-w.done })
	go func() {
		defer close(w.done)
		for c, err := range changes.Changes(ctx) {
			if err != nil {
				w.err = err
				break
			}
			w.mu.Lock()
			w.seen = append(w.seen, c)
			w.mu.Unlock()
			if paused != nil {
				select {
				case <-paused:
				case <-ctx.Done():
				}
			}
		}
	}()
	return w
}

// at is the change that it saw after n others.
func (w *worker) at(n int) stream.Change[order] {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[n]
}

func (w *worker) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

// shards are those that the changes from one on are of.
func (w *worker) shards(from int) map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	shards := map[string]bool{}
	for _, c := range w.seen[from:] {
		shards[c.Shard] = true
	}
	return shards
}

// office is an engine with orders, whose stream has shards, and checkpoints.
func office(t *testing.T, shards int) (*memtable.Engine, *dynox.Repo[order]) {
	t.Helper()
	engine := memtable.New(t, memtable.WithShards(shards))
	orders, _ := repos(t, engine.Client(), dynox.NewTable(engine.Client(), "orders"), types.StreamViewTypeNewImage)
	checkpointsOf(t, dynox.NewTable(engine.Client(), "checkpoints"))
	return engine, orders
}

func TestWorkersHaveEqualShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine, orders := office(t, 4)
		rounds := 0
		next := func() { // all customers, which are in all shards
			for n := range 100 {
				is.NoErr(orders.Put(t.Context(), &order{Customer: fmt.Sprint(n), ID: "1", Total: rounds + 1}))
			}
			rounds++
			time.Sleep(5 * time.Second)
		}
		a := employ(t, engine)
		next()
		is.Equal(len(a.shards(0)), 4)
		is.Equal(a.count(), 100)
		b := employ(t, engine)
		c := employ(t, engine)
		time.Sleep(30 * time.Second)
		before := a.count()
		next()
		is.Equal(len(a.shards(before))+len(b.shards(0))+len(c.shards(0)), 4)
		is.True(len(a.shards(before)) <= 2 && len(b.shards(0)) <= 2 && len(c.shards(0)) <= 2)
		is.True(len(a.shards(before)) >= 1 && len(b.shards(0)) >= 1 && len(c.shards(0)) >= 1)
		a.stop() // which leaves its shards, and its place
		b.cable.cut.Store(true)
		b.stop()
		time.Sleep(time.Minute)
		before = c.count()
		next()
		is.Equal(len(c.shards(before)), 4)
		is.Equal(a.count()+b.count()+c.count(), 300) // none twice: what b had done was stored before it died
		c.stop()
		for _, w := range []*worker{a, b, c} {
			<-w.done
		}
	})
}

// A worker that was cut off goes on with nothing of what another may have by now, and
// what it stores is refused.
func TestAWorkerThatWasCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine, orders := office(t, 1)
		for n := range 10 {
			is.NoErr(orders.Put(t.Context(), &order{Customer: "1", ID: "1", Total: n + 1}))
		}
		paused := make(chan struct{})
		a := employAt(t, &cable{engine: engine}, paused)
		time.Sleep(3 * time.Second)
		is.Equal(a.count(), 1)
		a.cable.cut.Store(true)
		time.Sleep(time.Second)
		b := employ(t, engine)
		time.Sleep(9 * time.Second)
		is.Equal(b.count(), 0) // it waits for the lease
		time.Sleep(20 * time.Second)
		is.Equal(b.count(), 10)
		is.True(b.at(0).Token > a.at(0).Token)
		a.cable.cut.Store(false)
		close(paused)
		time.Sleep(time.Minute)
		is.Equal(a.count(), 1)
		for n := range 10 {
			is.NoErr(orders.Put(t.Context(), &order{Customer: "1", ID: "1", Total: n + 11}))
		}
		time.Sleep(time.Minute)
		is.Equal(a.count()+b.count(), 21)
		a.stop()
		b.stop()
		<-a.done
		<-b.done
	})
}

func TestABodyThatTakesLongKeepsItsShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine, orders := office(t, 1)
		fill(t, orders, 0, 3000)
		paused := make(chan struct{})
		a := employAt(t, &cable{engine: engine}, paused)
		time.Sleep(20 * time.Minute) // iterators live for 15
		b := employ(t, engine)
		time.Sleep(20 * time.Minute)
		is.Equal(a.count(), 1)
		is.Equal(b.count(), 0)
		close(paused)
		time.Sleep(time.Minute)
		is.Equal(a.count()+b.count(), 3000)
		a.stop()
		b.stop()
		<-a.done
		<-b.done
	})
}

func TestLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine, orders := office(t, 2)
		fill(t, orders, 0, 50)
		time.Sleep(5 * time.Hour) // shards that are closed, and their children
		fill(t, orders, 50, 100)
		time.Sleep(5 * time.Minute)
		a := employ(t, engine, stream.From(stream.Latest))
		time.Sleep(time.Second)
		is.Equal(a.count(), 0)
		a.cable.cut.Store(true) // it dies before it has seen any
		a.stop()
		<-a.done
		fill(t, orders, 100, 150)
		time.Sleep(5 * time.Minute)
		is.NoErr(engine.SplitShard("orders"))
		fill(t, orders, 150, 200)
		b := employ(t, engine, stream.From(stream.TrimHorizon)) // the first worker's start counts
		time.Sleep(time.Minute)
		is.Equal(b.count(), 100)
		for i := range b.count() {
			c := b.at(i)
			is.True(c.New.Total >= 100)
			is.True(i > 0 || c.New.Total < 150)
		}
		b.stop()
		<-b.done
	})
}

func TestChangesThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine, orders := office(t, 1)
		fill(t, orders, 0, 10)
		a := employ(t, engine)
		time.Sleep(time.Second)
		a.stop()
		<-a.done
		is.Equal(a.count(), 10)
		fill(t, orders, 10, 20)
		time.Sleep(26 * time.Hour)
		fill(t, orders, 20, 30)
		b := employ(t, engine)
		<-b.done
		is.True(errorsIs(b.err, stream.ErrTrimmed))
		var gaps []stream.Gap
		c := employ(t, engine, stream.OnGap(func(g stream.Gap) error {
			gaps = append(gaps, g)
			return nil
		}), stream.Poll(20*time.Second), stream.Lease(10*time.Minute))
		time.Sleep(time.Minute)
		is.Equal(len(gaps), 1)
		is.Equal(gaps[0].After, a.at(9).Sequence)
		is.Equal(gaps[0].Shard, a.at(9).Shard)
		is.Equal(c.count(), 10)
		is.Equal(c.at(0).New.Total, 20)
		time.Sleep(30 * time.Hour) // checkpoints of shards that are no more go
		checkpoints := checkpointsOf(t, dynox.NewTable(engine.Client(), "checkpoints"))
		n := 0
		for _, err := range checkpoints.Repo().Scan(t.Context(), dynox.All[stream.Checkpoint]()) {
			is.NoErr(err)
			n++
		}
		is.True(n < 16)
		c.stop()
		<-c.done
	})
}

func TestAStreamThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine, orders := office(t, 3)
		fill(t, orders, 0, 100)
		a, b := employ(t, engine), employ(t, engine)
		time.Sleep(time.Minute)
		fill(t, orders, 100, 200)
		switchOff(t, engine.Client(), dynox.NewTable(engine.Client(), "orders"))
		<-a.done
		<-b.done
		is.NoErr(a.err)
		is.NoErr(b.err)
		is.Equal(a.count()+b.count(), 200)
	})
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine, orders := office(t, 2)
		fill(t, orders, 0, 50)
		limit := memtable.ErrorResponse(400, "LimitExceededException", "too many")
		for _, operation := range []string{"GetRecords", "GetShardIterator", "DescribeStream", "Query", "PutItem"} {
			engine.Fail(operation, memtable.Throttle(), memtable.Times(4))
			engine.Fail(operation, memtable.InternalError(), memtable.Times(4))
			engine.Fail(operation, memtable.ResetAfter(), memtable.Times(2), memtable.After(9))
			engine.Fail(operation, limit, memtable.Times(5), memtable.After(12))
		}
		a := employ(t, engine)
		time.Sleep(3 * time.Minute)
		is.NoErr(a.err)
		is.Equal(a.count(), 50)
		a.stop()
		<-a.done
		is.True(errorsIs(a.err, context.Canceled))
		engine.Heal()

		engine.Fail("GetRecords", memtable.Throttle(), memtable.Always())
		patient := employ(t, engine)
		fill(t, orders, 50, 60)
		time.Sleep(10 * time.Minute)
		is.Equal(patient.count(), 0)
		engine.Heal()
		time.Sleep(time.Minute)
		is.Equal(patient.count(), 10)
		patient.stop()
		<-patient.done

		engine.Fail("GetRecords", memtable.InternalError(), memtable.Always())
		b := employ(t, engine)
		<-b.done // not forever
		is.True(b.err != nil && !errorsIs(b.err, context.Canceled))
		engine.Heal()
		engine.Fail("GetShardIterator", memtable.ErrorResponse(400, "AccessDeniedException", "no"), memtable.Always())
		c := employ(t, engine)
		start := time.Now()
		<-c.done
		is.True(c.err != nil && time.Since(start) < 10*time.Second)
		is.Equal(c.err.Error(), "dynox: stream orders: order: the service answered AccessDeniedException")
	})
}

// Checkpoints in the table whose changes are read are changes of it too, which nobody
// sees, and which are no reason for more of them.
func TestCheckpointsInTheSameTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		engine, orders := office(t, 1)
		checkpoints, err := stream.NewCheckpoints(dynox.NewTable(engine.Client(), "orders"))
		is.NoErr(err)
		fill(t, orders, 0, 10)
		a := employ(t, engine, stream.As("same", checkpoints), stream.SaveEvery(1))
		time.Sleep(time.Minute)
		engine.ForgetRequests()
		time.Sleep(time.Minute)
		writes := 0
		for _, r := range engine.Requests() {
			if r.Operation == "PutItem" {
				writes++
			}
		}
		is.True(writes < 80) // two for each heartbeat, every 1.7 to 3.3 seconds
		is.Equal(a.count(), 10)
		a.stop()
		<-a.done
	})
}

// Two workers of which each believes that a shard is its own to take: one gets it.
func TestWorkersThatWantTheSameShard(t *testing.T) {
	for round := range 16 { // which of them comes first in the order of their names is random
		synctest.Test(t, func(t *testing.T) {
			is := is.New(t)
			engine, orders := office(t, 1)
			slow := &cable{engine: engine, slow: time.Second} // between its look and its take
			if round%2 == 0 {                                 // somebody had it before, and so has begun
				slow.writes.Store(1)
				before := employ(t, engine)
				time.Sleep(time.Second)
				before.stop()
				<-before.done
			}
			fill(t, orders, 0, 50)
			a := employAt(t, slow, nil)
			time.Sleep(500 * time.Millisecond)
			b := employ(t, engine)
			time.Sleep(time.Minute)
			is.Equal(a.count()+b.count(), 50)
		})
	}
}

func TestLatestBeginsNow(t *testing.T) {
	testbed.Each(t, func(t *testing.T, client *dynamodb.Client) {
		is, ctx := is.New(t), t.Context()
		table := testbed.Table(t, client)
		orders, _ := repos(t, client, table, types.StreamViewTypeNewImage)
		fill(t, orders, 0, 20)
		changes, err := stream.New(streamsOf(client), orders, stream.From(stream.Latest))
		is.NoErr(err)
		life, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		wg.Go(func() {
			for n := 20; life.Err() == nil && n < 1000; n++ {
				if err := orders.Put(ctx, &order{Customer: fmt.Sprint("c", n%7), ID: "1", Total: n}); err != nil {
					t.Error(err)
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
		all := collect(t, changes, 5)
		stop()
		wg.Wait()
		for i, c := range all {
			is.Equal(c.New.Total, all[0].New.Total+i)
		}
		is.True(all[0].New.Total >= 20)
	})
}

// A checkpoint that another has taken over, as one whose clock is wrong might, is not
// written by the one who had it.
func TestAStaleCheckpointIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is, ctx := is.New(t), t.Context()
		engine, orders := office(t, 1)
		fill(t, orders, 0, 10)
		a := employ(t, engine, stream.SaveEvery(5))
		time.Sleep(8 * time.Second)
		checkpoints := checkpointsOf(t, dynox.NewTable(engine.Client(), "checkpoints")).Repo()
		var row stream.Checkpoint
		for c, err := range checkpoints.Scan(ctx, dynox.All[stream.Checkpoint]()) {
			if is.NoErr(err); strings.HasPrefix(c.Name, "shard#") {
				row = c
			}
		}
		is.Equal(row.Sequence, a.at(9).Sequence)
		row.Holder, row.Sequence, row.Lease = "another", a.at(4).Sequence, time.Hour
		row.Token++
		is.NoErr(checkpoints.Put(ctx, &row))
		fill(t, orders, 10, 40)
		time.Sleep(time.Minute)
		fill(t, orders, 40, 50)
		time.Sleep(time.Minute)
		is.True(a.count() < 40) // what it had read is all it goes on with
		now, err := checkpoints.Get(ctx, row)
		is.NoErr(err)
		is.Equal(now, row)
	})
}
