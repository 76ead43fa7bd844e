package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// binary is the package's tests, compiled with changes that an environment variable switches on.
type binary struct {
	dir   string // where it is
	sites []site
	tests string
}

// switches is what is added to each package. It is part of the switched code alone.
const switches = `package %s

import (
	"os"
	"strconv"
)

var mutantOn = func() int {
	n, err := strconv.Atoi(os.Getenv("MUTANT"))
	if err != nil {
		return -1
	}
	return n
}()

func mutant(n int) bool { return n == mutantOn }

func mutantPick[T any](n int, off, on T) T {
	if mutant(n) {
		return on
	}
	return off
}
`

// build compiles the sites that can be compiled.
func build(sites []site, tests string) (*binary, error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	b := &binary{dir: dir, sites: sites, tests: tests}
	for len(b.sites) > 0 {
		wrong, err := b.compile()
		if err != nil {
			b.remove()
			return nil, err
		}
		if len(wrong) == 0 {
			break
		}
		slices.Sort(wrong)
		for _, n := range slices.Backward(slices.Compact(wrong)) {
			b.sites = slices.Delete(b.sites, n, n+1)
		}
	}
	return b, nil
}

func (b *binary) remove() { _ = os.RemoveAll(b.dir) }

// run runs the tests with a change, or with none for -1.
func (b *binary) run(n int) ([]byte, error) {
	cmd := exec.Command(filepath.Join(b.dir, "test"), "-test.run="+b.tests, "-test.failfast", "-test.timeout=60s")
	cmd.Dir = "memtable"
	cmd.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(n))
	return cmd.CombinedOutput()
}

// compile tries to compile the binary, and returns the numbers of the sites that stand in the way.
func (b *binary) compile() (wrong []int, err error) {
	replace, lines := map[string]string{}, map[string][]int{} // the site of each line, by the name of the changed file
	put := func(file, text string) (name string, err error) {
		full, err := filepath.Abs(file)
		if err != nil {
			return "", err
		}
		name = strings.ReplaceAll(file, string(filepath.Separator), "-")
		replace[full] = filepath.Join(b.dir, name)
		return name, os.WriteFile(replace[full], []byte(text), 0o600)
	}
	for file, numbers := range b.byFile() {
		text, of := b.switched(numbers)
		name, err := put(file, text)
		if err != nil {
			return nil, err
		}
		lines[name] = of
		pkg := regexp.MustCompile(`(?m)^package (\w+)`).FindStringSubmatch(text)[1]
		if _, err := put(filepath.Join(filepath.Dir(file), "mutant_switches.go"), fmt.Sprintf(switches, pkg)); err != nil {
			return nil, err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(b.dir, "overlay.json"), overlay, 0o600); err != nil {
		return nil, err
	}
	out, err := exec.Command("go", "test", "-c", "-vet=off", "-gcflags=-e", "-overlay="+filepath.Join(b.dir, "overlay.json"),
		"-o", filepath.Join(b.dir, "test"), "./memtable").CombinedOutput()
	if err == nil {
		return nil, nil
	}
	for _, m := range regexp.MustCompile(`(?m)([^/\s]+\.go):(\d+):\d+: `).FindAllSubmatch(out, -1) {
		line, _ := strconv.Atoi(string(m[2]))
		if of := lines[string(m[1])]; line <= len(of) && of[line-1] >= 0 {
			wrong = append(wrong, of[line-1])
		}
	}
	if len(wrong) == 0 {
		return nil, fmt.Errorf("it doesn't compile: %w\n%s", err, out)
	}
	return wrong, nil
}

// byFile returns the numbers of the sites of each file.
func (b *binary) byFile() map[string][]int {
	files := map[string][]int{}
	for i, s := range b.sites {
		files[s.file] = append(files[s.file], i)
	}
	return files
}

// switched returns a file's source with its changes, and for each of its lines which change is to blame if it is
// wrong: the last one that begins there or before.
func (b *binary) switched(numbers []int) (text string, of []int) {
	slices.SortFunc(numbers, func(i, j int) int { return b.sites[i].start - b.sites[j].start })
	source, at, blamed := b.sites[numbers[0]].source, 0, -1
	var out strings.Builder
	write := func(text string) {
		out.WriteString(text)
		for range strings.Count(text, "\n") {
			of = append(of, blamed)
		}
	}
	for _, n := range numbers {
		write(string(source[at:b.sites[n].start]))
		blamed = n
		write(" " + fmt.Sprintf(b.sites[n].code, n))
		at = b.sites[n].end
	}
	write(string(source[at:]))
	return out.String(), of
}
