package memtable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dynox-go/dynox/memtable"
)

// testCase is one request and what it must be answered.
type testCase struct {
	line            int
	fresh           bool // on an engine of its own, and those after it
	options         []memtable.Option
	faults          []func(*memtable.Engine)
	switched        bool          // the engine has switches that no other DynamoDB has
	pause           time.Duration // before the request
	header          []string      // names and values
	operation, body string
	status          int
	answer          string
	keep            []string // names and paths
	local           string   // why DynamoDB Local answers otherwise, if it does
}

// parseCases reads cases, which run on one engine from top to bottom:
//
//	# a comment: the rule, and where it comes from
//	> Operation {"its": "request"}
//	< {"the": "response"}                    with status 200; < * for any
//	! Exception: its message                 with status 400, or the one before it: ! 500 …
//	! {"__type": "…", "whole": "error"}
//	~ reason                                 DynamoDB Local answers otherwise; testdata/local.txt tells why
//	= name Member.0.Member                   keeps a text of the answer: $name stands for it from here on
//
// and before a request
//
//	% new delay 1m lag 5s                    a new engine, with such switches; see switches
//	% fail PutItem conflict                  the operation's next request fails; see faults
//	@ 90m                                    so much time passes
//	+ Header: value                          what the request's header says; + ?: the query of its address
//
// Requests and answers may go on in lines that begin with white space. In them ${text*3} stands for
// texttexttext. Numbers in answers are compared by their text, names of members without regard to their
// order; "*" is any text. It is the first second of 2026.
func parseCases(text string) (cases []testCase, err error) {
	var last *string // what lines that begin with white space continue
	var next testCase
	for i, line := range strings.Split(text, "\n") {
		var rest string
		if len(line) > 0 {
			rest = strings.TrimSpace(line[1:])
		}
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
		case line[0] == '%':
			err = next.setUp(strings.Fields(rest))
		case line[0] == '@':
			var d time.Duration
			d, err = time.ParseDuration(rest)
			next.pause += d
		case line[0] == '+':
			name, value, _ := strings.Cut(rest, ":")
			next.header = append(next.header, name, strings.TrimSpace(value))
		case line[0] == '>':
			next.line = i + 1
			next.operation, next.body, _ = strings.Cut(rest, " ")
			cases = append(cases, next)
			next = testCase{switched: next.switched}
			last = &cases[len(cases)-1].body
		case len(cases) == 0:
			err = fmt.Errorf("no request yet")
		case line[0] == '<':
			c := &cases[len(cases)-1]
			c.status, c.answer, last = http.StatusOK, rest, &c.answer
		case line[0] == '!':
			c := &cases[len(cases)-1]
			c.status, c.answer, last = http.StatusBadRequest, rest, &c.answer
			if status, answer, ok := strings.Cut(rest, " "); ok {
				if n, err := strconv.Atoi(status); err == nil {
					c.status, c.answer = n, answer
				}
			}
		case line[0] == '~':
			cases[len(cases)-1].local = rest
		case line[0] == '=':
			c := &cases[len(cases)-1]
			c.keep = append(c.keep, strings.Fields(rest)...)
		case line[0] == ' ' || line[0] == '\t':
			*last += rest
		default:
			err = fmt.Errorf("none of a case's")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	for i := range cases {
		c := &cases[i]
		c.body, c.answer = repeated(c.body), repeated(c.answer)
		if c.answer == "" {
			return nil, fmt.Errorf("line %d: no answer", c.line)
		}
	}
	return cases, nil
}

// switches are options of an engine, by the name that cases have for them.
var switches = map[string]func(value string) (memtable.Option, error){
	"delay":    ofDuration(memtable.WithTableDelay),
	"ttldelay": ofDuration(memtable.WithTTLDelay),
	"lag":      ofDuration(memtable.Lag),
	"shards": func(value string) (memtable.Option, error) {
		n, err := strconv.Atoi(value)
		return memtable.WithShards(n), err
	},
	"throttling": func(string) (memtable.Option, error) { return memtable.WithThrottling(), nil },
	"key":        func(id string) (memtable.Option, error) { return memtable.AcceptKey(id, "secret"), nil },
}

func ofDuration(option func(time.Duration) memtable.Option) func(string) (memtable.Option, error) {
	return func(value string) (memtable.Option, error) {
		d, err := time.ParseDuration(value)
		return option(d), err
	}
}

// faults are what goes wrong, by the name that cases have for it.
var faults = map[string]memtable.Fault{
	"conflict": memtable.Conflict(),
	"throttle": memtable.Throttle(),
	"internal": memtable.InternalError(),
	"partial":  memtable.Partial(1),
}

// setUp notes what a line that begins with % says of the engine.
func (c *testCase) setUp(words []string) error {
	switch {
	case len(words) == 3 && words[0] == "fail":
		fault, ok := faults[words[2]]
		if !ok {
			return fmt.Errorf("no fault is called %s", words[2])
		}
		c.switched = true
		c.faults = append(c.faults, func(e *memtable.Engine) { e.Fail(words[1], fault) })
		return nil
	case len(words) > 0 && words[0] == "new" && len(words)%2 == 1:
		c.fresh, c.switched = true, len(words) > 1
		for i := 1; i < len(words); i += 2 {
			option, ok := switches[words[i]]
			if !ok {
				return fmt.Errorf("no switch is called %s", words[i])
			}
			o, err := option(words[i+1])
			if err != nil {
				return err
			}
			c.options = append(c.options, o)
		}
		return nil
	}
	return fmt.Errorf("% s sets nothing up", words)
}

var repetition = regexp.MustCompile(`\$\{(.*?)\*(\d+)\}`)

// repeated is a text with its repetitions written out.
func repeated(text string) string {
	return repetition.ReplaceAllStringFunc(text, func(match string) string {
		part := repetition.FindStringSubmatch(match)
		n, _ := strconv.Atoi(part[2])
		return strings.Repeat(part[1], n)
	})
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
