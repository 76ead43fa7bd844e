package expression

import (
	"strconv"
	"strings"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// Node is a part of a parsed expression. Nodes know nothing of the names and
// values that a request gives for its placeholders, and are never modified
// once built, so one tree serves any number of requests at once.
//
// A node's String is expression text that parses to an equal node, except
// where the tree holds a Literal.
type Node interface {
	String() string
	write(*strings.Builder)
}

// Step is one step of a document path: a name, a #placeholder of one, or the
// index of a list element.
type Step struct {
	Text string // the name, the placeholder with its #, or the index's digits
	Kind StepKind
}

// StepKind tells what a Step is.
type StepKind uint8

// The kinds of steps.
const (
	NameStep StepKind = iota
	PlaceholderStep
	IndexStep
)

// Nodes that yield a value.
type (
	// Path is a document path: a.b[3].#c.
	Path struct{ Steps []Step }
	// ValueRef is a :placeholder of a value, with its colon.
	ValueRef struct{ Name string }
	// Literal is a value that stands in the tree itself; the expression
	// language has no text for it. It serves other front ends.
	Literal struct{ Value value.Value }
	// Call is a function call; a condition or a value as the function says.
	Call struct {
		Name string
		Args []Node
	}
	// Arith is an addition or subtraction; Op is "+" or "-".
	Arith struct {
		Op   string
		L, R Node
	}
	// Paren is a parenthesized value or condition.
	Paren struct{ X Node }
)

// Nodes that are conditions.
type (
	// Compare is a comparison; Op is one of = <> < <= > >=.
	Compare struct {
		Op   string
		L, R Node
	}
	// Between is X BETWEEN Lo AND Hi.
	Between struct{ X, Lo, Hi Node }
	// In is X IN (List).
	In struct {
		X    Node
		List []Node
	}
	// And is L AND R.
	And struct{ L, R Node }
	// Or is L OR R.
	Or struct{ L, R Node }
	// Not is NOT X.
	Not struct{ X Node }
)

// Action is one action of an update expression's section. Value is nil in a
// REMOVE section.
type Action struct {
	Path  *Path
	Value Node
}

// Section is a section of an update expression: Keyword is SET, REMOVE, ADD or
// DELETE.
type Section struct {
	Keyword string
	Actions []Action
}

// NamePath returns the path of a top-level attribute, whatever its name holds.
func NamePath(name string) *Path { return &Path{Steps: []Step{{Text: name, Kind: NameStep}}} }

func text(n Node) string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *Path) String() string     { return text(n) }
func (n *ValueRef) String() string { return text(n) }
func (n *Literal) String() string  { return text(n) }
func (n *Call) String() string     { return text(n) }
func (n *Arith) String() string    { return text(n) }
func (n *Paren) String() string    { return text(n) }
func (n *Compare) String() string  { return text(n) }
func (n *Between) String() string  { return text(n) }
func (n *In) String() string       { return text(n) }
func (n *And) String() string      { return text(n) }
func (n *Or) String() string       { return text(n) }
func (n *Not) String() string      { return text(n) }

func (n *Path) write(b *strings.Builder) {
	for i, step := range n.Steps {
		switch {
		case step.Kind == IndexStep:
			b.WriteString("[" + step.Text + "]")
			continue
		case i > 0:
			b.WriteByte('.')
		}
		b.WriteString(step.Text)
	}
}

func (n *ValueRef) write(b *strings.Builder) { b.WriteString(n.Name) }

func (n *Literal) write(b *strings.Builder) { b.WriteString("<" + n.Value.Kind().String() + ">") }

func (n *Call) write(b *strings.Builder) {
	b.WriteString(n.Name)
	writeList(b, n.Args)
}

func (n *Arith) write(b *strings.Builder) { writeInfix(b, n.L, n.Op, n.R) }

func (n *Paren) write(b *strings.Builder) { writeList(b, []Node{n.X}) }

func (n *Compare) write(b *strings.Builder) { writeInfix(b, n.L, n.Op, n.R) }

func (n *Between) write(b *strings.Builder) {
	writeInfix(b, n.X, "BETWEEN", n.Lo)
	b.WriteString(" AND ")
	n.Hi.write(b)
}

func (n *In) write(b *strings.Builder) {
	n.X.write(b)
	b.WriteString(" IN ")
	writeList(b, n.List)
}

func (n *And) write(b *strings.Builder) { writeInfix(b, n.L, "AND", n.R) }

func (n *Or) write(b *strings.Builder) { writeInfix(b, n.L, "OR", n.R) }

func (n *Not) write(b *strings.Builder) {
	b.WriteString("NOT ")
	n.X.write(b)
}

func (a Action) write(b *strings.Builder, keyword string) {
	a.Path.write(b)
	switch {
	case a.Value == nil:
		return
	case keyword == "SET":
		b.WriteString(" =")
	}
	b.WriteByte(' ')
	a.Value.write(b)
}

func writeInfix(b *strings.Builder, l Node, op string, r Node) {
	l.write(b)
	b.WriteString(" " + op + " ")
	r.write(b)
}

func writeList(b *strings.Builder, nodes []Node) {
	b.WriteByte('(')
	for i, n := range nodes {
		if i > 0 {
			b.WriteString(", ")
		}
		n.write(b)
	}
	b.WriteByte(')')
}

// index returns the list index that an IndexStep names.
func (s Step) index() (int, error) {
	i, err := strconv.ParseInt(s.Text, 10, 32)
	return int(i), err
}

// unwrap returns what is inside parentheses.
func unwrap(n Node) Node {
	for {
		p, ok := n.(*Paren)
		if !ok {
			return n
		}
		n = p.X
	}
}
