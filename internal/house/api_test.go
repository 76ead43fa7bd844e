package house_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/api anew")

// What the packages export does not change by accident: it is listed in testdata/api, a file for
// each package. After a change that is meant: go test ./internal/house -update, and a line in
// CHANGELOG.md.
func TestAPI(t *testing.T) {
	golden := filepath.Join("testdata", "api")
	listed := map[string]bool{}
	for dir, files := range public(t) {
		name := strings.ReplaceAll(dir, "/", "_") + ".txt"
		if dir == "." {
			name = "dynox.txt"
		}
		listed[name] = true
		text := exported(t, files)
		path := filepath.Join(golden, name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // others read it, too
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path) //nolint:gosec // of this folder
		if err != nil {
			t.Errorf("package %s has no list: go test ./internal/house -update", dir)
		} else if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(text, "\n")); diff != "" {
			t.Errorf("package %s exports something else (go test ./internal/house -update):\n%s", dir, diff)
		}
	}
	if len(listed) < 10 {
		t.Fatalf("%d packages were found", len(listed))
	}
	entries, err := os.ReadDir(golden)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !listed[e.Name()] {
			t.Errorf("%s is of no package", e.Name())
		}
	}
}

// public are the files of each package that others may import, by its folder.
func public(t *testing.T) map[string][]source {
	t.Helper()
	packages := map[string][]source{}
	for _, s := range append(sources(t), nested(t, "hooks/otel")...) {
		dir := filepath.ToSlash(filepath.Dir(s.path))
		switch {
		case strings.HasSuffix(s.path, "_test.go"), strings.Contains("/"+dir+"/", "/internal/"), strings.HasPrefix(dir, "bench"),
			strings.HasPrefix(dir, "examples"), strings.HasPrefix(dir, "cmd"), strings.Contains(dir, "/cmd"), dir == "docs":
			continue
		}
		packages[dir] = append(packages[dir], s)
	}
	return packages
}

// nested are the files of a package that is a module of its own.
func nested(t *testing.T, dir string) []source {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no files in ", dir, err)
	}
	var files []source
	for _, path := range paths {
		text, err := os.ReadFile(path) //nolint:gosec // of this repository
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, source{dir + "/" + filepath.Base(path), text})
	}
	return files
}

// exported are the declarations that a package exports, without comments and bodies, sorted.
func exported(t *testing.T, files []source) string {
	t.Helper()
	var all []string
	for _, s := range files {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, s.path, s.text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(file)
		for _, d := range file.Decls {
			for _, part := range parts(d) {
				var b bytes.Buffer
				if err := (&printer.Config{Mode: printer.RawFormat, Tabwidth: 4}).Fprint(&b, fset, part); err != nil {
					t.Fatal(err)
				}
				all = append(all, b.String())
			}
		}
	}
	slices.Sort(all)
	return fmt.Sprintln(strings.Join(all, "\n"))
}

// parts are a declaration's functions, types, constants and variables, each by itself.
func parts(d ast.Decl) []ast.Decl {
	switch d := d.(type) {
	case *ast.FuncDecl:
		d.Body = nil
		if d.Recv != nil && !ownerExported(d) {
			return nil
		}
		return []ast.Decl{d}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return nil
		}
		if d.Tok == token.CONST { // a value may follow from the one before
			return []ast.Decl{d}
		}
		var all []ast.Decl
		for _, s := range d.Specs {
			all = append(all, &ast.GenDecl{Tok: d.Tok, Specs: []ast.Spec{s}})
		}
		return all
	}
	return nil
}

// ownerExported reports whether a method is one of an exported type.
func ownerExported(d *ast.FuncDecl) bool {
	owner := d.Recv.List[0].Type
	for {
		switch o := owner.(type) {
		case *ast.StarExpr:
			owner = o.X
		case *ast.IndexExpr:
			owner = o.X
		case *ast.IndexListExpr:
			owner = o.X
		case *ast.Ident:
			return o.IsExported()
		default:
			return false
		}
	}
}
