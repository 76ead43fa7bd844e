package codec

import (
	"strconv"
	"strings"
)

// Step is one step of a [Path]: the name of an attribute or of a map's entry,
// or, when IsIndex is set, an index into a list.
type Step struct {
	Name    string
	Index   int
	IsIndex bool
}

// Name is the step to the attribute or map entry of that name.
func Name(name string) Step { return Step{Name: name} }

// Index is the step to element i of a list.
func Index(i int) Step { return Step{Index: i, IsIndex: true} }

// Path is a place in an item, from the item inwards.
type Path []Step

// String is the path as people write it: ship.lines[2].city. A name that is
// empty or contains one of . [ ] " is quoted as in Go. Different paths have
// different texts.
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		if s.IsIndex {
			b.WriteByte('[')
			b.WriteString(strconv.Itoa(s.Index))
			b.WriteByte(']')
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(nameText(s.Name))
	}
	return b.String()
}

func nameText(name string) string {
	if name == "" || strings.ContainsAny(name, `.[]"`) {
		return strconv.Quote(name)
	}
	return name
}
