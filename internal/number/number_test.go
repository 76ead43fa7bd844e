package number

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/matryer/is"
	"pgregory.net/rapid"
)

var (
	nines = strings.Repeat("9", 38)
	most  = nines + strings.Repeat("0", 88)
	least = "0." + strings.Repeat("0", 129) + "1"
)

func TestParseAndAppend(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "+0.000": "0", "0e125": "0", "0E-130": "0",
		"1": "1", "+1": "1", "00042": "42", "-007": "-7", "1.0": "1", "3.1400": "3.14",
		"1E+2": "100", "1e2": "100", "1.5E2": "150", "12e-1": "1.2", "1e-3": "0.001",
		".5": "0.5", "5.": "5", "-.25e1": "-2.5", "100": "100", "120.50": "120.5",
		nines: nines, "0." + nines: "0." + nines, nines + "000": nines + "000",
		"9." + nines[1:] + "E+125": most, "-9." + nines[1:] + "E125": "-" + most,
		"1E-130": least, "-1E-130": "-" + least, "10E-131": least,
		"12.5E-131":                               "0." + strings.Repeat("0", 129) + "125",
		"1" + strings.Repeat("0", 125):            "1" + strings.Repeat("0", 125),
		strings.Repeat("0", 500) + "7":            "7",
		"0." + strings.Repeat("0", 130):           "0",
		"0." + strings.Repeat("0", 500) + "1e400": "0." + strings.Repeat("0", 100) + "1",
	} {
		t.Run(text, func(t *testing.T) {
			is := is.New(t)
			n, err := Parse(text)
			is.NoErr(err)
			is.Equal(n.String(), want)
			is.True(len(n.String()) <= MaxText)
			again, err := Parse([]byte(want))
			is.NoErr(err)
			is.Equal(again, n) // one value, one representation
		})
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]error{
		"": ErrSyntax, "-": ErrSyntax, ".": ErrSyntax, "+.e1": ErrSyntax, "1e": ErrSyntax, "1e+": ErrSyntax,
		" 1": ErrSyntax, "1 ": ErrSyntax, "1_0": ErrSyntax, "0x1": ErrSyntax, "--1": ErrSyntax, "1.2.3": ErrSyntax,
		"NaN": ErrSyntax, "Infinity": ErrSyntax, "-Infinity": ErrSyntax, "dog": ErrSyntax, "1,5": ErrSyntax, "١": ErrSyntax,
		"1e999x": ErrSyntax, "1e9223372036854775808": ErrSyntax, "1e-9223372036854775808": ErrSyntax, "0e99999999999999999999": ErrSyntax,
		"0e126": ErrOverflow, "0e-131": ErrUnderflow, "1e9223372036854775807": ErrOverflow, "1e-9223372036854775807": ErrUnderflow,
		"1e2147483648": ErrOverflow, "100e-9223372036854775807": ErrUnderflow,
		"1E126": ErrOverflow, "-1E+126": ErrOverflow, "11e125": ErrOverflow, "1e99999999999": ErrOverflow,
		strings.Repeat("9", 127): ErrOverflow,
		"1E-131":                 ErrUnderflow, "0.9e-130": ErrUnderflow, "-1e-99999999999": ErrUnderflow,
		nines + "1": ErrPrecision, "1." + nines: ErrPrecision, "1" + nines + "e30": ErrPrecision, nines + "01": ErrPrecision,
	} {
		t.Run(text, func(t *testing.T) {
			is := is.New(t)
			_, err := Parse(text)
			is.Equal(err, want)
		})
	}
}

func TestArithmetic(t *testing.T) {
	for _, test := range []struct{ a, b, sum string }{
		{"1", "2", "3"}, {"1", "-1", "0"}, {"0", "-5", "-5"}, {"0.1", "0.2", "0.3"}, {"9", "1", "10"},
		{"1", "10000000000000000000000", "10000000000000000000001"},
		{"-1", "10000000000000000000000", "9999999999999999999999"},
		{nines, "1", "1" + strings.Repeat("0", 38)},
		{"1" + strings.Repeat("0", 38), "-1", nines},
		{nines, nines, "error: " + ErrPrecision.Error()},
		{nines, "0.1", "error: " + ErrPrecision.Error()},
		{"1e50", "1", "error: " + ErrPrecision.Error()},
		{"1e50", "-1", "error: " + ErrPrecision.Error()},
		{"9e38", "-1", "error: " + ErrPrecision.Error()},
		{"1e125", "-1e-130", "error: " + ErrPrecision.Error()},
		{"9e125", "9e125", "error: " + ErrOverflow.Error()},
		{"-9e125", "-9e125", "error: " + ErrOverflow.Error()},
		{"1.5e-130", "-1.4e-130", "error: " + ErrUnderflow.Error()},
	} {
		is := is.New(t)
		a, b := parse(t, test.a), parse(t, test.b)
		is.Equal(result(a.Add(b)), test.sum)
		is.Equal(result(b.Add(a)), test.sum)
		is.Equal(result(a.Sub(b.Neg())), test.sum)
	}
}

func TestSizeIsTheServices(t *testing.T) {
	for text, want := range map[string]int{
		"0": 1, "-0": 1, "1": 2, "9": 2, "0042": 2, "15": 2, "1010": 3, "0.0000001": 2, "1e-100": 2, "1.5": 3, "1.200": 3, "1.234": 4, "3.14159": 5, "123456": 4, "100.5": 4, "0.15": 2, "-42": 3, "10": 2, "12": 2, "100": 2, "123": 3, "1234": 3, "12345": 4, "-1": 3, "-123": 4,
		"1.2": 3, "0.12": 2, "0.1": 2, "0.012": 3, "1e125": 2, "1e-130": 2, nines: 20, "-" + nines: 21, "9." + nines[1:]: 21,
	} {
		is := is.New(t)
		is.Equal(parse(t, text).Size(), want) // text
	}
}

func TestInt64(t *testing.T) {
	is := is.New(t)
	for _, i := range []int64{0, 1, -1, 10, 1200, math.MaxInt64, math.MinInt64, math.MaxInt64 - 7, -1e18, 1e18} {
		got, ok := FromInt64(i).Int64()
		is.True(ok)
		is.Equal(got, i)
		is.Equal(FromInt64(i).String(), big.NewInt(i).String())
	}
	for _, text := range []string{"0.5", "9223372036854775808", "-9223372036854775809", "1e19", "9e18.5", nines, "1e125"} {
		n, _ := Parse(text)
		_, ok := n.Int64()
		is.Equal(ok, n == Number{})
	}
}

func TestNumbersAgreeWithRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is := is.New(t)
		a, b := draw(t), draw(t)
		ra, rb := rational(a), rational(b)

		is.Equal(a.Compare(b), ra.Cmp(rb))
		is.Equal(a.Compare(b), strings.Compare(key(a), key(b)))
		is.Equal(a == b, ra.Cmp(rb) == 0)
		is.Equal(FromKey(key(a)), a)
		is.Equal(len(key(a)), a.Size())
		is.True(len(key(a)) <= MaxKey)
		is.Equal(a.Sign(), ra.Sign())
		is.Equal(a.Neg().Neg(), a)

		sum, err := a.Add(b)
		exact := new(big.Rat).Add(ra, rb)
		want, wantErr := Parse(plain(exact))
		is.Equal(err, wantErr)
		is.Equal(sum, want)
		if err == nil {
			is.Equal(rational(sum).Cmp(exact), 0)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0", "-12.50e3", nines, "1E-130", "9.9E125", ".", "1e+", "+.5E-7", "00.00100"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		is := is.New(t)
		n, err := Parse(text)
		if err != nil {
			is.Equal(n, Number{})
			return
		}
		is.Equal(FromKey(key(n)), n)
		again, err := Parse(n.String())
		is.NoErr(err)
		is.Equal(again, n)
		if exponentOf(text) < 1000 { // big.Rat writes out every digit
			twin, ok := new(big.Rat).SetString(text)
			is.True(ok)
			is.Equal(twin.Cmp(rational(n)), 0)
		}
	})
}

func TestNoAllocations(t *testing.T) {
	is := is.New(t)
	text, buf := []byte("-1234567890.0123456789"), make([]byte, 0, MaxText)
	is.Equal(testing.AllocsPerRun(100, func() {
		n, _ := Parse(text)
		sum, _ := n.Add(n)
		buf = sum.Append(buf[:0])
		buf = sum.AppendKey(buf[:0])
	}), 0.0)
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		_, _ = Parse("1234567.89")
	}
}

func BenchmarkAppend(b *testing.B) {
	n, buf := parse(b, "1234567.89"), make([]byte, 0, MaxText)
	for b.Loop() {
		buf = n.Append(buf[:0])
	}
}

func parse(t testing.TB, text string) Number {
	t.Helper()
	n, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

func result(n Number, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return n.String()
}

func key(n Number) string { return string(n.AppendKey(nil)) }

func rational(n Number) *big.Rat {
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		panic(errors.New("the canonical form is not a number"))
	}
	return r
}

// plain writes a rational that has a finite decimal form in full.
func plain(r *big.Rat) string {
	digits, _ := r.FloatPrec()
	return r.FloatString(digits)
}

// draw makes numbers of every size, near the limits and near one another.
func draw(t *rapid.T) Number {
	digits := rapid.StringMatching(`-?([1-9]|[0-9]{1,38}|9{1,38}|1?0{0,37}|10{0,36}1)`).Draw(t, "digits")
	exponent := rapid.OneOf(rapid.IntRange(-3, 3), rapid.IntRange(-40, 40), rapid.IntRange(-168, 126)).Draw(t, "exponent")
	n, err := Parse(digits + "e" + big.NewInt(int64(exponent)).String())
	if err != nil {
		return FromInt64(int64(exponent))
	}
	return n
}

func exponentOf(text string) int64 {
	_, e, ok := strings.Cut(strings.ToLower(text), "e")
	if !ok {
		return 0
	}
	v, ok := new(big.Int).SetString(e, 10)
	if !ok || !v.IsInt64() {
		return math.MaxInt64
	}
	return max(v.Int64(), -v.Int64())
}
