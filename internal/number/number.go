// Package number implements DynamoDB's number type: decimals of up to 38
// significant digits with a magnitude from 1E-130 to 9.99…E+125, and zero.
//
// A [Number] is a small comparable value: two numbers are equal exactly when
// ==, so it serves as a map key. Parse it from text, write it with Append in
// the plain notation that the service returns, add and compare it. AppendKey
// writes the order-preserving form in which stores keep it; the length of that
// form is the size that the service counts for the number.
//
// The limits are those of
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
package number

import (
	"cmp"
	"errors"
)

// The limits of a number.
const (
	// MaxDigits is the largest count of significant digits.
	MaxDigits = 38
	// MaxExponent is the decimal exponent of the first digit of the largest
	// magnitude, 9.99…E+125.
	MaxExponent = 125
	// MinExponent is that of the smallest magnitude, 1E-130.
	MinExponent = -130
	// MaxText is the length in bytes of the longest text that Append writes.
	MaxText = len("-0.") - MinExponent - 1 + MaxDigits
)

// What can be wrong with a number. They are compared with ==, and carry no
// part of the number.
var (
	ErrSyntax    = errors.New("not a decimal number")
	ErrPrecision = errors.New("number with more than 38 significant digits")
	ErrOverflow  = errors.New("number with a magnitude above 9.99…E+125")
	ErrUnderflow = errors.New("number with a magnitude below 1E-130")
)

// Number is a decimal coefficient × 10^exponent. The zero Number is 0.
//
// The coefficient never ends in a zero digit and zero has no sign, so equal
// numbers have equal fields.
type Number struct {
	coef     uint128
	exponent int16
	negative bool
}

// FromInt64 returns the number i.
func FromInt64(i int64) Number {
	u := uint64(i)
	if i < 0 {
		u = -u
	}
	n, _ := normalize(uint128{lo: u}, 0, i < 0)
	return n
}

// Int64 returns n as an integer, and whether n is one in the range of int64.
func (n Number) Int64() (int64, bool) {
	if n.coef.isZero() {
		return 0, true
	}
	if n.exponent < 0 || n.exponent > 18 {
		return 0, false
	}
	c, ok := n.coef.mul(pow10[n.exponent])
	switch {
	case !ok || c.hi != 0:
		return 0, false
	case n.negative:
		return -int64(c.lo), c.lo <= 1<<63
	default:
		return int64(c.lo), c.lo < 1<<63
	}
}

// Sign returns -1, 0 or +1.
func (n Number) Sign() int {
	switch {
	case n.coef.isZero():
		return 0
	case n.negative:
		return -1
	}
	return 1
}

// Neg returns -n.
func (n Number) Neg() Number {
	n.negative = !n.negative && !n.coef.isZero()
	return n
}

// Digits returns the count of significant digits, 1 for zero.
func (n Number) Digits() int { return max(1, n.coef.digits()) }

// magnitude returns the decimal exponent of the first digit; n is not zero.
func (n Number) magnitude() int { return int(n.exponent) + n.coef.digits() - 1 }

// Compare returns -1, 0 or +1 as n is less than, equal to or greater than m.
func (n Number) Compare(m Number) int {
	sign := n.Sign()
	if c := cmp.Compare(sign, m.Sign()); c != 0 || sign == 0 {
		return c
	}
	if c := cmp.Compare(n.magnitude(), m.magnitude()); c != 0 {
		return c * sign
	}
	a, b := n.coef, m.coef
	// Of one magnitude, the coefficient with fewer digits has the larger
	// exponent; scaled to the other's, it has as many digits.
	if n.exponent > m.exponent {
		a, _ = a.mul(pow10[n.exponent-m.exponent])
	} else {
		b, _ = b.mul(pow10[m.exponent-n.exponent])
	}
	return a.cmp(b) * sign
}

// Add returns n + m. The sum is exact: one that takes more than 38 digits is
// ErrPrecision (the service refuses it too, as an overflow), one out of range
// is ErrOverflow or ErrUnderflow.
func (n Number) Add(m Number) (Number, error) {
	switch {
	case n.coef.isZero():
		return m, nil
	case m.coef.isZero():
		return n, nil
	case n.exponent < m.exponent:
		n, m = m, n
	}
	// A scaled coefficient of 2^128 or more is at least 2.4 × 10^38 after m is
	// taken away, and its last digit is then m's, which is not zero: more than
	// 38 digits in any case.
	shift := int(n.exponent) - int(m.exponent)
	if shift >= len(pow10) {
		return Number{}, ErrPrecision
	}
	a, ok := n.coef.mul(pow10[shift])
	if !ok {
		return Number{}, ErrPrecision
	}
	if n.negative == m.negative {
		sum, ok := a.add(m.coef)
		if !ok {
			return Number{}, ErrPrecision
		}
		return normalize(sum, int(m.exponent), n.negative)
	}
	if a.cmp(m.coef) < 0 {
		return normalize(m.coef.sub(a), int(m.exponent), m.negative)
	}
	return normalize(a.sub(m.coef), int(m.exponent), n.negative)
}

// Sub returns n - m, as Add does.
func (n Number) Sub(m Number) (Number, error) { return n.Add(m.Neg()) }

// normalize returns ±coef × 10^exponent within the limits.
func normalize(coef uint128, exponent int, negative bool) (Number, error) {
	if coef.isZero() {
		return Number{}, nil
	}
	for {
		q, r := coef.div(10)
		if r != 0 {
			break
		}
		coef = q
		exponent++
	}
	return limit(coef, exponent, negative)
}

// limit checks a coefficient that is not zero and does not end in a zero.
func limit(coef uint128, exponent int, negative bool) (Number, error) {
	digits := coef.digits()
	switch magnitude := exponent + digits - 1; {
	case magnitude > MaxExponent:
		return Number{}, ErrOverflow
	case magnitude < MinExponent:
		return Number{}, ErrUnderflow
	case digits > MaxDigits:
		return Number{}, ErrPrecision
	}
	return Number{coef: coef, exponent: int16(exponent), negative: negative}, nil
}
