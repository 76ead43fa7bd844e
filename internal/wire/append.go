package wire

import (
	"encoding/base64"
	"unicode/utf8"
)

// AppendString appends text as a JSON string. It escapes what JSON requires and nothing else; bytes that
// are not UTF-8 become U+FFFD.
func AppendString[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	start, i := 0, 0
	checked, valid := false, false // that what is left is UTF-8
	for {
		for i < len(text) && (stops[text[i]] == 0 || valid && stops[text[i]] == 2) {
			i++
		}
		if i == len(text) {
			break
		}
		if c := text[i]; c < utf8.RuneSelf {
			dst = append(dst, text[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		if !checked {
			checked, valid = true, isValid(text[i:])
			continue
		}
		r, n := decodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, text[start:i]...)
			dst = append(dst, "\uFFFD"...)
			start = i + 1
		}
		i += n
	}
	dst = append(dst, text[start:]...)
	return append(dst, '"')
}

func isValid[T string | []byte](text T) bool {
	if b, ok := any(text).([]byte); ok {
		return utf8.Valid(b)
	}
	return utf8.ValidString(string(text))
}

func decodeRune[T string | []byte](text T) (rune, int) {
	return utf8.DecodeRuneInString(string(text[:min(len(text), utf8.UTFMax)]))
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// AppendBytes appends data as a JSON string of standard, padded base64.
func AppendBytes[T string | []byte](dst []byte, data T) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, []byte(data))
	return append(dst, '"')
}

// AppendBool appends true or false.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}
