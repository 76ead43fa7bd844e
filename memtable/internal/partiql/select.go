package partiql

import (
	"strconv"

	"github.com/dynox-go/dynox/memtable/internal/expression"
)

// selection plans a SELECT.
func (b *binder) selection(n *Select) *Plan {
	p := &Plan{Kind: SelectKind}
	b.clauses(n)
	p.Table, p.Index = b.source(n.From)
	p.Columns = b.columns(n.Columns)
	p.where = b.where(n.Where)
	for _, o := range n.Order {
		name, ok := o.X.(*Name)
		if !ok {
			b.failf("Argument to ORDER BY must be of type VariableReference. Type: %s", orderType(o.X))
			break
		}
		p.Order = append(p.Order, Term{name.Text, o.Desc})
	}
	if len(p.Order) > 0 && p.where == nil {
		b.failf("Must have WHERE clause in the statement when using ORDER BY clause.")
	}
	return p
}

func orderType(n Node) string {
	if isPath(n) {
		return "PATH"
	}
	return n.String()
}

// clauses refuses the clauses that the service does not support.
func (b *binder) clauses(n *Select) {
	switch {
	case n.Distinct:
		b.failf("Unsupported token in expression: DISTINCT")
	case len(n.Group) > 0:
		b.failf("Unsupported clause: GROUP BY")
	case n.Having != nil:
		b.failf("Unsupported clause: HAVING at %s", n.Having.Pos())
	case n.Limit != nil:
		b.failf("Unsupported clause: LIMIT at %s", n.Limit.Pos())
	case n.Value:
		b.failf("Select projection doesn't support value or pivot keywords")
	}
}

// source returns the table and index that a statement names.
func (b *binder) source(from []Source) (table, index string) {
	if len(from) != 1 {
		b.failf("Only select from a single table or index is supported.")
		return "", ""
	}
	if s := from[0]; s.As != "" || s.At != "" || s.By != "" {
		b.failf("Aliasing is not supported")
		return "", ""
	}
	return b.table(from[0].X)
}

// table returns the table and index of a path.
func (b *binder) table(n Node) (table, index string) {
	if !isPath(n) {
		b.failf("Unexpected from source")
		return "", ""
	}
	var names []string
	if p, ok := n.(*Path); ok {
		for _, s := range p.Steps {
			switch {
			case s.Index != nil, s.Every != nil:
				b.failf("Invalid list expression in source.")
			case s.Star != nil:
				b.step(s)
			default:
				names = append(names, s.Name.Text)
			}
		}
		n = p.Root
	}
	name, ok := n.(*Name)
	if !ok {
		b.failf("Unexpected from source")
		return "", ""
	}
	names = append([]string{name.Text}, names...)
	if len(names) > 2 {
		b.failf("A path may contain at most 2 components in the FROM clause")
	}
	for _, name := range names {
		if name == "" {
			b.fail(errEmptyComponent)
		}
	}
	if len(names) == 1 {
		names = append(names, "")
	}
	if !isTableName(names[0]) {
		b.failf("Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'.")
	}
	return names[0], names[1]
}

func isTableName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !isDigit(c) && c != '_' && c != '-' && c != '.' && (c|0x20 < 'a' || 'z' < c|0x20) {
			return false
		}
	}
	return len(name) >= 3 && len(name) <= 255
}

// columns plans a select list.
func (b *binder) columns(list []Source) []Column {
	var columns []Column
	for _, s := range list {
		if !isPath(s.X) {
			b.failf("Unexpected path component at %s", s.X.Pos())
			return nil
		}
		if p, ok := s.X.(*Path); ok && p.Steps[len(p.Steps)-1].Star != nil {
			b.failf("Changing item's hierarchy while reading isn't supported")
			return nil
		}
		if s.As != "" {
			b.failf("Aliasing is not supported")
			return nil
		}
		path := b.path(s.X)
		if path == nil {
			return nil
		}
		columns = append(columns, column(path))
	}
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c.Name] {
			b.failf("Duplicate identifiers in select clause: %s", c.Name)
		}
		seen[c.Name] = true
	}
	return columns
}

// column names a path by its last name and the list indexes behind it.
func column(path *expression.Path) Column {
	var c Column
	for _, s := range path.Steps {
		if s.Kind != expression.IndexStep {
			c.Name = s.Text
			c.Path = append(c.Path, expression.PathElement{Name: s.Text})
			continue
		}
		i, _ := strconv.Atoi(s.Text)
		c.Name += "[" + s.Text + "]"
		c.Path = append(c.Path, expression.PathElement{Index: i, IsIndex: true})
	}
	return c
}
