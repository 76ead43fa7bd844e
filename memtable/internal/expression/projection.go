package expression

import "github.com/dynox-go/dynox/memtable/internal/value"

// Projection is a projection, planned for the names of a request. It is
// immutable and safe for concurrent use.
type Projection struct {
	paths []DocumentPath
	root  *branch
}

// Bind plans the projection for a request. A fault is an *Error.
func (e *ProjectionExpr) Bind(binding *Binding) (*Projection, error) {
	b := &binder{kind: ProjectionKind, binding: binding}
	for _, n := range e.paths {
		b.path(n)
	}
	if err := b.result(); err != nil {
		return nil, err
	}
	if err := checkOverlaps(ProjectionKind, b.paths); err != nil {
		return nil, err
	}
	return newProjection(b.paths), nil
}

func newProjection(paths []DocumentPath) *Projection {
	p := &Projection{paths: paths, root: &branch{}}
	for i, path := range paths {
		p.root.add(path, i)
	}
	return p
}

// Paths returns the document paths of the projection, in the order of the
// text. The slice must not be modified.
func (p *Projection) Paths() []DocumentPath { return p.paths }

// Eval returns the part of an item that the paths name, within the maps and
// lists that hold it. The elements taken from a list stand in the list's order,
// without gaps; a path that leads to nothing adds nothing.
func (p *Projection) Eval(item value.Item) value.Item { return p.root.projectItem(item) }

// branch is a node of the tree that document paths without overlaps form: a
// leaf, or the branches below it by name or by index.
type branch struct {
	leaf  bool
	path  int // of a leaf, which path ends here
	names map[string]*branch
	list  map[int]*branch
}

func (b *branch) add(path DocumentPath, index int) {
	if len(path) == 0 {
		b.leaf, b.path = true, index
		return
	}
	e := path[0]
	var next *branch
	if e.IsIndex {
		if b.list == nil {
			b.list = map[int]*branch{}
		}
		if next = b.list[e.Index]; next == nil {
			next = &branch{}
			b.list[e.Index] = next
		}
	} else {
		if b.names == nil {
			b.names = map[string]*branch{}
		}
		if next = b.names[e.Name]; next == nil {
			next = &branch{}
			b.names[e.Name] = next
		}
	}
	next.add(path[1:], index)
}

func (b *branch) projectItem(item value.Item) value.Item {
	attributes := make([]value.Attribute, 0, min(len(b.names), item.Len()))
	for name, next := range b.names {
		v, _ := item.Get(name)
		if v = next.project(v); v.IsValid() {
			attributes = append(attributes, value.Attribute{Name: name, Value: v})
		}
	}
	return value.NewItem(attributes)
}

// project returns the projected part of v, or no value where it has none.
func (b *branch) project(v value.Value) value.Value {
	if b.leaf {
		return v
	}
	switch v.Kind() {
	case value.KindM:
		if item := b.projectItem(v.Map()); item.Len() > 0 {
			return value.Map(item)
		}
	case value.KindL:
		var elems []value.Value
		for _, i := range sortedIndexes(b.list) {
			if i >= v.Len() {
				break
			}
			if elem := b.list[i].project(v.List()[i]); elem.IsValid() {
				elems = append(elems, elem)
			}
		}
		if len(elems) > 0 {
			return value.List(elems)
		}
	}
	return value.Value{}
}
