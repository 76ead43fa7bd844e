package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/gofrs/flock"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// What is exported and imported is the same table, in each form that loses nothing.
func TestExportImport(t *testing.T) {
	servers(t, func(t *testing.T, s *site) {
		is := is.New(t)
		from := s.table(300)
		want := s.all(from)
		for _, file := range []string{"items.json", "items.json.gz", "items.zst"} {
			to := s.table(0)
			_, said := s.does("export", from, file)
			is.True(strings.Contains(said, "export "+from+": 300 items, "))
			_, said = s.does("import", file, to, "--write", "--write-units", "100000")
			is.True(strings.Contains(said, "import "+to+": 300 items in "))
			equal(t, s.all(to), want)
		}
		is.Equal(left(t), []string{"items.json", "items.json.gz", "items.zst"}) // and no state
		packed, err := os.ReadFile("items.json.gz")
		is.NoErr(err)
		is.Equal(packed[:2], []byte{0x1f, 0x8b})

		to := s.table(0)
		out, _ := s.does("export", from, "-", "--quiet")
		var said bytes.Buffer
		is.Equal(run(t.Context(), []string{"import", "-", to, "--write", "-q", "--endpoint", s.url}, streams{in: strings.NewReader(out), out: &said, err: &said}), exitDone)
		is.Equal(said.String(), "")
		equal(t, s.all(to), want)

		out, _ = s.does("export", from, "-", "--format", "plain")
		is.True(strings.Contains(out, `"status":"open"`))
	})
}

// Nothing is written over, and nothing at all without --write.
func TestRefusals(t *testing.T) {
	s, is := newSite(t), is.New(t)
	from, to := s.table(30), s.table(0)
	s.does("export", from, "items.json")
	code, _, said := s.dynox(t.Context(), "export", from, "items.json")
	is.Equal(code, exitFailed)
	is.True(strings.Contains(said, "--overwrite"))
	s.does("export", from, "items.json", "--overwrite")
	want := s.all(from)
	for _, args := range [][]string{
		{"import", "items.json", to}, {"import", "-", to}, {"copy", from, to},
		{"update", from, "--set", "x=1", "--all"}, {"delete", from, "--all"},
	} {
		code, out, said := s.dynox(t.Context(), args...)
		is.Equal(code, exitDry)
		is.Equal(out, "")
		is.True(strings.Contains(said, "add --write"))
	}
	is.Equal(len(s.all(to)), 0)
	equal(t, s.all(from), want)
	is.Equal(left(t), []string{"items.json"})

	code, _, _ = s.dynox(t.Context(), "copy", from, from, "--write")
	is.Equal(code, exitUsage)
	for _, args := range [][]string{{"import", "none.json", to, "--write"}, {"import", "items.json", "none", "--write"}, {"export", "none", "x"}, {"copy", from, "none", "--write"}, {"describe", "none"}} {
		code, _, said := s.dynox(t.Context(), args...)
		if code != exitFailed || said == "" {
			t.Errorf("%v: %d, %s", args, code, said)
		}
	}
	is.Equal(left(t), []string{"items.json"})
}

// A bad line ends an import, or is passed over. What is said of it has nothing of the line.
func TestBadLines(t *testing.T) {
	s, is := newSite(t), is.New(t)
	to := s.table(0)
	is.NoErr(os.WriteFile("x", []byte(`{"Item":{"p.k":{"S":"a"},"n":{"N":"1"}}}
{"Item":{"p.k":{"S":"secret"}}}
{"Item":{"p.k":{"S":"a"},"n":{"N":"2"}}}
`), 0o600))
	code, _, said := s.dynox(t.Context(), "import", "x", to, "--write")
	is.Equal(code, exitFailed)
	is.True(strings.Contains(said, "line 2"))
	is.True(!strings.Contains(said, "secret"))
	_, said = s.does("import", "x", to, "--write", "--skip-bad")
	is.True(strings.Contains(said, "line 2"))
	is.True(strings.Contains(said, "2 items, 1 left out"))
	is.Equal(len(s.all(to)), 2)
	is.Equal(left(t), []string{"x"})
}

// cutter is a handler that ends a context at a request.
type cutter struct {
	http.Handler
	mu   sync.Mutex
	left int
	cut  context.CancelFunc
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	if c.left--; c.left == 0 {
		c.cut()
	}
	c.mu.Unlock()
	c.Handler.ServeHTTP(w, r)
}

// cutServer is a server with tables of several pages.
type cutServer struct {
	*site
	cutter *cutter
}

func newCutServer(t *testing.T) cutServer {
	c := &cutter{Handler: memtable.New(t)}
	engine := httptest.NewServer(c)
	t.Cleanup(engine.Close)
	s := connect(t, engine.URL)
	s.pad = strings.Repeat("x", 4000)
	return cutServer{s, c}
}

// cut is a context that ends after so many requests.
func (s cutServer) cut(requests int) context.Context {
	ctx, cancel := context.WithCancel(s.t.Context())
	s.cutter.mu.Lock()
	defer s.cutter.mu.Unlock()
	s.cutter.left, s.cutter.cut = requests, cancel
	return ctx
}

// until runs a command, interrupted after so many requests, and one more each time, until it is done. It returns what it said at
// the end.
func (s cutServer) until(requests int, args ...string) string {
	s.t.Helper()
	for kills := 0; ; kills++ {
		switch code, _, said := s.dynox(s.cut(requests+kills), args...); {
		case code == exitInterrupted && kills < 100:
		case code == exitDone && kills > 0:
			return said
		default:
			s.t.Fatalf("%v: %d after %d interruptions: %s", args, code, kills, said)
		}
	}
}

// What is interrupted goes on when it is run again, and ends as what is not.
func TestInterrupted(t *testing.T) {
	s, is := newCutServer(t), is.New(t)
	from, to, other := s.table(1200), s.table(0), s.table(0)
	want := s.all(from)
	s.until(4, "export", from, "items.json.gz", "--segments", "2")
	s.until(20, "import", "items.json.gz", to, "--write")
	equal(t, s.all(to), want)
	s.until(20, "copy", from, other, "--write")
	equal(t, s.all(other), want)
	s.until(200, "update", to, "--write", "--set", "seen=true", "--rename", "total=sum", "--all", "--segments", "1")
	for _, i := range want {
		i["seen"], i["sum"] = &types.AttributeValueMemberBOOL{Value: true}, i["total"]
		delete(i, "total")
	}
	equal(t, s.all(to), want)
	said := s.until(99, "update", to, "--write", "--set", "again=1", "--remove", "pad", "--all", "--segments", "3")
	for _, i := range want {
		i["again"] = num("1")
		delete(i, "pad")
	}
	equal(t, s.all(to), want)
	is.True(strings.Contains(said, "1,200 items, 1,200 changed in ")) // each once
	s.until(100, "delete", to, "--write", "--filter", "status='open'", "--segments", "1")
	for key, i := range want {
		if i["status"].(*types.AttributeValueMemberS).Value == "open" {
			delete(want, key)
		}
	}
	equal(t, s.all(to), want)
	is.Equal(left(t), []string{"items.json.gz"})
}

// A state is good for the job that it is of.
func TestForeignState(t *testing.T) {
	s, is := newCutServer(t), is.New(t)
	from := s.table(1000) // of four pages
	ctx := s.cut(7)
	code, _, said := s.dynox(ctx, "export", from, "x", "--segments", "4")
	is.Equal(code, exitInterrupted)
	is.True(strings.Contains(said, "interrupted after "))
	is.True(strings.Contains(said, "the same command goes on"))
	is.Equal(left(t), []string{"x.part", "x.state"})
	info, err := os.Stat("x.state")
	is.NoErr(err)
	is.Equal(info.Mode().Perm(), os.FileMode(0o600))

	code, _, said = s.dynox(t.Context(), "export", from, "x", "--segments", "3")
	is.Equal(code, exitFailed)
	is.True(strings.Contains(said, "--restart"))
	part, err := os.Stat("x.part")
	is.NoErr(err)
	is.NoErr(os.Truncate("x.part", 0)) // somebody did
	code, _, said = s.dynox(t.Context(), "export", from, "x", "--segments", "4")
	if part.Size() > 0 {
		is.Equal(code, exitFailed)
		is.True(strings.Contains(said, "--restart"))
	} else { // it was interrupted before it wrote
		is.Equal(code, exitDone)
		is.NoErr(os.Remove("x"))
	}
	s.does("export", from, "x", "--segments", "3", "--restart")
	lines, err := os.ReadFile("x")
	is.NoErr(err)
	is.Equal(bytes.Count(lines, []byte("\n")), 1000)
	is.Equal(left(t), []string{"x"})

	is.NoErr(os.WriteFile("y.state", []byte("something else"), 0o600))
	code, _, _ = s.dynox(t.Context(), "export", from, "y", "--restart")
	is.Equal(code, exitFailed) // it is not removed
	kept, err := os.ReadFile("y.state")
	is.NoErr(err)
	is.Equal(string(kept), "something else")
}

// What is interrupted before it goes on has come as far as before.
func TestInterruptedAtOnce(t *testing.T) {
	s, is := newCutServer(t), is.New(t)
	from, to := s.table(1200), s.table(0)
	for _, args := range [][]string{
		{"export", from, "x", "--segments", "1"},
		{"import", "x", to, "--write"},
		{"copy", from, to, "--write", "--segments", "1"},
	} {
		for said, n := "interrupted after 0 ", 6; strings.Contains(said, "interrupted after 0 "); n++ {
			var code int
			code, _, said = s.dynox(s.cut(n), args...)
			is.Equal(code, exitInterrupted)
		}
		for requests := range 4 {
			code, _, said := s.dynox(s.cut(1+requests), args...)
			is.Equal(code, exitInterrupted)
			if strings.Contains(said, "going on after ") { // it has got as far as that
				is.True(!strings.Contains(said, " 0 items"))
			}
		}
		s.does(args...)
		if args[0] != "export" {
			equal(t, s.all(to), s.all(from))
			continue
		}
		lines, err := os.ReadFile("x")
		is.NoErr(err)
		is.Equal(bytes.Count(lines, []byte("\n")), 1200)
	}
}

// Two processes do not do the same job at once; a lock that a killed one left is free.
func TestAtOnce(t *testing.T) {
	is := is.New(t)
	s := newSite(t)
	table := s.table(50)
	lock := flock.New("items.json.state.lock")
	held, err := lock.TryLock()
	is.NoErr(err)
	is.True(held)
	code, _, said := s.dynox(t.Context(), "export", table, "items.json")
	is.Equal(code, exitFailed)
	is.True(strings.Contains(said, "another process"))
	is.Equal(left(t), []string{"items.json.state.lock"})
	is.NoErr(lock.Unlock())
	s.does("export", table, "items.json")
	is.Equal(left(t), []string{"items.json"})
}
