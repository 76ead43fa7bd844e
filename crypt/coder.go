package crypt

import (
	"context"
	"fmt"
	"sync"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/core"
)

// coder is the [core.Coder] of all fields with the same keyring and options.
type coder struct {
	keyring        Keyring
	scope          string // "": the table's name
	context        string // canonical
	writeOnly      bool
	plain          plaintext
	pydynox        bool
	pydynoxContext string // canonical
}

// plaintext says which values are read although they are not encrypted.
type plaintext uint8

const (
	plainRefused plaintext = iota
	plainRead              // but binary
	plainBytes             // binary too, unless it has the form of an envelope
)

func (c coder) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "crypt.Field(%v)", c.keyring) }

// scratch is memory for one value.
type scratch struct{ content, bound, envelope []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// release erases what was in the clear.
func (s *scratch) release() {
	clear(s.content[:cap(s.content)])
	if cap(s.content)+cap(s.envelope) <= 64<<10 {
		scratches.Put(s)
	}
}

func (c coder) scopeOf(v *core.Value) string {
	if c.scope != "" {
		return c.scope
	}
	return v.Table
}

func (c coder) Encode(ctx context.Context, values []core.Value) error {
	bytes := int64(0)
	for i := range values {
		bytes += int64(len(values[i].JSON))
	}
	key, err := caching(c.keyring).toSeal(ctx, c.context, len(values), bytes)
	if err != nil {
		return err
	}
	s := scratches.Get().(*scratch)
	defer s.release()
	for i := range values {
		v := &values[i]
		if s.content, err = appendContent(s.content[:0], v.JSON); err != nil {
			return err
		}
		s.bound = appendBound(s.bound[:0], key.head, c.scopeOf(v), v.Key, v.Path, c.context)
		s.envelope = key.aead.Seal(append(s.envelope[:0], key.head...), nil, s.content, s.bound)
		v.JSON = appendBinary(nil, s.envelope)
	}
	return nil
}

func (c coder) Decode(ctx context.Context, values []core.Value) {
	if c.writeOnly {
		for i := range values {
			if values[i].JSON = nil; !values[i].Returned {
				values[i].Err = ErrSealed
			}
		}
		return
	}
	found := make([]found, len(values))
	need := needs{keys: caching(c.keyring)}
	for i := range values {
		f, err := c.look(values[i].JSON)
		switch {
		case err != nil:
			values[i].Err = err
		case f.form == formPlain:
		case f.form == formPydynox:
			f.need = need.add(c.pydynoxContext, f.envelope)
		default:
			f.need = need.add(c.context, f.envelope)
		}
		found[i] = f
	}
	need.meet(ctx)
	s := scratches.Get().(*scratch)
	defer s.release()
	for i := range values {
		if found[i].need != nil {
			values[i].JSON, values[i].Err = c.open(s, &values[i], &found[i])
		}
	}
}

// open is the JSON of a value whose data key is there, or is not.
func (c coder) open(s *scratch, v *core.Value, f *found) ([]byte, error) {
	key, err := f.need.key, f.need.err
	if err != nil {
		return nil, err
	}
	if f.form == formPydynox {
		s.content = append(s.content[:0], 'S')
	} else {
		s.content = s.content[:0]
		s.bound = appendBound(s.bound[:0], f.envelope.head, c.scopeOf(v), v.Key, v.Path, c.context)
	}
	bound := s.bound
	if f.form == formPydynox {
		bound = nil
	}
	content, err := key.aead.Open(s.content, nil, f.envelope.sealed, bound)
	if err != nil {
		return nil, errAltered
	}
	s.content = content
	return appendValue(make([]byte, 0, len(content)+16), content)
}

// form is that of a stored value.
type form uint8

const (
	formEnvelope form = iota
	formPydynox
	formPlain
)

// found is a stored value, looked at.
type found struct {
	form     form
	envelope envelope
	need     *need // its data key; nil: none is needed, or it cannot be opened
}

// look tells the form of a stored value by its type, and by how it begins.
func (c coder) look(json []byte) (found, error) {
	kind, held, err := codec.Scalar(nil, json)
	switch {
	case err != nil:
		return found{}, err
	case kind == "B":
		e, ok := parseEnvelope(held)
		switch {
		case ok:
			return found{form: formEnvelope, envelope: e}, nil
		case c.plain == plainBytes:
			return found{form: formPlain}, nil
		}
		return found{}, errEnvelope
	case kind == "S" && c.pydynox && isPydynox(held):
		e, err := parsePydynox(held)
		return found{form: formPydynox, envelope: e}, err
	case c.plain != plainRefused:
		return found{form: formPlain}, nil
	}
	return found{}, ErrNotSealed
}
