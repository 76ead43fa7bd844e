package memtable_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"
	"go.uber.org/goleak"

	"github.com/dynox-go/dynox/memtable"
)

var million = flag.Bool("million", false, "measure tables of up to a million items, and the server's start")

func needsMillion(t *testing.T) {
	t.Helper()
	if !*million {
		t.Skip("takes a minute and a gigabyte: -million")
	}
}

// thing is the JSON of an item of a little over 500 bytes as the service counts; a hundred are in a partition.
func thing(i int) string {
	return fmt.Sprintf(`{"pk":{"S":"p%d"},"sk":{"S":"%09d"},"n":{"N":"%d"},"note":{"S":"%s"}}`, i/100, i, i, note)
}

var note = strings.Repeat("x", 470)

// TestGrowth prints what puts, gets and pages of a query cost by the number of items, and holds that a thousand
// times the items cost no multiple of it: a tree is only deeper.
func TestGrowth(t *testing.T) {
	needsMillion(t)
	is := is.New(t)
	engine := memtable.Open()
	createThings(t, engine.Client())
	at := 0
	fill := func(to int) {
		for ; at < to; at++ {
			is.NoErr(engine.Seed("things", thing(at)))
		}
	}
	type row struct {
		items           int
		put, get, query time.Duration
	}
	var table []row
	for items := 1000; items <= 1_000_000; items *= 10 {
		fill(items)
		runtime.GC()
		key := func(i int) int { return i * 7919 % items }
		table = append(table, row{items,
			typical(t, engine, "PutItem", func(i int) string { return `{"TableName":"things","Item":` + thing(key(i)) + `}` }),
			typical(t, engine, "GetItem", func(i int) string {
				return fmt.Sprintf(`{"TableName":"things","Key":{"pk":{"S":"p%d"},"sk":{"S":"%09d"}}}`, key(i)/100, key(i))
			}),
			typical(t, engine, "Query", func(i int) string {
				return fmt.Sprintf(`{"TableName":"things","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p%d"}}}`, key(i)/100)
			}),
		})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%10s %12s %12s %12s", "items", "put", "get", "query of 100")
	for _, r := range table {
		fmt.Fprintf(&b, "\n%10d %12v %12v %12v", r.items, r.put, r.get, r.query)
	}
	t.Log(b.String())
	first, last := table[0], table[len(table)-1]
	is.True(last.put < 5*first.put)
	is.True(last.get < 5*first.get)
	is.True(last.query < 5*first.query)
}

// typical is the median time of a request.
func typical(t *testing.T, engine *memtable.Engine, target string, body func(i int) string) time.Duration {
	t.Helper()
	times := make([]time.Duration, 4000)
	for i := range times {
		text := body(i)
		req := request(target, text)
		req.Body = readCloser{strings.NewReader(text)}
		start := time.Now()
		resp, err := engine.RoundTrip(req)
		times[i] = time.Since(start)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(err, resp)
		}
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// TestAMillionItems holds the memory that a million items of 500 bytes take, and that a scan of them all, page
// after page, lets writers write.
func TestAMillionItems(t *testing.T) {
	needsMillion(t)
	is := is.New(t)
	before := heap()
	engine := memtable.Open()
	createThings(t, engine.Client())
	for i := range 1_000_000 {
		is.NoErr(engine.Seed("things", thing(i)))
	}
	used := heap() - before
	t.Logf("a million items take %d MB", used>>20)
	is.True(used < 1500<<20)

	put := func(i int) string { return `{"TableName":"things","Item":` + thing(i*7919%1_000_000) + `}` }
	alone := latencies(t, engine, 3*time.Second, put)
	var pages atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var scans sync.WaitGroup
	scans.Go(func() {
		client := engine.Client()
		for ctx.Err() == nil {
			all := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &thingsTable})
			for all.HasMorePages() {
				if _, err := all.NextPage(ctx); err != nil {
					return // the test is over
				}
				pages.Add(1)
			}
		}
	})
	beside := latencies(t, engine, 6*time.Second, put)
	stop()
	scans.Wait()
	t.Logf("puts alone:         %s", quantiles(alone))
	t.Logf("puts during scans:  %s, beside %d pages of 1 MB", quantiles(beside), pages.Load())
	is.True(pages.Load() > 0)
	is.True(beside[len(beside)*99/100] < 100*time.Millisecond) // a page takes some milliseconds of one processor
}

var thingsTable = "things"

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// latencies are those of puts for some time, sorted.
func latencies(t *testing.T, engine *memtable.Engine, d time.Duration, body func(i int) string) (times []time.Duration) {
	t.Helper()
	for i, end := 0, time.Now().Add(d); time.Now().Before(end); i++ {
		text := body(i)
		req := request("PutItem", text)
		req.Body = readCloser{strings.NewReader(text)}
		start := time.Now()
		resp, err := engine.RoundTrip(req)
		times = append(times, time.Since(start))
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(err, resp)
		}
		time.Sleep(50 * time.Microsecond)
	}
	slices.Sort(times)
	return times
}

func quantiles(sorted []time.Duration) string {
	at := func(q float64) time.Duration { return sorted[int(float64(len(sorted)-1)*q)] }
	return fmt.Sprintf("p50 %v, p99 %v, p99.9 %v, worst %v of %d", at(.5), at(.99), at(.999), at(1), len(sorted))
}

// TestServerStarts holds the time from the start of the server command's process to its first answer.
func TestServerStarts(t *testing.T) {
	needsMillion(t)
	is := is.New(t)
	program := filepath.Join(t.TempDir(), "memtable")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/memtable").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var times []time.Duration
	for range 20 {
		times = append(times, firstAnswer(t, program))
	}
	slices.Sort(times)
	t.Logf("from start to first answer: median %v, worst %v", times[len(times)/2], times[len(times)-1])
	is.True(times[len(times)/2] < 20*time.Millisecond)
}

func firstAnswer(t *testing.T, program string) time.Duration {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	is.New(t).NoErr(free.Close())
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "-addr", addr)
	defer func() {
		stop()
		_ = cmd.Wait() // it was killed
	}()
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for time.Since(start) < 10*time.Second {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			time.Sleep(200 * time.Microsecond)
			continue
		}
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		_, err = bufio.NewReader(conn).ReadString('\n')
		took := time.Since(start)
		_ = conn.Close() // it was only read
		if err != nil {
			t.Fatal(err)
		}
		return took
	}
	t.Fatal("no answer in 10 seconds")
	return 0
}

// scope stands in for a test, of which there may be ten thousand at a time.
type scope struct{ cleanups []func() }

func (s *scope) Helper()          {}
func (s *scope) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }
func (s *scope) end() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
}

// TestManyEngines holds ten thousand engines at a time, made beside each other. They share no table, and leave
// nothing behind, whether or not a test holds on to its engine.
func TestManyEngines(t *testing.T) {
	is := is.New(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	count := 10_000
	if testing.Short() {
		count = 500
	}
	before := heap()
	engines, scopes := make([]*memtable.Engine, count), make([]scope, count)
	var work sync.WaitGroup
	slots := make(chan struct{}, 64)
	for i := range engines {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			engines[i] = memtable.New(&scopes[i])
			client := engines[i].Client()
			createThings(t, client)
			put(t, client, item{"pk": s("a"), "sk": s(fmt.Sprint(i))}, item{"pk": s("b"), "sk": s("x"), "note": s(note)})
		})
	}
	work.Wait()
	for i, engine := range engines {
		items, err := engine.Dump("things")
		is.NoErr(err)
		is.Equal(len(items), 2)
		is.True(slices.Contains(items, fmt.Sprintf(`{"pk":{"S":"a"},"sk":{"S":"%d"}}`, i)))
	}
	open := heap() - before
	for i := range scopes {
		scopes[i].end()
	}
	held := heap()
	t.Logf("%d engines: %d bytes for each while open, %d when closed and still held", count, open/uint64(count), (held-min(before, held))/uint64(count))
	clear(engines)
	clear(scopes)
	is.True(heap() < before+uint64(count)*100) // it was some thousands for each
}

// TestNewIsCheap holds what an engine of its own costs a test.
func TestNewIsCheap(t *testing.T) {
	is := is.New(t)
	const count = 2000
	times := make([]time.Duration, count)
	for i := range times {
		var test scope
		start := time.Now()
		memtable.New(&test).Client()
		test.end()
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	t.Logf("median %v, 99th percentile %v", times[count/2], times[count*99/100])
	is.True(times[count/2] < time.Millisecond)
}
