package bench

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/golden.txt anew")

// A figure may exceed the checked-in one by this much: pools are emptied by
// the garbage collector when it likes, and the SDK's buffers grow with what
// they meet.
const (
	moreAllocs = 0.02
	moreBytes  = 0.10
	less       = 0.20 // a figure that is so much lower belongs into the file
)

// What a call allocates does not grow unnoticed: the figures are compared with
// testdata/golden.txt. To change it, with a reason: go test ./bench -update.
func TestAllocations(t *testing.T) {
	if !exact {
		t.Skip("this build allocates more: it has the race detector, or no unsafe code")
	}
	if testing.Short() {
		t.Skip("takes seconds")
	}
	path := filepath.Join("testdata", "golden.txt")
	var text strings.Builder
	text.WriteString("# work, allocations, bytes\n")
	golden := map[string][2]float64{}
	if !*update {
		golden = readGolden(t, path)
	}
	for _, w := range tasks(t) {
		allocs, bytes := measure(t, w.dynox)
		fmt.Fprintf(&text, "%s %.0f %.0f\n", w.name, allocs, bytes)
		if *update {
			continue
		}
		want, ok := golden[w.name]
		switch {
		case !ok:
			t.Errorf("%s is not in %s", w.name, path)
		case allocs > want[0]*(1+moreAllocs)+2 || bytes > want[1]*(1+moreBytes)+512:
			t.Errorf("%s: %.0f allocations of %.0f bytes, more than the %.0f of %.0f", w.name, allocs, bytes, want[0], want[1])
		case allocs < want[0]*(1-less) || bytes < want[1]*(1-less):
			t.Errorf("%s: %.0f allocations of %.0f bytes, less than the %.0f of %.0f: lower them in %s", w.name, allocs, bytes, want[0], want[1], path)
		}
	}
	if *update {
		check(t, os.MkdirAll("testdata", 0o755))
		check(t, os.WriteFile(path, []byte(text.String()), 0o644))
	}
}

// measure is what f allocates, the least of several runs.
func measure(t *testing.T, f func() error) (allocs, bytes float64) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // pools stay
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const rounds, runs = 5, 4
	for round := range rounds {
		runtime.GC()
		check(t, f())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			check(t, f())
		}
		runtime.ReadMemStats(&after)
		a, b := float64(after.Mallocs-before.Mallocs)/runs, float64(after.TotalAlloc-before.TotalAlloc)/runs
		if round == 0 || a < allocs {
			allocs = a
		}
		if round == 0 || b < bytes {
			bytes = b
		}
	}
	return allocs, bytes
}

func readGolden(t *testing.T, path string) map[string][2]float64 {
	t.Helper()
	f, err := os.Open(path)
	check(t, err)
	defer func() { check(t, f.Close()) }()
	golden := map[string][2]float64{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var name string
		var allocs, bytes float64
		_, err := fmt.Sscan(lines.Text(), &name, &allocs, &bytes)
		check(t, err)
		golden[name] = [2]float64{allocs, bytes}
	}
	return golden
}
