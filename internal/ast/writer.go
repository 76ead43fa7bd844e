package ast

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
)

// maxIn is how many values the service takes in one IN.
const maxIn = 100

// Writer writes the expressions of one request. All of them share its
// placeholders: a name appears once however often it is used. A Writer is
// for one request and one goroutine.
type Writer struct {
	plan   *codec.Plan
	names  []string
	values []byte // JSON, without the last brace
	count  int
	errs   []error
	buf    []byte

	// Room for what most requests have, in the writer itself.
	firstNames [8]string
	firstText  [128]byte
}

// NewWriter returns a writer that encodes values by plan.
func NewWriter(plan *codec.Plan) *Writer {
	w := &Writer{plan: plan}
	w.names, w.buf = w.firstNames[:0], w.firstText[:0]
	return w
}

// Err is everything that was wrong with what was written, joined.
func (w *Writer) Err() error { return errors.Join(w.errs...) }

// Names is the request's ExpressionAttributeNames, nil if there are none.
func (w *Writer) Names() map[string]string {
	if len(w.names) == 0 {
		return nil
	}
	m := make(map[string]string, len(w.names))
	for i, n := range w.names {
		m[placeholder(i)] = n
	}
	return m
}

// placeholder is the i-th name's.
func placeholder(i int) string {
	const few = "#0#1#2#3#4#5#6#7#8#9"
	if i < len(few)/2 {
		return few[2*i : 2*i+2]
	}
	return "#" + strconv.Itoa(i)
}

// Values is the request's ExpressionAttributeValues as JSON, nil if there are
// none. Nothing may be written after it.
func (w *Writer) Values() []byte {
	if w.count == 0 {
		return nil
	}
	return append(w.values, '}')
}

// Condition writes c. The text of a condition that asks for nothing is
// empty.
func (w *Writer) Condition(c *Cond) string {
	if c.Neutral() {
		return ""
	}
	w.buf = w.buf[:0]
	w.cond(c)
	return w.done("condition")
}

// Projection writes paths as a projection expression.
func (w *Writer) Projection(paths []codec.Path) string {
	w.buf = w.buf[:0]
	for i, p := range paths {
		if i > 0 {
			w.text(", ")
		}
		w.path(p)
	}
	return w.done("projection")
}

var clauses = [...]string{Set: "SET ", Remove: "REMOVE ", Add: "ADD ", Delete: "DELETE "}

// Update writes actions. A value that its field would leave out of an item
// when empty (omitempty) removes the attribute.
func (w *Writer) Update(actions []*Action) string {
	w.buf = w.buf[:0]
	var few [8]Clause
	of := few[:0]
	for _, a := range actions {
		of = append(of, w.clause(a))
	}
	for clause := Set; clause <= Delete; clause++ {
		first := true
		for i, a := range actions {
			if of[i] != clause {
				continue
			}
			switch {
			case !first:
				w.text(", ")
			case len(w.buf) > 0:
				w.text(" ")
				fallthrough
			default:
				w.text(clauses[clause])
			}
			first = false
			w.action(a, clause)
		}
	}
	return w.done("update")
}

// clause is the section that a belongs to once its value is known.
func (w *Writer) clause(a *Action) Clause {
	if a.Clause == Set && a.Value.Kind == OpValue && a.Err == nil && a.Attr.Check() == nil {
		n := len(w.values)
		out, omitted, err := w.plan.AppendValue(w.values, a.Attr.Path, a.Value.Value)
		w.values = out[:n]
		if err == nil && omitted {
			return Remove
		}
	}
	return a.Clause
}

func (w *Writer) action(a *Action, clause Clause) {
	w.fail(a.Err)
	w.attr(a.Attr)
	switch clause {
	case Set:
		w.text(" = ")
		w.operand(a.Value)
	case Add, Delete:
		w.text(" ")
		w.operand(a.Value)
	}
}

func (w *Writer) fail(err error) {
	if err != nil && !slices.ContainsFunc(w.errs, func(e error) bool { return e.Error() == err.Error() }) {
		w.errs = append(w.errs, err)
	}
}

// maxText is the most bytes that the service takes in one expression.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxText = 4 << 10

// done is the expression written, called what for messages.
func (w *Writer) done(what string) string {
	if len(w.buf) > maxText {
		w.fail(fmt.Errorf("the %s takes %d bytes as an expression, more than the %d that the service allows", what, len(w.buf), maxText))
	}
	return string(w.buf)
}

func (w *Writer) text(s string) { w.buf = append(w.buf, s...) }

func (w *Writer) attr(a *Attr) {
	if err := a.Check(); err != nil {
		w.fail(err)
		return
	}
	w.path(a.Path)
}

func (w *Writer) path(p codec.Path) {
	for i, s := range p {
		if s.IsIndex {
			w.buf = append(w.buf, '[')
			w.buf = strconv.AppendInt(w.buf, int64(s.Index), 10)
			w.buf = append(w.buf, ']')
			continue
		}
		if i > 0 {
			w.buf = append(w.buf, '.')
		}
		w.name(s.Name)
	}
}

func (w *Writer) name(name string) {
	i := 0
	for ; i < len(w.names) && w.names[i] != name; i++ {
	}
	if i == len(w.names) {
		w.names = append(w.names, name)
	}
	w.buf = append(w.buf, '#')
	w.buf = strconv.AppendInt(w.buf, int64(i), 10)
}

// value writes a placeholder for the value that encode appends.
func (w *Writer) value(encode func(dst []byte) ([]byte, error)) {
	start := len(w.values)
	open := byte(',')
	if w.count == 0 {
		open = '{'
	}
	if w.values == nil {
		w.values = make([]byte, 0, 128)
	}
	w.values = append(w.values, open, '"', ':')
	w.values = strconv.AppendInt(w.values, int64(w.count), 10)
	w.values = append(w.values, '"', ':')
	var err error
	if w.values, err = encode(w.values); err != nil {
		w.values = w.values[:start]
		w.fail(err)
		return
	}
	w.buf = append(w.buf, ':')
	w.buf = strconv.AppendInt(w.buf, int64(w.count), 10)
	w.count++
}

// valueOf writes a placeholder for the value of o, encoded as its attribute is.
func (w *Writer) valueOf(o Operand, encode func(dst []byte, path codec.Path, v any) ([]byte, error)) {
	if err := o.Attr.Check(); err != nil {
		w.fail(err)
		return
	}
	w.value(func(dst []byte) ([]byte, error) { return encode(dst, o.Attr.Path, o.Value) })
}

func (w *Writer) encode(dst []byte, path codec.Path, v any) ([]byte, error) {
	dst, _, err := w.plan.AppendValue(dst, path, v)
	return dst, err
}

// Value is the JSON of o, a value that a is set to; omitted says that a's field
// would leave it out of an item.
func (w *Writer) Value(a *Attr, o Operand) (json []byte, omitted bool, err error) {
	switch av, ok := o.Value.(types.AttributeValue); {
	case o.Kind == OpValue:
		return w.plan.AppendValue(nil, o.Attr.Path, o.Value)
	case o.Kind == OpPlain && ok:
		json, err = codec.AppendAttributeValue(nil, av)
	case o.Kind == OpPlain:
		json, err = w.encode(nil, unknown, o.Value)
	default:
		err = fmt.Errorf("%v is set to what is not known before the update", a)
	}
	return json, false, err
}

func (w *Writer) operand(o Operand) {
	switch o.Kind {
	case OpAttr:
		w.attr(o.Attr)
	case OpSize:
		w.text("size(")
		w.attr(o.Attr)
		w.text(")")
	case OpValue:
		w.valueOf(o, w.encode)
	case OpSet:
		w.valueOf(o, w.plan.AppendSet)
	case OpElement:
		w.valueOf(o, w.plan.AppendElement)
	case OpPlain:
		w.value(func(dst []byte) ([]byte, error) {
			if av, ok := o.Value.(types.AttributeValue); ok {
				return codec.AppendAttributeValue(dst, av)
			}
			return w.encode(dst, unknown, o.Value)
		})
	case OpJSON:
		w.value(func(dst []byte) ([]byte, error) { return append(dst, o.Value.([]byte)...), nil })
	case OpEmptyList:
		w.value(func(dst []byte) ([]byte, error) { return append(dst, `{"L":[]}`...), nil })
	case OpEmptyMap:
		w.value(func(dst []byte) ([]byte, error) { return append(dst, `{"M":{}}`...), nil })
	case OpIfMissing:
		w.call("if_not_exists(", o.Args...)
	case OpConcat:
		w.call("list_append(", o.Args...)
	case OpPlus:
		w.infix(" + ", o.Args)
	case OpMinus:
		w.infix(" - ", o.Args)
	}
}

func (w *Writer) call(name string, args ...Operand) {
	w.text(name)
	for i, a := range args {
		if i > 0 {
			w.text(", ")
		}
		w.operand(a)
	}
	w.text(")")
}

func (w *Writer) infix(op string, args []Operand) {
	for i, a := range args {
		if i > 0 {
			w.text(op)
		}
		if a.Kind == OpPlus || a.Kind == OpMinus {
			w.fail(errors.New("an assignment takes one + or -: the service knows no longer sums"))
			return
		}
		w.operand(a)
	}
}

// unknown is a path that no field is at: what is encoded there is encoded by
// its own type.
var unknown = codec.Path{{}}

var comparators = [...]string{Eq: " = ", Ne: " <> ", Lt: " < ", Le: " <= ", Gt: " > ", Ge: " >= "}

func (w *Writer) cond(c *Cond) {
	w.fail(c.Err)
	switch c.Op {
	case Eq, Ne, Lt, Le, Gt, Ge:
		w.operand(c.Args[0])
		w.text(comparators[c.Op])
		w.operand(c.Args[1])
	case Between:
		w.operand(c.Args[0])
		w.text(" BETWEEN ")
		w.operand(c.Args[1])
		w.text(" AND ")
		w.operand(c.Args[2])
	case In:
		w.in(c.Args[0], c.Args[1:])
	case Exists:
		w.call("attribute_exists(", c.Args...)
	case Missing:
		w.call("attribute_not_exists(", c.Args...)
	case IsType:
		w.call("attribute_type(", c.Args...)
	case BeginsWith:
		w.call("begins_with(", c.Args...)
	case Contains:
		w.call("contains(", c.Args...)
	case And, Or:
		w.kids(c)
	case Not:
		w.text("NOT (")
		w.cond(c.Kids[0])
		w.text(")")
	case Raw:
		w.raw(c)
	default:
		w.fail(errors.New("a constant inside a condition"))
	}
}

func (w *Writer) kids(c *Cond) {
	sep := " AND "
	if c.Op == Or {
		sep = " OR "
	}
	for i, k := range c.Kids {
		if i > 0 {
			w.text(sep)
		}
		nested := k.Op == And || k.Op == Or || k.Op == Raw || k.Op == In && len(k.Args) > maxIn+1
		if nested {
			w.text("(")
		}
		w.cond(k)
		if nested {
			w.text(")")
		}
	}
}

// in writes IN, in several parts when there are more values than one takes.
func (w *Writer) in(left Operand, values []Operand) {
	for i := 0; i < len(values); i += maxIn {
		if i > 0 {
			w.text(" OR ")
		}
		w.operand(left)
		w.text(" IN (")
		for j, v := range values[i:min(i+maxIn, len(values))] {
			if j > 0 {
				w.text(", ")
			}
			w.operand(v)
		}
		w.text(")")
	}
}

// raw writes a condition given as text: #name stands for the attribute of
// that name, ? for the next argument.
func (w *Writer) raw(c *Cond) {
	args, text := c.Args, c.Text
	if n := strings.Count(text, "?"); n != len(args) {
		w.fail(fmt.Errorf("raw condition: %d question marks, %d arguments", n, len(args)))
		return
	}
	for i := 0; i < len(text); {
		switch text[i] {
		case '?':
			w.operand(args[0])
			args = args[1:]
			i++
		case '#':
			end := i + 1 + len(RawName(text[i+1:]))
			if end == i+1 {
				w.fail(errors.New("raw condition: # without a name"))
				return
			}
			if a, ok := c.Names[text[i+1:end]]; ok {
				w.attr(a)
			} else {
				w.name(text[i+1 : end])
			}
			i = end
		case ':':
			w.fail(errors.New("raw condition: values are given by ?, not by :name"))
			return
		default:
			w.buf = append(w.buf, text[i])
			i++
		}
	}
}

// RawName is the name that text begins with, after a # of a raw condition.
func RawName(text string) string {
	end := 0
	for end < len(text) && isNameByte(text[end]) {
		end++
	}
	return text[:end]
}

func isNameByte(b byte) bool {
	return b == '_' || b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
