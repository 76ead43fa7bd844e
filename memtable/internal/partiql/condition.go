package partiql

import (
	"strings"

	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// where returns the condition of a WHERE; nil if there is none.
func (b *binder) where(n Node) expression.Node {
	if n == nil {
		return nil
	}
	if !isCondition(n) {
		b.failf("WHERE clause must contain an expression that resolves to a boolean")
		return nil
	}
	return b.condition(n)
}

// isCondition reports whether a node is a condition by its form.
func isCondition(n Node) bool {
	switch n := n.(type) {
	case *Binary, *Between, *Is:
		return true
	case *Unary:
		return true
	case *Call:
		return n.Name != "size"
	}
	return false
}

// condition makes a condition one of the expression language.
func (b *binder) condition(n Node) expression.Node {
	switch n := n.(type) {
	case *Unary:
		if n.Op != "not" {
			return b.operand(n)
		}
		if !isCondition(n.X) {
			b.failf("The argument to NOT must be a Type or Expression")
			return nil
		}
		return &expression.Not{X: b.condition(n.X)}
	case *Binary:
		return b.binary(n)
	case *Between:
		return &expression.Between{X: b.operand(n.X), Lo: b.operand(n.Lo), Hi: b.operand(n.Hi)}
	case *Is:
		return b.isType(n)
	case *Call:
		return b.call(n)
	}
	return b.operand(n)
}

func (b *binder) binary(n *Binary) expression.Node {
	switch n.Op {
	case "and", "or":
		for _, x := range []Node{n.L, n.R} {
			if !isCondition(x) {
				b.failf("The arguments to %s must be a Type or Expression", strings.ToUpper(n.Op))
				return nil
			}
		}
		l, r := b.condition(n.L), b.condition(n.R)
		if n.Op == "and" {
			return &expression.And{L: l, R: r}
		}
		return &expression.Or{L: l, R: r}
	case "=", "<>", "<", "<=", ">", ">=":
		return &expression.Compare{Op: n.Op, L: b.operand(n.L), R: b.operand(n.R)}
	case "in":
		return b.in(n)
	}
	b.failf("Unsupported operator in Condition Expression. Operator: %s", n.Op)
	return nil
}

func (b *binder) in(n *Binary) expression.Node {
	var elems []Node
	switch r := n.R.(type) {
	case *List:
		elems = r.Elems
	case *Bag:
		elems = r.Elems
	}
	if len(elems) == 0 || !isPath(n.L) && !isCondition(n.L) {
		b.failf("IN operator must have a left hand argument of type Variable Reference and right hand argument of type Seq with at least one member")
		return nil
	}
	in := &expression.In{X: b.operand(n.L)}
	for _, elem := range elems {
		in.List = append(in.List, b.operand(elem))
	}
	return in
}

// tested are the types that IS tests, in the service's order, and their names in the expression language.
var tested = map[string]string{
	"NULL": "NULL", "BOOLEAN": "BOOL", "BLOB": "B", "STRING": "S", "NUMERIC": "N", "STRUCT": "M", "TUPLE": "M", "LIST": "L",
}

func (b *binder) isType(n *Is) expression.Node {
	name := typeNames[n.Type]
	if name == "MISSING" {
		return &expression.Call{Name: "attribute_not_exists", Args: []expression.Node{b.operand(n.X)}}
	}
	kind, ok := tested[name]
	if !ok {
		b.failf("Unsupported data type for IS operator: %s. Supported data types are "+
			"[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST] at %s", name, n.Pos())
		return nil
	}
	return &expression.Call{Name: "attribute_type", Args: []expression.Node{b.operand(n.X), &expression.Literal{Value: value.String(kind)}}}
}

// The functions of conditions and of updates.
var (
	conditionFunctions = setOf("attribute_exists attribute_not_exists attribute_type begins_with contains size")
	updateFunctions    = setOf("if_not_exists list_append")
)

func (b *binder) call(n *Call) expression.Node {
	switch {
	case aggregates[n.Name]:
		b.failf("Unsupported token in expression: %s at %s", n.Name, n.Pos())
		return nil
	case updateFunctions[n.Name]:
		b.failf("The function is not allowed in a condition expression; function: %s", n.Name)
		return nil
	case !conditionFunctions[n.Name]:
		b.failf("Unrecognized function: %s at %s", n.Name, n.Pos())
		return nil
	}
	call := &expression.Call{Name: n.Name}
	for _, arg := range n.Args {
		call.Args = append(call.Args, b.operand(arg))
	}
	return call
}

// operand makes a value one of the expression language. A condition is a value too: true or false.
func (b *binder) operand(n Node) expression.Node {
	switch n := n.(type) {
	case *Name, *Path:
		if p := b.path(n); p != nil {
			return p
		}
		return nil
	case *Unary:
		if n.Op != "not" {
			b.failf("Incorrect number of operands for operator or function; operator or function: %s, number of operands: 1", n.Op)
			return nil
		}
		return b.condition(n)
	case *Binary, *Between, *Is, *Call:
		return b.condition(n)
	case *Select:
		b.failf("Unsupported token in expression: SELECT at %s", n.Pos())
		return nil
	}
	return b.literalNode(n)
}
