package expression

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

func noName(name string) string {
	return "An expression attribute name used in the document path is not defined; attribute name: " + name
}

func noValue(name string) string {
	return "An expression attribute value used in expression is not defined; attribute value: " + name
}

func operands(function, count string) string {
	return "Incorrect number of operands for operator or function; operator or function: " + function + ", number of operands: " + count
}

func operandType(operator, kind string) string {
	return "Incorrect operand type for operator or function; operator or function: " + operator + ", operand type: " + kind
}

func notDistinct(operator, path string) string {
	return "The first operand must be distinct from the remaining operands for this operator or function; operator: " + operator + ", first operand: " + path
}

func needsPath(function string) string {
	return "Operator or function requires a document path; operator or function: " + function
}

func TestConditionBindErrors(t *testing.T) {
	deep := "a" + strings.Repeat(".b", 32)
	for _, test := range []struct{ text, want string }{
		{"attribute_exists(#Pictures.RearView, :a) and a=a", noName("#Pictures")},
		{"begins_with(Pictures.#RearView)", noName("#RearView")},
		{"(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", noName("#P")},
		{"(a)between(b.c[45].#d)and(:a)", noName("#d")},
		{"a.:n = b", noName(":n")},
		{"begins_with(:hello, #x, #y)", noValue(":hello")},
		{":x < :y", noValue(":x")},
		{":nope = #nope", noValue(":nope")},
		{"#nope = :nope", noName("#nope")},
		{"begins_with(a, :n, :nope)", noValue(":nope")},
		{"contains(a, a, :nope)", noValue(":nope")},
		{"a in (:n, a, :nope)", noValue(":nope")},
		{deep + " = b", "The document path has too many nesting levels; nesting levels: 33"},

		{"attribute_exists(things, b) and a=a", operands("attribute_exists", "2")},
		{"attribute_not_exists(things, b)", operands("attribute_not_exists", "2")},
		{"attribute_type(things)", operands("attribute_type", "1")},
		{"begins_with(things)", operands("begins_with", "1")},
		{"begins_with(things, size(a), b)", operands("begins_with", "3")},
		{"contains(a, a, a)", operands("contains", "3")},
		{"size(things, a) > b", operands("size", "2")},
		{"attribute_exists(:s, b)", operands("attribute_exists", "2")},

		{"attribute_exists(:s) and a=a", needsPath("attribute_exists")},
		{"attribute_not_exists(size(:s))", needsPath("attribute_not_exists")},
		{"attribute_not_exists(size(:n))", operandType("size", "N")},

		{"a = a AND #a = b AND :nope > a", notDistinct("=", "[a]")},
		{"#a <> a", notDistinct("<>", "[a]")},
		{"a > #a", notDistinct(">", "[a]")},
		{"(a) = (a)", notDistinct("=", "[a]")},
		{"contains(ab.bc[1].a, ab.bc[1].#a)", notDistinct("contains", "[ab, bc, [1], a]")},
		{"attribute_type(ab.bc[1].#a, ab.bc[1].a)", notDistinct("attribute_type", "[ab, bc, [1], a]")},
		{"begins_with((a), a)", notDistinct("begins_with", "[a]")},
		{"a in (b, a)", notDistinct("IN", "[a]")},
		{"a between a and b", notDistinct("BETWEEN", "[a]")},

		{"a < :l", operandType("<", "L")},
		{":bool >= a", operandType(">=", "BOOL")},
		{"a <= :null", operandType("<=", "NULL")},
		{"size(a) > :m", operandType(">", "M")},
		{"a < :ss", operandType("<", "SS")},
		{"a between a and :l", operandType("BETWEEN", "L")},
		{":bs between a and b", operandType("BETWEEN", "BS")},
		{"a < :l and a = :nope", operandType("<", "L")},
		{"a = :nope and a < :l", noValue(":nope")},
		{":l < :nope", noValue(":nope")},
		{"begins_with(a, :n)", operandType("begins_with", "N")},
		{"begins_with(:ns, a)", operandType("begins_with", "NS")},
		{"begins_with(a, size(a)) and a=:n", operandType("begins_with", "N")},
		{"size(size(a)) > :n", operandType("size", "N")},
		{"size(:bool) > a", operandType("size", "BOOL")},
		{"size(:null) > a", operandType("size", "NULL")},
		{"size(:n) < :nope", operandType("size", "N")},
		{"attribute_type(a, size(b))", operandType("attribute_type", "N")},
		{"attribute_type(a, :n)", operandType("attribute_type", "N")},
		{"attribute_type(a, :ss)", operandType("attribute_type", "SS")},
		{"attribute_type(a, b)", operandType("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")},
		{"attribute_type(a, :s)", "Invalid attribute type name found; type: a, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
		{"attribute_type(a, :empty)", "Invalid attribute type name found; type: , valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},

		{"a between :n10 and :n2", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
			"lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:2}"},
		{"a between :s2 and :s", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
			"lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"},
		{"a between :b2 and :b", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
			"lower bound operand: AttributeValue: {B:java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]}, upper bound operand: AttributeValue: {B:java.nio.HeapByteBuffer[pos=0 lim=1 cap=1]}"},
		{"a between (:n) and :s", "The BETWEEN operator requires same data type for lower and upper bounds; " +
			"lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}"},

		{"a in (" + strings.Repeat("b,", 100) + "b)", "The IN operator is provided with too many operands; number of operands: 101"},
	} {
		t.Run(test.text[:min(len(test.text), 60)], func(t *testing.T) {
			for _, kind := range []Kind{ConditionKind, FilterKind, KeyConditionKind} {
				is := is.New(t)
				_, err := bindCondition(kind, test.text)
				is.Equal(message(kind, err), test.want)
			}
		})
	}
}

// What the service takes although it might look wrong.
func TestConditionsThatBind(t *testing.T) {
	for _, text := range []string{
		":s = :s", ":n > :n", "size(a) = size(a)", "a = :m", "a <> :bool", "contains(:n, a)", "contains(a, :l)", "contains(size(a), b)", "attribute_type(:n, :typeN)",
		"begins_with(:s, a)", "a in (:l, :m)", "a between :n and :n", "a between b and :n", "a" + strings.Repeat(".b", 31) + " = b",
		"a in (" + strings.Repeat("b,", 99) + "b)", "attribute_exists((a))", "size(:m) = a",
	} {
		is := is.New(t)
		_, err := bindCondition(FilterKind, text)
		is.NoErr(err) // text
	}
}

func TestUpdateBindErrors(t *testing.T) {
	const overlap = "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %, path two: %"
	const conflict = "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: %, path two: %"
	paths := func(format, one, two string) string {
		return strings.Replace(strings.Replace(format, "%", one, 1), "%", two, 1)
	}
	deep := "a" + strings.Repeat(".b", 32)
	for _, test := range []struct{ text, want string }{
		{"SET #c = if_not_exists(:c)", noName("#c")},
		{"SET #a = if_not_exists(:c)", noValue(":c")},
		{"set a = :nope, b = #nope", noName("#nope")},
		{"set #n1 = a, #n2 = b", noName("#n2")},
		{"set a = #n1 remove #n2", noName("#n2")},
		{"remove #n2 set a = #n1", noName("#n2")},
		{"set a = :nope, b = :nope2", noValue(":nope2")},
		{"set a = :n, a = #nope", paths(overlap, "[a]", "[a]")},
		{"set " + deep + " = :nope", "The document path has too many nesting levels; nesting levels: 33"},
		{"set a = " + deep, "The document path has too many nesting levels; nesting levels: 33"},
		{"set a = :n, " + deep + " = :n", "The document path has too many nesting levels; nesting levels: 33"},

		{"set d[1] = a, d.b = a, c[1].a = a, #a = b, c = if_not_exists(a)", paths(overlap, "[c, [1], a]", "[c]")},
		{"set c[3].#three = a, c[3] = a", paths(overlap, "[c, [3], [3]]", "[c, [3]]")},
		{"set #a = b remove a", paths(overlap, "[a]", "[a]")},
		{"set a = :n, a.b.c = :n", paths(overlap, "[a]", "[a, b, c]")},
		{"set c[3].#three = a, c.#three[3] = if_not_exists(a)", paths(conflict, "[c, [3], [3]]", "[c, [3], [3]]")},
		{"remove a.c set a[1] = b", paths(conflict, "[a, c]", "[a, [1]]")},

		{"set a = if_not_exists(c)", operands("if_not_exists", "1")},
		{"set a = if_not_exists(b, b, b)", operands("if_not_exists", "3")},
		{"set a = list_append(c)", operands("list_append", "1")},
		{"set a = if_not_exists(:n, c)", needsPath("if_not_exists")},
		{"set a = if_not_exists(if_not_exists(a, b), c)", needsPath("if_not_exists")},
		{"set a = if_not_exists(b, b)", notDistinct("if_not_exists", "[b]")},
		{"set a = list_append(:s, a)", operandType("list_append", "S")},
		{"set a = list_append(a, :n)", operandType("list_append", "N")},
		{"set a = list_append((:m), a)", operandType("list_append", "M")},
		{"set a = a + :s", operandType("+", "S")},
		{"set a = :s + :b", operandType("+", "S")},
		{"set a = (:b) - a", operandType("-", "B")},
		{"set a = a - :l", operandType("-", "L")},
		{"set a = (a + :bool)", operandType("+", "BOOL")},
		{"set a = :l + :nope", noValue(":nope")},
		{"set a = :nope, b = :l + :n", operandType("+", "L")},

		{"set b = list_append(:s, a), c = if_not_exists(a) add a.b :s", operandType2("ADD", "STRING")},
		{"add a :null", operandType2("ADD", "NULL")},
		{"add a :bool", operandType2("ADD", "BOOLEAN")},
		{"add a :b", operandType2("ADD", "BINARY")},
		{"add a :m", operandType2("ADD", "MAP")},
		{"add a :l", operandType2("ADD", "LIST")},
		{"delete a :n", operandType2("DELETE", "NUMBER")},
		{"delete a :s", operandType2("DELETE", "STRING")},
		{"add a :l delete b :n", operandType2("DELETE", "NUMBER")},
		{"add a :nope", noValue(":nope")},
	} {
		t.Run(test.text[:min(len(test.text), 60)], func(t *testing.T) {
			is := is.New(t)
			_, err := bindUpdate(test.text)
			is.Equal(message(UpdateKind, err), test.want)
		})
	}
}

func operandType2(operator, kind string) string {
	return "Incorrect operand type for operator or function; operator: " + operator + ", operand type: " + kind + ", typeSet: ALLOWED_FOR_" + operator + "_OPERAND"
}

func TestProjectionBindErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"a,b,a,#nope", noName("#nope")},
		{"a" + strings.Repeat(".b", 32), "The document path has too many nesting levels; nesting levels: 33"},
		{"a, a", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]"},
		{"b[1], b.a, #a.b, a", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]"},
		{"a, #a[1]", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, [1]]"},
		{"a.b, #a[1], b", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]"},
		{"a.b[1], #a[1]", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b, [1]], path two: [a, [1]]"},
		{"a[3].b, #a.#three.b", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, [3], b], path two: [a, [3], b]"},
	} {
		is := is.New(t)
		_, err := bindProjection(test.text)
		is.Equal(message(ProjectionKind, err), test.want)
	}
	is := is.New(t)
	for _, text := range []string{"a.b, a.c", "a[0], a[1]", "a.b.d, a.b.e, a.c[2]", "a" + strings.Repeat(".b", 31)} {
		_, err := bindProjection(text)
		is.NoErr(err)
	}
}

func TestNamesAndValues(t *testing.T) {
	is := is.New(t)
	names := func(keys ...string) map[string]string {
		m := map[string]string{}
		for _, key := range keys {
			m[key] = "x"
		}
		return m
	}
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	long := "#" + strings.Repeat("a", 255)
	is.NoErr(CheckNames(nil))
	is.NoErr(CheckNames(names("#a", "#1", "#_", "#Ab_9", long[:255])))
	is.Equal(text(CheckNames(names())), "ExpressionAttributeNames must not be empty")
	is.Equal(text(CheckNames(names("#a", "a"))), `ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`)
	is.Equal(text(CheckNames(names("#"))), `ExpressionAttributeNames contains invalid key: Syntax error; key: "#"`)
	is.Equal(text(CheckNames(names("#a-b"))), `ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"`)
	is.Equal(text(CheckNames(names(""))), `ExpressionAttributeNames contains invalid key: Syntax error; key: ""`)
	is.Equal(text(CheckNames(names(long))), "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 256")
	is.Equal(text(CheckNames(map[string]string{"#a": ""})), "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a")

	is.NoErr(CheckValueKeys[int](nil))
	is.NoErr(CheckValueKeys(map[string]int{":a": 1, ":1": 2, ":_": 3}))
	is.Equal(text(CheckValueKeys(map[string]int{})), "ExpressionAttributeValues must not be empty")
	is.Equal(text(CheckValueKeys(map[string]int{":b": 1, "b": 2})), `ExpressionAttributeValues contains invalid key: Syntax error; key: "b"`)
	is.Equal(text(CheckValueKeys(map[string]int{":": 1})), `ExpressionAttributeValues contains invalid key: Syntax error; key: ":"`)
	is.Equal(text(CheckValueKeys(map[string]int{":" + long: 1})), "ExpressionAttributeValues contains invalid key: The expression attribute map contains a key that is too long;")
}

func TestUnused(t *testing.T) {
	is := is.New(t)
	update, err := ParseUpdate("SET #a = :n")
	is.NoErr(err)
	condition, err := ParseCondition(ConditionKind, "#b = :s OR size(#b) = :n2")
	is.NoErr(err)
	bind := func(b *Binding) error {
		_, err := update.Bind(b)
		is.NoErr(err)
		_, err = condition.Bind(b)
		is.NoErr(err)
		return b.Unused()
	}
	values := func(keys ...string) map[string]value.Value {
		m := map[string]value.Value{}
		for _, key := range keys {
			m[key] = num("1")
		}
		return m
	}
	is.NoErr(bind(NewBinding(map[string]string{"#a": "a", "#b": "b"}, values(":n", ":s", ":n2"))))
	err = bind(NewBinding(map[string]string{"#a": "a", "#b": "b"}, values(":n", ":s", ":n2", ":z", ":y")))
	is.Equal(err.Error(), "Value provided in ExpressionAttributeValues unused in expressions: keys: {:y, :z}")
	err = bind(NewBinding(map[string]string{"#a": "a", "#b": "b", "#c": "c"}, values(":n", ":s", ":n2", ":z")))
	is.Equal(err.Error(), "Value provided in ExpressionAttributeNames unused in expressions: keys: {#c}")
	is.NoErr(NewBinding(nil, nil).Unused())
}
