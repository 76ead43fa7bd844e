package patterns_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// TestGuide holds the code of docs/single-table.md to that of this folder, which is
// compiled and run, and its links to files that are there.
func TestGuide(t *testing.T) {
	is := is.New(t)
	guide, err := os.ReadFile("../../docs/single-table.md")
	is.NoErr(err)
	files, err := filepath.Glob("*_test.go")
	is.NoErr(err)
	var code strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		is.NoErr(err)
		code.WriteString(flat(string(text)))
	}
	blocks := strings.Split(string(guide), "```go\n")[1:]
	is.True(len(blocks) > 5)
	for _, block := range blocks {
		block, _, closed := strings.Cut(block, "```")
		is.True(closed)
		if !strings.Contains(code.String(), flat(block)) {
			t.Errorf("not in this folder:\n%s", block)
		}
	}
	for _, link := range strings.Split(string(guide), "](../")[1:] {
		path, _, _ := strings.Cut(link, ")")
		_, err := os.Stat(filepath.Join("../..", path))
		is.NoErr(err)
	}
}

// flat is code without its indentation.
func flat(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n") + "\n"
}
