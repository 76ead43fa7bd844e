package partiql

import (
	"math"
	"strconv"

	"github.com/dynox-go/dynox/memtable/internal/expression"
)

var errEmptyComponent = errorf("Path component cannot be an empty string")

// path returns the document path that a node is; nil and a fault if it is none.
func (b *binder) path(n Node) *expression.Path {
	name, steps := n, []Step(nil)
	if p, ok := n.(*Path); ok {
		name, steps = p.Root, p.Steps
	}
	first, ok := name.(*Name)
	if !ok {
		b.failf("Unexpected path component at %s", n.Pos())
		return nil
	}
	if first.Text == "" {
		b.fail(errEmptyComponent)
	}
	path := &expression.Path{Steps: []expression.Step{{Text: first.Text}}}
	for _, s := range steps {
		path.Steps = append(path.Steps, b.step(s))
	}
	return path
}

func (b *binder) step(s Step) expression.Step {
	switch {
	case s.Name != nil:
		if s.Name.Text == "" {
			b.fail(errEmptyComponent)
		}
		return expression.Step{Text: s.Name.Text}
	case s.Star != nil:
		b.failf("Unpivot path component like a.*.b are not supported at %s", *s.Star)
		return expression.Step{}
	case s.Every != nil:
		b.failf("Wildcard path component like a[*].b are not supported at %s", *s.Every)
		return expression.Step{}
	}
	switch x := s.Index.(type) {
	case *String:
		return expression.Step{Text: x.Text}
	case *Number:
		i, ok := x.integer()
		if !ok {
			break
		}
		if i < 0 || i > math.MaxInt32 {
			b.failf("List index is not within the allowable range; index: [%s] at %s", x.literal(), x.Pos())
		}
		return expression.Step{Text: strconv.FormatInt(i, 10), Kind: expression.IndexStep}
	}
	b.failf("Unexpected path component at %s", s.Index.Pos())
	return expression.Step{}
}

// isPath reports whether a node is a document path.
func isPath(n Node) bool {
	switch n.(type) {
	case *Name, *Path:
		return true
	}
	return false
}

// samePath reports whether two paths have the same steps.
func samePath(a, b *expression.Path) bool {
	return a != nil && b != nil && a.String() == b.String()
}
