package memtable_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dynox-go/dynox/memtable"
)

// TestCases runs the files in testdata/cases, whose form parseCases tells: on an engine in process, over
// HTTP, and, in cases_endpoint_test.go, on DynamoDB Local.
func TestCases(t *testing.T) {
	files := caseFiles(t, "*.txt")
	t.Run("memtable", func(t *testing.T) {
		inProcess := func(e *memtable.Engine) http.Handler { return e }
		for _, file := range files {
			t.Run(file.name, func(t *testing.T) { file.runOnEngine(t, inProcess) })
		}
	})
	t.Run("HTTP", func(t *testing.T) {
		for _, file := range files {
			t.Run(file.name, func(t *testing.T) {
				file.runOnEngine(t, func(e *memtable.Engine) http.Handler { return overHTTP(t, e) })
			})
		}
	})
	t.Run("endpoint", func(t *testing.T) {
		endpoint := os.Getenv("DYNOX_TEST_ENDPOINT")
		if endpoint == "" {
			t.Skip("DYNOX_TEST_ENDPOINT is not set")
		}
		for _, file := range files {
			t.Run(file.name, func(t *testing.T) { file.runOnEndpoint(t, endpoint) })
		}
	})
}

type caseFile struct {
	name  string
	cases []testCase
}

func caseFiles(t testing.TB, pattern string) (files []caseFile) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata/cases", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := parseCases(string(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		files = append(files, caseFile{name: strings.TrimSuffix(filepath.Base(path), ".txt"), cases: cases})
	}
	return files
}

// runOnEngine runs a file's cases on engines that are asked by way of via.
func (f caseFile) runOnEngine(t *testing.T, via func(*memtable.Engine) http.Handler) {
	t.Helper()
	var engine *memtable.Engine
	var handler http.Handler
	kept := map[string]string{}
	for _, c := range f.cases {
		if engine == nil || c.fresh {
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			clock := memtable.WithClock(func() time.Time { return start })
			engine = memtable.New(t, append([]memtable.Option{clock}, c.options...)...)
			handler = via(engine)
		}
		engine.Advance(c.pause)
		for _, fail := range c.faults {
			fail(engine)
		}
		t.Run(fmt.Sprintf("line %d", c.line), func(t *testing.T) {
			c := c.with(kept)
			code, text := post(t, handler, c.operation, c.body, c.header...)
			if difference := c.difference(t, code, text); difference != "" {
				t.Error(difference)
			}
			c.keepTexts(t, text, kept)
		})
		if err := engine.Check(); err != nil {
			t.Fatalf("after line %d: %v", c.line, err)
		}
	}
}

// overHTTP serves an engine on a port, and returns what passes requests on to it.
func overHTTP(t *testing.T, engine *memtable.Engine) http.Handler {
	t.Helper()
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = &http.Transport{DisableCompression: true} // checksums are of what is sent
	return proxy
}

var keptName = regexp.MustCompile(`\$[a-z]+`)

// with is the case with the texts that earlier ones kept.
func (c testCase) with(kept map[string]string) testCase {
	if len(kept) == 0 {
		return c
	}
	text := func(name string) string { return kept[name[1:]] }
	c.body = keptName.ReplaceAllStringFunc(c.body, text)
	c.answer = keptName.ReplaceAllStringFunc(c.answer, text)
	return c
}

// keepTexts notes what of an answer later cases name.
func (c testCase) keepTexts(t *testing.T, text string, kept map[string]string) {
	t.Helper()
	for i := 0; i+1 < len(c.keep); i += 2 {
		kept[c.keep[i]] = textAt(t, text, c.keep[i+1])
	}
}

// difference tells how an answer is not the one that the case wants; "" if it is.
func (c testCase) difference(t *testing.T, code int, text string) string {
	t.Helper()
	if code != c.status {
		return fmt.Sprintf("%s %s\n got status %d: %s\nwant %d: %s", c.operation, short(c.body), code, short(text), c.status, short(c.answer))
	}
	var got string
	switch {
	case c.answer == "*":
		return ""
	case c.answer[0] == '{':
		if agree(parsed(t, text), parsed(t, c.answer)) {
			return ""
		}
		got, c.answer = canonical(t, text), canonical(t, c.answer)
	default:
		if got = exception(t, text); got == c.answer {
			return ""
		}
	}
	return fmt.Sprintf("%s %s\n got %s\nwant %s", c.operation, short(c.body), short(got), short(c.answer))
}

// short is a text without the middle of a very long one.
func short(text string) string {
	const most = 5000
	if len(text) <= most {
		return text
	}
	return text[:most/2] + "…" + text[len(text)-most/2:]
}

// agree reports whether an answer is the one that a case wants.
func agree(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for name, w := range want {
			if g, ok := got[name]; !ok || !agree(g, w) {
				return false
			}
		}
		return true
	case []any:
		got, ok := got.([]any)
		return ok && slices.EqualFunc(got, want, agree)
	case string:
		text, ok := got.(string)
		return ok && (text == want || want == "*")
	}
	return got == want
}
