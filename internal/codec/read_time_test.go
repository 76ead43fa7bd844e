package codec

import (
	"fmt"
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

// FuzzParseInt is in the properties of reading, whose numbers are drawn; this
// compares the texts that it has no detour for.
func TestParseIntShort(t *testing.T) {
	for _, text := range []string{"0", "-0", "-1", "007", "123456789012345678", "-123456789012345678", "1a", "-", ""} {
		if n, err := parseInt([]byte(text), 64); fmt.Sprint(n) != text && err == nil && text != "007" && text != "-0" {
			t.Errorf("%s became %d", text, n)
		} else if (err != nil) != (text == "1a" || text == "-" || text == "") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
