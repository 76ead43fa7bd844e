// Package ast holds the untyped trees behind package expr and writes them as
// the expression texts of one request.
//
// Trees are immutable once built: every function here that changes one
// returns a new tree, so parts may be shared between expressions and
// goroutines.
package ast

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/dynox-go/dynox/internal/codec"
)

// Door is the parameter of the exported methods that open a typed value to
// the packages of this module. It cannot be made outside of it.
type Door struct{ _ struct{} }

// Attr is an attribute of an item type, or a Go field that is only an input
// of keys.
type Attr struct {
	Item  reflect.Type // the item's struct type
	Path  codec.Path   // where it is stored; nil for a field that only feeds keys
	Data  []int        // the steps of Path that are keys of maps: data, which messages don't show
	Index []int        // its Go field, as for FieldByIndex, through pointers; nil when the path leaves struct fields
	Type  reflect.Type // the Go type of its values
	Key   KeyForm      // how it is written as a component of a key
	Err   error        // why it cannot be used, or nil
}

// KeyForm says how a component of a key is written; the zero value is the
// order-preserving form.
type KeyForm struct {
	Escaped  bool // percent-escape the literal that follows
	Lower    bool // in lower case
	Unpadded bool // integers as plain decimal text
	Width    int  // integers padded to this many digits instead of the default
	TimeAsIs bool // a time attribute stays in its tag's form
}

// String names the attribute for messages: its path, with * for keys of maps,
// or its Go field.
func (a *Attr) String() string {
	switch {
	case a == nil:
		return "(no attribute)"
	case a.Path != nil:
		path := slices.Clone(a.Path)
		for _, i := range a.Data {
			path[i].Name = "*"
		}
		return path.String()
	case a.Index != nil && a.Item != nil && a.Item.Kind() == reflect.Struct:
		return a.Item.FieldByIndex(a.Index).Name
	}
	return "(invalid attribute)"
}

// Check reports why a cannot appear in an expression, or nil.
func (a *Attr) Check() error {
	switch {
	case a == nil:
		return errNoAttr
	case a.Err != nil:
		return a.Err
	case a.Path == nil:
		return errors.New("field " + a.String() + " is stored only inside keys: it cannot appear in an expression")
	}
	return nil
}

var errNoAttr = errors.New("zero Attr: make attributes with expr.At")

// Same reports whether two attributes are the same place of the same type.
func (a *Attr) Same(b *Attr) bool {
	if a == nil || b == nil || a.Item != b.Item {
		return a == b
	}
	if a.Path == nil || b.Path == nil {
		return a.Path == nil && b.Path == nil && equal(a.Index, b.Index)
	}
	return equal(a.Path, b.Path)
}

func equal[E comparable](a, b []E) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// OperandKind tells what an operand is.
type OperandKind uint8

// The kinds of operands.
const (
	OpAttr      OperandKind = iota // the attribute Attr
	OpSize                         // size(Attr)
	OpValue                        // Value, encoded as the attribute Attr is
	OpElement                      // Value, encoded as one element of the attribute Attr
	OpSet                          // Value, a slice, encoded as elements of the set Attr
	OpPlain                        // Value, encoded by its own type
	OpJSON                         // Value, a []byte with an attribute value in JSON
	OpEmptyList                    // an empty list
	OpEmptyMap                     // an empty map
	OpIfMissing                    // if_not_exists(Args[0], Args[1])
	OpConcat                       // list_append(Args[0], Args[1])
	OpPlus                         // Args[0] + Args[1]
	OpMinus                        // Args[0] - Args[1]
)

// Operand is one side of a comparison, an argument of a function, or the
// right side of an assignment.
type Operand struct {
	Kind  OperandKind
	Attr  *Attr
	Value any
	Args  []Operand
}

// AttrOperand is the attribute itself.
func AttrOperand(a *Attr) Operand { return Operand{Kind: OpAttr, Attr: a} }

// ValueOperand is v encoded as the attribute is.
func ValueOperand(a *Attr, v any) Operand { return Operand{Kind: OpValue, Attr: a, Value: v} }

// As returns o with a given to every value in it that has no attribute yet.
func (o Operand) As(a *Attr) Operand {
	if o.Kind == OpValue && o.Attr == nil {
		o.Attr = a
	}
	if len(o.Args) > 0 {
		args := make([]Operand, len(o.Args))
		for i, arg := range o.Args {
			args[i] = arg.As(a)
		}
		o.Args = args
	}
	return o
}

// Op is the operator of a condition.
type Op uint8

// The operators. Eq to Ge compare Args[0] with Args[1].
const (
	True Op = iota
	False
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	Between    // Args[0] between Args[1] and Args[2]
	In         // Args[0] among the rest
	Exists     // attribute_exists
	Missing    // attribute_not_exists
	IsType     // attribute_type
	BeginsWith // begins_with
	Contains   // contains
	And        // all of Kids
	Or         // any of Kids
	Not        // not Kids[0]
	Raw        // Text, with Args for its question marks
)

// Cond is a condition. A nil *Cond is neutral: no condition at all.
type Cond struct {
	Op   Op
	Args []Operand
	Kids []*Cond
	Text string
	// Names are the attributes that #names in Text stand for; a name not
	// among them stands for the attribute called so.
	Names map[string]*Attr
	Err   error // why it cannot be used, or nil
}

// Compare is a condition over operands.
func Compare(op Op, args ...Operand) *Cond { return &Cond{Op: op, Args: args} }

// Binary is Compare of two operands, in one allocation.
func Binary(op Op, left, right Operand) *Cond {
	c := &struct {
		Cond
		args [2]Operand
	}{Cond{Op: op}, [2]Operand{left, right}}
	c.Args = c.args[:]
	return &c.Cond
}

// All joins conditions with AND. Neutral ones are dropped.
func All(cs ...*Cond) *Cond { return join(And, False, cs) }

// Any joins conditions with OR. Neutral ones are dropped; with no conditions
// given at all the result is false.
func Any(cs ...*Cond) *Cond {
	if len(cs) == 0 {
		return &Cond{Op: False}
	}
	return join(Or, True, cs)
}

// join flattens; a kid whose operator is absorbing decides.
func join(op, absorbing Op, cs []*Cond) *Cond {
	var constant, only *Cond
	n := 0
	for _, c := range cs {
		switch {
		case c == nil:
		case c.Op == absorbing:
			return c
		case c.Op <= False:
			constant = c
		case c.Op == op:
			n += len(c.Kids)
			only = c
		default:
			n++
			only = c
		}
	}
	switch {
	case n == 0:
		return constant
	case n == 1 || n == len(only.Kids) && only.Op == op:
		return only // it has them all
	}
	kids := make([]*Cond, 0, n)
	for _, c := range cs {
		switch {
		case c == nil || c.Op <= False:
		case c.Op == op:
			kids = append(kids, c.Kids...)
		default:
			kids = append(kids, c)
		}
	}
	return &Cond{Op: op, Kids: kids}
}

// Negate is the opposite of c; of a neutral condition it is neutral.
func Negate(c *Cond) *Cond {
	switch {
	case c == nil:
		return nil
	case c.Op == True:
		return &Cond{Op: False}
	case c.Op == False:
		return &Cond{Op: True}
	case c.Op == Not:
		return c.Kids[0]
	}
	return &Cond{Op: Not, Kids: []*Cond{c}}
}

// IsFalse reports whether c can be known to be false without asking.
func (c *Cond) IsFalse() bool { return c != nil && c.Op == False }

// Neutral reports whether c asks for nothing.
func (c *Cond) Neutral() bool { return c == nil || c.Op == True }

// Attrs calls f for every attribute that c reads.
func (c *Cond) Attrs(f func(*Attr)) {
	if c == nil {
		return
	}
	for _, a := range c.Args {
		a.Attrs(f)
	}
	for _, k := range c.Kids {
		k.Attrs(f)
	}
	for _, a := range c.Names {
		f(a)
	}
}

// RawNames are what the text of a raw condition may name by itself, and not by way
// of Names: the words in it, other than functions and what follows a dot.
func (c *Cond) RawNames() []string {
	var names []string
	for i := 0; i < len(c.Text); i++ {
		name := RawName(c.Text[i:])
		if name == "" {
			continue
		}
		before, marked := strings.CutSuffix(c.Text[:i], "#")
		i += len(name)
		_, given := c.Names[name]
		function := !marked && strings.HasPrefix(c.Text[i:], "(")
		if !(marked && given) && !function && !strings.HasSuffix(before, ".") {
			names = append(names, name)
		}
	}
	return names
}

// Attrs calls f for every attribute that o reads, or whose form its values
// have.
func (o Operand) Attrs(f func(*Attr)) {
	if o.Attr != nil {
		f(o.Attr)
	}
	for _, a := range o.Args {
		a.Attrs(f)
	}
}

// Clause is a section of an update expression.
type Clause uint8

// The clauses, in the order in which they are written.
const (
	Set Clause = iota
	Remove
	Add
	Delete
)

// Action is one action of an update.
type Action struct {
	Clause Clause
	Attr   *Attr
	Value  Operand // unused by Remove
	Err    error   // why it cannot be used, or nil
}

// Repeatable reports whether applying the action twice has the effect of
// applying it once.
func (a *Action) Repeatable() bool {
	switch a.Clause {
	case Remove, Delete:
		return !a.element()
	case Add:
		return a.Value.Kind == OpSet
	}
	return repeatable(a.Value, a.Attr) && !a.element()
}

// element reports whether the action aims at a list element: removing one
// moves the rest, and setting past the end appends.
func (a *Action) element() bool {
	if a.Attr == nil {
		return false
	}
	for _, s := range a.Attr.Path {
		if s.IsIndex {
			return true
		}
	}
	return false
}

// repeatable reports whether setting target to o twice is setting it once:
// whether o depends on nothing that may have changed in between. Only what
// a missing target is given is still the same.
func repeatable(o Operand, target *Attr) bool {
	switch o.Kind {
	case OpConcat, OpPlus, OpMinus, OpAttr:
		return false
	case OpIfMissing:
		if o.Args[0].Kind != OpAttr || !o.Args[0].Attr.Same(target) {
			return false
		}
		return repeatable(o.Args[1], target)
	}
	return true
}

// Write is what the options and actions of one write describe together.
type Write struct {
	Cond    *Cond
	Actions []*Action
	Once    bool // send exactly once, as a transaction of one
	Deleted bool // it is about an item that was deleted softly
}
