package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// statement is what of a PartiQL statement can be told without the service.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
type statement struct {
	verb    string // SELECT, INSERT, UPDATE, DELETE, EXISTS
	table   string
	index   string
	columns []string // of a SELECT; nil: all
	nested  bool     // a column is something else than an attribute
	params  int      // question marks
	where   []lexeme // of a SELECT
}

// maxStatement is how many characters a statement can have.
const maxStatement = 8192

var errStatement = errors.New("it is no statement: its beginning cannot be read")

// parseStatement reads what comes before a statement's WHERE. The rest is the
// service's to judge.
func parseStatement(text string) (*statement, error) {
	if n := utf8.RuneCountInString(text); n > maxStatement {
		return nil, fmt.Errorf("a statement of %d characters: the service takes up to %d", n, maxStatement)
	}
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	s := new(statement)
	for _, t := range tokens {
		if t.is("?") {
			s.params++
		}
	}
	p := &statementParser{tokens}
	s.verb = strings.ToUpper(p.next().text)
	switch s.verb {
	case "SELECT":
		s.readColumns(p)
	case "INSERT":
		err = p.word("INTO")
	case "UPDATE":
	case "DELETE":
		err = p.word("FROM")
	case "EXISTS":
		p.until("FROM")
	default:
		return nil, errors.New("a statement begins with SELECT, INSERT, UPDATE, DELETE or EXISTS")
	}
	if err != nil {
		return nil, err
	}
	name := p.next()
	if !name.isName() {
		return nil, errStatement
	}
	s.table = name.text
	if p.peek().is(".") {
		p.next()
		if name = p.next(); !name.isName() {
			return nil, errStatement
		}
		s.index = name.text
	}
	if s.verb == "SELECT" {
		p.until("WHERE")
		s.where = p.tokens
		return s, nil
	}
	if p.until("RETURNING"); len(p.tokens) > 0 && !p.next().keyword("ALL") {
		return nil, errors.New("RETURNING of parts of an item: use ALL NEW * or ALL OLD *")
	}
	return s, nil
}

// readColumns reads what stands between SELECT and FROM.
func (s *statement) readColumns(p *statementParser) {
	columns := p.until("FROM")
	if len(columns) == 1 && columns[0].is("*") {
		return
	}
	s.columns = []string{}
	for i, t := range columns {
		switch {
		case i%2 == 0 && t.isName():
			s.columns = append(s.columns, t.text)
		case i%2 == 0 || !t.is(","):
			s.nested = true
		}
	}
	s.nested = s.nested || len(columns)%2 == 0
}

// about is what is wrong with a statement about another table than t.
func (s *statement) about(t *Table) error {
	short := func(name string) string { return name[strings.LastIndex(name, "/")+1:] }
	if s.table == t.Name || strings.HasPrefix(t.Name, "arn:") && s.table == short(t.Name) || strings.HasPrefix(s.table, "arn:") && short(s.table) == t.Name {
		return nil
	}
	return fmt.Errorf("it is about table %s, not about %s", s.table, t.Name)
}

// keyed reports whether the WHERE names the partitions that it holds in: one of
// the conditions that AND joins has the partition key equal a value, or IN some.
// It says no where it does not understand.
func (s *statement) keyed(partition string) bool {
	found, between := false, false
	w := s.where
	for i, depth, first := 0, 0, true; i < len(w); i++ {
		t := w[i]
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			depth++
		case t.is(")") || t.is("]") || t.is("}"):
			depth--
		case depth > 0:
		case t.keyword("OR"):
			return false
		case t.keyword("ORDER"):
			return found
		case t.keyword("BETWEEN"):
			between = true
		case t.keyword("AND"):
			first, between = !between, false
			continue
		case first && t.isName() && t.text == partition:
			found = found || equals(w[i+1:])
		}
		first = false
	}
	return found
}

// equals reports whether a condition goes on with = and a value, or with IN and
// values, and ends there.
func equals(rest []lexeme) bool {
	ends := func(i int) bool { return i >= len(rest) || rest[i].keyword("AND") || rest[i].keyword("ORDER") }
	switch {
	case len(rest) < 2:
		return false
	case rest[0].is("="):
		n := value(rest[1:])
		return n > 0 && ends(1+n)
	case !rest[0].keyword("IN") || !rest[1].is("[") && !rest[1].is("("):
		return false
	}
	for i := 2; i < len(rest); i++ {
		n := value(rest[i:])
		i += n
		switch {
		case n == 0 || i == len(rest):
			return false
		case rest[i].is("]") || rest[i].is(")"):
			return ends(i + 1)
		case !rest[i].is(","):
			return false
		}
	}
	return false
}

// value is how many pieces the value has that rest begins with; 0: it does not.
func value(rest []lexeme) int {
	n := 0
	for n < len(rest) && (rest[n].is("-") || rest[n].is("+")) {
		n++
	}
	if n < len(rest) && rest[n].isValue() {
		return n + 1
	}
	return 0
}

// lexeme is a piece of a statement.
type lexeme struct {
	kind tokenKind
	text string // a name without its quotes
}

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenWord             // abc
	tokenQuoted           // "abc"
	tokenValue            // a literal
	tokenMark             // anything else: one character
)

func (t lexeme) is(mark string) bool { return t.kind == tokenMark && t.text == mark }

func (t lexeme) keyword(word string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, word)
}

func (t lexeme) isName() bool { return t.kind == tokenWord || t.kind == tokenQuoted }

func (t lexeme) isValue() bool { return t.kind == tokenValue || t.is("?") }

func blank(c byte) bool { return strings.IndexByte(" \t\r\n\v\f", c) >= 0 }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// scanWhile is the end of the bytes from i on that are ok.
func scanWhile(text string, i int, ok func(byte) bool) int {
	for i < len(text) && ok(text[i]) {
		i++
	}
	return i
}

func unended(what string) ([]lexeme, error) {
	return nil, fmt.Errorf("the statement has %s that does not end", what)
}

// tokenize splits a statement.
func tokenize(text string) (tokens []lexeme, err error) {
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := text[i]; {
		case blank(c):
			i++
		case strings.HasPrefix(rest, "--"):
			if n := strings.IndexByte(rest, '\n'); n >= 0 {
				i += n
			} else {
				i = len(text)
			}
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return unended("a comment")
			}
			i += n + len("/**/")
		case c == '"' || c == '\'' || c == '`':
			unquoted, n := quoted(rest)
			if n == 0 {
				return unended("a quoted text")
			}
			i += n
			tokens = append(tokens, lexeme{pick(c == '"', tokenQuoted, tokenValue), unquoted})
		case isDigit(c):
			end := scanWhile(text, i, func(c byte) bool { return isWordByte(c) || c == '.' })
			tokens = append(tokens, lexeme{tokenValue, text[i:end]})
			i = end
		case isWordByte(c):
			end := scanWhile(text, i, isWordByte)
			tokens = append(tokens, lexeme{tokenWord, text[i:end]})
			i = end
		default:
			tokens = append(tokens, lexeme{tokenMark, text[i : i+1]})
			i++
		}
	}
	if n := len(tokens); n > 0 && tokens[n-1].is(";") {
		tokens = tokens[:n-1]
	}
	if slices.ContainsFunc(tokens, func(t lexeme) bool { return t.is(";") }) {
		return nil, errors.New("more than one statement")
	}
	return tokens, nil
}

// quoted is the text in the quotes that rest begins with, which stand for
// themselves when doubled, and how many bytes it takes; 0: it does not end.
func quoted(rest string) (text string, n int) {
	quote := rest[:1]
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] != quote[0]:
		case i+1 < len(rest) && rest[i+1] == quote[0]:
			i++
		default:
			return strings.ReplaceAll(rest[1:i], quote+quote, quote), i + 1
		}
	}
	return "", 0
}

// statementParser walks over tokens.
type statementParser struct{ tokens []lexeme }

func (p *statementParser) peek() lexeme {
	if len(p.tokens) == 0 {
		return lexeme{}
	}
	return p.tokens[0]
}

func (p *statementParser) next() lexeme {
	t := p.peek()
	if len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// word reads a keyword.
func (p *statementParser) word(word string) error {
	if !p.next().keyword(word) {
		return errStatement
	}
	return nil
}

// until reads up to a keyword, and over it.
func (p *statementParser) until(word string) (before []lexeme) {
	for len(p.tokens) > 0 {
		t := p.next()
		if t.keyword(word) {
			break
		}
		before = append(before, t)
	}
	return before
}
