package ion

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// maxDepth is how deep values nest.
const maxDepth = 200

// Reader reads the values of a text, one after the other.
type Reader struct {
	text  []byte
	pos   int
	depth int

	counted, lines int // how many line ends there are before a position
}

// NewReader returns a reader of a text.
func NewReader(text []byte) *Reader { return &Reader{text: text} }

// Next returns the next value of the text itself, and where it is: the line of its start, counted from 1, and
// its text. Version markers and symbol tables are none. It is not ok at the end. Its own errors are SyntaxErrors,
// after which it isn't to be called again.
func (r *Reader) Next() (v Value, line int, source []byte, ok bool, err error) {
	for {
		if err := r.space(); err != nil {
			return v, r.line(r.pos), nil, false, err
		}
		start := r.pos
		if start == len(r.text) {
			return v, 0, nil, false, nil
		}
		line = r.line(start)
		v, err := r.value()
		source = r.text[start:min(r.pos, len(r.text))]
		switch {
		case err != nil:
			return v, line, source, false, err
		case v.Kind == String && v.Text == "$ion_1_0" && string(source) == v.Text, v.Kind == Struct && v.Annotated("$ion_symbol_table"):
			continue
		}
		return v, line, source, true, nil
	}
}

// line returns the line of a position, which is none before those that it was asked for.
func (r *Reader) line(pos int) int {
	r.lines += bytes.Count(r.text[r.counted:pos], []byte("\n"))
	r.counted = pos
	return r.lines + 1
}

func (r *Reader) fail(reason string) error { return &SyntaxError{r.line(r.pos), reason} }

// peek returns the next byte; 0 at the end.
func (r *Reader) peek() byte {
	if r.pos < len(r.text) {
		return r.text[r.pos]
	}
	return 0
}

// accept skips a text, if it comes next.
func (r *Reader) accept(text string) bool {
	if !bytes.HasPrefix(r.text[r.pos:], []byte(text)) {
		return false
	}
	r.pos += len(text)
	return true
}

// space skips white space and comments.
func (r *Reader) space() error {
	for r.pos < len(r.text) {
		switch {
		case strings.IndexByte(" \t\r\n\v\f", r.peek()) >= 0:
			r.pos++
		case r.accept("//"):
			end := bytes.IndexByte(r.text[r.pos:], '\n')
			if end < 0 {
				end = len(r.text) - r.pos
			}
			r.pos += end
		case r.accept("/*"):
			end := bytes.Index(r.text[r.pos:], []byte("*/"))
			if end < 0 {
				return r.fail("a comment without an end")
			}
			r.pos += end + 2
		default:
			return nil
		}
	}
	return nil
}

// value reads a value with its annotations.
func (r *Reader) value() (Value, error) {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxDepth {
		return Value{}, r.fail("values nest too deep")
	}
	var annotations []string
	for {
		start := r.pos
		name, ok, err := r.symbol()
		if err != nil {
			return Value{}, err
		}
		if ok {
			if err := r.space(); err != nil {
				return Value{}, err
			}
		}
		if !ok || !r.accept("::") {
			r.pos = start
			break
		}
		annotations = append(annotations, name)
		if err := r.space(); err != nil {
			return Value{}, err
		}
	}
	v, err := r.bare()
	v.Annotations = annotations
	return v, err
}

// bare reads a value without annotations.
func (r *Reader) bare() (Value, error) {
	switch c := r.peek(); {
	case r.accept("{{"):
		return r.lob()
	case c == '{':
		return r.structure()
	case c == '[':
		return r.list()
	case c == '"', bytes.HasPrefix(r.text[r.pos:], []byte("'''")):
		text, err := r.str()
		return Value{Kind: String, Text: text}, err
	case c == '+', c == '-', c >= '0' && c <= '9':
		return r.number()
	}
	quoted := r.peek() == '\''
	name, ok, err := r.symbol()
	switch {
	case err != nil:
		return Value{}, err
	case !ok:
		return Value{}, r.fail("no value that DynamoDB's data has")
	case quoted:
	case name == "null":
		return r.null()
	case name == "true", name == "false":
		return Value{Kind: Bool, Text: name}, nil
	case name == "nan":
		return Value{Kind: Other}, nil
	}
	return Value{Kind: String, Text: name}, nil
}

// null reads the type of a null, if it has one.
func (r *Reader) null() (Value, error) {
	if r.accept(".") {
		if _, ok, err := r.symbol(); err != nil || !ok {
			return Value{}, r.fail("a null of no type")
		}
	}
	return Value{}, nil
}

func (r *Reader) number() (Value, error) {
	start := r.pos
	for r.pos < len(r.text) && (isName(r.peek()) || strings.IndexByte("+-.:", r.peek()) >= 0) {
		r.pos++
	}
	v, ok := scalar(string(r.text[start:r.pos]))
	if !ok {
		return v, r.fail("no number: " + string(r.text[start:r.pos]))
	}
	return v, nil
}

// lob reads a blob or a clob, after its braces.
func (r *Reader) lob() (v Value, err error) {
	skip := func() {
		for strings.IndexByte(" \t\r\n", r.peek()) >= 0 && r.pos < len(r.text) {
			r.pos++
		}
	}
	skip()
	if c := r.peek(); c == '"' || c == '\'' {
		v.Kind = Other
		if _, err := r.str(); err != nil {
			return v, err
		}
		if skip(); !r.accept("}}") {
			return v, r.fail("a clob without an end")
		}
		return v, nil
	}
	end := bytes.Index(r.text[r.pos:], []byte("}}"))
	if end < 0 {
		return v, r.fail("a blob without an end")
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(r.text[r.pos:r.pos+end])), ""))
	if err != nil {
		return v, r.fail("a blob that is no base64")
	}
	r.pos += end + 2
	return Value{Kind: Blob, Text: string(data)}, nil
}

func (r *Reader) list() (Value, error) {
	r.pos++
	v := Value{Kind: List}
	err := r.elements("]", func() error {
		elem, err := r.value()
		v.Elems = append(v.Elems, elem)
		return err
	})
	return v, err
}

func (r *Reader) structure() (Value, error) {
	r.pos++
	v := Value{Kind: Struct}
	err := r.elements("}", func() error {
		name, err := r.field()
		if err != nil {
			return err
		}
		elem, err := r.value()
		v.Names, v.Elems = append(v.Names, name), append(v.Elems, elem)
		return err
	})
	return v, err
}

// elements reads what stands between commas, up to an end.
func (r *Reader) elements(end string, read func() error) error {
	for {
		if err := r.space(); err != nil {
			return err
		}
		if r.accept(end) {
			return nil
		}
		if err := read(); err != nil {
			return err
		}
		if err := r.space(); err != nil {
			return err
		}
		if !r.accept(",") && r.peek() != end[0] {
			return r.fail("neither a comma nor " + end)
		}
	}
}

// field reads a field's name and its colon.
func (r *Reader) field() (name string, err error) {
	if r.peek() == '"' || bytes.HasPrefix(r.text[r.pos:], []byte("'''")) {
		name, err = r.str()
	} else {
		var ok bool
		if name, ok, err = r.symbol(); err == nil && !ok {
			err = r.fail("no name of a field")
		}
	}
	if err != nil {
		return "", err
	}
	if err := r.space(); err != nil {
		return "", err
	}
	if !r.accept(":") {
		return "", r.fail("a field without a colon")
	}
	return name, r.space()
}
