package expression

import "slices"

// function describes a function of the language.
type function struct {
	name      string
	operands  int
	update    bool // for updates, else for conditions
	condition bool // yields a condition, else a value
	path      bool // the first operand must be a document path
	distinct  bool // the first operand must differ from the others
}

var functions = [...]function{
	{name: "attribute_exists", operands: 1, condition: true, path: true},
	{name: "attribute_not_exists", operands: 1, condition: true, path: true},
	{name: "attribute_type", operands: 2, condition: true, distinct: true},
	{name: "begins_with", operands: 2, condition: true, distinct: true},
	{name: "contains", operands: 2, condition: true, distinct: true},
	{name: "size", operands: 1},
	{name: "if_not_exists", operands: 2, update: true, path: true, distinct: true},
	{name: "list_append", operands: 2, update: true},
}

// functionNamed returns a function, or nil. Names are in lower case.
func functionNamed(name string) *function {
	i := slices.IndexFunc(functions[:], func(f function) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &functions[i]
}

// maxOperators is how many operators and functions an expression may have.
const maxOperators = 300

// place is where a node stands.
type place uint8

const (
	conditionPlace place = iota // a condition is wanted
	operandPlace                // a value is wanted
	setPlace                    // the whole value of a SET action
)

// syntaxChecker finds the faults that do not depend on a request's names and
// values, in the order of the text: reserved words, list indexes, function
// names and the places where functions stand. Operators are counted and
// judged after them.
type syntaxChecker struct {
	kind      Kind
	operators int
	err       *Error
}

func checkSyntax(kind Kind, root Node) error {
	c := &syntaxChecker{kind: kind}
	c.visit(root, conditionPlace)
	return c.result()
}

func (c *syntaxChecker) result() error {
	if c.err == nil && c.operators > maxOperators {
		// The service stops counting at the first operator too many.
		c.failf("The expression contains too many operators; operator count: %d", maxOperators+1)
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

func (c *syntaxChecker) failf(format string, args ...any) {
	if c.err == nil {
		c.err = c.kind.errorf(format, args...)
	}
}

func (c *syntaxChecker) visit(n Node, at place) {
	if c.err != nil {
		return
	}
	switch n := n.(type) {
	case *Path:
		c.path(n)
	case *Paren:
		c.visit(n.X, at)
	case *Call:
		c.call(n, at)
	case *Compare:
		c.operator(operandPlace, n.L, n.R)
	case *Between:
		c.operator(operandPlace, n.X, n.Lo, n.Hi)
	case *In:
		c.operator(operandPlace, append([]Node{n.X}, n.List...)...)
	case *And:
		c.operator(conditionPlace, n.L, n.R)
	case *Or:
		c.operator(conditionPlace, n.L, n.R)
	case *Not:
		c.operator(conditionPlace, n.X)
	case *Arith:
		c.operator(operandPlace, n.L, n.R)
	}
}

func (c *syntaxChecker) operator(at place, operands ...Node) {
	c.operators++
	for _, n := range operands {
		c.visit(n, at)
	}
}

func (c *syntaxChecker) path(n *Path) {
	for _, step := range n.Steps {
		switch step.Kind {
		case NameStep:
			if isReserved(step.Text) {
				c.failf("Attribute name is a reserved keyword; reserved keyword: %s", step.Text)
			}
		case IndexStep:
			if _, err := step.index(); err != nil {
				c.failf("List index is not within the allowable range; index: [%s]", step.Text)
			}
		}
	}
}

func (c *syntaxChecker) call(n *Call, at place) {
	f := functionNamed(n.Name)
	update := c.kind == UpdateKind
	switch {
	case f == nil:
		c.failf("Invalid function name; function: %s", n.Name)
	case update && !f.update:
		c.failf("The function is not allowed in an update expression; function: %s", n.Name)
	case !update && f.update:
		c.failf("The function is not allowed in a condition expression; function: %s", n.Name)
	case !update && f.condition != (at == conditionPlace), n.Name == "list_append" && at != setPlace:
		c.failf("The function is not allowed to be used this way in an expression; function: %s", n.Name)
	}
	c.operator(operandPlace, n.Args...)
}

// checkUpdateSyntax checks the sections in the order of the text, one that
// occurs again before it is refused.
func checkUpdateSyntax(sections []Section) error {
	c := &syntaxChecker{kind: UpdateKind}
	for i, s := range sections {
		for _, a := range s.Actions {
			c.visit(a.Path, operandPlace)
			if a.Value != nil {
				c.visit(a.Value, setPlace)
			}
		}
		if slices.ContainsFunc(sections[:i], func(earlier Section) bool { return earlier.Keyword == s.Keyword }) {
			c.failf(`The "%s" section can only be used once in an update expression;`, s.Keyword)
		}
	}
	return c.result()
}

func checkProjectionSyntax(paths []*Path) error {
	c := &syntaxChecker{kind: ProjectionKind}
	for _, p := range paths {
		c.visit(p, operandPlace)
	}
	return c.result()
}
