package wire

// Skip reads one value of any kind and drops it. It checks what reading it would check.
func (s *Scanner) Skip() error {
	if end := skipCompact(s.data, s.pos, min(64, MaxDepth-s.depth)); end >= 0 {
		s.pos = end
		s.first = false
		return nil
	}
	return s.skip()
}

// skip is Skip, step by step: for what has white space, nests deep, or is wrong.
func (s *Scanner) skip() error {
	var open nesting
	outer := s.depth
	for {
		descended, err := s.skipScalarOrOpen(&open)
		if err != nil {
			return err
		}
		// Behind a value: close what ends here, and find the next value, if the outermost isn't over.
		for !descended {
			if s.depth == outer {
				s.first = false
				return nil
			}
			if descended, err = s.skipOn(&open); err != nil {
				return err
			}
		}
	}
}

// skipScalarOrOpen reads a scalar or an empty container, or enters one, up to its first value.
func (s *Scanner) skipScalarOrOpen(open *nesting) (descended bool, err error) {
	switch c := s.byte(); kinds[c] {
	case String:
		_, _, err = s.quoted()
	case Object, Array:
		if s.depth >= MaxDepth {
			return false, s.fail("nesting too deep")
		}
		s.pos++
		if s.byte() == c+2 { // the closing brace or bracket
			s.pos++
			return false, nil
		}
		open.set(s.depth, c == '{')
		s.depth++
		if c == '{' {
			err = s.skipName()
		}
		return true, err
	case Number:
		_, err = s.Number()
	case Bool:
		_, err = s.Bool()
	case Null:
		err = s.Null()
	default:
		err = s.fail("expected a value")
	}
	return false, err
}

// skipOn reads what follows a value inside a container: a comma, up to the next value, or the end.
func (s *Scanner) skipOn(open *nesting) (descended bool, err error) {
	object := open.get(s.depth - 1)
	switch c := s.byte(); {
	case c == ',':
		s.pos++
		if object {
			err = s.skipName()
		}
		return true, err
	case c == '}' && object, c == ']' && !object:
		s.pos++
		s.depth--
		return false, nil
	case object:
		return false, s.fail("expected a comma or the end of the object")
	}
	return false, s.fail("expected a comma or the end of the array")
}

func (s *Scanner) skipName() error {
	if _, _, err := s.quoted(); err != nil {
		return err
	}
	if s.byte() != ':' {
		return s.fail("expected a colon")
	}
	s.pos++
	return nil
}

// nesting says of each level whether it is an object.
type nesting [MaxDepth / 64]uint64

func (n *nesting) set(level int, object bool) {
	bit := uint64(1) << (level % 64)
	if object {
		n[level/64] |= bit
	} else {
		n[level/64] &^= bit
	}
}

func (n *nesting) get(level int) bool { return n[level/64]>>(level%64)&1 != 0 }
