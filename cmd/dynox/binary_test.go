package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable"
)

// built builds the command, once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "dynox")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "dynox")
	out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput()
	if err != nil {
		err = errors.Join(err, errors.New(string(out)))
	}
	return name, err
})

func binary(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not here: ", err)
	}
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// process is one that was started.
type process struct {
	*exec.Cmd
	out *bufio.Reader
	err said
}

// said is what a process has said so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// until waits until something is so.
func (p *process) until(t *testing.T, what func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !what(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not get there: ", p.err.String())
		}
	}
}

func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), name, args...)}
	p.Stderr = &p.err
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// interrupt sends it what Ctrl-C does, and returns what it ends with.
func (p *process) interrupt(t *testing.T) int {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	return p.ProcessState.ExitCode()
}

// A process that is killed or gets SIGINT has kept how far it has come, and another one goes on.
func TestSignal(t *testing.T) {
	is, name := is.New(t), binary(t)
	t.Chdir(t.TempDir())
	engine := start(t, name, "serve", "--addr", "127.0.0.1:0", "--snapshot", "tables", "--key", "local:local")
	line, err := engine.out.ReadString('\n')
	is.NoErr(err)
	_, url, ok := strings.Cut(strings.TrimSpace(line), "dynox: listening on ")
	is.True(ok)
	dir, err := os.Getwd()
	is.NoErr(err)
	s := connect(t, url)
	s.pad = strings.Repeat("x", 4000)
	table := s.table(1200)
	want := s.all(table)
	t.Chdir(dir)

	args := []string{"export", table, "items.json", "--endpoint", url, "--segments", "1", "--read-units", "20"}
	export := start(t, name, args...)
	export.until(t, func() bool { _, err := os.Stat("items.json.state"); return err == nil }) // there is a page
	is.NoErr(export.Process.Kill())
	_ = export.Wait()
	export = start(t, name, args...)
	export.until(t, func() bool { return strings.Contains(export.err.String(), "going on after ") }) // which takes half a minute
	is.Equal(export.interrupt(t), exitInterrupted)
	is.True(strings.Contains(export.err.String(), "the same command goes on"))
	is.Equal(left(t), []string{"items.json.part", "items.json.state"})
	_, said := s.does("export", table, "items.json", "--segments", "1")
	is.True(strings.Contains(said, "going on after "))
	is.True(strings.Contains(said, ": 1,200 items, "))
	to := s.table(0)
	s.does("import", "items.json", to, "--write")
	equal(t, s.all(to), want)

	is.Equal(engine.interrupt(t), exitDone)
	kept, err := os.Open("tables")
	is.NoErr(err)
	defer func() { is.NoErr(kept.Close()) }()
	again := memtable.New(t)
	is.NoErr(again.Restore(kept))
	lines, err := again.Dump(to)
	is.NoErr(err)
	is.Equal(len(lines), 1200)
}

// The commands of the guide do what it says.
func TestGuide(t *testing.T) {
	is, name := is.New(t), binary(t)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	is.NoErr(err)
	s := newSite(t)
	for _, table := range []string{"orders", "archive", "restored"} {
		s.named(table, 60)
	}
	s.does("update", "orders", "--write", "--all", "--set", "created=now()")
	t.Setenv("PATH", filepath.Dir(name)+string(os.PathListSeparator)+os.Getenv("PATH"))
	for key, value := range map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": s.url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"} {
		t.Setenv(key, value)
	}
	commands := 0
	inside := false
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			inside = line == "```sh"
			continue
		}
		if !inside || line == "" {
			continue
		}
		commands++
		want := exitDone
		if strings.Contains(line, "ends with 3") {
			want = exitDry
		}
		c := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", line)
		out, _ := c.CombinedOutput()
		if got := c.ProcessState.ExitCode(); got != want {
			t.Errorf("%s: %d, not %d: %s", line, got, want, out)
		}
	}
	is.True(commands >= 15)
	for _, f := range left(t) {
		if strings.HasSuffix(f, ".state") || strings.HasSuffix(f, ".part") {
			t.Error(f)
		}
	}
}
