package expression

import (
	"slices"
	"strings"
	"testing"

	"github.com/dynox-go/dynox/internal/number"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// The values that the tests' expressions refer to.
var testValues = map[string]value.Value{
	":n": num("1"), ":n2": num("2"), ":n10": num("10"), ":s": value.String("a"), ":s2": value.String("b"), ":empty": value.String(""),
	":b": value.Binary("a"), ":b2": value.Binary("bb"), ":bool": value.Bool(true), ":null": value.Null(),
	":l": list(num("1")), ":m": value.Map(item("x", num("1"))), ":ss": strs("a", "b"), ":ns": nums("1", "2"), ":bs": bins("a"), ":ns2": nums("2", "3"), ":one": strs("a"),
	":typeN": value.String("N"), ":typeSS": value.String("SS"), ":big": num("9e125"), ":tiny": num("1.5e-130"),
}

var testNames = map[string]string{"#a": "a", "#b": "b", "#three": "[3]", "#dot": "x.y", "#status": "status"}

// bindingFor gives the placeholders that a text has, as far as they are known.
func bindingFor(text string) *Binding {
	names, values := map[string]string{}, map[string]value.Value{}
	lex := lexer{text: text}
	for t := lex.next(); t.kind != tokenEOF; t = lex.next() {
		if name, ok := testNames[t.text]; ok {
			names[t.text] = name
		}
		if v, ok := testValues[t.text]; ok {
			values[t.text] = v
		}
	}
	return NewBinding(names, values)
}

func bindCondition(kind Kind, text string) (*Condition, error) {
	e, err := ParseCondition(kind, text)
	if err != nil {
		return nil, err
	}
	return e.Bind(bindingFor(text))
}

func bindUpdate(text string) (*Update, error) {
	e, err := ParseUpdate(text)
	if err != nil {
		return nil, err
	}
	return e.Bind(bindingFor(text))
}

func bindProjection(text string) (*Projection, error) {
	e, err := ParseProjection(text)
	if err != nil {
		return nil, err
	}
	return e.Bind(bindingFor(text))
}

func mustUpdate(t *testing.T, text string) *Update {
	t.Helper()
	u, err := bindUpdate(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return u
}

// message returns an error's message without the expression's prefix.
func message(kind Kind, err error) string {
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), "Invalid "+kind.String()+": ")
}

func num(text string) value.Value {
	n, err := number.Parse(text)
	if err != nil {
		panic(err)
	}
	return value.Number(n)
}

func list(elems ...value.Value) value.Value { return value.List(elems) }

func strs(elems ...string) value.Value {
	v, _ := value.StringSet(elems)
	return v
}

func bins(elems ...string) value.Value {
	v, _ := value.BinarySet(elems)
	return v
}

func nums(texts ...string) value.Value {
	var elems []number.Number
	for _, text := range texts {
		elems = append(elems, num(text).Number())
	}
	v, _ := value.NumberSet(elems)
	return v
}

func item(pairs ...any) value.Item {
	var attributes []value.Attribute
	for pair := range slices.Chunk(pairs, 2) {
		attributes = append(attributes, value.Attribute{Name: pair[0].(string), Value: pair[1].(value.Value)})
	}
	return value.NewItem(attributes)
}

func object(pairs ...any) value.Value { return value.Map(item(pairs...)) }

// show writes a value readably, for comparison.
func show(v value.Value) string {
	switch v.Kind() {
	case value.Invalid:
		return "nothing"
	case value.KindS, value.KindB:
		return v.Kind().String() + ":" + v.Text()
	case value.KindN:
		return v.Number().String()
	case value.KindL:
		var parts []string
		for _, elem := range v.List() {
			parts = append(parts, show(elem))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case value.KindM:
		var parts []string
		for name, elem := range v.Map().All() {
			parts = append(parts, name+"="+show(elem))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case value.KindSS, value.KindNS, value.KindBS:
		var parts []string
		for elem := range v.Set() {
			parts = append(parts, show(elem))
		}
		return "<" + strings.Join(parts, " ") + ">"
	}
	return v.Kind().String()
}

func showItem(it value.Item) string { return show(value.Map(it)) }
