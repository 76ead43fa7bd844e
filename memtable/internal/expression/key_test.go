package expression

import (
	"fmt"
	"testing"

	"github.com/matryer/is"

	"github.com/dynox-go/dynox/memtable/internal/value"
)

var (
	hashSchema  = Schema{Partition: []Key{{"p", value.KindS}}}
	sortSchema  = Schema{Partition: []Key{{"p", value.KindS}}, Sort: []Key{{"q", value.KindN}}}
	multiSchema = Schema{
		Partition: []Key{{"h", value.KindS}, {"i", value.KindN}},
		Sort:      []Key{{"q", value.KindS}, {"r", value.KindN}, {"u", value.KindB}},
	}
)

func bindKeys(text string, schema Schema) (*Range, error) {
	e, err := ParseCondition(KeyConditionKind, text)
	if err != nil {
		return nil, err
	}
	k, err := e.BindKeys(bindingFor(text))
	if err != nil {
		return nil, err
	}
	return k.For(schema)
}

func TestKeyConditions(t *testing.T) {
	for _, test := range []struct {
		schema     Schema
		text, want string
	}{
		{hashSchema, "p = :s", "[S:a] [] 0"},
		{hashSchema, ":s = p", "[S:a] [] 0"},
		{sortSchema, "p = :s", "[S:a] [] 0"},
		{sortSchema, "p = :s AND q = :n", "[S:a] [1] 0"},
		{sortSchema, "(q < :n) AND (p = :s)", "[S:a] [] 1 1"},
		{sortSchema, "p = :s AND q <= :n", "[S:a] [] 2 1"},
		{sortSchema, "p = :s AND q > :n", "[S:a] [] 3 1"},
		{sortSchema, "p = :s AND q >= :n", "[S:a] [] 4 1"},
		{sortSchema, "p = :s AND :n < q", "[S:a] [] 3 1"},
		{sortSchema, "p = :s AND :n <= q", "[S:a] [] 4 1"},
		{sortSchema, "p = :s AND :n > q", "[S:a] [] 1 1"},
		{sortSchema, "p = :s AND :n >= q", "[S:a] [] 2 1"},
		{sortSchema, "p = :s AND q BETWEEN :n AND :n10", "[S:a] [] 5 1 10"},
		{multiSchema, "h = :s AND i = :n", "[S:a 1] [] 0"},
		{multiSchema, "i = :n AND h = :s AND begins_with(q, :s2)", "[S:a 1] [] 6 S:b"},
		{multiSchema, "h = :s AND i = :n AND q = :s2 AND r > :n10", "[S:a 1] [S:b] 3 10"},
		{multiSchema, "u = :b AND r = :n2 AND q = :s2 AND i = :n AND h = :s", "[S:a 1] [S:b 2 B:a] 0"},
		{multiSchema, "h = :s AND i = :n AND q = :s2 AND r = :n2 AND begins_with(u, :b)", "[S:a 1] [S:b 2] 6 B:a"},
	} {
		t.Run(test.text, func(t *testing.T) {
			is := is.New(t)
			r, err := bindKeys(test.text, test.schema)
			is.NoErr(err)
			got := fmt.Sprint(show(value.List(r.Partition)), " ", show(value.List(r.Equal)), " ", r.Op)
			if r.Op != NoBound {
				got += " " + show(r.Low)
			}
			if r.Op == BetweenBound {
				got += " " + show(r.High)
			}
			is.Equal(got, test.want)
		})
	}
}

func TestKeyConditionErrors(t *testing.T) {
	const (
		unsupported = "Query key condition not supported"
		wrongType   = "One or more parameter values were invalid: Condition parameter type does not match schema type"
		nested      = "KeyConditionExpressions cannot contain nested operations"
		several     = "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
		inside      = "KeyConditionExpressions cannot have conditions on nested attributes"
		twice       = "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key"
		none        = "Invalid condition in KeyConditionExpression: No key attribute specified"
		invalid     = "Invalid operator used in KeyConditionExpression: "
		first       = " operator must have the key attribute as its first operand"
	)
	for _, test := range []struct {
		schema     Schema
		text, want string
	}{
		{sortSchema, "p = :s or q = :n", invalid + "OR"},
		{sortSchema, "a > b and size(b) > c or a > c", invalid + "OR"},
		{sortSchema, "p = :s and not q = :n", invalid + "NOT"},
		{sortSchema, "not attribute_exists(p)", invalid + "NOT"},
		{sortSchema, "a in (b, size(c), d)", invalid + "IN"},
		{sortSchema, "p <> :s", invalid + "<>"},
		{sortSchema, "attribute_exists(p)", invalid + "attribute_exists"},
		{sortSchema, "attribute_not_exists(p)", invalid + "attribute_not_exists"},
		{sortSchema, "attribute_type(p, :typeN)", invalid + "attribute_type"},
		{sortSchema, "contains(a.d, b)", invalid + "contains"},
		{sortSchema, ":s between size(b) and size(a) and b > :s2", "Invalid condition in KeyConditionExpression: BETWEEN" + first},
		{sortSchema, "begins_with(:s, b) and a > :s2", "Invalid condition in KeyConditionExpression: begins_with" + first},
		{sortSchema, "size(b) > a AND a.b > b AND b > c", nested},
		{sortSchema, "a > size(b.d)", nested},
		{sortSchema, "a between size(b) and size(a)", nested},
		{sortSchema, "b > a.b", several},
		{sortSchema, "b between c[1] and d", several},
		{sortSchema, "a between b and size(a)", several},
		{sortSchema, "begins_with(a, b)", several},
		{sortSchema, "b.d > a AND c.d > e.f", inside},
		{sortSchema, "p.x = :s", inside},
		{sortSchema, "b[0] > a", inside},
		{sortSchema, ":s > :s2 AND a < :s", none},
		{sortSchema, "b > :s AND b < :s and c = :s and d = :s", twice},
		{sortSchema, "(a > :s and b > :s) and (b > :s and c > :s)", twice},
		{sortSchema, "p = :s AND q > :n AND q < :n2", twice},

		{sortSchema, "q = :n", "Query condition missed key schema element: p"},
		{sortSchema, "x = :s", "Query condition missed key schema element: p"},
		{sortSchema, "x = :s and y = :s", "Query condition missed key schema element: p"},
		{sortSchema, "p = :s and x = :s", "Query condition missed key schema element: q"},
		{sortSchema, "p = :s AND q > :n AND x = :s", "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)"},
		{hashSchema, "p = :s AND x = :s", "The number of query conditions (2) exceeds the number of key attributes defined in the schema (1)"},
		{sortSchema, "p > :s", unsupported},
		{sortSchema, ":s <= p", unsupported},
		{sortSchema, "begins_with(p, :s)", unsupported},
		{sortSchema, "p between :s and :s", unsupported},
		{sortSchema, "p = :n", wrongType},
		{sortSchema, ":n > p", wrongType},
		{sortSchema, "p = :bool", wrongType},
		{sortSchema, "p = :s and q = :s", wrongType},
		{sortSchema, "p = :s and q = :l", wrongType},
		{sortSchema, "p = :s and begins_with(q, :s)", wrongType},
		{sortSchema, "p = :empty", "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p"},

		{sortSchema, "p = :s and begins_with(q, :n)", "Invalid KeyConditionExpression: " + operandType("begins_with", "N")},
		{sortSchema, "p = :s and q < :bool", "Invalid KeyConditionExpression: " + operandType("<", "BOOL")},
		{sortSchema, "p = :s and :bool >= q", "Invalid KeyConditionExpression: " + operandType(">=", "BOOL")},
		{sortSchema, "p = :missing AND begins_with(q, :n)", "Invalid KeyConditionExpression: " + noValue(":missing")},
		{sortSchema, "begins_with(q, :n) AND p = :missing", "Invalid KeyConditionExpression: " + operandType("begins_with", "N")},
		{sortSchema, "p = :s AND begins_with(q, :n) AND q > :s", "Invalid KeyConditionExpression: " + operandType("begins_with", "N")},

		{multiSchema, "h = :s", "HASH key attributes i must have equality conditions specified in the query"},
		{multiSchema, "q = :s", "HASH key attributes h, i must have equality conditions specified in the query"},
		{multiSchema, "h = :s and i > :n", "HASH key attributes i must have equality conditions specified in the query"},
		{multiSchema, "h = :s and i = :n and r = :n", ranges("q", "r")},
		{multiSchema, "h = :s and i = :n and q > :s and r = :n", ranges("q", "r")},
		{multiSchema, "h = :s and i = :n and q = :s and u = :b", ranges("r", "u")},
		{multiSchema, "h = :s and i = :n and u = :b", ranges("q, r", "u")},
		{multiSchema, "h = :s and i = :n and q > :s and r > :n and u = :b", ranges("q, r", "u")},
		{multiSchema, "h = :s and i = :n and q = :n", wrongType},
		{multiSchema, "h = :s and i = :n and x = :n", "Query condition missed key schema element: q"},
		{multiSchema, "h = :s and i = :n and q > :s and x = :n", unsupported},
	} {
		t.Run(test.text, func(t *testing.T) {
			is := is.New(t)
			_, err := bindKeys(test.text, test.schema)
			is.True(err != nil)
			is.Equal(err.Error(), test.want)
		})
	}
}

func ranges(missing, present string) string {
	return "RANGE key attributes " + missing + " must have equality conditions specified in the query because a condition is present on key attribute " + present
}

func TestRangeMatch(t *testing.T) {
	schema := Schema{Partition: []Key{{"p", value.KindS}}, Sort: []Key{{"q", value.KindS}, {"r", value.KindN}}}
	for _, test := range []struct {
		text string
		sort []value.Value
		want bool
	}{
		{"p = :s", []value.Value{value.String("x"), num("1")}, true},
		{"p = :s AND q = :s2", []value.Value{value.String("b"), num("1")}, true},
		{"p = :s AND q = :s2", []value.Value{value.String("bb"), num("1")}, false},
		{"p = :s AND begins_with(q, :s2)", []value.Value{value.String("bb"), num("1")}, true},
		{"p = :s AND begins_with(q, :s2)", []value.Value{value.String("ab"), num("1")}, false},
		{"p = :s AND q = :s2 AND r < :n10", []value.Value{value.String("b"), num("9.5")}, true},
		{"p = :s AND q = :s2 AND r < :n10", []value.Value{value.String("b"), num("10")}, false},
		{"p = :s AND q = :s2 AND r <= :n10", []value.Value{value.String("b"), num("1e1")}, true},
		{"p = :s AND q = :s2 AND r > :n10", []value.Value{value.String("b"), num("100")}, true},
		{"p = :s AND q = :s2 AND r >= :n10", []value.Value{value.String("b"), num("9")}, false},
		{"p = :s AND q = :s2 AND r BETWEEN :n2 AND :n10", []value.Value{value.String("b"), num("10")}, true},
		{"p = :s AND q = :s2 AND r BETWEEN :n2 AND :n10", []value.Value{value.String("b"), num("1")}, false},
	} {
		is := is.New(t)
		r, err := bindKeys(test.text, schema)
		is.NoErr(err)
		is.Equal(r.Match(test.sort...), test.want) // test.text
	}
}
