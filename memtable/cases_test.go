package memtable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dynox-go/dynox/memtable"
)

// TestCases runs the files in testdata/cases, each on an engine of its own, from top to bottom:
//
//	# a comment: the rule, and where it comes from
//	> Operation {"its": "request"}
//	< {"the": "response"}                    with status 200; < * for any
//	! Exception: its message                 with status 400
//	! {"__type": "…", "whole": "error"}
//	= name Member.0.Member                   keeps a text of the answer: $name stands for it from here on
//	@ 90m                                    so much time passes
//
// Requests and answers may go on in lines that begin with white space. Numbers in answers are compared by
// their text, names of members without regard to their order; "*" is any text. It is the first second
// of 2026.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		cases := parseCases(t, string(text))
		t.Run(name, func(t *testing.T) {
			runCases(t, cases, func(engine *memtable.Engine) http.Handler { return engine })
		})
		t.Run(name+" over HTTP", func(t *testing.T) {
			runCases(t, cases, func(engine *memtable.Engine) http.Handler { return overHTTP(t, engine) })
		})
	}
}

// runCases runs cases on an engine that is asked by way of via.
func runCases(t *testing.T, cases []testCase, via func(*memtable.Engine) http.Handler) {
	t.Helper()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	engine := memtable.New(t, memtable.WithClock(func() time.Time { return start }))
	handler, kept := via(engine), map[string]string{}
	for _, c := range cases {
		engine.Advance(c.pause)
		t.Run(fmt.Sprintf("line %d", c.line), func(t *testing.T) { c.run(t, handler, kept) })
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

type testCase struct {
	line                    int
	operation, body, answer string
	keep                    []string      // names and paths
	pause                   time.Duration // before the request
}

func parseCases(t testing.TB, text string) (cases []testCase) {
	t.Helper()
	var last *string // what lines that begin with white space continue
	var pause time.Duration
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
		case line[0] == '>':
			operation, body, _ := strings.Cut(strings.TrimSpace(line[1:]), " ")
			cases = append(cases, testCase{line: i + 1, operation: operation, body: body, pause: pause})
			pause = 0
			last = &cases[len(cases)-1].body
		case line[0] == '<' || line[0] == '!':
			last = &cases[len(cases)-1].answer
			*last = line
		case line[0] == '=':
			c := &cases[len(cases)-1]
			c.keep = append(c.keep, strings.Fields(line[1:])...)
		case line[0] == '@':
			d, err := time.ParseDuration(strings.TrimSpace(line[1:]))
			if err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			pause += d
		case line[0] == ' ' || line[0] == '\t':
			*last += strings.TrimSpace(line)
		default:
			t.Fatalf("line %d is none of a case's", i+1)
		}
	}
	return cases
}

var keptName = regexp.MustCompile(`\$[a-z]+`)

func (c testCase) run(t *testing.T, engine http.Handler, kept map[string]string) {
	keptIn := func(text string) string {
		return keptName.ReplaceAllStringFunc(text, func(name string) string { return kept[name[1:]] })
	}
	if len(kept) > 0 {
		c.body, c.answer = keptIn(c.body), keptIn(c.answer)
	}
	code, text := post(t, engine, c.operation, c.body)
	kind, want := c.answer[0], strings.TrimSpace(c.answer[1:])
	if status := map[byte]int{'<': http.StatusOK, '!': http.StatusBadRequest}[kind]; code != status {
		t.Fatalf("%s: status %d: %s", c.operation, code, text)
	}
	switch {
	case kind == '<' && want == "*":
	case kind == '<' || want[0] == '{':
		if !agree(parsed(t, text), parsed(t, want)) {
			t.Errorf("%s %s\n got %s\nwant %s", c.operation, c.body, canonical(t, text), canonical(t, want))
		}
	default:
		if got := exception(t, text); got != want {
			t.Errorf("%s %s\n got %s\nwant %s", c.operation, c.body, got, want)
		}
	}
	for i := 0; i+1 < len(c.keep); i += 2 {
		kept[c.keep[i]] = textAt(t, text, c.keep[i+1])
	}
}

// textAt returns a text inside JSON, by a path of members and indexes.
func textAt(t *testing.T, text, path string) string {
	t.Helper()
	var at any
	if err := json.Unmarshal([]byte(text), &at); err != nil {
		t.Fatal(err)
	}
	for step := range strings.SplitSeq(path, ".") {
		switch v := at.(type) {
		case map[string]any:
			at = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				t.Fatalf("%s isn't in %s", path, text)
			}
			at = v[i]
		}
	}
	found, ok := at.(string)
	if !ok {
		t.Fatalf("%s isn't a text in %s", path, text)
	}
	return found
}

// parsed reads JSON, numbers as they are.
func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
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

// canonical prints JSON with sorted members, numbers as they are.
func canonical(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(parsed(t, text)); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

// exception prints an error as cases do.
func exception(t *testing.T, text string) string {
	t.Helper()
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	_, name, _ := strings.Cut(e.Type, "#")
	return name + ": " + e.Message
}
