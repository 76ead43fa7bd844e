package stream_test

import (
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/batch"
	"github.com/dynox-go/dynox/memtable"
	"github.com/dynox-go/dynox/stream"
)

// cable is the network of one worker, which can be cut: then it can tell nobody
// anything any more, as if it had been killed.
type cable struct {
	engine *memtable.Engine
	cut    atomic.Bool
	slow   time.Duration // each write takes so long, from the third on
	writes atomic.Int64
}

var errCut = errors.New("the cable is cut")

func (c *cable) RoundTrip(req *http.Request) (*http.Response, error) {
	if c.cut.Load() {
		return nil, errCut
	}
	if strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".PutItem") && c.writes.Add(1) > 2 {
		time.Sleep(c.slow)
	}
	resp, err := c.engine.RoundTrip(req)
	if c.cut.Load() {
		return nil, errCut
	}
	return resp, err
}

// seen is what the workers of a test have seen of each key: in which order, and who.
type seen struct {
	mu     sync.Mutex
	first  map[string][]int // totals of each key, when they were seen first
	by     map[string]map[int][]*cable
	n      int
	again  int
	faults []string
}

func (s *seen) see(o order, by *cable) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[o.ID] == nil {
		s.by[o.ID] = map[int][]*cable{}
	}
	before := s.by[o.ID][o.Total]
	s.by[o.ID][o.Total] = append(before, by)
	if len(before) == 0 {
		s.first[o.ID] = append(s.first[o.ID], o.Total)
		s.n++
		return
	}
	s.again++
	if !slices.ContainsFunc(before, func(c *cable) bool { return c.cut.Load() }) {
		s.faults = append(s.faults, fmt.Sprintf("change %d of %s was seen again, and nobody died", o.Total, o.ID))
	}
}

func (s *seen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// Three workers share the shards of a stream that split meanwhile, and are killed at
// random: every change is seen, in the order of its key, and again only after a kill.
func TestWorkersThatAreKilled(t *testing.T) {
	changes := 100_000
	if testing.Short() || racing {
		changes = 10_000
	}
	synctest.Test(t, func(t *testing.T) { testKills(t, changes, 1) })
}

func testKills(t *testing.T, changes int, seed uint64) {
	const keys = 500
	is, ctx := is.New(t), t.Context()
	engine := memtable.New(t, memtable.WithShards(2))
	client := engine.Client()
	table := dynox.NewTable(client, "orders")
	orders, _ := repos(t, client, table, types.StreamViewTypeNewImage)
	checkpointsOf(t, dynox.NewTable(client, "checkpoints"))
	all := &seen{first: map[string][]int{}, by: map[string]map[int][]*cable{}}
	over, end := context.WithCancel(ctx)
	defer end()

	var wg sync.WaitGroup
	var kills, workers atomic.Int64
	for slot := range 3 {
		wg.Go(func() {
			random := mathrand.New(mathrand.NewPCG(seed, uint64(slot)))
			for over.Err() == nil {
				workers.Add(1)
				c := &cable{engine: engine}
				life, die := context.WithCancel(over)
				timer := time.AfterFunc(time.Duration(1+random.IntN(10_000))*time.Millisecond, func() {
					c.cut.Store(true)
					kills.Add(1)
					die()
				})
				if err := work(life, c, all, 2*time.Minute/time.Duration(changes)); err != nil && life.Err() == nil {
					t.Error(err)
				}
				timer.Stop()
				die()
			}
		})
	}
	written := 0
	for written < changes {
		for i := range 3 { // three splits, in between
			if written == changes*(i+1)/4 {
				is.NoErr(engine.SplitShard("orders"))
			}
		}
		n := written/keys + 1
		is.NoErr(batch.Write(ctx, func(yield func(batch.Op) bool) {
			for k := range keys {
				id := fmt.Sprint("k", k)
				if !yield(batch.Put(orders, &order{Customer: id, ID: id, Total: n})) {
					return
				}
			}
		}))
		written += keys
		if n%5 == 0 { // in bursts, so that many changes are read at once
			time.Sleep(5 * time.Minute / time.Duration(changes/keys))
		}
	}
	for start := time.Now(); all.count() < changes && time.Since(start) < 10*time.Minute; {
		time.Sleep(time.Second)
	}
	end()
	wg.Wait()
	is.NoErr(engine.Check())
	is.Equal(all.n, changes) // every change
	is.Equal(len(all.first), keys)
	for id, totals := range all.first {
		for i, total := range totals {
			if total != i+1 {
				t.Fatalf("%s: change %d came as number %d", id, total, i+1)
			}
		}
	}
	is.Equal(all.faults, nil)
	t.Logf("%d workers, %d kills, %d changes again", workers.Load(), kills.Load(), all.again)
	is.True(kills.Load() > 10)
}

// work is a worker that reads by a cable, until it is cut, and takes a while for each
// change.
func work(ctx context.Context, c *cable, all *seen, while time.Duration) error {
	client := c.engine.Client(func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: c} })
	streams := c.engine.StreamsClient(func(o *dynamodbstreams.Options) { o.HTTPClient = &http.Client{Transport: c} })
	orders, err := dynox.NewRepo(dynox.NewTable(client, "orders"), orderKey, dynox.Kind[order]("order"))
	if err != nil {
		return err
	}
	checkpoints, err := stream.NewCheckpoints(dynox.NewTable(client, "checkpoints"))
	if err != nil {
		return err
	}
	changes, err := stream.New(streams, orders, stream.As("test", checkpoints), stream.Lease(2*time.Second), stream.SaveEvery(20))
	if err != nil {
		return err
	}
	for change, err := range changes.Changes(ctx) {
		if err != nil {
			return err
		}
		time.Sleep(while)
		if c.cut.Load() {
			break
		}
		all.see(*change.New, c)
	}
	return nil
}
