package bulk_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/bulk"
	"github.com/dynox-go/dynox/memtable"
)

// small is an item of some 150 bytes.
func small(i int) item {
	return item{
		"p.k": s(fmt.Sprintf("customer-%d", i/10)), "n": n(i),
		"status": s("delivered"), "total": n(i * 7 % 10007), "note": s(strings.Repeat("x", 60)),
	}
}

// remote is a client that reaches an engine over loopback.
func remote(t *testing.T, engine http.Handler) (*dynamodb.Client, string) {
	server := httptest.NewServer(engine)
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1", HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}), server.URL
}

// Export and import of many items give an equal table. With -full there are a million, and
// the import must reach 80 % of the rate at which the engine takes batches that were
// made before from the SDK's client. Without the SDK, whose signing and pipeline share the
// cores with the engine here, it takes more, which is logged.
func TestMillion(t *testing.T) {
	is := is.New(t)
	items := 20_000
	if *full {
		items = 1_000_000
	}
	engine := memtable.New(t)
	local := engine.Client()
	client, url := remote(t, engine)
	from, to := newTable(t, client), newTable(t, client)
	fill(t, local, from.Name(), items, small)
	name := filepath.Join(t.TempDir(), "items.json")
	file, err := os.Create(name)
	is.NoErr(err)
	defer func() { is.NoErr(file.Close()) }()

	began := time.Now()
	p, err := bulk.Export(t.Context(), from, file)
	is.NoErr(err)
	is.Equal(p.Items, int64(items))
	t.Logf("export: %.0f items/s", float64(items)/time.Since(began).Seconds())

	_, err = file.Seek(0, io.SeekStart)
	is.NoErr(err)
	began = time.Now()
	p, err = bulk.Import(t.Context(), to, file)
	is.NoErr(err)
	is.Equal(p.Items, int64(items))
	rate := float64(items) / time.Since(began).Seconds()

	count, sum := digest(t, local, from.Name())
	is.Equal(count, items)
	gotCount, got := digest(t, local, to.Name())
	is.Equal(gotCount, items)
	is.Equal(got, sum)

	bare, most := capacity(t, client, url, items), capacitySDK(t, client, items)
	t.Logf("import: %.0f items/s, %.0f %% of the %.0f by the SDK, %.0f %% of the %.0f without it", rate, 100*rate/most, most, 100*rate/bare, bare)
	if *full {
		is.True(rate >= 0.8*most)
	}
}

// digest is how many items a table has, and a sum over all of them, in whatever order.
func digest(t *testing.T, client *dynamodb.Client, table string) (items int, sum uint64) {
	seed := fnv.New64a()
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table})
	for pages.HasMorePages() {
		p, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range p.Items {
			seed.Reset()
			for _, name := range slices.Sorted(maps.Keys(i)) {
				switch v := i[name].(type) {
				case *types.AttributeValueMemberS:
					fmt.Fprintf(seed, "%s:S%q,", name, v.Value)
				case *types.AttributeValueMemberN:
					fmt.Fprintf(seed, "%s:N%s,", name, v.Value)
				default:
					t.Fatalf("%s is a %T", name, v)
				}
			}
			sum += seed.Sum64()
			items++
		}
	}
	return items, sum
}

// capacity is at what rate a server takes items in ready requests, four at once, from who
// does nothing else.
func capacity(t *testing.T, client *dynamodb.Client, url string, items int) float64 {
	table := newTable(t, client)
	bodies := make(chan []byte, 1024)
	var sent atomic.Int64
	var senders sync.WaitGroup
	// Requests are made in advance, so that what is measured is the server.
	made := make([][]byte, 0, items/25)
	for i := 0; len(made) < items/25; {
		var b bytes.Buffer
		fmt.Fprintf(&b, `{"RequestItems":{"%s":[`, table.Name())
		for j := range 25 {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"PutRequest":{"Item":{"p.k":{"S":"customer-%d"},"n":{"N":"%d"},"status":{"S":"delivered"},"total":{"N":"%d"},"note":{"S":"%s"}}}}`,
				i/10, i, i*7%10007, strings.Repeat("x", 60))
			i++
		}
		b.WriteString(`]}}`)
		made = append(made, b.Bytes())
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	defer transport.CloseIdleConnections()
	web := &http.Client{Transport: transport}
	began := time.Now()
	for range 4 {
		senders.Go(func() {
			for body := range bodies {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("X-Amz-Target", "DynamoDB_20120810.BatchWriteItem")
				req.Header.Set("Content-Type", "application/x-amz-json-1.0")
				req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
				req.Header.Set("X-Amz-Date", "20250101T000000Z")
				res, err := web.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				text, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.StatusCode != http.StatusOK {
					t.Errorf("%s: %s", res.Status, text)
					return
				}
				sent.Add(25)
			}
		})
	}
	for _, body := range made {
		bodies <- body
	}
	close(bodies)
	senders.Wait()
	return float64(sent.Load()) / time.Since(began).Seconds()
}

// capacitySDK is at what rate a server takes ready items from the SDK's client, four
// batches at once.
func capacitySDK(t *testing.T, client *dynamodb.Client, items int) float64 {
	name := newTable(t, client).Name()
	const some = 1000
	made := make([]*dynamodb.BatchWriteItemInput, min(some, items/25))
	for i := range made {
		var writes []types.WriteRequest
		for j := range 25 {
			writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: small(25*i + j)}})
		}
		made[i] = &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{name: writes}}
	}
	var senders sync.WaitGroup
	var next, sent atomic.Int64
	began := time.Now()
	for range 4 {
		senders.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(items/25) {
					return
				}
				if _, err := client.BatchWriteItem(t.Context(), made[i%int64(len(made))]); err != nil {
					t.Error(err)
					return
				}
				sent.Add(25)
			}
		})
	}
	senders.Wait()
	return float64(sent.Load()) / time.Since(began).Seconds()
}

// endless is a service with a table of as many items as are asked for, which takes all
// writes and keeps none.
type endless struct{ items int }

func (e *endless) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	switch target := req.Header.Get("X-Amz-Target"); {
	case strings.HasSuffix(target, "DescribeTable"):
		b.WriteString(`{"Table":{"TableStatus":"ACTIVE","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"N"}]}}`)
	case strings.HasSuffix(target, "BatchWriteItem"):
		b.WriteString(`{}`)
	case strings.HasSuffix(target, ".Scan"):
		start := 0
		if _, after, ok := strings.Cut(string(body), `"ExclusiveStartKey":{"id":{"N":"`); ok {
			if _, err := fmt.Sscanf(after, "%d", &start); err != nil {
				return nil, err
			}
		}
		end := min(start+2000, e.items)
		b.WriteString(`{"Items":[`)
		for i := start; i < end; i++ {
			if i > start {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"id":{"N":"%d"},"note":{"S":"%0200d"}}`, i+1, i)
		}
		fmt.Fprintf(&b, `],"Count":%d,"ScannedCount":%d`, end-start, end-start)
		if end < e.items {
			fmt.Fprintf(&b, `,"LastEvaluatedKey":{"id":{"N":"%d"}}`, end)
		}
		b.WriteByte('}')
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader(b.Bytes())), ContentLength: int64(b.Len()), Request: req,
	}, nil
}

// Memory does not grow with the table.
func TestFlatMemory(t *testing.T) {
	items := 100_000
	if *full {
		items = 1_000_000
	}
	table := dynox.NewTable(dynamodb.New(dynamodb.Options{
		Region: "us-east-1", HTTPClient: &endless{items}, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}), "endless")
	for name, do := range map[string]func(...bulk.Option) (bulk.Progress, error){
		"export": func(opts ...bulk.Option) (bulk.Progress, error) {
			return bulk.Export(t.Context(), table, io.Discard, bulk.Segments(1), opts[0], bulk.Gzip())
		},
		"copy": func(opts ...bulk.Option) (bulk.Progress, error) {
			return bulk.Copy(t.Context(), table, table, bulk.Segments(1), opts[0])
		},
		"import": func(opts ...bulk.Option) (bulk.Progress, error) {
			r, w := io.Pipe()
			go func() {
				_, err := bulk.Export(t.Context(), table, w, bulk.Segments(1))
				w.CloseWithError(err)
			}()
			return bulk.Import(t.Context(), table, r, opts[0])
		},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			var most uint64
			told := 0
			began := time.Now()
			p, err := do(bulk.OnProgress(func(bulk.Progress) {
				if told++; told%50 == 0 {
					runtime.GC()
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapAlloc)
				}
			}))
			is.NoErr(err)
			is.Equal(p.Items, int64(items))
			t.Logf("%.0f items/s, at most %d MB live", float64(items)/time.Since(began).Seconds(), most>>20)
			is.True(most < 64<<20)
		})
	}
}
