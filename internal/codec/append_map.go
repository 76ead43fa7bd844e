package codec

import (
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/dynox-go/dynox/internal/wire"
)

// appendMap has a way of its own for maps whose keys are text or integers as
// such; of other keys only the twin knows whether two have one text. It uses the
// memory of an element again, so the twin takes those that might keep theirs too.
func appendMap(s spec, elem *codec) appendFunc {
	if s.typ.Key() == reflect.TypeFor[string]() && s.tag.elem() == (Tag{}) {
		switch s.typ.Elem() {
		case reflect.TypeFor[any]():
			return func(dst []byte, p slot, depth int) ([]byte, error) {
				return appendAnyMap(dst, *at[map[string]any](p), depth)
			}
		case reflect.TypeFor[string]():
			return appendTextMap
		}
	}
	appendKey := appendKeyFunc(s.typ.Key())
	if appendKey == nil || isAddressed(s.typ.Elem()) {
		return nil
	}
	pool := newEntryPool(s.typ)
	return func(dst []byte, p slot, depth int) ([]byte, error) {
		if depth > maxDepth {
			return dst, failDepth()
		}
		v := valueAt(p, s.typ)
		dst = append(dst, `{"M":{`...)
		if v.Len() == 0 {
			return append(dst, `}}`...), nil
		}
		e := pool.get(v)
		defer pool.put(e)
		start := len(dst)
		for e.iter.Next() {
			e.key.SetIterKey(&e.iter)
			e.elem.SetIterValue(&e.iter)
			before := len(dst)
			if before > start {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendKey(dst, e.keySlot); err != nil {
				return dst, under(err, anyEntry)
			}
			dst = append(dst, ':')
			named := len(dst)
			if dst, err = elem.append(dst, e.elemSlot, depth+1); err != nil {
				return dst, under(err, anyEntry)
			}
			if len(dst) == named {
				dst = dst[:before]
			}
		}
		return append(dst, `}}`...), nil
	}
}

func appendTextMap(dst []byte, p slot, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, failDepth()
	}
	dst = append(dst, `{"M":{`...)
	first := true
	for name, text := range *at[map[string]string](p) {
		if name == "" {
			return dst, under(failEmptyKey(), anyEntry)
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(wire.AppendString(dst, name), `:{"S":`...)
		dst = append(wire.AppendString(dst, text), '}')
	}
	return append(dst, `}}`...), nil
}

// appendKeyFunc appends keys of type t as names of members; nil if it cannot
// tell that different keys have different texts.
func appendKeyFunc(t reflect.Type) func(dst []byte, p slot) ([]byte, error) {
	if t.Implements(textMarshalerType) {
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(dst []byte, p slot) ([]byte, error) {
			text := *at[string](p)
			if text == "" {
				return dst, failEmptyKey()
			}
			return wire.AppendString(dst, text), nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		load := intAt(t)
		return func(dst []byte, p slot) ([]byte, error) {
			dst = strconv.AppendInt(append(dst, '"'), load(p), 10)
			return append(dst, '"'), nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		load := uintAt(t)
		return func(dst []byte, p slot) ([]byte, error) {
			dst = strconv.AppendUint(append(dst, '"'), load(p), 10)
			return append(dst, '"'), nil
		}
	}
	return nil
}

// entry is the memory to walk a map with: one entry of it at a time.
type entry struct {
	iter              reflect.MapIter
	key, elem         reflect.Value
	keySlot, elemSlot slot
}

// entryPool keeps entries of one type of map. Walks may nest: each has its own.
type entryPool struct{ pool sync.Pool }

func newEntryPool(t reflect.Type) *entryPool {
	return &entryPool{sync.Pool{New: func() any {
		e := &entry{key: reflect.New(t.Key()).Elem(), elem: reflect.New(t.Elem()).Elem()}
		e.keySlot, e.elemSlot = slotOf(e.key), slotOf(e.elem)
		return e
	}}}
}

func (p *entryPool) get(m reflect.Value) *entry {
	e := p.pool.Get().(*entry)
	e.iter.Reset(m)
	return e
}

// put takes e back, without anything of the map.
func (p *entryPool) put(e *entry) {
	e.iter.Reset(reflect.Value{})
	e.key.SetZero()
	e.elem.SetZero()
	p.pool.Put(e)
}

// appendMapSet has a way of its own for sets of text.
func appendMapSet(s spec) appendFunc {
	key := s.typ.Key()
	if key.Kind() != reflect.String || isCustom(key) || isNumberText(key) || s.tag.OmitEmptyElem || s.tag.NullEmptyElem {
		return nil
	}
	pool, texts := newEntryPool(s.typ), sync.Pool{New: func() any { return new([]string) }}
	omit := s.tag.OmitEmpty
	return func(dst []byte, p slot, _ int) ([]byte, error) {
		v := valueAt(p, s.typ)
		switch {
		case v.Len() == 0 && omit:
			return dst, nil
		case v.Len() == 0:
			return appendNull(dst), nil
		}
		e := pool.get(v)
		defer pool.put(e)
		members := texts.Get().(*[]string)
		for e.iter.Next() {
			e.key.SetIterKey(&e.iter)
			*members = append(*members, *at[string](e.keySlot))
		}
		slices.Sort(*members)
		dst = appendStrings(append(dst, `{"SS":`...), *members)
		clear(*members)
		*members = (*members)[:0]
		texts.Put(members)
		return append(dst, '}'), nil
	}
}
