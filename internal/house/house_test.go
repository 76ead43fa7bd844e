package house_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	module   = "github.com/dynox-go/dynox"
	maxLines = 600
	// large, in a comment, begins the reason why a file is longer than maxLines.
	large = "// Large on purpose:"
	// door is the one file that may import unsafe.
	door = "internal/codec/unsafe.go"
)

// source is a Go file of this module.
type source struct {
	path string // from the module's root, with slashes
	text []byte
}

func (s source) parse(t *testing.T) (*token.FileSet, *ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, s.path, s.text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return fset, file
}

// sources are the Go files of this module, without those of nested modules.
func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			hidden := strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."
			if hidden || entry.Name() == "testdata" || path != root && err == nil {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		files = append(files, source{filepath.ToSlash(name), text})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("only %d Go files found", len(files))
	}
	return files
}

// A file is read in one sitting, or says why not.
func TestFilesAreSmall(t *testing.T) {
	for _, s := range sources(t) {
		lines := bytes.Count(s.text, []byte("\n"))
		if lines > maxLines && !bytes.Contains(s.text, []byte(large)) {
			t.Errorf("%s has %d lines, more than %d: split it, or say why it is flat and long in a comment %q",
				s.path, lines, maxLines, large)
		}
	}
}

// Comments use the words of the glossary and leave no work undone. The engine quotes the service, which has its own.
func TestWordsOfComments(t *testing.T) {
	old := regexp.MustCompile(`(?i)\b(hash|range) keys?\b`)
	undone := regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)
	for _, s := range sources(t) {
		fset, file := s.parse(t)
		for _, group := range file.Comments {
			for _, comment := range group.List {
				at := fset.Position(comment.Pos())
				if word := undone.FindString(comment.Text); word != "" && !strings.HasPrefix(s.path, "internal/house/") {
					t.Errorf("%s: %s: do it now, or open an issue", at, word)
				}
				if word := old.FindString(comment.Text); word != "" && !strings.HasPrefix(s.path, "memtable/") {
					t.Errorf("%s: %q: the words are partition key and sort key", at, word)
				}
			}
		}
	}
}

// Each function behind the door to unsafe says why it is safe.
func TestUnsafeHasOneDoor(t *testing.T) {
	for _, s := range sources(t) {
		_, file := s.parse(t)
		imports := slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"unsafe"` })
		if imports && s.path != door {
			t.Errorf("%s imports unsafe: the one door is %s", s.path, door)
		}
		if s.path != door {
			continue
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && !bytes.Contains(s.text[f.Pos()-1:f.End()-1], []byte("// SAFETY:")) &&
				!strings.Contains(f.Doc.Text(), "SAFETY:") {
				t.Errorf("%s: %s has no comment SAFETY:", s.path, f.Name.Name)
			}
		}
	}
}

// What a package links, directly or through others. (The lint sees only direct imports.)
func TestLinks(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not here: ", err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./...")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const sdk = "github.com/aws/aws-sdk-go-v2/service/"
	rules := []struct {
		of     *regexp.Regexp // packages, by their path in the module
		except *regexp.Regexp
		never  *regexp.Regexp // what they never link
		reason string
	}{
		{regexp.MustCompile(`^(iter|internal/wire|internal/number)$`), nil, regexp.MustCompile(`^[^/]+\.[^/]+/`),
			"level 0 has the standard library alone"},
		{regexp.MustCompile(`^(expr|internal/(codec|ast))$`), nil, regexp.MustCompile(`^` + sdk + `dynamodb$`),
			"plans and expressions do no I/O"},
		{regexp.MustCompile(`^memtable`), nil, regexp.MustCompile(`^` + module + `(/expr|/internal/(ast|codec|core))?$`),
			"the engine shares nothing with what it judges"},
		{regexp.MustCompile(`^(internal/core|internal/tables|expr|tx|batch|lock|hooks|crypt|blob|stream|bulk)?$`), nil,
			regexp.MustCompile(`^` + module + `/memtable`), "the engine is for tests and servers"},
		{regexp.MustCompile(``), regexp.MustCompile(`^(crypt|examples)(/|$)`), regexp.MustCompile(`^` + sdk + `kms$`),
			"only crypt links KMS"},
		{regexp.MustCompile(``), regexp.MustCompile(`^(blob|examples)(/|$)`), regexp.MustCompile(`^` + sdk + `s3$`),
			"only blob links S3"},
		{regexp.MustCompile(``), regexp.MustCompile(`^(stream|memtable|examples|bench|internal/(testbed|server))(/|$)`), regexp.MustCompile(`^` + sdk + `dynamodbstreams$`),
			"only stream and the engine link the streams client"},
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		paths := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimPrefix(paths[0], module), "/")
		packages++
		for _, rule := range rules {
			if !rule.of.MatchString(name) || rule.except != nil && rule.except.MatchString(name) {
				continue
			}
			for _, dep := range paths[1:] {
				if rule.never.MatchString(dep) {
					t.Errorf("%s links %s: %s", paths[0], dep, rule.reason)
				}
			}
		}
	}
	if packages < 5 {
		t.Fatalf("go list found only %d packages", packages)
	}
}
