package wire

import "strconv"

// MaxDepth is how deep arrays and objects may nest before a [Scanner] refuses them. A DynamoDB value
// nests at most 32 documents, each two levels of JSON, inside a few levels of the request's own.
const MaxDepth = 256

// Kind is the kind of the JSON value at a scanner's position.
type Kind byte

// The kinds of [Scanner.Kind].
const (
	Invalid Kind = iota // no value starts here: the end of the data, or a byte that starts none
	Null
	Bool
	Number
	String
	Array
	Object
)

// kinds maps the first byte of a value to its kind.
var kinds = [256]Kind{
	'n': Null, 't': Bool, 'f': Bool, '"': String, '[': Array, '{': Object, '-': Number,
	'0': Number, '1': Number, '2': Number, '3': Number, '4': Number,
	'5': Number, '6': Number, '7': Number, '8': Number, '9': Number,
}

// String returns the kind's name in JSON's terms.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case Array:
		return "array"
	case Object:
		return "object"
	}
	return "invalid"
}

// SyntaxError says where a document stops being JSON, or stops being what the caller asked for.
type SyntaxError struct {
	Offset int    // bytes before the offending one
	Reason string // what was expected or found there; never a part of the document
}

// Error names the reason and the offset.
func (e *SyntaxError) Error() string {
	return "JSON: " + e.Reason + " at offset " + strconv.Itoa(e.Offset)
}

// Scanner reads one JSON document from a byte slice, front to back. Its zero value reads an empty document;
// use [NewScanner]. The slices that it returns alias the document unless a method says otherwise, so the
// document must not change while they are in use. After an error, the scanner's position is undefined.
// A Scanner is a small value without shared state; it must not be used by two goroutines at once.
type Scanner struct {
	data  []byte
	pos   int
	depth int
	first bool // just after '[' or '{': no comma is due
}

// NewScanner returns a scanner at the start of data.
func NewScanner(data []byte) Scanner { return Scanner{data: data} }

// Pos returns the offset of the next byte to be read.
func (s *Scanner) Pos() int { return s.pos }

// Kind skips white space and returns the kind of the value that follows, without reading it.
func (s *Scanner) Kind() Kind { return kinds[s.byte()] }

// byte skips white space and returns the next byte without reading it; 0 at the end.
func (s *Scanner) byte() byte {
	if s.pos < len(s.data) && s.data[s.pos] > ' ' {
		return s.data[s.pos]
	}
	return s.byteAfterSpace()
}

func (s *Scanner) byteAfterSpace() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// Rest returns how many bytes are left to be read.
func (s *Scanner) Rest() int { return len(s.data) - s.pos }

// Since returns the bytes from offset start to the scanner's position.
func (s *Scanner) Since(start int) []byte { return s.data[start:s.pos] }

func (s *Scanner) fail(reason string) error {
	if s.pos >= len(s.data) {
		reason = "unexpected end"
	}
	return &SyntaxError{Offset: s.pos, Reason: reason}
}

func (s *Scanner) enter(open byte, reason string) error {
	if s.byte() != open {
		return s.fail(reason)
	}
	if s.depth >= MaxDepth {
		return s.fail("nesting too deep")
	}
	s.pos++
	s.depth++
	s.first = true
	return nil
}

// more reads up to the next member or element, or past the closing byte.
func (s *Scanner) more(end byte) (bool, error) {
	c := s.byte()
	if c == end {
		s.pos++
		s.depth--
		s.first = false
		return false, nil
	}
	if s.first {
		s.first = false
		return true, nil
	}
	if c != ',' {
		return false, s.fail("expected a comma or the end of the " + kinds[end-2].String())
	}
	s.pos++
	if s.byte() == end {
		return false, s.fail("trailing comma")
	}
	return true, nil
}

// Object reads the opening of an object. [Scanner.Member] follows, until it reports the end.
func (s *Scanner) Object() error { return s.enter('{', "expected an object") }

// Member reads the name of the current object's next member, up to its value, which the caller reads or
// skips before asking again. At the end of the object it reads the closing brace and ok is false.
// The name is unescaped, and aliases the document where it has no escapes.
func (s *Scanner) Member() (name []byte, ok bool, err error) {
	if ok, err = s.more('}'); !ok {
		return nil, false, err
	}
	if name, err = s.Name(); err != nil {
		return nil, false, err
	}
	return name, true, nil
}

// NextMember is the first half of [Scanner.Member]: it reads up to the next member's name, or past the
// object's end. [Scanner.Name] reads the rest.
func (s *Scanner) NextMember() (ok bool, err error) { return s.more('}') }

// Name is the second half of [Scanner.Member]: it reads a member's name and the colon behind it.
func (s *Scanner) Name() ([]byte, error) {
	name, err := s.String()
	if err != nil {
		return nil, err
	}
	return name, s.colon()
}

// NameText is Name as [Scanner.Text] reads strings.
func (s *Scanner) NameText(buf []byte) (name, grown []byte, err error) {
	if name, ok := s.Verbatim(); ok && s.pos < len(s.data) && s.data[s.pos] == ':' {
		s.pos++
		return name, buf, nil
	} else if ok {
		return name, buf, s.colon()
	}
	if name, buf, err = s.Text(buf); err != nil {
		return nil, buf, err
	}
	return name, buf, s.colon()
}

func (s *Scanner) colon() error {
	if s.byte() != ':' {
		return s.fail("expected a colon")
	}
	s.pos++
	return nil
}

// AcceptMember reads text if the current object goes on with exactly that, white space included: a comma, the
// name of a member, a colon, and what begins its value. The comma is not there before the first member. It
// stands for [Scanner.NextMember] and [Scanner.Name], and leaves the scanner where it is if it reports false.
func (s *Scanner) AcceptMember(text string) bool {
	if s.first {
		text = text[1:]
	}
	if end := s.pos + len(text); end <= len(s.data) && string(s.data[s.pos:end]) == text {
		s.pos = end
		s.first = false
		return true
	}
	return false
}

// Array reads the opening of an array. [Scanner.Element] follows, until it reports the end.
func (s *Scanner) Array() error { return s.enter('[', "expected an array") }

// Element reads up to the current array's next element, which the caller reads or skips before asking
// again. At the end of the array it reads the closing bracket and ok is false.
func (s *Scanner) Element() (ok bool, err error) { return s.more(']') }

// Null reads null.
func (s *Scanner) Null() error { return s.literal("null") }

// Bool reads true or false.
func (s *Scanner) Bool() (bool, error) {
	if s.byte() == 't' {
		return true, s.literal("true")
	}
	return false, s.literal("false")
}

func (s *Scanner) literal(want string) error {
	s.byte()
	if end := s.pos + len(want); end <= len(s.data) && string(s.data[s.pos:end]) == want {
		s.pos = end
		return nil
	}
	return s.fail("expected " + want)
}

// Number reads a number and returns its text as it stands in the document.
func (s *Scanner) Number() ([]byte, error) {
	s.byte()
	start, d, i := s.pos, s.data, s.pos
	if i < len(d) && d[i] == '-' {
		i++
	}
	digits := func() bool {
		from := i
		for i < len(d) && d[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if i < len(d) && d[i] == '0' {
		i++
	} else if !digits() {
		s.pos = i
		return nil, s.fail("expected a number")
	}
	if i < len(d) && d[i] == '.' {
		if i++; !digits() {
			s.pos = i
			return nil, s.fail("expected a digit")
		}
	}
	if i < len(d) && d[i]|0x20 == 'e' {
		if i++; i < len(d) && (d[i] == '+' || d[i] == '-') {
			i++
		}
		if !digits() {
			s.pos = i
			return nil, s.fail("expected a digit")
		}
	}
	s.pos = i
	return d[start:i], nil
}

// Raw reads one value of any kind and returns its bytes as they stand in the document.
func (s *Scanner) Raw() ([]byte, error) {
	s.byte()
	start := s.pos
	if err := s.Skip(); err != nil {
		return nil, err
	}
	return s.data[start:s.pos], nil
}

// End reports an error unless only white space is left.
func (s *Scanner) End() error {
	if s.byte(); s.pos < len(s.data) {
		return s.fail("expected the end")
	}
	return nil
}
