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
	replace := map[string]string{}
	put := func(file, text string) error {
		full, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		if replace[full] == "" {
			replace[full] = filepath.Join(b.dir, strconv.Itoa(len(replace))+".go")
		}
		return os.WriteFile(replace[full], []byte(text), 0o600)
	}
	for file, numbers := range b.byFile() {
		text := b.switched(numbers)
		name := regexp.MustCompile(`(?m)^package (\w+)`).FindStringSubmatch(text)[1]
		if err := put(file, text); err != nil {
			return nil, err
		}
		if err := put(filepath.Join(filepath.Dir(file), "mutant_switches.go"), fmt.Sprintf(switches, name)); err != nil {
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
	for _, m := range regexp.MustCompile(`\bmutant(\d+)\.go:`).FindAllSubmatch(out, -1) {
		n, _ := strconv.Atoi(string(m[1]))
		wrong = append(wrong, n)
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

// switched returns a file's source with its changes, each as if it stood in a file of its own, which errors name.
func (b *binary) switched(numbers []int) string {
	slices.SortFunc(numbers, func(i, j int) int { return b.sites[i].start - b.sites[j].start })
	source, at := b.sites[numbers[0]].source, 0
	var out strings.Builder
	for _, n := range numbers {
		s := b.sites[n]
		fmt.Fprintf(&out, "%s/*line mutant%d.go:1:1*/", source[at:s.start], n)
		fmt.Fprintf(&out, s.code, n)
		fmt.Fprintf(&out, "/*line %s:1:1*/", filepath.Base(s.file))
		at = s.end
	}
	out.Write(source[at:])
	return out.String()
}
