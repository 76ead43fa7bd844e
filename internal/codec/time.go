package codec

import (
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fixedLayout is RFC 3339 of one width, for times in UTC.
const fixedLayout = "2006-01-02T15:04:05.000000000Z"

// makeTime is for time.Time and types that convert to it. S is read as RFC 3339,
// N as seconds since 1970 (milliseconds under UnixMilli).
func makeTime(s spec) twin {
	omit := s.tag.OmitEmpty
	fromNumber := time.Unix
	if s.format == UnixMilli {
		fromNumber = func(n, _ int64) time.Time { return time.UnixMilli(n).UTC() }
	}
	return twin{
		func(v reflect.Value, _ int) (types.AttributeValue, error) {
			t := timeOf(v)
			if omit && t.IsZero() {
				return nil, nil
			}
			return encodeTime(s, t)
		},
		func(av types.AttributeValue, v reflect.Value, _ int) error {
			var t time.Time
			switch m := av.(type) {
			case *types.AttributeValueMemberS:
				var err error
				if t, err = time.Parse(time.RFC3339, m.Value); err != nil {
					return failWith(err, "cannot read the text into %s: not RFC 3339", s.typ)
				}
			case *types.AttributeValueMemberN:
				n, err := strconv.ParseInt(m.Value, 10, 64)
				if err != nil {
					return failNumber(err, s.typ)
				}
				t = fromNumber(n, 0)
			default:
				return failRead(av, s.typ)
			}
			v.Set(reflect.ValueOf(t).Convert(s.typ))
			return nil
		},
	}
}

func encodeTime(s spec, t time.Time) (types.AttributeValue, error) {
	switch {
	case s.format == UnixMilli:
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.UnixMilli(), 10)}, nil
	case s.tag.UnixTime:
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.Unix(), 10)}, nil
	}
	layout := time.RFC3339Nano
	if s.format == FixedTime {
		layout, t = fixedLayout, t.UTC()
	}
	if y := t.Year(); y < 0 || y > 9999 {
		return nil, fail("year outside 0 to 9999")
	}
	return &types.AttributeValueMemberS{Value: t.Format(layout)}, nil
}
