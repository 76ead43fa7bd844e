package expression

import (
	"maps"
	"slices"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

// Update is an update, planned for the names and values of a request. It is
// immutable and safe for concurrent use.
type Update struct {
	actions []action
	targets *Projection
	reads   []DocumentPath
	creates bool
}

// action is one planned action of an update.
type action struct {
	keyword string
	path    DocumentPath
	set     setter      // of SET
	operand value.Value // of ADD and DELETE
}

// Bind plans the update for a request. A fault is an *Error. The service
// checks the actions from the last to the first: the paths that they write,
// how these overlap, the names that they read, and then the values.
func (e *UpdateExpr) Bind(binding *Binding) (*Update, error) {
	var actions []action
	var nodes []Action
	for _, s := range e.sections {
		for _, a := range s.Actions {
			actions = append(actions, action{keyword: s.Keyword})
			nodes = append(nodes, a)
		}
	}
	b := &binder{kind: e.kind, binding: binding}
	targets := make([]DocumentPath, len(actions))
	for i := range slices.Backward(nodes) {
		targets[i] = b.path(nodes[i].Path)
		actions[i].path = targets[i]
	}
	if err := b.result(); err != nil {
		return nil, err
	}
	if err := checkOverlaps(e.kind, targets); err != nil {
		return nil, err
	}
	for _, n := range slices.Backward(nodes) {
		b.names(n.Value)
	}
	b.paths = nil
	for i := range slices.Backward(nodes) {
		b.action(&actions[i], nodes[i].Value)
	}
	if err := b.result(); err != nil {
		return nil, err
	}
	u := &Update{actions: actions, targets: newProjection(targets), reads: b.paths}
	u.creates = slices.ContainsFunc(actions, func(a action) bool { return a.keyword == "SET" || a.keyword == "ADD" })
	return u, nil
}

// Targets returns the paths that the update writes, as a projection: evaluated
// on the item before the update it gives what UPDATED_OLD returns, on the item
// after it what UPDATED_NEW returns.
func (u *Update) Targets() *Projection { return u.targets }

// Reads returns the document paths whose values the update reads.
func (u *Update) Reads() []DocumentPath { return u.reads }

// Creates reports whether the update makes an item that does not exist; one
// that only removes and deletes leaves it so.
func (u *Update) Creates() bool { return u.creates }

// names checks the names of the paths below a node.
func (b *binder) names(n Node) {
	switch n := n.(type) {
	case *Path:
		b.path(n)
	case *Paren:
		b.names(n.X)
	case *Arith:
		b.names(n.L)
		b.names(n.R)
	case *Call:
		for _, arg := range n.Args {
			b.names(arg)
		}
	}
}

// action plans what an action writes.
func (b *binder) action(a *action, n Node) {
	switch a.keyword {
	case "SET":
		a.set = b.setter(n)
	case "ADD":
		a.operand = b.setOperand(a.keyword, n, value.KindN, value.KindSS, value.KindNS, value.KindBS)
	case "DELETE":
		a.operand = b.setOperand(a.keyword, n, value.KindSS, value.KindNS, value.KindBS)
	}
}

var longKinds = map[value.Kind]string{
	value.KindS: "STRING", value.KindN: "NUMBER", value.KindB: "BINARY", value.KindBOOL: "BOOLEAN", value.KindNULL: "NULL",
	value.KindL: "LIST", value.KindM: "MAP",
}

// setOperand plans the value of an ADD or DELETE.
func (b *binder) setOperand(keyword string, n Node, allowed ...value.Kind) value.Value {
	x, ok := b.operand(n).(constant)
	if ok && x.v.IsValid() && !slices.Contains(allowed, x.v.Kind()) {
		b.failf("Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND", keyword, longKinds[x.v.Kind()], keyword)
	}
	return x.v
}

// setter plans the value of a SET.
func (b *binder) setter(n Node) setter {
	switch n := unwrap(n).(type) {
	case *Arith:
		l, r := b.setter(n.L), b.setter(n.R)
		b.types(n.Op, staticKinds(l, r), value.KindN)
		return sum{n.Op == "-", l, r}
	case *Call:
		args := make([]setter, len(n.Args))
		for i, arg := range n.Args {
			args[i] = b.setter(arg)
		}
		switch {
		case !b.arity(n):
			return plain{constant{}}
		case n.Name == "list_append":
			b.types(n.Name, staticKinds(args...), value.KindL)
			return listAppend{args[0], args[1]}
		default:
			operands := staticKinds(args...)
			b.requirePath(n.Name, operands[0])
			b.distinct(n.Name, operands...)
			return ifNotExists{operands[0], args[1]}
		}
	default:
		return plain{b.operand(n)}
	}
}

// staticKinds returns the operands that setters are, or such as have no known
// type.
func staticKinds(setters ...setter) []operand {
	operands := make([]operand, len(setters))
	for i, s := range setters {
		operands[i] = constant{}
		if p, ok := s.(plain); ok {
			operands[i] = p.operand
		}
	}
	return operands
}

func sortedIndexes(list map[int]*branch) []int { return slices.Sorted(maps.Keys(list)) }
