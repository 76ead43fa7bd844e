package expression

import (
	"strings"
	"testing"

	"github.com/matryer/is"
)

// Canonical texts: each parses and prints as itself.
var conditionTexts = []string{
	"a = b", "a <> :v", "a < b.c", "a <= b[0]", "a > #n.#m[3][4].x", "a >= size(b)",
	"a BETWEEN b AND c", "a BETWEEN :lo AND :hi AND b = c", "a IN (b)", "a IN (:x, b.c, size(d))",
	"attribute_exists(a)", "attribute_not_exists(a.b[1])", "attribute_type(a, :t)", "begins_with(a, :p)", "contains(a, :p)",
	"NOT a = b", "NOT NOT a = b", "a = b AND c = d AND e = f", "a = b OR c = d AND NOT e = f OR g = h",
	"(a = b)", "(a = b OR c = d) AND (e = f OR (g = h))", "NOT (a = b)", "(a) = (b)", "((a) = (b))", "(size(a)) = b", "(contains(a, b))",
	"begins_with((a), (b))", "a IN ((b), (c))", "(a) BETWEEN (b) AND (c)", "#0 = :1", "A_1 = b", "x9[0] = y",
}

var updateTexts = []string{
	"SET a = b", "SET a = :v, b.c[2] = #n", "SET a = b + :v", "SET a = b - c[0]", "SET a = (b + c)", "SET a = (b)", "SET a = (b) + (c)", "SET a = ((b) + (c))",
	"SET a = if_not_exists(a, :v)", "SET a = if_not_exists(b, if_not_exists(c, :v)) + :w", "SET a = list_append(if_not_exists(a, :e), :v)", "SET a = (list_append(a, b))",
	"REMOVE a", "REMOVE a, b[1].c, #n", "ADD a :v", "ADD a.b :v, c :w", "DELETE a :v", "SET a = b REMOVE c ADD d :v DELETE e :w", "DELETE a :v, b :w ADD c :x",
}

var projectionTexts = []string{"a", "a, b", "a.b.c, d[0][1].e, #n, #n2.x", "a[10]"}

func TestTextsPrintAsThemselves(t *testing.T) {
	is := is.New(t)
	for _, text := range conditionTexts {
		e, err := ParseCondition(ConditionKind, text)
		is.NoErr(err)
		is.Equal(e.String(), text)
	}
	for _, text := range updateTexts {
		e, err := ParseUpdate(text)
		is.NoErr(err)
		is.Equal(e.String(), text)
	}
	for _, text := range projectionTexts {
		e, err := ParseProjection(text)
		is.NoErr(err)
		is.Equal(e.String(), text)
	}
}

func TestSpaceAndLetterCase(t *testing.T) {
	is := is.New(t)
	e, err := ParseCondition(FilterKind, " a=b\taNd\r\nnot c bEtween d and e Or f iN(g,h)  ")
	is.NoErr(err)
	is.Equal(e.String(), "a = b AND NOT c BETWEEN d AND e OR f IN (g, h)")
	u, err := ParseUpdate("set\n a=b+c,d . e [ 1 ]=if_not_exists ( f,g ) remove h Add i:j delete k:l")
	is.NoErr(err)
	is.Equal(u.String(), "SET a = b + c, d.e[1] = if_not_exists(f, g) REMOVE h ADD i :j DELETE k :l")
}

func TestPrecedence(t *testing.T) {
	for text, want := range map[string]string{
		"a = b OR c = d AND e = f":           "(a = b) OR ((c = d) AND (e = f))",
		"a = b AND c = d OR e = f":           "((a = b) AND (c = d)) OR (e = f)",
		"NOT a = b AND c = d":                "(NOT (a = b)) AND (c = d)",
		"NOT a BETWEEN b AND c AND d = e":    "(NOT (a BETWEEN b AND c)) AND (d = e)",
		"a = b OR c = d OR e = f":            "((a = b) OR (c = d)) OR (e = f)",
		"NOT (a = b OR c = d) AND NOT f = g": "(NOT (((a = b) OR (c = d)))) AND (NOT (f = g))",
	} {
		is := is.New(t)
		e, err := ParseCondition(FilterKind, text)
		is.NoErr(err)
		is.Equal(strings.TrimSuffix(strings.TrimPrefix(grouped(e.root), "("), ")"), want) // text
	}
}

// grouped prints a condition with a parenthesis around every operator.
func grouped(n Node) string {
	switch n := n.(type) {
	case *And:
		return "(" + grouped(n.L) + " AND " + grouped(n.R) + ")"
	case *Or:
		return "(" + grouped(n.L) + " OR " + grouped(n.R) + ")"
	case *Not:
		return "(NOT " + grouped(n.X) + ")"
	case *Paren:
		return "(" + grouped(n.X) + ")"
	}
	return "(" + n.String() + ")"
}

func TestSyntaxErrors(t *testing.T) {
	for _, test := range []struct {
		kind              Kind
		text, token, near string
	}{
		{FilterKind, "things are not gonna be ok", "are", "things are not"},
		{FilterKind, "a > 4", "4", "> 4"},
		{FilterKind, "attribute_exists(Pictures-RearView)", "-", "Pictures-RearView"},
		{FilterKind, `attribute_exists("Pictures.RearView")`, `"`, `("Pictures`},
		{FilterKind, "attribute_exists(Pictures..RearView)", ".", "..RearView"},
		{FilterKind, "attribute_exists(Pi#ctures.RearView)", "#ctures", "Pi#ctures."},
		{FilterKind, "a in b, c", "b", "in b,"},
		{FilterKind, "a in (b,c,)", ")", ",)"},
		{FilterKind, "a in ()", ")", "()"},
		{FilterKind, "a > between", "between", "> between"},
		{FilterKind, "(a)between(b.(c.d))and(c)", "(", ".(c"},
		{FilterKind, "(a)between(b.c.d)and((c)", "<EOF>", ")"},
		{FilterKind, "#$.b > a", "#", "#$"},
		{FilterKind, "a > :things.stuff", ".", ":things.stuff"},
		{FilterKind, "b[:a] > a", ":a", "[:a]"},
		{FilterKind, "b[#_] > a", "#_", "[#_]"},
		{FilterKind, "ü > a", "ü", "ü >"},
		{FilterKind, "a = 😀", "😀", "= 😀"},
		{FilterKind, "(a)between(b.c[4.5].#d)and(:a)", ".", "4.5"},
		{FilterKind, "size(a).b > a", ".", ").b"},
		{FilterKind, "(size(a))[0] > a", "[", ")[0"},
		{FilterKind, "foo", "<EOF>", "foo"},
		{FilterKind, "a = b and", "<EOF>", "and"},
		{FilterKind, "a = b or not", "<EOF>", "not"},
		{FilterKind, "a =  ", "<EOF>", "=  "},
		{FilterKind, " ", "<EOF>", " "},
		{FilterKind, "  ) a", ")", "  ) a"},
		{FilterKind, "(", "<EOF>", "("},
		{FilterKind, "(a = b)) ", ")", ")) "},
		{FilterKind, "(a", "<EOF>", "a"},
		{FilterKind, "(a AND b)", "AND", "a AND b"},
		{FilterKind, "(a) AND b = c", "AND", ") AND b"},
		{FilterKind, "NOT (a)", "<EOF>", ")"},
		{FilterKind, "(NOT a)", ")", "a)"},
		{FilterKind, "(a = b AND c)", ")", "c)"},
		{FilterKind, "(a = b) = c", "=", ") = c"},
		{FilterKind, "a = (b = c)", "=", "b = c"},
		{FilterKind, "a = b = c", "=", "b = c"},
		{FilterKind, "((:v))", "<EOF>", ")"},
		{FilterKind, "a BETWEEN b AND c AND d", "<EOF>", "d"},
		{FilterKind, "a between b or c", "or", "b or c"},
		{FilterKind, "a not in (b)", "not", "a not in"},
		{FilterKind, "a != b", "!", "a !="},
		{FilterKind, "a == b", "=", "== b"},
		{FilterKind, "a => b", ">", "=> b"},
		{FilterKind, "a = 'x'", "'", "= 'x"},
		{FilterKind, "a = b;", ";", "b;"},
		{FilterKind, "_a = b", "_", "_a"},
		{FilterKind, "1a = b", "1", "1a"},
		{FilterKind, "a[01] = b", "1", "01]"},
		{FilterKind, "a.set = b", "set", ".set ="},
		{FilterKind, "OR.a = b", "OR", "OR."},
		{FilterKind, "a.b.c(d) = e", "(", "c(d"},
		{FilterKind, "#a(b) = c", "(", "#a(b"},
		{FilterKind, "-1 = a", "-", "-1"},
		{FilterKind, "a + b = c", "+", "a + b"},
		{FilterKind, "views = b c", "c", "b c"},
		{UpdateKind, "INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"},
		{UpdateKind, "SET _123 = :v", "_", "SET _123"},
		{UpdateKind, "set a", "<EOF>", "a"},
		{UpdateKind, "add a", "<EOF>", "a"},
		{UpdateKind, "set a=set", "set", "=set"},
		{UpdateKind, "remove a = b", "=", "a = b"},
		{UpdateKind, "delete a b", "b", "a b"},
		{UpdateKind, "add abort b", "b", "abort b"},
		{UpdateKind, "remove a b", "b", "a b"},
		{UpdateKind, "set :a = b", ":a", "set :a ="},
		{UpdateKind, "set a = b / c", "/", "b / c"},
		{UpdateKind, "set a[1] = 1", "1", "= 1"},
		{UpdateKind, "SET a = if_not_exist(a, 100)", "100", ", 100)"},
		{UpdateKind, "SET if_not_exist(a, b) = a", "(", "if_not_exist(a"},
		{UpdateKind, "set (a = (b + c))", "(", "set (a"},
		{UpdateKind, "set a = (b.c).d + e", ".", ").d"},
		{UpdateKind, "set a = b + c + d", "+", "c + d"},
		{UpdateKind, "set a = (b + c) + d", "+", ") + d"},
		{UpdateKind, "set a = list_append(b+c,d)", "+", "b+c"},
		{UpdateKind, "SET a = :n, REMOVE b", "REMOVE", ", REMOVE b"},
		{UpdateKind, "SET a = :n SET", "<EOF>", "SET"},
		{UpdateKind, "set a = :n and b", "and", ":n and b"},
		{UpdateKind, "SET a = :v1 :v2", ":v2", ":v1 :v2"},
		{ProjectionKind, "!!", "!", "!!"},
		{ProjectionKind, "whatever(stuff)", "(", "whatever(stuff"},
		{ProjectionKind, ":a", ":a", ":a"},
		{ProjectionKind, "abort,", "<EOF>", ","},
		{ProjectionKind, "a,,b", ",", ",,b"},
		{ProjectionKind, "a[b]", "b", "[b]"},
		{ProjectionKind, "(a.b).c", "(", "(a"},
		{ProjectionKind, "a-b", "-", "a-b"},
		{ProjectionKind, "a[-1]", "-", "[-1"},
		{ProjectionKind, "a.*", "*", ".*"},
		{ProjectionKind, "a.1", "1", ".1"},
	} {
		t.Run(test.text, func(t *testing.T) {
			is := is.New(t)
			is.Equal(message(test.kind, parseKind(test.kind, test.text)), `Syntax error; token: "`+test.token+`", near: "`+test.near+`"`)
		})
	}
}

func parseKind(kind Kind, text string) (err error) {
	switch kind {
	case UpdateKind:
		_, err = ParseUpdate(text)
	case ProjectionKind:
		_, err = ParseProjection(text)
	default:
		_, err = ParseCondition(kind, text)
	}
	return err
}

// What is refused by the text alone, whatever names and values a request has.
func TestTextErrors(t *testing.T) {
	const redundant = "The expression has redundant parentheses;"
	long := strings.Repeat("a", maxSize+1)
	for _, test := range []struct {
		kind       Kind
		text, want string
	}{
		{ConditionKind, "", "The expression can not be empty;"},
		{ProjectionKind, "", "The expression can not be empty;"},
		{UpdateKind, "", "The expression can not be empty;"},
		{ConditionKind, long, "Expression size has exceeded the maximum allowed size; expression size: 4097"},
		{FilterKind, long, "Expression size has exceeded the maximum allowed size; expression size: 4097"},
		{KeyConditionKind, long, "Expression size has exceeded the maximum allowed size; expression size: 4097"},
		{UpdateKind, long, "Expression size has exceeded the maximum allowed size;"},
		{ProjectionKind, long, "Expression size has exceeded the maximum allowed size;"},

		{FilterKind, "((a = b))", redundant},
		{FilterKind, "a=a and a > ((views))", redundant},
		{FilterKind, "(a)between(((b.c)))and(c)", redundant},
		{FilterKind, "a > whatever((:things), ((a)))", redundant},
		{FilterKind, "a=a AND ((a=a AND a=a)) AND a=a", redundant},
		{FilterKind, "((a=a)) OR b c", redundant},
		{FilterKind, "((a)) = b c", redundant},
		{FilterKind, "(((contains(a, b))))", redundant},
		{KeyConditionKind, "((a = :v))", redundant},
		{UpdateKind, "set a = ((b))", redundant},
		{UpdateKind, "set a = ((b + c))", redundant},
		{UpdateKind, "set a = ((b)) + c", redundant},

		{FilterKind, "attribute_exists(views, #a)", "Attribute name is a reserved keyword; reserved keyword: views"},
		{FilterKind, ":a < abOrT", "Attribute name is a reserved keyword; reserved keyword: abOrT"},
		{FilterKind, "a.b[0].status = :v", "Attribute name is a reserved keyword; reserved keyword: status"},
		{FilterKind, "views = whatever(a)", "Attribute name is a reserved keyword; reserved keyword: views"},
		{UpdateKind, " set #c = :c set abOrt = true ", "Attribute name is a reserved keyword; reserved keyword: abOrt"},
		{UpdateKind, " remove Absolute ", "Attribute name is a reserved keyword; reserved keyword: Absolute"},
		{ProjectionKind, "#a,ABSoLUTE", "Attribute name is a reserved keyword; reserved keyword: ABSoLUTE"},

		{FilterKind, "a[2147483648] = b", "List index is not within the allowable range; index: [2147483648]"},
		{ProjectionKind, "a[99999999999999999999]", "List index is not within the allowable range; index: [99999999999999999999]"},
		{UpdateKind, "set a = b[99999999999]", "List index is not within the allowable range; index: [99999999999]"},

		{FilterKind, "a=a and whatever((:things)) > a", "Invalid function name; function: whatever"},
		{FilterKind, "attRIbute_exIsts((views), #a)", "Invalid function name; function: attRIbute_exIsts"},
		{FilterKind, "whatever(a[99999999999]) = views", "Invalid function name; function: whatever"},
		{UpdateKind, "set #c = if_not_exist(:c) set c = d", "Invalid function name; function: if_not_exist"},
		{UpdateKind, "SET a = LIST_APPEND(a, b)", "Invalid function name; function: LIST_APPEND"},
		{FilterKind, "if_not_exists(a, b) = a", "The function is not allowed in a condition expression; function: if_not_exists"},
		{FilterKind, "list_append(a, b)", "The function is not allowed in a condition expression; function: list_append"},
		{UpdateKind, "set a = size(b)", "The function is not allowed in an update expression; function: size"},
		{UpdateKind, "set a = contains(a, b)", "The function is not allowed in an update expression; function: contains"},
		{FilterKind, "a=a and attribute_exists((views), (#a)) > b", misused("attribute_exists")},
		{FilterKind, "contains(:things, c) > b", misused("contains")},
		{FilterKind, "size(contains(a, b)) > a", misused("contains")},
		{FilterKind, "size(things)", misused("size")},
		{FilterKind, "not size(a)", misused("size")},
		{FilterKind, "a between b and attribute_exists(things)", misused("attribute_exists")},
		{FilterKind, "a in (b, attribute_exists(things))", misused("attribute_exists")},
		{UpdateKind, "set a = list_append(list_append(b, c), d)", misused("list_append")},
		{UpdateKind, "set a = if_not_exists(b, list_append(c, d))", misused("list_append")},
		{UpdateKind, "set a = list_append(b, c) + d", misused("list_append")},

		{UpdateKind, "set a = #c set c = :d", section("SET")},
		{UpdateKind, "remove #d set a = b remove e", section("REMOVE")},
		{UpdateKind, "add #d :e set a = b add e :f", section("ADD")},
		{UpdateKind, "delete #d :e set a = b delete #e :f", section("DELETE")},
		{UpdateKind, "set a = b set c = d remove views", section("SET")},
		{UpdateKind, "delete a :v set b = foo(c) delete d :v", "Invalid function name; function: foo"},

		{FilterKind, strings.Repeat("a=b and ", 150) + "a=b", operators},
		{FilterKind, strings.Repeat("a=b and ", 299) + "a=b", operators},
		{FilterKind, strings.Repeat("not ", 300) + "a=b", operators},
		{FilterKind, strings.Repeat("contains(a,b) or ", 150) + "contains(a,b)", operators},
		{FilterKind, strings.Repeat("a between b and c and ", 150) + "a=b", operators},
		{FilterKind, strings.Repeat("size(a)=b and ", 100) + "a=b", operators},
		{FilterKind, strings.Repeat("a=b and ", 151) + "whatever(a)", "Invalid function name; function: whatever"},
		{UpdateKind, "set " + strings.Repeat("a=b+c,", 300) + "d=b+c", operators},
	} {
		t.Run(test.text[:min(len(test.text), 60)], func(t *testing.T) {
			is := is.New(t)
			is.Equal(message(test.kind, parseKind(test.kind, test.text)), test.want)
		})
	}
}

const operators = "The expression contains too many operators; operator count: 301"

func misused(function string) string {
	return "The function is not allowed to be used this way in an expression; function: " + function
}

func section(keyword string) string {
	return `The "` + keyword + `" section can only be used once in an update expression;`
}

func TestLimitsAreAllowed(t *testing.T) {
	is := is.New(t)
	is.NoErr(parseKind(FilterKind, strings.Repeat("not ", 299)+"a=b"))
	is.NoErr(parseKind(FilterKind, strings.Repeat("a=b and ", 149)+"not a=b"))
	is.NoErr(parseKind(ProjectionKind, strings.Repeat("a", maxSize)))
	is.NoErr(parseKind(ProjectionKind, "a[2147483647]"))
	is.NoErr(parseKind(UpdateKind, "REMOVE a0"+strings.Repeat(",a0", 1000)))
}

func TestReservedWords(t *testing.T) {
	is := is.New(t)
	is.Equal(len(reservedWords), 573)
	for word := range reservedWords {
		is.Equal(word, strings.ToUpper(word))
		is.True(parseKind(ProjectionKind, strings.ToLower(word)) != nil)
		is.NoErr(parseKind(ProjectionKind, "#"+word))
		is.NoErr(parseKind(ProjectionKind, word+"_"))
	}
}

func TestDeepNestingEnds(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(", maxSize), strings.Repeat("not ", maxSize/4), strings.Repeat("a<b or (", 512), "a<" + strings.Repeat("f(", 2000),
		strings.Repeat("(", 2000) + "a" + strings.Repeat(")", 2000), "a" + strings.Repeat("[0]", 1300), "a" + strings.Repeat(".a", 2047),
	} {
		is := is.New(t)
		is.True(parseKind(FilterKind, text) != nil)
		_ = parseKind(UpdateKind, "SET a="+text[:min(len(text), maxSize-10)])
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range conditionTexts {
		f.Add(uint8(FilterKind), text)
	}
	for _, text := range updateTexts {
		f.Add(uint8(UpdateKind), text)
	}
	for _, text := range projectionTexts {
		f.Add(uint8(ProjectionKind), text)
	}
	f.Add(uint8(ConditionKind), "((a)")
	f.Add(uint8(UpdateKind), "SET a = ((b+c)-(")
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		is := is.New(t)
		switch k := Kind(kind % 5); k {
		case UpdateKind:
			e, err := ParseUpdate(text)
			if err != nil {
				isMessage(is, k, err)
				return
			}
			again, err := ParseUpdate(e.String())
			is.True(err == nil || len(e.String()) > maxSize) // the canonical form has more space
			if err == nil {
				is.Equal(again, e)
			}
			_, _ = e.Bind(bindingFor(text))
		case ProjectionKind:
			e, err := ParseProjection(text)
			if err != nil {
				isMessage(is, k, err)
				return
			}
			again, err := ParseProjection(e.String())
			is.True(err == nil || len(e.String()) > maxSize)
			if err == nil {
				is.Equal(again, e)
			}
			_, _ = e.Bind(bindingFor(text))
		default:
			e, err := ParseCondition(k, text)
			if err != nil {
				isMessage(is, k, err)
				return
			}
			again, err := ParseCondition(k, e.String())
			is.True(err == nil || len(e.String()) > maxSize)
			if err == nil {
				is.Equal(again, e)
			}
			_, _ = e.Bind(bindingFor(text))
			if k, err := e.BindKeys(bindingFor(text)); err == nil {
				_, _ = k.For(multiSchema)
			}
		}
	})
}

func isMessage(is *is.I, kind Kind, err error) {
	_, ok := err.(*Error)
	is.True(ok)
	is.True(strings.HasPrefix(err.Error(), "Invalid "+kind.String()+": "))
}
