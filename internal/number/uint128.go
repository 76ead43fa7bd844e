package number

import (
	"cmp"
	"math/bits"
)

// uint128 holds a coefficient: 10^38 is less than 2^127.
type uint128 struct{ hi, lo uint64 }

// pow10[i] is 10^i, up to the largest power below 2^128.
var pow10 = func() (p [MaxDigits + 1]uint128) {
	p[0] = uint128{lo: 1}
	for i := 1; i < len(p); i++ {
		p[i], _ = p[i-1].mul(uint128{lo: 10})
	}
	return p
}()

func (u uint128) isZero() bool { return u.hi|u.lo == 0 }

func (u uint128) cmp(v uint128) int {
	if c := cmp.Compare(u.hi, v.hi); c != 0 {
		return c
	}
	return cmp.Compare(u.lo, v.lo)
}

// add returns u + v and whether it fits.
func (u uint128) add(v uint128) (uint128, bool) {
	lo, carry := bits.Add64(u.lo, v.lo, 0)
	hi, carry := bits.Add64(u.hi, v.hi, carry)
	return uint128{hi, lo}, carry == 0
}

// sub returns u - v, for v no larger than u.
func (u uint128) sub(v uint128) uint128 {
	lo, borrow := bits.Sub64(u.lo, v.lo, 0)
	hi, _ := bits.Sub64(u.hi, v.hi, borrow)
	return uint128{hi, lo}
}

// mul returns u × v and whether it fits.
func (u uint128) mul(v uint128) (uint128, bool) {
	hi, lo := bits.Mul64(u.lo, v.lo)
	c1, p1 := bits.Mul64(u.hi, v.lo)
	c2, p2 := bits.Mul64(u.lo, v.hi)
	hi, c3 := bits.Add64(hi, p1, 0)
	hi, c4 := bits.Add64(hi, p2, 0)
	fits := c1|c2|c3|c4 == 0 && (u.hi == 0 || v.hi == 0)
	return uint128{hi, lo}, fits
}

// timesPlus returns u × v + w, which fits.
func (u uint128) timesPlus(v, w uint64) uint128 {
	hi, lo := bits.Mul64(u.lo, v)
	lo, carry := bits.Add64(lo, w, 0)
	return uint128{hi + u.hi*v + carry, lo}
}

// div returns u / v and the remainder.
func (u uint128) div(v uint64) (uint128, uint64) {
	hi, r := u.hi/v, u.hi%v
	lo, r := bits.Div64(r, u.lo, v)
	return uint128{hi, lo}, r
}

// digits returns the count of decimal digits, 0 for zero.
func (u uint128) digits() int {
	length := bits.Len64(u.lo)
	if u.hi != 0 {
		length = 64 + bits.Len64(u.hi)
	}
	// 1233/4096 is just above log10(2): the estimate is right or one too small.
	n := length * 1233 >> 12
	if n < len(pow10) && u.cmp(pow10[n]) >= 0 {
		n++
	}
	return n
}

// appendDigits writes u, less than 10^39, without leading zeros.
func (u uint128) appendDigits(dst []byte) []byte {
	var buf [MaxDigits + 1]byte
	i := len(buf)
	for u.hi != 0 {
		var low uint64
		u, low = u.div(1e18)
		for range 18 {
			i--
			buf[i] = '0' + byte(low%10)
			low /= 10
		}
	}
	for u.lo != 0 {
		i--
		buf[i] = '0' + byte(u.lo%10)
		u.lo /= 10
	}
	return append(dst, buf[i:]...)
}
