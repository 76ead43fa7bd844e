package partiql

import (
	"strings"

	"github.com/dynox-go/dynox/memtable/internal/expression"
)

// sections returns what an UPDATE does as sections of an update expression: one for each action, in the
// order of the text.
func (b *binder) sections(n *Update) []expression.Section {
	var sections []expression.Section
	add := func(keyword string, path *expression.Path, value expression.Node) {
		sections = append(sections, expression.Section{Keyword: keyword, Actions: []expression.Action{{Path: path, Value: value}}})
	}
	for _, action := range n.Actions {
		switch action := action.(type) {
		case *Remove:
			add("REMOVE", b.path(action.Target), nil)
		case *Set:
			for _, a := range action.Assignments {
				path := b.path(a.Target)
				if call, ok := a.Value.(*Call); ok && (call.Name == "set_add" || call.Name == "set_delete") {
					keyword := map[string]string{"set_add": "ADD", "set_delete": "DELETE"}[call.Name]
					add(keyword, path, b.setOperation(call, path))
					continue
				}
				add("SET", path, b.assigned(a.Value))
			}
		default:
			b.failf("Unsupported FROM ... WHERE ... clause in INSERT statement. at %s", n.Pos())
		}
	}
	return sections
}

// setOperation returns the set that SET_ADD adds or SET_DELETE removes.
func (b *binder) setOperation(n *Call, target *expression.Path) expression.Node {
	name := strings.ToUpper(n.Name)
	if len(n.Args) != 2 {
		b.failf("%s must have exactly two arguments at %s", name, n.Pos())
		return nil
	}
	if !isPath(n.Args[0]) || !samePath(b.path(n.Args[0]), target) {
		b.failf("The first argument to %s must equal the assignment value at %s", name, n.Pos())
		return nil
	}
	switch n.Args[1].(type) {
	case *Bag, *Param:
		v := b.literal(n.Args[1], root, 0)
		if b.err != nil || v.Kind().IsSet() {
			return &expression.Literal{Value: v}
		}
	}
	b.failf("The second argument to %s must be a value with type SET at %s", name, n.Args[0].Pos())
	return nil
}

// assigned makes the value of an assignment one of the expression language.
func (b *binder) assigned(n Node) expression.Node {
	switch n := n.(type) {
	case *Binary:
		switch n.Op {
		case "+", "-":
			return &expression.Arith{Op: n.Op, L: b.assigned(n.L), R: b.assigned(n.R)}
		}
		b.failf("Unsupported operator in Update Expression. Operator: %s", n.Op)
		return nil
	case *Unary:
		if n.Op == "not" {
			b.failf("Unsupported operator in Update Expression. Operator: not")
			return nil
		}
	case *Between:
		b.failf("Unsupported operator in Update Expression. Operator: between")
		return nil
	case *Is:
		b.failf("Unsupported operator in Update Expression. Operator: is")
		return nil
	case *Call:
		return b.updateCall(n)
	}
	return b.operand(n)
}

func (b *binder) updateCall(n *Call) expression.Node {
	switch {
	case conditionFunctions[n.Name]:
		b.failf("The function is not allowed in an update expression; function: %s", n.Name)
		return nil
	case n.Name == "set_add", n.Name == "set_delete":
		b.failf("The first argument to %s must equal the assignment value at %s", strings.ToUpper(n.Name), n.Pos())
		return nil
	case !updateFunctions[n.Name]:
		b.failf("Unrecognized function: %s at %s", n.Name, n.Pos())
		return nil
	}
	call := &expression.Call{Name: n.Name}
	for _, arg := range n.Args {
		call.Args = append(call.Args, b.assigned(arg))
	}
	return call
}
