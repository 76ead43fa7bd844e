package expression

import (
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEOF     tokenKind = iota
	tokenInvalid           // a character that starts no token
	tokenIdent             // abc
	tokenName              // #abc
	tokenValue             // :abc
	tokenInt               // 12
	tokenPunct             // one of ( ) [ ] , . + -
	tokenCompare           // one of = <> < <= > >=
	tokenKeyword           // one of keywords, in any letter case
)

// keywords are words of the grammar of every expression, so that none of them
// is an attribute name in any.
var keywords = [...]string{"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"}

// token is a piece of the text, from start to end.
type token struct {
	kind       tokenKind
	start, end int
	text       string // a keyword is in upper case
}

// lexer splits an expression into tokens.
type lexer struct {
	text string
	pos  int
}

func (l *lexer) next() token {
	for l.pos < len(l.text) && strings.IndexByte(" \t\r\n", l.text[l.pos]) >= 0 {
		l.pos++
	}
	start := l.pos
	if start == len(l.text) {
		return token{kind: tokenEOF, start: start, end: start, text: "<EOF>"}
	}
	kind := l.scan()
	t := token{kind: kind, start: start, end: l.pos, text: l.text[start:l.pos]}
	if kind == tokenIdent {
		for _, k := range keywords {
			if strings.EqualFold(k, t.text) {
				t.kind, t.text = tokenKeyword, k
			}
		}
	}
	return t
}

// scan moves over one token and returns its kind.
func (l *lexer) scan() tokenKind {
	c := l.text[l.pos]
	switch {
	case isLetter(c):
		l.skip(isWord)
		return tokenIdent
	case c == '0':
		l.pos++
		return tokenInt
	case isDigit(c):
		l.skip(isDigit)
		return tokenInt
	}
	switch c {
	case '#', ':':
		l.pos++
		start := l.pos
		l.skip(isWord)
		switch {
		case l.pos == start:
			return tokenInvalid
		case c == '#':
			return tokenName
		}
		return tokenValue
	case '(', ')', '[', ']', ',', '.', '+', '-':
		l.pos++
		return tokenPunct
	case '=':
		l.pos++
		return tokenCompare
	case '<', '>':
		l.pos++
		if l.pos < len(l.text) && (l.text[l.pos] == '=' || c == '<' && l.text[l.pos] == '>') {
			l.pos++
		}
		return tokenCompare
	}
	_, size := utf8.DecodeRuneInString(l.text[l.pos:])
	l.pos += size
	return tokenInvalid
}

func (l *lexer) skip(part func(byte) bool) {
	for l.pos < len(l.text) && part(l.text[l.pos]) {
		l.pos++
	}
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }
