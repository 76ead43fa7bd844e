package core

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/matryer/is"
)

func TestParseStatement(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]statement{
		`SELECT * FROM shop`: {verb: "SELECT", table: "shop"},
		"select\n*\nfrom \"a.b\".\"c\"\"d\" -- ? 'x\nwhere a=? and b='?''?'": {verb: "SELECT", table: "a.b", index: `c"d`, params: 1},
		`SELECT a, "from" FROM shop.x WHERE a IN [?, ?];`:                    {verb: "SELECT", table: "shop", index: "x", columns: []string{"a", "from"}, params: 2},
		`SELECT a.b FROM shop`:                                   {verb: "SELECT", table: "shop", nested: true, columns: []string{"a", "b"}},
		`SELECT size(a) FROM shop`:                               {verb: "SELECT", table: "shop", nested: true, columns: []string{"size", "a"}},
		`/* ? */ INSERT INTO "shop" VALUE {'pk': ?, 'n': 1.5e3}`: {verb: "INSERT", table: "shop", params: 1},
		`Update shop SET a = ? WHERE pk = ?`:                     {verb: "UPDATE", table: "shop", params: 2},
		"DELETE FROM shop WHERE pk = `1`":                        {verb: "DELETE", table: "shop"},
		`EXISTS (SELECT * FROM shop WHERE pk = ?)`:               {verb: "EXISTS", table: "shop", params: 1},
	} {
		t.Run(text, func(t *testing.T) {
			is := is.New(t)
			got, err := parseStatement(text)
			is.NoErr(err)
			got.where = nil
			if got.nested {
				got.columns, want.columns = nil, nil
			}
			is.Equal(cmp.Diff(want, *got, cmp.AllowUnexported(statement{})), "")
		})
	}
}

// A value may have a sign.
func TestKeyed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for where, want := range map[string]bool{
		"pk = -5": true, "pk = - +5 AND n = 1": true, "pk IN [-5, 'a', +1]": true, "pk IN (1,-2)": true,
		"pk = - page": false, "pk = -": false, "pk = 5 - 1": false, "pk IN [-]": false, "pk IN [-5": false, "pk IN [1 -2]": false,
	} {
		s, err := parseStatement("SELECT * FROM t WHERE " + where)
		is.NoErr(err)
		if s.keyed("pk") != want {
			t.Errorf("%s: %v", where, !want)
		}
	}
}

// Whatever the text is, it is read or refused.
func FuzzParseStatement(f *testing.F) {
	for _, text := range []string{`SELECT a, b FROM "t"."i" WHERE pk = ? AND b IN ['x', 2] ORDER BY a`, "/*", `"`, "IN [", "SELECT FROM", "BETWEEN 1 AND"} {
		f.Add(text)
		f.Add("SELECT * FROM t WHERE pk " + text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseStatement(text)
		if err != nil {
			return
		}
		if s.params > strings.Count(text, "?") || !strings.Contains(strings.ToUpper(text), s.verb) {
			t.Fatal("what is read is not there")
		}
		if s.keyed("pk") && !strings.Contains(text, "pk") {
			t.Fatal("the key is not there")
		}
	})
}
