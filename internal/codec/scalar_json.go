package codec

import "github.com/dynox-go/dynox/internal/wire"

// Scalar appends to dst what raw holds, an attribute value of type S, N or B as
// DynamoDB JSON: the text, the digits or the bytes. kind is that type, and "" for
// every other, of which nothing is appended. What is wrong with raw is an [*Error].
func Scalar(dst, raw []byte) (kind string, out []byte, err error) {
	s := wire.NewScanner(raw)
	w, err := s.Attribute()
	out = dst
	switch {
	case err != nil:
	case w == wire.S || w == wire.N:
		kind = w.String()
		out, err = s.AppendText(dst)
	case w == wire.B:
		kind = w.String()
		out, err = s.AppendBytes(dst)
	default:
		err = s.Skip()
	}
	if err == nil {
		err = s.EndAttribute()
	}
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return "", dst, finish(err, "decode", nil, nil)
	}
	return kind, out, nil
}
