package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// Every error that a package exports is in the table of errors.
func TestErrorsAreListed(t *testing.T) {
	is := is.New(t)
	page, err := os.ReadFile("errors.md")
	is.NoErr(err)
	lists, err := filepath.Glob("../internal/house/testdata/api/*.txt")
	is.NoErr(err)
	exported := regexp.MustCompile(`(?m)^\s*(?:var )?(Err[A-Z]\w+)\s*=|^type (\w*Error) struct`)
	n := 0
	for _, list := range lists {
		text, err := os.ReadFile(list) //nolint:gosec // of this repository
		is.NoErr(err)
		pkg := strings.TrimSuffix(filepath.Base(list), ".txt")
		for _, m := range exported.FindAllStringSubmatch(string(text), -1) {
			n++
			if name := pkg + "." + m[1] + m[2]; !strings.Contains(string(page), name+"`") {
				t.Errorf("errors.md has no %s", name)
			}
		}
	}
	is.True(n > 40)
}
