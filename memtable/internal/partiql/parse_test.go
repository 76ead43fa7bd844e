package partiql

import (
	"strings"
	"testing"

	"github.com/matryer/is"
)

// TestRoundTrip parses texts and prints them; what is printed parses to the same.
func TestRoundTrip(t *testing.T) {
	for text, want := range map[string]string{
		`select * from Music`:                                                                      `SELECT * FROM Music`,
		`SELECT a, "b c".d[0]['e'] FROM "t"."i" WHERE a=1;`:                                        `SELECT a, "b c".d[0]['e'] FROM "t"."i" WHERE (a = 1)`,
		`SELECT a.* FROM t`:                                                                        `SELECT a.* FROM t`,
		`SELECT DISTINCT VALUE a FROM t`:                                                           `SELECT DISTINCT VALUE a FROM t`,
		`SELECT ALL a b FROM t AS x AT y BY z`:                                                     `SELECT a AS "b" FROM t AS "x" AT "y" BY "z"`,
		`SELECT a FROM t, u JOIN v ON a=b LEFT OUTER JOIN w`:                                       `SELECT a FROM t, u JOIN v ON (a = b) JOIN w`,
		`SELECT a FROM t WHERE a=1 ORDER BY a DESC, b ASC LIMIT 2`:                                 `SELECT a FROM t WHERE (a = 1) ORDER BY a DESC, b LIMIT 2`,
		`SELECT a FROM t GROUP BY a, b HAVING c`:                                                   `SELECT a FROM t GROUP BY a, b HAVING c`,
		`SELECT a FROM t WHERE a = 'it''s' AND "x""y" != .5e-3 OR NOT c`:                           `SELECT a FROM t WHERE (((a = 'it''s') AND ("x""y" <> .5e-3)) OR (NOT c))`,
		`SELECT a FROM t WHERE NOT a = 1 AND b`:                                                    `SELECT a FROM t WHERE ((NOT (a = 1)) AND b)`,
		`SELECT a FROM t WHERE a + 1 * 2 - -3 < 4 = b`:                                             `SELECT a FROM t WHERE ((((a + (1 * 2)) - -3) < 4) = b)`,
		`SELECT a FROM t WHERE a BETWEEN 1 AND 2 AND b NOT BETWEEN ? AND ?`:                        `SELECT a FROM t WHERE ((a BETWEEN 1 AND 2) AND (NOT (b BETWEEN ? AND ?)))`,
		`SELECT a FROM t WHERE a IN (1, 2) AND b NOT IN [?] AND c IN <<1>>`:                        `SELECT a FROM t WHERE (((a IN [1, 2]) AND (NOT (b IN [?]))) AND (c IN <<1>>))`,
		`SELECT a FROM t WHERE a IS NOT MISSING AND b IS DOUBLE PRECISION`:                         `SELECT a FROM t WHERE ((NOT (a IS MISSING)) AND (b IS DOUBLE PRECISION))`,
		`SELECT a FROM t WHERE a LIKE 'x' ESCAPE 'y' OR b NOT LIKE 'z'`:                            `SELECT a FROM t WHERE ((a LIKE 'x' ESCAPE 'y') OR (NOT (b LIKE 'z')))`,
		`SELECT a FROM t WHERE Begins_With("a", 'x') AND size(b) > 1`:                              `SELECT a FROM t WHERE (begins_with("a", 'x') AND (size(b) > 1))`,
		`SELECT count(*) FROM @t WHERE f()`:                                                        `SELECT count(*) FROM t WHERE f()`,
		"SELECT a -- a note\nFROM t /* another\none */ WHERE a = `1`--":                            "SELECT a FROM t WHERE (a = `1`)",
		`EXISTS(SELECT * FROM t WHERE a = TRUE)`:                                                   `exists(SELECT * FROM t WHERE (a = TRUE))`,
		`INSERT INTO t VALUE {'a': 1, 'b': [NULL, {}, []], 'c': <<'x'>>, 'd': (1, 2), 'e': -+-.5}`: `INSERT INTO t VALUE {'a': 1, 'b': [NULL, {}, []], 'c': <<'x'>>, 'd': [1, 2], 'e': .5}`,
		`INSERT INTO t VALUE ? AT 1 ON CONFLICT WHERE a DO NOTHING RETURNING ALL OLD *`:            `INSERT INTO t VALUE ? AT 1 ON CONFLICT WHERE a DO NOTHING RETURNING ALL OLD *`,
		`INSERT INTO t (1, 2)`:                                                                     `INSERT INTO t ([1, 2])`,
		`INSERT INTO t VALUES (1, 2), (3)`:                                                         `INSERT INTO t <<[1, 2], [3]>>`,
		`UPDATE t SET a.b = 1, c[0] = c[0] + 1 REMOVE d SET e = f(g) WHERE h = 1`:                  `UPDATE t SET a.b = 1, c[0] = (c[0] + 1) REMOVE d SET e = f(g) WHERE (h = 1)`,
		`UPDATE t.i REMOVE a RETURNING MODIFIED NEW *, all old b`:                                  `UPDATE t.i REMOVE a RETURNING MODIFIED NEW *, ALL OLD b`,
		`FROM t WHERE a = 1 SET b = 2 REMOVE c RETURNING ALL NEW *`:                                `FROM t WHERE (a = 1) SET b = 2 REMOVE c RETURNING ALL NEW *`,
		`SET a = 1`:     `SET a = 1`,
		`DELETE FROM t`: `DELETE FROM t`,
		`DELETE FROM t x WHERE a = 1 RETURNING ALL OLD *`: `DELETE FROM t AS "x" WHERE (a = 1) RETURNING ALL OLD *`,
		`a UNION ALL b`: `(a UNION b)`,
		`x IS INT4`:     `(x IS INT4)`,
	} {
		t.Run(text, func(t *testing.T) {
			is := is.New(t)
			s, err := Parse(text)
			is.NoErr(err)
			is.Equal(s.String(), want)
			again, err := Parse(want)
			is.NoErr(err)
			is.Equal(again.String(), want)
		})
	}
}

// TestMalformed has the faults that the service finds in texts: first those that it has been seen to find.
func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		// recorded from the service
		`SLECT * FROM "t" WHERE pk = 'x'`:                   "Expected data manipulation",
		`UPDATE Payment-table SET active=? WHERE id=?`:      "Expected data manipulation",
		`INSERT INTO urls (key, url) VALUES (?, ?)`:         "Unexpected keyword",
		`SELECT * FROM "t" WHERE pk = 1 foo`:                "Unexpected token after expression",
		`SELECT * FROM "t" WHERE pk = 1 e5`:                 "Unexpected token after expression",
		`SELECT * FROM "t" WHERE pk = 1)`:                   "Unexpected token after expression",
		`INSERT INTO "t" VALUE {'pk': 1} foo`:               "Unexpected token after expression",
		`INSERT INTO "t" t VALUE {'pk': 'x'}`:               "Unexpected token after expression",
		`UPDATE "t" SET a = 9 WHERE pk = 1 foo`:             "Unexpected token after expression",
		`DELETE FROM "t" WHERE pk = 1 ORDER BY pk`:          "Unexpected token after expression",
		`SELECT * FROM "t" ORDER BY pk WHERE pk = 1`:        "Unexpected token after expression",
		`FROM "t" SET c = 1 WHERE pk = 'x'`:                 "Unexpected token after expression",
		`SELECT * FROM "t" WHERE pk = 1e2147483648`:         "",
		`SELECT * FROM "t" WHERE pk = 1e99999999999`:        "",
		`SELECT * FROM "t" WHERE pk = 1.5e-2147483647`:      "",
		`SELECT * FROM "t" WHERE pk = 1 # note`:             "",
		`SELECT * FROM "t" WHERE pk = 1 /* note`:            "",
		`SELECT * FROM "t`:                                  "",
		`SELECT * FROM "t" WHERE`:                           "Unexpected term",
		`SELECT * FROM "t" WHERE;`:                          "Unexpected term",
		`UPDATE "t" SET a = 1 WHERE`:                        "Unexpected term",
		`DELETE FROM "t" WHERE  `:                           "Unexpected term",
		`SELECT * FROM "t" WHERE NOT`:                       "Unexpected term",
		`SELECT * FROM "t" WHERE (`:                         "Unexpected term",
		`SELECT * FROM`:                                     "Unexpected term",
		`SELECT * FROM "t" WHERE pk = 'p' AND`:              "Missing right-hand side expression of infix operator",
		`SELECT * FROM "t" WHERE pk = 'p' OR`:               "Missing right-hand side expression of infix operator",
		`SELECT * FROM "t" WHERE ORDER BY pk`:               "Unexpected keyword",
		`SELECT * FROM "t" WHERE pk = 'a' AND x IS FOO`:     "Expected type name",
		`SELECT * FROM "t" WHERE IS NULL`:                   "Unexpected operator",
		`SELECT * FROM "t" WHERE pk = LIKE`:                 "Unexpected operator",
		`SELECT * FROM "t" WHERE attribute_exists(m.inner)`: "Invalid path dot component",
		`UPDATE "t" SET m.inner = 1 WHERE pk = 'p'`:         "Invalid path dot component",
		`DELETE FROM`:                "Expected identifier for simple path",
		`DELETE FROM;`:               "Expected identifier for simple path",
		`DELETE FROM WHERE pk = 'a'`: "Expected identifier for simple path",
		// by the rules of the grammar
		``:                                           "Unexpected term",
		`;`:                                          "Unexpected term",
		`SELECT * FROM t; SELECT * FROM t`:           "Unexpected token after semicolon. (Only one query is allowed.)",
		`SELECT *, a FROM t`:                         "Other expressions may not be present in the select list when '*' is used without dot notation.",
		`SELECT a[*] FROM t`:                         "Invalid use of * in select list",
		`SELECT a.*.b FROM t`:                        "Invalid use of * in select list",
		`SELECT a[0].* FROM t`:                       "Cannot use [] and * together in SELECT list expression",
		`SELECT a`:                                   "Expected FROM after SELECT list",
		`SELECT a AS 1 FROM t`:                       "Expected identifier for as-alias",
		`SELECT a FROM t x y`:                        "Unexpected token after expression",
		`SELECT a FROM t AT x y`:                     "Unexpected token after expression",
		`SELECT a FROM t ORDER a`:                    "Expected BY",
		`SELECT a FROM t GROUP a`:                    "Expected BY",
		`SELECT a FROM t WHERE a BETWEEN 1`:          "Expected AND keyword",
		`SELECT a FROM t WHERE a BETWEEN 1 AND`:      "Expected expression after AND",
		`SELECT a FROM t WHERE (a = 1`:               "Expected RIGHT_PAREN",
		`SELECT a FROM t WHERE a = [1`:               "Expected RIGHT_BRACKET",
		`SELECT a FROM t WHERE a[0 = 1`:              "Expected RIGHT_BRACKET",
		`SELECT a FROM t WHERE a = <<1`:              "Expected RIGHT_DOUBLE_ANGLE_BRACKET",
		`SELECT a FROM t WHERE a = {'b' 1}`:          "Expected COLON",
		`SELECT a FROM t WHERE a = {'b': 1`:          "Expected RIGHT_CURLY",
		`SELECT a FROM t WHERE f(a`:                  "Expected RIGHT_PAREN",
		`SELECT a FROM t WHERE size(*) = 1`:          "size(*) is not allowed",
		`SELECT count(a, b) FROM t`:                  "Aggregate functions are always unary",
		`SELECT a FROM @1`:                           "Identifier must follow @-operator",
		`INSERT t VALUE {}`:                          "Unexpected keyword",
		`INSERT INTO 'a' VALUE {}`:                   "Expected identifier for simple path",
		`INSERT INTO t VALUE {} ON CONFLICT`:         "invalid ON CONFLICT syntax",
		`INSERT INTO t VALUE {} ON CONFLICT WHERE a`: "invalid ON CONFLICT syntax",
		`INSERT INTO t VALUES 1`:                     "Expected LEFT_PAREN for row value constructor",
		`UPDATE t SET a WHERE b = 1`:                 "Expected '='",
		`UPDATE t SET a[?] = 1 WHERE b = 1`:          "Invalid path component for simple path",
		`UPDATE t SET a[*] = 1 WHERE b = 1`:          "Invalid path component for simple path",
		`UPDATE t SET a.* = 1 WHERE b = 1`:           "Invalid path dot component for simple path",
		`UPDATE t REMOVE a, b WHERE c = 1`:           "Unexpected token after expression",
		`UPDATE t SET a = 1 RETURNING ALL *`:         "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.",
		`DELETE t`:                                   "Expected FROM after DELETE",
		`SELECT a FROM t WHERE a = 1 ^ 2`:            "",
		`SELECT a FROM t WHERE a = 'x`:               "",
		`SELECT a FROM t WHERE a = 1e`:               "",
		strings.Repeat("(", 600) + "a":               "Expressions nest too deep",
		strings.Repeat("NOT ", 600) + "a":            "Expressions nest too deep",
		strings.Repeat("- ", 600) + "a":              "Expressions nest too deep",
	} {
		t.Run(text[:min(len(text), 60)], func(t *testing.T) {
			is := is.New(t)
			_, err := Parse(text)
			is.True(err != nil)
			is.Equal(err.Error(), "Statement wasn't well formed, can't be processed: "+want)
		})
	}
}

func TestConstructs(t *testing.T) {
	for text, want := range map[string]string{
		`CREATE TABLE x`:    "Unsupported operation: CreateTable",
		`DROP INDEX x ON t`: "Unsupported operation: DropIndex",
		`EXEC foo`:          "Unsupported operation: Exec",
		`SELECT a FROM t WHERE CAST(a AS INT) = 1`:      "Unsupported token in expression: CAST at 1:23:4",
		"SELECT a FROM t\n WHERE 1 = CASE a WHEN 1 END": "Unsupported token in expression: CASE at 2:12:4",
	} {
		is := is.New(t)
		_, err := Parse(text)
		is.True(err != nil)
		is.Equal(err.Error(), want)
	}
}

// TestPositions checks that places are counted in characters, and lines from 1.
func TestPositions(t *testing.T) {
	is := is.New(t)
	tokens, err := lex("SELECT 'é' -- note\n\t\"añb\" /* x\n */ , 1.5e3")
	is.NoErr(err)
	var got []string
	for _, tok := range tokens {
		got = append(got, tok.text+" "+tok.pos.String())
	}
	is.Equal(got, []string{"select 1:1:6", "é 1:8:3", "añb 2:2:5", ", 3:5:1", "1.5e3 3:7:5", " 3:12:0"})
}

// FuzzParse parses any text: it ends, and what it made parses to the same once it is printed. Its twin is the
// printer.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`SELECT a, "b".c[0] FROM "t"."i" WHERE a = 'x' AND b IN [1, ?] OR NOT begins_with(c, 'd') ORDER BY a DESC`,
		`INSERT INTO t VALUE {'a': 1, 'b': [NULL, {}], 'c': <<'x'>>, 'd': -1.5e3}`,
		`UPDATE t SET a = a + 1, b = set_add(b, <<1>>) REMOVE c WHERE d = ? RETURNING MODIFIED NEW *`,
		`FROM t WHERE a BETWEEN 1 AND 2 SET b = 2`, `DELETE FROM t WHERE a IS NOT MISSING RETURNING ALL OLD *`,
		`EXISTS(SELECT * FROM t WHERE a = TRUE)`, "SELECT `1` -- x\nFROM t /* y */ WHERE a LIKE 'b' ESCAPE 'c';",
		`((((`, `<<[{(`, `a.b[*].*`, `INSERT INTO t VALUES (1), (2)`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		printed := s.String()
		again, err := Parse(printed)
		if err != nil {
			if strings.HasSuffix(err.Error(), "nest too deep") {
				return // parentheses that the text did without
			}
			t.Fatalf("%q printed as %q: %v", text, printed, err)
		}
		if again.String() != printed {
			t.Fatalf("%q printed as %q and then as %q", text, printed, again)
		}
		_, _ = s.Bind(nil)
	})
}
