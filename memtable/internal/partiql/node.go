package partiql

import (
	"strconv"
	"strings"
)

// Node is a part of a parsed statement. Nodes know nothing of the values of parameters, and are never
// modified once built. A node's String is text that parses to an equal node.
type Node interface {
	String() string
	// Pos is where messages say that the node is.
	Pos() Pos
	write(*strings.Builder)
}

// Names and values.
type (
	// Name is an attribute, table or index.
	Name struct {
		Text   string
		Quoted bool
		At     Pos
	}
	// Path is a document path.
	Path struct {
		Root  Node
		Steps []Step
	}
	// String is a text literal.
	String struct {
		Text string
		At   Pos
	}
	// Number is a number literal as it was written, after its sign.
	Number struct {
		Text     string
		Negative bool
		At       Pos
	}
	// Word is one of the literals true, false, null and missing.
	Word struct {
		Text string
		At   Pos
	}
	// Ion is a literal of the Ion language.
	Ion struct {
		Text string
		At   Pos
	}
	// Param is a parameter, counted from 0.
	Param struct {
		Index int
		At    Pos
	}
	// List is a list literal. In parentheses it has two elements or more.
	List struct {
		Elems []Node
		At    Pos
	}
	// Bag is a set literal.
	Bag struct {
		Elems []Node
		At    Pos
	}
	// Struct is a map literal.
	Struct struct {
		Fields []Field
		At     Pos
	}
)

// Operators.
type (
	// Call is a function call; the function's name is in lower case.
	Call struct {
		Name string
		Args []Node
		At   Pos
	}
	// Unary is an operator before its operand: + - not.
	Unary struct {
		Op string
		X  Node
		At Pos
	}
	// Binary is an operator between two operands. Those of LIKE may be followed by ESCAPE.
	Binary struct {
		Op           string
		L, R, Escape Node
		At           Pos
	}
	// Between is X BETWEEN Lo AND Hi.
	Between struct {
		X, Lo, Hi Node
		At        Pos
	}
	// Is is X IS Type, where Type is in lower case.
	Is struct {
		X    Node
		Type string
		At   Pos
	}
)

// Step is one step of a path: exactly one of its forms.
type Step struct {
	Name  *Name // .name
	Index Node  // [index]
	Star  *Pos  // .*
	Every *Pos  // [*]
}

// Field is a name and value of a map literal.
type Field struct{ Name, Value Node }

// Statements. SELECT and the others may stand where a value may; whoever has no use for it says so.
type (
	// Select is a SELECT, with clauses that the service does not support.
	Select struct {
		Distinct bool
		Value    bool     // SELECT VALUE x
		Columns  []Source // none for *
		From     []Source
		Where    Node
		Group    []Node
		Having   Node
		Order    []Order
		Limit    Node
		At       Pos
	}
	// Insert is INSERT INTO Target VALUE Value.
	Insert struct {
		Target    Node
		Value     Node
		Position  Node   // AT
		Conflict  Node   // ON CONFLICT WHERE … DO NOTHING
		Plain     bool   // without VALUE
		Returning []Back // of the statement
		At        Pos
	}
	// Update is UPDATE, or its other form FROM … WHERE … SET. Actions without a target stand alone.
	Update struct {
		From      []Source
		First     bool // FROM comes first
		Actions   []Node
		Where     Node
		Returning []Back
		At        Pos
	}
	// Set is the SET of an UPDATE.
	Set struct {
		Assignments []Assignment
		At          Pos
	}
	// Remove is the REMOVE of an UPDATE.
	Remove struct {
		Target Node
		At     Pos
	}
	// Delete is DELETE FROM.
	Delete struct {
		From      Source
		Where     Node
		Returning []Back
		At        Pos
	}
)

// Source is an expression with the names that it is given.
type Source struct {
	X          Node
	As, At, By string
	Join       string // how it is joined to the one before: "," or "JOIN", with its condition
	On         Node
}

// Order is a term of ORDER BY.
type Order struct {
	X    Node
	Desc bool
}

// Assignment is Target = Value.
type Assignment struct{ Target, Value Node }

// Back is an element of RETURNING. Which is "ALL OLD" and the like; X is nil for *.
type Back struct {
	Which string
	X     Node
}

func (n *Name) Pos() Pos    { return n.At }
func (n *Path) Pos() Pos    { return n.Root.Pos() }
func (n *String) Pos() Pos  { return n.At }
func (n *Number) Pos() Pos  { return n.At }
func (n *Word) Pos() Pos    { return n.At }
func (n *Ion) Pos() Pos     { return n.At }
func (n *Param) Pos() Pos   { return n.At }
func (n *List) Pos() Pos    { return n.At }
func (n *Bag) Pos() Pos     { return n.At }
func (n *Struct) Pos() Pos  { return n.At }
func (n *Call) Pos() Pos    { return n.At }
func (n *Unary) Pos() Pos   { return n.At }
func (n *Binary) Pos() Pos  { return n.At }
func (n *Between) Pos() Pos { return n.At }
func (n *Is) Pos() Pos      { return n.At }
func (n *Select) Pos() Pos  { return n.At }
func (n *Insert) Pos() Pos  { return n.At }
func (n *Update) Pos() Pos  { return n.At }
func (n *Set) Pos() Pos     { return n.At }
func (n *Remove) Pos() Pos  { return n.At }
func (n *Delete) Pos() Pos  { return n.At }

func (n *Name) String() string    { return text(n) }
func (n *Path) String() string    { return text(n) }
func (n *String) String() string  { return text(n) }
func (n *Number) String() string  { return text(n) }
func (n *Word) String() string    { return text(n) }
func (n *Ion) String() string     { return text(n) }
func (n *Param) String() string   { return text(n) }
func (n *List) String() string    { return text(n) }
func (n *Bag) String() string     { return text(n) }
func (n *Struct) String() string  { return text(n) }
func (n *Call) String() string    { return text(n) }
func (n *Unary) String() string   { return text(n) }
func (n *Binary) String() string  { return text(n) }
func (n *Between) String() string { return text(n) }
func (n *Is) String() string      { return text(n) }
func (n *Select) String() string  { return text(n) }
func (n *Insert) String() string  { return text(n) }
func (n *Update) String() string  { return text(n) }
func (n *Set) String() string     { return text(n) }
func (n *Remove) String() string  { return text(n) }
func (n *Delete) String() string  { return text(n) }

func text(n Node) string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

// literal returns a number's text with its sign.
func (n *Number) literal() string {
	if n.Negative {
		return "-" + n.Text
	}
	return n.Text
}

// integer returns the number as a list index, if it is a whole number written without a fraction.
func (n *Number) integer() (i int64, ok bool) {
	i, err := strconv.ParseInt(n.literal(), 10, 64)
	if err != nil && strings.ContainsAny(n.Text, ".eE") {
		return 0, false
	}
	return i, true // out of range: the nearest there is
}
