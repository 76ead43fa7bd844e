package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// site is a place in the source and what stands there when its change is switched on. In code, %[1]d is the
// change's number.
type site struct {
	file       string
	source     []byte
	start, end int
	was, is    string // for people
	code       string // what stands there in the test binary
}

func (s site) String() string {
	return fmt.Sprintf("%s:%d: %s", s.file, 1+bytes.Count(s.source[:s.start], []byte("\n")), s.name())
}

// name tells the change by the text of its line, so that it outlives changes elsewhere in the file.
func (s site) name() string {
	from := bytes.LastIndexByte(s.source[:s.start], '\n') + 1
	to := from + bytes.IndexByte(s.source[from:], '\n')
	was, _, _ := strings.Cut(s.was, "\n")
	return fmt.Sprintf("%s: `%s`: %s becomes %s", filepath.Base(s.file), bytes.TrimSpace(s.source[from:to]), was, s.is)
}

// apart returns the first n sites that don't lie within each other.
func apart(sites []site, n int) (found []site) {
next:
	for _, s := range sites {
		if len(found) == n {
			break
		}
		for _, f := range found {
			if f.file == s.file && f.start < s.end && s.start < f.end {
				continue next
			}
		}
		found = append(found, s)
	}
	return found
}

// allSites finds every place in the engine's source that a change may be made in.
func allSites(only, skip *regexp.Regexp) (sites []site, err error) {
	var files []string
	for _, pattern := range []string{"memtable/*.go", "memtable/internal/*/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || skip.MatchString(file) || !only.MatchString(file) {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, file, source, 0)
		if err != nil {
			return nil, err
		}
		f := finder{offset: func(p token.Pos) int { return set.Position(p).Offset }, site: site{file: file, source: source}}
		ast.Inspect(tree, f.visit)
		sites = append(sites, f.sites...)
	}
	if len(sites) == 0 {
		return nil, fmt.Errorf("no source to change: run it from the module's root")
	}
	return sites, nil
}

// finder collects the sites of a file.
type finder struct {
	offset func(token.Pos) int
	site
	sites []site
}

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.offset(n.Pos()):f.offset(n.End())])
}

// add notes that a node may be changed.
func (f *finder) add(n ast.Node, is, code string) {
	s := f.site
	s.start, s.end, s.was, s.is, s.code = f.offset(n.Pos()), f.offset(n.End()), f.text(n), is, code
	f.sites = append(f.sites, s)
}

// swapped are operators, each with what it is confused with.
var swapped = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.LAND: token.LOR, token.LOR: token.LAND, token.ADD: token.SUB, token.SUB: token.ADD,
	token.INC: token.DEC, token.DEC: token.INC, token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN,
}

// visit finds what may be changed of one node: an operator, a number, a truth, a condition, a statement.
func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok != token.CONST // they can't have switches
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.BasicLit:
		if v, err := strconv.Atoi(n.Value); err == nil && n.Kind == token.INT {
			f.add(n, strconv.Itoa(v+1), fmt.Sprintf("mutantPick(%%[1]d, %d, %d)", v, v+1))
		}
	case *ast.Ident:
		switch n.Name {
		case "true":
			f.add(n, "false", "!mutant(%[1]d)")
		case "false":
			f.add(n, "true", "mutant(%[1]d)")
		}
	case *ast.IfStmt:
		f.add(n.Cond, "its opposite", "(mutant(%[1]d) != ("+escape(f.text(n.Cond))+"))")
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
	}
	return true
}

func (f *finder) binary(n *ast.BinaryExpr) {
	other, ok := swapped[n.Op]
	if !ok {
		return
	}
	x, y := escape(f.text(n.X)), escape(f.text(n.Y))
	is := fmt.Sprintf("%s %s %s", f.text(n.X), other, f.text(n.Y))
	if n.Op != token.ADD && n.Op != token.SUB {
		f.add(n, is, fmt.Sprintf("(mutant(%%[1]d) && (%s %s %s) || !mutant(%%[1]d) && (%s %s %s))", x, other, y, x, n.Op, y))
	} else if !calls(n) { // both are computed
		f.add(n, is, fmt.Sprintf("mutantPick(%%[1]d, %s %s %s, %s %s %s)", x, n.Op, y, x, other, y))
	}
}

// statements finds statements that may be left out, or do the opposite.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		text := escape(f.text(s))
		opposite := func(x string, tok token.Token, y string) {
			if other, ok := swapped[tok]; ok {
				is := strings.TrimSpace(fmt.Sprintf("%s %s %s", x, other, y))
				f.add(s, is, fmt.Sprintf("if mutant(%%[1]d) { %s } else { %s }", escape(is), text))
			}
		}
		switch s := s.(type) {
		case *ast.IncDecStmt:
			opposite(f.text(s.X), s.Tok, "")
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				f.add(s, "nothing", "if !mutant(%[1]d) { "+text+" }")
				opposite(f.text(s.Lhs[0]), s.Tok, f.text(s.Rhs[0]))
			}
		case *ast.ExprStmt:
			f.add(s, "nothing", "if !mutant(%[1]d) { "+text+" }")
		}
	}
}

// calls reports whether an expression calls anything but len.
func calls(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			name, ok := c.Fun.(*ast.Ident)
			found = found || !ok || name.Name != "len"
		}
		return !found
	})
	return found
}

// escape makes source part of a format.
func escape(source string) string { return strings.ReplaceAll(source, "%", "%%") }
