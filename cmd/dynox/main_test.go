package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/matryer/is"
	"go.uber.org/goleak"

	"github.com/dynox-go/dynox/memtable"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The SDK's clients keep connections to servers that stay.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if name, err := built(); err == nil {
			_ = os.RemoveAll(filepath.Dir(name))
		}
		os.Exit(code)
	}), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// servers runs f with a server of the engine, and with the endpoint of the environment.
func servers(t *testing.T, f func(t *testing.T, s *site)) {
	t.Run("memtable", func(t *testing.T) { f(t, newSite(t)) })
	t.Run("endpoint", func(t *testing.T) {
		url := os.Getenv("DYNOX_TEST_ENDPOINT")
		if url == "" {
			t.Skip("DYNOX_TEST_ENDPOINT is not set")
		}
		f(t, connect(t, url))
	})
}

// site is where tables are.
type site struct {
	t      *testing.T
	url    string
	client *dynamodb.Client
	pad    string // an attribute of the items that it makes
}

func newSite(t *testing.T) *site {
	engine := httptest.NewServer(memtable.New(t))
	t.Cleanup(engine.Close)
	return connect(t, engine.URL)
}

func connect(t *testing.T, url string) *site {
	t.Chdir(t.TempDir())
	client, err := target{Endpoint: url, Region: "us-east-1"}.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &site{t: t, url: url, client: client}
}

// table makes a table with a partition key and a sort key, and puts items into it.
func (s *site) table(items int) string {
	s.t.Helper()
	name := "test-" + rand.Text()
	s.named(name, items)
	return name
}

func (s *site) named(name string, items int) {
	s.t.Helper()
	_, err := s.client.CreateTable(s.t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("p.k"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("n"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("p.k"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("n"), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		once := func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} } // the server may be gone
		_, _ = s.client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}, once)
	})
	var batch []types.WriteRequest
	for i := range items {
		batch = append(batch, types.WriteRequest{PutRequest: &types.PutRequest{Item: s.made(i)}})
		if len(batch) == 25 || i == items-1 {
			if _, err := s.client.BatchWriteItem(s.t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{name: batch}}); err != nil {
				s.t.Fatal(err)
			}
			batch = nil
		}
	}
}

// made is an item with all types, whose sort key has more digits than a float64.
func (s *site) made(i int) attributes {
	return attributes{
		"pad": text(s.pad + "."),
		"p.k": text(fmt.Sprint("p", i%7)), "n": num(fmt.Sprintf("1234567890123456789%d", i)),
		"status": text([]string{"open", "done", "open"}[i%3]), "total": num(fmt.Sprint(i)),
		"set": &types.AttributeValueMemberSS{Value: []string{"a", "b"}}, "bytes": &types.AttributeValueMemberB{Value: []byte{0, byte(i)}},
		"ship": &types.AttributeValueMemberM{Value: attributes{"city": text([]string{"Oslo", "Rome"}[i%2])}},
	}
}

type attributes = map[string]types.AttributeValue

func text(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func num(v string) types.AttributeValue  { return &types.AttributeValueMemberN{Value: v} }

// all are the items of a table, by their sort key.
func (s *site) all(table string) map[string]attributes {
	s.t.Helper()
	items := map[string]attributes{}
	for pages := dynamodb.NewScanPaginator(s.client, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)}); pages.HasMorePages(); {
		p, err := pages.NextPage(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, i := range p.Items {
			items[i["n"].(*types.AttributeValueMemberN).Value] = i
		}
	}
	return items
}

func equal(t *testing.T, got, want map[string]attributes) {
	t.Helper()
	if reflect.DeepEqual(got, want) { // cmp is slow, and knows that sets have no order
		return
	}
	unexported := cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{},
		types.AttributeValueMemberSS{}, types.AttributeValueMemberM{}, types.AttributeValueMemberL{}, types.AttributeValueMemberBOOL{},
		types.AttributeValueMemberNULL{}, types.AttributeValueMemberNS{})
	if diff := cmp.Diff(want, got, unexported, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Error(diff)
	}
}

// dynox runs a command line, and returns what it ends with and what it said.
func (s *site) dynox(ctx context.Context, args ...string) (code int, out, said string) {
	var o, e bytes.Buffer
	code = run(ctx, append(args, "--endpoint", s.url), streams{in: strings.NewReader(""), out: &o, err: &e})
	return code, o.String(), e.String()
}

// does runs a command line that must end well.
func (s *site) does(args ...string) (out, said string) {
	s.t.Helper()
	code, out, said := s.dynox(s.t.Context(), args...)
	if code != exitDone {
		s.t.Fatalf("%v: %d: %s", args, code, said)
	}
	return out, said
}

// left are the files in the folder where commands run.
func left(t *testing.T) (names []string) {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

// The help is a manual, and changes are meant to be seen.
func TestHelp(t *testing.T) {
	for _, command := range strings.Fields("dynox serve tables describe count export import copy update delete") {
		t.Run(command, func(t *testing.T) {
			is := is.New(t)
			args := []string{command, "--help"}
			if command == "dynox" {
				args = nil
			}
			var out, said bytes.Buffer
			is.Equal(run(t.Context(), args, streams{out: &out, err: &said}), exitDone)
			is.Equal(said.String(), "")
			name := filepath.Join("testdata", "help", command+".txt")
			if *update {
				is.NoErr(os.MkdirAll(filepath.Dir(name), 0o755))
				is.NoErr(os.WriteFile(name, out.Bytes(), 0o644))
			}
			want, err := os.ReadFile(name)
			is.NoErr(err)
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What makes no sense is refused before anything is sent.
// What only the service finds wrong with a filter is said in its words.
func TestWords(t *testing.T) {
	is := is.New(t)
	s := newSite(t)
	code, _, said := s.dynox(t.Context(), "count", s.table(1), "--filter", "x=")
	is.Equal(code, exitFailed)
	is.True(strings.Contains(said, "ValidationException: Invalid FilterExpression"))
}

// Where nobody listens one is told so, after seconds.
func TestNobodyAnswers(t *testing.T) {
	is := is.New(t)
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	is.NoErr(err)
	url := "http://" + free.Addr().String()
	is.NoErr(free.Close())
	var out, said bytes.Buffer
	began := time.Now()
	is.Equal(run(t.Context(), []string{"export", "orders", "-", "--endpoint", url}, streams{out: &out, err: &said}), exitFailed)
	is.True(strings.Contains(said.String(), "nobody answers at "+url))
	is.True(time.Since(began) < 20*time.Second)
}

func TestVersion(t *testing.T) {
	is := is.New(t)
	var out, said bytes.Buffer
	is.Equal(run(t.Context(), []string{"--version"}, streams{out: &out, err: &said}), exitDone)
	is.True(strings.HasPrefix(out.String(), "dynox "))
	is.True(strings.Contains(out.String(), runtime.Version()))
	is.Equal(said.Len(), 0)
}

func TestUsage(t *testing.T) {
	s := newSite(t)
	for line, why := range map[string]string{
		"bogus":                                      "unexpected argument bogus",
		"export":                                     "expected",
		"export ttt":                                 "expected",
		"export tt -":                                "3 characters",
		"export ttt - --format csv":                  "must be one of",
		"export ttt - --state x":                     "cannot be gone on with",
		"export ttt - --read-units=-1":               "from 0 on",
		"import - ttt --bogus":                       "unknown flag --bogus",
		"count ttt --segments 0":                     "one segment",
		"count ttt --filter x=":                      "",
		"count ttt --filter nope(x)":                 "no function nope",
		"count ttt --filter x='a":                    "not closed",
		"update ttt --all":                           "what is to change",
		"update ttt --set x=1":                       "which items",
		"update ttt --set x=1 --all --filter x=1":    "not for each other",
		"update ttt --set x --all":                   "attribute=value",
		"update ttt --set x=word --all":              "no value",
		"update ttt --set x=1,2 --all":               "more than a value",
		"update ttt --set x=<<1,'a'>> --all":         "of one kind",
		"update ttt --remove x[a] --all":             "place of a list",
		"update ttt --rename x --all":                "old=new",
		"update ttt --set x=1 --all --concurrency 0": "at least",
		"delete ttt":                                 "which items",
		"delete ttt --filter":                        "expected",
	} {
		code, out, said := s.dynox(t.Context(), strings.Fields(line)...)
		if line == "count ttt --filter x=" { // only the service knows
			if code != exitFailed {
				t.Errorf("%s: %d", line, code)
			}
			continue
		}
		if code != exitUsage || out != "" || !strings.Contains(said, why) {
			t.Errorf("%s: %d, %s", line, code, said)
		}
	}
	var said bytes.Buffer
	if code := run(t.Context(), []string{"tables", "--endpoint", "localhost:8000"}, streams{out: &said, err: &said}); code != exitUsage {
		t.Error(said.String())
	}
	if files := left(t); len(files) > 0 {
		t.Error(files)
	}
}
