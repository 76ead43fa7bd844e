package codec

import "reflect"

// AppendValue appends v to dst as [Plan.Value] encodes it. omitted reports that
// AppendItem would leave the attribute out; what is appended is then the
// encoding without omitempty and omitzero. After an error it returns dst.
func (p *Plan) AppendValue(dst []byte, path Path, v any) (out []byte, omitted bool, err error) {
	out, omitted, err = p.appendAt(dst, p.location(path), v)
	if err != nil {
		return dst, false, finish(err, "encode", p.typ, path)
	}
	return out, omitted, nil
}

// AppendElement appends v to dst as [Plan.Element] encodes it. After an error it
// returns dst.
func (p *Plan) AppendElement(dst []byte, path Path, v any) ([]byte, error) {
	l, err := p.location(path).elements()
	if err != nil {
		return dst, finish(err, "encode", p.typ, path)
	}
	out, _, err := p.appendAt(dst, l, v)
	if err != nil {
		return dst, finish(err, "encode", p.typ, path)
	}
	return out, nil
}

// AppendSet appends the elements of vs to dst as [Plan.Set] encodes them. After
// an error it returns dst.
func (p *Plan) AppendSet(dst []byte, path Path, vs any) ([]byte, error) {
	av, err := p.encodeSet(p.at(path), reflect.ValueOf(vs))
	if err == nil {
		var out []byte
		if out, err = appendAttribute(dst, av, 0); err == nil {
			return out, nil
		}
	}
	return dst, finish(err, "encode", p.typ, path)
}

// appendAt appends v as the value at l: the twin of encodeAt.
func (p *Plan) appendAt(dst []byte, l *location, v any) (out []byte, omitted bool, err error) {
	s := l.place
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		return appendNull(dst), s.tag.OmitEmpty || s.tag.OmitZero, nil
	}
	cd, err := l.codec(p, rv.Type())
	if err != nil {
		return dst, false, err
	}
	if out, err = cd.appendHeld(dst, rv, 0); err != nil || len(out) > len(dst) {
		return out, false, err
	}
	s.tag = s.tag.keep()
	cd, as, err := p.codecAt(s, rv.Type())
	if err != nil {
		return dst, false, err
	}
	if out, err = cd.appendHeld(dst, rv, 0); err == nil && len(out) == len(dst) {
		err = fail("%s cannot be stored", as.typ)
	}
	return out, true, err
}

// appendHeld appends v, which has no address.
func (c *codec) appendHeld(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if c.addressed {
		return c.append(dst, slotOf(addressable(v)), depth)
	}
	h, _ := c.held.Get().(*held)
	if h == nil {
		h = &held{value: reflect.New(v.Type()).Elem()}
		h.slot = slotOf(h.value)
	}
	h.value.Set(v)
	dst, err := c.append(dst, h.slot, depth)
	h.value.SetZero()
	c.held.Put(h)
	return dst, err
}

// held is memory with an address for a value that has none.
type held struct {
	value reflect.Value
	slot  slot
}
