package ion

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$'
}

// symbol reads a symbol, if one comes next.
func (r *Reader) symbol() (name string, ok bool, err error) {
	if r.peek() == '\'' && !bytes.HasPrefix(r.text[r.pos:], []byte("'''")) {
		r.pos++
		name, err = r.quoted("'")
		return name, err == nil, err
	}
	if c := r.peek(); !isName(c) || c >= '0' && c <= '9' {
		return "", false, nil
	}
	start := r.pos
	for r.pos < len(r.text) && isName(r.peek()) {
		r.pos++
	}
	return string(r.text[start:r.pos]), true, nil
}

// str reads a string: a short one, or the segments of a long one.
func (r *Reader) str() (string, error) {
	if r.accept(`"`) {
		return r.quoted(`"`)
	}
	var out string
	for {
		start := r.pos
		if err := r.space(); err != nil {
			return "", err
		}
		if !r.accept("'''") {
			r.pos = start
			return out, nil
		}
		segment, err := r.quoted("'''")
		if err != nil {
			return "", err
		}
		out += segment
	}
}

// quoted reads what stands up to an end.
func (r *Reader) quoted(end string) (string, error) {
	var out []byte
	for r.pos < len(r.text) {
		if r.accept(end) {
			if !utf8.Valid(out) {
				return "", r.fail("a text that is no UTF-8")
			}
			return string(out), nil
		}
		switch c := r.peek(); {
		case c == '\\':
			r.pos++
			var err error
			if out, err = r.escape(out); err != nil {
				return "", err
			}
		case c == '\n' && len(end) == 1:
			return "", r.fail("a text without an end")
		default:
			out = append(out, c)
			r.pos++
		}
	}
	return "", r.fail("a text without an end")
}

var escapes = map[byte]byte{'a': '\a', 'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', 'v': '\v', '0': 0,
	'"': '"', '\'': '\'', '?': '?', '\\': '\\', '/': '/'}

// escape appends the character of an escape, after its backslash.
func (r *Reader) escape(out []byte) ([]byte, error) {
	c := r.peek()
	r.pos++
	switch c {
	case '\n':
		return out, nil
	case 'x':
		return r.code(out, 2)
	case 'u':
		return r.code(out, 4)
	case 'U':
		return r.code(out, 8)
	}
	text, ok := escapes[c]
	if !ok {
		r.pos-- // it may be behind the end
		return out, r.fail("no escape")
	}
	return append(out, text), nil
}

// code appends the character of a code of so many hexadecimal digits; of two, if it is half of a character.
func (r *Reader) code(out []byte, digits int) ([]byte, error) {
	c, ok := r.hex(digits)
	if ok && digits == 4 && utf16.IsSurrogate(c) && r.accept(`\u`) {
		var low rune
		low, ok = r.hex(4)
		c = utf16.DecodeRune(c, low)
		ok = ok && c != utf8.RuneError
	}
	if !ok || !utf8.ValidRune(c) {
		return out, r.fail("no escape")
	}
	return utf8.AppendRune(out, c), nil
}

func (r *Reader) hex(digits int) (rune, bool) {
	if r.pos+digits > len(r.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.text[r.pos:r.pos+digits]), 16, 31)
	r.pos += digits
	return rune(n), err == nil
}
