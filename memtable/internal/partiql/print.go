package partiql

import "strings"

func (n *Name) write(b *strings.Builder) {
	if !n.Quoted {
		b.WriteString(n.Text)
		return
	}
	quote(b, `"`, n.Text)
}

func quote(b *strings.Builder, mark, text string) {
	b.WriteString(mark + strings.ReplaceAll(text, mark, mark+mark) + mark)
}

func (n *Path) write(b *strings.Builder) {
	if _, number := n.Root.(*Number); number {
		writeList(b, "(", []Node{n.Root}, ")") // or its point would be the number's
	} else {
		operand(b, n.Root)
	}
	for _, s := range n.Steps {
		switch {
		case s.Name != nil:
			b.WriteByte('.')
			s.Name.write(b)
		case s.Star != nil:
			b.WriteString(".*")
		case s.Every != nil:
			b.WriteString("[*]")
		default:
			b.WriteByte('[')
			s.Index.write(b)
			b.WriteByte(']')
		}
	}
}

func (n *String) write(b *strings.Builder) { quote(b, "'", n.Text) }
func (n *Number) write(b *strings.Builder) { b.WriteString(n.literal()) }
func (n *Word) write(b *strings.Builder)   { b.WriteString(strings.ToUpper(n.Text)) }
func (n *Ion) write(b *strings.Builder)    { quote(b, "`", n.Text) }
func (n *Param) write(b *strings.Builder)  { b.WriteByte('?') }
func (n *List) write(b *strings.Builder)   { writeList(b, "[", n.Elems, "]") }
func (n *Bag) write(b *strings.Builder)    { writeList(b, "<<", n.Elems, ">>") }

func writeList(b *strings.Builder, open string, nodes []Node, closing string) {
	b.WriteString(open)
	for i, n := range nodes {
		if i > 0 {
			b.WriteString(", ")
		}
		n.write(b)
	}
	b.WriteString(closing)
}

func (n *Struct) write(b *strings.Builder) {
	b.WriteByte('{')
	for i, f := range n.Fields {
		if i > 0 {
			b.WriteString(", ")
		}
		f.Name.write(b)
		b.WriteString(": ")
		f.Value.write(b)
	}
	b.WriteByte('}')
}

func (n *Call) write(b *strings.Builder) {
	if tokens, err := lex(n.Name); callable[n.Name] || err == nil && tokens[0].kind == tokenName && tokens[0].pos.len == len(n.Name) {
		b.WriteString(n.Name)
	} else {
		quote(b, `"`, n.Name)
	}
	writeList(b, "(", n.Args, ")")
}

// operand writes a part of something that goes on: a SELECT in it would go on, too.
func operand(b *strings.Builder, n Node) {
	if _, ok := n.(*Select); ok {
		writeList(b, "(", []Node{n}, ")")
		return
	}
	n.write(b)
}

// write puts every operator in parentheses, so that precedence needs no thought.
func (n *Unary) write(b *strings.Builder) {
	b.WriteString("(" + strings.ToUpper(n.Op) + " ")
	operand(b, n.X)
	b.WriteByte(')')
}

func (n *Binary) write(b *strings.Builder) {
	b.WriteByte('(')
	operand(b, n.L)
	b.WriteString(" " + strings.ToUpper(n.Op) + " ")
	if n.Op == "in" && isOperation(n.R) {
		b.WriteString(bare(n.R))
	} else {
		operand(b, n.R)
	}
	clause(b, " ESCAPE ", n.Escape)
	b.WriteByte(')')
}

func (n *Between) write(b *strings.Builder) {
	b.WriteByte('(')
	operand(b, n.X)
	clause(b, " BETWEEN ", n.Lo)
	clause(b, " AND ", n.Hi)
	b.WriteByte(')')
}

func (n *Is) write(b *strings.Builder) {
	b.WriteByte('(')
	operand(b, n.X)
	b.WriteString(" IS " + strings.ToUpper(n.Type) + ")")
}

// bare is an operation that does not begin with a parenthesis, which would make a list of it where one
// may stand. It was read so, and its operators bind as they stand.
func bare(n Node) string {
	s := n.String()
	if !isOperation(n) {
		return s
	}
	s = s[1 : len(s)-1]
	var first Node
	switch n := n.(type) {
	case *Binary:
		first = n.L
	case *Between:
		first = n.X
	case *Is:
		first = n.X
	}
	if first != nil && isOperation(first) {
		return bare(first) + s[len(first.String()):]
	}
	return s
}

// isOperation reports whether a node is an operator, and so printed in parentheses.
func isOperation(n Node) bool {
	switch n.(type) {
	case *Unary, *Binary, *Between, *Is:
		return true
	}
	return false
}

// clause writes a clause, unless it is missing.
func clause(b *strings.Builder, keyword string, n Node) {
	if n != nil {
		b.WriteString(keyword)
		operand(b, n)
	}
}

func (s Source) write(b *strings.Builder) {
	operand(b, s.X)
	for _, alias := range [...]struct{ keyword, name string }{{"AS", s.As}, {"AT", s.At}, {"BY", s.By}} {
		if alias.name != "" {
			b.WriteString(" " + alias.keyword + " ")
			quote(b, `"`, alias.name)
		}
	}
	clause(b, " ON ", s.On)
}

func writeSources(b *strings.Builder, sources []Source) {
	for i, s := range sources {
		switch {
		case s.Join == "JOIN":
			b.WriteString(" JOIN ")
		case i > 0:
			b.WriteString(", ")
		}
		s.write(b)
	}
}

func (n *Select) write(b *strings.Builder) {
	b.WriteString("SELECT ")
	if n.Distinct {
		b.WriteString("DISTINCT ")
	}
	if n.Value {
		b.WriteString("VALUE ")
	}
	if len(n.Columns) == 0 {
		b.WriteByte('*')
	}
	writeSources(b, n.Columns)
	b.WriteString(" FROM ")
	writeSources(b, n.From)
	clause(b, " WHERE ", n.Where)
	if len(n.Group) > 0 {
		writeList(b, " GROUP BY ", n.Group, "")
	}
	clause(b, " HAVING ", n.Having)
	for i, o := range n.Order {
		b.WriteString([]string{" ORDER BY ", ", "}[min(i, 1)])
		operand(b, o.X)
		if o.Desc {
			b.WriteString(" DESC")
		}
	}
	clause(b, " LIMIT ", n.Limit)
}

func writeReturning(b *strings.Builder, returning []Back) {
	for i, r := range returning {
		b.WriteString([]string{" RETURNING ", ", "}[min(i, 1)] + r.Which + " ")
		if r.X == nil {
			b.WriteByte('*')
		} else {
			r.X.write(b)
		}
	}
}

func (n *Insert) write(b *strings.Builder) {
	b.WriteString("INSERT INTO ")
	n.Target.write(b)
	switch value := text(n.Value); {
	case !n.Plain:
		b.WriteString(" VALUE " + value)
	case strings.HasPrefix(value, "["): // which the target would take for its own
		b.WriteString(" (" + value + ")")
	default:
		b.WriteString(" " + value)
	}
	clause(b, " AT ", n.Position)
	if n.Conflict != nil {
		clause(b, " ON CONFLICT WHERE ", n.Conflict)
		b.WriteString(" DO NOTHING")
	}
	writeReturning(b, n.Returning)
}

func (n *Update) write(b *strings.Builder) {
	if n.First {
		b.WriteString("FROM ")
		writeSources(b, n.From)
		clause(b, " WHERE ", n.Where)
	} else if len(n.From) > 0 {
		b.WriteString("UPDATE ")
		writeSources(b, n.From)
	}
	for i, a := range n.Actions {
		if i > 0 || len(n.From) > 0 {
			b.WriteByte(' ')
		}
		a.write(b)
	}
	if !n.First {
		clause(b, " WHERE ", n.Where)
	}
	writeReturning(b, n.Returning)
}

func (n *Set) write(b *strings.Builder) {
	for i, a := range n.Assignments {
		b.WriteString([]string{"SET ", ", "}[min(i, 1)])
		a.Target.write(b)
		b.WriteString(" = ")
		a.Value.write(b)
	}
}

func (n *Remove) write(b *strings.Builder) { clause(b, "REMOVE ", n.Target) }

func (n *Delete) write(b *strings.Builder) {
	b.WriteString("DELETE FROM ")
	n.From.write(b)
	clause(b, " WHERE ", n.Where)
	writeReturning(b, n.Returning)
}
