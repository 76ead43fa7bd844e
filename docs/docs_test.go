package docs_test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// Every block of Go in a page is a run of lines of a Go file that go test compiles, and whose
// output it checks where it is an Example's.
func TestBlocks(t *testing.T) {
	is := is.New(t)
	root := os.DirFS("..")
	var files []string
	is.NoErr(fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "internal" || strings.HasPrefix(d.Name(), ".") && path != "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		case !strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(path, "examples/"):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		files = append(files, "\n"+dedented(string(text))+"\n")
		return err
	}))
	blocks := 0
	for page, text := range pages(t) {
		for _, block := range blocksOf(text) {
			blocks++
			found := false
			for _, file := range files {
				found = found || strings.Contains(file, "\n"+dedented(block)+"\n")
			}
			if !found {
				t.Errorf("%s: no test or example has the lines\n%s", page, block)
			}
		}
	}
	is.True(blocks > 20) // the test finds them
}

// Links to other pages, their headings, and files of the repository lead somewhere.
func TestLinks(t *testing.T) {
	all := pages(t)
	links := 0
	for page, text := range all {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			to, err := url.Parse(m[1])
			if err != nil || to.IsAbs() {
				continue
			}
			links++
			target := page
			if to.Path != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(to.Path))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", page, m[1])
			} else if to.Fragment != "" && !hasHeading(all[target], to.Fragment) {
				t.Errorf("%s: %s leads to no heading", page, m[1])
			}
		}
	}
	is.New(t).True(links > 20)
}

var (
	code    = regexp.MustCompile("(?s)\n```.*?\n```|`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	special = regexp.MustCompile("[^a-z0-9 _-]")
)

func hasHeading(text, anchor string) bool {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		if strings.ReplaceAll(special.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

// pages are the pages of this folder and of the root, by their paths.
func pages(t *testing.T) map[string]string {
	t.Helper()
	is := is.New(t)
	pages := map[string]string{}
	for _, pattern := range []string{"*.md", "../*.md"} {
		paths, err := filepath.Glob(pattern)
		is.NoErr(err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			is.NoErr(err)
			pages[path] = string(text)
		}
	}
	return pages
}

// blocksOf are the blocks of Go in a page.
func blocksOf(page string) []string {
	var blocks []string
	for _, rest := range strings.Split(page, "\n```go\n")[1:] {
		block, _, _ := strings.Cut(rest, "\n```")
		blocks = append(blocks, block)
	}
	return blocks
}

// dedented is text without what its lines begin with: blocks stand further left than code.
func dedented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, "\t ")
	}
	return strings.Join(lines, "\n")
}
