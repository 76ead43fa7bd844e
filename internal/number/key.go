package number

// The key form of a number is one byte for the sign and the power of 100, then
// the coefficient in base 100, each digit plus one. A negative number has
// these bytes inverted and ends in 0xFF, so that of two that agree the longer
// sorts first. Zero is the single byte 0x80, before every positive number.
const (
	keyZero = 0x80
	keyEnd  = 0xFF
	// keyBias makes the smallest power of 100, -65, the byte 0x80, and the
	// largest, +62, the byte 0xFF.
	keyBias = keyZero - MinExponent/2

	// MaxKey is the length in bytes of the longest key form.
	MaxKey = 1 + (MaxDigits/2 + 1) + 1
)

// AppendKey writes the key form of n: byte strings that compare, unsigned, as
// the numbers do. Equal numbers have equal key forms. It writes at most MaxKey
// bytes.
func (n Number) AppendKey(dst []byte) []byte {
	if n.coef.isZero() {
		return append(dst, keyZero)
	}
	start := len(dst)
	var buf [MaxDigits + 2]byte
	digits := buf[:0]
	power := floorHalf(n.magnitude())
	if n.magnitude()-2*power == 0 {
		digits = append(digits, '0') // the first digit stands alone before its point
	}
	digits = n.coef.appendDigits(digits)
	if len(digits)%2 == 1 {
		digits = append(digits, '0')
	}
	dst = append(dst, byte(power+keyBias))
	for i := 0; i < len(digits); i += 2 {
		dst = append(dst, (digits[i]-'0')*10+(digits[i+1]-'0')+1)
	}
	if n.negative {
		for i := start; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
		dst = append(dst, keyEnd)
	}
	return dst
}

// FromKey returns the number whose key form is key. The result is undefined
// when key was not written by AppendKey.
func FromKey(key string) Number {
	if len(key) < 2 {
		return Number{}
	}
	negative := key[0] < keyZero
	var invert byte
	if negative {
		invert = 0xFF
		key = key[:len(key)-1]
	}
	var coef uint128
	for i := 1; i < len(key)-1; i++ {
		coef = coef.timesPlus(100, uint64(key[i]^invert-1))
	}
	exponent := 2 * (int(key[0]^invert) - keyBias - (len(key) - 2))
	last := uint64(key[len(key)-1] ^ invert - 1)
	if last%10 == 0 {
		coef = coef.timesPlus(10, last/10)
		exponent++
	} else {
		coef = coef.timesPlus(100, last)
	}
	return Number{coef: coef, exponent: int16(exponent), negative: negative}
}

// Size returns the bytes that the service counts for n, which is the length of
// its key form: one byte per two significant digits, paired at the decimal
// point, one byte more, and another for a negative number; 1 for zero. See
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (n Number) Size() int {
	if n.coef.isZero() {
		return 1
	}
	// Digit positions run from the exponent up to the magnitude; the size is
	// the number of pairs that they touch.
	size := 1 + floorHalf(n.magnitude()) - floorHalf(int(n.exponent)) + 1
	if n.negative {
		size++
	}
	return size
}

func floorHalf(i int) int { return i >> 1 }
