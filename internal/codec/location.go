package codec

import (
	"reflect"
	"sync"
)

// location is a place of a plan, with what was found out about it: the direct way's
// cache of [Plan.at] and codecAt. It is safe for concurrent use, and has as many
// locations below it as there are different places on the paths that were asked for.
type location struct {
	place  place
	codecs sync.Map // reflect.Type of values that belong here -> *codec

	once    sync.Once
	fields  map[string]*location
	index   *location // any element of a list
	entry   *location // any other name
	element *location // as Element takes it, or nil
}

// location is the place at path.
func (p *Plan) location(path Path) *location {
	l := &p.top
	for _, step := range path {
		l = l.below(step)
	}
	return l
}

func (l *location) below(step Step) *location {
	l.once.Do(l.expand)
	if step.IsIndex {
		return l.index
	}
	if f := l.fields[step.Name]; f != nil {
		return f
	}
	return l.entry
}

// expand makes the locations below l.
func (l *location) expand() {
	l.index = &location{place: into(l.place, Index(0))}
	if l.place.typ == nil || l.place.format != Default || !isPlainStruct(deref(l.place.typ)) {
		l.entry = &location{place: into(l.place, anyEntry)}
	} else {
		l.entry = &location{}
		fields, _ := Fields(deref(l.place.typ))
		l.fields = make(map[string]*location, len(fields))
		for _, f := range fields {
			l.fields[f.Name] = &location{place: into(l.place, Name(f.Name))}
		}
	}
	if elem, err := elementOf(l.place); err == nil {
		l.element = &location{place: elem}
	}
}

// elements is the place of the elements of the list, set or map at l. The error
// is not to be changed.
func (l *location) elements() (*location, error) {
	l.once.Do(l.expand)
	if l.element == nil {
		_, err := elementOf(l.place)
		return nil, err
	}
	return l.element, nil
}

// codec is the codec for a value of type t at l.
func (l *location) codec(p *Plan, t reflect.Type) (*codec, error) {
	if cd, ok := l.codecs.Load(t); ok {
		return cd.(*codec), nil
	}
	cd, as, err := p.codecAt(l.place, t)
	if err != nil {
		return nil, err
	}
	if err := sameKind(l.place, as); err != nil {
		return nil, err
	}
	l.codecs.Store(t, cd)
	return cd, nil
}
