package expression

import (
	"strconv"
	"strings"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// maxDepth is how many steps a document path may have.
const maxDepth = 32

// DocumentPath is a path whose placeholders are replaced by names. Its first
// element is the name of a top-level attribute.
type DocumentPath []PathElement

// PathElement is an attribute name, or the index of a list element.
type PathElement struct {
	Name    string
	Index   int
	IsIndex bool
}

// Name returns the name of the top-level attribute.
func (p DocumentPath) Name() string { return p[0].Name }

// String writes the path as the service's messages do: [a, b, [3]].
func (p DocumentPath) String() string {
	parts := make([]string, len(p))
	for i, e := range p {
		parts[i] = e.Name
		if e.IsIndex {
			parts[i] = "[" + strconv.Itoa(e.Index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (p DocumentPath) equal(other DocumentPath) bool {
	return len(p) == len(other) && p.common(other) == len(p)
}

// common returns how many first elements the paths share.
func (p DocumentPath) common(other DocumentPath) int {
	n := 0
	for n < len(p) && n < len(other) && p[n] == other[n] {
		n++
	}
	return n
}

// Value returns the value at the path, or no value.
func (p DocumentPath) Value(item value.Item) value.Value { return p.lookup(item) }

func (p DocumentPath) lookup(item value.Item) value.Value {
	v, _ := item.Get(p[0].Name)
	for _, e := range p[1:] {
		v = e.of(v)
	}
	return v
}

// of returns the element of a map or list, or no value.
func (e PathElement) of(v value.Value) value.Value {
	if !e.IsIndex {
		v, _ = v.Map().Get(e.Name)
		return v
	}
	if list := v.List(); e.Index < len(list) {
		return list[e.Index]
	}
	return value.Value{}
}

// checkOverlaps refuses paths of which one is a part of another, and then paths
// that take one value for a map and for a list.
func checkOverlaps(kind Kind, paths []DocumentPath) error {
	overlap := func(a, b DocumentPath, n int) bool { return n == len(a) || n == len(b) }
	conflict := func(a, b DocumentPath, n int) bool { return !overlap(a, b, n) && a[n].IsIndex != b[n].IsIndex }
	if err := checkPairs(kind, paths, "overlap", overlap); err != nil {
		return err
	}
	return checkPairs(kind, paths, "conflict", conflict)
}

// checkPairs refuses two paths that share their first n elements and are
// related.
func checkPairs(kind Kind, paths []DocumentPath, relation string, related func(a, b DocumentPath, n int) bool) error {
	for j, b := range paths {
		for _, a := range paths[:j] {
			if related(a, b, a.common(b)) {
				return kind.errorf("Two document paths %s with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", relation, a, b)
			}
		}
	}
	return nil
}
