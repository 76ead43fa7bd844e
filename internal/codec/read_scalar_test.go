package codec

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// FuzzParseTime holds parseTime to time.Parse.
func FuzzParseTime(f *testing.F) {
	for _, text := range []string{
		"2024-05-06T07:08:09Z", "2024-05-06T07:08:09.123456789Z", "2024-05-06T07:08:09.1Z", "2024-05-06T07:08:09.1234567890Z",
		"2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "2000-02-29T23:59:59Z", "1900-02-29T00:00:00Z", "2024-04-31T00:00:00Z",
		"2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
		"2024-01-01T00:00:60Z", "2024-05-06T07:08:09,5Z", "2024-05-06T07:08:09.Z", "2024-05-06t07:08:09Z", "2024-05-06T07:08:09z",
		"2024-05-06T07:08:09+01:00", "2024-05-06T7:08:09Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "", "Z",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, werr := time.Parse(time.RFC3339, text)
		got, gerr := parseTime([]byte(text))
		if (werr == nil) != (gerr == nil) || fmt.Sprintf("%#v %v", got, got.Location()) != fmt.Sprintf("%#v %v", want, want.Location()) {
			t.Fatalf("%q: %v, %v is not %v, %v", text, got, gerr, want, werr)
		}
	})
}

// FuzzParseNumber holds parseShortFloat to parseFloat.
func FuzzParseNumber(f *testing.F) {
	for _, text := range []string{
		"0", "-0", "-0.0", "-1", "+1", "007", "123456789012345", "1234567890123456", "123456789012345678", "-9223372036854775808",
		"9223372036854775808", "1a", "-", "", ".", "1.", ".5", "-.5", "1.2.3", "0.1", "0.000000000000001", "12345678901234.5", "1e3", "1_0", "12.75",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := parseFloat(text, 64)
		got, ok := parseShortFloat([]byte(text))
		if ok && (err != nil || math.Float64bits(got) != math.Float64bits(want)) {
			t.Fatalf("%q: %g is not %g, %v", text, got, want, err)
		}
	})
}
