package partiql

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/dynox-go/dynox/internal/number"
	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// maxNesting is the level of nesting at which a literal is too deep.
const maxNesting = 32

// root is what messages call the value that a statement gives to an attribute.
const root = "root"

// literal returns the value of a literal or a parameter. Messages say where it stands in the attribute.
func (b *binder) literal(n Node, path string, level int) value.Value {
	if level >= maxNesting {
		return b.failf("Nesting Levels have exceeded supported limits under %s", path)
	}
	switch n := n.(type) {
	case *String:
		return value.String(n.Text)
	case *Number:
		return value.Number(b.number(n, path))
	case *Word:
		switch n.Text {
		case "true", "false":
			return value.Bool(n.Text == "true")
		case "null":
			return value.Null()
		case "missing":
			name := "MISSING"
			if level > 0 {
				name = "LiteralMissing"
			}
			return b.failf("Unsupported data type: %s under key %s at %s", name, path, n.Pos())
		}
	case *Param:
		if level == 0 {
			return b.param(n)
		}
	case *List:
		elems := make([]value.Value, len(n.Elems))
		for i, elem := range n.Elems {
			elems[i] = b.literal(elem, path+"["+strconv.Itoa(i)+"]", level+1)
		}
		return value.List(elems)
	case *Bag:
		return b.bag(n, path)
	case *Struct:
		return value.Map(b.item(n, path, level+1))
	case *Ion:
		return b.failf("Ion Literals are not supported: %s under key %s at %s", ionType(n.Text), path, n.Pos())
	}
	return b.failf("Unsupported data type: %s under key %s at %s", nameOf(n), path, n.Pos())
}

// nameOf is what messages call a node that is no value.
func nameOf(n Node) string {
	switch n := n.(type) {
	case *Name:
		return n.Text
	case *Param:
		return "Parameter"
	case *Call:
		return n.Name
	case *Unary:
		return n.Op
	case *Binary:
		return n.Op
	case *Select:
		return "SELECT"
	}
	return typeName(n)
}

// timestamp is how an Ion timestamp begins.
var timestamp = regexp.MustCompile(`^\d{4}(T|-\d\d(T|-\d\d))`)

// ionType guesses the type of an Ion literal from how it begins, as messages call it.
func ionType(text string) string {
	text = strings.TrimSpace(text)
	switch first := strings.TrimLeft(text, "-"); {
	case first == "":
		return "SYMBOL"
	case timestamp.MatchString(first):
		return "TIMESTAMP"
	case isDigit(first[0]) && strings.ContainsAny(first, "eE"):
		return "FLOAT"
	case isDigit(first[0]) && strings.Contains(first, "."):
		return "DECIMAL"
	case isDigit(first[0]):
		return "INT"
	case first[0] == '"':
		return "STRING"
	case first[0] == '{':
		return "STRUCT"
	case first[0] == '[':
		return "LIST"
	case text == "true", text == "false":
		return "BOOL"
	}
	return strings.ToUpper(map[bool]string{true: "null", false: "symbol"}[text == "null"])
}

func (b *binder) param(n *Param) value.Value {
	if n.Index >= len(b.params) {
		return b.failf("Number of parameters in request and statement don't match.")
	}
	return b.params[n.Index]
}

func (b *binder) number(n *Number, path string) number.Number {
	text := strings.TrimSuffix(n.Text, ".")
	if text[0] == '.' {
		text = "0" + text
	}
	if n.Negative {
		text = "-" + text
	}
	x, err := number.Parse(text)
	switch {
	case errors.Is(err, number.ErrOverflow):
		b.failf("Number overflow. Attempting to store a number with magnitude larger than supported range under %s", path)
	case errors.Is(err, number.ErrUnderflow):
		b.failf("Number underflow. Attempting to store a number with magnitude smaller than supported range under %s", path)
	case errors.Is(err, number.ErrPrecision):
		b.failf("Attempting to store more than 38 significant digits in a Number under %s", path)
	case err != nil:
		b.failf("The parameter cannot be converted to a numeric value: %s under %s", text, path)
	}
	return x
}

// bag returns the value of a set literal. Its elements are numbers or strings, as the first one is.
func (b *binder) bag(n *Bag, path string) value.Value {
	const unsupported = "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"
	if len(n.Elems) == 0 {
		return b.failf("Empty bags are not supported")
	}
	var (
		texts   []string
		numbers []number.Number
		shown   []string
	)
	for _, elem := range n.Elems {
		switch elem := elem.(type) {
		case *String:
			texts, shown = append(texts, elem.Text), append(shown, elem.Text)
		case *Number:
			numbers, shown = append(numbers, b.number(elem, path)), append(shown, elem.literal())
		default:
			return b.failf(unsupported+" at %s", elem.Pos())
		}
	}
	list := "[" + strings.Join(shown, ", ") + "]"
	switch {
	case len(texts) > 0 && len(numbers) > 0:
		return b.failf(unsupported)
	case len(texts) > 0:
		v, distinct := value.StringSet(texts)
		if !distinct {
			b.failf("One or more parameter values were invalid: Input collection %s contains duplicates.", list)
		}
		return v
	}
	v, distinct := value.NumberSet(numbers)
	if !distinct {
		b.failf("One or more parameter values were invalid: Input collection %s contains duplicates! under %s", list, path)
	}
	return v
}

// item returns the attributes of a map literal. An item's own are at level 0.
func (b *binder) item(n *Struct, path string, level int) value.Item {
	attributes := make([]value.Attribute, 0, len(n.Fields))
	seen := map[string]bool{}
	for _, f := range n.Fields {
		name, ok := f.Name.(*String)
		switch {
		case !ok:
			b.failf("Tuple keys must be of type String. Actual type: %s under %s at %s", typeName(f.Name), path, f.Name.Pos())
			return value.Item{}
		case name.Text == "":
			b.fail(errEmptyComponent)
		case seen[name.Text]:
			b.failf("Duplicate keys in tuple. Key: %s under %s at %s", name.Text, path, name.Pos())
		}
		seen[name.Text] = true
		inner := path
		if level > 0 {
			inner += "." + name.Text
		}
		attributes = append(attributes, value.Attribute{Name: name.Text, Value: b.literal(f.Value, inner, level)})
	}
	return value.NewItem(attributes)
}

// typeName is what messages call the type of a node.
func typeName(n Node) string {
	switch n := n.(type) {
	case *Name:
		return "VariableReference"
	case *Path:
		return "Path"
	case *Param:
		return "Parameter"
	case *Number:
		if _, whole := n.integer(); whole {
			return "INT"
		}
		return "DECIMAL"
	case *Word:
		return map[string]string{"true": "BOOL", "false": "BOOL", "null": "NULL", "missing": "LiteralMissing", "*": "*"}[n.Text]
	case *List, *Bag:
		return "Seq"
	case *Struct:
		return "Struct"
	case *Select:
		return "Select"
	}
	return "NAry"
}

// literalNode makes a literal or parameter a node of the expression language.
func (b *binder) literalNode(n Node) expression.Node {
	if w, ok := n.(*Word); ok && w.Text == "missing" {
		b.failf("MISSING must be compared using IS operator")
	}
	return &expression.Literal{Value: b.literal(n, root, 0)}
}
