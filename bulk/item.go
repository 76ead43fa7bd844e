package bulk

import (
	"errors"
	"fmt"

	"github.com/dynox-go/dynox/internal/core"
	"github.com/dynox-go/dynox/internal/number"
	"github.com/dynox-go/dynox/internal/wire"
)

// maxNesting is how deep lists and maps may be in each other, and maxItem the most bytes
// of an item.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxNesting = 32
	maxItem    = 400 << 10
)

// checker looks at items before they are sent, because the service refuses all of a
// request for one of them.
type checker struct {
	keys keys
	text []byte
	seen int // key attributes
}

// item checks an item in DynamoDB JSON.
func (c *checker) item(raw []byte) error {
	s := wire.NewScanner(raw)
	c.seen = 0
	size, err := c.attributes(&s, 0, true)
	switch {
	case err != nil:
		return err
	case c.seen < len(c.keys):
		return fmt.Errorf("%w: it lacks a key attribute, %s", core.ErrKey, c.keys.names())
	case size > maxItem:
		return fmt.Errorf("%w: it has %d bytes, more than the %d that one can have", core.ErrTooLarge, size, maxItem)
	}
	return s.End()
}

func (ks keys) names() string {
	if len(ks) == 1 {
		return ks[0].name
	}
	return ks[0].name + " or " + ks[1].name
}

// of is the key attribute of that name, nil: it is none.
func (ks keys) of(name []byte) *keyAttr {
	for i := range ks {
		if ks[i].name == string(name) {
			return &ks[i]
		}
	}
	return nil
}

// attributes reads the members of an item, or of a map, and counts their bytes.
func (c *checker) attributes(s *wire.Scanner, depth int, top bool) (size int, err error) {
	if err := s.Object(); err != nil {
		return 0, err
	}
	for {
		name, ok, err := s.Member()
		if err != nil || !ok {
			return size, err
		}
		size += len(name)
		var key *keyAttr
		if top {
			key = c.keys.of(name)
		}
		t, n, err := c.value(s, depth)
		if err != nil {
			return 0, err
		}
		size += n
		if key == nil {
			continue
		}
		c.seen++
		switch {
		case t.String() != string(key.kind):
			return 0, fmt.Errorf("%w: %s is of type %v, not %s as the table's", core.ErrKey, key.name, t, key.kind)
		case n == 0:
			return 0, fmt.Errorf("%w: %s is empty", core.ErrKey, key.name)
		}
	}
}

// value checks one attribute value, and counts its bytes as the service does.
func (c *checker) value(s *wire.Scanner, depth int) (t wire.Type, size int, err error) {
	if t, err = s.Attribute(); err != nil {
		return t, 0, err
	}
	switch t {
	case wire.M, wire.L:
		if depth++; depth > maxNesting {
			return t, 0, fmt.Errorf("maps and lists are more than %d deep", maxNesting)
		}
		if t == wire.M {
			if size, err = c.attributes(s, depth, false); err == nil {
				size += 3
			}
			break
		}
		size = 3
		err = elements(s, func() error {
			_, n, err := c.value(s, depth)
			size += n + 1
			return err
		})
	case wire.SS, wire.NS, wire.BS:
		n := 0
		err = elements(s, func() error {
			m, err := c.scalar(s, t)
			size += m
			n++
			return err
		})
		if err == nil && n == 0 {
			err = errors.New("a set is empty")
		}
	case wire.BOOL:
		size = 1
		_, err = s.Bool()
	case wire.NULL:
		size = 1
		var null bool
		if null, err = s.Bool(); err == nil && !null {
			err = errors.New("NULL is true, if it is there")
		}
	default:
		size, err = c.scalar(s, t)
	}
	if err != nil {
		return t, 0, err
	}
	return t, size, s.EndAttribute()
}

// scalar checks a string, number or bytes, alone or of a set.
func (c *checker) scalar(s *wire.Scanner, t wire.Type) (size int, err error) {
	switch t {
	case wire.N, wire.NS:
		text, grown, err := s.Text(c.text)
		if c.text = grown; err != nil {
			return 0, err
		}
		n, err := number.Parse(text)
		if err != nil {
			return 0, fmt.Errorf("a number cannot be stored: %w", err)
		}
		return n.Size(), nil
	case wire.B, wire.BS:
		c.text, err = s.AppendBytes(c.text[:0])
		return len(c.text), err
	default:
		text, grown, err := s.Text(c.text)
		c.text = grown
		return len(text), err
	}
}

// elements calls f for each element of the array that s is at: f reads it.
func elements(s *wire.Scanner, f func() error) error {
	if err := s.Array(); err != nil {
		return err
	}
	for {
		ok, err := s.Element()
		if err != nil || !ok {
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
}

// members calls f for each member of the object that s is at: f reads its value.
func members(s *wire.Scanner, f func(name []byte) error) error {
	if err := s.Object(); err != nil {
		return err
	}
	for {
		name, ok, err := s.Member()
		if err != nil || !ok {
			return err
		}
		if err := f(name); err != nil {
			return err
		}
	}
}

// item is the item of a line in DynamoDB JSON; nil if the line has none.
func (m *importing) item(line []byte) ([]byte, error) {
	s := wire.NewScanner(line)
	if s.Kind() == wire.Invalid && s.Rest() == 0 {
		return nil, nil
	}
	var item []byte
	var err error
	if m.plain {
		if item, err = appendTyped(make([]byte, 0, 2*len(line)), &s, m.checker.keys); err == nil {
			err = s.End()
		}
	} else {
		item, err = itemOf(&s)
	}
	if err == nil {
		err = m.checker.item(item)
	}
	return item, err
}

// itemOf is the member Item of the object that s is at.
func itemOf(s *wire.Scanner) (item []byte, err error) {
	err = members(s, func(name []byte) error {
		isItem := string(name) == "Item"
		if isItem && s.Kind() != wire.Object {
			return errors.New("its Item is no object")
		}
		raw, err := s.Raw()
		if isItem {
			item = raw
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case item == nil:
		return nil, errors.New("it has no member Item")
	}
	return item, s.End()
}
