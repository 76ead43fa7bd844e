package expr

import "github.com/dynox-go/dynox/internal/ast"

// Param is a value for a question mark of a PartiQL statement, written as an
// attribute is: see [Attr.Param].
type Param struct {
	value ast.Operand
}

// Param is v for a question mark of a PartiQL statement, encoded as the attribute
// that it is compared with or stored in: in the format of the field's tag and of the
// repository's options, such as unixtime.
func (a Attr[T, V]) Param(v V) Param { return Param{ast.ValueOperand(a.ref, v)} }

// String names the attribute, not the value.
func (p Param) String() string { return "a value for " + p.value.Attr.String() }

// Operand is for the packages of this module.
func (p Param) Operand(ast.Door) ast.Operand { return p.value }
