package partiql

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dynox-go/dynox/memtable/internal/expression"
)

type tokenKind uint8

const (
	tokenEOF     tokenKind = iota
	tokenName              // abc
	tokenQuoted            // "abc"
	tokenKeyword           // one of keywords
	tokenString            // 'abc'
	tokenNumber            // 1, 1.5, .5e3
	tokenIon               // `abc`
	tokenParam             // ?
	tokenOp                // an operator, a word among them
	tokenPunct             // ( ) [ ] { } << >> , : . ;
)

// Pos is a place in a statement's text: its line and column, in characters from 1, and its length.
type Pos struct{ line, col, len int }

func (p Pos) String() string {
	return strconv.Itoa(p.line) + ":" + strconv.Itoa(p.col) + ":" + strconv.Itoa(p.len)
}

// token is a piece of the text.
type token struct {
	kind tokenKind
	text string // a keyword or operator in lower case; a string or name without its quotes
	pos  Pos
}

// isWord reports whether the token is a keyword or an operator with a text.
func (t token) isWord(text string) bool {
	return (t.kind == tokenKeyword || t.kind == tokenOp) && t.text == text
}

func (t token) isPunct(text string) bool { return t.kind == tokenPunct && t.text == text }

// lexer splits a statement into tokens. It stops at the first character or literal that is none of the
// language's.
type lexer struct {
	text      string
	pos       int
	line, col int
	tokens    []token
}

// lex returns the tokens of a text, the end among them.
func lex(text string) ([]token, error) {
	l := &lexer{text: text, line: 1, col: 1}
	for {
		if !l.skipBlank() {
			return nil, malformed("")
		}
		if l.pos == len(text) {
			return append(l.tokens, token{kind: tokenEOF, pos: Pos{l.line, l.col, 0}}), nil
		}
		if !l.next() {
			return nil, malformed("")
		}
	}
}

// malformed is the fault of a text that is no statement.
func malformed(detail string) *expression.Error {
	return errorf("Statement wasn't well formed, can't be processed: %s", detail)
}

// skipBlank moves over white space and comments. It reports false for a comment that doesn't end.
func (l *lexer) skipBlank() bool {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\v\f", rest[0]) >= 0:
			l.move(1)
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.move(end)
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return false
			}
			l.move(end + 4)
		default:
			return true
		}
	}
	return true
}

// move moves over n bytes.
func (l *lexer) move(n int) {
	for _, r := range l.text[l.pos : l.pos+n] {
		l.col++
		if r == '\n' {
			l.line, l.col = l.line+1, 1
		}
	}
	l.pos += n
}

// add adds a token of n bytes.
func (l *lexer) add(kind tokenKind, text string, n int) bool {
	pos := Pos{l.line, l.col, utf8.RuneCountInString(l.text[l.pos : l.pos+n])}
	l.tokens = append(l.tokens, token{kind, text, pos})
	l.move(n)
	return true
}

// next adds the token that comes next. It reports false where there is none.
func (l *lexer) next() bool {
	rest := l.text[l.pos:]
	switch c := rest[0]; {
	case isNameStart(c):
		return l.word(rest)
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return l.number(rest)
	case c == '\'':
		return l.quoted(tokenString, rest, "'")
	case c == '"':
		return l.quoted(tokenQuoted, rest, `"`)
	case c == '`':
		return l.quoted(tokenIon, rest, "`")
	case c == '?':
		return l.add(tokenParam, "?", 1)
	}
	for _, op := range [...]string{"<=", "<>", ">=", "!=", "||", "=", "+", "-", "*", "/", "%", "@"} {
		if strings.HasPrefix(rest, op) {
			return l.add(tokenOp, strings.Replace(op, "!=", "<>", 1), len(op))
		}
	}
	for _, punct := range [...]string{"<<", ">>", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";"} {
		if strings.HasPrefix(rest, punct) {
			return l.add(tokenPunct, punct, len(punct))
		}
	}
	if rest[0] == '<' || rest[0] == '>' {
		return l.add(tokenOp, rest[:1], 1)
	}
	return false
}

func (l *lexer) word(rest string) bool {
	n := 1
	for n < len(rest) && (isNameStart(rest[n]) || isDigit(rest[n])) {
		n++
	}
	switch word := strings.ToLower(rest[:n]); {
	case wordOperators[word]:
		return l.add(tokenOp, word, n)
	case keywords[word]:
		return l.add(tokenKeyword, word, n)
	}
	return l.add(tokenName, rest[:n], n)
}

// quoted adds what stands between quotes, of which two are one.
func (l *lexer) quoted(kind tokenKind, rest, quote string) bool {
	for n := 1; n < len(rest); n++ {
		if rest[n] != quote[0] {
			continue
		}
		if n+1 < len(rest) && rest[n+1] == quote[0] {
			n++
			continue
		}
		return l.add(kind, strings.ReplaceAll(rest[1:n], quote+quote, quote), n+1)
	}
	return false
}

func (l *lexer) number(rest string) bool {
	digits := func(n int) int {
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		return n
	}
	n, fraction := digits(0), 0
	if n < len(rest) && rest[n] == '.' {
		end := digits(n + 1)
		n, fraction = end, end-n-1
	}
	if n < len(rest) && rest[n]|0x20 == 'e' {
		sign := n + 1
		if sign < len(rest) && (rest[sign] == '+' || rest[sign] == '-') {
			sign++
		}
		end := digits(sign)
		exponent, err := strconv.ParseInt(strings.TrimPrefix(rest[n+1:end], "+"), 10, 32)
		if err != nil || int64(fraction)-exponent > math.MaxInt32 { // the service's decimals have a scale of 32 bits
			return false
		}
		n = end
	}
	return l.add(tokenNumber, rest[:n], n)
}

func isNameStart(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '$'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
