package wire

// Type is the type of an attribute value. See
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
type Type uint8

// The types of attribute values.
const (
	NoType Type = iota
	S
	N
	B
	BOOL
	NULL
	M
	L
	SS
	NS
	BS
)

var typeNames = [...]string{"", "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}

// String returns the type's name in the service's terms; "" for [NoType].
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return ""
}

// TypeOf returns the type of that name, or [NoType].
func TypeOf(name []byte) Type {
	switch string(name) {
	case "S":
		return S
	case "N":
		return N
	case "B":
		return B
	case "BOOL":
		return BOOL
	case "NULL":
		return NULL
	case "M":
		return M
	case "L":
		return L
	case "SS":
		return SS
	case "NS":
		return NS
	case "BS":
		return BS
	}
	return NoType
}

// Attribute reads the opening of an attribute value, such as {"S": in {"S":"text"}, up to what it holds. The
// caller reads or skips that, and then calls [Scanner.EndAttribute].
func (s *Scanner) Attribute() (Type, error) {
	if d := s.data[s.pos:]; len(d) > 5 && d[0] == '{' && d[1] == '"' && d[3] == '"' && d[4] == ':' {
		s.pos += 5
		switch d[2] {
		case 'S':
			return S, nil
		case 'N':
			return N, nil
		case 'M':
			return M, nil
		case 'L':
			return L, nil
		case 'B':
			return B, nil
		}
		s.pos -= 5
	}
	return s.attribute()
}

// attribute is Attribute for types of several letters, and for any white space and escapes.
func (s *Scanner) attribute() (Type, error) {
	if s.byte() != '{' {
		return NoType, s.fail("expected an attribute value")
	}
	s.pos++
	if s.byte() == '}' {
		return NoType, s.fail("attribute value without a type")
	}
	start := s.pos
	name, err := s.Name()
	if err != nil {
		return NoType, err
	}
	t := TypeOf(name)
	if t == NoType {
		s.pos = start
		return NoType, s.fail("unknown type of attribute value")
	}
	return t, nil
}

// EndAttribute reads the end of an attribute value. One that goes on with a second type is an error.
func (s *Scanner) EndAttribute() error {
	if s.pos < len(s.data) && s.data[s.pos] == '}' {
		s.pos++
		return nil
	}
	return s.endAttribute()
}

func (s *Scanner) endAttribute() error {
	switch s.byte() {
	case '}':
		s.pos++
		return nil
	case ',':
		return s.fail("attribute value with two types")
	}
	return s.fail("expected the end of the attribute value")
}

// Count returns how many elements the array at the scanner's position has, without reading it. In an array
// with an error it counts those before the error.
func (s *Scanner) Count() int {
	if n := countCompact(s.data, s.pos); n >= 0 {
		return n
	}
	ahead := *s
	n := 0
	if ahead.Array() != nil {
		return 0
	}
	for {
		if ok, err := ahead.Element(); !ok || err != nil {
			return n
		}
		if ahead.Skip() != nil {
			return n
		}
		n++
	}
}
