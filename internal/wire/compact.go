package wire

import (
	"encoding/binary"
	"math/bits"
)

// skipCompact returns where the value at d[i:] ends, if it is JSON without white space that nests at most depth
// levels, 64 or fewer. Otherwise it returns -1; what is the matter is for the careful way to find out. It is one
// function with labels because all of a page passes through it.
func skipCompact(d []byte, i, depth int) int {
	var objects uint64 // one bit for each level, the innermost lowest: whether it is an object
	level := 0
value:
	if i >= len(d) {
		return -1
	}
	switch c := d[i]; kinds[c] {
	case String:
		goto text
	case Object, Array:
		if i++; i >= len(d) || level >= depth {
			return -1
		}
		if d[i] == c+2 { // the closing brace or bracket
			i++
			break
		}
		level++
		objects <<= 1
		if c == '[' {
			goto value
		}
		objects |= 1
		if len(d)-i > 4 && d[i] == '"' && d[i+2] == '"' && d[i+3] == ':' && stops[d[i+1]] != 1 {
			if i += 4; i < len(d) && d[i] == '"' {
				goto text
			}
			goto value
		}
		goto name
	case Number:
		if i = skipNumber(d, i); i < 0 {
			return -1
		}
	case Bool, Null:
		text := "null"
		switch c {
		case 't':
			text = "true"
		case 'f':
			text = "false"
		}
		if len(d)-i < len(text) || string(d[i:i+len(text)]) != text {
			return -1
		}
		i += len(text)
	default:
		return -1
	}
	goto after
text:
	if i = skipText(d, i+1); i < 0 {
		return -1
	}
after:
	for level > 0 {
		if i >= len(d) {
			return -1
		}
		switch c := d[i]; {
		case c == ',' && objects&1 != 0:
			i++
			goto name
		case c == ',':
			i++
			goto value
		case c == '}' && objects&1 != 0, c == ']' && objects&1 == 0:
			i++
			level--
			objects >>= 1
		default:
			return -1
		}
	}
	return i
name:
	if i >= len(d) || d[i] != '"' {
		return -1
	}
	if i = skipText(d, i+1); i < 0 || i >= len(d) || d[i] != ':' {
		return -1
	}
	i++
	goto value
}

// countCompact returns how many elements the array at d[i:] has, or -1 if it is not as skipCompact takes it.
func countCompact(d []byte, i int) int {
	if len(d)-i < 2 || d[i] != '[' {
		return -1
	}
	i++
	if d[i] == ']' {
		return 0
	}
	for n := 1; ; n++ {
		if i < len(d) && d[i] == '"' {
			i = skipText(d, i+1)
		} else {
			i = skipCompact(d, i, 64)
		}
		switch {
		case i < 0 || i >= len(d):
			return -1
		case d[i] == ']':
			return n
		case d[i] != ',':
			return -1
		}
		i++
	}
}

// skipText returns where the string ends whose text begins at d[i:], or -1.
func skipText(d []byte, i int) int {
	for {
		for ; len(d)-i >= 8; i += 8 {
			if special := controls(binary.LittleEndian.Uint64(d[i:])) & highs; special != 0 {
				i += bits.TrailingZeros64(special) / 8
				goto stop
			}
		}
		for ; i < len(d) && stops[d[i]] != 1; i++ {
		}
	stop:
		switch {
		case i >= len(d):
			return -1
		case d[i] == '"':
			return i + 1
		case d[i] != '\\':
			return -1
		}
		n := escapeLen(d[i:])
		if n == 0 {
			return -1
		}
		i += n
	}
}

// skipNumber returns where the number at d[i:] ends, or -1.
func skipNumber(d []byte, i int) int {
	s := Scanner{data: d, pos: i}
	if _, err := s.Number(); err != nil {
		return -1
	}
	return s.pos
}
