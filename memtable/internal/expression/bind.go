package expression

import (
	"fmt"
	"slices"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// binder plans the nodes of an expression for the names and values of a
// request. It checks as the service does: from left to right, the operands of
// an operator before the operator itself. After a fault it goes on with
// operands that have no value, and keeps the first fault.
type binder struct {
	kind    Kind
	binding *Binding
	paths   []DocumentPath // every path that was planned
	err     *Error
}

func (b *binder) failf(format string, args ...any) {
	if b.err == nil {
		b.err = b.kind.errorf(format, args...)
	}
}

func (b *binder) result() error {
	if b.err != nil {
		return b.err
	}
	return nil
}

func (b *binder) path(n *Path) DocumentPath {
	path := make(DocumentPath, len(n.Steps))
	for i, step := range n.Steps {
		switch step.Kind {
		case NameStep:
			path[i].Name = step.Text
		case IndexStep:
			path[i].IsIndex = true
			path[i].Index, _ = step.index()
		case PlaceholderStep:
			name, ok := b.binding.name(step.Text)
			if !ok {
				b.failf("An expression attribute name used in the document path is not defined; attribute name: %s", step.Text)
			}
			path[i].Name = name
		}
	}
	if len(path) > maxDepth {
		b.failf("The document path has too many nesting levels; nesting levels: %d", len(path))
	}
	b.paths = append(b.paths, path)
	return path
}

func (b *binder) value(n *ValueRef) value.Value {
	v, ok := b.binding.value(n.Name)
	if !ok {
		b.failf("An expression attribute value used in expression is not defined; attribute value: %s", n.Name)
	}
	return v
}

// operand plans a value.
func (b *binder) operand(n Node) operand {
	switch n := unwrap(n).(type) {
	case *Path:
		return pathOperand{b.path(n)}
	case *ValueRef:
		return constant{b.value(n)}
	case *Literal:
		return constant{n.Value}
	case *Call:
		if functionNamed(n.Name).condition {
			break
		}
		args := b.operands(n.Args...)
		if !b.arity(n) {
			return constant{}
		}
		b.types(n.Name, args, value.KindS, value.KindB, value.KindSS, value.KindNS, value.KindBS, value.KindL, value.KindM)
		return sizeOf{args[0]}
	}
	if b.kind == StatementKind { // where a condition is a value, too
		return truth{b.condition(n)}
	}
	panic(fmt.Sprintf("expression: %T is not a value", n))
}

func (b *binder) operands(nodes ...Node) []operand {
	operands := make([]operand, len(nodes))
	for i, n := range nodes {
		operands[i] = b.operand(n)
	}
	return operands
}

// arity reports whether a call has as many operands as its function.
func (b *binder) arity(n *Call) bool {
	if len(n.Args) != functionNamed(n.Name).operands {
		b.failf("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", n.Name, len(n.Args))
		return false
	}
	return true
}

// requirePath refuses a first operand that is no document path.
func (b *binder) requirePath(function string, x operand) {
	if _, ok := x.(pathOperand); !ok {
		b.failf("Operator or function requires a document path; operator or function: %s", function)
	}
}

// distinct refuses a first operand that is the same path as another.
func (b *binder) distinct(operator string, operands ...operand) {
	first, ok := operands[0].(pathOperand)
	if !ok {
		return
	}
	for _, x := range operands[1:] {
		if p, ok := x.(pathOperand); ok && p.path.equal(first.path) {
			b.failf("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", operator, first.path)
		}
	}
}

// types refuses operands whose type is known before any item is read, and is
// not one of the allowed.
func (b *binder) types(operator string, operands []operand, allowed ...value.Kind) {
	for _, x := range operands {
		if k := x.kind(); k != value.Invalid && !slices.Contains(allowed, k) {
			b.failf("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", operator, k)
		}
	}
}

func (b *binder) ordered(operator string, operands ...operand) {
	b.types(operator, operands, value.KindS, value.KindN, value.KindB)
}

// condition plans a condition.
func (b *binder) condition(n Node) predicate {
	switch n := unwrap(n).(type) {
	case *And:
		return and{b.condition(n.L), b.condition(n.R)}
	case *Or:
		return or{b.condition(n.L), b.condition(n.R)}
	case *Not:
		return not{b.condition(n.X)}
	case *Compare:
		return b.comparison(n)
	case *Between:
		return b.between(n)
	case *In:
		x, list := b.operand(n.X), b.operands(n.List...)
		if len(list) > maxIn {
			b.failf("The IN operator is provided with too many operands; number of operands: %d", len(list))
		}
		b.distinct("IN", append([]operand{x}, list...)...)
		return in{x, list}
	case *Call:
		return b.conditionCall(n)
	}
	panic(fmt.Sprintf("expression: %T is not a condition", n))
}

// maxIn is how many operands may stand in the list of IN.
const maxIn = 100

func (b *binder) comparison(n *Compare) predicate {
	l, r := b.operand(n.L), b.operand(n.R)
	b.distinct(n.Op, l, r)
	switch n.Op {
	case "=":
		return equal{l, r}
	case "<>":
		return unequal{l, r}
	}
	b.ordered(n.Op, l, r)
	return compare{n.Op, l, r}
}

func (b *binder) between(n *Between) predicate {
	x, lo, hi := b.operand(n.X), b.operand(n.Lo), b.operand(n.Hi)
	b.ordered("BETWEEN", x, lo, hi)
	b.distinct("BETWEEN", x, lo, hi)
	low, ok1 := lo.(constant)
	high, ok2 := hi.(constant)
	if ok1 && ok2 && b.err == nil {
		switch {
		case low.v.Kind() != high.v.Kind():
			b.failf("The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: %s, upper bound operand: %s", bound(low.v), bound(high.v))
		case value.Compare(low.v, high.v) > 0:
			b.failf("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: %s, upper bound operand: %s", bound(low.v), bound(high.v))
		}
	}
	return between{x, lo, hi}
}

// bound writes a value as the service quotes it.
func bound(v value.Value) string {
	text := v.Text()
	switch v.Kind() {
	case value.KindN:
		text = v.Number().String()
	case value.KindB:
		text = fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%[1]d cap=%[1]d]", len(text))
	}
	return fmt.Sprintf("AttributeValue: {%s:%s}", v.Kind(), text)
}

func (b *binder) conditionCall(n *Call) predicate {
	args := b.operands(n.Args...)
	if !b.arity(n) {
		return not{}
	}
	f := functionNamed(n.Name)
	if f.path {
		b.requirePath(f.name, args[0])
	}
	if f.distinct {
		b.distinct(f.name, args...)
	}
	switch f.name {
	case "attribute_exists":
		return exists{args[0]}
	case "attribute_not_exists":
		return missing{args[0]}
	case "attribute_type":
		return b.attributeType(args)
	case "begins_with":
		b.types(f.name, args, value.KindS, value.KindB)
		return beginsWith{args[0], args[1]}
	default:
		return contains{args[0], args[1]}
	}
}

func (b *binder) attributeType(args []operand) predicate {
	const name = "attribute_type"
	wanted, ok := args[1].(constant)
	if _, path := args[1].(pathOperand); path {
		b.failf("Incorrect operand type for operator or function; operator or function: %s, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}", name)
	}
	b.types(name, args[1:], value.KindS)
	if !ok {
		return not{}
	}
	kind := value.KindOf(wanted.v.Text())
	if kind == value.Invalid {
		valid := "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
		if b.kind == StatementKind {
			valid = "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
		}
		b.failf("Invalid attribute type name found; type: %s, valid types: %s", wanted.v.Text(), valid)
	}
	return attributeType{args[0], kind}
}
