package memtable_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"
)

var (
	loopback    = flag.String("loopback", "", "servers whose rates are compared: name=url,name=url")
	answersFile = flag.String("answers", "", "a file of answers, as JSON, that TestServeAnswers serves until its standard input ends")
	loopbackFor = flag.Duration("loopbacktime", 500*time.Millisecond, "how long each rate of the comparison is measured, five times: the best counts")
)

// TestLoopback prints how many requests a second servers answer over loopback to the SDK's client, with 1 and 16
// connections, beside one that does nothing but send an answer that it has: what the client alone can do.
func TestLoopback(t *testing.T) {
	if *loopback == "" {
		t.Skip("compares servers that run: -loopback name=url,…")
	}
	is := is.New(t)
	type server struct{ name, url string }
	var servers []server
	for text := range strings.SplitSeq(*loopback, ",") {
		name, url, ok := strings.Cut(text, "=")
		is.True(ok)
		servers = append(servers, server{name, url})
	}
	first := servers[0].url
	loopbackItems(t, first)
	answers := recordAnswers(t, first)
	still := serveElsewhere(t, answers)
	for _, s := range servers[1:] {
		loopbackItems(t, s.url)
	}
	servers = append(servers, server{"client alone", still})

	var b strings.Builder
	fmt.Fprintf(&b, "\n%-14s %-14s %10s %10s", "requests/s", "", "1 conn", "16 conns")
	for name, do := range loopbackCalls {
		best := make([][2]float64, len(servers))
		for range 5 { // in turns: what else the machine does is shared
			for i, s := range servers {
				for j, connections := range []int{1, 16} {
					best[i][j] = max(best[i][j], rate(t, s.url, connections, do))
				}
			}
		}
		for i, s := range servers {
			fmt.Fprintf(&b, "\n%-14s %-14s %10.0f %10.0f", name, s.name, best[i][0], best[i][1])
		}
	}
	t.Log(b.String())
}

// loopbackCalls are what is measured.
var loopbackCalls = map[string]func(context.Context, *dynamodb.Client) error{
	"PutItem": func(ctx context.Context, client *dynamodb.Client) error {
		_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &thingsTable, Item: item{"pk": s("put"), "sk": s("one"), "note": s(note)}})
		return err
	},
	"GetItem": func(ctx context.Context, client *dynamodb.Client) error {
		_, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &thingsTable, Key: item{"pk": s("p"), "sk": s("050")}})
		return err
	},
	"Query of 100": func(ctx context.Context, client *dynamodb.Client) error {
		out, err := client.Query(ctx, &dynamodb.QueryInput{TableName: &thingsTable, KeyConditionExpression: aws.String("pk = :p"),
			ExpressionAttributeValues: item{":p": s("p")}})
		if err == nil && out.Count != 100 {
			return fmt.Errorf("%d items", out.Count)
		}
		return err
	},
}

func loopbackClient(url string, connections int) (*dynamodb.Client, *http.Transport) {
	transport := &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections}
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &url, HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}), transport
}

// loopbackItems makes the table, with a partition of 100 items of 500 bytes.
func loopbackItems(t *testing.T, url string) {
	t.Helper()
	client, transport := loopbackClient(url, 1)
	defer transport.CloseIdleConnections()
	createThings(t, client)
	for i := range 100 {
		put(t, client, item{"pk": s("p"), "sk": s(fmt.Sprintf("%03d", i)), "n": n(strconv.Itoa(i)), "note": s(note)})
	}
}

// rate is how many calls are answered in a second.
func rate(t *testing.T, url string, connections int, do func(context.Context, *dynamodb.Client) error) float64 {
	t.Helper()
	client, transport := loopbackClient(url, connections)
	defer transport.CloseIdleConnections()
	run := func(d time.Duration) float64 {
		var calls atomic.Int64
		var work sync.WaitGroup
		start := time.Now()
		for range connections {
			work.Go(func() {
				for time.Since(start) < d {
					if err := do(t.Context(), client); err != nil {
						t.Error(err)
						return
					}
					calls.Add(1)
				}
			})
		}
		work.Wait()
		return float64(calls.Load()) / time.Since(start).Seconds()
	}
	run(*loopbackFor / 5) // connects, and warms up
	return run(*loopbackFor)
}

// canned are answers by operation.
type canned map[string][]byte

// recordAnswers asks a server once for each call.
func recordAnswers(t *testing.T, url string) canned {
	t.Helper()
	answers := canned{}
	plain, transport := loopbackClient(url, 1)
	defer transport.CloseIdleConnections()
	recording := roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		answers[req.Header.Get("X-Amz-Target")] = body
		resp.Body = io.NopCloser(strings.NewReader(string(body)))
		return resp, nil
	})
	client := dynamodb.New(plain.Options(), func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: recording} })
	for _, do := range loopbackCalls {
		if err := do(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	return answers
}

// serveElsewhere serves answers from a process of its own, as the other servers
// are, and returns where.
func serveElsewhere(t *testing.T, answers canned) string {
	t.Helper()
	is := is.New(t)
	text, err := json.Marshal(answers)
	is.NoErr(err)
	file := filepath.Join(t.TempDir(), "answers.json")
	is.NoErr(os.WriteFile(file, text, 0o600))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServeAnswers$", "-answers="+file)
	stdin, err := cmd.StdinPipe()
	is.NoErr(err)
	stdout, err := cmd.StdoutPipe()
	is.NoErr(err)
	is.NoErr(cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close() // it ends
		_ = cmd.Wait()
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	is.NoErr(err)
	return strings.TrimSpace(url)
}

func TestServeAnswers(t *testing.T) {
	if *answersFile == "" {
		t.Skip("is the other process of TestLoopback")
	}
	is := is.New(t)
	text, err := os.ReadFile(*answersFile)
	is.NoErr(err)
	var answers canned
	is.NoErr(json.Unmarshal(text, &answers))
	server := httptest.NewServer(http.HandlerFunc(answers.serve))
	defer server.Close()
	fmt.Println(server.URL)
	_, err = io.Copy(io.Discard, os.Stdin)
	is.NoErr(err)
}

func (c canned) serve(w http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body) // what was sent is of no account
	body := c[req.Header.Get("X-Amz-Target")]
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	_, _ = w.Write(body) // a client that went away is no fault of ours
}
