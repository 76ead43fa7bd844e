package wire

import (
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// String reads a string and returns its text as UTF-8. The text aliases the document where that holds
// it verbatim, and is freshly allocated otherwise. Bytes that are not UTF-8 and lone surrogates become U+FFFD.
func (s *Scanner) String() ([]byte, error) {
	raw, verbatim, err := s.quoted()
	if err != nil || verbatim {
		return raw, err
	}
	return unescape(make([]byte, 0, len(raw)), raw), nil
}

// Text is String without the allocation: what the document does not hold verbatim is written to buf, from its
// start, and text aliases that. It returns buf, which may have grown.
func (s *Scanner) Text(buf []byte) (text, grown []byte, err error) {
	raw, verbatim, err := s.quoted()
	if err != nil || verbatim {
		return raw, buf, err
	}
	buf = unescape(slices.Grow(buf[:0], len(raw)), raw)
	return buf, buf, nil
}

// AppendText reads a string and appends its text, as [Scanner.String] gives it, to dst.
func (s *Scanner) AppendText(dst []byte) ([]byte, error) {
	raw, verbatim, err := s.quoted()
	if err != nil {
		return dst, err
	}
	if verbatim {
		return append(dst, raw...), nil
	}
	return unescape(dst, raw), nil
}

// AppendBytes reads a string of standard, padded base64 and appends what it stands for to dst.
// White space inside the base64 is refused, as are bits left over that are not zero.
func (s *Scanner) AppendBytes(dst []byte) ([]byte, error) {
	text, err := s.String()
	if err != nil {
		return dst, err
	}
	out, err := base64Strict.AppendDecode(dst, text)
	if err != nil || len(out)-len(dst) != decodedLen(text) {
		return dst, s.fail("invalid base64")
	}
	return out, nil
}

var base64Strict = base64.StdEncoding.Strict()

// decodedLen is how many bytes text stands for, if it is base64 without the line breaks that encoding/base64
// passes over; -1 if it cannot be.
func decodedLen(text []byte) int {
	if len(text)%4 != 0 {
		return -1
	}
	n := len(text) / 4 * 3
	for i := len(text) - 1; i >= 0 && text[i] == '='; i-- {
		n--
	}
	return n
}

// Verbatim reads a string that stands at the scanner's position, without white space before it, and that the
// document holds as it is: printable ASCII without escapes. It returns the text, which aliases the document, or
// ok false and leaves the scanner where it is.
func (s *Scanner) Verbatim() (text []byte, ok bool) {
	d, i := s.data, s.pos+1
	if i >= len(d) || d[i-1] != '"' {
		return nil, false
	}
	for ; len(d)-i >= 8; i += 8 {
		if special := specials(binary.LittleEndian.Uint64(d[i:])); special != 0 {
			i += bits.TrailingZeros64(special) / 8
			goto stop
		}
	}
	for ; i < len(d) && stops[d[i]] == 0; i++ {
	}
stop:
	if i < len(d) && d[i] == '"' {
		text = d[s.pos+1 : i]
		s.pos = i + 1
		return text, true
	}
	return nil, false
}

// Integer reads a string that stands at the scanner's position, without white space before it, and that holds an
// integer of up to 18 digits and nothing else, a minus apart. Otherwise ok is false and the scanner stays where it is.
func (s *Scanner) Integer() (n int64, ok bool) {
	d, i := s.data, s.pos+1
	if i >= len(d) || d[i-1] != '"' {
		return 0, false
	}
	negative := d[i] == '-'
	if negative {
		i++
	}
	start := i
	for ; i < len(d) && d[i]-'0' <= 9; i++ {
		n = n*10 + int64(d[i]-'0')
	}
	if digits := i - start; digits == 0 || digits > 18 || i >= len(d) || d[i] != '"' {
		return 0, false
	}
	s.pos = i + 1
	if negative {
		n = -n
	}
	return n, true
}

// quoted reads a string and returns what stands between its quotes. It checks the escapes; verbatim says
// that there are none, and that the text is valid UTF-8.
func (s *Scanner) quoted() (raw []byte, verbatim bool, err error) {
	if s.byte() != '"' {
		return nil, false, s.fail("expected a string")
	}
	if raw, ok := s.Verbatim(); ok {
		return raw, true, nil
	}
	d, start := s.data, s.pos+1
	verbatim = true
	for i := start; ; {
		if i < len(d) && d[i] != '\\' {
			i += plain(d[i:])
		}
		if i >= len(d) {
			break
		}
		switch c := d[i]; {
		case c == '"':
			s.pos = i + 1
			return d[start:i], verbatim, nil
		case c == '\\':
			verbatim = false
			n := escapeLen(d[i:])
			if n == 0 {
				s.pos = i
				return nil, false, s.fail("invalid escape")
			}
			i += n
		case c < ' ':
			s.pos = i
			return nil, false, s.fail("control character in a string")
		default:
			r, n := utf8.DecodeRune(d[i:])
			if r == utf8.RuneError && n == 1 {
				verbatim = false
			}
			i += n
		}
	}
	s.pos = len(d)
	return nil, false, s.fail("unexpected end")
}

// plain returns how many bytes at the start of d stand for themselves in a string: ASCII, but for controls,
// quotes and backslashes. It looks at eight bytes at a time.
func plain(d []byte) int {
	i := 0
	for ; len(d)-i >= 8; i += 8 {
		if special := specials(binary.LittleEndian.Uint64(d[i:])); special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for i < len(d) && stops[d[i]] == 0 {
		i++
	}
	return i
}

const ones, highs = 0x0101010101010101, 0x8080808080808080

// specials has the highest bit of each byte of x set that does not stand for itself in a string, up to the
// lowest such byte; those behind it may be set or not.
func specials(x uint64) uint64 {
	return (controls(x) | x) & highs
}

// controls is specials without the bytes above ASCII, and with other bits set too.
func controls(x uint64) uint64 {
	quote, slash := x^'"'*ones, x^'\\'*ones
	// In each term the highest bit of a byte says: below a space, a quote, a backslash.
	// A borrow may set it in bytes behind the first such byte, never before it.
	return (x-' '*ones)&^x | (quote-ones)&^quote | (slash-ones)&^slash
}

// stops says of each byte why it does not stand for itself in a string: 1 for controls, quotes and backslashes,
// 2 for those above ASCII.
var stops = func() (stops [256]byte) {
	for c := range stops {
		switch {
		case c >= utf8.RuneSelf:
			stops[c] = 2
		case c < ' ' || c == '"' || c == '\\':
			stops[c] = 1
		}
	}
	return stops
}()

// escapeLen returns the length of the escape that d starts with; 0 if it isn't one.
func escapeLen(d []byte) int {
	if len(d) < 2 {
		return 0
	}
	if unescaped[d[1]] != 0 {
		return 2
	}
	if d[1] == 'u' && len(d) >= 6 && hex4(d[2:6]) >= 0 {
		return 6
	}
	return 0
}

// hex4 returns the number that four hexadecimal digits stand for; -1 if they aren't.
func hex4(d []byte) rune {
	var r rune
	for _, c := range d[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape appends the text that raw, checked by quoted, stands for.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			n := plain(raw[i:])
			if n > 0 {
				dst = append(dst, raw[i:i+n]...)
			} else {
				var r rune
				r, n = utf8.DecodeRune(raw[i:])
				dst = utf8.AppendRune(dst, r)
			}
			i += n
			continue
		}
		c := raw[i+1]
		i += 2
		if c != 'u' {
			dst = append(dst, unescaped[c])
			continue
		}
		r := hex4(raw[i:])
		i += 4
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
				pair = utf16.DecodeRune(r, hex4(raw[i+2:]))
			}
			if r = pair; r != utf8.RuneError {
				i += 6
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// unescaped maps the letter of an escape to what it stands for; 0 if it is none of one letter.
var unescaped = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}
