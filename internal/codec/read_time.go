package codec

import "time"

// parseTime is time.Parse for RFC 3339. What it finds odd it leaves to that.
func parseTime(text []byte) (time.Time, error) {
	if t, ok := parseUTC(text); ok {
		return t, nil
	}
	return time.Parse(time.RFC3339, string(text))
}

// parseUTC parses times as they are mostly written: 2006-01-02T15:04:05Z, with
// up to nine digits of a second's fraction.
func parseUTC(text []byte) (_ time.Time, ok bool) {
	const layout = "2006-01-02T15:04:05"
	end := len(text) - 1
	if end < len(layout) || end > len(layout)+10 || text[end] != 'Z' ||
		text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return time.Time{}, false
	}
	digits := true
	two := func(i int) int {
		tens, ones := text[i]-'0', text[i+1]-'0'
		digits = digits && tens <= 9 && ones <= 9
		return int(tens)*10 + int(ones)
	}
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	if !digits || month < 1 || month > 12 || day < 1 || day > 28 && day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	nanos := 0
	if fraction := text[len(layout):end]; len(fraction) > 0 {
		if fraction[0] != '.' || len(fraction) == 1 {
			return time.Time{}, false
		}
		unit := int(time.Second)
		for _, c := range fraction[1:] {
			if c -= '0'; c > 9 {
				return time.Time{}, false
			}
			unit /= 10
			nanos += int(c) * unit
		}
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC), true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
