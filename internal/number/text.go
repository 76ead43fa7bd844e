package number

import "math"

// Parse reads a number from text: an optional sign, decimal digits with an
// optional point, an optional exponent (e or E, an optional sign, digits).
// Leading and trailing zeros don't count as significant digits; a zero must be
// written with an exponent in range all the same. The error is ErrSyntax,
// ErrOverflow, ErrUnderflow or ErrPrecision, in that order of precedence.
func Parse[T ~string | ~[]byte](text T) (Number, error) {
	var (
		p        parser
		i        int
		exponent int
		negative bool
	)
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		negative = text[i] == '-'
		i++
	}
	start := i
	for ; i < len(text) && isDigit(text[i]); i++ {
		p.digit(text[i] - '0')
	}
	digits := i - start
	if i < len(text) && text[i] == '.' {
		i++
		start = i
		for ; i < len(text) && isDigit(text[i]); i++ {
			p.digit(text[i] - '0')
		}
		digits += i - start
		exponent = -(i - start)
	}
	if digits == 0 {
		return Number{}, ErrSyntax
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		down := false
		if i < len(text) && (text[i] == '-' || text[i] == '+') {
			down = text[i] == '-'
			i++
		}
		var e int64
		start = i
		for ; i < len(text) && isDigit(text[i]); i++ {
			d := int64(text[i] - '0')
			if e > (math.MaxInt64-d)/10 {
				return Number{}, ErrSyntax // the service reads exponents of 64 bits
			}
			e = e*10 + d
		}
		if i == start {
			return Number{}, ErrSyntax
		}
		e = min(e, farExponent)
		if down {
			e = -e
		}
		exponent += int(e)
	}
	if i != len(text) {
		return Number{}, ErrSyntax
	}
	return p.number(exponent, negative)
}

// farExponent is far out of range, whatever the digits before it.
const farExponent = 1 << 62

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// parser gathers the digits of a coefficient.
type parser struct {
	coef  uint128
	count int // significant digits read, without the zeros
	zeros int // zeros read since the last digit that is not zero
}

func (p *parser) digit(d byte) {
	if d == 0 {
		if p.count > 0 {
			p.zeros++
		}
		return
	}
	p.count += p.zeros + 1
	if p.count <= MaxDigits {
		p.coef, _ = p.coef.mul(pow10[p.zeros+1])
		p.coef, _ = p.coef.add(uint128{lo: uint64(d)})
	}
	p.zeros = 0
}

func (p *parser) number(exponent int, negative bool) (Number, error) {
	exponent += p.zeros
	switch magnitude := exponent + max(p.count, 1) - 1; {
	case magnitude > MaxExponent:
		return Number{}, ErrOverflow
	case magnitude < MinExponent:
		return Number{}, ErrUnderflow
	case p.count > MaxDigits:
		return Number{}, ErrPrecision
	case p.count == 0:
		return Number{}, nil
	}
	return Number{coef: p.coef, exponent: int16(exponent), negative: negative}, nil
}

// Append writes n in the canonical form that the service returns: plain
// decimal notation without exponent, leading or trailing zeros, and without
// a sign on zero. It writes at most MaxText bytes.
func (n Number) Append(dst []byte) []byte {
	if n.coef.isZero() {
		return append(dst, '0')
	}
	if n.negative {
		dst = append(dst, '-')
	}
	digits := n.coef.digits()
	point := digits + int(n.exponent) // digits before the point
	if point <= 0 {
		dst = append(dst, '0', '.')
		dst = appendZeros(dst, -point)
		return n.coef.appendDigits(dst)
	}
	start := len(dst)
	dst = n.coef.appendDigits(dst)
	if point >= digits {
		return appendZeros(dst, point-digits)
	}
	dst = append(dst, 0)
	copy(dst[start+point+1:], dst[start+point:])
	dst[start+point] = '.'
	return dst
}

func appendZeros(dst []byte, count int) []byte {
	for range count {
		dst = append(dst, '0')
	}
	return dst
}

// String returns the canonical form.
func (n Number) String() string {
	var buf [MaxText]byte
	return string(n.Append(buf[:0]))
}
